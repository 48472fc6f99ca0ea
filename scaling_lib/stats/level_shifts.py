"""Days that do not belong to their neighbours: passing ones are set aside, lasting shifts of the level become steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_lib.stats.season import NORMAL_MAD, median

Floats = NDArray[np.float64]

WEEK = 7
FAR = 6.0  # robust standard deviations of the same statistic elsewhere in the series
ABRUPT = 0.6  # the share of a shift that has to come within a day: the rest is wander or growth
MOST_SHIFTS = 4


@dataclass(frozen=True, kw_only=True)
class Unusual:
    """shifts: the first day of each new level, ascending; passing: which days are set aside."""

    shifts: tuple[int, ...]
    passing: NDArray[np.bool_]


def find_unusual(levels: Floats, *, weekly: bool) -> Unusual:
    """Tell lasting shifts of the level from days that pass.

    levels: one a day, NaN where not observed; weekly: whether the days of the week may differ.

    A shift is a jump of the medians of the weeks before and after a day, far beyond what such medians do elsewhere in
    the series, most of which comes within a day: a level that wanders sets its own measure. It needs a week on either
    side; what is younger is passing, or, where it lasts more than three days, left to the noise.
    """
    positive = bool((levels[np.isfinite(levels)] > 0).all())
    values = np.log(levels) if positive else levels.copy()
    if weekly:
        values = values - _weekdays(values)
    shifts: list[int] = []
    while len(shifts) < MOST_SHIFTS:
        found = _largest_shift(values, shifts)
        if found is None:
            break
        place, size = found
        values[:place] += size
        shifts.append(place)
    return Unusual(shifts=tuple(sorted(shifts)), passing=_passing(values))


def _weekdays(values: Floats) -> Floats:
    """What each day of the week adds, by the median of what it deviates from the week around it."""
    around = median(_windows(values, 3), 1)
    deviations = values - around
    each = np.array([np.nanmedian(deviations[day::WEEK]) if np.isfinite(deviations[day::WEEK]).any() else 0.0
                     for day in range(WEEK)])  # fmt: skip
    return np.asarray(each[np.arange(len(values)) % WEEK], dtype=np.float64)


def _windows(values: Floats, reach: int) -> Floats:
    """For each day the values from `reach` days before to `reach` days after, NaN beyond the ends."""
    padded = np.concatenate([np.full(reach, np.nan), values, np.full(reach, np.nan)])
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)


def _largest_shift(values: Floats, known: list[int]) -> tuple[int, float] | None:
    if len(values) < 3 * WEEK:
        return None
    weeks = median(np.lib.stride_tricks.sliding_window_view(values, WEEK), 1)
    days = median(np.lib.stride_tricks.sliding_window_view(values, 3), 1)
    places = np.arange(WEEK, len(values) - WEEK + 1)
    jumps = weeks[places] - weeks[places - WEEK]
    abrupt = days[places] - days[places - 3]
    usual = float(np.nanmedian(jumps))
    spread = NORMAL_MAD * float(np.nanmedian(np.abs(jumps - usual))) + 1e-9
    daily = NORMAL_MAD * float(np.nanmedian(np.abs(abrupt - np.nanmedian(abrupt)))) + 1e-9
    far = (np.abs(jumps - usual) > FAR * spread) & (np.abs(abrupt) > FAR * daily)
    far &= abrupt * (jumps - usual) > ABRUPT * (jumps - usual) ** 2
    far &= ~np.isin(places, [place + offset for place in known for offset in (-1, 0, 1)])
    if not far.any():
        return None
    # between two neighbouring days that both look like the first, the larger step from one day to the next decides
    steps = np.abs(np.nan_to_num(values[places] - values[places - 1]))
    best = int(np.argmax(np.where(far, np.abs(jumps) + steps, -1.0)))
    return int(places[best]), float(jumps[best] - usual)


def _passing(values: Floats) -> NDArray[np.bool_]:
    around = median(_windows(values, 3), 1)
    away = np.abs(values - around)
    spread = NORMAL_MAD * float(np.nanmedian(away)) + 1e-9
    return np.asarray(away > FAR * spread, dtype=np.bool_)
