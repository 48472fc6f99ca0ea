import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.stats import proportion_interval, ratio_interval


def diurnal(random, minutes, mean):
    shape = 1 + 0.8 * np.sin(2 * np.pi * np.arange(minutes) / 1440)
    return random.poisson(mean * shape * random.lognormal(-0.08, 0.4, minutes))


def outages(random, minutes, rate, length, inside, outside):
    """Error rates of a two-state Markov chain in equilibrium, and their mean in the long run."""
    share = rate / (rate + 1 / length)
    down, state = np.empty(minutes, dtype=bool), random.random() < share
    chance = random.random(minutes)
    for minute in range(minutes):
        down[minute] = state
        state = chance[minute] >= 1 / length if state else chance[minute] < rate
    return np.where(down, inside, outside), share * inside + (1 - share) * outside


def wandering(random, minutes, memory, spread, mean):
    """Error rates whose logarithm is AR(1)."""
    level, noise = random.standard_normal(), random.standard_normal(minutes) * math.sqrt(1 - memory**2)
    path = np.empty(minutes)
    for minute in range(minutes):
        path[minute] = level
        level = memory * level + noise[minute]
    return np.minimum(mean * np.exp(spread * path - spread**2 / 2), 1), mean


def coverage(random, minutes, traffic, rates, repeats):
    inside = naive = 0
    for _ in range(repeats):
        total = diurnal(random, minutes, traffic)
        rate, truth = rates(random, minutes)
        bad = random.binomial(total, rate)
        found = ratio_interval(bad, total).estimate
        inside += found.low <= truth <= found.high
        plain = proportion_interval(bad.sum(), total.sum())
        naive += plain.low <= truth <= plain.high
    return inside / repeats, naive / repeats


def independent(share):
    return lambda random, minutes: (np.full(minutes, share), share)


def clustered(*options):
    return lambda random, minutes: outages(random, minutes, *options)


def waves(*options):
    return lambda random, minutes: wandering(random, minutes, *options)


# minutes, traffic a minute, the truth, repeats, the coverage to expect, coverage at least, coverage of the plain binomial
# interval at most. The coverage to expect was measured with seeds of its own (700 to 44,000 repeats); of so many repeats
# it has a binomial error of sqrt(p (1 - p) / repeats), and what is asked for lies at least four of them below.
SETTINGS = {
    "12 min, 1 failure": (12, 100, independent(0.001), 4000, 0.995, 0.99, 1),
    "12 min, 24 failures": (12, 100, independent(0.02), 4000, 0.977, 0.96, 1),
    "1 h, 1.5 failures": (60, 5, independent(0.005), 4000, 0.995, 0.99, 1),
    "1 d, 3 failures": (1440, 100, independent(2e-5), 1500, 0.9975, 0.99, 1),
    "1 d, 144 failures": (1440, 100, independent(0.001), 1500, 0.987, 0.97, 1),
    "1 h, 2.4 outages of 5 min": (60, 100, clustered(1 / 20, 5, 0.5, 0.001), 4000, 0.921, 0.90, 0.2),
    "30 min, 2.5 outages of 2 min": (30, 100, clustered(1 / 10, 2, 0.5, 0.001), 4000, 0.946, 0.93, 0.3),
    "1 d, 6 outages of 5 min": (1440, 100, clustered(1 / 240, 5, 0.5, 0.0005), 1500, 0.943, 0.915, 0.2),
    "1 d, 11 outages of 15 min": (1440, 100, clustered(1 / 120, 15, 1, 0), 1500, 0.973, 0.95, 0.2),
    "1 w, 7 outages of 10 min": (10080, 50, clustered(1 / 1440, 10, 1, 0.0002), 400, 0.941, 0.89, 0.2),
    "28 d, 14 outages of 15 min": (40320, 20, clustered(1 / 2880, 15, 0.5, 0.0005), 180, 0.947, 0.88, 0.2),
    "1 h, waves of 6 min": (60, 100, waves(0.7, 0.8, 0.02), 4000, 0.939, 0.92, 0.7),
    "1 d, waves of 20 min": (1440, 100, waves(0.9, 1, 0.005), 1500, 0.960, 0.935, 0.6),
    "1 d, waves of 100 min": (1440, 100, waves(0.98, 1, 0.005), 2000, 0.908, 0.88, 0.4),
    "1 w, waves of 100 min": (10080, 50, waves(0.98, 1, 0.002), 400, 0.962, 0.92, 0.6),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_coverage(random, name):
    minutes, traffic, rates, repeats, expected, least, naive_most = SETTINGS[name]
    found, naive = coverage(random, minutes, traffic, rates, repeats)
    error = math.sqrt(expected * (1 - expected) / repeats)
    print(f"{name}: {found:.4f}, expected {expected} with an error of {error:.4f}; as if independent {naive:.3f}")
    assert least <= expected - 4 * error  # no seed is to fail it by chance
    assert found >= least
    assert naive <= naive_most


def test_coverage_of_outages_in_short(random):
    """Expected .974 (of 4,000 repeats of another seed), with a binomial error of .009 for 300."""
    found, naive = coverage(random, 720, 100, clustered(1 / 60, 5, 0.5, 0.001), 300)
    assert found >= 0.974 - 4 * 0.0092
    assert naive < 0.3


def test_clusters_widen_the_interval(random):
    total = np.full(1440, 100)
    together = np.zeros(1440)
    together[300:310] = 50
    apart = np.zeros(1440)
    apart[random.permutation(1440)[:500]] = 1
    one, many = ratio_interval(together, total), ratio_interval(apart, total)
    assert one.estimate.value == many.estimate.value
    assert one.design_effect > 100 > 3 > many.design_effect
    assert one.effective_bad < 3
    assert "spells" in one.caveat
    assert many.caveat == ""
    assert one.estimate.high > 3 * many.estimate.high


def test_independent_failures_stay_near_clopper_pearson(random):
    total = random.poisson(1000, 2000)
    bad = random.binomial(total, 0.01)
    found, plain = ratio_interval(bad, total).estimate, proportion_interval(bad.sum(), total.sum(), method="exact")
    assert found.high - found.low < 1.5 * (plain.high - plain.low)


def test_weights_by_traffic_not_by_minute():
    found = ratio_interval([0] * 20 + [9] * 10, [1000] * 20 + [10] * 10)
    assert found.estimate.value == pytest.approx(90 / 20_100)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=0, max_size=80))
@settings(max_examples=60)
def test_any_counts_give_an_interval_around_the_share(pairs):
    bad, total = [min(pair) for pair in pairs], [max(pair) for pair in pairs]
    found = ratio_interval(bad, total)
    if sum(total) == 0:
        assert math.isnan(found.estimate.value)
    else:
        assert 0 <= found.estimate.low <= found.estimate.value <= found.estimate.high <= 1
        assert found.estimate.value == pytest.approx(sum(bad) / sum(total))
    assert found.design_effect >= 1
    assert found.effective_total <= sum(total) + 1e-9


@given(st.integers(8, 60), st.integers(1, 20))
def test_a_constant_share_never_counts_as_clustered(minutes, bad):
    assert ratio_interval([bad] * minutes, [100] * minutes).design_effect == 1


def test_nothing_failed_or_too_short_is_said():
    clean = ratio_interval([0] * 100, [10] * 100)
    assert (clean.design_effect, clean.estimate.low) == (1, 0)
    assert clean.estimate.high == pytest.approx(1 - 0.025 ** (1 / 1000))  # rule of three, two-sided
    assert "independence is assumed" in clean.caveat
    assert "too few" in ratio_interval([1, 0, 2], [10, 10, 10]).caveat
    empty = ratio_interval([], [])
    assert empty.method == "no traffic"
    assert ratio_interval([0, 0], [0, 0]).blocks == 0


def test_impossible_counts():
    for bad, total in (([1], [1, 2]), ([3], [2]), ([-1], [2]), ([math.nan], [2]), ([[1]], [[2]])):
        with pytest.raises(InvalidInput, match="ratio_interval"):
            ratio_interval(bad, total)


def test_student_has_two_degrees_of_freedom_a_spell():
    """Ten outages of ten minutes: some ten spells, and so twenty degrees."""
    bad = np.zeros(10_000)
    for start in range(300, 10_000, 1000):
        bad[start : start + 10] = 100
    found = ratio_interval(bad, np.full(10_000, 100))
    assert 8 < found.effective_bad < 16
    assert found.degrees_of_freedom == pytest.approx(2 * found.effective_bad)
