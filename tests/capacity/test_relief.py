"""Half the work by hand, and whether what may come then is what is asked for."""

from __future__ import annotations

import math

import pytest

from scaling_lib import capacity
from scaling_lib.model.gathered import LIMIT
from scaling_lib.model.system import System
from scaling_lib.stats import Estimate

BUSY = System({"cpu": 0.01, "db": 0.004}, {}, 1.0, background={"cpu": 0.2})
TIMES = Estimate(4, 3.5, 4.5, unit="x")


def test_half_the_work_gains_twice_until_another_limits():
    """0.8 of a processor for requests of 10 ms: 80/s; of 5 ms 160/s, as two processors have that do 0.2 each aside."""
    first, second, third = capacity.reliefs(BUSY, TIMES, 10.0)
    assert (first.step.before.value, first.step.after.value) == pytest.approx((80, 160))
    assert BUSY.scale("cpu", 2).bounds().saturation.value == pytest.approx(160)
    assert second.step.after.value == pytest.approx(250)  # relieved twice, the database ends the throughput
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


def test_more_servers_never_gain_more_than_their_number():
    """However much a server does without any request: it is drawn so too."""
    for servers in (2, 3, 7):
        more = BUSY.scale("cpu", servers)
        assert more.limits()["cpu"].value == pytest.approx(servers * 80)
        assert more.limit_draws()["cpu"] == pytest.approx(servers * BUSY.limit_draws()["cpu"])


def test_what_it_takes_then_is_the_end_of_throughput_less_the_same():
    """The system ends at 80, the load test showed 100, of which 10% are kept free, and 22.5/s are today's: 4 times."""
    (first,) = capacity.reliefs(BUSY, TIMES, 10.0, ends=100.0, steps=1)
    assert first.times.value == pytest.approx(160 * 0.9 / 22.5)


def test_what_was_not_measured_cannot_be_relieved():
    """Where that is first nothing can be said; where it comes next the path ends."""
    hidden = System({LIMIT: 0.02, "cpu": 0.01}, {}, 1.0)
    assert capacity.reliefs(hidden, None, 1.0) == ()
    later = System({LIMIT: 0.008, "cpu": 0.01}, {}, 1.0)
    assert [each.step.resource for each in capacity.reliefs(later, None, 1.0)] == ["cpu"]
