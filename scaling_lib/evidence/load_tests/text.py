"""Text files of load tests, as the engine reads them: CSV and JSON lines, with what could not be parsed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import duckdb

from scaling_lib.evidence.engine import LINES, one
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import listing

LONGEST_US = 86_400_000_000  # a day: no request takes longer, so its unit is wrong
EXAMPLES = 3
LINE = "row_number() OVER () AS line"  # where the order of rows matters: it takes one thread


def header_of(text: bytes) -> tuple[list[str], str]:
    """The fields of the first line of a CSV, and what stands between them."""
    line = text.lstrip(b"\xef\xbb\xbf\r\n").partition(b"\n")[0].decode("utf-8", "replace").strip("\r")
    delimiter = max(",;\t|", key=line.count)
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])], delimiter
    except csv.Error:
        return [line], delimiter


def stage_csv(
    engine: duckdb.DuckDBPyConnection,
    file: Path,
    *,
    packed: bool,
    names: Sequence[str],
    delimiter: str,
    header: bool = True,
    select: str = "*",
    where: str = "TRUE",
) -> tuple[Rejected, ...]:
    """Make the table `raw` of the columns in `select`; returns what was lost.

    names: of the file's columns. A row with more or fewer fields than that is lost.
    """
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in apart(names))
    engine.execute(
        f"CREATE TEMP TABLE raw AS SELECT {select} FROM read_csv({literal(str(file))}, "
        f"compression => {literal('gzip' if packed else 'none')}, auto_detect => false, columns => {{{columns}}}, "
        f"delim => {literal(delimiter)}, quote => '\"', escape => '\"', header => {str(header).lower()}, "
        f"strict_mode => true, store_rejects => true, {LINES}) WHERE {where}"
    )
    rows = engine.sql(
        "SELECT error_type::VARCHAR, count(DISTINCT line), list(DISTINCT line || ': ' || left(csv_line, 120)) "
        "FROM reject_errors GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return tuple(
        Rejected(
            reason=f"cannot be parsed ({kind.lower()})",
            rows=count,
            examples=tuple(f"line {each}" for each in sorted(map(str, texts))[:EXAMPLES]),
        )
        for kind, count, texts in rows
    )


def apart(names: Sequence[str]) -> list[str]:
    """The names of columns, those that come again with a number, so that each is there once."""
    found: list[str] = []
    lower: set[str] = set()
    for place, name in enumerate(names):
        bare = name or f"column {place + 1}"
        while bare.lower() in lower:
            bare += f" ({place + 1})"
        lower.add(bare.lower())
        found.append(bare)
    return found


def stage_lines(
    engine: duckdb.DuckDBPyConnection, file: Path, *, packed: bool, paths: dict[str, str], wanted: str = "TRUE"
) -> tuple[Rejected, ...]:
    """Make the table `raw` of JSON lines: a column of text for each of our names, by its path in the object.

    wanted: which lines, a condition on `text`; the others are looked at only at their ends. Returns what was lost.
    """
    places = ", ".join(literal(path) for path in paths.values())
    fields = ", ".join(f"found[{place}] AS {quoted(name)}" for place, name in enumerate(paths, 1))
    engine.execute(
        "CREATE TEMP TABLE parsed AS SELECT CASE WHEN NOT whole THEN left(text, 120) END AS text, whole, "
        f"CASE WHEN whole THEN json_extract_string(text, [{places}]) END AS found FROM "
        "(SELECT text, wanted, starts_with(ltrim(text), '{') AND regexp_matches(right(text, 3), '[}]\\s*$') "
        f"AND (NOT wanted OR json_valid(text)) AS whole FROM (SELECT text, {wanted} AS wanted FROM "
        f"read_csv({literal(str(file))}, compression => {literal('gzip' if packed else 'none')}, "
        "columns => {'text': 'VARCHAR'}, delim => '\x01', quote => '', escape => '', header => false, "
        f"auto_detect => false, strict_mode => false, store_rejects => true, {LINES}) WHERE text NOT IN ('', '\r'))) "
        "WHERE wanted OR NOT whole"
    )
    engine.execute(f"CREATE TEMP VIEW raw AS SELECT {fields} FROM parsed WHERE found IS NOT NULL")
    count, *shown = one(engine, "SELECT count(*), min(text), max(text) FROM parsed WHERE NOT whole")
    over = int(one(engine, "SELECT count(DISTINCT line) FROM reject_errors")[0])
    lost = [
        Rejected(reason="not a JSON object", rows=count, examples=_examples(shown)),
        Rejected(reason="cannot be parsed (no text, or longer than 8 MB)", rows=over),
    ]
    return tuple(each for each in lost if each.rows)


def _examples(shown: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in shown if each))


def time_us(text: str, time_zone: str) -> str:
    """SQL of a time as microseconds since 1970: a number in s, ms, us or ns by its size, or a date with a clock.

    The four units cannot be taken for each other between 1973 and 5138, so each row is told by itself.
    """
    number = f"TRY_CAST({text} AS DOUBLE)"
    aware = f"TRY_CAST({text} AS TIMESTAMPTZ)"
    local = f"(TRY_CAST({text} AS TIMESTAMP) AT TIME ZONE {literal(time_zone or 'UTC')})"
    return (
        f"CASE WHEN length({text}) > 40 THEN NULL WHEN NOT contains({text}, ':') THEN TRY_CAST(round({number} * CASE "
        f"WHEN {number} >= 1e17 THEN 0.001 WHEN {number} >= 1e14 THEN 1 WHEN {number} >= 1e11 THEN 1000 "
        f"ELSE 1000000 END) AS BIGINT) WHEN {_has_offset(text)} THEN epoch_us({aware}) ELSE epoch_us({local}) END"
    )


def _has_offset(text: str) -> str:
    return f"regexp_matches({text}, '([Zz]|:[0-9.]+ ?[+-][0-9]{{2}}(:?[0-9]{{2}})?)$')"


def unit_notes(engine: duckdb.DuckDBPyConnection, text: str, time_zone: str, usual: str) -> list[str]:
    """What a reader should know about the times of `raw`: their units where they are not the `usual` one, and zone."""
    size = f"length(split_part({text}, '.', 1))"
    rows = engine.sql(
        f"SELECT CASE WHEN contains({text}, ':') THEN CASE WHEN {_has_offset(text)} THEN 'text' "
        f"ELSE 'text without an offset' END "
        f"WHEN {size} >= 18 THEN 'ns' WHEN {size} >= 15 THEN 'us' WHEN {size} >= 12 THEN 'ms' ELSE 's' END AS unit, "
        f"count(*) FROM raw WHERE {text} IS NOT NULL GROUP BY unit ORDER BY count(*) DESC, unit"
    ).fetchall()
    units = [row[0] for row in rows if row[1] > 1 or len(rows) == 1]
    notes = []
    if units and (len(units) > 1 or units[0] not in (usual, "text", "text without an offset")):
        notes.append(f"times are numbers in {listing(units)} since 1970, told by their size; usual are {usual}")
    if "text without an offset" in units and not time_zone:
        notes.append("times carry no offset: read as UTC; `time_zone` says otherwise")
    return notes


def faulty(engine: duckdb.DuckDBPyConnection, faults: Sequence[tuple[str, str]], shown: str) -> tuple[Rejected, ...]:
    """The rows of `raw` that cannot be used, by the first fault of each; faults: (reason, test)."""
    cases = " ".join(f"WHEN {test} THEN {literal(reason)}" for reason, test in faults)
    rows = engine.sql(
        f"SELECT reason, count(*), min(shown), max(shown) FROM (SELECT CASE {cases} END AS reason, "
        f"left({shown}, 120) AS shown FROM raw) WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
    ).fetchall()
    return tuple(Rejected(reason=reason, rows=count, examples=_examples(texts)) for reason, count, *texts in rows)


def place_faults(time: str, duration: str) -> list[tuple[str, str]]:
    """What may be wrong with a time and a duration, both in microseconds."""
    return [
        ("time cannot be read", f"{time} IS NULL"),
        ("time is before 1990 or after 2100", f"{time} NOT BETWEEN 631152000000000 AND 4102444800000000"),
        ("duration is not a number", f"{duration} IS NULL"),
        ("duration is negative", f"{duration} < 0"),
        ("duration is over a day", f"{duration} > {LONGEST_US}"),
    ]


def micros(text: str, unit_us: float) -> str:
    """SQL of a duration in whole microseconds; NULL for what is no number, and for NaN."""
    return f"TRY_CAST(round(TRY_CAST({text} AS DOUBLE) * {unit_us!r}) AS BIGINT)"
