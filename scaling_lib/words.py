"""Numbers as people say them: three significant digits, thousands apart, the unit always."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

DURATIONS: tuple[tuple[float, float, str], ...] = (  # from this many seconds on: (from, divisor, unit)
    (2 * 86400.0, 86400.0, "days"),
    (2 * 3600.0, 3600.0, "h"),
    (120.0, 60.0, "min"),
    (1.0, 1.0, "s"),
    (1e-3, 1e-3, "ms"),
    (0.0, 1e-6, "µs"),
)
MESSAGE = re.compile(r"(?:(?<=\. )|^)(?=\S*[./]\S*?(?:, line [\d,]+)?: )")  # where the message about a file begins
CHANGING = re.compile(r"found [^;]*;|'[^']*'|\d[\d,.]*")  # what differs between messages of one kind


def number(value: float, digits: int = 3) -> str:
    """A number with `digits` significant digits, no zeros at the end of its decimals, and commas by thousands.

    Integers below 100,000 are whole.
    """
    if not math.isfinite(value):
        return "not finite" if math.isnan(value) else ("unlimited" if value > 0 else "unlimited below 0")
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 100_000:
        return f"{int(value):,}"
    magnitude = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - magnitude)
    magnitude = math.floor(math.log10(abs(rounded)))
    return _short(f"{rounded:,.{max(0, digits - 1 - magnitude)}f}")


def percent(fraction: float, digits: int = 3) -> str:
    """A fraction as percent; close to 0 and to 100% the digits count from the nearer end."""
    if not math.isfinite(fraction):
        return number(fraction)
    if 0.9 < fraction < 1:
        places = max(0, digits - 2 - math.floor(math.log10((1 - fraction) * 100)))
        return _short(f"{fraction * 100:.{min(places, 6)}f}") + "%"
    return f"{number(fraction * 100, digits)}%"


def duration(seconds: float, digits: int = 3) -> str:
    """A duration in the unit people would use: `412 ms`, `3.2 days`."""
    if not math.isfinite(seconds):
        return "never" if seconds == math.inf else number(seconds)
    if seconds == 0:
        return "0 s"
    _, divisor, unit = next(row for row in DURATIONS if abs(seconds) >= row[0] * (1 - 1e-9))
    return f"{number(seconds / divisor, digits)} {unit}"


def quantity(value: float, unit: str = "") -> str:
    """A value with its unit: `s` as a duration, `fraction` as percent, `x` as a factor, else the unit as given."""
    if unit == "s":
        return duration(value)
    if unit == "fraction":
        return percent(value)
    if unit == "x":
        return f"{number(value)}x" if math.isfinite(value) else number(value)
    return f"{number(value)} {unit}".rstrip()


def plural(count: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listing(items: Sequence[str], most: int = 5) -> str:
    """`a, b and c`; beyond `most` items `a, b and 7 more`."""
    shown = list(items[:most])
    if len(items) > most:
        shown = [*shown, f"{len(items) - most} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def told_once(text: str) -> str:
    """Messages of the form `file: what is wrong.`, those that say the same of several files as one.

    `a.log: no line. b.log: no line.` becomes `2 files, the first a.log: no line.`
    """
    by_words: dict[str, list[tuple[str, str]]] = {}
    for message in MESSAGE.split(text):
        place, colon, words = message.strip().partition(": ")
        by_words.setdefault(CHANGING.sub("", words) if colon else message, []).append((place, words))
    told = [
        f"{place}: {words}" if len(group) == 1 else f"{plural(len(group), 'file')}, the first {place}: {words}"
        for group in by_words.values()
        for place, words in group[:1]
        if place
    ]
    return " ".join(each.removesuffix(": ") for each in told)


def same_words(text: str) -> str:
    """What a message says whatever file it is about, to find others of its kind."""
    return CHANGING.sub("", text.partition(": ")[2] or text)


def _short(decimals: str) -> str:
    """Without zeros at the end: one value reads the same wherever it comes from."""
    return decimals.rstrip("0").rstrip(".") if "." in decimals else decimals
