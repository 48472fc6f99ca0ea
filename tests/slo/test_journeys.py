import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import journey, journey_sli
from scaling_lib.stats import Estimate, proportion_interval


def test_three_steps_of_three_nines():
    found = journey([0.999, 0.999, 0.999])
    assert found.product == pytest.approx(0.997003, abs=5e-7)
    assert (found.low, found.high) == (0.997, 0.999)
    assert found.weakest == "step 1"


def test_names_and_the_weakest():
    found = journey({"browse": 0.999, "pay": 0.99, "ship": 0.995})
    assert found.weakest == "pay"
    assert found.high == 0.99
    assert found.low == 0.984


def test_one_step_and_hopeless_steps():
    one = journey([0.99])
    assert one.product == one.low == one.high == 0.99
    assert journey([0.3, 0.3]).low == 0


@given(st.lists(st.floats(0.5, 0.99999), min_size=1, max_size=8))
def test_bounds_enclose_the_product_and_more_steps_lower_it(targets):
    found = journey(targets)
    assert found.low <= found.product + 1e-12
    assert found.product <= found.high + 1e-12
    assert journey([*targets, 0.9]).product < found.product


def test_impossible_steps():
    for targets in ([], {}, [1.0], [99.9]):
        with pytest.raises(InvalidInput):
            journey(targets)


def test_measured_steps():
    browse, pay = proportion_interval(9_990, 10_000), proportion_interval(990, 1000)
    found = journey_sli({"browse": browse, "pay": pay})
    assert found.weakest == "pay"
    assert found.product.value == pytest.approx(0.999 * 0.99)
    assert browse.low * pay.low < found.product.low < found.product.value < found.product.high < pay.high
    assert found.low.value == pytest.approx(0.989)
    assert found.high.value == 0.99


def test_one_measured_step_is_itself():
    step = proportion_interval(990, 1000)
    found = journey_sli([step])
    for bound in (found.product, found.low, found.high):
        assert (bound.low, bound.value, bound.high) == pytest.approx((step.low, step.value, step.high))


def test_a_step_without_traffic_or_that_always_fails():
    nothing = journey_sli([proportion_interval(0, 0), proportion_interval(9, 10)])
    assert math.isnan(nothing.product.value)
    failing = journey_sli([proportion_interval(0, 10), proportion_interval(9, 10)])
    assert (failing.product.value, failing.product.low, failing.low.value) == (0, 0, 0)
    with pytest.raises(InvalidInput, match="levels"):
        journey_sli([Estimate(0.9, 0.8, 1, 0.9), Estimate(0.9, 0.8, 1, 0.95)])


def test_coverage_of_the_product(random):
    truth, inside = 0.98 * 0.99 * 0.95, 0
    for _ in range(1000):
        steps = [proportion_interval(int(random.binomial(2000, p)), 2000) for p in (0.98, 0.99, 0.95)]
        product = journey_sli(steps).product
        inside += product.low <= truth <= product.high
    assert 0.93 <= inside / 1000 <= 0.98


def test_the_steps_errors_are_independent():
    """Two equal steps: their distances to the ends add up as squares, so by the root of two and not by two."""
    step = Estimate(0.99, 0.98, 0.995, 0.95)
    found = journey_sli([step, step])
    assert (found.low.low, found.low.high) == pytest.approx((0.98 - 0.01 * math.sqrt(2), 0.98 + 0.005 * math.sqrt(2)))
    assert found.product.low == pytest.approx(0.99**2 * (0.98 / 0.99) ** math.sqrt(2))
    assert found.product.high == pytest.approx(0.99**2 * (0.995 / 0.99) ** math.sqrt(2))
