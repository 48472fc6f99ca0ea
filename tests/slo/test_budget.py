import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import burn_rate, error_budget
from scaling_lib.slo.budget import allowed_share


@pytest.mark.parametrize(("target", "allowed"), [(0.97, 109_897), (0.9, 366_325), (0.99, 36_632)])
def test_workbook_budgets(target, allowed):
    assert error_budget(target, 3_557_865, 3_663_253).allowed == allowed


def test_workbook_spent_fraction():
    budget = error_budget(0.97, 3_663_253 - 14_066, 3_663_253)
    assert budget.spent == 14_066
    assert budget.spent_fraction == pytest.approx(0.128, abs=5e-5)
    assert budget.remaining == 109_897 - 14_066


def test_slo_generator_fixture_in_minutes():
    budget = error_budget(0.9, 360, 720)  # SLI 0.5 over 43,200 s
    assert (budget.allowed, budget.remaining) == (72, -288)
    assert burn_rate(0.5, 0.9) == 5


def test_targets_are_decimal():
    assert error_budget(0.999, 0, 1000).allowed == 1  # 1 - 0.999 is below 0.001 in floats
    assert float(allowed_share(0.999)) == 0.001
    assert burn_rate(0.0144, 0.999) == 14.4


def test_no_traffic_and_little_traffic():
    nothing = error_budget(0.999, 0, 0)
    assert (nothing.allowed, nothing.spent) == (0, 0)
    assert math.isnan(nothing.spent_fraction)
    assert error_budget(0.999, 499, 500).spent_fraction == 2  # half a failure is allowed, one happened


def test_arrays_are_summed():
    assert error_budget(0.99, [90, 100], [100, 100]).spent == 10


@pytest.mark.parametrize("target", [0, 1, 1.5, -0.1, 99.9, math.nan])
def test_impossible_targets(target):
    with pytest.raises(InvalidInput, match="Target"):
        error_budget(target, 1, 1)


def test_percent_is_recognised_and_100_explained():
    with pytest.raises(InvalidInput, match=r"write 0\.999\."):
        error_budget(99.9, 1, 1)
    with pytest.raises(InvalidInput, match="no error budget"):
        error_budget(1.0, 1, 1)


def test_impossible_counts():
    for good, total in ((2, 1), (-1, 1), (math.nan, 1)):
        with pytest.raises(InvalidInput):
            error_budget(0.9, good, total)
    with pytest.raises(InvalidInput, match="error rate"):
        burn_rate(1.5, 0.9)


@given(st.integers(1, 10**9), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99, 0.999, 0.9999]))
def test_allowed_is_spent_and_remaining(total, share, target):
    budget = error_budget(target, int(total * share), total)
    assert budget.allowed == budget.spent + budget.remaining
    assert budget.spent_fraction == pytest.approx(burn_rate(budget.spent / total, target))
