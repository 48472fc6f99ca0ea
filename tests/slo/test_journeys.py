import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import attainment, journey, journey_sli
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
    assert (found.product.low, found.product.high) == pytest.approx((browse.low * pay.low, browse.high * pay.high))
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


def test_without_counts_the_steps_may_err_together():
    """Two equal steps: their distances to the ends add up, and not as squares."""
    step = Estimate(0.99, 0.98, 0.995, 0.95)
    found = journey_sli([step, step])
    assert (found.low.low, found.low.high) == pytest.approx((0.96, 0.99))
    assert (found.product.low, found.product.high) == pytest.approx((0.98**2, 0.995**2))
    assert (found.high.low, found.high.high) == pytest.approx((0.98, 0.995))


def measured(steps):
    slis = {name: attainment(each["total"] - each["bad"], each["total"], 0.99).sli for name, each in steps.items()}
    return journey_sli(slis, counts=steps)


def test_steps_that_fail_together_are_one_outage(counts_frame, random):
    """Four steps of the same counts tell no more than one: their sum's interval is four times as wide."""
    total = random.poisson(100, 2880)
    bad = random.binomial(total, 0.002)
    for place in (300, 1100, 1900, 2500):
        bad[place : place + 20] = total[place : place + 20] // 2
    one = counts_frame(bad, total)
    step = attainment(total - bad, total, 0.99).sli
    found = measured(dict.fromkeys("abcd", one))
    assert found.low.high - found.low.low == pytest.approx(4 * (step.high - step.low), rel=1e-6)
    assert (found.product.low, found.product.high) == pytest.approx((step.low**4, step.high**4), rel=1e-6)


def failing(random, minutes):
    state, at = np.zeros(minutes, dtype=bool), 0
    while (at := at + int(random.exponential(minutes / 12))) < minutes:
        state[at : at + 1 + int(random.exponential(15))] = True
    return state


def outages(random, minutes, together):
    """Three steps whose failing share is 0.2% and 50% in outages of 15 minutes or so, some 12 in the history."""
    steps = []
    for place in range(3):
        if place == 0 or not together:
            state = failing(random, minutes)
        total = random.poisson(50, minutes)
        steps.append((random.binomial(total, np.where(state, 0.5, 0.002)), total))
    return steps


@pytest.mark.slow
@pytest.mark.parametrize("together", [True, False])
def test_coverage_of_what_the_steps_lose_together(counts_frame, random, together):
    """The true sum of the bad shares lies in the interval of the lowest bound, whether outages are shared or not."""
    minutes, rounds, inside, width = 4000, 150, 0, []
    truth = 3 * (0.002 + 0.498 * np.mean([failing(random, minutes).mean() for _ in range(2000)]))
    for _ in range(rounds):
        steps = {f"s{place}": counts_frame(*each) for place, each in enumerate(outages(random, minutes, together))}
        low = measured(steps).low
        inside += low.low <= 1 - truth <= low.high
        width.append(low.high - low.low)
    print(together, inside / rounds, np.mean(width))
    assert 0.88 <= inside / rounds <= 1
