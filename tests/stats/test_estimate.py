"""An estimate's value lies in its interval."""

import math

import pytest

from scaling_lib.stats import Estimate


@pytest.mark.parametrize(
    ("value", "low", "high"), [(1, 2, 1), (0, 1, 2), (3, 1, 2), (math.nan, 2, 1), (3, math.nan, 2)]
)
def test_a_value_outside_its_interval_is_a_mistake(value, low, high):
    with pytest.raises(ValueError, match="Estimate"):
        Estimate(value, low, high)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(1, 1, 1), (1, math.nan, 2), (math.nan, 0, 1), (1 + 1e-12, 0, 1), (-1e-20, 0, 1), (1, -math.inf, math.inf)],
)
def test_unknown_ends_and_rounding_are_none(value, low, high):
    assert Estimate(value, low, high).high is high
