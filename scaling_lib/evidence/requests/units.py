"""The unit of response times, where a file does not name it."""

from __future__ import annotations

import duckdb

from scaling_lib.evidence.engine import one
from scaling_lib.evidence.requests.times import SAMPLE
from scaling_lib.words import number

UNITS = {"s": 1e6, "seconds": 1e6, "sec": 1e6, "ms": 1e3, "millis": 1e3, "us": 1.0, "micros": 1.0, "ns": 1e-3}
SLOW_S = 5  # whole seconds of which half are more than this are rather milliseconds
FAST_US = 1000  # whole numbers of which half are less than this are hardly Apache's %D


def log_unit(engine: duckdb.DuckDBPyConnection, raw: str, place: str, given: str) -> tuple[float, str]:
    """The unit of an access log's response times, in microseconds, and how it was told.

    raw: SQL of the number; place: the field it is in; given: the unit as assessment.yaml says.
    """
    if given:
        return UNITS[given], ""
    row = one(engine, f"SELECT bool_or(contains({place}, '.')), median({raw}) FROM (SELECT * FROM raw LIMIT {SAMPLE})")
    if not row or row[0]:
        return UNITS["s"], "response times have decimals: read as seconds, as nginx writes them"
    if (row[1] or 0) >= FAST_US:
        return (
            UNITS["us"],
            "response times are large whole numbers: read as microseconds, as Apache's %D; "
            "`duration_unit` says otherwise",
        )
    why = "response times are small whole numbers: read as seconds, as Apache's %T; `duration_unit` says otherwise"
    return UNITS["s"], "; ".join([why, *rather_ms(engine, raw)])


def rather_ms(engine: duckdb.DuckDBPyConnection, raw: str) -> list[str]:
    """A note where response times that are read as seconds look like milliseconds: whole, and half of them large."""
    whole, middle = one(
        engine, f"SELECT bool_and({raw} = round({raw})), median({raw}) FROM (SELECT * FROM raw LIMIT {SAMPLE})"
    )
    if not whole or not middle or middle <= SLOW_S:
        return []
    return [
        f"half of the response times are {number(middle)} or more, all whole numbers: that looks like milliseconds, "
        "not seconds; if so, write `duration_unit: ms` beside the path in assessment.yaml"
    ]
