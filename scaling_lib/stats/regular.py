"""A time series as a regular grid of whole days: what a forecast is made from, and what had to be left out for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats.clock import clock_shifts, moved_clock
from scaling_lib.words import plural

Floats = NDArray[np.float64]

DAY_S = 86_400
LONGEST_HISTORY = 730  # days: what is older says little of the weeks to come
FEWEST_PERIODS = 2  # of the longest season asked for
FEWEST_DAYS = 10  # with fewer levels neither noise nor growth can be told


@dataclass(frozen=True, kw_only=True)
class Regular:
    """A series on its grid, cut into days that end with the last observation.

    days: one row a day (a step, where the step is a day or longer), one column for each of the day's steps; NaN where
        nothing was observed, and in days of which less than half was observed.
    ends: the last time stamp, UTC; step: between two values.
    hour_shifts: for each day by how many steps the local clock is ahead of that of the last day.
    left_out: sentences.
    """

    days: Floats
    ends: pd.Timestamp
    step: pd.Timedelta
    hour_shifts: NDArray[np.int64]
    left_out: tuple[str, ...]

    @property
    def weekly(self) -> bool:
        """Whether a row is a day, so that seven of them are a week."""
        return bool(self.step * self.days.shape[1] == pd.Timedelta(days=1))

    def begins(self, day: int) -> pd.Timestamp:
        """The first time of a day."""
        count, per_day = self.days.shape
        return pd.Timestamp(self.ends - self.step * ((count - day) * per_day - 1))


def regular(series: pd.Series, season: str, time_zone: str) -> Regular:
    """Put a series on its grid.

    series: numbers indexed by times with a zone, in any order; NaN and absent stamps are gaps.
    Raises InvalidInput for what is not such a series, NotEnoughData for a history too short for the season asked for.
    """
    values, index = _checked(series)
    step = _step(index)
    per_day = max(1, round(DAY_S / step.total_seconds()))
    places = np.asarray((index - index[0]) / step, dtype=np.float64)
    off = np.abs(places - np.round(places)) > 0.01
    if bool(off.any()):
        raise InvalidInput(
            f"forecast: found a value at {index[off][0]}, off the grid of {step} that most of the series keeps; "
            "expected a regular step. Resample the series first, such as series.resample('1h').mean()."
        )
    grid = np.full(round(float(places[-1])) + 1, np.nan)
    grid[np.round(places).astype(np.int64)] = values
    count = len(grid) // per_day
    left_out = []
    begun = len(grid) - count * per_day
    if begun:
        left_out.append(f"{plural(begun, 'value')} before the first whole day")
    if count > LONGEST_HISTORY:
        left_out.append(f"{count - LONGEST_HISTORY:,} days that lie more than two years back")
        count = LONGEST_HISTORY
    days = grid[len(grid) - count * per_day :].reshape(count, per_day)
    gaps = int(np.isnan(days).sum())
    sparse = np.isnan(days).mean(axis=1) > 0.5
    days[sparse] = np.nan
    if gaps:
        what = f"gaps: {plural(gaps, 'value')} of {days.size:,} not observed"
        left_out.append(what + (f", so that {plural(int(sparse.sum()), 'day')} cannot be used" if sparse.any() else ""))
    _require_enough(int((~sparse).sum()), step, per_day, season)
    clock = _clock(index[-1], step, days.shape, time_zone)
    moved = moved_clock(days, step) if time_zone == "UTC" else None
    if moved is not None:
        clock[: moved[0]] = moved[1]
    history = Regular(days=days, ends=index[-1], step=step, hour_shifts=clock, left_out=tuple(left_out))
    if moved is None:
        return history
    said = (
        f"the daily season moved by an hour on about {history.begins(moved[0]):%Y-%m-%d}, as local clocks do: what "
        "lies before was moved to match, and no further move is expected; name the time_zone to have both right"
    )
    return replace(history, left_out=(*left_out, said))


def _checked(series: pd.Series) -> tuple[Floats, pd.DatetimeIndex]:
    if not isinstance(series, pd.Series) or not isinstance(series.index, pd.DatetimeIndex) or series.index.tz is None:
        raise InvalidInput(
            "forecast: expected a pandas Series indexed by time stamps with a time zone. Use "
            "series.tz_localize('UTC') where the stamps are in UTC."
        )
    try:
        ordered = series.astype("float64").sort_index().dropna()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"forecast: found values that are not numbers ({error}); expected numbers.") from error
    index = pd.DatetimeIndex(ordered.index).tz_convert("UTC")
    values = np.asarray(ordered, dtype=np.float64)
    if bool(index.has_duplicates):
        raise InvalidInput(
            f"forecast: found two values at {index[index.duplicated()][0]}; expected one for each time. "
            "Add or average them first."
        )
    if not bool(np.isfinite(values).all()):
        raise InvalidInput(
            f"forecast: found an infinite value at {index[~np.isfinite(values)][0]}; expected finite numbers, "
            "and NaN where nothing was measured."
        )
    if len(values) < FEWEST_DAYS:
        raise NotEnoughData(
            f"forecast: found {plural(len(values), 'value')}; expected at least {FEWEST_DAYS} days of them, "
            f"and {FEWEST_PERIODS} full weeks for a weekly season."
        )
    return values, index


def _step(index: pd.DatetimeIndex) -> pd.Timedelta:
    distances, counts = np.unique(np.asarray((index[1:] - index[:-1]).total_seconds()), return_counts=True)
    seconds = float(distances[np.argmax(counts)])
    if not (DAY_S % seconds == 0 or seconds % DAY_S == 0):
        raise InvalidInput(
            f"forecast: found a step of {seconds:g} s; expected one that divides a day, or whole days. "
            "Resample the series first, such as series.resample('1h').mean()."
        )
    return pd.Timedelta(seconds=seconds)


def _require_enough(found: int, step: pd.Timedelta, per_day: int, season: str) -> None:
    a_day = step * per_day == pd.Timedelta(days=1)
    weekly = a_day and season in ("auto", "weekly")
    needed = 7 * FEWEST_PERIODS if weekly else FEWEST_DAYS
    if found < needed:
        why = f"{FEWEST_PERIODS} full weeks, to see a weekly season" if weekly else "to tell growth from noise"
        unit = "days" if a_day else f"steps of {step}"
        hint = ' or ask for season="daily" or "none"' if weekly and found >= FEWEST_DAYS else ""
        raise NotEnoughData(
            f"forecast: found {found} usable {unit} of history; expected at least {needed} ({why}). "
            f"Supply {needed - found} more{hint}."
        )


def _clock(ends: pd.Timestamp, step: pd.Timedelta, shape: tuple[int, int], time_zone: str) -> NDArray[np.int64]:
    """By how many steps the local clock of each day is ahead of that of the last day."""
    count, per_day = shape
    if per_day == 1 or time_zone == "UTC":
        return np.zeros(count, dtype=np.int64)
    middles = pd.DatetimeIndex([ends - step * (per_day * back + per_day // 2) for back in range(count - 1, -1, -1)])
    return clock_shifts(middles, ends, step, time_zone)
