"""The shop's recorded load tests: the model names what limited them, and its limit holds the plateau that was measured."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from scaling_lib.evidence.load_tests import LoadSource, read_load_tests
from scaling_lib.evidence.load_tests.levels import levels
from scaling_lib.evidence.metrics import MetricSource, read_metrics
from scaling_lib.evidence.spans import SpanSource, read_spans
from scaling_lib.model.calibration import Calibration, combined, from_load_test, from_spans, from_utilization
from scaling_lib.model.check import check
from scaling_lib.model.migration import migration

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
ROUTES = ("GET /products", "GET /products/{id:int}", "GET /search", "POST /cart/items", "POST /checkout")
STEP_S = 5


@cache
def truth(*keys: str) -> Any:
    found = yaml.safe_load((SHOP / "truth.yaml").read_text())
    for key in keys:
        found = found[key]
    return found


@cache
def steps_of(folder: str) -> pd.DataFrame:
    """The test's levels, all requests together."""
    found = levels(read_load_tests([LoadSource(path=str(SHOP / "recorded" / folder / "locust_stats_history.csv"))]))
    return found[found["name"] == ""]


@cache
def calibrated(folder: str) -> Calibration:
    """Processors from the metrics, the split by journey from spans of light load, the rest from the load test."""
    metrics = read_metrics([MetricSource(path=str(SHOP / "recorded" / folder / "prometheus" / "*.json*"))])
    gateway = 'http_requests_total{{service="gateway",route="{}"}}'
    rates = pd.DataFrame({each: metrics.increase(gateway.format(each), f"{STEP_S}s") / STEP_S for each in ROUTES})
    processors = 'host_cpu_busy_seconds_total{{runs="{}"}}'
    busy = {each: metrics.increase(processors.format(each), f"{STEP_S}s") / STEP_S for each in ("services", "database")}
    light = read_spans([SpanSource(path=str(SHOP / "recorded" / "journeys" / "light" / "spans.jsonl.gz"))])
    return combined(
        metrics={name: from_utilization(use, rates) for name, use in busy.items()},
        spans=from_spans(light.frame),
        load_test=from_load_test(steps_of(folder)),
        runs_on={"services": ["gateway", "catalogue", "checkout"], "database": ["postgresql"]},
    )


def plateau(measured: list[dict[str, Any]]) -> list[float]:
    """The throughput of the levels that hardly gained on the one before."""
    rates = [each["requests_per_s"] for each in measured]
    return [rate for before, rate in itertools.pairwise(rates) if rate < 1.05 * before]


@pytest.mark.parametrize(
    ("folder", "keys", "bottleneck"),
    [("load", ("load", "levels"), "services"), ("bottleneck/before", ("bottleneck", "before"), "database")],
)
def test_the_limit_of_the_model_holds_the_plateau_that_was_measured(folder, keys, bottleneck):
    system = calibrated(folder).system(100.0)
    measured = plateau(truth(*keys))
    limit = system.bounds().saturation
    assert system.bottleneck() == bottleneck
    assert system.bottleneck_certainty()[bottleneck] > 0.95
    assert len(measured) >= 2
    assert limit.low <= sum(measured) / len(measured) <= limit.high
    assert limit.high < 1.3 * limit.low


def test_before_the_index_the_database_limits_and_after_it_the_services():
    before, after = (calibrated(f"bottleneck/{each}").system(100.0) for each in ("before", "after"))
    assert (before.bottleneck(), after.bottleneck()) == ("database", "services")
    assert after.mean_demand("database").high < 0.5 * before.mean_demand("database").low
    best = max(each["requests_per_s"] for each in truth("bottleneck", "after"))
    assert after.bounds().saturation.high > best  # the test's highest level was not quite the limit


def test_the_migration_of_the_bottleneck_was_to_be_seen_before_the_index():
    step = migration(calibrated("bottleneck/before").system(100.0), steps=1, factor=10)[0]
    assert (step.resource, step.next_bottleneck) == ("database", "services")
    assert step.gain.low > 1.2
    assert step.useful_factor < 10


def test_the_demand_is_the_processor_time_that_the_recording_measured():
    """Each level's use over its throughput, from the truth: the line through them, by hand."""
    rows = truth("load", "levels")
    rates = pd.Series([each["requests_per_s"] for each in rows])
    for resource, host in (("services", "host of services"), ("database", "host of database")):
        used = pd.Series([each["processors_used"][host] for each in rows])
        slope = rates.cov(used) / rates.var()
        found = calibrated("load").system(100.0).mean_demand(resource)
        assert found.low <= slope <= found.high
        assert found.value == pytest.approx(slope, rel=0.08)


@pytest.mark.parametrize("folder", ["load", "bottleneck/before", "bottleneck/after"])
def test_the_model_predicts_the_throughput_of_every_level(folder):
    found = check(calibrated(folder).system(100.0), steps_of(folder))
    assert found.throughput_within_10 == found.table["load"].max()
    assert found.throughput_error < 0.05
    assert found.response_error < 0.35


def test_orders_ask_for_more_than_looks():
    demands = calibrated("load").demands["services"]
    assert demands["POST /checkout"].low > demands["GET /products/{id:int}"].high
    assert calibrated("load").origins == {
        "services": "metrics, split by spans", "database": "metrics, split by spans", "elsewhere": "load test"
    }  # fmt: skip
