import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import binned_quantile_interval, quantile_interval, quantile_sample_size
from scaling_lib.stats.quantiles import order_ranks


@pytest.mark.parametrize(("q", "needed"), [(0.95, 72), (0.99, 368), (0.999, 3688), (0.5, 6), (0.05, 72)])
def test_refuses_below_the_sample_that_has_an_end(q, needed, random):
    assert quantile_sample_size(q) == needed
    with pytest.raises(NotEnoughData, match=f"{needed:,}"):
        quantile_interval(random.normal(size=needed - 1), q)
    quantile_interval(random.normal(size=needed), q)


def test_known_ranks():
    assert order_ranks(1000, 0.5) == (469, 532)  # tables of the sign test
    assert order_ranks(6, 0.5) == (1, 6)
    assert order_ranks(72, 0.95)[1] == 72


@given(st.integers(72, 5000), st.floats(0.05, 0.95))
def test_ranks_leave_at_most_the_tails(n, q):
    from scipy import stats

    lower, upper = order_ranks(n, q)
    assert stats.binom.cdf(lower - 1, n, q) <= 0.025 + 1e-9
    assert stats.binom.sf(upper - 1, n, q) <= 0.025 + 1e-9
    assert lower == n or stats.binom.cdf(lower, n, q) > 0.025 - 1e-9  # one further in would be too much
    assert upper == 1 or stats.binom.sf(upper - 2, n, q) > 0.025 - 1e-9


@given(st.integers(400, 2000), st.floats(0.1, 50))
def test_scaling_the_sample_scales_the_interval(n, factor):
    sample = np.random.default_rng(n).lognormal(size=n)
    one, other = quantile_interval(sample, 0.99), quantile_interval(sample * factor, 0.99)
    assert (other.low, other.value, other.high) == pytest.approx(
        (one.low * factor, one.value * factor, one.high * factor)
    )


def test_constant_sample():
    found = quantile_interval(np.full(100, 3.0), 0.95, unit="s")
    assert (found.low, found.value, found.high, found.unit) == (3, 3, 3, "s")


def test_time_outs_are_infinite():
    found = quantile_interval(np.concatenate([np.ones(90), np.full(10, math.inf)]), 0.95)
    assert found.high == math.inf


def test_unusable_samples():
    with pytest.raises(NotEnoughData):
        quantile_interval([], 0.5)
    with pytest.raises(InvalidInput, match="NaN"):
        quantile_interval([1.0, math.nan] * 100, 0.5)
    with pytest.raises(InvalidInput, match="q = 99"):
        quantile_interval(range(1000), 99)


def test_bins_give_the_same_ends_as_the_rows(random):
    rows = random.integers(1, 40, 3000)
    values, counts = np.unique(rows, return_counts=True)
    for q in (0.5, 0.95, 0.99):
        whole, binned = quantile_interval(rows, q), binned_quantile_interval(values, counts, q)
        assert (binned.low, binned.high) == (whole.low, whole.high)
    with pytest.raises(InvalidInput, match="ascending"):
        binned_quantile_interval([2, 1], [500, 500], 0.5)


@pytest.mark.parametrize(("q", "n"), [(0.95, 72), (0.95, 300), (0.99, 368), (0.99, 1000), (0.5, 30)])
def test_coverage_on_lognormal_data(random, q, n):
    truth = math.exp(0.8 * {0.95: 1.6448536, 0.99: 2.3263479, 0.5: 0.0}[q])
    samples = np.sort(np.exp(0.8 * random.standard_normal((2000, n))), axis=1)
    lower, upper = order_ranks(n, q)
    inside = (samples[:, lower - 1] <= truth) & (truth <= samples[:, upper - 1])
    assert inside.mean() >= 0.94  # nominal 0.95, at least; 0.94 leaves room for 2,000 draws


def test_a_hundred_million_observations_take_no_time():
    lower, upper = order_ranks(10**8, 0.999)
    assert upper - lower == pytest.approx(2 * 1.96 * math.sqrt(1e8 * 0.001 * 0.999), rel=0.01)
