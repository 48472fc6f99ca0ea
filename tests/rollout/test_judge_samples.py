import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout import judge_samples
from scaling_lib.rollout.placements import differences, placed


def remembering(rng, points, rho, series):
    """Standard normal series, each value remembering the one before by rho."""
    found = rng.standard_normal((series, points))
    for i in range(1, points):
        found[:, i] = rho * found[:, i - 1] + math.sqrt(1 - rho**2) * found[:, i]
    return found


def test_published_shift():
    found = judge_samples([10, 20, 30, 40], [1, 2, 3, 4])
    assert found.shift.value == 22.5
    assert (found.shift.low, found.shift.high) == (6, 39)  # all differences: four points a side exclude none
    assert found.verdict == "INCONCLUSIVE"
    assert judge_samples([4, 6, 8], [1, 2, 3]).shift.value == 4


def test_chance_is_that_of_the_rank_test():
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.3, 1, 70), rng.normal(0, 1, 50).round(1)
    u = stats.mannwhitneyu(one, other).statistic
    assert placed(one, other).chance == pytest.approx(u / (70 * 50))
    assert placed(one, other).effective <= 50


def test_error_is_near_brunner_munzels_where_nothing_is_remembered():
    rng = np.random.default_rng(2)
    one, other = rng.normal(0, 1, 3000), rng.normal(0, 2, 2000)
    above = np.asarray([(other < value).mean() for value in one])
    below = np.asarray([(one < value).mean() for value in other])
    expected = math.sqrt(above.var(ddof=1) / 3000 + below.var(ddof=1) / 2000)
    assert expected <= placed(one, other).error <= 1.1 * expected


@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_false_alarms_stay_under_the_nominal_level(rho):
    """Of 400 pairs alike, 5% would be 20; binom.ppf(.999) = 34. A plain rank test gives 165 at 0.7."""
    rng = np.random.default_rng(3)
    pairs = zip(remembering(rng, 60, rho, 400), remembering(rng, 60, rho, 400), strict=True)
    alarms = sum(
        judge_samples(one, other, worse="either", tolerated=0, looks="once").verdict == "FAIL" for one, other in pairs
    )
    assert alarms <= stats.binom.ppf(0.999, 400, 0.05)


def test_watched_at_forty_looks_false_alarms_stay_under_the_nominal_level():
    rng = np.random.default_rng(4)
    alarms = 0
    for one, other in zip(remembering(rng, 400, 0.7, 40), remembering(rng, 400, 0.7, 40), strict=True):
        alarms += any(
            judge_samples(one[:n], other[:n], worse="either", tolerated=0).verdict == "FAIL" for n in range(10, 401, 10)
        )
    assert alarms <= stats.binom.ppf(0.999, 40, 0.05)


@pytest.mark.parametrize("looks", ["once", "any"])
def test_a_shift_is_found_and_its_size_is_within_the_interval(looks):
    rng = np.random.default_rng(5)
    slower, usual = 20 + rng.normal(0, 2, 200), 10 + rng.normal(0, 2, 200)
    found = judge_samples(slower, usual, looks=looks, unit="ms")
    assert found.verdict == "FAIL"
    assert found.shift.low <= 10 <= found.shift.high
    assert found.relative.value == pytest.approx(found.shift.value / np.median(usual))
    assert judge_samples(usual, slower, looks=looks).verdict == "PASS"  # faster is not worse
    assert judge_samples(usual, slower, worse="decrease", looks=looks).verdict == "FAIL"


def test_two_alike_pass_where_the_interval_is_within_what_is_tolerated():
    rng = np.random.default_rng(6)
    one, other = (100 + rng.normal(0, 10, 400) for _ in range(2))
    assert judge_samples(one, other, tolerated=0.1).verdict == "PASS"
    close = judge_samples(one, other, tolerated=0.001)
    assert close.verdict == "INCONCLUSIVE"
    assert close.needed > 400


def test_what_moves_both_at_once_does_not_hide_a_shift():
    rng = np.random.default_rng(7)
    wave = 50 * np.sin(np.arange(240) / 20)
    one, other = (100 + wave + rng.normal(0, 3, 240) for _ in range(2))
    together, apart = judge_samples(one + 6, other, worse="either"), judge_samples(one[:-1] + 6, other, worse="either")
    assert together.shift.high - together.shift.low < apart.shift.high - apart.shift.low


def test_a_change_of_spread_is_seen():
    rng = np.random.default_rng(8)
    found = judge_samples(100 + rng.normal(0, 12, 300), 100 + rng.normal(0, 3, 300))
    assert found.spread == pytest.approx(4, rel=0.3)
    assert found.spread_differs
    assert not judge_samples(100 + rng.normal(0, 3, 300), 100 + rng.normal(0, 3, 300)).spread_differs


@pytest.mark.parametrize(("one", "other"), [([], [1, 2]), ([1], []), ([math.nan] * 30, [1] * 29), ([], [])])
def test_an_empty_side_is_no_pass(one, other):
    found = judge_samples(one, other)
    assert found.verdict == "NO DATA"
    assert found.needed is None


@pytest.mark.parametrize(("one", "other"), [([5, 5], [5, 5]), ([0] * 19, [0] * 19), ([7], [7])])
def test_few_points_are_no_pass(one, other):
    found = judge_samples(one, other)
    assert found.verdict == "INCONCLUSIVE"
    assert found.needed == 20 - len(one)


def test_constants():
    assert judge_samples([5.0] * 30, [5.0] * 30).verdict == "PASS"
    assert judge_samples([0] * 30, [0] * 30).verdict == "PASS"
    assert judge_samples([6.0] * 30, [5.0] * 30).verdict == "FAIL"


def test_what_is_no_number_is_left_out_and_counted():
    values = [*range(40), math.nan, math.inf]
    assert judge_samples(values, list(range(42))).left_out == 2
    assert judge_samples(values, list(range(50))).left_out == 2


def test_many_values_are_thinned_evenly():
    rng = np.random.default_rng(9)
    one, other = rng.lognormal(1, 0.5, 50_000), rng.lognormal(0, 0.5, 40_000)
    apart = differences(one, other)
    assert len(apart) == 10**6
    sample = rng.choice(one, 10**6) - rng.choice(other, 10**6)
    assert np.median(apart) == pytest.approx(np.median(sample), rel=0.01)


values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=40)


@given(values, values, st.sampled_from(["increase", "decrease", "either"]))
def test_verdicts_mirror_and_intervals_hold_their_value(one, other, worse):
    found = judge_samples(one, other, worse=worse)
    mirror = {"increase": "decrease", "decrease": "increase", "either": "either"}[worse]
    turned = judge_samples([-each for each in one], [-each for each in other], worse=mirror)
    assert turned.verdict == found.verdict
    assert turned.chance == pytest.approx(1 - found.chance)
    assert found.shift.low <= found.shift.value <= found.shift.high
    if min(len(one), len(other)) < 20:
        assert found.verdict == "INCONCLUSIVE"


@pytest.mark.parametrize("bad", ["abc", [[1, 2]], [None, "x"], 5])
def test_values_that_cannot_be(bad):
    with pytest.raises(InvalidInput, match="one number a point for the canary"):
        judge_samples(bad, [1, 2])


@pytest.mark.parametrize(
    ("option", "words"),
    [({"worse": "up"}, "worse 'up'"), ({"looks": 3}, "looks 3"), ({"tolerated": -1}, "-1"), ({"level": 2}, "level 2")],
)
def test_options_that_cannot_be(option, words):
    with pytest.raises(InvalidInput, match=words):
        judge_samples([1], [1], **option)
