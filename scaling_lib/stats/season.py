"""The shape of the days: one profile, bent towards a profile for each day of the week as far as the data show one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FAR = 6.0  # robust standard deviations from which a value is a passing event, about one in a hundred million
NORMAL_MAD = 1.4826  # the standard deviation of a normal distribution over its median absolute deviation
SEEN_DAILY = 3.0  # times the variance that noise alone would give; an hour's noise carries over to its neighbours
SEEN_WEEKLY = 2.0
MOST_PASSING = 0.03  # of the values
CERTAIN = 50.0  # from here on nothing is shrunk: hours without any traffic stay without
CLEARLY = 0.99  # where both fit a level that hardly changes, the season is taken to grow with it, as traffic does
SMALLEST_LEVEL = 0.05  # of the median: days below have no shape that could be scaled
MOST_FLAT = 0.1  # of the days below it, else no season is in proportion


@dataclass(frozen=True, kw_only=True)
class Season:
    """The days' levels and their shape.

    levels: mean of each day, passing events set aside; NaN where it was not observed.
    profile: 7 rows (day i has row i mod 7), one column a step: what is added to the level, or, where `multiplicative`,
        which fraction of the level is added.
    residuals: usable days, in the profile's unit, 0 where a value was absent or a passing event.
    daily, weekly: how many times the variance of the profile exceeds what noise alone would give.
    passing: which values were passing events.
    loss: the mean absolute residual in the series' own unit, allowing for what the profile was bent to them.
    """

    levels: Floats
    profile: Floats
    residuals: Floats
    multiplicative: bool
    daily: float
    weekly: float
    passing: NDArray[np.bool_]
    loss: float


def find_season(days: Floats, shifts: Integers, *, daily: bool, weekly: bool) -> Season:
    """Part days into levels, profile and residuals.

    days: one row a day, NaN where nothing was observed; shifts: steps by which the clock of each day is ahead;
    daily, weekly: which seasons may be looked for.
    Additive or multiplicative is chosen by what leaves the smaller residuals, the latter where they hardly differ.
    """
    if days.shape[1] == 1:
        return _without_shape(days)
    local = roll(days, shifts)
    additive = _part(local, daily=daily, weekly=weekly, multiplicative=False)
    middle = float(np.nanmedian(additive.levels))
    seen = np.isfinite(additive.levels)
    if float(np.nanmin(days)) < 0 or middle <= 0:
        return additive
    if float(np.isfinite(_scalable(additive.levels))[seen].mean()) < 1 - MOST_FLAT:
        return additive
    scaled = _part(local, daily=daily, weekly=weekly, multiplicative=True)
    clearly = CLEARLY * scaled.loss > additive.loss + 1e-9 * middle
    return additive if clearly else scaled


def median(values: Floats, axis: int) -> Floats:
    """The median along an axis, NaN set aside; numpy's own is slow on short axes."""
    ordered = np.sort(values, axis=axis)
    count = np.isfinite(values).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis=axis)
    high = np.take_along_axis(ordered, np.maximum(count // 2 - (count == 0), 0), axis=axis)
    return np.asarray(((low + high) / 2).squeeze(axis=axis), dtype=np.float64)


def roll(days: Floats, shifts: Integers) -> Floats:
    """Each day's steps in the order of its local clock: step s of the result is step s - shift of the day."""
    if not bool(shifts.any()):
        return days
    steps = (np.arange(days.shape[1]) - shifts[:, None]) % days.shape[1]
    return np.asarray(np.take_along_axis(days, steps, axis=1), dtype=np.float64)


def _without_shape(days: Floats) -> Season:
    return Season(
        levels=days[:, 0].copy(),
        profile=np.zeros((7, 1)),
        residuals=np.zeros((1, 1)),
        multiplicative=False,
        daily=0.0,
        weekly=0.0,
        passing=np.zeros(days.shape, dtype=np.bool_),
        loss=0.0,
    )


def _part(days: Floats, *, daily: bool, weekly: bool, multiplicative: bool) -> Season:
    alike = float((days == np.nanmedian(days))[np.isfinite(days)].mean()) > 0.5
    levels = _mean(days, 1) if alike else median(days, 1)
    if multiplicative:
        levels = _scalable(levels)
    profile, near = np.zeros((7, days.shape[1])), days
    for _ in range(3):  # levels need the shape where values are absent, and the shape needs the levels
        scale = levels[:, None] if multiplicative else np.ones((len(days), 1))
        residuals = (days - levels[:, None]) / scale - profile[np.arange(len(days)) % 7]
        spread = _spread(residuals, alike)
        near = np.where(np.abs(residuals) > FAR * spread, np.nan, residuals)
        levels = levels + scale[:, 0] * np.nan_to_num(_mean(near, 1))
        levels = _scalable(levels) if multiplicative else levels
        shape = _shape(days, levels, profile, FAR * spread, multiplicative)
        profile, seen = _profile(shape, daily=daily, weekly=weekly)
    scale = levels[:, None] if multiplicative else np.ones((len(days), 1))
    residuals = (days - levels[:, None]) / scale - profile[np.arange(len(days)) % 7]
    spread = _spread(residuals, alike)
    near = np.where(np.abs(residuals) > FAR * spread, np.nan, residuals)
    usable = np.isfinite(residuals).mean(axis=1) > 0.9
    usable = usable if usable.any() else np.isfinite(residuals).any(axis=1)
    kept = near[usable]
    kept = np.where(np.isfinite(kept), kept, 0.0)
    fitted = min(0.5, (1 + 6 * seen[2]) / max(len(kept), 1))  # the profile follows the days it was made from
    return Season(
        levels=levels,
        profile=profile,
        residuals=kept / np.sqrt(1 - fitted),
        multiplicative=multiplicative,
        daily=seen[0],
        weekly=seen[1],
        passing=np.abs(residuals) > FAR * spread,
        loss=float(np.nanmean(np.abs(residuals * scale))) / float(np.sqrt(1 - fitted)),
    )


def _scalable(levels: Floats) -> Floats:
    """Levels to which a day's shape can be in proportion, the others as NaN."""
    return np.where(levels > SMALLEST_LEVEL * np.nanmedian(levels), levels, np.nan)


def _spread(residuals: Floats, alike: bool) -> Floats:
    """A robust standard deviation of each step of the day, never below half of that of all.

    Where most values are alike (no event in most hours), or many are far out, the plain deviation is the least: what
    comes often is no passing event.
    """
    each = NORMAL_MAD * median(np.abs(residuals), 0)
    whole = NORMAL_MAD * float(np.nanmedian(np.abs(residuals)))
    spread = np.fmax(each, whole / 2) + 1e-12
    deviation = float(np.nanstd(residuals))
    seen = np.isfinite(residuals)
    if alike or float((np.abs(residuals) > FAR * spread)[seen].mean()) > MOST_PASSING:
        return np.maximum(spread, deviation)
    return spread


def _shape(days: Floats, levels: Floats, profile: Floats, far: Floats, multiplicative: bool) -> Floats:
    scale = levels[:, None] if multiplicative else np.ones((len(days), 1))
    deviations = (days - levels[:, None]) / scale
    centre = median(deviations, 0) if not profile.any() else profile[np.arange(len(days)) % 7]
    return np.asarray(np.where(np.abs(deviations - centre) > far, np.nan, deviations), dtype=np.float64)


def _profile(shape: Floats, *, daily: bool, weekly: bool) -> tuple[Floats, tuple[float, float, float]]:
    """The profile of each of seven days, each part shrunk by what noise alone would give (James and Stein 1961)."""
    common = np.nan_to_num(_mean(shape, 0)) * daily
    rest = shape - common
    rows = [rest[day::7] for day in range(7)]
    counts = np.array([np.isfinite(row).any(axis=1).sum() for row in rows])
    means = np.stack([_mean(row, 0) for row in rows])
    within = float(np.nanmean(np.concatenate([(row - mean) ** 2 for row, mean in zip(rows, means, strict=True)])))
    total = int(counts.sum())
    within *= total / max(total - 7, 1)
    seen_daily = float(total * np.mean(common**2) / within) if within > 0 else np.inf * float(np.mean(common**2) > 0)
    seen_weekly, bend = 0.0, 0.0
    if weekly and counts.min() >= 2:
        between = float(np.mean(counts[:, None] * means**2)) * 7 / 6
        seen_weekly = between / within if within > 0 else np.inf * float(between > 1e-18)
        bend = max(0.0, 1 - 1.2 / seen_weekly) if seen_weekly > 0 else 0.0
    keep = max(0.0, 1 - 1 / seen_daily) if seen_daily > 0 else 0.0
    keep = 1.0 if seen_daily > CERTAIN else keep
    profile = keep * common + bend * np.where(np.isfinite(means), means, 0.0)
    return profile - profile.mean(axis=1, keepdims=True), (seen_daily, seen_weekly, bend)


def _mean(values: Floats, axis: int) -> Floats:
    present = np.isfinite(values)
    count = present.sum(axis=axis)
    sums = np.where(present, values, 0.0).sum(axis=axis)
    return np.asarray(np.where(count > 0, sums / np.maximum(count, 1), np.nan), dtype=np.float64)
