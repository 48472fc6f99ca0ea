"""Horizontal against vertical: numbers by hand, pooling, contention, thresholds, and what cannot be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.capacity import Size, scaling_options
from scaling_lib.errors import InvalidInput
from scaling_lib.model.queueing import mmc
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
    slow = Size(name="slow", servers=1, price_per_hour=0.01, speed=0.0001)
    options = scaling_options(100, 0.1, [slow, SMALL, FAST], today=(SMALL, 3))
    assert [each.size.name for each in options] == ["fast", "small", "slow"]
    assert options[-1].reason == "not with 10,000 instances" and math.isnan(options[-1].instances.value)
    assert options[-1].direction == "none"


def test_one_queue_for_many_servers_answers_sooner():
    """90/s of 0.1 s at 90%: ten of one server are M/M/1 at 10 - 9 = 1/s each, so 1% take over ln(100) / 1 = 4.6 s."""
    one = Size(name="one", servers=1, price_per_hour=1)
    ten = Size(name="ten", servers=10, price_per_hour=10)
    found = by_name(scaling_options(90, 0.1, [one, ten], today=(one, 10)))
    assert {name: each.instances.value for name, each in found.items()} == {"one": 10, "ten": 1}
    assert found["one"].response_s == pytest.approx(math.log(100))
    assert found["ten"].response_s == pytest.approx(mmc(90, 10, 10).response_quantile(0.99))
    assert found["ten"].response_s < found["one"].response_s / 3
    (median,) = scaling_options(90, 0.1, [one], today=(one, 10), quantile=0.5)
    assert median.response_s == pytest.approx(math.log(2))


def test_all_of_a_server_leaves_no_line_that_ends():
    """Ten servers at work are 100% of ten: of a queue that is used up nothing is left over."""
    one = Size(name="one", servers=1, price_per_hour=1)
    (option,) = scaling_options(100, 0.1, [one], today=(one, 10), full_at=1.0)
    assert option.instances.value == 11 and math.isfinite(option.response_s)


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


def test_figures_too_large_for_any_number_of_instances():
    for rate, demand in ((1e200, 1e200), (1e6, 1.0)):
        (option,) = scaling_options(rate, demand, [SMALL], today=(SMALL, 1))
        assert option.reason == "not with 10,000 instances"
    (option,) = scaling_options(1e3, Estimate(0.1, 0.01, 1e300), [SMALL], today=(SMALL, 1))
    assert (option.instances.low, option.instances.value, option.instances.high) == (6, 56, math.inf)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rate": 0}, "found rate 0; expected a finite number above 0"),
        ({"rate": math.nan}, "found rate nan"),
        ({"demand_s": -1}, "found demand_s -1"),
        ({"full_at": 1.2}, "found full_at 1.2; expected more than 0 and at most 1"),
        ({"rate": "1"}, "found rate '1'"),
        ({"rate": None}, "found rate None"),
        ({"demand_s": "1"}, "found demand_s '1'"),
        ({"demand_s": None}, "found demand_s None"),
        ({"demand_s": Estimate(math.nan, math.nan, math.nan)}, "found demand_s nan"),
        ({"quantile": 1.0}, "found quantile 1.0; expected a fraction between 0 and 1"),
        ({"quantile": 99}, "found quantile 99"),
        ({"quantile": 0}, "found quantile 0"),
        ({"quantile": "0.99"}, "found quantile '0.99'"),
        ({"sizes": []}, "found sizes []"),
        ({"sizes": "small"}, "found sizes 'small'"),
        ({"sizes": [None]}, "found sizes [None]"),
        ({"sizes": [Size(name="half", servers=1.5, price_per_hour=1)]}, "servers of half 1.5; expected a whole number"),
        ({"sizes": [Size(name="none", servers=0, price_per_hour=1)]}, "found servers of none 0"),
        ({"sizes": [Size(name="text", servers="2", price_per_hour=1)]}, "found servers of text '2'"),
        ({"sizes": [Size(name="still", servers=1, price_per_hour=1, speed=math.nan)]}, "found speed of still nan"),
        ({"today": None}, "found today None"),
        ({"today": (SMALL, 0)}, "found instances of today 0"),
        ({"sizes": [Size(name="free", servers=1, price_per_hour=0)]}, "found price_per_hour of free 0"),
    ],
)
def test_what_cannot_be_is_refused(changed, said):
    given_ = {"rate": 1, "demand_s": 0.1, "sizes": [SMALL], "today": (SMALL, 1)} | changed
    with pytest.raises(InvalidInput, match="scaling_options") as caught:
        scaling_options(**given_)
    assert said in str(caught.value)
