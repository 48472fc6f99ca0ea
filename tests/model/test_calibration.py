"""Metrics, spans and a load test together: who wins, who splits, what is left over; known systems come back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.calibration import combined, from_load_test, from_spans, from_utilization
from scaling_lib.model.queueing import mva
from scaling_lib.stats import Estimate

RATES = pd.Series(np.linspace(5, 45, 60))
BROWSE, BUY = 0.75 * RATES, 0.25 * RATES  # always together: the metrics cannot tell them apart
BOTH = pd.DataFrame({"browse": BROWSE, "buy": BUY})


def spans(services: dict[str, tuple[float, float]], count: int = 40) -> pd.DataFrame:
    """Traces of browse (3 of 4) and buy whose services take so many ms each, one after the other within the first."""
    rows = []
    for k in range(count * 4):
        kind = 1 if k % 4 == 0 else 0
        at = k * 10**9
        total = int(sum(each[kind] for each in services.values()) * 1e6)
        root, *others = services
        rows.append((str(k), root, "", root, ("browse", "buy")[kind], "server", at, at + total))
        for name in others:
            took = int(services[name][kind] * 1e6)
            rows.append((str(k), name, root, name, "work", "server", at, at + took))
            at += took
    names = ["trace_id", "span_id", "parent_id", "service", "operation", "kind", "start_ns", "end_ns"]
    return pd.DataFrame(rows, columns=names)


def closed_test(demands: dict[str, float], think: float = 1.0, servers: dict[str, int] | None = None) -> pd.DataFrame:
    users = (1, 10, 20, 40, 60, 100, 150, 200, 300)
    solved = [mva(demands, each, think, servers) for each in users]
    return pd.DataFrame(
        {"users": users, "throughput": [s.throughput for s in solved], "mean_s": [s.response for s in solved]}
    )


def test_metrics_give_the_size_and_spans_the_split():
    law = from_utilization(0.1 + 0.02 * RATES, BOTH)
    seen = from_spans(spans({"web": (6.0, 6.0), "shop": (2.0, 26.0), "db": (1.0, 5.0)}))
    found = combined(metrics={"host": law}, spans=seen, runs_on={"host": ["web", "shop"]})
    # self times of the host: browse 8, buy 32, on average 14 ms, which stand for 20 ms of its processor
    assert found.demands["host"]["browse"].value == pytest.approx(0.020 * 8 / 14)
    assert found.demands["host"]["buy"].value == pytest.approx(0.020 * 32 / 14)
    assert found.demands["db"]["buy"].value == pytest.approx(0.005)
    assert found.origins == {"host": "metrics, split by spans", "db": "spans"}
    assert found.mix == pytest.approx({"browse": 0.75, "buy": 0.25})
    assert found.background["host"].value == pytest.approx(0.1)
    system = found.system(10.0)
    assert system.mean_demand("host").value == pytest.approx(0.020)
    assert system.bounds().saturation.value == pytest.approx(0.9 / 0.020)


def test_what_the_metrics_can_tell_apart_is_not_split_again():
    buy = pd.Series(10 + 8 * np.cos(np.arange(60)))
    rates = pd.DataFrame({"browse": BROWSE, "buy": buy})
    law = from_utilization(0.1 + 0.002 * BROWSE + 0.03 * buy, rates)
    found = combined(metrics={"web": law}, spans=from_spans(spans({"web": (6.0, 6.0)})))
    assert found.origins == {"web": "metrics"}
    assert found.demands["web"]["buy"].value == pytest.approx(0.03)


def test_metrics_alone_and_rates_of_all_requests_together():
    found = combined(metrics={"cpu": from_utilization(0.1 + 0.02 * RATES, RATES)})
    assert found.system(9.0).utilization()["cpu"] == pytest.approx(0.28)
    split = combined(
        metrics={"web": from_utilization(0.02 * RATES, RATES)}, spans=from_spans(spans({"web": (4.0, 8.0)}))
    )
    assert split.demands["web"]["buy"].value == pytest.approx(0.02 * 8 / 5)


def test_spans_alone():
    found = combined(spans=from_spans(spans({"web": (6.0, 6.0), "db": (1.0, 5.0)})))
    system = found.system({"browse": 30.0, "buy": 10.0})
    assert found.origins == {"web": "spans", "db": "spans"}
    assert system.utilization() == pytest.approx({"web": 0.24, "db": 0.08})


def test_a_load_test_alone_is_a_bottleneck_and_a_delay():
    test = closed_test({"cpu": 0.01, "disk": 0.004})
    found = combined(load_test=from_load_test(test))
    assert set(found.origins.values()) == {"load test"}
    assert found.servers == {"something not measured": 1, "elsewhere": math.inf}
    system = found.system(20.0)
    assert system.bounds().saturation.value == pytest.approx(100.0, rel=1e-3)
    assert system.solve(1).mean_response == pytest.approx(0.014, rel=1e-3)
    assert system.think_time == pytest.approx(1.0, rel=0.01)


def test_what_no_resource_explains_under_light_load_is_a_delay():
    test = closed_test({"cpu": 0.01, "net": 0.05}, servers={"net": 1000})
    found = combined(metrics={"cpu": from_utilization(0.01 * RATES, RATES)}, load_test=from_load_test(test))
    assert found.demands["elsewhere"]["all"].value == pytest.approx(0.05, rel=1e-3)
    assert found.origins["elsewhere"] == "load test" and found.servers["elsewhere"] == math.inf
    system = found.system(20.0)
    for users, throughput in zip(test["users"], test["throughput"], strict=True):
        assert system.solve(int(users)).throughput == pytest.approx(throughput, rel=0.01)


def test_what_a_full_resource_never_reaches_is_not_counted_on():
    load = pd.Series([*np.linspace(5, 95, 40), *[95.0] * 20])  # a quota of 0.95 processors
    test = closed_test({"cpu": 0.01 / 0.95})
    found = combined(metrics={"cpu": from_utilization(0.01 * load, load)}, load_test=from_load_test(test))
    assert found.background["cpu"].value == pytest.approx(0.05)
    assert found.system(20.0).bounds().saturation.value == pytest.approx(95.0)
    assert any("never more than 95% in use" in note for note in found.notes)


def test_a_limit_that_no_measured_resource_explains_stands_as_one():
    found = combined(
        metrics={"cpu": from_utilization(0.002 * RATES, RATES)},
        load_test=from_load_test(closed_test({"cpu": 0.002, "lock": 0.01})),
    )
    system = found.system(20.0)
    assert system.bottleneck() == "something not measured"
    assert system.bounds().saturation.value == pytest.approx(100.0, rel=1e-3)
    assert any("not measured limits" in note for note in found.notes)


def test_self_time_that_would_be_full_before_the_measured_limit_is_cut():
    found = combined(
        spans=from_spans(spans({"web": (20.0, 20.0)})),
        load_test=from_load_test(closed_test({"web": 0.01, "net": 0.001})),
    )
    assert found.system(20.0).bounds().saturation.value == pytest.approx(100.0, rel=1e-3)
    assert any("would fill it at 50 requests/s" in note for note in found.notes)


def test_errors_of_one_resource_are_kept_together():
    numbers = np.random.default_rng(2)
    law = from_utilization(0.05 + 0.02 * RATES + numbers.normal(size=60) * 0.02, RATES)
    found = combined(metrics={"cpu": law})
    near = found.system(40.0).utilization_estimates()["cpu"]  # within the measured range
    apart = near.high - near.low
    alone = (law.demands["all"].high - law.demands["all"].low) * 40
    assert apart < 0.6 * alone  # background and demand err against each other


def test_errors_of_two_resources_are_independent():
    numbers = np.random.default_rng(3)
    laws = {
        name: from_utilization(0.05 + demand * RATES + numbers.normal(size=60) * 0.02, RATES)
        for name, demand in {"cpu": 0.0200, "db": 0.0201}.items()
    }
    system = combined(metrics=laws).system(40.0)
    cpu, db = (np.column_stack([system.draws[name][:, :2], drawn]) for name, drawn in system.limit_draws().items())
    apart = np.abs(np.corrcoef(cpu.T, db.T)[:3, 3:])
    assert apart.max() < 4.5 / math.sqrt(2000)  # what chance leaves of no correlation
    own = {name: np.corrcoef(law.draws.T)[0, 1] for name, law in laws.items()}
    for name, drawn in (("cpu", cpu), ("db", db)):
        assert own[name] < -0.8 and np.corrcoef(drawn.T)[0, 1] == pytest.approx(own[name])
    first = np.mean(db[:, 2] < cpu[:, 2:])  # each of the one with each of the other, as independence has it
    assert system.bottleneck_certainty()["db"] == pytest.approx(first, abs=0.03)
    again = combined(metrics=laws)
    assert all(np.array_equal(again.draws[name], system.draws[name]) for name in laws)


def test_the_level_is_that_of_the_demands_and_of_the_system():
    law = from_utilization(0.05 + 0.02 * RATES + np.random.default_rng(2).normal(size=60) * 0.02, RATES)
    wide, narrow = (combined(metrics={"cpu": law}, level=level) for level in (0.95, 0.5))
    assert narrow.demands["cpu"]["all"].level == narrow.background["cpu"].level == narrow.system(9.0).level == 0.5
    ends = [each.demands["cpu"]["all"].high - each.demands["cpu"]["all"].low for each in (wide, narrow)]
    assert ends[1] / ends[0] == pytest.approx(0.6745 / 1.9600, rel=0.1)  # of Student's t, which is a little wider
    limits = [each.system(9.0).bounds().saturation for each in (wide, narrow)]
    assert limits[1].high - limits[1].low < 0.5 * (limits[0].high - limits[0].low)
    with pytest.raises(InvalidInput, match="level 95"):
        combined(metrics={"cpu": law}, level=95)


def test_what_does_not_fit_together_is_refused():
    law = from_utilization(0.02 * RATES, BOTH)
    seen = from_spans(spans({"web": (6.0, 6.0)}))
    with pytest.raises(NotMeasured, match="neither metrics nor spans nor a load test"):
        combined()
    with pytest.raises(InvalidInput, match="no journey in common"):
        combined(metrics={"cpu": law}, spans=from_spans(spans({"web": (6.0, 6.0)}), journeys={"browse": "look"}))
    with pytest.raises(InvalidInput, match="'disk' in `runs_on`"):
        combined(metrics={"cpu": law}, spans=seen, runs_on={"disk": ["web"]})
    with pytest.raises(InvalidInput, match="'shop' in `runs_on`"):
        combined(metrics={"cpu": law}, spans=seen, runs_on={"cpu": ["shop"]})
    with pytest.raises(InvalidInput, match="same rates"):
        combined(metrics={"cpu": law, "db": from_utilization(0.02 * RATES, RATES.to_frame("browse"))})
    with pytest.raises(NotMeasured, match="'sell' arrives"):
        combined(metrics={"cpu": law}, spans=seen, runs_on={"cpu": ["web"]}).system({"sell": 1.0})


def test_uncertain_arrivals_are_shared_out_with_their_interval():
    """A quarter of 100 requests/s, 80 to 120, is 25, 20 to 30."""
    found = combined(metrics={"host": from_utilization(0.1 + 0.02 * RATES, BOTH)})
    arrivals = found.system(Estimate(100.0, 80.0, 120.0)).arrivals
    ends = [(arrivals[name].value, arrivals[name].low, arrivals[name].high) for name in ("browse", "buy")]
    assert ends == [pytest.approx((75, 60, 90)), pytest.approx((25, 20, 30))]


@pytest.mark.parametrize("rate", ["100", None, math.nan, -1.0, [100.0]])
def test_arrivals_that_are_no_rate_are_refused(rate):
    with pytest.raises(InvalidInput, match="arrival rate"):
        combined(metrics={"host": from_utilization(0.1 + 0.02 * RATES, BOTH)}).system(rate)


def test_metrics_by_anything_else_than_a_resource_are_refused():
    with pytest.raises(InvalidInput, match="metrics of type UtilizationLaw"):
        combined(metrics=from_utilization(0.1 + 0.02 * RATES, BOTH))
    with pytest.raises(InvalidInput, match="expected a list of services"):
        combined(metrics={"host": from_utilization(0.1 + 0.02 * RATES, BOTH)}, runs_on={"host": "web"})
    with pytest.raises(InvalidInput, match="values .*not all numbers"):
        from_utilization(pd.Series(["high"] * 60), BOTH)


def test_a_load_test_that_reached_no_limit_tells_nothing_alone():
    rising = pd.DataFrame({"users": [5, 10, 20, 40], "throughput": [5.0, 10.0, 20.0, 40.0], "mean_s": [0.01] * 4})
    with pytest.raises(NotMeasured, match="no demand is measured of anything that limits.*Test with more users") as why:
        combined(load_test=from_load_test(rising))
    assert "until throughput no longer rises" in why.value.supply


def test_a_limit_without_an_interval_is_not_taken_for_exact():
    """One level beyond the knee, of which no interval is known."""
    rows = pd.DataFrame({"users": [10, 50, 100, 200], "throughput": [10.0, 50.0, 100.0, 80.0], "mean_s": [0.01] * 4})
    known = rows.assign(throughput_low=rows["throughput"] * 0.9, throughput_high=rows["throughput"] * 1.1)
    for levels, ends in ((rows, False), (known, True)):
        found = combined(load_test=from_load_test(levels))
        saturation = found.system(10.0).bounds().saturation
        assert saturation.value == pytest.approx(100) and math.isnan(saturation.low) is not ends
        assert any("have no intervals of their own" in note for note in found.notes) is not ends


@pytest.mark.parametrize("lightest", [1, 20, 60])
def test_waiting_at_the_lightest_level_is_not_counted_twice(lightest):
    """A processor of 10 ms and 5 ms of network: from 60 users on, 59 requests/s, a request waits for 12 ms."""
    users = (lightest, 100, 150, 200, 300)
    solved = [mva({"cpu": 0.01, "net": 0.005}, each, 1.0, {"net": 1000}) for each in users]
    rows = pd.DataFrame(
        {"users": users, "throughput": [s.throughput for s in solved], "mean_s": [s.response for s in solved]}
    )
    found = combined(load_test=from_load_test(rows))
    assert found.demands["elsewhere"]["all"].value == pytest.approx(0.005, rel=0.15)
    assert found.system(10.0).solve(lightest).mean_response == pytest.approx(solved[0].response, rel=0.05)
