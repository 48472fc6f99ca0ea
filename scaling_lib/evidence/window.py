"""An SLO's window and its time zone: the one reader of both, whichever file they are written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from scaling_lib.errors import InvalidInput

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
CALENDAR = ("week", "month", "quarter", "year")
OPENSLO_CALENDAR = {"1M": "month", "1Q": "quarter", "1Y": "year"}
LONGEST_DAYS = 36_500
FORMS = "a rolling window such as 28d, or week, month, quarter or year (units s m h d w; m is minutes)"


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window in its one form.

    text: "28d", "90m" (m h d w), or the calendar's word; seconds: the length of a rolling window, None for a calendar
    one; calendar: "week", "month", "quarter" or "year", "" for a rolling one.
    """

    text: str
    seconds: int | None
    calendar: str = ""


def parse_window(text: str) -> Window:
    """Read a window: rolling such as "28d", "1h", "90m", or calendar: "week", "month", "quarter", "year".

    `m` is minutes; OpenSLO's 1M, 1Q and 1Y are the calendar's month, quarter and year.
    Raises InvalidInput for anything else, for less than whole minutes, by which requests are counted, and for more
    than 36,500 days.
    """
    written = str(text).strip()
    word = OPENSLO_CALENDAR.get(written, written.lower())
    if word in CALENDAR:
        return Window(text=word, seconds=None, calendar=word)
    match = re.fullmatch(r"([0-9]{1,12})\s*([smhdw])", written)
    if match is None or int(match[1]) == 0:
        raise InvalidInput(f"Window: found {text!r}; expected {FORMS}.")
    count, unit = int(match[1]), match[2]
    seconds = count * UNITS[unit]
    if seconds % 60:
        raise InvalidInput(f"Window: found {text!r}; expected whole minutes, by which requests are counted.")
    if seconds > LONGEST_DAYS * UNITS["d"]:
        raise InvalidInput(f"Window: found {text!r}; expected at most {LONGEST_DAYS}d.")
    if unit == "s":
        unit = next(longer for longer in "dhm" if seconds % UNITS[longer] == 0)
        count = seconds // UNITS[unit]
    return Window(text=f"{count}{unit}", seconds=seconds)


def parse_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name; InvalidInput for anything else."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise InvalidInput(f"Time zone: found {name!r}; expected an IANA name such as Europe/Berlin.") from None
