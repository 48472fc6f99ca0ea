"""How the text of a response time becomes microseconds, what of it cannot be, and where several are in one field."""

from __future__ import annotations

import duckdb

from scaling_lib.evidence.engine import one
from scaling_lib.evidence.sql import literal
from scaling_lib.words import plural

LONGEST_US = 86_400_000_000  # a day: no request takes longer, so its unit is wrong
NUMBER = "[0-9]+(?:[.][0-9]+)?"
TRIES = f"^(?:[A-Za-z_]+=)?(?:-|{NUMBER})(?:(?:, | : )(?:-|{NUMBER}))+"  # nginx: between servers, and between groups


def number_of(engine: duckdb.DuckDBPyConnection, first: str, text: str = "", after: str = "NULL") -> tuple[str, str]:
    """SQL of the number in a field of text, NULL where there is none; and a note where some hold several.

    nginx writes the time of each server that it tried, `2.000, 0.010`: a request took their sum.
    first: the field; text, after: it with those behind it, and the next one, where blanks split the list.
    """
    plain = f"TRY_CAST(regexp_replace({first}, '^[A-Za-z_]+=', '') AS DOUBLE)"
    listed = f"regexp_extract({text or first}, {literal(TRIES)})"
    several = f"((contains({first}, ',') OR contains({first}, ' : ') OR {after} = ':') AND {listed} <> '')"
    count, example = one(engine, f"SELECT count(*), min({listed}) FROM raw WHERE {several}")
    if not count:
        return plain, ""
    numbers = f"regexp_extract_all({listed}, '{NUMBER}')"
    total = f"CASE WHEN {several} THEN list_sum(CAST({numbers} AS DOUBLE[])) ELSE {plain} END"
    note = f"{plural(count, 'request')} with the times of several servers that were tried, such as {example!r}: summed"
    return total, note


def microseconds(raw: str, unit: float) -> str:
    """SQL of whole microseconds."""
    if "TRY_CAST" not in raw:
        return raw if unit == 1 else f"({raw} // {round(1 / unit)})"
    return f"TRY_CAST(round({raw} * {unit!r}) AS BIGINT)"


def duration_faults(raw: str, unit: float) -> list[tuple[str, str]]:
    """A duration that cannot be. None at all, such as nginx' `-`, is no fault: the request is one all the same."""
    number = f" AND NOT isnan({raw})" if "TRY_CAST" in raw else ""
    return [
        ("duration is negative", f"{raw} < 0"),
        ("duration is over a day", f"{raw} * {unit!r} > {LONGEST_US}{number}"),
    ]
