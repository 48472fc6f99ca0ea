"""The table under all SLO arithmetic: good and bad events per minute, on a grid without gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.silence import silence_limit_s

MINUTE = pd.Timedelta(minutes=1)
LONG_SILENCE_S = 3600.0


def minute_grid(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts on every minute from the first to the last: indexed by `minute` (UTC), columns `total` and `bad`.

    counts: columns `total` and `bad`, and the minutes (with a time zone) as index or in a column `minute`. Rows of the
        same minute are added, minutes without a row become 0 of 0.
    Raises InvalidInput for absent columns, times without a zone, and counts that cannot be.
    """
    table = counts.set_index("minute") if "minute" in counts.columns else counts
    absent = [name for name in ("total", "bad") if name not in table.columns]
    if absent:
        found = ", ".join(map(str, counts.columns)) or "none"
        raise InvalidInput(f"Counts per minute: found the columns {found}; expected also {' and '.join(absent)}.")
    if len(table) == 0:
        empty = pd.DatetimeIndex([], tz="UTC", name="minute")
        return pd.DataFrame({"total": np.zeros(0), "bad": np.zeros(0)}, index=empty)
    if not isinstance(table.index, pd.DatetimeIndex) or table.index.tz is None:
        raise InvalidInput(
            "Counts per minute: found minutes without a time zone; expected timestamps in UTC as index or in a column "
            "`minute`. Use pandas.to_datetime(..., utc=True)."
        )
    values = table[["total", "bad"]].astype(float).fillna(0.0).tz_convert("UTC").rename_axis("minute")
    times = pd.DatetimeIndex(values.index)
    is_grid = table.index.freq == MINUTE and times[0] == times[0].floor("min")
    summed = values if is_grid or _are_minutes(times) else values.groupby(times.floor("min")).sum()
    bad, total = summed["bad"].to_numpy(), summed["total"].to_numpy()
    broken = np.flatnonzero((bad < 0) | (bad > total) | ~np.isfinite(total))
    if len(broken):
        place = int(broken[0])
        raise InvalidInput(
            f"Counts per minute: found {bad[place]:g} bad of {total[place]:g} at {summed.index[place]}; expected "
            "0 <= bad <= total. Check that the same requests are counted in both."
        )
    if is_grid:
        return summed
    grid = pd.date_range(summed.index[0], summed.index[-1], freq="min", name="minute")
    return summed.reindex(grid, fill_value=0.0)


def summed_by_minute(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells with a column `minute`, added up by it: indexed by minute, ascending."""
    table = cells.set_index("minute")
    single = table.index.is_unique and table.index.is_monotonic_increasing  # of one route: there is nothing to add
    return table if single else table.groupby(level=0).sum()


def _are_minutes(times: pd.DatetimeIndex) -> bool:
    """Whether they are whole minutes, each once, ascending."""
    minute = int(np.timedelta64(1, "m") / np.timedelta64(1, times.unit))
    return bool(times.is_unique and times.is_monotonic_increasing and not (times.asi8 % minute).any())


def rate_per_s(counts: pd.DataFrame, excluded: pd.DatetimeIndex | None = None) -> float:
    """Mean events per second over the time that was observed.

    counts: minutes with traffic, ascending, as `SLOResult.counts`; excluded: minutes that do not count and are no
        longer in `counts`: their time does not count either.
    The first and the last minute of the history, and those on either side of a long silence, are seen in part only:
    where a stretch has more than two, they are left out with their events. Where none has, all count over the time from
    the first to the last.
    """
    times = pd.DatetimeIndex(counts.index)
    total = counts["total"].to_numpy(dtype=np.float64)
    steps = steps_s(times)
    cuts = np.flatnonzero(are_silent(steps)) + 1
    left_out = pd.DatetimeIndex([], tz="UTC") if excluded is None else excluded
    events = seconds = 0.0
    for places in np.split(np.arange(len(times)), cuts):
        if len(places) > 2:
            start, end = times[places[1]], times[places[-1]]
            events += float(total[places[1:-1]].sum())
            seconds += (end - start).total_seconds() - 60.0 * int(((left_out >= start) & (left_out < end)).sum())
    if seconds > 0:
        return events / seconds
    return float(total.sum()) / ((times[-1] - times[0]).total_seconds() + 60.0) if len(times) else 0.0


def steps_s(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Seconds from each time to the next."""
    return np.asarray((times[1:] - times[:-1]).total_seconds(), dtype=np.float64)


def are_silent(steps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the seconds between two minutes of traffic are so long that nothing was recorded in them."""
    return np.asarray(steps > silence_limit_s(steps, LONG_SILENCE_S), dtype=np.bool_)


def silent_minutes(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The minutes between two of traffic that are silent for long: nothing is recorded of them, not even a calm."""
    places = np.flatnonzero(are_silent(steps_s(times)))
    found = pd.DatetimeIndex([], tz="UTC")
    for last, following in zip(times[places], times[places + 1], strict=True):
        found = pd.DatetimeIndex(found.append(pd.date_range(last, following, freq="min", inclusive="neither")))
    return found


def utc(time: object, where: str) -> pd.Timestamp:
    """A moment in UTC; InvalidInput where it cannot be read or has no time zone."""
    try:
        stamp = pd.Timestamp(time)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{where}: found the time {time!r}; expected an ISO 8601 time with its zone.") from error
    if pd.isna(stamp) or stamp.tzinfo is None:
        raise InvalidInput(
            f"{where}: found the time {time} without a time zone; expected one, such as 2026-11-23T14:00:00Z."
        )
    return stamp.tz_convert("UTC")
