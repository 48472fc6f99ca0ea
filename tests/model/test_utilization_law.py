"""Demands from metrics: the law by hand, what is left out, and how often the intervals hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.utilization_law import from_utilization

TIMES = pd.date_range("2026-01-01", periods=60, freq="5s", tz="UTC")
A = pd.Series(np.linspace(10, 100, 60), TIMES)
B = pd.Series(40 + 30 * np.cos(np.arange(60)), TIMES)


def test_an_exact_line_gives_its_demand_and_its_background():
    law = from_utilization(0.1 + 0.004 * A, A)
    assert law.demands["all"].value == law.mean_demand.value == pytest.approx(0.004)
    assert law.background.value == pytest.approx(0.1)
    assert law.demands["all"].high - law.demands["all"].low < 1e-9
    assert law.fit == pytest.approx(1.0) and law.points == 60 and law.left_out == {} and law.offset == 0


def test_journeys_whose_rates_differ_are_told_apart():
    law = from_utilization(0.05 + 0.004 * A + 0.001 * B, pd.DataFrame({"buy": A, "browse": B}))
    assert law.separable and max(law.inflation.values()) < 1.1
    assert law.demands["buy"].value == pytest.approx(0.004) and law.demands["browse"].value == pytest.approx(0.001)
    mean = (0.004 * A.sum() + 0.001 * B.sum()) / (A.sum() + B.sum())
    assert law.mean_demand.value == pytest.approx(mean)
    assert law.mix["buy"] == pytest.approx(A.sum() / (A.sum() + B.sum()))


def test_journeys_that_move_together_share_the_mean_requests_demand():
    law = from_utilization(0.05 + 0.004 * A + 0.001 * 3 * A, pd.DataFrame({"buy": A, "browse": 3 * A}))
    assert not law.separable and law.inflation["buy"] == math.inf
    assert law.demands["buy"].value == law.demands["browse"].value == pytest.approx(0.007 / 4)
    assert any("move together" in note and "Spans" in note for note in law.notes)


def test_no_demand_is_below_nothing():
    busy = 0.05 + 0.004 * A - 0.0005 * B
    law = from_utilization(busy, pd.DataFrame({"buy": A, "browse": B}))
    # the nearest without browse is the line through the other; no noise, so each draw is the same
    demand, background = np.polyfit(A, busy, 1)
    assert demand == pytest.approx(0.004, rel=0.05) and background == pytest.approx(0.05 - 0.0005 * 40, rel=0.2)
    assert law.demands["browse"].value == law.demands["browse"].high == 0.0
    assert law.demands["buy"].value == pytest.approx(demand) and law.background.value == pytest.approx(background)
    assert law.draws == pytest.approx(np.tile([background, demand, 0.0], (len(law.draws), 1)))


def test_what_cannot_be_used_is_left_out_and_counted():
    busy = 0.1 + 0.004 * A
    rates = A.copy()
    busy.iloc[3], busy.iloc[7], busy.iloc[11], rates.iloc[13] = math.nan, 1.2, 0.0, -900.0
    law = from_utilization(busy, rates)
    assert law.demands["all"].value == pytest.approx(0.004) and law.points == 56
    assert list(law.left_out.values()) == [1, 1, 1, 1]
    for words in ("not measured", "restarted", "above the 1 server", "stale counter"):
        assert any(words in reason for reason in law.left_out)
        assert words in law.notes[0]


def test_rates_that_were_sampled_later_are_moved_back():
    load = pd.Series(np.repeat([20.0, 60, 100, 150, 200, 250], 10), TIMES)
    late = 0.6 * load + 0.4 * load.shift(1, fill_value=20.0)  # by 0.4 of a step
    law = from_utilization(0.1 + 0.003 * late, load)
    assert law.offset == pytest.approx(-0.4)
    assert law.demands["all"].value == pytest.approx(0.003) and law.background.value == pytest.approx(0.1)
    assert any("0.4 of a step earlier" in note for note in law.notes)


def test_a_demand_that_falls_with_the_load_is_said():
    load = pd.Series(np.repeat(np.linspace(20, 300, 12), 6))
    noise = np.random.default_rng(4).normal(size=72) * 0.005
    bent = from_utilization(0.004 * load - 0.000004 * load**2 + noise, load)
    assert bent.bend == pytest.approx(-2 * 0.000004 * 280 / (0.004 - 0.000004 * 320), rel=0.1)
    assert any("less than in proportion" in note for note in bent.notes)
    assert from_utilization(0.05 + 0.004 * load + noise, load, servers=2).bend == 0.0


def test_a_journey_that_never_came_is_said():
    law = from_utilization(0.1 + 0.004 * A, pd.DataFrame({"buy": A, "sell": 0.0 * A}))
    assert list(law.demands) == ["buy"] and any("sell" in note for note in law.notes)


def test_what_rounding_leaves_of_a_rate_is_no_journey():
    parts = pd.DataFrame({"a": 0.1 * A, "b": 0.2 * A, "c": 0.7 * A})
    rest = (A - parts.sum(axis=1)).abs()  # of all requests, without those of each journey
    assert 0 < rest.max() < 1e-12
    law = from_utilization(0.1 + 0.004 * A + 0.001 * B, pd.DataFrame({"buy": A, "browse": B, "other": rest}))
    assert list(law.demands) == ["buy", "browse"] and law.separable
    assert law.demands["browse"].value == pytest.approx(0.001)
    assert any("of other" in note for note in law.notes)


def test_residuals_that_are_alike_widen_the_interval():
    numbers = np.random.default_rng(1)
    load = pd.Series(np.repeat(np.linspace(20, 300, 12), 10))
    noise = numbers.normal(size=12) * 0.02
    alone = from_utilization(0.05 + 0.002 * load + numbers.permutation(np.repeat(noise, 10)), load)
    alike = from_utilization(0.05 + 0.002 * load + np.repeat(noise, 10), load)
    assert alike.block > 1
    wide, narrow = (each.mean_demand.high - each.mean_demand.low for each in (alike, alone))
    assert wide > 1.5 * narrow


@pytest.mark.slow
def test_the_intervals_hold_the_truth_as_often_as_they_say():
    """120 series of 80 points; the long form has 200 of each of 24 kinds, see tests/benchmarks/bench_system.py."""
    numbers = np.random.default_rng(7)
    rate, held = np.repeat(np.linspace(20, 300, 10), 8), np.zeros(2)
    for _ in range(120):
        counts = numbers.poisson(rate * 5)
        busy = 0.05 + numbers.gamma(counts) * 0.002 / 5 + numbers.normal(size=80) * 0.01
        law = from_utilization(pd.Series(busy.clip(1e-6)), pd.Series(counts / 5))
        held += [
            law.mean_demand.low <= 0.002 <= law.mean_demand.high, law.background.low <= 0.05 <= law.background.high
        ]  # fmt: skip
    assert held.min() >= 108  # 0.95 of 120 is 114, its standard deviation 2.4


def test_too_few_loads_are_refused_with_what_is_needed():
    flat = pd.Series(100.0 + np.sin(np.arange(60)), TIMES)
    with pytest.raises(NotEnoughData, match=r"found 1 load .* expected at least 5"):
        from_utilization(0.1 + 0.004 * flat, flat)
    with pytest.raises(NotEnoughData, match="0 usable points"):
        from_utilization(math.nan * A, A)
    with pytest.raises(NotEnoughData):
        from_utilization(0.1 + 0.0 * A, 0.0 * A)


def test_what_cannot_be_is_refused():
    with pytest.raises(InvalidInput, match="no time in common"):
        from_utilization(A, A.shift(1, freq="1D"))
    with pytest.raises(InvalidInput, match="the 1 given"):
        from_utilization(0.1 + 0.04 * A, A)
    assert from_utilization(0.1 + 0.04 * A, A, servers=8).demands["all"].value == pytest.approx(0.04)
    for wrong in (A.to_numpy(), pd.concat([A, A])):
        with pytest.raises(InvalidInput, match="each time is there once"):
            from_utilization(wrong, A)
    for options in ({"servers": 0}, {"level": 1.0}):
        with pytest.raises(InvalidInput):
            from_utilization(0.004 * A, A, **options)


def test_times_that_do_not_overlap_are_named():
    """An hour apart, as of a clock in another time zone."""
    times = pd.date_range("2026-01-01 10:00", periods=30, freq="min", tz="UTC")
    busy = pd.Series(0.5, index=times + pd.Timedelta(hours=1))
    with pytest.raises(InvalidInput, match=r"use is from 2026-01-01 11:00.* to .*11:29.*, the requests from .*10:00"):
        from_utilization(busy, pd.Series(5.0, index=times), servers=1)
    with pytest.raises(InvalidInput, match="with the same step"):
        from_utilization(pd.Series(0.5, index=times + pd.Timedelta(seconds=7)), pd.Series(5.0, index=times), servers=1)
