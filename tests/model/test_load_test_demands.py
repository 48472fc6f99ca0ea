"""Demands from load tests whose system is known: mean value analysis makes their levels."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.model.load_test_demands import from_load_test
from scaling_lib.model.queueing import mva

DEMANDS, THINK = {"cpu": 0.01, "disk": 0.004}, 1.0


def levels(*users: int) -> pd.DataFrame:
    solved = [mva(DEMANDS, each, THINK) for each in users]
    return pd.DataFrame(
        {"users": users, "throughput": [s.throughput for s in solved], "mean_s": [s.response for s in solved]}
    )


def test_a_test_past_saturation_tells_limit_demands_and_thinking():
    found = from_load_test(levels(1, 20, 50, 80, 150, 200, 300))
    assert found.method == "plateau" and found.plateau_levels == 3
    assert found.limit.value == pytest.approx(100.0, rel=1e-3) and found.limit.low <= 100.0 <= found.limit.high + 1e-6
    assert found.bottleneck_demand.value == pytest.approx(0.01, rel=1e-3)
    assert found.total_demand.value == pytest.approx(0.014)
    assert found.think_time.value == pytest.approx(THINK)
    assert found.notes == ()


def test_without_a_plateau_the_limit_is_not_known_but_bounded():
    found = from_load_test(levels(1, 20, 40, 60))
    assert found.method == "none" and math.isnan(found.limit.value)
    assert found.limit.low == pytest.approx(mva(DEMANDS, 60, THINK).throughput)
    assert found.bottleneck_demand.low == 0 and found.bottleneck_demand.high == pytest.approx(1 / found.limit.low)
    assert "Test with more users" in found.notes[0]


def test_where_the_throughput_still_rises_the_scalability_law_says_its_peak():
    users = pd.Series([1, 4, 8, 12, 16, 20, 24])
    law = 20 * users / (1 + 0.02 * (users - 1) + 0.0005 * users * (users - 1))
    wobble = 1 + 0.004 * pd.Series([1, -1, 1, -1, -1, 1, 0])
    found = from_load_test(pd.DataFrame({"users": users, "throughput": law * wobble, "mean_s": users / law}))
    at = math.sqrt((1 - 0.02) / 0.0005)
    assert found.method == "scalability law"
    assert found.limit.low <= 20 * at / (1 + 0.02 * (at - 1) + 0.0005 * at * (at - 1)) <= found.limit.high
    assert "extrapolates" in found.notes[0]


def test_the_demand_of_a_resource_with_several_servers():
    assert from_load_test(levels(1, 80, 150, 300), servers=4).bottleneck_demand.value == pytest.approx(0.04, rel=1e-3)


def test_a_level_that_was_measured_brings_its_own_interval():
    known = levels(1, 50, 100, 120).assign(mean_s_low=0.9, mean_s_high=1.1, throughput_low=1.0, throughput_high=200.0)
    known.loc[0, ["mean_s_low", "mean_s_high"]] = 0.013, 0.016
    found = from_load_test(known)
    assert (found.total_demand.low, found.total_demand.high) == (0.013, 0.016)


def test_a_throughput_that_falls_again_is_said():
    falling = levels(1, 50, 150, 300)
    falling.loc[3, "throughput"] *= 0.8
    assert any("falls again" in note for note in from_load_test(falling).notes)


def test_what_cannot_be_is_refused():
    with pytest.raises(NotEnoughData, match="2 levels"):
        from_load_test(levels(1, 20))
    with pytest.raises(NotMeasured, match="how many users"):
        from_load_test(levels(1, 20, 40).assign(users=math.nan))
    with pytest.raises(InvalidInput, match="no column mean_s"):
        from_load_test(levels(1, 20, 40).drop(columns="mean_s"))
    with pytest.raises(InvalidInput, match="above 0"):
        from_load_test(levels(1, 20, 40).assign(throughput=[1.0, 0.0, 2.0]))
    with pytest.raises(InvalidInput, match="mean_s .*not all numbers"):
        from_load_test(levels(1, 20, 40).assign(mean_s=["1", "2", "3"]))
    with pytest.raises(InvalidInput, match="levels of type list"):
        from_load_test([1, 20, 40])
    with pytest.raises(NotMeasured, match="how long requests took"):
        from_load_test(levels(1, 20, 40).assign(mean_s=math.nan))
    with pytest.raises(InvalidInput, match="level 95"):
        from_load_test(levels(1, 20, 40), level=95)
