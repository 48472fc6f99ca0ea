"""The ledger: every source has its line, and every question its answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from small_system import HOSTILE, csv_of, make, query_range, spell

import scaling_lib
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Gap, Quality, Rejected
from scaling_lib.ledger import Ledger

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


BOTH = "slos: [{kind: availability, target: 99%}, {kind: latency, threshold: 300 ms, target: 90%}]"
SERIES = query_range({("r_total", ()): range(0, 1000, 10), ("cpu_total", ()): range(100)})
METRICS = "{{total: r_total, {}}}"


def answers(folder, journeys, *, requests=True, metrics=False):
    """What of the five questions is answered, each a word, and why."""
    more = {"requests__csv": csv_of(spell("GET /pay"))} if requests else {}
    given = "requests: [requests.csv]" if requests else "metrics: [metrics.json]" if metrics else ""
    more |= {"metrics__json": SERIES} if metrics else {}
    make(folder, f"journeys: [{journeys}]\nevidence: {{{given}}}\n", **more)
    table = scaling_lib.open(folder).evidence().answers()
    return table["answered"].tolist(), table["why"].tolist()


@pytest.mark.parametrize(
    ("journeys", "given", "expected"),
    [
        (f"{{name: pay, route: /pay, {BOTH}}}", {}, ["yes"] * 5),
        ("{name: pay, route: /pay}", {}, ["no", "no", "no", "yes", "yes"]),
        ("", {}, ["no", "no", "no", "yes", "yes"]),
        ("{name: pay, route: /pay, slos: [{target: 99%}]}", {}, ["yes", "no", "yes", "yes", "yes"]),  # no latency SLO
        (f"{{name: pay, route: /pya, {BOTH}}}", {}, ["no"] * 5),  # no request is there, so nothing is answered
        (
            f"{{name: pay, route: /pay, {BOTH}}}, {{name: later, route: /later, slos: [{{target: 99%}}]}}",
            {},
            ["in part", "yes", "in part", "in part", "in part"],
        ),
        (f"{{name: pay, route: /pay, {BOTH}}}", {"requests": False}, ["no"] * 5),
        # a metric of the processor says nothing of a journey that has a route alone
        (f"{{name: pay, route: /pay, {BOTH}}}", {"requests": False, "metrics": True}, ["no"] * 5),
        (
            f"{{name: pay, metrics: {METRICS.format('errors: e_total')}, {BOTH}}}",
            {"requests": False, "metrics": True},
            ["yes", "no", "in part", "no", "no"],  # no buckets, so no latency
        ),
        (
            f"{{name: pay, metrics: {{total: absent_total, errors: e_total}}, {BOTH}}}",
            {"requests": False, "metrics": True},
            ["no"] * 5,
        ),
    ],
)
def test_what_can_be_answered_is_what_some_evidence_measures(tmp_path, journeys, given, expected):
    answered, why = answers(tmp_path, journeys, **given)
    assert answered == expected
    for word, words in zip(answered, why, strict=True):
        assert ("missing: " in words or "no request matches" in words) is (word != "yes")
        assert words.startswith("from ") is (word != "no")


def test_each_answer_says_what_is_missing(tmp_path):
    _, why = answers(tmp_path / "typo", f"{{name: pay, route: /pya, {BOTH}}}")
    assert why[0] == "missing: requests that match the route of pay"
    assert why[4] == "missing: a right route; no request matches the route of pay"
    _, why = answers(tmp_path / "one", "{name: pay, route: /pay, slos: [{target: 99%}]}")
    assert why[:2] == ["from requests and slos", "missing: SLOs of latency"]
    bare = f"{{name: pay, route: /pay, {BOTH}}}"
    _, why = answers(tmp_path / "cpu", bare, requests=False, metrics=True)
    assert why[:3] == ["missing: requests or metrics of pay"] * 3
    half = f"{{name: pay, metrics: {METRICS.format('errors: e_total')}, {BOTH}}}"
    _, why = answers(tmp_path / "half", half, requests=False, metrics=True)
    assert why[1:3] == ["missing: `metrics.buckets` of pay", "from metrics and slos; missing: `metrics.buckets` of pay"]


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
        "journeys: [{name: pay, metrics: {total: r_total, errors: e_total}, slos: [{target: 99%}]}]\n"
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
    assert list(ledger.answers()["answered"]) == ["yes", "no", "yes", "no", "no"]
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
