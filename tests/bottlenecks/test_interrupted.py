"""A known change date: steps and slopes put into series, noise that wanders, and what is too short."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling_lib.bottlenecks import interrupted
from scaling_lib.errors import InvalidInput, NotEnoughData

TIMES = pd.date_range("2026-11-23T10:00Z", periods=240, freq="min")
AT = TIMES[120]


def series(random: np.random.Generator, *, memory: float = 0.0, step: float = 0.0, slope: float = 0.0) -> pd.Series:
    noise = np.zeros(len(TIMES))
    for place, shock in enumerate(random.standard_normal(len(TIMES) - 1), start=1):
        noise[place] = memory * noise[place - 1] + shock
    after = np.arange(len(TIMES)) >= 120
    days = np.asarray((TIMES - AT) / pd.Timedelta(days=1))
    return pd.Series(100 + noise + after * (step + slope * days), index=TIMES)


def test_a_step_and_a_change_of_slope_are_found_with_their_sizes():
    found = interrupted(series(np.random.default_rng(1), step=-5, slope=240), AT, unit="ms")
    assert found.change == "fall" and found.step.low <= -5 <= found.step.high and found.step.unit == "ms"
    assert found.slope.low <= 240 <= found.slope.high and found.slope.unit == "ms a day" and found.slope.low > 0
    assert found.residuals.std() == pytest.approx(1, abs=0.15)


def test_without_noise_the_step_is_exact_and_a_rise_is_a_rise():
    clean = pd.Series(np.where(TIMES >= AT, 7.0, 4.0), index=TIMES)
    found = interrupted(clean, "2026-11-23T12:00", trend=False)
    assert found.step.value == pytest.approx(3) and found.change == "rise" and found.slope is None
    assert found.step.high - found.step.low < 1e-9


def test_the_interval_of_independent_values_is_that_of_theory():
    widths = [
        (lambda step: step.high - step.low)(interrupted(series(np.random.default_rng(seed)), AT, trend=False).step)
        for seed in range(20)
    ]
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.sqrt(2 / 120), rel=0.15)


def test_a_known_trend_is_no_step():
    values = series(np.random.default_rng(3)) + np.arange(240) * 0.05
    assert interrupted(values, AT).change == "no difference found"
    with pytest.raises(NotEnoughData, match="wander slowly"):  # and none without fitting it
        interrupted(values, AT, trend=False)


def test_what_is_too_short_or_no_series_is_refused():
    values = series(np.random.default_rng(4))
    with pytest.raises(NotEnoughData, match="found 4 values on one side .* Supply 6 more"):
        interrupted(values, TIMES[4])
    walk = pd.Series(np.cumsum(np.random.default_rng(5).standard_normal(60)), index=TIMES[:60])
    with pytest.raises(NotEnoughData, match="wander slowly"):
        interrupted(walk, TIMES[30], trend=False)
    with pytest.raises(InvalidInput, match="without times"):
        interrupted(values.reset_index(drop=True), AT)
    assert interrupted(values.mask(values.index.minute == 7), AT).residuals.size == 236


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_without_a_change_a_step_is_found_as_rarely_as_it_says(memory):
    random = np.random.default_rng(6)
    wrong = sum(
        interrupted(series(random, memory=memory), AT, trend=False).change != "no difference found" for _ in range(300)
    )
    assert 5 <= wrong <= 28  # of 300: 5%, standard deviation 3.8
