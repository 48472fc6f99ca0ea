"""How single values of `assessment.yaml` are written: targets, thresholds, windows, places. ValueError says what is."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.window import parse_window, parse_zone

LEAST_TARGET = Decimal("0.5")  # nobody promises less: below it, percent and fraction were confused
THRESHOLD_UNITS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
DURATION_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_target(value: object) -> float:
    """A target as a fraction: `99.9%` or `0.999`; refused are a bare 99.9, it could be either, and less than 50%."""
    text = str(value).strip()
    try:
        fraction = Decimal(text[:-1].strip()) / 100 if text.endswith("%") else Decimal(text)
        fraction.compare_signal(Decimal(1))
    except InvalidOperation:
        raise ValueError(f"found {text!r}; expected a target such as 99.9% or 0.999") from None
    if fraction == 1:
        raise ValueError("a target of 100% leaves no error budget; expected less, such as 99.9%")
    if fraction > 1 and not text.endswith("%"):
        raise ValueError(f"found {text}, which could be percent or fraction; write {text}% or {fraction / 100}")
    if not 0 < fraction < 1:
        raise ValueError(f"found {text}; expected more than 0% and less than 100%")
    if fraction < LEAST_TARGET:
        number = text.removesuffix("%").strip()
        confused = text.endswith("%") and LEAST_TARGET <= Decimal(number) < 1
        meant = (
            f"did you mean {(fraction * 10_000).normalize():f}% or {number}?"
            if confused
            else "expected one such as 99.9% or 0.999"
        )
        raise ValueError(f"found {text}, which is below 50%: {meant}")
    return float(fraction)


def parse_slice_target(value: object) -> float:
    """As a target, but it may be 100%: then a slice is good only if all its requests are."""
    return 1.0 if str(value).replace(" ", "") in ("100%", "1", "1.0") else parse_target(value)


def parse_threshold(value: object) -> float:
    """A latency threshold in seconds, from `300 ms`, `1.5 s`; a bare number is refused, its unit is not known."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*(us|µs|ms|s|min)\s*", str(value))
    if not match or match[1].count(".") > 1 or float(match[1]) <= 0:
        raise ValueError(f"found {value!r}; expected a duration above 0 with its unit, such as 300 ms or 1.5 s")
    return float(Decimal(match[1]) * Decimal(str(THRESHOLD_UNITS[match[2]])))


def parse_duration(value: object) -> float:
    """Seconds, from `30 s`, `5 min`, `2 h`, `14 d`, `6 w`, or 0; another bare number is refused, as for a threshold."""
    match = re.fullmatch(r"\s*([0-9]+(?:[.][0-9]+)?)\s*(s|min|h|d|w)\s*", str(value))
    if match:
        return float(Decimal(match[1]) * DURATION_UNITS[match[2]])
    if str(value).strip() == "0":
        return 0.0
    raise ValueError(f"found {value!r}; expected a duration with its unit (s, min, h, d, w), such as 5 min or 14 d")


def parse_share(value: object) -> float:
    """A share from 0 to 1: `80%` or `0.8`; a bare 80 is refused."""
    text = str(value).strip()
    try:
        share = Decimal(text[:-1].strip()) / 100 if text.endswith("%") else Decimal(text)
        inside = 0 <= share <= 1
    except InvalidOperation:
        inside = False
    if not inside:
        raise ValueError(f"found {text!r}; expected a share from 0% to 100%, such as 80% or 0.8")
    return float(share)


def canonical_window(value: object) -> str:
    """A window in the one form in which the SLO arithmetic and every output write it."""
    try:
        return parse_window(str(value)).text
    except InvalidInput as error:
        raise ValueError(str(error).removeprefix("Window: ")) from None


def canonical_zone(value: object) -> str:
    """An IANA name of a time zone."""
    try:
        return parse_zone(str(value)).key
    except InvalidInput as error:
        raise ValueError(str(error).removeprefix("Time zone: ")) from None


def zone_if_given(value: object) -> str:
    """As `canonical_zone`, or "" where none is given."""
    return "" if value == "" else canonical_zone(value)


def parse_place(value: object) -> object:
    """A path; a URL with a password that stands here by mistake would be shown wherever the place is."""
    if isinstance(value, str) and re.search(r"://.*@|\S:\S*@", value):
        raise ValueError("found a URL with a user or password, not shown here; expected the path of files")
    return value


def parse_url(value: object) -> object:
    """A URL without `@`: what stands before one is a user, a password or a token."""
    if "@" in str(value):
        raise ValueError("found a user or password before the @, not shown here; write user and password_env instead")
    return value
