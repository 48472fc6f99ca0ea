"""Half the work and twice the servers by hand, and whether what may come then is what is asked for."""

from __future__ import annotations

import math

import pytest

from scaling_lib import capacity
from scaling_lib.model.system import System
from scaling_lib.stats import Estimate

BUSY = System({"cpu": 0.01, "db": 0.004}, {}, 1.0, background={"cpu": 0.2})
TIMES = Estimate(4, 3.5, 4.5, unit="x")


def test_twice_the_servers_gain_more_than_half_the_work():
    """0.8 of a processor for requests of 10 ms: 80/s; of 5 ms 160/s, and two processors have 1.8 for them: 180/s."""
    first, second, third = capacity.reliefs(BUSY, TIMES, 10.0)
    assert (first.step.before.value, first.step.after.value) == pytest.approx((80, 160))
    assert first.more.value == pytest.approx(180)
    # relieved twice, the database ends the throughput at 250, as it does with two processors of half the work
    assert (second.step.after.value, second.more.value) == pytest.approx((250, 250))
    assert [each.step.resource for each in (first, second, third)] == ["cpu", "cpu", "db"]
    assert [each.times.value for each in (first, second, third)] == pytest.approx([8, 12.5, 16])


@pytest.mark.parametrize(
    ("times", "asked", "enough"),
    [
        (TIMES, 6.9, "yes"),  # 7 to 9 times
        (TIMES, 8.0, "perhaps"),
        (TIMES, 9.2, "no"),
        (Estimate(4, math.nan, math.nan, unit="x"), 2.0, "perhaps"),  # nothing is known of its ends
        (None, 6.0, ""),
    ],
)
def test_what_may_come_then_is_held_against_what_is_asked(times, asked, enough):
    (first,) = capacity.reliefs(BUSY, times, asked, steps=1)
    assert first.enough == enough and (first.times is None) == (times is None)
    if times is TIMES:
        assert (first.times.low, first.times.high) == pytest.approx((7, 9), rel=0.02)


def test_so_many_servers_have_to_be_whole():
    (half,) = capacity.reliefs(BUSY, TIMES, 10.0, steps=1, factor=1.5)
    assert half.more is None and half.step.after.value == pytest.approx(120)
    three = System({"cpu": 0.01}, {"cpu": 2}, 1.0)
    assert capacity.reliefs(three, None, 1.0, steps=1, factor=1.5)[0].more.value == pytest.approx(300)
