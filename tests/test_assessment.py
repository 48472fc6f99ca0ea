"""The assessment: what its file binds together, and what it says when it cannot."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import pytest
from small_system import csv_of, make, query_range, spell

import scaling_lib
from scaling_lib.errors import BrokenEvidence, InvalidInput, NotMeasured

OPENSLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: pay-works}
spec:
  service: shop
  indicator:
    metadata: {name: good}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(r{code!~"5.."}[{{.window}}]))'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(r[{{.window}}]))'}}}
  timeWindow: [{duration: 7d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.995}]
"""
REQUESTS = "evidence: {requests: [requests.csv]}\n"


def test_an_slo_of_a_file_is_bound_by_its_name(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: POST /pay, slos: [pay-works]}]\nevidence: {slos: [slos.yaml]}\n",
        slos__yaml=OPENSLO,
    )
    (slo,) = scaling_lib.open(tmp_path).slos()
    assert (slo.name, slo.journey, slo.target, slo.window) == ("pay-works", "pay", 0.995, "7d")


def test_slos_of_files_that_no_journey_names_come_last(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\nevidence: {slos: [slos.yaml]}\n",
        slos__yaml=OPENSLO,
    )
    assert [(slo.name, slo.journey) for slo in scaling_lib.open(tmp_path).slos()] == [
        ("pay availability", "pay"),
        ("pay-works", ""),
    ]


SLOTH = """
version: prometheus/v1
service: till
slos:
  - {name: pays, objective: 99.5, sli: {raw: {error_ratio_query: "bad:{{.window}}"}}}
"""
MISNAMED = """journeys:
  - name: pay
    route: POST /pay
    slos:
      - pay-wroks
      - {target: 99%}
      - {target: 99.9%}
  - name: browse
    route: GET /
    slos: [pays, till-pays, {target: 99%, name: pay availability}]
evidence: {slos: [slos.yaml, sloth.yaml]}
"""  # behind the line `system: small`


def test_all_wrong_names_of_slos_are_told_together_with_their_lines(tmp_path):
    make(tmp_path, MISNAMED, slos__yaml=OPENSLO, sloth__yaml=SLOTH)
    with pytest.raises(InvalidInput) as error:
        scaling_lib.open(tmp_path)
    file = tmp_path / "assessment.yaml"
    second = "found a second SLO with the name 'pay availability', as the journey 'pay' has one; expected each once: "
    assert str(error.value) == (
        f"{file}: line 6, journeys.0.slos.0: found 'pay-wroks', which no file of evidence.slos has; expected one of: "
        f"pay-works, till-pays; line 8, journeys.0.slos.2: {second}give this one a `name` of its own; line 11, "
        "journeys.1.slos.0: found 'pays', which no file of evidence.slos has; expected one of: pay-works, till-pays; "
        f"line 11, journeys.1.slos.2: {second}give this one a `name` of its own"
    )


def test_an_slo_of_a_file_where_none_is_given(tmp_path):
    make(tmp_path, "journeys: [{name: pay, route: /pay, slos: [pay-works]}]\n")
    with pytest.raises(InvalidInput, match="line 2, .*'pay-works'.*expected one of: none, no file is given"):
        scaling_lib.open(tmp_path)


def test_names_are_not_blamed_where_their_file_cannot_be_read(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: POST /pay, slos: [pay-wroks]}]\n"
        "evidence: {slos: [slos.yaml], requests: [requests.csv]}\n",
        slos__yaml=OPENSLO.replace("0.995", "99.5"),
        requests__csv=csv_of(spell("POST /pay")),
    )
    system = scaling_lib.open(tmp_path)
    with pytest.raises(InvalidInput, match="found 99.5; expected a fraction"):
        system.slos()
    assert system.requests().counts["n"].sum() == 6000  # which need no SLO
    ledger = system.evidence()
    assert set(ledger.problems) == {"slos"} and ledger.usable == {"requests"}
    (tmp_path / "slos.yaml").write_text(OPENSLO)
    with pytest.raises(InvalidInput, match="found 99.5"):  # read once, as all evidence is
        system.slos()
    with pytest.raises(InvalidInput, match="found 'pay-wroks', which no file"):
        scaling_lib.open(tmp_path)


@pytest.mark.parametrize(
    ("slo", "said"),
    [
        ("{target: 99.9}", "line 4, journeys.0.slos.0.target: found 99.9, which could be percent or fraction"),
        ("{target: 100%}", "leaves no error budget"),
        ("{target: 99%, window: 28 days}", "slos.0.window: found '28 days'; expected a rolling window such as 28d"),
        ("{target: 99%, window: fortnight}", "expected a rolling window such as 28d, or week"),
        ("{target: 99%, time_zone: Berlin}", "slos.0.time_zone: found 'Berlin'; expected an IANA name"),
        ("{kind: latency, target: 99%}", "without a threshold"),
        ("{kind: latency, target: 99%, threshold: 300}", "with its unit"),
    ],
)
def test_an_objective_that_could_not_be_held_is_refused_at_once(tmp_path, slo, said):
    make(tmp_path, f"journeys:\n  - name: pay\n    slos: [{slo}]\n")
    with pytest.raises(InvalidInput) as error:
        scaling_lib.open(tmp_path)
    assert said in str(error.value) and "line 4" in str(error.value)


@pytest.mark.parametrize(
    ("window", "canonical"),
    [
        ("28d", "28d"),
        ("028 d", "28d"),
        ("90m", "90m"),
        ("4w", "4w"),
        ("3600s", "1h"),
        ("5400s", "90m"),
        ("Month", "month"),
        ("WEEK", "week"),
        ("1M", "month"),
        ("1Q", "quarter"),
        ("1Y", "year"),
    ],
)
def test_windows_that_are_accepted_can_be_computed_with(tmp_path, window, canonical):
    from scaling_lib.evidence.slos import read_slos
    from scaling_lib.slo import assess, openslo, prometheus_rules

    make(
        tmp_path,
        "journeys: [{name: pay, route: POST /pay, metrics: {total: 't{}', errors: 'e{}'},"
        f" slos: [{{target: 99%, window: {window}}}]}}]\n" + REQUESTS,
        requests__csv=csv_of(spell("POST /pay", errors=5)),
    )
    system = scaling_lib.open(tmp_path)
    (slo,) = system.slos()
    assert slo.window == canonical
    assert len(assess(system).results) == 1
    assert "slo:error_budget:ratio" in prometheus_rules([slo])
    (tmp_path / "out.yaml").write_text(openslo([slo]))
    assert read_slos(str(tmp_path / "out.yaml"))[0][0].window == canonical


@pytest.mark.parametrize("window", ["90s", "0d", "2M", "-1d", "1.5h", "28", "99999999999999d", "40000d", "''"])
def test_windows_that_could_not_be_computed_with_are_refused_at_once(tmp_path, window):
    make(tmp_path, f"journeys: [{{name: pay, slos: [{{target: 99%, window: {window}}}]}}]\n")
    with pytest.raises(InvalidInput, match=r"line \d, journeys.0.slos.0.window: found .*; expected"):
        scaling_lib.open(tmp_path)


def test_nothing_given(tmp_path):
    system = scaling_lib.open(make(tmp_path, ""))
    assert system.slos() == () and system.journeys == ()
    with pytest.raises(NotMeasured, match="No requests are given: supply access logs"):
        system.requests()
    with pytest.raises(NotMeasured, match="No metrics are given: supply a Prometheus"):
        system.metrics()
    assert repr(system) == "Assessment('small', 0 journeys)"


def test_no_such_assessment(tmp_path):
    place = tmp_path / "elsewhere"
    with pytest.raises(
        InvalidInput, match=rf"elsewhere.assessment.yaml: there is no such file.*`scaling init {place}`"
    ):
        scaling_lib.open(place)


def test_the_place_may_be_given_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SCALING_ASSESSMENT", str(make(tmp_path, "")))
    assert scaling_lib.open().name == "small"
    monkeypatch.delenv("SCALING_ASSESSMENT")
    assert scaling_lib.open().name == "shop"


def test_evidence_is_read_once(tmp_path):
    make(tmp_path, REQUESTS, requests__csv=csv_of(spell("GET /a")))
    system = scaling_lib.open(tmp_path)
    before = system.requests()
    (tmp_path / "requests.csv").unlink()
    assert system.requests() is before


def test_evidence_that_is_not_there_is_broken(tmp_path):
    system = scaling_lib.open(make(tmp_path, REQUESTS))
    with pytest.raises(BrokenEvidence, match=r"requests\.csv: no file is there"):
        system.requests()


def test_sources_are_named_as_the_assessment_names_them(tmp_path):
    make(tmp_path, REQUESTS, requests__csv=csv_of(spell("GET /a")))
    (quality,) = scaling_lib.open(Path(tmp_path)).evidence().sources
    assert quality.source == "requests.csv"


def test_problems_name_files_as_the_assessment_names_them(tmp_path):
    folder = make(
        tmp_path / "old [2025]",
        "evidence: {requests: [requests.csv], spans: ['*.jsonl'], slos: [slos.yaml]}\n",
        requests__csv="nothing,that\nis,known\n",
        a__jsonl=TRACE,
        b__jsonl="",
        slos__yaml="apiVersion: openslo/v1\nkind: SLO\nspec: {}\n",
    )
    ledger = scaling_lib.open(folder).evidence()
    said = {quality.kind: quality.problem for quality in ledger.sources if quality.problem} | ledger.problems
    assert {kind: text.partition(":")[0].partition(",")[0] for kind, text in said.items()} == {
        "requests": "requests.csv",
        "spans": "b.jsonl",
        "slos": "slos.yaml",
    }
    assert len(ledger.broken) == 3  # each once, though requests are broken as a source and as a kind
    assert str(folder) not in ledger.text()


@pytest.mark.parametrize("url", ["admin:s3cret@127.0.0.1:9", "http://admin:s3cret@127.0.0.1:9"])
def test_no_secret_reaches_the_ledger(tmp_path, url):
    make(tmp_path, f"evidence: {{metrics: [{{url: '{url}', queries: {{a: up}}}}]}}\n")
    with pytest.raises(InvalidInput, match="write user and password_env instead") as refused:
        scaling_lib.open(tmp_path)
    assert "s3cret" not in str(refused.value)
    make(
        tmp_path,
        "evidence: {metrics: [{url: 'http://127.0.0.1:9', user: admin, password_env: PW, queries: {a: up},"
        " timeout_s: 1}]}\n",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PW", "s3cret")
        system = scaling_lib.open(tmp_path)
        ledger = system.evidence()
    assert "s3cret" not in ledger.text() + repr(system.config) + repr(ledger)


@pytest.mark.parametrize("ca_file", ["certs/ca.pem", "~/ca.pem"])
def test_a_ca_file_is_looked_for_in_the_assessments_folder_or_at_home(tmp_path, monkeypatch, ca_file):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    make(
        tmp_path,
        f"evidence: {{metrics: [{{url: 'https://127.0.0.1:9', queries: {{a: up}}, ca_file: {ca_file}}}]}}\n",
    )
    file = tmp_path / ca_file.replace("~", "home")
    with pytest.raises(InvalidInput, match=f"ca_file {file} cannot be used .No such file"):
        scaling_lib.open(tmp_path).metrics()
    file.parent.mkdir()
    file.write_text("no certificate")
    with pytest.raises(InvalidInput, match=f"ca_file {file} cannot be used .it is not a PEM file"):
        scaling_lib.open(tmp_path).metrics()


def test_a_folder_whose_name_looks_like_a_pattern(tmp_path):
    folder = make(
        tmp_path / "old [2025]",
        "journeys: [{name: pay, route: /pay}]\nevidence: {requests: ['*.csv']}\n",
        requests__csv=csv_of(spell("GET /pay")),
    )
    assert scaling_lib.open(folder).requests().counts["n"].sum() == 6000


def test_a_server_that_fails_is_asked_once(tmp_path: Path) -> None:
    asked: list[str] = []

    class Failing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(500)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "assessment.yaml").write_text(
            f"system: small\njourneys: []\nevidence: {{metrics: [{{url: '{url}', queries: {{up: up}}}}]}}\n"
        )
        system = scaling_lib.open(tmp_path)
        errors = set()
        for _ in range(3):
            with pytest.raises(BrokenEvidence, match="HTTP 500") as raised:
                system.metrics()
            errors.add(str(raised.value))
        server.shutdown()
    assert len(asked) == len(errors) == 1


TRACE = (
    '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},'
    '"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"pay",'
    '"kind":2,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000250000000"}]}]}]}\n'
)


def test_spans_and_load_tests_are_read_once_and_are_in_the_ledger(tmp_path):
    make(
        tmp_path,
        "evidence:\n  spans: [{path: spans.jsonl, origin: recorded}]\n"
        "  load_tests: [{path: curve.csv, origin: simulated}]\n",
        spans__jsonl=TRACE,
        curve__csv="users,throughput\n1,10\n2,19\n4,33\n",
    )
    system = scaling_lib.open(tmp_path)
    (span,) = system.spans().frame.to_dict("records")
    assert (span["service"], span["operation"], span["end_ns"] - span["start_ns"]) == ("shop", "pay", 250_000_000)
    assert system.load_tests().samples["throughput"].tolist() == [10, 19, 33]
    assert system.spans() is system.spans() and system.load_tests() is system.load_tests()
    table = system.evidence().table().set_index("evidence")
    assert table.loc["spans", ["source", "rows", "origin"]].tolist() == ["spans.jsonl", 1, "recorded"]
    assert table.loc["load tests", ["source", "rows", "origin"]].tolist() == ["curve.csv", 3, "simulated"]


def test_the_journey_of_a_root_operation_is_that_of_its_route(tmp_path):
    journeys = "journeys: [{name: item, route: 'GET /items/{id}'}, {name: pay, route: /pay*}, {name: late}]\n"
    system = scaling_lib.open(make(tmp_path, journeys))
    asked = ["GET /items/{item_id:int}", "GET /items/{id}", "POST /pay/card", "GET /items", ""]
    assert [system.journey_of(each) for each in asked] == ["item", "item", "pay", "", ""]


@pytest.mark.parametrize(("kind", "word"), [("spans", "spans"), ("load_tests", "load tests")])
def test_spans_and_load_tests_that_are_absent_or_broken(tmp_path, kind, word):
    absent = scaling_lib.open(make(tmp_path / "absent", ""))
    with pytest.raises(NotMeasured, match=f"No {word} are given: supply .*evidence.{kind} in"):
        getattr(absent, kind)()
    broken = scaling_lib.open(make(tmp_path / "broken", f"evidence: {{{kind}: [gone.json]}}\n"))
    with pytest.raises(BrokenEvidence, match="gone.json"):
        getattr(broken, kind)()
    assert any("gone.json" in problem for problem in broken.evidence().broken)


def test_the_metrics_of_load_tests_are_apart_from_the_systems_own(tmp_path):
    curve = "users,throughput\n1,10\n2,19\n4,35\n8,50\n"
    up = ("up", (("job", "a"),))
    make(
        tmp_path,
        "evidence:\n  metrics: [own.json]\n  load_tests: [{path: curve.csv, metrics: [beside.json]}]\n",
        curve__csv=curve,
        own__json=query_range({up: [1, 1, 1]}),
        beside__json=query_range({up: [0, 0]}),
    )
    system = scaling_lib.open(tmp_path)
    assert system.metrics().frame["value"].tolist() == [1, 1, 1]
    assert system.load_metrics().frame["value"].tolist() == [0, 0]
    rows = {each.kind: each.rows for each in system.evidence().sources}
    assert rows == {"metrics": 3, "load tests": 4, "load metrics": 2}
    with pytest.raises(NotMeasured, match="`metrics` of an entry of evidence.load_tests in assessment.yaml"):
        scaling_lib.open(make(tmp_path / "none", "")).load_metrics()
