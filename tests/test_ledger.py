"""The ledger: every source has its line, and every question its answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from small_system import HOSTILE, csv_of, make, query_range, spell

import scaling_lib
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Gap, Quality, Rejected
from scaling_lib.ledger import QUESTIONS, Ledger

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
SOURCE = Quality(
    kind="requests",
    source="a.log",
    format="combined",
    rows=1_200,
    start=AT,
    end=AT.replace(hour=14),
    rejected=(Rejected(reason="no time", rows=3, examples=("x", "y")),),
    gaps=(Gap(start=AT.replace(hour=11), end=AT.replace(hour=13)),),
    notes=("no status",),
)


def test_a_ledger_of_nothing():
    ledger = Ledger.of({}, {}, has_slos=False)
    assert ledger.absent == tuple(KINDS) and ledger.broken == () and ledger.usable == frozenset()
    assert ledger.table()["source"].tolist() == ["not given"] * len(KINDS)
    assert ledger.table()["rows"].tolist() == [0] * len(KINDS)
    assert ledger.rejects().empty and list(ledger.rejects().columns) == ["source", "reason", "rows", "examples"]
    assert set(ledger.answers()["answered"]) == {"no"}
    lines = [line for line in ledger.text().splitlines() if "not given: supply" in line]
    assert [line[2:].partition("not given")[0].rstrip() for line in lines] == list(KINDS)
    assert len({line.index("not given") for line in lines}) == 1  # all in one column, whatever the longest kind is
    for line, kind in zip(lines, KINDS.values(), strict=True):
        assert line.endswith(f"supply {kind.supply}")


def test_a_source_with_everything_to_say():
    ledger = Ledger.of({"requests": [SOURCE]}, {}, has_slos=False)
    row = ledger.table().iloc[0].to_dict()
    assert row == {
        "evidence": "requests",
        "source": "a.log",
        "format": "combined",
        "origin": "not said",
        "rows": 1200,
        "rejected": 3,
        "from": pd.Timestamp("2026-11-23T10:00Z"),
        "to": pd.Timestamp("2026-11-23T14:00Z"),
        "gaps": "1 gap, longest 2 h",
        "remarks": "no status",
    }
    assert ledger.rejects().to_dict("records") == [
        {"source": "a.log", "reason": "no time", "rows": 3, "examples": "x | y"}
    ]
    assert "rejected 3: no time" in ledger.text() and "1,200 rows" in ledger.text()


@pytest.mark.parametrize(
    ("kinds", "answered"),
    [
        (set(), set()),
        ({"requests"}, {QUESTIONS[3].text, QUESTIONS[4].text}),
        ({"slos"}, set()),
        ({"slos", "requests"}, {question.text for question in QUESTIONS}),
        ({"slos", "metrics"}, {question.text for question in QUESTIONS[:3]}),
    ],
)
def test_what_can_be_answered_follows_from_what_is_usable(kinds, answered):
    sources = {kind: [Quality(kind=kind, source="s", format="f", rows=1)] for kind in kinds}
    answers = Ledger.of(sources, {}, has_slos="slos" in kinds).answers()
    assert set(answers.loc[answers["answered"] == "yes", "question"]) == answered
    assert answers["why"].str.startswith(("from ", "missing: ")).all()


def test_a_kind_that_cannot_be_read_at_all_has_its_line():
    ledger = Ledger.of({}, {"slos": "slos.yaml: line 3: broken"}, has_slos=False)
    assert ledger.broken == ("slos.yaml: line 3: broken",)
    assert "slos" not in ledger.absent
    table = ledger.table().set_index("evidence")
    assert set(table.index) == set(KINDS)
    assert table.loc["slos", "source"] == "not readable" and "line 3" in table.loc["slos", "remarks"]
    assert "slos         BROKEN: slos.yaml: line 3: broken" in ledger.text()


def test_broken_requests_beside_metrics_that_are_fine(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, metrics: {total: r_total}, slos: [{target: 99%}]}]\n"
        "evidence: {requests: [requests.csv], metrics: [metrics.json]}\n",
        requests__csv="nothing,that\nis,known\n",
        metrics__json=query_range({("r_total", ()): range(0, 1000, 10)}),
    )
    ledger = scaling_lib.open(tmp_path).evidence()
    assert ledger.usable == {"metrics", "slos"} and set(ledger.problems) == {"requests"}
    assert len(ledger.broken) == 1 and "requests.csv" in ledger.broken[0]
    table = ledger.table().set_index("evidence")
    assert table.loc["requests", "rows"] == 0 and "requests.csv" in table.loc["requests", "remarks"]
    assert table.loc["metrics", "rows"] == 100
    assert list(ledger.answers()["answered"]) == ["yes", "yes", "yes", "no", "no"]
    assert "BROKEN" in ledger.text()


def test_a_broken_slo_file_beside_requests_that_are_fine(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: /pay}]\nevidence: {requests: [requests.csv], slos: [slos.yaml]}\n",
        requests__csv=csv_of(spell("GET /pay")),
        slos__yaml="apiVersion: openslo/v1\nkind: SLO\nspec: {}\n",
    )
    ledger = scaling_lib.open(tmp_path).evidence()
    assert ledger.usable == {"requests"} and set(ledger.problems) == {"slos"}


def test_hostile_names_stay_text(tmp_path):
    ledger = Ledger.of({"requests": [Quality(kind="requests", source=HOSTILE, format="", rows=0)]}, {}, has_slos=False)
    from scaling_lib import figures

    shown = figures.table(ledger.table(), "ledger").bundle["text/html"]
    assert "<script>" not in shown and "&lt;script&gt;" in shown
