"""Demands without counters of requests: the rates come from what else is there, and what is absent is said truly.

Each system takes 10 ms of one processor a request, so the demand is 0.01 s and 100 requests/s fill it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_capacity import DEMAND_S, load_metrics, load_table
from small_system import START, make, query_range

import scaling_lib
from scaling_lib.capacity import assess
from scaling_lib.capacity.absent_findings import absent_findings
from scaling_lib.capacity.calibrated import OTHER, Calibrated, calibrated
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.load_tests.levels import levels

CPU = "resources: [{name: cpu, busy: busy, limit: 1}]\n"
MINUTES = 240
RATE = np.round(40 + 35 * np.sin(np.arange(MINUTES) / 38))  # requests/s by minute
PAY = np.round(RATE / 4 * (1 + np.cos(np.arange(MINUTES) / 13)))  # of them, up to half
TESTED = "evidence: {load_tests: [{path: curve.csv, metrics: [m.json]}]}\n"
OBSERVED = "evidence: {requests: [counts.parquet], metrics: [m.json]}\n"
JOURNEY = "journeys: [{name: pay, route: GET /pay}]\n"


def system_metrics(demand_s: float = DEMAND_S, **more: list[float]) -> str:
    """The counter of busy seconds, a sample a minute; and others."""
    busy = np.concatenate([[0.0], np.cumsum(RATE * 60 * demand_s)])
    return query_range({("busy", ()): busy.tolist(), **{(name, ()): values for name, values in more.items()}})


def requests(folder: Path, late: timedelta = timedelta()) -> None:
    """GET /pay and the others, by minute."""
    minutes = pd.date_range(START + late, periods=MINUTES, freq="min")
    parts = [("GET /pay", PAY), ("GET /list", RATE - PAY)]
    frame = pd.concat(
        pd.DataFrame({"service": "gateway", "route": route, "minute": minutes, "n": (60 * rate).astype(np.int64)})
        for route, rate in parts
    )
    frame.assign(errors=0, sum_us=1000 * frame["n"]).to_parquet(folder / "counts.parquet", index=False)


def spans() -> pd.DataFrame:
    """60 requests of one service that works for 10 ms each."""
    start = 1_795_000_000_000_000_000 + np.arange(60) * 10**9
    return pd.DataFrame(
        {
            "trace_id": [f"{place + 1:032x}" for place in range(60)],
            "span_id": [f"{place + 1:016x}" for place in range(60)],
            "parent_id": "",
            "service": "gateway",
            "operation": "GET /pay",
            "kind": "server",
            "start_ns": start,
            "end_ns": start + int(DEMAND_S * 1e9),
            "error": False,
        }
    )


def of(folder: Path) -> Calibrated:
    system = scaling_lib.open(folder)
    try:
        tested = levels(system.load_tests())
    except NotMeasured:
        tested = None
    return calibrated(system, tested)


def of_cpu(found: Calibrated) -> float:
    return found.system(1.0).mean_demand("cpu").value


def test_the_load_tests_own_levels_are_the_rates(tmp_path):
    """Without `traffic`: at each level the throughput is told."""
    found = of(make(tmp_path, TESTED + CPU, curve__csv=load_table(), m__json=load_metrics()))
    assert found.rates == "the levels of the load test, all requests together"
    assert not any("traffic" in each for each in found.absent)
    assert of_cpu(found) == pytest.approx(DEMAND_S, rel=1e-6) and found.system(1.0).bottleneck() == "cpu"
    assert any("are those of the levels of the load test" in note for note in found.calibration.notes)


def test_counters_come_before_the_levels(tmp_path):
    found = of(make(tmp_path, TESTED + CPU + "traffic: total\n", curve__csv=load_table(), m__json=load_metrics()))
    assert found.rates == "the counters of requests among the metrics"
    assert found.calibration.mix == {"all": 1.0}  # and no "other requests", where there are no journeys


def test_counters_that_are_not_there_leave_the_levels(tmp_path):
    found = of(make(tmp_path, TESTED + CPU + "traffic: nothing\n", curve__csv=load_table(), m__json=load_metrics()))
    assert found.rates.startswith("the levels") and of_cpu(found) == pytest.approx(DEMAND_S, rel=1e-6)


def test_requests_are_the_rates_beside_the_systems_own_metrics(tmp_path):
    make(tmp_path, OBSERVED + CPU + JOURNEY, m__json=system_metrics())
    requests(tmp_path)
    found = of(tmp_path)
    assert found.rates == "the requests, by route and minute"
    assert of_cpu(found) == pytest.approx(DEMAND_S, rel=1e-6)
    share = PAY.sum() / RATE.sum()
    assert found.calibration.mix == pytest.approx({"pay": share, OTHER: 1 - share}, rel=1e-3)


def test_minutes_are_shared_out_to_the_steps_of_the_metrics(tmp_path):
    """Samples each 90 s, of which the first is 15 s after the minute: worked out second by second."""
    by_second = np.repeat(RATE, 60)
    busy = np.concatenate([[0.0], np.cumsum(by_second * DEMAND_S)])
    at = np.arange(15, len(by_second), 90)
    stamps = [[START.timestamp() + int(second), str(busy[second])] for second in at]
    text = {"data": {"resultType": "matrix", "result": [{"metric": {"__name__": "busy"}, "values": stamps}]}}
    make(tmp_path, OBSERVED + CPU, m__json=pd.Series({"status": "success", **text}).to_json())
    requests(tmp_path)
    found = of(tmp_path)
    assert of_cpu(found) == pytest.approx(DEMAND_S, rel=1e-3) and found.laws["cpu"].fit > 0.999


@pytest.mark.parametrize("limit", ["0.5", "cores"])
def test_a_quota_is_full_where_it_is(tmp_path, limit):
    """Half a processor, as a number or as a gauge: it serves 50 requests/s of 10 ms."""
    metrics = system_metrics(DEMAND_S / 2, cores=[0.5] * MINUTES)  # 0.75 requests/s in 1.5: at most 75 / s x 5 ms
    make(tmp_path, OBSERVED + f"resources: [{{name: cpu, busy: busy, limit: {limit}}}]\n", m__json=metrics)
    requests(tmp_path)
    saturation = of(tmp_path).system(1.0).bounds().saturation
    assert saturation.value == pytest.approx(0.5 / (DEMAND_S / 2), rel=1e-6)


@pytest.mark.parametrize(
    ("yaml", "late", "why", "supply"),
    [
        ("", 0, "No resource is described", "Describe `resources`"),
        ("resources: [{name: cpu, used: busy, limit: 1}]\n", 0, "No resource has counters of its busy", "Give `busy`"),
        (CPU, 9, "no time in common", "Name the counters of all requests as `traffic`"),
        (CPU + "traffic: nothing\n", 9, "nothing.*no time in common", "Name the counters of all requests as `traffic`"),
    ],
)
def test_the_true_cause_is_named(tmp_path, yaml, late, why, supply):
    make(tmp_path, OBSERVED + yaml, m__json=system_metrics())
    requests(tmp_path, timedelta(hours=late))
    with pytest.raises(NotMeasured, match=why) as reason:
        of(tmp_path)
    assert supply in reason.value.supply
    assert ("Describe `resources`" in reason.value.supply) is (yaml == "")


def test_without_metrics_resources_are_not_blamed(tmp_path):
    make(tmp_path, "evidence: {requests: [counts.parquet]}\n" + CPU)
    requests(tmp_path)
    with pytest.raises(NotMeasured) as reason:
        of(tmp_path)
    assert "metrics" in reason.value.supply and "Describe `resources`" not in reason.value.supply


def test_the_advice_of_the_step_names_the_cause(tmp_path):
    make(tmp_path, OBSERVED + CPU, m__json=system_metrics())
    requests(tmp_path, timedelta(hours=9))
    own = next(each for each in absent_findings(assess(scaling_lib.open(tmp_path))) if each.subject == "model")
    assert "no time in common" in own.why and "`traffic`" in own.action and "Describe `resources`" not in own.action


def test_spans_and_requests_alone_make_a_model(tmp_path):
    make(tmp_path, "evidence: {requests: [counts.parquet], spans: [spans.parquet]}\n" + JOURNEY)
    requests(tmp_path)
    spans().to_parquet(tmp_path / "spans.parquet", index=False)
    found = of(tmp_path)
    assert found.rates == "" and found.laws == {} and found.calibration.origins == {"gateway": "spans"}
    assert found.system(1.0).mean_demand("gateway").value == pytest.approx(DEMAND_S, rel=1e-6)
    assert len(found.absent) == 1 and "No resource is described" in found.absent[0]


def test_a_load_test_alone_makes_a_model_of_its_limit(tmp_path):
    """From a table without durations there are no demands, and that is said."""
    make(tmp_path, "evidence: {load_tests: [curve.csv]}\n" + CPU, curve__csv=load_table())
    with pytest.raises(NotMeasured, match="No demand is measured") as reason:
        of(tmp_path)
    assert "Describe `resources`" not in reason.value.supply
