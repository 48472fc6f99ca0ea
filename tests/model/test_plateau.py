"""The plateau of a load test, by hand; and that all who ask for the limit have the same one."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from scaling_lib import capacity
from scaling_lib.model.load_test_demands import from_load_test
from scaling_lib.model.plateau import plateau


def levels(*served: float, users=(10, 20, 40, 80, 160, 320)) -> pd.DataFrame:
    frame = pd.DataFrame({"users": users[: len(served)], "throughput": served})
    return frame.assign(level=range(1, len(frame) + 1), mean_s=[0.01] * len(frame))


def test_the_mean_of_the_levels_that_are_as_good():
    """95% of 100 is served by two more; t of 2 degrees is 4.303, the deviation of 96, 100, 98 is 2."""
    found = plateau(levels(10, 20, 40, 96, 100, 98))
    assert found.reached and found.levels == (4, 5, 6) and not found.falls
    assert found.throughput.value == pytest.approx(98)
    half = 4.302653 * 2 / math.sqrt(3)
    assert found.throughput.high == pytest.approx(98 + half, rel=1e-6)
    assert found.throughput.low == pytest.approx(98 * math.exp(-half / 98), rel=1e-6)


def test_two_levels_say_little_but_more_than_nothing():
    """At 99.9% the quantile is 637 standard errors: the throughput is above 0 all the same."""
    found = plateau(levels(10, 20, 96, 100), level=0.999)
    assert found.levels == (3, 4) and 0 < found.throughput.low < 1


@pytest.mark.parametrize(
    "served", [(10, 20, 40, 96, 100, 98), (10, 20, 40, 100, 80, 60), (10, 20, 40, 60, 80, 100), (100, 90, 80, 70, 60)]
)
def test_there_is_one_plateau(served):
    """What the demands rest on is what the load curve shows, in value, interval and count."""
    own, shown = from_load_test(levels(*served)), capacity.plateau(levels(*served))
    assert (own.method == "plateau") is shown.reached
    assert own.plateau_levels == len(shown.levels)
    if shown.reached:
        for end in ("value", "low", "high"):
            assert getattr(own.limit, end) == pytest.approx(getattr(shown.throughput, end), nan_ok=True)
    else:
        assert own.method == "none" or served[-1] == max(served)


def test_a_throughput_that_only_falls_has_no_plateau_and_no_law():
    found = from_load_test(levels(100, 90, 80, 70, 60))
    assert found.method == "none" and math.isnan(found.limit.value) and found.limit.low == 100
    assert any("lies below the measured range" in note for note in found.notes)
