"""Step 03 held to the truth of the example: what is planted in how it is watched, what is really not seen, no more."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

import scaling_lib
from scaling_lib import observability
from scaling_lib.report import run

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "shop"
PLANTED = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["simulated"]["watching"]
TRACES = ("spells", "journeys/light", "journeys/heavy")  # as assessment.yaml names them
WEIGHT = {"": 1.0, "ot=th:0": 1.0, "ot=th:e": 8.0, "ot=th:f": 16.0}


@pytest.fixture(scope="module")
def result():
    return observability.assess(scaling_lib.open(SHOP))


@pytest.fixture(scope="module")
def findings(result):
    return {(each.name, each.subject): each for each in observability.findings(result)}


@pytest.fixture(scope="module")
def spans():
    """All spans of the recordings, plainly: by trace a list of dicts with service, parent, kind, ms and weight."""
    found = defaultdict(list)
    for name in TRACES:
        with gzip.open(SHOP / "recorded" / name / "spans.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                for resource in json.loads(line)["resourceSpans"]:
                    named = {each["key"]: each["value"] for each in resource["resource"]["attributes"]}
                    for span in resource["scopeSpans"][0]["spans"]:
                        start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
                        found[span["traceId"]].append(
                            {
                                "id": span["spanId"],
                                "parent": span.get("parentSpanId", ""),
                                "service": named["service.name"]["stringValue"],
                                "name": span["name"],
                                "kind": span["kind"],
                                "ms": (end - start) / 1e6,
                                "weight": WEIGHT[span.get("traceState", "")],
                            }
                        )
    return found


def test_the_planted_alerts(result):
    planted = PLANTED["alerts"]
    by_state = defaultdict(list)
    for each in result.alerts.slos:
        by_state[each.state].append(each.slo.name)
    assert by_state["none"] == planted["slos_without"]
    assert by_state["ticket"] == planted["slos_with_a_ticket_alone"]
    assert by_state["shared"] == planted["slos_watched_among_others_alone"]
    assert len(by_state["page"]) == 8 - 3 and not by_state["not known"]
    burns = [one.burn for each in result.alerts.slos for one in each.alerts if one.own]
    assert burns == pytest.approx([planted["burn_of_the_pages"]] * len(burns))
    nothing = planted["reads_a_metric_that_is_not_there"]
    assert result.alerts.unread[["alert", "reads"]].to_numpy().tolist() == [[nothing["alert"], nothing["metric"]]]


def test_the_planted_silo(result):
    table = result.silos.services.set_index("service")
    planted = PLANTED["dashboards"]
    alone = planted["seen_by_its_own_team_alone"]
    assert table.index[table["state"] == "one team alone"].tolist() == [alone["service"]]
    assert table.loc[alone["service"], "owners"] == alone["team"]
    for service, team in planted["watched_by"].items():
        assert (table.loc[service, "watchers"], table.loc[service, "state"]) == (team, "seen by others")
    assert table.loc["postgresql", "state"] == "nobody"  # really: it has neither


def test_the_planted_logs(result):
    table = result.logs.services.set_index("service")
    planted = PLANTED["logs"]
    for each in planted["of"]:
        own = table.loc[each["service"]]
        assert own["lines"] == each["lines"]
        assert own["with_id"].value == pytest.approx(each["with_a_trace_id"] / each["lines"])
        if each["with_a_trace_id"]:
            lost = each["of_traces_that_were_not_kept"] / each["with_a_trace_id"]
            assert own["found"].value == pytest.approx(1 - lost)
    with gzip.open(SHOP / "recorded" / "journeys" / "light" / "access.log.gz", "rt", encoding="utf-8") as lines:
        assert table.loc["gateway", "lines"] == sum(1 for _ in lines)
    without = table.index[table["with_id"].map(lambda share: share.value == 0)]
    assert set(without) == {*planted["without_trace_ids"], "gateway"}  # the gateway's, which was recorded, really


def test_where_the_time_of_browse_passes(result, spans):
    """Of a chain of three, root, call and the catalogue's span with its statements, each part is a plain difference."""
    sums = Counter()
    for trace in spans.values():
        if not any(not each["parent"] and each["name"] == "GET /products" for each in trace):
            continue
        (root,) = [each for each in trace if not each["parent"]]
        (call,) = [each for each in trace if each["parent"] == root["id"]]
        (server,) = [each for each in trace if each["parent"] == call["id"]]
        statements = sum(each["ms"] for each in trace if each["parent"] == server["id"])
        sums["between"] += root["weight"] * (call["ms"] - server["ms"])
        sums["unseen"] += root["weight"] * statements
        sums["unexplained"] += root["weight"] * (root["ms"] - call["ms"] + server["ms"] - statements)
        sums["whole"] += root["weight"] * root["ms"]
        sums["traces"] += 1
    (own,) = [each for each in result.coverage.journeys if each.journey == "browse"]
    assert own.traces == sums["traces"]
    for kind in ("between", "unseen", "unexplained"):
        assert getattr(own, kind).value == pytest.approx(sums[kind] / sums["whole"], abs=1e-3)
    assert own.blind.value == pytest.approx(own.between.value + own.unexplained.value)


def test_no_trace_breaks(result, findings, spans):
    """Plainly: every parent is there, and below each call between services there is the callee's span."""
    orphans = sum(
        1
        for trace in spans.values()
        for each in trace
        if each["parent"] and each["parent"] not in {other["id"] for other in trace}
    )
    assert orphans == int(result.coverage.propagation["orphans"].sum()) == 0
    assert findings["broken-traces", ""].verdict == "ok"
    assert result.spans == sum(map(len, spans.values()))


def test_the_services_and_what_waits_for_them(result, spans):
    assert set(result.graph.nodes["service"]) == {"gateway", "catalogue", "checkout", "postgresql"}
    unseen = result.graph.nodes.loc[~result.graph.nodes["seen"].astype(bool), "service"]
    assert unseen.tolist() == ["postgresql"]
    weights = Counter()
    for trace in spans.values():
        services = {each["service"] for each in trace}
        (root,) = [each for each in trace if not each["parent"]]
        weights["all"] += root["weight"]
        weights["checkout"] += root["weight"] * ("checkout" in services)
    own = next(each for each in result.blast if each.service == "checkout")
    assert own.touched.value == pytest.approx(weights["checkout"] / weights["all"])


def test_what_is_found_is_what_there_is(findings):
    """Everything that is not well was planted, or is really so; each says on which rows, and what to do."""
    bad = {key for key, each in findings.items() if each.verdict in ("act", "watch")}
    assert bad == {
        ("slo-alerts-none", ""),
        ("slo-alerts-shared", ""),
        ("slo-alerts-ticket", ""),
        ("alerts-on-nothing", ""),
        ("logs-without-trace-id", ""),
        ("silo", "checkout"),
        ("silo", "postgresql"),
        ("flow-coverage", ""),
        ("seen-from-callers-only", ""),
    }
    assert [key for key, each in findings.items() if each.verdict == "act"] == [("slo-alerts-none", "")]
    assert not [key for key, each in findings.items() if each.verdict == "unknown"]
    for key in bad:
        assert findings[key].action and findings[key].evidence, key
    origins = {source.origin for source in findings["slo-alerts-none", ""].evidence}
    assert origins == {"simulated"}
    assert {source.origin for source in findings["logs-without-trace-id", ""].evidence} == {"measured", "simulated"}


def test_the_notebook_concludes_so(tmp_path):
    done = run(SHOP, out=tmp_path / "report", steps=["03"], deadline_s=180)
    assert not done.failed
    told = json.loads((tmp_path / "report" / "findings.json").read_text(encoding="utf-8"))
    assert "No alert watches cart latency" in json.dumps(told)
    page = (tmp_path / "report" / "03_observability.html").read_text(encoding="utf-8")
    assert "This evidence is simulated." in page and "Some of this evidence is simulated." in page
