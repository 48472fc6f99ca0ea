"""Student's t by its tables, and the interval of a mean by hand."""

import math

import numpy as np
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.stats import mean_interval, student_quantile


@pytest.mark.parametrize(
    ("level", "degrees", "expected"), [(0.95, 4, 2.776), (0.95, 1, 12.706), (0.99, 10, 3.169), (0.8, math.inf, 1.2816)]
)
def test_the_quantile_is_that_of_the_tables(level, degrees, expected):
    assert student_quantile(level, degrees) == pytest.approx(expected, abs=5e-4)


def test_a_mean_by_hand():
    # mean 3, deviation sqrt(2.5) = 1.5811, over sqrt(5) 0.70711, times 2.77645
    found = mean_interval([1, 2, 3, 4, 5], unit="s")
    assert (found.low, found.value, found.high) == pytest.approx((3 - 1.96325, 3, 3 + 1.96325), abs=1e-4)
    assert (found.level, found.unit) == (0.95, "s")


def test_two_values_have_no_interval_and_none_no_mean():
    two = mean_interval([1.0, 2.0])
    assert two.value == 1.5 and math.isnan(two.low) and math.isnan(two.high)
    assert math.isnan(mean_interval([]).value)


def test_the_interval_holds_the_mean_as_often_as_it_says():
    """4,000 samples of five: .950 nominal, a binomial error of .0034."""
    samples = np.random.default_rng(20_261_125).normal(10, 3, (4000, 5))
    found = [mean_interval(each) for each in samples]
    assert np.mean([each.low <= 10 <= each.high for each in found]) == pytest.approx(0.95, abs=4 * 0.0034)


def test_what_cannot_be_is_refused():
    for values in ([1.0, math.nan], [[1.0, 2.0]], ["1", "2"], None, "abc", [1.0, math.inf]):
        with pytest.raises(InvalidInput, match="mean_interval"):
            mean_interval(values)
    for degrees in (0, -1, math.nan, "4", None, True):
        with pytest.raises(InvalidInput, match="student_quantile"):
            student_quantile(0.95, degrees)
