"""Forecasts of a regular series: level, growth and season, with intervals held against the history itself."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from numbers import Integral
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import check_choice, check_whole, is_finite, said
from scaling_lib.stats.backtest import Backtest, backtest, bounds
from scaling_lib.stats.clock import check_zone, clock_shifts
from scaling_lib.stats.counts import whole_ends
from scaling_lib.stats.course import Decomposition, decompose, draw_levels, draw_values
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.forecast_words import caveats, left_out
from scaling_lib.stats.proportions import check_level
from scaling_lib.stats.regular import DAY_S, Regular, regular
from scaling_lib.stats.season import SEEN_DAILY, SEEN_WEEKLY, roll
from scaling_lib.words import number

Floats = NDArray[np.float64]
SeasonChoice = Literal["auto", "weekly", "daily", "none"]

SEED = 20_261_123
DRAWS = 2000  # the ends of a 95% interval then wobble by some 3% of its half width
MOST_DRAWS = 100_000
LARGEST_SEED = 2**64
MOST_VALUES = 150_000  # steps ahead: a quarter in minutes
FARTHEST = pd.Timedelta(days=3653)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a series will do if it goes on as before.

    frame: indexed by time (UTC), columns value (the median), low and high, of `level` each.
    growth: of the level a week, at the end of the history: a fraction of the level, or, for series that are not
        positive, in `unit`; growth_told: whether its interval excludes none.
    shape: "linear", "exponential", "linear or exponential" where the history does not tell, or "none" where growth is
        not told from none; exponential: the probability of exponential growth; the forecast is made of both in these
        proportions.
    season: what was found, such as ("daily", "weekly"); multiplicative: whether it grows with the level.
    shifts: first times of new levels; the history before them is kept for season, noise and growth.
    recent: the last seven days, NaN where absent or a passing event.
    backtest: forecasts from within the history; left_out: what was not used as it is; caveats: what may be wrong.
    """

    frame: pd.DataFrame
    level: float
    unit: str
    step: pd.Timedelta
    growth: Estimate
    growth_told: bool
    exponential: float
    shape: str
    season: tuple[str, ...]
    multiplicative: bool
    shifts: tuple[pd.Timestamp, ...]
    backtest: Backtest
    left_out: tuple[str, ...]
    caveats: tuple[str, ...]
    recent: pd.Series = field(repr=False)
    _fit: Decomposition = field(repr=False)
    _clock: NDArray[np.int64] = field(repr=False)
    _rates: Floats = field(repr=False)

    def paths(self, draws: int = DRAWS, *, seed: int = SEED) -> Floats:
        """Further courses of the series, equally likely: one row a draw, one column a row of `frame`."""
        return np.concatenate([part for _, part in self.path_parts(draws, seed=seed)], axis=1)

    def path_parts(self, draws: int = DRAWS, *, seed: int = SEED) -> Iterator[tuple[int, Floats]]:
        """As `paths`, some columns at a time: the first column's place and the columns."""
        check_whole("Forecast.paths", "draws", draws, 1, MOST_DRAWS)
        random = np.random.default_rng(check_whole("Forecast.paths", "seed", seed, 0, LARGEST_SEED))
        middle = self.frame["value"].to_numpy()
        for start, values in _columns(self._fit, self._clock, draws, random):
            inside = values[:, : len(middle) - start]
            centre = middle[start : start + inside.shape[1]]
            wide = centre + self.backtest.widened * (inside - centre)
            yield start, np.maximum(wide, self._fit.floor)

    def growth_per(self, days: float) -> Estimate:
        """The growth over so many days, 30 for a month: compounded where growth is exponential."""
        if not (is_finite(days) and days > 0):
            raise InvalidInput(f"Forecast.growth_per: found {said(days)} days; expected a number above 0.")
        return _growth(self._rates, self.exponential, days, self.level, self.growth.unit)


def forecast(
    series: pd.Series,
    horizon: str | pd.Timedelta | int,
    *,
    level: float = 0.95,
    season: SeasonChoice = "auto",
    time_zone: str = "UTC",
    unit: str = "",
    seed: int = SEED,
) -> Forecast:
    """Forecast a series with intervals that hold single future values.

    series: numbers at a regular step (one that divides a day, or whole days), indexed by times with a zone; NaN and
        absent stamps are gaps. Two years at most are used.
    horizon: how far, such as "84d", or a number of steps; ten years and 150,000 steps at most.
    level: nominal coverage; season: the longest season that may be looked for ("auto": weekly);
    time_zone: whose clock the season follows, such as "Europe/Berlin"; unit: of the values.

    Passing events are set aside, lasting shifts of the level are kept as steps; both are said. A wandering level
    widens the interval with the distance; what cannot be told (linear or exponential growth) widens it too. Where
    forecasts from within the history would have been too narrow, the interval is widened by as much.
    Raises NotEnoughData for short histories (two full weeks for a weekly season, ten days otherwise), InvalidInput for
    series that are not regular.
    """
    check_level("forecast", level)
    check_choice("forecast", "season", season, get_args(SeasonChoice))
    check_zone("forecast", time_zone)
    check_whole("forecast", "seed", seed, 0, LARGEST_SEED)
    history = regular(series, season, time_zone)
    steps = _steps(horizon, history)
    per_day = history.days.shape[1]
    ahead = math.ceil(steps / per_day)
    times = pd.date_range(history.ends + history.step, periods=steps, freq=history.step, name="time")
    daily = season != "none" and per_day > 1
    weekly = season in ("auto", "weekly") and history.weekly
    clock = _clock(history, ahead, time_zone)
    row_days = history.step.total_seconds() * per_day / DAY_S
    found = decompose(history.days, history.hour_shifts, daily=daily, weekly=weekly, row_days=row_days)
    random = np.random.default_rng(seed)
    tested = backtest(
        history.days,
        history.hour_shifts,
        found.unusual.shifts,
        ahead,
        level,
        random,
        daily=daily,
        weekly=weekly,
        row_days=row_days,
    )
    frame = _frame(found, clock, times, level, tested.widened, random)
    courses = draw_levels(found, 1, 4 * DRAWS, random)
    positive = bool(np.isfinite(courses.rate).all())
    rates = (courses.rate if positive else courses.growth) / row_days
    growth = _growth(rates, found.trends[0].exponential, 7, level, "fraction" if positive else unit)
    told = growth.low > 0 or growth.high < 0
    return Forecast(
        frame=frame,
        level=level,
        unit=unit,
        step=history.step,
        growth=growth,
        growth_told=told,
        exponential=found.trends[0].exponential,
        shape=_shape(found.trends[0].exponential) if told else "none",
        season=_seasons(found, daily=daily, weekly=weekly),
        multiplicative=found.season.multiplicative,
        shifts=tuple(history.begins(shift) for shift in found.unusual.shifts),
        backtest=tested,
        left_out=left_out(history, found),
        caveats=caveats(history, found, tested, ahead, growth_told=told),
        recent=_recent(history, found),
        _fit=found,
        _clock=clock,
        _rates=rates,
    )


def _steps(horizon: object, history: Regular) -> int:
    """How many steps ahead a horizon is."""
    expected = "expected a span such as '84d', or a number of steps"
    try:
        if isinstance(horizon, Integral) and not isinstance(horizon, bool):
            steps = int(horizon)
        elif isinstance(horizon, timedelta | np.timedelta64) or (isinstance(horizon, str) and not _bare(horizon)):
            span = re.sub(r"(?<=\d)d$", "D", horizon.strip()) if isinstance(horizon, str) else horizon
            steps = math.ceil(pd.Timedelta(span) / history.step)
        else:
            raise InvalidInput(f"forecast: found a horizon of {said(horizon)}; {expected}.")
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"forecast: found a horizon of {said(horizon)}; {expected}.") from error
    step_s = history.step.total_seconds()
    if not 1 <= steps <= MOST_VALUES or steps * step_s > FARTHEST.total_seconds():
        days = f"{steps:,} steps of {history.step} ({number(steps * step_s / DAY_S)} days)" if is_finite(steps) else ""
        raise InvalidInput(
            f"forecast: found a horizon of {days or 'more steps than can be counted'}; expected 1 to {MOST_VALUES:,} "
            f"steps, and {FARTHEST.days:,} days (ten years) at most: growth does not stay as it is for longer. Ask for "
            "less, or resample the series to longer steps first."
        )
    return steps


def _bare(text: str) -> bool:
    """Whether a text is a number without a unit, which pandas takes for nanoseconds."""
    return re.fullmatch(r"\s*[-+\d.]+\s*", text) is not None


def _clock(history: Regular, ahead: int, time_zone: str) -> NDArray[np.int64]:
    per_day = history.days.shape[1]
    if per_day == 1 or time_zone == "UTC":
        return np.zeros(ahead, dtype=np.int64)
    middles = [history.ends + history.step * (per_day * day + per_day // 2) for day in range(ahead)]
    return clock_shifts(pd.DatetimeIndex(middles), history.ends, history.step, time_zone)


def _columns(
    found: Decomposition, clock: NDArray[np.int64], draws: int, random: np.random.Generator
) -> Iterator[tuple[int, Floats]]:
    """Draws as (draws, steps), some days at a time, and the first step's place."""
    courses = draw_levels(found, len(clock), draws, random)
    for part, values in draw_values(found, courses, clock, random):
        yield part.start * values.shape[2], values.reshape(draws, -1)


def _frame(
    found: Decomposition,
    clock: NDArray[np.int64],
    times: pd.DatetimeIndex,
    level: float,
    widened: float,
    random: np.random.Generator,
) -> pd.DataFrame:
    ends = [bounds(values, level) for _, values in _columns(found, clock, DRAWS, random)]
    low, value, high = (np.concatenate(each)[: len(times)] for each in zip(*ends, strict=True))
    value = np.maximum(value, found.floor)
    low, high = whole_ends(
        np.maximum(value + widened * (low - value), found.floor), value + widened * (high - value), found.grain
    )
    return pd.DataFrame({"value": value, "low": np.minimum(low, value), "high": np.maximum(high, value)}, index=times)


def _growth(rates: Floats, exponential: float, days: float, level: float, unit: str) -> Estimate:
    over = np.expm1(np.clip(rates * days, -50, 50)) if unit == "fraction" and exponential > 0.5 else rates * days
    low, value, high = np.quantile(over, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Estimate(float(value), float(low), float(high), level, unit)


def _shape(exponential: float) -> str:
    if 0.1 < exponential < 0.9:
        return "linear or exponential"
    return "exponential" if exponential >= 0.9 else "linear"


def _seasons(found: Decomposition, *, daily: bool, weekly: bool) -> tuple[str, ...]:
    names = []
    if daily and found.season.daily > SEEN_DAILY:
        names.append("daily")
    if weekly and (found.trends[0].weekly or found.season.weekly > SEEN_WEEKLY):
        names.append("weekly")
    return tuple(names)


def _recent(history: Regular, found: Decomposition) -> pd.Series:
    """The last week, passing events set aside: what "already" is judged by."""
    passing = (
        roll(found.season.passing.astype(np.float64), -history.hour_shifts) > 0
    )  # the season keeps its days by the local clock
    days = np.where(passing, np.nan, history.days)
    days = np.where(found.unusual.passing[:, None], np.nan, days)[-7:].ravel()
    times = pd.date_range(end=history.ends, periods=len(days), freq=history.step, name="time")
    return pd.Series(days, index=times)
