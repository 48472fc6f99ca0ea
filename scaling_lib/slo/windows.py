"""Windows of an SLO: rolling and calendar, with time zone and daylight saving, and the budget they leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.window import Window as Window
from scaling_lib.evidence.window import parse_window as parse_window
from scaling_lib.evidence.window import parse_zone
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import utc

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def window_words(text: str) -> str:
    """A window as people say it, before a noun: "28-day", "90-minute", "calendar-month"."""
    window = parse_window(text)
    if window.seconds is None:
        return f"calendar-{window.calendar}"
    size, unit = next(row for row in ((604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
                      if window.seconds % row[0] == 0 and (row[1] != "week" or text.strip().endswith("w")))  # fmt: skip
    return f"{window.seconds // size}-{unit}"


def window_edges(window: str, at: datetime | pd.Timestamp, time_zone: str = "UTC") -> tuple[pd.Timestamp, pd.Timestamp]:
    """Start and end (UTC) of the window at a moment: a rolling one ends there, a calendar one contains it.

    window: see `parse_window`; at: with a time zone; time_zone: an IANA name, in which days begin at midnight and
        weeks on Monday. A calendar window's length follows daylight saving.
    """
    parsed = parse_window(window)
    moment = utc(at, "window_edges")
    zone = parse_zone(time_zone)
    if parsed.seconds is not None:
        return moment - pd.Timedelta(seconds=parsed.seconds), moment
    local = moment.tz_convert(zone)
    year, month, day = local.year, local.month, local.day
    if parsed.calendar == "week":
        first = datetime(year, month, day) - timedelta(days=local.weekday())
        last = first + timedelta(days=7)
    else:
        step = MONTHS[parsed.calendar]
        first = datetime(year, (month - 1) // step * step + 1, 1)
        months = first.month - 1 + step
        last = datetime(first.year + months // 12, months % 12 + 1, 1)
    start, end = (pd.Timestamp(edge.replace(tzinfo=zone)).tz_convert("UTC") for edge in (first, last))
    return start, end


def window_length_s(window: str, at: datetime | pd.Timestamp | None = None, time_zone: str = "UTC") -> float:
    """The length of a window in seconds; a calendar window needs the moment `at`, for months and DST differ."""
    parsed = parse_window(window)
    if parsed.seconds is not None:
        return float(parsed.seconds)
    if at is None:
        raise InvalidInput(f"Window {window}: its length depends on the date; pass `at`, a moment inside it.")
    start, end = window_edges(window, at, time_zone)
    return (end - start).total_seconds()


def window_budget_s(
    target: float, window: str, *, at: datetime | pd.Timestamp | None = None, time_zone: str = "UTC"
) -> float:
    """Seconds of total outage a target allows in a window: 99.9% over 28d is 2,419.2 s, which is 40.32 min."""
    length = Decimal(str(window_length_s(window, at, time_zone)))
    return float(allowed_share(target) * length)
