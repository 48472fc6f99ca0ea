"""The clock that a season follows: by a time zone that is given, or by an hour's move that the days themselves show."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import check_kind, said

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HOUR = pd.Timedelta(hours=1)
WEEK = 7
CLEAR = 40.0  # times the variance of one value: chance moves reach some 15 over all days of two years
LARGE = 0.05  # of the variance within days: a smaller gain is not worth a change


def check_zone(where: str, name: str) -> ZoneInfo:
    """The time zone of an IANA name; InvalidInput for anything else."""
    expected = "an IANA name such as Europe/Berlin or UTC"
    check_kind(where, "time_zone", name, str, expected)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidInput(f"{where}: found time_zone {said(name)}; expected {expected}.") from None


def clock_shifts(times: pd.DatetimeIndex, ends: pd.Timestamp, step: pd.Timedelta, zone: str) -> Integers:
    """By how many steps the clock of a time zone is ahead at `times` of what it is at the end of the history."""
    moments = pd.DatetimeIndex([*times, ends])
    local = moments.tz_convert(check_zone("forecast", zone)).tz_localize(None)
    offsets = np.asarray((local - moments.tz_localize(None)).total_seconds(), dtype=np.float64)
    steps = (offsets[:-1] - offsets[-1]) / step.total_seconds()
    return np.asarray(np.round(steps), dtype=np.int64)


def moved_clock(days: Floats, step: pd.Timedelta) -> tuple[int, int] | None:
    """The day from which the shape of the days is an hour later or earlier, and by how many steps it was ahead before.

    days: one row a day. None where no such move is clear: it has to explain what a profile with the hour left as it is
    does not, by far more than chance, with two weeks on either side.
    """
    count, per_day = days.shape
    by = round(HOUR / step)
    if per_day < 12 or by < 1 or count < 4 * WEEK:
        return None
    levels = np.nanmean(np.where(np.isfinite(days).any(axis=1, keepdims=True), days, 0.0), axis=1)
    deviations = np.nan_to_num(days - levels[:, None])
    limit = 4 * np.median(np.abs(deviations))
    deviations = np.clip(deviations, -limit, limit)
    before = np.cumsum(deviations, axis=0)[:-1]
    whole = deviations.sum(axis=0)
    left = float((deviations**2).sum() - (whole**2).sum() / count)
    best = max(
        ((float(gain), place + 1, shift) for shift in (by, -by) for place, gain in _gains(before, whole, shift, count)),
        default=(0.0, 0, 0),
    )
    variance = left / max(count * per_day, 1)
    return best[1:] if best[0] > CLEAR * variance and best[0] > LARGE * left else None


def _gains(before: Floats, whole: Floats, shift: int, count: int) -> list[tuple[int, float]]:
    """By how much the squares left shrink if the days before each place are moved by a shift."""
    aligned = np.roll(before, shift, axis=1) + whole - before
    gains = ((aligned**2).sum(axis=1) - (whole**2).sum()) / count
    return [(place, float(gains[place])) for place in range(2 * WEEK - 1, count - 2 * WEEK)]
