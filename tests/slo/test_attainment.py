import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import attainment, measurable
from scaling_lib.stats import proportion_interval


def test_workbook_chapter_2_meets_97():
    found = attainment(3_557_865, 3_663_253, 0.97)
    assert found.sli.value == pytest.approx(0.97123, abs=5e-6)
    assert (found.state, found.counted, found.events_needed) == ("met", "met", 0)
    assert attainment(3_557_865, 3_663_253, 0.99).state == "missed"


def test_insufficient_data_says_how_many_more():
    found = attainment(100, 100, 0.999)
    assert (found.state, found.counted) == ("insufficient data", "met")
    # n / (n + z^2) >= 0.999 from n = z^2 x 999 on; by trial:
    first = next(n for n in range(100, 10_000) if proportion_interval(n, n).low >= 0.999)
    assert found.events_needed == pytest.approx(first - 100, rel=0.002)


@given(st.integers(0, 40), st.integers(1, 2000), st.sampled_from([0.9, 0.99, 0.999]))
def test_events_needed_decide(bad, good, target):
    found = attainment(good, good + bad, target)
    if found.events_needed:
        factor = 1 + found.events_needed / (good + bad)
        later = attainment(good * factor, (good + bad) * factor, target)
        assert later.state != "insufficient data"
        assert later.state == found.counted


def test_exactly_on_the_target_is_never_decided():
    found = attainment(999, 1000, 0.999)
    assert (found.state, found.counted, found.events_needed) == ("insufficient data", "met", None)


def test_no_traffic():
    for good, total in ((0, 0), ([], []), ([0, 0], [0, 0])):
        found = attainment(good, total, 0.999)
        assert found.state == found.counted == "insufficient data"
        assert math.isnan(found.sli.value)
        assert found.method == "no traffic"
        assert found.events_needed == 3838  # 1.96^2 x 999, none failing


def test_clustered_failures_decide_later(random):
    total = np.full(1440, 100)
    bad = np.zeros(1440)
    bad[[100, 700, 1200]] = 80
    plain, clustered = attainment((total - bad).sum(), total.sum(), 0.999), attainment(total - bad, total, 0.999)
    assert plain.sli.value == pytest.approx(clustered.sli.value)
    assert (plain.state, clustered.state, clustered.counted) == ("missed", "insufficient data", "missed")
    assert clustered.design_effect > 50
    assert clustered.events_needed > plain.events_needed == 0
    assert "independent" in plain.method and "design effect" in clustered.method


@pytest.mark.parametrize(
    ("bad", "assumed"),
    [([0] * 60, True), ([100] * 60, True), ([0, 1, 0, 2, 0], True), ([0] * 30 + [1] + [0] * 29, False)],
)
def test_ends_that_rest_on_an_assumption_are_not_shown(bad, assumed):
    found = attainment(100 - np.array(bad), np.full(len(bad), 100), 0.99)
    assert found.assumes_independence == assumed == math.isnan(found.shown.low) == math.isnan(found.shown.high)
    assert found.shown.value == found.sli.value and found.sli.low < found.sli.high


def test_two_sums_are_taken_as_independent_as_was_asked():
    found = attainment(100, 100, 0.99)
    assert not found.assumes_independence and found.shown == found.sli


def test_clustered_events_needed_shrink_with_the_distance(random):
    total = np.full(100, 100)
    bad = random.binomial(100, 0.0012, 100)
    needed = [attainment(total - bad, total, target).events_needed for target in (0.9985, 0.998, 0.99)]
    assert needed[0] > needed[1] > needed[2] == 0


def test_a_wider_level_is_harder_to_decide():
    assert attainment(9950, 10_000, 0.993, level=0.9).state == "met"
    assert attainment(9950, 10_000, 0.993, level=0.999).state == "insufficient data"


def test_impossible_input():
    for good, total, target in ((2, 1, 0.9), ([2, 0], [1, 5], 0.9), (1, 1, 1.0), ([1], [1, 2], 0.9)):
        with pytest.raises(InvalidInput):
            attainment(good, total, target)
    with pytest.raises(InvalidInput, match="level"):
        attainment(1, 1, 0.9, level=95)


def test_measurable():
    few, many = measurable(0.999, 500), measurable(0.999, 1e6)
    assert not few.measurable and few.events_needed == 3838 and few.budget_events == 0.5
    assert many.measurable and many.budget_events == pytest.approx(1000)
    assert "3,838" in few.sentence
    assert measurable(0.999, 0).smallest_burn == math.inf


def test_smallest_burn_is_the_score_test():
    found = measurable(0.99, 50_000)
    at = found.smallest_burn * 0.01
    missed = proportion_interval(50_000 * (1 - at * 1.001), 50_000)
    unclear = proportion_interval(50_000 * (1 - at * 0.999), 50_000)
    assert missed.high < 0.99 <= unclear.high


@given(st.floats(1, 1e9), st.sampled_from([0.9, 0.99, 0.9995]))
def test_more_traffic_never_hurts(events, target):
    one, ten = measurable(target, events), measurable(target, 10 * events)
    assert ten.measurable >= one.measurable
    assert ten.smallest_burn <= one.smallest_burn


@pytest.mark.parametrize(("bad", "counted"), [(930, "missed"), (0, "met")])
def test_three_minutes_say_nothing_of_the_long_run(bad, counted):
    """Eight blocks are the fewest in which failures can be seen to cluster: five more minutes of 10,000 are needed."""
    total = np.full(3, 10_000)
    short = attainment(total - bad, total, 0.95)
    assert (short.state, short.counted, short.events_needed) == ("insufficient data", counted, 50_000)
    assert "3 blocks" in short.caveat or "Without a single change" in short.caveat
    longer = np.full(8, 10_000)
    assert attainment(longer - bad, longer, 0.95).state == counted
