"""Days that do not belong to their neighbours: passing ones are set aside, lasting shifts of the level become steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_lib.stats.counts import counting_noise
from scaling_lib.stats.season import NORMAL_MAD, median

Floats = NDArray[np.float64]

WEEK = 7
FAR = 6.0  # robust standard deviations of the same statistic elsewhere in the series
ABRUPT = 0.6  # the share of a shift that has to come within a day: the rest is wander or growth
MOST_SHIFTS = 4
OF_MEDIANS = 0.67  # the deviation of a difference of two medians of seven days, over that of a day


@dataclass(frozen=True, kw_only=True)
class Unusual:
    """What was found.

    shifts: the first day of each new level, ascending; passing: which days are set aside.
    young: the first of the last days, at most six, that are all off the level (and set aside), or None: whether they
        pass or last cannot be known yet.
    """

    shifts: tuple[int, ...]
    passing: NDArray[np.bool_]
    young: int | None


def find_unusual(levels: Floats, *, weekly: bool) -> Unusual:
    """Tell lasting shifts of the level from days that pass.

    levels: one a day, NaN where not observed; weekly: whether the days of the week may differ.

    A shift is a jump of the medians of the weeks before and after a day, far beyond what such medians do elsewhere in
    the series, most of which comes within a day: a level that wanders sets its own measure. It needs a week on either
    side; what is younger is `young`.
    """
    positive = bool((levels[np.isfinite(levels)] > 0).all())
    values = np.log(levels) if positive else levels.copy()
    least = counting_noise(levels, logarithms=positive) + 1e-9
    if weekly:
        values = values - _weekdays(values)
    shifts: list[int] = []
    while len(shifts) < MOST_SHIFTS:
        found = _largest_shift(values, shifts, least)
        if found is None:
            break
        place, size = found
        values[:place] += size
        shifts.append(place)
    young = _young(values, least)
    passing = _passing(values, least)
    if young is None and passing[-1]:
        young = len(values) - int(np.argmin(passing[::-1]))
    passing[young if young is not None else len(values) :] = True
    return Unusual(shifts=tuple(sorted(shifts)), passing=passing, young=young)


def _weekdays(values: Floats) -> Floats:
    """What each day of the week adds, by the median of what it deviates from the week around it."""
    around = median(_windows(values, 3), 1)
    deviations = values - around
    each = np.array([median(deviations[day::WEEK], 0)
                     for day in range(WEEK)])  # fmt: skip
    return np.asarray(each[np.arange(len(values)) % WEEK], dtype=np.float64)


def _windows(values: Floats, reach: int) -> Floats:
    """For each day the values from `reach` days before to `reach` days after, NaN beyond the ends."""
    padded = np.concatenate([np.full(reach, np.nan), values, np.full(reach, np.nan)])
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)


def _largest_shift(values: Floats, known: list[int], least: float) -> tuple[int, float] | None:
    if len(values) < 3 * WEEK:
        return None
    weeks = median(np.lib.stride_tricks.sliding_window_view(values, WEEK), 1)
    days = median(np.lib.stride_tricks.sliding_window_view(values, 3), 1)
    places = np.arange(WEEK, len(values) - WEEK + 1)
    jumps = weeks[places] - weeks[places - WEEK]
    abrupt = days[places] - days[places - 3]
    usual = float(median(jumps, 0))
    spread = max(NORMAL_MAD * float(median(np.abs(jumps - usual), 0)), OF_MEDIANS * least)
    daily = max(NORMAL_MAD * float(median(np.abs(abrupt - median(abrupt, 0)), 0)), OF_MEDIANS * least)
    far = (np.abs(jumps - usual) > FAR * spread) & (np.abs(abrupt) > FAR * daily)
    far &= abrupt * (jumps - usual) > ABRUPT * (jumps - usual) ** 2
    far &= ~np.isin(places, [place + offset for place in known for offset in (-1, 0, 1)])
    if not far.any():
        return None
    # between two neighbouring days that both look like the first, the larger step from one day to the next decides
    steps = np.abs(np.nan_to_num(values[places] - values[places - 1]))
    best = int(np.argmax(np.where(far, np.abs(jumps) + steps, -1.0)))
    return int(places[best]), float(jumps[best] - usual)


def _young(values: Floats, least: float) -> int | None:
    """The first of up to six last days that jumped and stayed off the week before."""
    best, where = 0.0, None
    for length in range(1, WEEK):
        place = len(values) - length
        if place < 2 * WEEK:
            break
        weeks = median(np.lib.stride_tricks.sliding_window_view(values[:-length], WEEK), 1)
        runs = median(np.lib.stride_tricks.sliding_window_view(values[WEEK:], length), 1)
        jumps = runs - weeks
        usual = float(median(jumps, 0))
        away = jumps - usual
        spread = max(NORMAL_MAD * float(median(np.abs(away), 0)), least)
        steps = np.array([values[place] - median(values[place - 3 : place], 0), values[-1] - weeks[-1]])
        stayed = bool((steps * away[-1] > ABRUPT * away[-1] ** 2).all())
        step = abs(float(np.nan_to_num(values[place] - values[place - 1])))
        if stayed and abs(away[-1]) > FAR * spread and step >= best:
            best, where = step, place
    return where


def _passing(values: Floats, least: float) -> NDArray[np.bool_]:
    slope = float(median(np.diff(values), 0))
    if abs(slope) > float(median(np.abs(np.diff(values) - slope), 0)):  # steep: at the ends it has but one side
        values = values - slope * np.arange(len(values))
    around = median(_windows(values, 3), 1)
    away = np.abs(values - around)
    steps = np.diff(values)  # of a level that wanders, the days at the ends are off the days on their one side
    usual = max(float(median(away, 0)), float(median(np.abs(steps - median(steps, 0)), 0)) / np.sqrt(2))
    spread = max(NORMAL_MAD * usual, least)
    return np.asarray(away > FAR * spread, dtype=np.bool_)
