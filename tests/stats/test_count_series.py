"""Small counts: their grain, days that are mostly alike, and intervals that hold as many of them as they say."""

import numpy as np
import pandas as pd
import pytest

from scaling_lib.stats.counts import counting_noise, grain, whole_ends
from scaling_lib.stats.forecast import forecast
from scaling_lib.stats.level_shifts import find_unusual


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 2], 1),
        ([2, 3, 5], 1),
        ([0, 4, 8, np.nan], 4),
        ([1 / 3600, 7 / 3600, 12 / 3600], 1 / 3600),
        ([0.1, 0.2, 0.1 + 0.2], 0.1),  # 0.30000000000000004
        ([29, 30, 31], 1),
        ([31, 32, 31], 0),  # so high that it makes no difference
        ([0.5, 0.7071, 1.3], 0),
        ([-1, 2], 0),
        ([7, 7], 0),
        ([0, 0], 0),
        ([np.nan], 0),
        ([100.1, 100.7, 1e12], 0),
    ],
)
def test_the_grain_is_what_all_are_multiples_of(values, expected):
    assert grain(np.array(values, dtype=float)) == pytest.approx(expected)


def test_the_noise_of_counts_is_that_of_poisson_or_what_they_show():
    random = np.random.default_rng(20_261_125)
    counts = random.poisson(2.0, 5000).astype(float)
    assert counting_noise(counts, logarithms=False) == pytest.approx(np.sqrt(2.0), rel=0.05)
    at_least_one = np.where(counts > 0, counts, 1.0)
    assert counting_noise(at_least_one, logarithms=True) <= 1 / np.sqrt(at_least_one.mean())
    servers = np.repeat([5.0, 6.0], 45)  # one step: they differ from each other once in 89
    assert counting_noise(servers, logarithms=False) < 0.1
    assert counting_noise(random.normal(100, 1, 90), logarithms=False) == 0


def test_ends_are_the_nearest_counts():
    low, high = whole_ends(np.array([0.4, 1.6]), np.array([0.6, 2.4]), 1.0)
    assert low.tolist() == [0, 2] and high.tolist() == [1, 2]
    assert whole_ends(np.array([0.4]), np.array([0.6]), 0.0)[1].tolist() == [0.6]


@pytest.mark.parametrize("mean", [0.1, 0.3, 1.0, 3.0])
def test_days_with_a_count_are_no_events_where_most_have_none(mean):
    """Of 40 series of 90 days at most one has a shift, and half a percent of the days are set aside.

    Of 200 each of 28 and 90 days: no shift, at most 0.7% set aside (at 0.03 a day), a young jump in at most 1%.
    """
    random = np.random.default_rng(20_261_125)
    found = [find_unusual(random.poisson(mean, 90).astype(float), weekly=True) for _ in range(40)]
    assert sum(len(each.shifts) for each in found) <= 1
    assert np.mean([each.passing.mean() for each in found]) <= 0.005


@pytest.mark.parametrize(("before", "after"), [(5, 6), (1, 2), (20, 22)])
def test_a_number_that_does_not_scatter_still_shifts(before, after):
    servers = np.repeat([float(before), float(after)], 45)
    assert find_unusual(servers, weekly=True).shifts == (45,)


COVERED = {"0.3 a day": 0.3, "1 a day": 1.0, "3 a day": 3.0}


@pytest.mark.parametrize("name", COVERED)
def test_intervals_of_rare_counts_hold_what_they_promise(name):
    """24 series, 336 values, nominally .95: a share has a binomial error of .012; before the mending 0.3 had .79.

    The long form is tests/benchmarks/bench_forecast.py.
    """
    random, held = np.random.default_rng(20_261_125), []
    for _ in range(24):
        counts = random.poisson(COVERED[name], 104).astype(float)
        series = pd.Series(counts, index=pd.date_range("2026-01-05", periods=104, freq="D", tz="UTC"))
        frame = forecast(series[:90], "14d").frame
        held.append(((series[90:] >= frame["low"]) & (series[90:] <= frame["high"])).mean())
    assert np.mean(held) >= 0.95 - 2 * 0.012, np.mean(held)
