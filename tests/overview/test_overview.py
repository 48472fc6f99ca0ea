"""Step 00: what there is, what is broken, what is absent; and the notebooks where there is nothing at all."""

from __future__ import annotations

import json

import pandas as pd
import plotly.graph_objects as go
import pytest
import yaml
from small_system import HOSTILE, START, csv_of, make, minute, query_range, spell

import scaling_lib
from scaling_lib import figures, overview
from scaling_lib.overview.result import MOST_POINTS, MOST_ROUTES
from scaling_lib.report import run
from scaling_lib.resources import example_folder

EVIDENCE = "evidence: {requests: [requests.csv]}\n"


def seen(folder, minutes, journeys: str = "", more: str = EVIDENCE, **files: str):
    return overview.overview(scaling_lib.open(make(folder, journeys + more, requests__csv=csv_of(minutes), **files)))


def by_name(result):
    return {finding.name: finding for finding in overview.findings(result)}


def test_traffic_by_route_busiest_first(tmp_path):
    result = seen(
        tmp_path,
        [[*minute("GET /a", 30, errors=3), *minute("GET /b/17", 10)]] * 60,
        "journeys: [{name: one, route: GET /a}, {name: all, route: '*'}, {name: none, route: /elsewhere}]\n",
    )
    assert result.traffic.to_dict("list") == {
        "service": result.traffic["service"].tolist(),
        "route": ["GET /a", "GET /b/{id}"],
        "requests": [1800, 600],
        "errors": [180, 0],
        "share": [0.75, 0.25],
        "journey": ["one, all", "all"],
    }
    assert result.ledger.silent == ("none",)
    assert result.minutes["GET /a"].tolist() == [30] * 60 and result.minutes.index[0] == pd.Timestamp(START)
    assert figures.show(overview.traffic_figure(result)).text == "GET /a carries 75% of 2,400 requests"
    finding = by_name(result)["journey-without-traffic"]
    assert (finding.verdict, finding.subject) == ("act", "none")


def test_a_journey_named_like_a_part_of_another(tmp_path):
    journeys = "journeys: [{name: 'pay, later', route: /pay}, {name: later, route: /none}]\n"
    assert seen(tmp_path, spell("GET /pay"), journeys).ledger.silent == ("later",)


def test_a_journey_of_another_service_is_silent(tmp_path):
    journeys = "journeys: [{name: pay, route: /pay, service: checkout}]\n"
    assert seen(tmp_path, spell("GET /pay"), journeys).ledger.silent == ("pay",)


def test_gaps_are_found_and_left_open(tmp_path):
    minutes = [minute("GET /a", 5) if not 60 <= place < 120 else [] for place in range(200)]
    result = seen(tmp_path, minutes)
    assert "1 gap, the longest 60 min" in by_name(result)["gaps"].sentence
    figure = overview.range_figure(result)
    (bar,) = figure.data
    assert len(bar.base) == 2 and sum(bar.x) == 140 * 60_000
    line = result.minutes["GET /a"]
    assert len(line) == 200 and line[line.isna()].index.tolist() == line.index[60:120].tolist()  # the line breaks


def test_minutes_without_requests_are_zero_and_not_bridged(tmp_path):
    minutes = [
        [*minute("GET /a", 5), *(minute("GET /b", 3) if place in (0, 4, 29) else [])] if place % 2 == 0 or place > 20
        else [] for place in range(30)
    ]  # fmt: skip
    result = seen(tmp_path, minutes)
    assert result.minutes["GET /a"].tolist() == [5.0 if place % 2 == 0 or place > 20 else 0.0 for place in range(30)]
    assert result.minutes["GET /b"].tolist() == [3.0 if place in (0, 4, 29) else 0.0 for place in range(30)]


def test_thinned_minutes_keep_the_sum(tmp_path):
    minutes = [minute("GET /a", 1 + place % 3) if place % 4 != 2 else [] for place in range(1601)]
    result = seen(tmp_path, minutes)
    assert len(result.minutes) == 801  # two minutes a point
    width = pd.Series([2.0] * 800 + [1.0], index=result.minutes.index)
    assert (result.minutes["GET /a"] * width).sum() == pytest.approx(sum(map(len, minutes)))


def test_services_that_share_a_route_are_told_apart(tmp_path):
    rows = [f"2026-11-23T10:{at:02d}:00Z,GET,/a,200,5,{name}" for at in range(10) for name in ("cart", "pay", "pay")]
    text = "\n".join(["time,method,path,status,duration_ms,service", *rows]) + "\n"
    result = overview.overview(scaling_lib.open(make(tmp_path, EVIDENCE, requests__csv=text)))
    assert result.minutes.columns.tolist() == ["pay GET /a", "cart GET /a"]
    assert result.minutes["pay GET /a"].tolist() == [2.0] * 10
    assert figures.show(overview.traffic_figure(result)).text.startswith("pay GET /a carries 66.7%")


def test_rejected_rows_are_said_with_their_reason(tmp_path):
    text = csv_of(spell("GET /a", minutes=10)) + "not a time,GET,/a,200,5\n" * 30
    result = overview.overview(scaling_lib.open(make(tmp_path, EVIDENCE, requests__csv=text)))
    finding = by_name(result)["rejected-rows"]
    assert finding.verdict == "watch" and finding.impact.value == pytest.approx(30 / 1030)
    assert result.ledger.rejects()["rows"].sum() == 30


def test_sources_that_share_no_time(tmp_path):
    result = seen(
        tmp_path,
        spell("GET /a"),
        more="evidence: {requests: [requests.csv], metrics: [m.json]}\n",
        m__json=query_range({("r", ()): [0, 1, 2]}, start=START.replace(year=2025)),
    )
    title = "No two of the 2 sources overlap in time, so none can be held against another"
    assert figures.show(overview.range_figure(result)).text == title
    assert overview.range_caption(result) == "No two sources overlap in time."


def test_many_routes_and_days_stay_light(tmp_path):
    days = [[(f"GET /r{chr(97 + place % 20)}", 200, 5)] for place in range(4000)]
    result = seen(tmp_path, days)
    assert len(result.traffic) == 20 and result.minutes.shape[1] == MOST_ROUTES
    assert len(result.minutes) <= MOST_POINTS and len(figures.PALETTE) == MOST_ROUTES


def test_broken_evidence_is_a_finding(tmp_path):
    folder = make(tmp_path, EVIDENCE, requests__csv="nothing,that\nis,known\n")
    result = overview.overview(scaling_lib.open(folder))
    finding = by_name(result)["broken-evidence"]
    assert (finding.verdict, finding.subject) == ("act", "requests.csv")
    assert finding.sentence.startswith("Requests cannot be read: requests.csv: found")
    assert "Which SLO would the history have kept?" in finding.why
    assert result.traffic.empty and result.minutes.empty


def whole_traces(count: int) -> str:
    """OTLP JSON lines, a trace of one span each."""
    span = {
        "name": "GET /a",
        "kind": 2,
        "startTimeUnixNano": "1764000000000000000",
        "endTimeUnixNano": "1764000000100000000",
    }
    traces = [
        {"resourceSpans": [{"scopeSpans": [{"spans": [span | {"traceId": f"{at:032x}", "spanId": f"{at:016x}"}]}]}]}
        for at in range(1, count + 1)
    ]
    return "".join(json.dumps(trace) + "\n" for trace in traces)


def test_a_source_read_in_part_is_watched_and_says_what_is_used(tmp_path):
    evidence = "evidence: {requests: [requests.csv], spans: [t.jsonl]}\n"
    result = seen(tmp_path, spell("GET /a"), more=evidence, t__jsonl=whole_traces(400)[:-150])
    finding = by_name(result)["broken-evidence"]
    assert (finding.verdict, finding.subject) == ("watch", "t.jsonl")
    assert finding.sentence.startswith("Of t.jsonl only a part could be read, 399 rows: t.jsonl: line 400")
    assert "cannot be read" not in finding.sentence and "399 rows that could be read are used" in finding.why


def test_a_trace_file_cut_short_stands_behind_a_missed_promise(tmp_path):
    slos = "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\n"
    evidence = "evidence: {requests: [requests.csv], spans: [t.jsonl]}\n"
    minutes = spell("GET /pay", errors=20, first=0, length=60)
    folder = make(tmp_path, slos + evidence, requests__csv=csv_of(minutes), t__jsonl=whole_traces(400)[:-150])
    result = run(folder, out=tmp_path / "report", steps=["00", "01"], deadline_s=120)
    assert (result.summary.findings[0].step, result.summary.findings[0].verdict) == ("01", "act")
    watched = [each.step for each in result.summary.findings if each.verdict == "watch"]
    assert watched == sorted(watched, reverse=True) and watched[-1] == "00"
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "Copy or export the source again" not in page.split("<dt>Do first</dt>")[1].split("</dd>")[0]


def test_a_lost_source_weighs_as_much_as_what_rests_on_it(tmp_path):
    evidence = "evidence: {requests: [requests.csv, lost.csv], spans: [t.jsonl, u.jsonl]}\n"
    result = seen(
        tmp_path, spell("GET /a"), more=evidence, lost__csv="a,b\n1,2\n", t__jsonl=whole_traces(9), u__jsonl="?\n"
    )
    found = {each.subject: each for each in overview.findings(result) if each.name == "broken-evidence"}
    assert {subject: each.verdict for subject, each in found.items()} == {"lost.csv": "act", "u.jsonl": "watch"}
    assert all("rests on the other" in each.why for each in found.values())


def test_what_is_wrong_with_many_files_is_said_once(tmp_path):
    files = {f"m{at}__json": '{"status": "error", "error": "query timed out"}' for at in range(1, 22)}
    evidence = "evidence: {requests: [requests.csv], metrics: [m*.json]}\n"
    result = seen(tmp_path, spell("GET /a"), more=evidence, **files)
    (finding,) = [each for each in overview.findings(result) if each.name == "broken-evidence"]
    assert finding.sentence.count("query timed out") == 1
    assert "21 files, the first m1.json: found status 'error'" in finding.sentence
    told = overview.evidence_shown(result.ledger)["remarks"].str.cat(sep=" ")
    assert told.count("query timed out") == 1
    assert (
        overview.evidence_table(result.ledger)["remarks"].str.cat().count("query timed out") == 21
    )  # the data have all


def test_faults_that_say_the_same_of_several_sources_are_one_finding(tmp_path):
    evidence = "evidence: {requests: [requests.csv, a.csv, b.csv]}\n"
    result = seen(tmp_path, spell("GET /a"), more=evidence, a__csv="a,b\n1,2\n", b__csv="c,d\n1,2\n")
    (finding,) = [each for each in overview.findings(result) if each.name == "broken-evidence"]
    assert finding.subject == "a.csv and 1 other" and "2 files, the first a.csv: " in finding.sentence
    shown = overview.evidence_shown(result.ledger)
    assert shown["source"].tolist()[:2] == ["requests.csv", "a.csv and 1 other"]
    assert overview.evidence_table(result.ledger)["source"].tolist()[:3] == ["requests.csv", "a.csv", "b.csv"]


def test_hostile_names_stay_text(tmp_path):
    text = (
        "time,route,status,duration_ms\n"
        + f'2026-11-23T10:00:00Z,"{HOSTILE.replace(chr(34), chr(34) * 2)}",200,5\n' * 9
    )
    journeys = yaml.safe_dump({"journeys": [{"name": HOSTILE, "route": "/none"}]})
    result = overview.overview(scaling_lib.open(make(tmp_path, journeys + EVIDENCE, requests__csv=text)))
    assert result.traffic["requests"].sum() == 9
    for figure in (overview.traffic_figure(result), overview.range_figure(result)):
        assert isinstance(figure, go.Figure)
        assert "<script" not in json.dumps(figure.to_plotly_json(), default=str)
    assert "<script" not in figures.table(result.traffic, "routes").bundle["text/html"]
    system = scaling_lib.open(tmp_path)
    assert "<script" not in system.conclude("00", overview.findings(result))._repr_mimebundle_()["text/html"]


def test_commands_show_this_assessment_again(tmp_path, monkeypatch):
    make(tmp_path / "my system", "")
    monkeypatch.chdir(tmp_path)

    def commands(path: str) -> set[str]:
        system = scaling_lib.open(path)
        return {each.command for each in system.conclude("00", overview.findings(overview.overview(system))).findings}

    assert commands("my system") == {"scaling check 'my system'"}
    monkeypatch.setenv("SCALING_ASSESSMENT", str(tmp_path / "my system"))
    monkeypatch.setenv("SCALING_NAMED", "./my system")
    assert commands(str(tmp_path / "my system")) == commands("") == {"scaling check './my system'"}
    assert commands(str(example_folder())) == {"scaling check"}


def test_absent_evidence_is_a_finding_only_where_a_question_misses_it(tmp_path):
    slos = "slos: [{target: 99%}, {kind: latency, threshold: 1 s, target: 90%}]"
    journeys = f"journeys: [{{name: pay, route: /pay, {slos}}}]\n"
    whole = seen(tmp_path / "whole", spell("GET /pay"), journeys)
    assert [(each.name, each.verdict) for each in overview.findings(whole)] == [("answerable", "ok")]
    listed = whole.ledger.table().set_index("evidence")["source"]
    assert listed[["metrics", "spans", "load tests"]].tolist() == ["not given"] * 3
    bare = seen(tmp_path / "bare", spell("GET /pay"))  # no journey, so no SLO
    (missed,) = [each for each in overview.findings(bare) if each.name == "not-measured" and each.subject == "slos"]
    assert "Is each availability SLO met" in missed.why and "Which SLO would" not in missed.why


def test_the_origin_stands_beside_each_source(tmp_path):
    result = seen(tmp_path, spell("GET /a"), more="evidence: {requests: [{path: requests.csv, origin: simulated}]}\n")
    table = overview.evidence_table(result.ledger)
    assert table.columns[:3].tolist() == ["evidence", "origin", "source"]
    assert table.iloc[0, :3].tolist() == ["requests", "simulated", "requests.csv"]
    assert set(table.columns) == set(result.ledger.table().columns) > set(overview.EVIDENCE_BELOW)


def test_promises_are_no_measurement(tmp_path):
    slos = "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\n"
    (finding,) = overview.findings(seen(tmp_path, spell("GET /pay"), slos))
    assert {each.table: each.origin for each in finding.evidence} == {"requests": "measured", "slos": "not said"}


def test_absent_slos_are_written_as_people_write_them(tmp_path):
    found = {each.subject: each.sentence for each in overview.findings(seen(tmp_path, spell("GET /pay")))}
    assert found["slos"] == "SLOs are not measured: none are given."


def test_nothing_at_all(tmp_path):
    result = overview.overview(scaling_lib.open(make(tmp_path, "")))
    assert result.traffic.empty and result.minutes.empty and result.ledger.silent == ()
    for figure in (overview.traffic_figure, overview.range_figure):
        assert figure(result).text.endswith(".")
    found = overview.findings(result)
    assert {each.verdict for each in found} == {"unknown"}
    assert {each.subject for each in found if each.name == "not-measured"} == {"requests", "metrics", "slos"}
    assert all(each.action and each.why for each in found if each.name == "not-measured")


def test_the_notebooks_run_on_nothing_and_conclude_unknown(tmp_path):
    result = run(make(tmp_path / "empty", ""), out=tmp_path / "report", steps=["00", "01"], deadline_s=120)
    assert result.failed == ()
    assert {step.step: step.state for step in result.summary.steps} == {"00": "unknown", "01": "unknown"}
    page = (tmp_path / "report" / "01_slo.html").read_text(encoding="utf-8")
    assert "No SLO is" in page and "Traceback" not in page


def test_a_step_with_broken_evidence_fails_and_the_other_runs(tmp_path):
    folder = make(
        tmp_path / "broken",
        "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\n" + EVIDENCE,
        requests__csv="nothing,that\nis,known\n",
    )
    result = run(folder, out=tmp_path / "report", steps=["00", "01"], deadline_s=120)
    (failed,) = result.failed
    assert failed.step == "01" and "requests.csv" in failed.sentence
    assert next(step for step in result.summary.steps if step.step == "00").state == "act"
