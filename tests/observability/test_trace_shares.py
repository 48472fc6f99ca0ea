"""Shares and quantiles over traces: by hand, and how often their intervals hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_spans import frame, span

from scaling_lib.observability.shares import neighbours, quantile, share
from scaling_lib.observability.tree import grow
from scaling_lib.stats import proportion_interval


def alone(count: int) -> np.ndarray:
    return np.arange(count)


def test_independent_events_have_nearly_the_exact_interval():
    part = np.concatenate([np.ones(30), np.zeros(70)])
    found = share(part, np.ones(100), alone(100), alone(100), 0.95)
    exact = proportion_interval(30, 100, method="exact")
    assert found.value == 0.3
    # Student's t on 99 degrees and n / (n - 1) make it some 1.5% wider
    assert found.low == pytest.approx(exact.low, abs=0.003) and found.low < exact.low
    assert found.high == pytest.approx(exact.high, abs=0.003) and found.high > exact.high


def test_what_always_comes_together_is_one_event():
    part = np.repeat(np.concatenate([np.ones(30), np.zeros(70)]), 10)  # ten spans a trace, all alike
    trace = np.repeat(alone(100), 10)
    single = share(part[::10], np.ones(100), alone(100), alone(100), 0.95)
    together = share(part, np.ones(1000), trace, alone(100), 0.95)
    assert (together.low, together.high) == pytest.approx((single.low, single.high))


def test_none_of_many_traces_has_the_exact_end_and_weights_count():
    nothing = share(np.zeros(50), np.ones(50), alone(50), alone(50), 0.95)
    assert (nothing.value, nothing.low) == (0, 0) and nothing.high == pytest.approx(1 - 0.025 ** (1 / 50))
    weights = np.array([9.0] * 10 + [1.0] * 10)  # 100^2 / (810 + 10) = 12.2 of equal weight
    everything = share(weights, weights, alone(20), alone(20), 0.95)
    assert everything.value == 1 and everything.low == pytest.approx(0.025 ** (820 / 10_000))


def test_little_is_little_known():
    found = share(np.zeros(0), np.zeros(0), np.zeros(0, int), alone(3), 0.95)
    assert math.isnan(found.value) and (found.low, found.high) == (0, 1)
    one = share(np.array([0.3]), np.array([1.0]), alone(1), alone(1), 0.95)
    assert one.value == 0.3 and one.low < 0.05 and one.high > 0.9
    same = share(np.full(9, 0.25), np.ones(9), alone(9), alone(9), 0.95)
    assert same.low == same.high == 0.25


def test_neighbours_are_groups_of_traces_in_order_of_time():
    spans = frame([span("r", "", "a", "server", 0, 1)], count=250).sample(frac=1, random_state=1)
    tree = grow(spans, "test")
    group = neighbours(tree, spans["start_ns"].to_numpy())
    by_time = group[tree.trace[np.argsort(spans["start_ns"].to_numpy())]]
    assert (np.diff(by_time) >= 0).all() and len(set(by_time)) == 50


def test_a_quantile_has_the_ends_of_order_statistics():
    seconds = np.arange(1.0, 1001.0)
    found = quantile(seconds, np.ones(1000), 0.5, alone(1000), alone(1000), 0.95)
    # Bin(1000, 1/2) is within 469 to 531 with 95%
    assert found.value == 500 and (found.low, found.high) == pytest.approx((469, 531), abs=2)
    few = quantile(seconds[:100], np.ones(100), 0.99, alone(100), alone(100), 0.95)
    assert few.value == 99 and math.isnan(few.low) and math.isnan(few.high)


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    """200 traces of 1 to 9 spans, of which a slow stretch breaks more; shares of spans, and of time.

    The long form, of 2,000 runs: see `share`.
    """
    spans_held = time_held = 0
    for seed in range(200):
        numbers = np.random.default_rng(seed)
        part, whole, trace = broken(numbers)
        found = share(part, whole, trace, np.arange(200) // 4, 0.95)
        spans_held += found.low <= 0.2 <= found.high
        seconds = numbers.gamma(1.0, size=200)
        own = seconds * numbers.beta(2, 6, size=200)
        found = share(own, seconds, np.arange(200), np.arange(200) // 4, 0.95)
        time_held += found.low <= 0.25 <= found.high
    assert 181 <= spans_held <= 200 and 181 <= time_held <= 200  # 0.95 less three standard deviations


def broken(numbers: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spans of 200 traces, broken with a probability that each trace draws for itself, 0.2 on average."""
    trace = np.repeat(np.arange(200), numbers.integers(1, 10, size=200))
    part = numbers.random(len(trace)) < numbers.beta(0.5, 2.0, size=200)[trace]
    return part.astype(float), np.ones(len(trace)), trace
