"""An estimate's value lies in its interval."""

import dataclasses
import math

import pytest

from scaling_lib.errors import InvalidInput
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


def test_so_many_times_an_estimate_is_a_new_one():
    found = Estimate(2.0, 1.0, 4.0, 0.8, "requests/s", True)
    assert found.times(3) == Estimate(6.0, 3.0, 12.0, 0.8, "requests/s", True)
    assert found.times(0.5, unit="x") == Estimate(1.0, 0.5, 2.0, 0.8, "x", True)
    assert found.times(3, unit="").unit == ""
    assert found == Estimate(2.0, 1.0, 4.0, 0.8, "requests/s", True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.value = 3.0


def test_a_negative_factor_turns_the_interval_round():
    assert Estimate(2.0, 1.0, 4.0).times(-1) == Estimate(-2.0, -4.0, -1.0)


def test_what_is_not_known_stays_so():
    open_end = Estimate(2.0, math.nan, math.inf).times(2)
    assert (open_end.value, open_end.high) == (4.0, math.inf) and math.isnan(open_end.low)
    nothing = Estimate(2.0, 1.0, 4.0).times(math.nan)
    assert math.isnan(nothing.value) and math.isnan(nothing.low) and math.isnan(nothing.high)


@pytest.mark.parametrize("factor", ["2", None, True, math.inf, 10**400, [2]])
def test_a_factor_is_a_number(factor):
    with pytest.raises(InvalidInput, match=r"Estimate\.times: found a factor of .*expected a number"):
        Estimate(2.0, 1.0, 4.0).times(factor)
