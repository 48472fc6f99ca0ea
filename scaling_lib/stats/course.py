"""A history in its parts and draws of its further course: the season on the days' levels, and the noise within days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scaling_lib.errors import NotEnoughData
from scaling_lib.stats.counts import grain
from scaling_lib.stats.level_shifts import Unusual, find_unusual
from scaling_lib.stats.season import Season, find_season, roll
from scaling_lib.stats.trend import Courses, Trend, draw_courses, fit_trend

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_AT_ONCE = 4_000_000  # values held in memory while drawing
FEWEST_LEVELS = 8


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """What was found in a history of whole days.

    trends: one; or two, as likely, where the last days are off the level and may pass or last.
    floor: 0 where no value of the history is below, else minus infinity. grain: of small counts, see `counts.grain`.
    """

    season: Season
    unusual: Unusual
    trends: tuple[Trend, ...]
    floor: float
    grain: float


def decompose(days: Floats, shifts: Integers, *, daily: bool, weekly: bool, row_days: float = 1.0) -> Decomposition:
    """Part a history into season, unusual days and trend.

    days: one row a day, NaN where not observed; shifts: steps by which the clock of each day is ahead of the last;
    daily, weekly: which seasons may be looked for; row_days: how many days a row stands for.
    """
    season = find_season(days, shifts, daily=daily, weekly=weekly)
    unusual = find_unusual(season.levels, weekly=weekly)
    flat = np.isnan(season.levels) & np.isfinite(days).any(axis=1)  # such as a day of no traffic
    unusual = replace(unusual, passing=unusual.passing | flat)
    levels = np.where(unusual.passing, np.nan, season.levels)
    kept = int(np.isfinite(levels).sum())
    if kept < FEWEST_LEVELS + 2 * len(unusual.shifts):
        raise NotEnoughData(
            f"forecast: found {kept} days with a level of their own after passing events were set aside; expected at "
            f"least {FEWEST_LEVELS + 2 * len(unusual.shifts)}. Supply a longer history."
        )
    trends = [fit_trend(levels, unusual.shifts, weekly=weekly, row_days=row_days)]
    if unusual.young is not None:
        levels[unusual.young :] = season.levels[unusual.young :]
        trends.append(fit_trend(levels, (*unusual.shifts, unusual.young), weekly=weekly, row_days=row_days))
    return Decomposition(
        season=season,
        unusual=unusual,
        trends=tuple(trends),
        floor=0.0 if float(np.nanmin(days)) >= 0 else -np.inf,
        grain=grain(days),
    )


def draw_levels(found: Decomposition, horizon: int, draws: int, random: np.random.Generator) -> Courses:
    """Draw further courses of the days' levels: horizon in days, and how many."""
    count = len(found.trends)
    shares = [draws // count + (place < draws % count) for place in range(count)]
    parts = [draw_courses(trend, horizon, share, random) for trend, share in zip(found.trends, shares, strict=True)]
    if count == 1:
        return parts[0]
    return Courses(
        levels=np.concatenate([part.levels for part in parts]),
        growth=np.concatenate([part.growth for part in parts]),
        rate=np.concatenate([part.rate for part in parts]),
    )


def draw_values(
    found: Decomposition, courses: Courses, shifts: Integers, random: np.random.Generator
) -> Iterator[tuple[slice, Floats]]:
    """Draws of the values of the days to come, some days at a time: which days, and values (draws, days, steps).

    courses: of the levels; shifts: of each day's clock. The noise within a day is that of a whole day of the history,
    drawn at random, so that hours that follow each other remain alike.
    """
    season = found.season
    draws, horizon = courses.levels.shape
    steps = season.profile.shape[1]
    at_once = max(1, MOST_AT_ONCE // (draws * steps))
    for start in range(0, horizon, at_once):
        part = slice(start, min(start + at_once, horizon))
        ahead = np.arange(part.start, part.stop)
        taken = random.integers(len(season.residuals), size=(draws, len(ahead)))
        shape = season.residuals[taken] + season.profile[(found.trends[0].count + ahead) % 7]
        levels = courses.levels[:, part, None]
        values = levels * (1 + shape) if season.multiplicative else levels + shape
        yield part, np.stack([roll(each, -shifts[part]) for each in values]) if shifts[part].any() else values
