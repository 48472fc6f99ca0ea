"""Horizontal against vertical: numbers by hand, pooling, contention, thresholds, and what cannot be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.capacity import Contention, Size, scaling_options
from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate

SMALL = Size(name="small", servers=2, price_per_hour=0.1)
LARGE = Size(name="large", servers=8, price_per_hour=0.4)
FAST = Size(name="fast", servers=2, price_per_hour=0.15, speed=2.0)


def by_name(options):
    return {each.size.name: each for each in options}


def test_utilisation_decides_without_a_threshold():
    """100/s of 0.1 s are 10 servers at work; at 80% that takes 12.5: 7 of two servers, 2 of eight, 4 twice as fast."""
    found = by_name(scaling_options(100, 0.1, [SMALL, LARGE, FAST], today=(SMALL, 3), full_at=0.8))
    assert {name: each.instances.value for name, each in found.items()} == {"small": 7, "large": 2, "fast": 4}
    assert found["large"].price_per_hour.value == pytest.approx(0.8)
    assert found["small"].utilization == pytest.approx(10 / 14)
    assert {name: each.direction for name, each in found.items()} == {
        "small": "horizontal",
        "large": "vertical",
        "fast": "both",
    }


def test_the_cheapest_stands_first_and_what_cannot_be_last():
    slow = Size(name="slow", servers=1, price_per_hour=0.01, speed=0.01)
    names = [each.size.name for each in scaling_options(100, 0.1, [slow, SMALL, FAST], today=(SMALL, 3), threshold_s=1)]
    assert names == ["fast", "small", "slow"]


def test_pooling_takes_fewer():
    """Nine servers at work: one queue needs few more for a tail of 0.6 s, a queue each many."""
    one = Size(name="one", servers=1, price_per_hour=1)
    (apart,) = scaling_options(90, 0.1, [one], today=(one, 10), full_at=0.95, threshold_s=0.6)
    (pooled,) = scaling_options(90, 0.1, [one], today=(one, 10), full_at=0.95, threshold_s=0.6, pooled=True)
    assert 10 <= pooled.instances.value < apart.instances.value / 3
    # M/M/1: the response is exponential at 10 - 90/n, whose 99% point is ln(100) / (10 - 90/n) <= 0.6
    assert apart.instances.value == math.ceil(90 / (10 - math.log(100) / 0.6))
    assert apart.response_s == pytest.approx(math.log(100) / (10 - 90 / apart.instances.value))


def test_contention_costs():
    """At alpha 0.05 eight servers do the work of 8 / 1.35, and 11 of them take 1.5 times as long."""
    (option,) = scaling_options(50, 0.1, [LARGE], today=(LARGE, 1), within=Contention(alpha=0.05))
    assert option.lost == pytest.approx(1 - 1 / 1.35)
    assert option.instances.value == 1 and option.utilization == pytest.approx(5 * 1.35 / 8)


def test_contention_between_instances_can_end_it():
    """X(n) = n / (1 + beta n (n - 1)) peaks at 1 / sqrt(beta) = 5 of them, at 5 / 1.8 of one: 27.8/s of 10/s each."""
    one = Size(name="one", servers=1, price_per_hour=1)
    between = Contention(beta=0.04)
    (fits,) = scaling_options(24, 0.1, [one], today=(one, 1), between=between)
    assert fits.instances.value == 4  # 3: 24.19/s, which is too full; 4: 27.03/s
    (never,) = scaling_options(26, 0.1, [one], today=(one, 1), between=between)
    assert "more than" in never.reason and math.isnan(never.instances.value)


def test_a_service_that_is_too_slow_by_itself():
    (option,) = scaling_options(1, 0.1, [SMALL], today=(SMALL, 1), threshold_s=0.46)  # ln(100) / 10 is 0.4605
    assert option.reason.startswith("even without any wait")


def test_the_demands_interval_is_that_of_the_number():
    (option,) = scaling_options(100, Estimate(0.1, 0.05, 0.2), [SMALL], today=(SMALL, 7), full_at=0.8)
    assert (option.instances.low, option.instances.value, option.instances.high) == (4, 7, 13)
    assert option.direction == "as today"


@settings(max_examples=60, deadline=None)
@given(rate=st.floats(0.1, 500), demand=st.floats(0.001, 0.5), servers=st.integers(1, 32))
def test_the_fewest_is_enough_and_one_fewer_is_not(rate, demand, servers):
    size = Size(name="size", servers=servers, price_per_hour=1)
    (option,) = scaling_options(rate, demand, [size], today=(size, 1), full_at=0.7)
    count = option.instances.value
    assert rate * demand / (count * servers) <= 0.7 * (1 + 1e-9)
    assert count == 1 or rate * demand / ((count - 1) * servers) > 0.7 * (1 - 1e-9)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rate": 0}, "found rate 0; expected a finite number above 0"),
        ({"rate": math.nan}, "found rate nan"),
        ({"demand_s": -1}, "found demand_s -1"),
        ({"full_at": 1.2}, "found full_at 1.2; expected more than 0 and at most 1"),
        ({"threshold_s": 0}, "found threshold_s 0"),
        ({"sizes": [Size(name="free", servers=1, price_per_hour=0)]}, "found price_per_hour of free 0"),
    ],
)
def test_what_cannot_be_is_refused(changed, said):
    given_ = {"rate": 1, "demand_s": 0.1, "sizes": [SMALL], "today": (SMALL, 1)} | changed
    with pytest.raises(InvalidInput, match="scaling_options") as caught:
        scaling_options(**given_)
    assert said in str(caught.value)
