"""Targets and durations as SLO files write them, without taking percent for fraction or minutes for months."""

from __future__ import annotations

import re
from decimal import Decimal

from scaling_lib.evidence.yaml_parts import Part

MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10_080}
DAYS = {"M": 30, "Q": 90, "Y": 365}
CALENDAR = {"1w": "week", "7d": "week", "1M": "month", "1Q": "quarter", "3M": "quarter", "1Y": "year", "12M": "year"}
LONGEST_SLICE = 1440  # minutes
NO_BUDGET = "A target of 100% leaves no error budget: every single failure would break it."


def fraction(part: Part, key: str, percent_form: str) -> float:
    """A target that has to be a fraction in (0, 1); 99.9 is refused, with what to write instead."""
    number = part.number(key)
    if number is None:
        raise part.error(key, "no target", "a fraction such as 0.999")
    if number == 1:
        raise part.error(key, "1, which is 100%", "less than 1", NO_BUDGET)
    if 1 < number < 100:
        share = (number / 100).normalize()
        raise part.error(key, f"{number}", "a fraction", f"If it is percent, write {key}: {share}{percent_form}.")
    if not 0 < number < 1:
        raise part.error(key, f"{number}", "a fraction above 0 and below 1")
    return float(number)


def percent(part: Part, key: str) -> float:
    """A target that has to be in percent, above 1 and below 100; 0.999 is refused. Returns the fraction."""
    number = part.number(key)
    if number is None:
        raise part.error(key, "no target", "percent such as 99.9")
    if number == 100:
        raise part.error(key, "100", "less than 100", NO_BUDGET)
    if 0 < number <= 1:
        written = (number * 100).normalize()
        raise part.error(key, f"{number}", "percent", f"If it is a fraction, write {key}: {written:f}.")
    if not 1 < number < 100:
        raise part.error(key, f"{number}", "percent above 1 and below 100")
    return float(number / 100)


def duration(part: Part, key: str) -> tuple[int, str]:
    """OpenSLO's shorthand as (count, unit): `m` is minutes, `M` is months."""
    text = part.text(key, required=True)
    match = re.fullmatch(r"([1-9][0-9]*)([mhdwMQY])", text)
    if not match:
        raise part.error(
            key, repr(text), "a number with m (minutes), h, d, w, M (months), Q or Y, in one word", "Such as 28d or 1M."
        )
    return int(match[1]), match[2]


def rolling(count: int, unit: str) -> tuple[str, str]:
    """A rolling window in minutes, hours, days or weeks; and a remark where months and longer had to become days."""
    if unit in MINUTES:
        return f"{count}{unit}", ""
    days = f"{count * DAYS[unit]}d"
    return days, f"a rolling window of {count}{unit} is counted as {days}"


def slice_seconds(part: Part, key: str) -> float:
    """A time slice in seconds: shorthand, or a plain number of whole minutes; 60 where absent."""
    if not part.has(key):
        return 60.0
    if isinstance(part.data[key], str):
        count, unit = duration(part, key)
        if unit not in MINUTES:
            raise part.error(key, repr(part.data[key]), "a slice in m (minutes), h, d or w")
        minutes = Decimal(count * MINUTES[unit])
    else:
        minutes = part.number(key) or Decimal(0)
    if minutes <= 0 or minutes % 1:
        raise part.error(key, f"{minutes}", "whole minutes, by which requests are counted, such as 1 or 5m")
    if minutes > LONGEST_SLICE:
        raise part.error(key, f"{part.data[key]}", "a slice of at most a day")
    return float(minutes * 60)
