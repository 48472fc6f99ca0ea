"""Forecasts made from the earlier part of a history, held against the later part: rolling origin."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import NotEnoughData
from scaling_lib.stats.counts import whole_ends
from scaling_lib.stats.course import decompose, draw_levels, draw_values

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_ORIGINS = 8
FARTHEST = 28  # days ahead
WEEK = 7
LEAST = 0.05  # of the mean width: quiet hours that are off by next to nothing widen no interval
DRAWS = 300
TRUSTED = 4.0  # so many origins' errors weigh as much as the model's own word: their coverage is that uncertain
WIDEST = 2.5
AHEAD = (1, 7, 28)


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """How forecasts of this very series would have done.

    origins: how many; values: how many values they were held against, up to `days_ahead` ahead.
    coverage: the fraction of values within the interval of `level`, before widening; NaN without an origin.
    by_ahead: rows are days ahead (up to), columns coverage and values.
    scaled_error: mean absolute error over that of the seasonal naive forecast (the last week, or day, again): below 1
        is better than the naive one; NaN without an origin, or where the naive one has no error.
    widened: by which factor intervals were widened because earlier ones had been too narrow; 1 where not.
    """

    level: float
    origins: int
    values: int
    days_ahead: int
    coverage: float
    by_ahead: pd.DataFrame
    scaled_error: float
    widened: float


def backtest(
    days: Floats,
    shifts: Integers,
    known: tuple[int, ...],
    horizon: int,
    level: float,
    random: np.random.Generator,
    *,
    daily: bool,
    weekly: bool,
    row_days: float = 1.0,
) -> Backtest:
    """Forecast from up to eight origins within the history and compare.

    days: one row a day; shifts: of each day's clock; known: first days of new levels; horizon: days; level: nominal
        coverage; daily, weekly, row_days: as for `decompose`.
    What lies beyond a shift of the level is not held against forecasts from before it, nor is there an origin in the
    week after: no interval holds shifts.
    """
    count = len(days)
    ahead = min(horizon, FARTHEST)
    first, last = max(21 if weekly else 14, count // 3), count - min(ahead, 7)
    origins = sorted({round(each) for each in np.linspace(first, last, MOST_ORIGINS)}) if last >= first else []
    distances, insides, ratios, errors, naives = [], [], [], [], []
    for origin in origins:
        if any(0 <= origin - day < WEEK for day in known):
            continue
        until = min(count, origin + ahead, *(day for day in known if day > origin))
        truth = days[origin:until]
        try:
            found = decompose(
                days[:origin], shifts[:origin] - shifts[origin - 1], daily=daily, weekly=weekly, row_days=row_days
            )
        except NotEnoughData:
            continue
        courses = draw_levels(found, len(truth), DRAWS, random)
        drawn = draw_values(found, courses, shifts[origin:until] - shifts[origin - 1], random)
        values = np.concatenate([part for _, part in drawn], axis=1)
        low, middle, high = bounds(values, level)
        low, high = whole_ends(np.maximum(low, found.floor), high, found.grain)
        seen = np.isfinite(truth)
        side = np.where(truth > middle, high - middle, middle - low)
        off = np.abs(truth - middle)
        side = np.maximum(side, LEAST * float(np.mean(high - low)))
        away = np.where(off > 0, off / np.where(side > 0, side, np.inf), 0.0)
        distances.append(np.broadcast_to(np.arange(1, len(truth) + 1)[:, None], truth.shape)[seen])
        insides.append(((truth >= low) & (truth <= high))[seen])
        ratios.append(away[seen])
        errors.append(off)
        naives.append(np.abs(truth - _naive(days[:origin], len(truth), 7 if weekly else 1)))
    if not distances:
        empty = pd.DataFrame({"coverage": [], "values": []}, index=pd.Index([], name="days_ahead"))
        return Backtest(level=level, origins=0, values=0, days_ahead=0, coverage=math.nan, by_ahead=empty,
                        scaled_error=math.nan, widened=1.0)  # fmt: skip
    distance, inside = np.concatenate(distances), np.concatenate(insides)
    excess = max(0.0, float(np.quantile(np.concatenate(ratios), level)) - 1)
    weight = len(distances) / (len(distances) + TRUSTED)
    return Backtest(
        level=level,
        origins=len(distances),
        values=len(inside),
        days_ahead=int(distance.max()),
        coverage=float(inside.mean()),
        by_ahead=_by_ahead(distance, inside),
        scaled_error=_scaled(errors, naives, float(np.nansum(np.abs(days)))),
        widened=min(1 + weight * excess, WIDEST),
    )


def bounds(values: Floats, level: float) -> tuple[Floats, Floats, Floats]:
    """Low end, median and high end over the first axis."""
    ends = [(1 - level) / 2, 0.5, (1 + level) / 2]
    ordered = np.sort(np.moveaxis(values, 0, -1), axis=-1)
    places = np.array(ends) * (values.shape[0] - 1)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, values.shape[0] - 1)
    found = ordered[..., below] + (ordered[..., above] - ordered[..., below]) * (places - below)
    return found[..., 0], found[..., 1], found[..., 2]


def _naive(days: Floats, horizon: int, period: int) -> Floats:
    """The last known value at the same place of the season."""
    last = days[-period:].copy()
    for back in range(2 * period, len(days) + 1, period):
        if not np.isnan(last).any():
            break
        older = days[len(days) - back : len(days) - back + period]
        last = np.where(np.isnan(last), older, last)
    return last[np.arange(horizon) % period]


def _scaled(errors: list[Floats], naives: list[Floats], size: float) -> float:
    own, naive = np.concatenate(errors), np.concatenate(naives)
    both = np.isfinite(own) & np.isfinite(naive)
    total = float(naive[both].sum())
    return float(own[both].sum()) / total if total > 1e-9 * size else math.nan


def _by_ahead(distance: Integers, inside: NDArray[np.bool_]) -> pd.DataFrame:
    rows, before = [], 0
    for until in AHEAD:
        among = (distance > before) & (distance <= until)
        if among.any():
            rows.append((until, float(inside[among].mean()), int(among.sum())))
        before = until
    return pd.DataFrame(rows, columns=["days_ahead", "coverage", "values"]).set_index("days_ahead")
