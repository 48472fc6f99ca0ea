"""Gauges that fill with load, by planted lines: the load at which they are full, and what growth by time is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from small_capacity import LEVEL_MINUTES, USERS, system
from small_system import START, query_range

import scaling_lib
from scaling_lib import capacity

POOL = "{name: connections, used: pool, limit: %g, unit: connections, full_at: 100%%}"


def with_pool(folder, used, *, limit=50.0, users=USERS, served=lambda count: min(count, 100.0), **given):
    """A load test beside which `used(requests/s, minute)` connections are in use, sampled in the midst of minutes."""
    rates = [served(count) for count in users for _ in range(LEVEL_MINUTES)]
    gauge = query_range(
        {("pool", ()): [used(rate, minute) for minute, rate in enumerate(rates)]}, START + timedelta(seconds=30)
    )
    rows = [
        f"{START + timedelta(minutes=LEVEL_MINUTES * place):%Y-%m-%dT%H:%M:%SZ},{count},{served(count):g}"
        for place, count in enumerate(users)
    ]
    given = {"rate": 20.0, "noise": False, "resources": ", full_at: 100%"} | given
    system(folder, curve__csv="time,users,throughput\n" + "\n".join(rows) + "\n", pool__json=gauge, **given)
    counts = np.cumsum([0.0, *rates]) * 60
    (folder / "m.json").write_text(
        query_range({("busy", ()): (0.01 * counts).tolist(), ("total", ()): counts.tolist()})
    )
    text = (folder / "assessment.yaml").read_text().replace("metrics: [m.json]", "metrics: [m.json, pool.json]")
    text = text.replace("resources: [", f"resources: [{POOL % limit}, ")
    (folder / "assessment.yaml").write_text(text)
    return capacity.assess(scaling_lib.open(folder))


def test_the_load_at_which_a_pool_is_full_is_a_limit_and_caps_the_relief(tmp_path):
    """2 + 0.4 X of 50 connections: full at 120 requests/s, beyond the 100 that the processor takes."""
    result = with_pool(tmp_path, lambda rate, _: 2 + 0.4 * rate)
    (fill,) = result.fills
    assert fill.resource == "connections" and not fill.seen and not fill.note
    assert (fill.idle.value, fill.each.value) == pytest.approx((0.04, 0.008), rel=1e-6)
    assert fill.full.value == pytest.approx(120) and fill.full.low == pytest.approx(120)
    assert [(each.why, each.shown) for each in result.limits] == [
        ("throughput no longer rises", "load test"),
        ("connections is full", "extrapolated"),
    ]
    assert result.limits[1].counts.value == pytest.approx(6)  # of 20 requests/s
    assert result.state == "too little" and result.certain
    first, second, *_ = result.reliefs
    # half the work for the processor brings 200, of which the connections let 120 through
    assert (first.step.resource, first.step.after.value) == ("cpu", pytest.approx(120))
    assert first.step.next_bottleneck == "connections" and first.times.value == pytest.approx(6)
    assert first.enough == "no" and second.step.resource == "connections"
    # half as long: (1 - .04) / .004 = 240, beyond the processor's 200
    assert second.step.after.value == pytest.approx(200)
    assert "connections is full beyond 120 requests/s" in next(iter(capacity.findings(result))).why


def test_a_pool_that_ends_the_throughput_is_what_saturates(tmp_path):
    """Of 30 connections all are in use at 70 requests/s, where the processor is 70% busy."""
    result = with_pool(
        tmp_path, lambda rate, _: min(30.0, 2 + 0.4 * rate), limit=30, served=lambda count: min(count, 70.0),
        users=(10, 20, 30, 40, 50, 60, 80, 120, 240),
    )  # fmt: skip
    (fill,) = result.fills
    assert fill.seen and fill.full.value == pytest.approx(70, rel=1e-3)
    assert result.bottleneck == "connections" and result.curve.limiting.outcome == "found"
    assert {each.why: each.rate.value for each in result.limits} == pytest.approx(
        {"throughput no longer rises": 70, "connections is full": 70, "cpu is full, by the model": 100}, rel=1e-3
    )
    assert "What saturates first is connections." in capacity.headline(result)
    # half as long: (1 - 2/30) / (0.4/60) = 140, of which the processor takes 100
    assert result.reliefs[0].step.resource == "connections"
    assert result.reliefs[0].step.after.value == pytest.approx(100, rel=1e-3)
    assert result.reliefs[0].step.next_bottleneck == "cpu"


def test_without_an_end_of_throughput_the_pool_is_the_answer_and_is_to_be_tested(tmp_path):
    """Up to 40 requests/s, with 30 connections: full at 70 by the line; the processor at 100 by the model."""
    result = with_pool(tmp_path, lambda rate, _: 2 + 0.4 * rate, limit=30, users=(5, 10, 15, 20, 30, 40))
    assert [(each.shown, round(each.rate.value)) for each in result.limits] == [("extrapolated", 70), ("model", 100)]
    assert "extrapolated from lighter loads" in capacity.headline(result)
    first = next(iter(capacity.findings(result)))
    assert first.verdict == "watch" and first.action == "Load-test it up to 200 requests/s: so far an extrapolation " \
        "alone says so."  # fmt: skip


def test_what_grows_by_time_is_no_limit_of_the_throughput(tmp_path):
    """A disk of 200 takes one more each minute, whatever the load, which rises too."""
    grows = with_pool(tmp_path / "a", lambda _, minute: 20.0 + minute, limit=200)
    assert grows.curve.utilization.query("resource == 'connections'")["utilization"].is_monotonic_increasing
    assert grows.fills == () and "connections" not in [each.resource for each in grows.limits]
    both = with_pool(tmp_path / "b", lambda rate, minute: 2 + 0.4 * rate + 0.05 * minute)
    assert both.fills[0].full.value == pytest.approx(120, rel=0.01)
    flat = with_pool(tmp_path / "c", lambda *_: 20.0)
    assert flat.fills == ()


def test_what_fills_faster_than_in_proportion_may_be_full_soon(tmp_path):
    """As the square of the load, to 60% at 80 requests/s: a line would be too hopeful."""
    result = with_pool(
        tmp_path, lambda rate, _: 30 * (rate / 80) ** 2, users=(10, 20, 30, 40, 50, 60, 70, 80), metrics=True
    )
    (fill,) = result.fills
    assert fill.note.startswith("connections fills faster than in proportion") and fill.full.low <= 80
    assert fill.full.low <= 80 * np.sqrt(50 / 30) <= fill.full.high


def test_a_resource_beyond_its_limit_is_no_limit_but_a_finding(tmp_path):
    result = with_pool(tmp_path, lambda rate, _: 2 + 0.4 * rate, limit=30)
    assert result.fills == () and result.over["connections"] == pytest.approx(42 / 30)
    (told,) = [each for each in capacity.findings(result) if each.name == "over-limit"]
    assert (told.subject, told.verdict) == ("connections", "act")
    assert told.sentence == "connections was measured beyond its limit of 30: 140% of it was in use in the load test."
    assert "limit in assessment.yaml is too small" in told.why and "an emergency" in told.why
    assert told.action.startswith("Check the limit of connections in assessment.yaml") and told.evidence
    drawn = capacity.use_figure(result)
    assert drawn.layout.yaxis.range[1] > 140


def test_the_interval_holds_the_truth_as_often_as_it_says(tmp_path):
    """Eight levels whose use scatters by a hundredth of the limit around 0.04 + 0.008 X."""
    result = with_pool(tmp_path, lambda rate, _: 2 + 0.4 * rate, users=(10, 20, 30, 40, 50, 60, 70, 80))
    system_ = scaling_lib.open(tmp_path)
    resources, metrics = [each for each in system_.resources if each.used], system_.load_metrics()
    random, held = np.random.default_rng(20_261_125), 0
    table = result.curve.utilization
    for _ in range(200):
        noise = random.normal(0, 0.01, len(table))
        curve = replace(result.curve, utilization=table.assign(utilization=table["utilization"] + noise))
        (fill,), _ = capacity.fills(curve, metrics, resources)
        held += fill.full.low <= 120 <= fill.full.high
    assert held / 200 >= 0.9, held


def test_too_few_loads_tell_nothing(tmp_path):
    result = with_pool(tmp_path, lambda rate, _: 2 + 0.4 * rate, users=(10, 20, 40))
    assert result.fills == ()
    system_ = scaling_lib.open(tmp_path)
    _, why = capacity.fills(result.curve, system_.load_metrics(), system_.resources)
    assert "3 loads that differ; expected at least 4" in why["connections"]
