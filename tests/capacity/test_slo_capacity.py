"""The highest load within the SLO: known crossings, refusals, ends of the tested range, coverage of its interval."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from load_simulated import latency_coverage, share_coverage, stretch_coverage, true_slo_load

from scaling_lib.capacity import slo_capacity, slo_capacity_of_counts, slo_capacity_of_shares
from scaling_lib.capacity.slo_shares import share_beyond
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.evidence.cells import GAMMA
from scaling_lib.stats import proportion_interval

NAN = math.nan


def bin_of(seconds):
    return math.floor(math.log(seconds * 1e6) / math.log(GAMMA))


def table(fast, slow, **more):
    """Bins of a level: so many requests of 50 ms and of 500 ms."""
    return pd.DataFrame({"bin": [bin_of(0.05), bin_of(0.5)], "n": [fast, slow], **more})


def test_the_crossing_lies_between_levels_on_the_line_of_logarithms():
    # From 0.1 at 100 to 0.8 at 400 the latency doubles every 100: it is 0.2 at 200 and 0.2 sqrt(2) at 250.
    found = slo_capacity([100, 400], [0.1, 0.8], 0.2 * math.sqrt(2), unit="users")
    assert found.value == pytest.approx(250)
    assert (found.between, found.state, found.unit) == ((100, 400), "within the tested range", "users")
    assert math.isnan(found.low) and math.isnan(found.high)


def test_the_order_of_the_levels_does_not_matter():
    loads, seen = np.array([4.0, 1, 8, 2]), np.array([0.2, 0.1, 0.8, 0.1])
    assert slo_capacity(loads, seen, 0.4).value == pytest.approx(6.0)
    assert slo_capacity(np.sort(loads), np.sort(seen), 0.4).value == pytest.approx(6.0)


def test_a_fall_of_the_latency_is_taken_as_noise():
    # 0.4 then 0.1 are pooled to their geometric mean, 0.2; from 0.2 at 30 to 0.8 at 40, 0.4 is half way.
    assert slo_capacity([10, 20, 30, 40], [0.1, 0.4, 0.1, 0.8], 0.4).value == pytest.approx(35.0)


def test_a_level_exactly_at_the_threshold_meets_it():
    assert slo_capacity([1, 2, 3], [0.1, 0.3, 0.9], 0.3).value == pytest.approx(2.0)
    assert slo_capacity([1, 2, 3], [0.3, 0.3, 0.3], 0.3).state == "not reached within the tested range"


def test_the_interval_ends_at_the_levels_that_are_certain():
    loads, p99 = [10, 20, 30, 40, 50], [0.1, 0.15, 0.25, 0.4, 0.9]
    found = slo_capacity(loads, p99, 0.3, low=[0.08, 0.1, 0.2, 0.28, 0.7], high=[0.12, 0.2, 0.31, 0.6, 1.2])
    assert (found.low, found.high) == (20, 50)
    assert found.between == (30, 40)
    assert 30 < found.value < 40


def test_certainty_ends_at_the_first_level_that_is_not_certain():
    # 30 is certain by itself, but 20 before it is not: the order is kept.
    found = slo_capacity([10, 20, 30, 40], [0.1, 0.2, 0.2, 0.9], 0.3, low=[0.1] * 4, high=[0.2, 0.5, 0.25, 1.0])
    assert (found.low, found.high) == (10, math.inf)


def test_levels_without_an_interval_are_passed_over():
    found = slo_capacity([10, 20, 30], [0.1, 0.2, 0.9], 0.3, low=[0.1, NAN, 0.8], high=[0.1, NAN, 1.0])
    assert (found.low, found.high) == (10, 30)


def test_what_the_tested_range_does_not_hold_is_said():
    beyond = slo_capacity([10, 20], [0.5, 0.9], 0.3, low=[0.4, 0.8], high=[0.6, 1.0], unit="users")
    assert beyond.state == "already beyond at the lightest level"
    assert math.isnan(beyond.value)
    assert (beyond.low, beyond.high, beyond.between) == (0.0, 10.0, (0.0, 10.0))
    assert str(beyond) == "already beyond at the lightest level, 10 users"
    short = slo_capacity([10, 20], [0.1, 0.2], 0.3, low=[0.09, 0.1], high=[0.11, 0.4], unit="users")
    assert short.state == "not reached within the tested range"
    assert (short.low, short.high, short.between) == (10.0, math.inf, (20.0, math.inf))
    assert str(short) == "not reached within the tested range, up to 20 users; certainly met up to 10 users"


def test_repeated_samples_of_a_load_give_its_interval():
    # Logarithms of 0.1, 0.2, 0.4: mean log 0.2, sd ln 2, so t(2) = 4.3027 gives 0.2 x 2^(+-2.484): up to 1.12.
    samples = [0.1, 0.2, 0.4]
    loads = [10] * 3 + [20] * 3
    assert slo_capacity(loads, samples + [50 * each for each in samples], 1.13).low == 10
    assert slo_capacity(loads, samples + [50 * each for each in samples], 1.11).low == 0
    assert (
        slo_capacity(loads, samples + [50 * each for each in samples], 1.13).high == 20
    )  # from 10 x 2^-2.484 = 1.79 on
    assert slo_capacity(loads, samples + [50 * each for each in samples], 1.8).high == math.inf


def test_two_samples_of_a_load_tell_no_interval():
    assert math.isnan(slo_capacity([1, 1, 2, 2], [0.1, 0.2, 0.8, 0.9], 0.3).low)


@pytest.mark.parametrize(
    ("load", "latency"),
    [
        ([1, 2, NAN], [0.1, 0.2, 0.3]), ([1, 2, 3], [0.1, NAN, 0.3]), ([0, 2, 3], [0.1, 0.2, 0.3]),
        ([1, 2, 3], [0.1, -0.2, 0.3]), ([1, 2, 3], [0.1, 0.0, 0.3]), ([1, math.inf], [0.1, 0.2]), ([1, 2], [0.1]),
        ([[1, 2]], [[0.1, 0.2]]), (["a", "b"], [0.1, 0.2]),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused(load, latency):
    with pytest.raises(InvalidInput):
        slo_capacity(load, latency, 0.3)


@pytest.mark.parametrize("threshold", [0, -1, NAN, math.inf, "0.3", None])
def test_thresholds_that_cannot_be_are_refused(threshold):
    with pytest.raises(InvalidInput):
        slo_capacity([1, 2], [0.1, 0.2], threshold)


def test_ends_that_do_not_hold_the_value_are_refused():
    with pytest.raises(InvalidInput):
        slo_capacity([1, 2], [0.1, 0.2], 0.3, low=[0.2, 0.1], high=[0.3, 0.3])
    with pytest.raises(InvalidInput):
        slo_capacity([1, 2], [0.1, 0.2], 0.3, low=[0.1], high=[0.3, 0.3])


@pytest.mark.parametrize("wrong", ["x", None, NAN, -1, [], math.inf])
def test_tables_and_levels_that_are_none_are_refused(wrong):
    with pytest.raises(InvalidInput):
        slo_capacity_of_shares([1, 2], [wrong, wrong], 0.3, 0.9)
    with pytest.raises(InvalidInput):
        slo_capacity_of_shares([1, 2], wrong, 0.3, 0.9)
    with pytest.raises(InvalidInput):
        slo_capacity([1, 2], [1, 2], 1, level=wrong)
    with pytest.raises(InvalidInput):
        slo_capacity_of_counts([1, 2], [counts([9], [1])] * 2, 0.9, level=wrong)


@pytest.mark.parametrize("loads", [[5], [5, 5, 5]])
def test_one_load_is_too_few(loads):
    with pytest.raises(NotEnoughData):
        slo_capacity(loads, [0.1] * len(loads), 0.3)


def test_two_loads_are_enough_for_a_crossing():
    assert slo_capacity([1, 3], [0.1, 0.4], 0.2).value == pytest.approx(2.0)


def test_shares_cross_where_the_target_is_missed():
    # 0.1% slow at 10, 10% at 20, with half a request added: the logarithms' line is at 1% half way.
    found = slo_capacity_of_shares([10, 20], [table(99_900, 100), table(90_000, 10_000)], 0.3, 0.99, unit="users")
    assert found.value == pytest.approx(15.0, abs=0.02)
    assert (found.low, found.high) == (10, 20)


def test_shares_are_certain_only_with_enough_requests():
    # None of 50 slow: up to 7% may be; none of 5,000: up to 0.07%.
    few = slo_capacity_of_shares([10, 20], [table(50, 0), table(50, 50)], 0.3, 0.99)
    many = slo_capacity_of_shares([10, 20], [table(5000, 0), table(50, 50)], 0.3, 0.99)
    assert (few.low, few.high) == (0, 20)
    assert (many.low, many.high) == (10, 20)


def test_errors_are_neither_fast_nor_slow():
    with_errors = pd.concat([table(99_900, 100, error=False), table(0, 50_000, error=True)])
    found = slo_capacity_of_shares([10, 20], [with_errors, table(90_000, 10_000, error=False)], 0.3, 0.99)
    assert found.value == pytest.approx(15.0, abs=0.02)


def test_the_bin_of_the_threshold_may_be_within_or_beyond():
    inside = pd.DataFrame({"bin": [bin_of(0.05), bin_of(0.3)], "n": [9000, 1000]})
    found = slo_capacity_of_shares([10, 20], [inside, inside], 0.3, 0.99)
    assert (found.low, found.high) == (0, math.inf)


def test_requests_that_are_slow_together_make_less_certain():
    second = np.arange(60)
    apart = pd.concat([table(995, 5).assign(time=at) for at in second])
    together = pd.concat([table(1000, 0) if at else table(700, 300) for at in second], keys=second)
    together = together.reset_index(level=0, names="time")
    heavy = pd.concat([table(500, 500).assign(time=at) for at in second])
    assert apart["n"].sum() == together["n"].sum()
    assert slo_capacity_of_shares([10, 20], [apart, heavy], 0.3, 0.99).low == 10
    assert slo_capacity_of_shares([10, 20], [together, heavy], 0.3, 0.99).low == 0


def counts(total, beyond):
    """A row a stretch."""
    return pd.DataFrame({"total": np.asarray(total, dtype=float), "beyond": np.asarray(beyond, dtype=float)})


def test_few_stretches_show_how_slow_requests_come_together():
    # 0, 10, 0 and 10 of 100 each: residuals -5, 5, -5, 5, whose variance is 4/3 x 100; of 400 independent ones at 5%
    # it would be 19. The design effect is 7.02, and Student's t of 3 degrees makes the counts (1.96/3.182)^2 of those.
    found = share_beyond(counts([100] * 4, [0, 10, 0, 10]))
    worth = 19 / (4 / 3 * 100) * (1.959964 / 3.182446) ** 2
    expected = proportion_interval(20 * worth, 400 * worth, 0.95, "exact")
    assert (found.value, found.low, found.high) == pytest.approx((0.05, expected.low, expected.high), rel=1e-4)
    alone = proportion_interval(20, 400, 0.95, "exact")
    assert found.low < alone.low < alone.high < found.high


@pytest.mark.parametrize(
    ("total", "beyond"), [([100] * 4, [3, 0, 0, 0]), ([100] * 2, [40, 0]), ([200, 0, 200], [9, 0, 1])]
)
def test_too_little_to_see_how_they_come_together_is_taken_as_independent(total, beyond):
    found, exact = share_beyond(counts(total, beyond)), proportion_interval(sum(beyond), sum(total), 0.95, "exact")
    assert (found.low, found.high) == (exact.low, exact.high)


def test_requests_alike_in_all_stretches_are_as_sure_as_independent_ones():
    found, exact = share_beyond(counts([100] * 5, [5] * 5)), proportion_interval(25, 500, 0.95, "exact")
    assert found.low <= exact.low and exact.high <= found.high < 1.5 * exact.high  # Student's t of four degrees


def test_loads_with_too_few_requests_to_be_certain_are_passed_over():
    # None of 300 slow leaves up to 1.2% (0.025^(1/300)); of 1,000, 0.4%: 10 is passed over, and below 20 by the order.
    light, sure, slow = counts([300], [0]), counts([1000], [0]), counts([1000], [500])
    assert slo_capacity_of_counts([10, 20, 30], [light, sure, slow], 0.99).low == 20
    assert slo_capacity_of_counts([10, 20, 30], [sure, light, slow], 0.99).low == 10
    # Passed over for its number, not for what it shows: a load that could have been certain and is not ends it.
    unsure = counts([1000], [8])
    assert slo_capacity_of_counts([10, 20, 30], [unsure, sure, slow], 0.99).low == 0
    # Of three requests at 90% not even all slow ones are certain to miss (0.025^(1/1) = 2.5% of one alone).
    few = counts([1], [1])
    assert slo_capacity_of_counts([10, 20, 30], [sure, slow, few], 0.9).high == 20


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"target": "0.99"}, "found the target"), ({"target": None}, "found the target"), ({"target": 1.0}, "found the target"),
        ({"counts": None}, "found NoneType in counts"), ({"counts": ["x", "y"]}, "found str in counts"),
        ({"load": ["10", "20"]}, "not all numbers"), ({"load": [10, None]}, "not finite"), ({"load": [10, 10]}, "each load once"),
        ({"counts": [counts([1], [2])] * 2}, "do not fit"), ({"counts": [counts([0], [0])] * 2}, "without a single answer"),
        ({"counts": [pd.DataFrame({"total": [1.0]})] * 2}, "column 'beyond'"),
    ],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused(changed, says):
    given_ = {"load": [10, 20], "counts": [counts([100], [1])] * 2, "target": 0.99} | changed
    with pytest.raises(InvalidInput, match=says):
        slo_capacity_of_counts(given_["load"], given_["counts"], given_["target"])


@pytest.mark.parametrize(
    ("loads", "bins"),
    [([1, 2], [table(1, 0)]), ([1, 1], [table(1, 0)] * 2), ([1, 2], [table(1, 0), table(0, 0)]),
     ([1, 2], [table(1, 0), pd.DataFrame({"n": [1]})])],
)  # fmt: skip
def test_bins_that_do_not_fit_are_refused(loads, bins):
    with pytest.raises(InvalidInput):
        slo_capacity_of_shares(loads, bins, 0.3, 0.99)


def test_one_load_of_bins_is_too_few():
    with pytest.raises(NotEnoughData):
        slo_capacity_of_shares([1], [table(1, 0)], 0.3, 0.99)


@pytest.mark.parametrize(
    ("threshold", "target"), [(0, 0.99), (0.3, 1.0), (0.3, 0.0), (NAN, 0.9), ("1", 0.9), (None, 0.9), (0.3, "0.9")]
)
def test_targets_that_cannot_be_are_refused(threshold, target):
    with pytest.raises(InvalidInput):
        slo_capacity_of_shares([1, 2], [table(1, 0)] * 2, threshold, target)


def test_the_true_load_of_a_queue():
    # M/M/1 at 100/s: 1% take longer than 0.1 s where the rate of response is ln(100) / 0.1 = 46.05/s.
    assert true_slo_load(0.99) == pytest.approx(100 - 46.0517)


figures = st.lists(st.floats(0.01, 10), min_size=2, max_size=8)


@given(figures, st.floats(1, 3), st.floats(0.01, 10), st.floats(1, 2))
def test_what_holds_for_every_test(latency, spread, threshold, more):
    load = np.arange(1.0, len(latency) + 1)
    seen = np.array(latency)

    def at(limit):
        return slo_capacity(load, seen, limit, low=seen / spread, high=seen * spread)

    found, laxer = at(threshold), at(threshold * more)
    assert found.low <= found.high
    assert found.low <= found.between[1]
    assert found.high >= found.between[0]
    if math.isfinite(found.value):
        assert found.between[0] <= found.value <= found.between[1]
        assert found.low <= found.value <= found.high
    if math.isfinite(found.value) and math.isfinite(laxer.value):
        assert laxer.value >= found.value - 1e-9
    assert laxer.low >= found.low
    assert laxer.high >= found.high


@pytest.mark.slow
def test_the_interval_of_latencies_holds_the_true_load():
    """Long form (bench_load_curve.py, 750 tests a setting): 0.976 to 1.000, values 0% to 2% low."""
    true = true_slo_load(0.99)
    loads = np.array([10, 20, 30, 40, 1.0001 * true, 60, 70, 80])  # a level just beyond is the hardest case
    coverage, bias = latency_coverage(np.random.default_rng(20_261_125), loads, 4, 0.1, 200)
    assert coverage >= 0.94
    assert bias == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow
def test_the_interval_of_shares_holds_the_true_load_of_a_queue():
    """Answers of a queue in a row are alike. Long form (bench_load_curve.py, 150 tests a setting): 0.98 to 1.00, values 0% to 3% high."""
    coverage, bias = share_coverage(np.random.default_rng(20_261_125), np.arange(10.0, 90, 10), 60, 0.99, 25)
    assert coverage >= 0.95
    assert bias == pytest.approx(1.0, abs=0.05)


@pytest.mark.slow
def test_the_interval_of_few_stretches_holds_the_true_load_of_a_queue():
    """Long form (bench_load_curve.py, 150 tests a setting): 0.93 to 1.00; taken as independent 0.61 to 0.79."""
    loads = np.array([0.2, 0.4, 0.6, 0.8, 0.95, 1.001, 1.2, 1.4, 1.6])
    clustered, independent = stretch_coverage(np.random.default_rng(20_261_125), loads, 120, 15, 40)
    assert clustered >= 0.95
    assert independent < 0.93


def test_a_level_that_certainly_misses_ends_it_whatever_comes_beyond():
    """The second of five levels takes 0.9 s for certain, the others 0.1 s: kept up to the first alone."""
    seen = np.array([0.1, 0.9, 0.1, 0.1, 0.1])
    found = slo_capacity([10, 20, 30, 40, 50], seen, 0.3, low=0.95 * seen, high=1.05 * seen)
    assert found.state == "within the tested range" and found.between == (10, 20)
    assert 10 <= found.value <= 20 and (found.low, found.high) == (10, 20)


def test_a_lightest_level_that_certainly_misses_is_beyond_already():
    seen = np.array([0.9, 0.8, 0.1, 0.1, 0.1])
    found = slo_capacity([10, 20, 30, 40, 50], seen, 0.3, low=0.95 * seen, high=1.05 * seen)
    assert found.state == "already beyond at the lightest level" and (found.low, found.high) == (0, 10)
