"""Step 03 on small and on bad evidence: what is told, what is said not to be, and nothing that is raised."""

from __future__ import annotations

import json

import pandas as pd
import plotly.graph_objects as go
import pytest
from made_spans import BROWSE, ORDER, frame, span
from small_system import HOSTILE, make

import scaling_lib
from scaling_lib import observability
from scaling_lib.errors import InvalidInput

SPANS = "evidence: {spans: [spans.parquet]}\n"
JOURNEYS = "journeys: [{name: order, route: POST /checkout}, {name: look, route: GET /}]\n"


def result_of(folder, spans: pd.DataFrame | None, yaml: str = JOURNEYS, **files: str):
    make(folder, yaml + (SPANS if spans is not None else ""), **files)
    if spans is not None:
        spans.to_parquet(folder / "spans.parquet")
    return observability.assess(scaling_lib.open(folder))


def found(result):
    """Findings by name; everything that a notebook shows is made on the way."""
    assert observability.headline(result)
    for name in observability.TABLES:
        assert observability.table(result, name).bundle["text/html"]
    for make_figure in (observability.time_figure, observability.graph_figure):
        shown = make_figure(result)
        assert isinstance(shown, go.Figure) or shown.text
    return {(each.name, each.subject): each for each in observability.findings(result)}


def test_nothing_is_not_measured(tmp_path):
    result = result_of(tmp_path / "s", None)
    names = found(result)
    assert {each.verdict for each in names.values()} == {"unknown"}
    assert {subject for name, subject in names if name == "not-measured"} >= {"spans", "alerts", "logs", "dashboards"}
    assert all(each.action or "supply" in each.why for each in names.values())
    assert observability.headline(result).startswith("Not measured: No spans are given")
    shown = [observability.table(result, name).text for name in observability.TABLES]
    shown += [observability.time_figure(result).text, observability.graph_figure(result).text]
    assert sum("No spans are given" in text for text in shown) == 1  # the other places refer to it
    assert sum("as said above: the request flow" in text for text in shown) == 11


def test_a_flow_of_two_journeys(tmp_path):
    """GET /: 5 + 5 ms of the gateway, 2 between, 8 of the catalogue's only span, which is long: nothing is told."""
    result = result_of(tmp_path / "s", frame(ORDER, BROWSE, count=30))
    names = found(result)
    order, look = result.coverage.journeys
    assert (order.journey, look.journey) == ("order", "look")
    assert look.between.value == pytest.approx(2 / 20) and look.unexplained.value == pytest.approx(18 / 20)
    # POST /checkout, ms: between the services 10 of c, 4 of g and the 4 of handing over the message; to the database 20
    # and 5; of their own 20 of the gateway and 31 of the checkout; the catalogue's 6 are too few to need more spans
    parts = [getattr(order, kind).value for kind in ("between", "unseen", "unexplained", "explained")]
    assert parts == pytest.approx([0.18, 0.25, 0.51, 0.06])
    assert order.blind.value == pytest.approx(0.69)
    assert names["flow-coverage", ""].verdict == "act"
    assert names["flow-coverage", ""].impact == result.coverage.whole.blind
    assert observability.headline(result).startswith("No: of ")
    assert result.coverage.whole.traces == 60
    assert names["broken-traces", ""].verdict == "ok"


def test_of_the_slowest_alone(tmp_path):
    make(tmp_path / "s", JOURNEYS + SPANS)
    frame(ORDER, BROWSE, count=100).to_parquet(tmp_path / "s" / "spans.parquet")
    result = observability.assess(scaling_lib.open(tmp_path / "s"), slowest=0.3)
    assert "of the slowest 30%" in observability.time_figure(result).layout.title.text.replace("<br>", " ")
    few = observability.assess(scaling_lib.open(tmp_path / "s"), slowest=0.1)
    assert "at most 10 whole traces of a journey among the slowest 10% of its requests" in few.absent["coverage"].why
    with pytest.raises(InvalidInput, match="slowest: found 0"):
        observability.assess(scaling_lib.open(tmp_path / "s"), slowest=0)


def test_one_span(tmp_path):
    names = found(result_of(tmp_path / "s", frame([span("r", "", "a", "server", 0, 10)])))
    told = names["not-measured", "coverage"]
    assert told.verdict == "unknown" and "expected 20 or more" in told.why
    assert names["instrumentation-score", ""].verdict == "ok"


def test_a_score_of_few_rules_or_without_a_peer_is_not_called_excellent(tmp_path):
    """A third of the rules' weight is told, and the database leaves no spans."""
    call = [span("r", "", "a", "server", 0, 100), span("c", "r", "a", "client", 10, 90, peer="db")]
    told = found(result_of(tmp_path / "s", frame(call, count=40)))["instrumentation-score", ""]
    assert "excellent" not in told.sentence and "Not in it: db, without any spans." in told.sentence
    assert "% of the rules' weight that can be told" in told.sentence


def test_everything_orphaned(tmp_path):
    """No root at all: no journey is known, and the score says what is wrong."""
    names = found(result_of(tmp_path / "s", frame([span("x", "gone", "a", "server", 0, 10)], count=50)))
    assert names["not-measured", "coverage"].verdict == "unknown"
    assert "no span is an orphan (SPA-002, a)" in names["instrumentation-score", ""].sentence


def test_orphans_beside_whole_traces_are_a_break(tmp_path):
    broken = [span("x", "gone", "a", "server", 0, 10)]
    names = found(result_of(tmp_path / "s", frame(BROWSE, broken, count=40)))
    told = names["broken-traces", "a"]
    assert told.verdict == "act" and told.impact.value == 1
    assert "Traces break in a" in observability.headline(result_of(tmp_path / "t", frame(BROWSE, broken, count=40)))


def test_lost_context_is_a_break(tmp_path):
    """The checkout calls a catalogue that has spans, but of traces of their own."""
    call = [span("r", "", "checkout", "server", 0, 20), span("c", "r", "checkout", "client", 5, 15, peer="catalogue")]
    own = [span("h", "", "catalogue", "server", 6, 14)]
    names = found(result_of(tmp_path / "s", frame(call, own, count=40)))
    lost = names["lost-context", "checkout to catalogue"]
    assert "none of its spans is below 40 calls, while catalogue starts 40 traces itself" in lost.sentence
    assert lost.verdict == "act" and ("broken-traces", "checkout") not in names
    assert "Instrument" not in names["seen-from-callers-only", ""].action  # it is instrumented


def test_traces_of_several_systems(tmp_path):
    """Two graphs without an edge between them are two pieces; the journeys of both are told."""
    other = [
        span("r", "", "mail", "server", 0, 30, operation="POST /mail"),
        span("q", "r", "mail", "client", 5, 25, peer="smtp"),
    ]
    result = result_of(tmp_path / "s", frame(BROWSE, other, count=30))
    found(result)
    assert result.shape.pieces == 2
    assert {each.journey for each in result.coverage.journeys} == {"look"}  # the one that assessment.yaml names
    assert any("30 traces of POST /mail" in note for note in result.coverage.notes)


def test_hostile_names_stay_text(tmp_path):
    made = [
        span("r", "", HOSTILE, "server", 0, 20, operation=HOSTILE),
        span("c", "r", HOSTILE, "client", 5, 15, peer=HOSTILE + "2"),
    ]
    result = result_of(tmp_path / "s", frame(made, count=30))
    found(result)
    shown = [observability.table(result, name).bundle["text/html"] for name in observability.TABLES]
    shown += [observability.time_figure(result).to_json(), observability.graph_figure(result).to_json()]
    assert not any("<script" in text or "\\u003cscript" in text for text in shown)
    assert any("&lt;script" in text for text in shown)


def test_spans_without_a_name_of_a_service(tmp_path):
    names = found(result_of(tmp_path / "s", frame([span("r", "", "", "server", 0, 20, operation="GET /")], count=30)))
    told = names["instrumentation-score", ""]
    assert told.verdict == "act" and "service.name is present (RES-005, (not named))" in told.sentence
    assert "OTEL_SERVICE_NAME" in told.action


def test_broken_evidence_is_a_finding_and_the_rest_goes_on(tmp_path):
    yaml = JOURNEYS + "evidence: {spans: [spans.parquet], alerts: [rules.yaml], logs: [none.log], teams: [t.yaml]}\n"
    make(tmp_path / "s", yaml, rules__yaml="groups: [", t__yaml="teams: 3\n")
    frame(BROWSE, count=30).to_parquet(tmp_path / "s" / "spans.parquet")
    result = observability.assess(scaling_lib.open(tmp_path / "s"))
    names = found(result)
    for kind, said in (("alerts", "not valid YAML"), ("logs", "no file is there"), ("teams", "found 3")):
        told = names["broken-evidence", kind]
        assert told.verdict == "watch" and said in told.why and told.action
    assert result.coverage is not None and ("not-measured", "dashboards") in names


def test_owners_in_the_assessment_stand_in_for_a_file_of_teams(tmp_path):
    shown = {"panels": [{"targets": [{"expr": 'up{job="catalogue"}'}]}], "tags": ["team:edge"]}
    yaml = (
        "services: [{name: catalogue, owner: goods}, {name: gateway, owner: edge}]\n"
        "evidence: {dashboards: [d.json], spans: [spans.parquet]}\n"
    )
    make(tmp_path / "s", yaml, d__json=json.dumps(shown))
    frame(BROWSE, count=30).to_parquet(tmp_path / "s" / "spans.parquet")
    result = observability.assess(scaling_lib.open(tmp_path / "s"))
    names = found(result)
    assert result.silos.services["state"].tolist() == ["seen by others", "nobody"]
    assert names["silo", "gateway"].sentence == "No dashboard shows gateway: nobody sees it, its owner edge neither."
    assert names["silo", "gateway"].impact.value == 1  # every request waits for it
    assert ("not-measured", "teams") not in names


def test_signals_that_metrics_would_show_and_do_not(tmp_path):
    series = {"metric": {"__name__": "up", "job": "catalogue"}, "values": [[1700000000, "1"], [1700000060, "1"]]}
    answer = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}})
    make(tmp_path / "s", "evidence: {spans: [spans.parquet], metrics: [m.json]}\n", m__json=answer)
    frame(BROWSE, count=30).to_parquet(tmp_path / "s" / "spans.parquet")
    told = found(observability.assess(scaling_lib.open(tmp_path / "s")))["golden-signals", ""]
    assert told.verdict == "watch" and "saturation of catalogue" in told.sentence


def test_logs_of_lost_traces(tmp_path):
    spans = frame(BROWSE, count=60).assign(
        trace_id=lambda each: each["trace_id"].map(lambda one: f"{int(one[2:]) + 1:032x}")
    )
    spans[["start_ns", "end_ns"]] += 1_700_000_000 * 10**9
    lines = [
        {"time": 1_700_000_000 + k % 60, "service": "catalogue", "trace_id": f"{k + 1:032x}"} for k in range(600)
    ]  # only the first 60 of them are there
    yaml = "services: [{name: silent}]\nevidence: {spans: [spans.parquet], logs: [a.log]}\n"
    make(tmp_path / "s", yaml, a__log="\n".join(map(json.dumps, lines)))
    spans.to_parquet(tmp_path / "s" / "spans.parquet")
    names = found(observability.assess(scaling_lib.open(tmp_path / "s")))
    assert names["logs-of-lost-traces", "catalogue"].impact.value == pytest.approx(0.1)
    assert "No log of silent" in names["no-logs", ""].sentence


def test_an_unknown_table_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="table: found 'x'; expected one of coverage"):
        observability.table(result_of(tmp_path / "s", None), "x")


def test_a_dashboard_whose_variable_chooses_the_service_shows_each(tmp_path):
    """`catalogue` fits the filter of the variable, and `gateway`, that is chosen in the file, does not."""
    service = {"name": "service", "type": "query", "query": "label_values(up, service)", "regex": "/^cat/"}
    board = {
        "panels": [{"targets": [{"expr": 'rate(x{service="$service"}[5m])'}]}],
        "tags": ["team:edge"],
        "templating": {"list": [{**service, "current": {"text": "catalogue", "value": "catalogue"}}]},
    }
    yaml = (
        "services: [{name: catalogue, owner: edge}, {name: gateway, owner: front}]\nevidence: {dashboards: [d.json]}\n"
    )
    make(tmp_path / "s", yaml, d__json=json.dumps(board))
    result = observability.assess(scaling_lib.open(tmp_path / "s"))
    assert result.silos.services["state"].tolist() == ["one team alone", "nobody"]
    del board["templating"]["list"][0]["regex"]
    make(tmp_path / "t", yaml, d__json=json.dumps(board))
    result = observability.assess(scaling_lib.open(tmp_path / "t"))
    assert result.silos.services["state"].tolist() == ["one team alone", "seen by others"]
    assert found(result)["silo", "catalogue"].sentence.endswith("no other team's dashboard shows it.")


def test_of_evidence_that_is_broken_in_part_none_is_not_known(tmp_path):
    yaml = (
        "services: [{name: catalogue, owner: goods}]\n"
        "journeys: [{name: order, route: POST /checkout, slos: [{kind: availability, target: 99.9%}], "
        'metrics: {total: \'x{route="o"}\', errors: \'x{route="o",code="500"}\'}}]\n'
        "evidence: {dashboards: ['*.json'], alerts: [r.yaml]}\n"
    )
    board = json.dumps({"panels": [{"targets": [{"expr": "y"}]}]})
    rules = "groups: [{name: g, rules: [{alert: Other, expr: y > 1}, {alert: Torn, expr: 'x{'}]}]\n"
    make(tmp_path / "s", yaml, a__json=board, b__json=board[:20], r__yaml=rules)
    result = observability.assess(scaling_lib.open(tmp_path / "s"))
    names = found(result)
    assert result.partly == {"dashboards", "alerts"}
    assert names["silo", ""].verdict == "unknown" and "Whether others see catalogue" in names["silo", ""].sentence
    assert (
        names["slo-alerts-none", ""].verdict == "unknown" and "no alert" not in observability.headline(result).lower()
    )
    assert "no alert" not in observability.table(result, "alerts").bundle["text/html"]
