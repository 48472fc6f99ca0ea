"""Steady stretches: cuts, drifts, steps and intervals, held to simulated series whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling_lib.evidence.load_tests.steady import constant_runs, drift, ratio_of_sums, settled_after, steps

RUNS = 400


def correlated(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    """Mean 0, variance 1, correlated by `memory` from value to value."""
    values = np.empty(n)
    values[0] = rng.standard_normal()
    for place in range(1, n):
        values[place] = memory * values[place - 1] + math.sqrt(1 - memory**2) * rng.standard_normal()
    return values


def test_constant_runs():
    values = np.array([math.nan, 1, 1, 2, math.nan, 2, 2.0])
    assert constant_runs(values) == [(1, 3), (3, 4), (5, 7)]
    assert constant_runs(np.array([])) == [] and constant_runs(np.array([3.0])) == [(0, 1)]


@pytest.mark.parametrize(
    ("memory", "n", "least", "most"),
    [(0, 18, 0.94, 1), (0, 60, 0.94, 1), (0.5, 60, 0.85, 0.95), (0.5, 120, 0.90, 0.98)],
)
def test_coverage_of_a_rate(memory, n, least, most):
    rng = np.random.default_rng(3)
    hits = plain = 0
    for _ in range(RUNS):
        values = 100 + 5 * correlated(rng, n, memory)
        found = ratio_of_sums(values, np.ones(n), 0.95, "requests/s")
        hits += found.low <= 100 <= found.high
        plain += abs(values.mean() - 100) <= 1.96 * values.std(ddof=1) / math.sqrt(n)
    assert least <= hits / RUNS <= most
    assert memory == 0 or plain / RUNS < 0.8  # as independent seconds


def test_a_rate_of_unequal_seconds_and_of_too_few():
    found = ratio_of_sums(np.array([10.0, 20, 10, 30, 10, 20, 10, 30]), np.array([1.0, 2, 1, 3, 1, 2, 1, 3]), 0.95, "x")
    assert (found.value, found.low, found.high) == pytest.approx((10, 10, 10))
    few = ratio_of_sums(np.array([1.0, 2, 3]), np.ones(3), 0.95, "x")
    assert few.value == 2 and math.isnan(few.low) and math.isnan(few.high)
    assert math.isnan(ratio_of_sums(np.array([0.0]), np.array([0.0]), 0.95, "x").value)
    assert math.isnan(ratio_of_sums(np.array([math.nan] * 9), np.ones(9), 0.95, "x").value)


def test_independent_scatter_is_neither_cut_nor_a_drift():
    rng = np.random.default_rng(4)
    series = [
        100 * (1 + spread * rng.standard_normal(n))
        for n in (18, 60)
        for spread in (0.02, 0.2)
        for _ in range(RUNS // 4)
    ]
    assert sum(settled_after(values) > 0 for values in series) <= 0.02 * len(series)
    assert sum(drift(values) != 0 for values in series) <= 0.02 * len(series)


@pytest.mark.parametrize("n", [18, 60])
def test_a_ramp_is_cut_off_and_a_drift_is_found(n):
    rng = np.random.default_rng(5)
    cuts, drifts = [], []
    for _ in range(100):
        values = 100 * (1 + 0.02 * rng.standard_normal(n))
        drifts.append(drift(values * np.linspace(0.94, 1.06, n)))
        values[: n // 4] *= np.linspace(0.5, 0.9, n // 4)
        cuts.append(settled_after(values))
    assert np.median(cuts) == n // 4
    assert np.mean(np.array(drifts) > 0) > 0.9 and np.median(drifts) == pytest.approx(0.12, abs=0.015)


def test_constant_tiny_and_unknown_series():
    for values in (np.full(30, 7.0), np.zeros(30), np.array([]), np.array([1.0]), np.full(30, math.nan)):
        assert settled_after(values) == 0 and drift(values) == 0


def test_steps_of_a_rate():
    rng = np.random.default_rng(6)
    truth = np.repeat([100.0, 200, 150, 155, 400], 40)  # 150 and 155 are one level
    for values in (truth, rng.poisson(truth).astype(float)):
        found = steps(values, 5)
        assert [end for _, end in found] == pytest.approx([40, 80, 160, 200], abs=1)
    assert steps(rng.poisson(100, 300).astype(float), 10) == [(0, 300)]
    assert steps(np.array([]), 5) == [] and steps(np.array([1.0, 2]), 5) == [(0, 2)]
