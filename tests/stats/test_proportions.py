import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.stats import proportion_bounds, proportion_interval

METHODS = ("wilson", "exact", "jeffreys")


@pytest.mark.parametrize(
    ("bad", "n", "wilson", "exact"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_published_intervals(bad, n, wilson, exact):
    for method, ends in (("wilson", wilson), ("exact", exact)):
        found = proportion_interval(bad, n, method=method)
        assert (found.low, found.high) == pytest.approx(ends, abs=5e-5)
        assert found.value == bad / n


@pytest.mark.parametrize("method", METHODS)
def test_agrees_with_statsmodels(method):
    statsmodels = pytest.importorskip("statsmodels.stats.proportion")
    name = {"wilson": "wilson", "exact": "beta", "jeffreys": "jeffreys"}[method]
    for k, n in ((1, 10), (3, 50), (499, 1000), (99_990, 100_000)):
        found = proportion_interval(k, n, 0.9, method)
        assert (found.low, found.high) == pytest.approx(statsmodels.proportion_confint(k, n, 0.1, name), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("k", "n"), [(1000, 1e12), (1e12 - 5, 1e12), (5e11, 1e12), (1e9, 1e15), (3, 1e15)])
def test_large_counts_stay_near_the_poisson_or_normal_limit(method, k, n):
    rare = min(k, n - k)
    found = proportion_interval(k, n, method=method)
    half = 1.96 * math.sqrt(rare * (1 - rare / n)) + 4  # +4: what a handful of events differs from the normal
    assert found.low <= found.value <= found.high
    assert n * (found.high - found.low) <= 2 * half + 1
    if rare > 100:
        assert n * (found.high - found.low) == pytest.approx(2 * 1.96 * math.sqrt(rare * (1 - rare / n)), rel=0.03)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from(METHODS))
def test_interval_holds_the_share_and_mirrors(counts, method):
    k, n = counts
    found, mirror = proportion_interval(k, n, method=method), proportion_interval(n - k, n, method=method)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert mirror.low == pytest.approx(1 - found.high, abs=1e-12)
    assert mirror.high == pytest.approx(1 - found.low, abs=1e-12)


@given(st.integers(1, 500), st.sampled_from(METHODS))
def test_more_of_the_same_narrows(n, method):
    small, large = proportion_interval(n, 4 * n, method=method), proportion_interval(10 * n, 40 * n, method=method)
    assert large.high - large.low < small.high - small.low


def test_no_traffic_is_neither_zero_nor_one():
    found = proportion_interval(0, 0)
    assert math.isnan(found.value)
    assert (found.low, found.high) == (0, 1)
    assert str(found) == "not measured"


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (math.nan, 5), (1, math.inf)])
def test_impossible_counts(k, n):
    with pytest.raises(InvalidInput, match="successes"):
        proportion_interval(k, n)


def test_impossible_options():
    with pytest.raises(InvalidInput, match="level"):
        proportion_interval(1, 2, 95)
    with pytest.raises(InvalidInput, match="wald"):
        proportion_interval(1, 2, method="wald")  # type: ignore[arg-type]


def test_arrays_are_the_scalars():
    k, n = np.array([0, 0, 5, 10]), np.array([0, 10, 10, 10])
    for method in METHODS:
        low, high = proportion_bounds(k, n, method=method)
        for place in range(len(k)):
            scalar = proportion_interval(k[place], n[place], method=method)
            assert (low[place], high[place]) == pytest.approx((scalar.low, scalar.high))


@pytest.mark.parametrize(("method", "least"), [("wilson", 0.92), ("exact", 0.95), ("jeffreys", 0.89)])
def test_coverage(random, method, least):
    """Exact coverage by enumeration needs no chance: all outcomes of n, weighted by their probability."""
    from scipy import stats

    for n in (20, 100, 1000):
        low, high = proportion_bounds(np.arange(n + 1), n, method=method)
        coverage = []
        for p in random.uniform(0.02, 0.98, 60):
            inside = (low <= p) & (p <= high)
            coverage.append(float(stats.binom.pmf(np.arange(n + 1), n, p)[inside].sum()))
        assert min(coverage) >= (least if n > 20 else least - 0.06)
        assert np.mean(coverage) >= 0.945
