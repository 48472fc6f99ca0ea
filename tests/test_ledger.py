"""The ledger: every source has its line, and every question its answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from small_system import HOSTILE, csv_of, make, query_range, spell

import scaling_lib
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Gap, Quality, Rejected
from scaling_lib.ledger import Ledger
from scaling_lib.ledger_sources import sources_used

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


LOADED = "users,throughput\n10,10\n20,20\n40,40\n80,80\n120,100\n"
COUNTS = query_range({("busy", ()): [6.0 * minute for minute in range(11)], ("total", ()): range(0, 6600, 600)})
POOL = query_range({("pool", ()): [5.0, 7.0, 9.0]})


def capacity_of(folder, *, resources, requests=True, tested=True, metrics=True, beside=True, more=""):
    """By the first word of each question of step 02: answered, and why."""
    files = {"own__json": COUNTS, "pool__json": POOL, "curve__csv": LOADED, "requests__csv": csv_of(spell("GET /pay"))}
    kinds = [
        "requests: [requests.csv]" if requests else "",
        "metrics: [own.json, pool.json]" if metrics else "",
        f"load_tests: [{{path: curve.csv{', metrics: [own.json]' if beside else ''}}}]" if tested else "",
    ]
    text = f"resources: [{resources}]\nevidence: {{{', '.join(filter(None, kinds))}}}\ntraffic: total\n{more}"
    ledger = scaling_lib.open(make(folder, text, **files)).evidence()
    table = ledger.capacity_answers()
    assert set(table["step"]) == {"02"} and table["answered"].isin(["yes", "in part", "no"]).all()
    return ledger, table["answered"].tolist(), table["why"].tolist()


CPU = "{name: cpu, busy: busy, limit: 1, price_per_hour: 1, autoscaler: {most: 4, target: 50%}}"
GAUGE = "{name: connections, used: pool, limit: 10, unit: connections}"
PROMISED = "journeys: [{name: pay, route: /pay, slos: [{kind: latency, threshold: 300 ms, target: 90%}]}]\n"


def test_each_resource_is_listed_with_what_measures_it(tmp_path):
    """A tenth of a processor is busy: 6 s a minute; of the pool 5 to 9 connections are in use."""
    absent = "{name: disk, used: disk_bytes, limit: 10}"
    ledger, *_ = capacity_of(tmp_path, resources=f"{CPU}, {GAUGE}, {absent}")
    cpu, pool, disk = ledger.resources
    assert (cpu.rows, cpu.beside, cpu.low, cpu.high) == (11, 11, pytest.approx(0.1), pytest.approx(0.1))
    assert (pool.rows, pool.beside, pool.low, pool.high) == (3, 0, 5, 9)
    assert (disk.rows, disk.beside) == (0, 0)
    lines = ledger.text().splitlines()
    assert any(line.startswith("  cpu: busy, 11 rows, 2026-11-23 ") and "0.1 servers in use" in line for line in lines)
    assert any("5 to 9 connections; 0 rows beside the load tests" in line for line in lines)
    assert "  disk: not measured: supply metrics with disk_bytes" in lines


def test_what_step_02_can_answer(tmp_path):
    _, answered, why = capacity_of(tmp_path / "all", resources=CPU, more=PROMISED)
    assert answered == ["yes"] * 6 and all(words.startswith("from ") for words in why)
    _, answered, why = capacity_of(tmp_path / "pool", resources=f"{CPU}, {GAUGE}", more=PROMISED)
    assert answered == ["yes", "in part", "yes", "yes", "yes", "yes"]
    assert why[1].endswith("missing: metrics of the load test with pool")
    _, answered, why = capacity_of(tmp_path / "none", resources="", requests=False, tested=False, metrics=False)
    assert answered == ["no"] * 6
    assert "missing: a load test" in why[0] and "resources in assessment.yaml" in why[3]
    _, answered, why = capacity_of(tmp_path / "own", resources=CPU, tested=False, more=PROMISED)
    assert answered == ["in part", "no", "yes", "yes", "yes", "yes"] and why[0].startswith("from the model alone")
    _, answered, why = capacity_of(tmp_path / "tests", resources="{name: cpu, busy: busy, limit: 1}", requests=False)
    assert answered[2] == "no" and why[2] == "missing: access logs or tables of requests"
    assert answered[0] == "in part" and why[0].endswith("missing: SLOs of latency")
    assert answered[5] == "no" and "price_per_hour of a resource" in why[5]


def test_an_empty_rotated_log_is_a_remark_and_broken_ones_are_told_once(tmp_path):
    good = csv_of(spell("GET /pay"))
    files = {f"r{number}__csv": "nothing,that\nis,known\n" for number in range(4)}
    make(tmp_path, "evidence: {requests: ['*.csv']}\n", a__csv=good, b__csv="", **files)
    ledger = scaling_lib.open(tmp_path).evidence()
    (source,) = ledger.sources
    assert source.rows and "is empty" not in source.problem
    assert source.notes == ("1 file without a row, as a log that has just been rotated: b.csv",)
    broken = [line for line in ledger.text().splitlines() if "BROKEN" in line]
    assert len(broken) == 1 and "4 files, the first r0.csv" in broken[0] and "r1.csv" not in broken[0]
    for number in range(4):
        (tmp_path / f"r{number}.csv").unlink()
    calm = scaling_lib.open(tmp_path).evidence()
    assert calm.broken == () and "BROKEN" not in calm.text() and "b.csv" in calm.text()
    alone = scaling_lib.open(make(tmp_path / "alone", "evidence: {requests: [b.csv]}\n", b__csv="")).evidence()
    assert len(alone.broken) == 1 and "is empty" in alone.broken[0]


def test_files_that_are_broken_alike_are_one_line():
    broken = [
        Quality(kind="metrics", source=f"m{n}.json", format="", rows=0, problem=f"m{n}.json: found no value; mend it.")
        for n in range(42)
    ]
    text = Ledger.of({"metrics": [*broken, Quality(kind="metrics", source="good.json", format="", rows=5)]}, {},
                     has_slos=False).text()  # fmt: skip
    assert text.count("BROKEN") == 1 and "42 files, the first m0.json: found no value; mend it." in text
    assert any(line.split()[:3] == ["metrics", "42", "sources"] for line in text.splitlines())


def test_what_figures_rest_on_is_told_once_a_kind_and_origin():
    later = replace(SOURCE, rows=300, start=AT.replace(hour=12), end=AT.replace(hour=15))
    made = replace(SOURCE, rows=7, origin="simulated", start=None, end=None)
    read = [made, SOURCE, replace(SOURCE, kind="spans"), later, replace(SOURCE, kind="metrics", rows=0)]
    found = sources_used(read, ("requests", "metrics", "logs"))
    assert list(found) == ["requests"]
    recorded, simulated = found["requests"]
    assert (recorded.rows, recorded.origin) == (1_500, "measured")
    assert (recorded.start, recorded.end) == ("2026-11-23T10:00:00Z", "2026-11-23T15:00:00Z")
    assert (simulated.rows, simulated.origin, simulated.start, simulated.end) == (7, "simulated", "", "")
