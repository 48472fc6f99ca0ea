"""The table under all SLO arithmetic: good and bad events per minute, on a grid without gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput

MINUTE = pd.Timedelta(minutes=1)


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
    minutes = table.index.tz_convert("UTC").floor("min")
    values = table[["total", "bad"]].astype(float).fillna(0.0)
    summed = values.groupby(minutes).sum()
    broken = summed[(summed["bad"] < 0) | (summed["bad"] > summed["total"]) | ~np.isfinite(summed["total"])]
    if len(broken):
        row = broken.iloc[0]
        raise InvalidInput(
            f"Counts per minute: found {row['bad']:g} bad of {row['total']:g} at {broken.index[0]}; expected "
            "0 <= bad <= total. Check that the same requests are counted in both."
        )
    grid = pd.date_range(summed.index[0], summed.index[-1], freq="min", name="minute")
    return summed.reindex(grid, fill_value=0.0)


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
