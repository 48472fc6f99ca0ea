import math

import numpy as np
import pytest
from scipy import integrate, stats

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout import conditional_e_value, mixture_bound, msprt
from scaling_lib.rollout.e_values import e_value_above, share_limits


@pytest.mark.parametrize(
    ("canary", "baseline", "share", "expected"),
    [(10, 10, 0.5, 0.27026), (20, 5, 0.5, 24.2905), (9, 5, 0.1, 56393.9)],
)
def test_published_e_values(canary, baseline, share, expected):
    assert conditional_e_value(canary, baseline, share) == pytest.approx(expected, rel=2e-5)


def test_published_sequential_figures():
    ratio, p = msprt(0.1, 1000, 2, 0.01)
    assert (ratio, p) == pytest.approx((3.27872, 0.304997), rel=1e-5)
    assert mixture_bound(100, 100, 0.05) == pytest.approx(36.5639, rel=2e-6)


@pytest.mark.parametrize(("canary", "baseline", "share"), [(20, 5, 0.5), (3, 40, 0.25), (0, 0, 0.1), (7, 2, 0.05)])
def test_one_side_is_the_mixture_over_larger_shares(canary, baseline, share):
    def ratio(theta):
        return (theta / share) ** canary * ((1 - theta) / (1 - share)) ** baseline

    expected = integrate.quad(ratio, share, 1)[0] / (1 - share)
    assert e_value_above(canary, baseline, share) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("failures", "trials"), [(0, 1801), (14, 888), (5, 10), (10, 10), (999, 1000)])
def test_limits_hold_the_exact_interval_and_mirror(failures, trials):
    low, high = share_limits(failures, trials, 0.95)
    exact = stats.binomtest(failures, trials).proportion_ci(0.95)
    assert 0 <= low <= exact.low <= failures / trials <= exact.high <= high <= 1
    assert share_limits(trials - failures, trials, 0.95) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_watched_all_the_time_good_canaries_seldom_look_bad():
    """Of 2,000 sequences of 400 failures each, looked at after every one, at most 5% may reach 20: by Ville."""
    failed = np.random.default_rng(1).random((2000, 400)) < 0.25
    canary = failed.cumsum(axis=1)
    seen = np.arange(1, 401)
    table = {
        (k, n): e_value_above(k, n - k, 0.25)
        for n in seen.tolist()
        for k in range(int(canary[:, n - 1].min()), int(canary[:, n - 1].max()) + 1)
    }
    most = [max(table[k, n] for k, n in zip(row, seen.tolist(), strict=True)) for row in canary.tolist()]
    share = np.mean(np.asarray(most) >= 20)
    assert share <= 0.05
    assert share >= 0.005  # and not for being blind: the bound is nearly met by long sequences


def test_limits_cover_at_all_looks_together():
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(300):
        failures = (rng.random(600) < 0.02).cumsum()
        looks = [share_limits(int(failures[n - 1]), n, 0.95) for n in range(15, 601, 15)]
        missed += any(not low <= 0.02 <= high for low, high in looks)
    assert missed <= stats.binom.ppf(0.999, 300, 0.05)


def test_evidence_without_end_stays_finite():
    assert math.isfinite(e_value_above(100_000, 0, 0.1))
    assert e_value_above(0, 100_000, 0.5) < 1e-3


@pytest.mark.parametrize("share", [0, 1, -0.1, math.nan])
def test_a_share_that_cannot_be(share):
    with pytest.raises(InvalidInput, match=r"expected it in \(0, 1\)"):
        conditional_e_value(1, 1, share)


def test_options_that_cannot_be():
    with pytest.raises(InvalidInput, match="above 0"):
        msprt(0.1, 0, 2, 0.01)
    with pytest.raises(InvalidInput, match="alpha between 0 and 1"):
        mixture_bound(1, 1, 0)
    with pytest.raises(InvalidInput, match="at least 0"):
        conditional_e_value(3, -1)
