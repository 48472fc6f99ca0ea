"""The ledger on a page: ranges to the second, which sources overlap, remarks without ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib import figures, overview
from scaling_lib.evidence.quality import Quality
from scaling_lib.ledger import Ledger


def timed(source: str, start: str, end: str, kind: str = "metrics") -> Quality:
    day = "2026-11-24T"
    return Quality(
        kind=kind, source=source, format="", rows=1,
        start=datetime.fromisoformat(f"{day}{start}+00:00"), end=datetime.fromisoformat(f"{day}{end}+00:00"),
    )  # fmt: skip


def ledger_of(*sources: Quality) -> overview.Overview:
    ledger = Ledger(sources=sources, problems={}, usable=frozenset(["metrics"]))
    return overview.Overview(system="s", ledger=ledger, traffic=pd.DataFrame(), minutes=pd.DataFrame())


def test_which_sources_overlap_is_said():
    sources = [timed("a", "10:00", "10:30"), timed("b", "10:10", "10:20"), timed("c", "10:15", "11:00"),
               timed("d", "10:50", "12:00"), timed("e", "12:00", "13:00")]  # fmt: skip
    found = [(each.sources, each.seconds / 60) for each in overview.overlaps(sources)]
    assert found == [(("a", "b", "c"), 5), (("c", "d"), 10)]  # a and c alone are within the first; d and e only touch
    result = ledger_of(*sources)
    title = figures.show(overview.range_figure(result)).text
    assert title == "No time is covered by all 5 sources: at most 3 overlap, for 5 min"
    assert "a, b and c share 5 min from 2026-11-24 10:15 UTC; c and d share 10 min" in overview.range_caption(result)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=7))
def test_overlaps_are_the_largest_groups_of_all(stretches):
    start = datetime(2026, 11, 24, tzinfo=UTC)
    minutes = {f"s{at}": (first, first + length) for at, (first, length) in enumerate(stretches)}
    sources = [
        Quality(kind="metrics", source=name, format="", rows=1, start=start + timedelta(minutes=first),
                end=start + timedelta(minutes=last))
        for name, (first, last) in minutes.items()
    ]  # fmt: skip
    at_once = [frozenset(n for n, (first, last) in minutes.items() if first <= at < last) for at in range(61)]
    largest = {group for group in at_once if len(group) > 1 and not any(group < other for other in at_once)}
    assert {frozenset(each.sources) for each in overview.overlaps(sources)} == largest


def test_all_sources_together_and_one_alone():
    both = ledger_of(timed("a", "10:00", "10:30"), timed("b", "10:10", "10:20"))
    assert figures.show(overview.range_figure(both)).text == "All 2 sources share 10 min, from 2026-11-24 10:10 UTC"
    alone = ledger_of(timed("a", "10:00", "10:30"))
    assert figures.show(overview.range_figure(alone)).text == "The evidence covers 30 min, from 2026-11-24 10:00 UTC"


def test_ends_are_rounded_outwards_to_the_second():
    result = ledger_of(timed("a", "15:24:10.400", "15:31:04.200"), timed("b", "15:24", "15:31"))
    table = overview.evidence_table(result.ledger)
    assert [f"{at:%H:%M:%S}" for at in (*table["from"][:2], *table["to"][:2])] == [
        "15:24:10", "15:24:00", "15:31:05", "15:31:00",
    ]  # fmt: skip
    shown = overview.evidence_shown(result.ledger)
    assert shown["time (UTC)"].tolist()[:2] == ["2026-11-24 15:24:10\nto 15:31:05", "2026-11-24 15:24\nto 15:31"]
    (bars,) = overview.range_figure(result).data
    assert bars.customdata[0][0] == "2026-11-24 15:24:10 to 15:31:05" and bars.marker.line.width >= 2
    (finding,) = [each for each in overview.findings(result) if each.name == "answerable"]
    assert finding.evidence[0].end == "2026-11-24T15:31:05Z"


def test_ids_of_traces_stay_in_the_data():
    note = "orphans: 4, such as 'GET /a' of 'catalogue' (trace 0fc7b4357832a25707fd93a414d53c45, span d516eadbfb935627)"
    result = ledger_of(replace(timed("a", "10:00", "10:30"), notes=(note, "another (trace of thought)")))
    short = "orphans: 4, such as 'GET /a' of 'catalogue'; another (trace of thought)"
    assert overview.evidence_shown(result.ledger)["remarks"][0] == short
    assert note in overview.evidence_table(result.ledger)["remarks"][0]
