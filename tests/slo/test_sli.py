"""Good and bad events of an SLO from small real files: which requests count, and what is said where none do."""

from __future__ import annotations

import json
import math
from datetime import timedelta

import pandas as pd
import pytest
from small_system import START, csv_of, make, minute, query_range, spell

import scaling_lib
from scaling_lib import slo
from scaling_lib.errors import BrokenEvidence, NotMeasured
from scaling_lib.slo.sli import minute_counts

REQUESTS = "evidence: {requests: [requests.csv]}\n"
METRICS = "evidence: {metrics: [metrics.json]}\n"
TOTAL = ("r_total", (("code", "200"), ("instance", "a")))
FAILED = ("r_total", (("code", "500"), ("instance", "a")))


def bucket(edge: str):
    return "r_bucket", (("instance", "a"), ("le", edge))


def counted(folder, name: str = ""):
    system = scaling_lib.open(folder)
    slo = next(each for each in system.slos() if name in ("", each.name))
    table, rows = minute_counts(system, slo)
    (source,) = rows.sources()
    return table, source


def unmeasured(folder, name: str = "") -> str:
    with pytest.raises(NotMeasured) as reason:
        counted(folder, name)
    return str(reason.value)


def test_availability_counts_errors_among_all_requests(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: POST /pay, slos: [{target: 99%}]}]\n" + REQUESTS,
        requests__csv=csv_of(
            [[*minute("POST /pay", 10, errors=3), *minute("GET /pay", 5, errors=5)], minute("POST /pay", 4)]
        ),
    )
    table, source = counted(tmp_path)
    assert table["total"].tolist() == [10, 4] and table["bad"].tolist() == [3, 0]
    assert table.index.tolist() == [pd.Timestamp(START), pd.Timestamp(START) + pd.Timedelta("1min")]
    assert (source.table, source.rows, source.origin) == ("requests", 14, "measured")
    assert (source.start, source.end) == ("2026-11-23T10:00:00Z", "2026-11-23T10:02:00Z")


def test_latency_counts_slow_ones_among_those_that_are_no_errors(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [{kind: latency, threshold: 300 ms, target: 99%}]}]\n" + REQUESTS,
        requests__csv=csv_of(
            [minute("POST /pay", 10, errors=3, slow=2), [("POST /pay", 200, 300), ("POST /pay", 200, 301)]]
        ),
    )
    table, _ = counted(tmp_path)
    assert table["total"].tolist() == [7, 2] and table["bad"].tolist() == [2, 1]  # 300 ms is within 300 ms


def test_a_wildcard_takes_all_its_routes(tmp_path):
    make(
        tmp_path,
        'journeys: [{name: shop, route: "GET /shop/*", slos: [{target: 99%}]}]\n' + REQUESTS,
        requests__csv=csv_of(
            [[("GET /shop/a", 200, 1), ("GET /shop/7/b", 500, 1), ("GET /other", 500, 1), ("POST /shop/a", 500, 1)]]
        ),
    )
    table, _ = counted(tmp_path)
    assert table["total"].tolist() == [2] and table["bad"].tolist() == [1]


def test_two_thresholds_on_one_route(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [{kind: latency, threshold: 1 s, target: 99%, name: slow},"
        " {kind: latency, threshold: 100 ms, target: 90%, name: quick}]}]\n" + REQUESTS,
        requests__csv=csv_of([[("POST /pay", 200, took) for took in (50, 100, 500, 1000, 1500)]]),
    )
    assert counted(tmp_path, "quick")[0]["bad"].tolist() == [3]
    assert counted(tmp_path, "slow")[0]["bad"].tolist() == [1]


def test_thresholds_of_journeys_that_share_routes_are_told_apart(tmp_path):
    make(
        tmp_path,
        "journeys:\n"
        "  - {name: pay, route: POST /pay, slos: [{kind: latency, threshold: 100 ms, target: 90%}]}\n"
        '  - {name: all, route: "*", slos: [{kind: latency, threshold: 1 s, target: 99%}]}\n' + REQUESTS,
        requests__csv=csv_of([[("POST /pay", 200, 500), ("GET /a", 200, 500), ("GET /a", 200, 2000)]]),
    )
    assert counted(tmp_path, "pay latency")[0]["bad"].tolist() == [1]
    assert counted(tmp_path, "all latency")[0]["bad"].tolist() == [1]


def test_a_journey_without_traffic(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: POST /buy, slos: [{target: 99%}]}]\n" + REQUESTS,
        requests__csv=csv_of(spell("POST /pay")),
    )
    assert "The journey pay has no traffic: no request matches 'POST /buy'" in unmeasured(tmp_path)


@pytest.mark.parametrize(
    ("header", "kind", "said"),
    [
        ("time,path,duration_ms\n2026-11-23T10:00:00Z,/pay,5\n", "availability", "carry no status"),
        ("time,path,status\n2026-11-23T10:00:00Z,/pay,200\n", "latency", "carry no duration"),
    ],
)
def test_requests_that_lack_what_the_slo_needs(tmp_path, header, kind, said):
    make(
        tmp_path,
        f"journeys: [{{name: pay, route: /pay, slos: [{{kind: {kind}, threshold: 1 s, target: 99%}}]}}]\n" + REQUESTS,
        requests__csv=header,
    )
    assert said in unmeasured(tmp_path)


def test_a_journey_that_nothing_sees(tmp_path):
    make(tmp_path, "journeys: [{name: pay, slos: [{target: 99%}]}]\n" + REQUESTS, requests__csv=csv_of(spell("GET /a")))
    assert unmeasured(tmp_path).startswith("The journey pay is seen by no evidence: give it a `route`")


def metric_system(folder, slo: str, metrics: str, series):
    return make(
        folder,
        f"journeys: [{{name: pay, metrics: {{{metrics}}}, slos: [{slo}]}}]\n" + METRICS,
        metrics__json=query_range(series),
    )


def test_metrics_alone_give_availability(tmp_path):
    folder = metric_system(
        tmp_path,
        "{target: 99%}",
        """total: r_total, errors: 'r_total{code="500"}'""",
        {TOTAL: [0, 90, 180, 270], FAILED: [0, 10, 10, 40]},
    )
    table, source = counted(folder)
    assert table["total"].tolist() == [100, 90, 120] and table["bad"].tolist() == [10, 0, 30]
    assert source.table == "metrics" and source.rows == 8  # samples, of both series


@pytest.mark.parametrize("offset_s", [0, 7, 30, 59])
def test_samples_between_the_minutes_lose_no_error(tmp_path, offset_s):
    failed = [0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3]  # three single errors, far apart
    series = {TOTAL: [20 * place - bad for place, bad in enumerate(failed)], FAILED: failed}
    folder = make(
        tmp_path,
        """journeys: [{name: pay, metrics: {total: r_total, errors: 'r_total{code="500"}'}, slos: [{target: 99%}]}]\n"""
        + METRICS,
        metrics__json=query_range(series, start=START + timedelta(seconds=offset_s)),
    )
    table, _ = counted(folder)
    assert abs(table["bad"].sum() - 3) <= 0.5 and abs(table["total"].sum() - 20 * len(table)) <= 1
    assert (table["bad"] <= table["total"]).all() and (table["bad"] >= 0).all()
    assert (table == table.round()).all(axis=None)


def test_errors_that_never_happened_are_none(tmp_path):
    folder = metric_system(
        tmp_path, "{target: 99%}", """total: r_total, errors: 'r_total{code="500"}'""", {TOTAL: [0, 90, 180, 270]}
    )
    table, _ = counted(folder)
    assert table["total"].tolist() == [90, 90, 90] and table["bad"].tolist() == [0, 0, 0]


def test_latency_from_a_histogram_that_has_the_edge(tmp_path):
    folder = metric_system(
        tmp_path,
        "{kind: latency, threshold: 300 ms, target: 99%}",
        "total: r_count, buckets: r_bucket",
        {
            ("r_count", (("instance", "a"),)): [0, 100, 200],
            bucket("0.1"): [0, 50, 90],
            bucket("0.3"): [0, 95, 160],
            bucket("+Inf"): [0, 100, 200],
        },
    )
    table, _ = counted(folder)
    assert table["total"].tolist() == [100, 100] and table["bad"].tolist() == [5, 35]


@pytest.mark.parametrize("buckets", ["'r_bucket{}'", "'r_bucket{instance=\"a\",}'", "'r_bucket{instance=\"a\"} '"])
def test_latency_from_every_selector_of_a_histogram(tmp_path, buckets):
    folder = metric_system(
        tmp_path,
        "{kind: latency, threshold: 1 s, target: 99%}",
        f"total: r_count, buckets: {buckets}",
        {
            ("r_count", (("instance", "a"),)): [0, 100, 200],
            bucket("1.0"): [0, 95, 160],
            bucket("+Inf"): [0, 100, 200],
        },
    )
    table, _ = counted(folder)
    assert table["total"].tolist() == [100, 100] and table["bad"].tolist() == [5, 35]


def between(folder, target: str):
    return metric_system(
        folder,
        f"{{kind: latency, threshold: 250 ms, target: {target}}}",
        "total: r_count, buckets: r_bucket",
        {
            ("r_count", (("instance", "a"),)): range(0, 2001, 100),
            bucket("0.1"): range(0, 1801, 90),
            bucket("0.3"): range(0, 1961, 98),
            bucket("+Inf"): range(0, 2001, 100),
        },
    )


def test_a_threshold_between_two_edges_is_interpolated(tmp_path):
    """90 of 100 within 0.1 s, 98 within 0.3 s: 0.25 s is three quarters of the way, 96."""
    table, _ = counted(between(tmp_path, "85%"))
    assert table["bad"].tolist() == [4] * 20
    assert table["bad_least"].tolist() == [2] * 20 and table["bad_most"].tolist() == [10] * 20


def test_a_threshold_beyond_the_last_edge_is_known_from_below(tmp_path):
    folder = metric_system(
        tmp_path,
        "{kind: latency, threshold: 5 s, target: 99%}",
        "total: r_count, buckets: r_bucket",
        {
            ("r_count", (("instance", "a"),)): [0, 100, 200],
            bucket("0.1"): [0, 95, 160],
            bucket("+Inf"): [0, 100, 200],
        },
    )
    table, _ = counted(folder)
    assert table["bad"].tolist() == table["bad_most"].tolist() == [5, 35] and table["bad_least"].tolist() == [0, 0]


@pytest.mark.parametrize(("target", "state"), [("85%", "met"), ("99%", "missed")])
def test_between_two_edges_the_verdict_is_told_where_both_give_it(tmp_path, target, state):
    (each,) = slo.assess(scaling_lib.open(between(tmp_path, target))).results
    assert (each.attainment.counted, each.attainment.state) == (state, state)
    assert each.attainment.sli.value == pytest.approx(0.96)
    assert each.attainment.sli.low < 0.9 and each.attainment.sli.high > 0.98
    assert "no bucket edge at 250 ms: by the edges around it the share lies between 90% and 98%" in (
        each.attainment.caveat
    )


def test_between_two_edges_that_give_two_verdicts_nothing_is_told(tmp_path):
    (each,) = slo.assess(scaling_lib.open(between(tmp_path, "95%"))).unmeasured
    assert "the share lies between 90% and 98%: whether 95% is kept depends on the interpolation" in each.reason


@pytest.mark.parametrize(
    ("slo", "said"),
    [
        ("{target: 99%}", "give `metrics.errors`"),
        ("{kind: latency, threshold: 1 s, target: 99%}", "give `metrics.buckets`"),
    ],
)
def test_selectors_that_lack_what_the_slo_needs(tmp_path, slo, said):
    assert said in unmeasured(metric_system(tmp_path, slo, "total: r_total", {TOTAL: [0, 90, 180]}))


def test_a_counter_that_never_rose(tmp_path):
    folder = metric_system(
        tmp_path, "{target: 99%}", """total: r_total, errors: 'r_total{code="500"}'""", {TOTAL: [7, 7, 7]}
    )
    assert "pay has no traffic: r_total never rose" in unmeasured(folder)


@pytest.mark.parametrize(
    ("offsets_s", "said"),
    [
        ([5, 35, 90], "r_total span 85 s and hold no whole minute without a gap; at least 2 min of samples"),
        ([5], "r_total span 0 s and hold no whole minute"),
        ([30, 330], "r_total span 5 min and hold no whole 5 min without a gap; at least 10 min of samples"),
    ],
)
def test_a_history_without_a_whole_minute_is_too_short_though_it_rose(tmp_path, offsets_s, said):
    values = [[START.timestamp() + at, str(350 + 40 * at)] for at in offsets_s]
    series = [{"metric": {"__name__": "r_total", "code": "200", "instance": "a"}, "values": values}]
    folder = make(
        tmp_path,
        """journeys: [{name: pay, metrics: {total: r_total, errors: 'r_total{code="500"}'}, slos: [{target: 99%}]}]\n"""
        + METRICS,
        metrics__json=json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}}),
    )
    assert said in unmeasured(folder) and "never rose" not in unmeasured(folder)


def test_a_metric_that_is_not_there(tmp_path):
    folder = metric_system(tmp_path, "{target: 99%}", "total: s_total, errors: s_failed", {TOTAL: [0, 9]})
    assert "s_total: no such metric is in the evidence; it has: r_total" in unmeasured(folder)


def test_broken_requests_are_an_error_and_not_replaced_in_silence(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: /pay, metrics: {total: r_total, errors: e_total}, slos: [{target: 99%}]}]\n"
        "evidence: {requests: [requests.csv], metrics: [metrics.json]}\n",
        requests__csv="nothing,that\nis,known\n",
        metrics__json=query_range({TOTAL: [0, 9, 18]}),
    )
    with pytest.raises(BrokenEvidence, match=r"requests\.csv"):
        counted(tmp_path)


def test_an_slo_that_counts_moments_is_not_taken_for_availability(tmp_path):
    make(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [queue]}]\n"
        "evidence: {requests: [requests.csv], slos: [slos.yaml]}\n",
        requests__csv=csv_of(spell("GET /pay")),
        slos__yaml="""
apiVersion: openslo/v1
kind: SLO
metadata: {name: queue}
spec:
  service: shop
  indicator:
    metadata: {name: length}
    spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: queue_length}}}}
  timeWindow: [{duration: 7d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{target: 0.99, op: lte, value: 100, timeSliceTarget: 0.9, timeSliceWindow: 1m}]
""",
    )
    assert "counts moments" in unmeasured(tmp_path)


def test_a_histogram_of_infinity_alone_tells_nothing(tmp_path):
    folder = metric_system(
        tmp_path,
        "{kind: latency, threshold: 5 s, target: 99%}",
        "total: r_count, buckets: r_bucket",
        {("r_count", (("instance", "a"),)): [0, 100, 200], bucket("+Inf"): [0, 100, 200]},
    )
    assert "no bucket edge but +Inf" in unmeasured(folder)
    (row,) = slo.histogram_table(scaling_lib.open(folder)).to_dict("records")
    assert math.isnan(row["share within"].value) and row["remarks"].startswith("not measured")


@pytest.mark.parametrize("other", ["0.30", "0.3"])
def test_an_edge_under_two_spellings_counts_once_and_two_servers_twice(tmp_path, other):
    """80 and then 70 of 100 a minute are within 0.3 s: both spellings of one server, or one each of two servers."""
    server = "a" if other == "0.30" else "b"
    series = {("b", (("instance", "a"), ("le", "0.3"))): [0, 40, 75],
              ("b", (("instance", server), ("le", other))): [0, 40, 75],
              ("b", (("instance", "a"), ("le", "+Inf"))): [0, 100, 200],
              ("r", (("instance", "a"),)): [0, 100, 200]}  # fmt: skip
    promise = "{kind: latency, threshold: 300 ms, target: 99%}"
    table, _ = counted(metric_system(tmp_path, promise, "total: r, buckets: b", series))
    assert table["bad"].tolist() == ([60, 65] if server == "a" else [20, 30])
    assert table["total"].tolist() == [100, 100]


def test_a_histogram_without_its_last_bucket_says_so(tmp_path):
    series = {("b", (("instance", "a"), ("le", edge))): [0, 40, 75] for edge in ("0.1", "0.3")}
    series["r", (("instance", "a"),)] = [0, 100, 200]
    promise = "{kind: latency, threshold: 300 ms, target: 99%}"
    said = unmeasured(metric_system(tmp_path, promise, "total: r, buckets: b", series))
    assert 'no bucket le="+Inf"' in said and "traffic" not in said


def test_recorded_and_simulated_rows_are_told_apart(tmp_path):
    later = START + timedelta(hours=1)
    folder = make(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\n"
        "evidence: {requests: [{path: requests.csv, origin: recorded}, {path: made.csv, origin: simulated}]}\n",
        requests__csv=csv_of([minute("GET /pay", 10)] * 3),
        made__csv=csv_of([minute("GET /pay", 100)] * 2, start=later),
    )
    system = scaling_lib.open(folder)
    (slo,) = system.slos()
    _, rows = minute_counts(system, slo)
    assert [(each.rows, each.start[11:16], each.origin) for each in rows.sources()] == [
        (30, "10:00", "measured"), (200, "11:00", "simulated")
    ]  # fmt: skip
    at = pd.Timestamp(START)
    (spell,) = rows.sources(at + pd.Timedelta("1min"), at + pd.Timedelta("2min"))
    assert (spell.rows, spell.origin, spell.end[11:16]) == (10, "measured", "10:02")
