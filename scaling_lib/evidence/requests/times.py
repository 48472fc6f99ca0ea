"""How a column of times becomes SQL that gives them in UTC."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from scaling_lib.evidence.engine import one
from scaling_lib.evidence.requests.source import RequestSource
from scaling_lib.evidence.sql import literal
from scaling_lib.words import listing

SAMPLE = 2000
UNREAD_TIME = "time cannot be read"
FORMS = (
    "ISO 8601 such as 2026-10-20T02:00:05Z or 2026-10-20 02:00:05+02:00 (without an offset as `time_zone` says), as "
    "web servers log it such as 20/Oct/2026:02:00:05 +0200, or a number of s, ms, us or ns since 1970"
)
OFFSET = "'([Zz]|[0-9][+-][0-9]{2}:?[0-9]{2}|:[0-9.]+ ?[+-][0-9]{2})$'"  # how a text ends that carries one


def time_utc(
    engine: duckdb.DuckDBPyConnection, column: str, type_: str, source: RequestSource
) -> tuple[str, list[str]]:
    """The expression of a time in UTC, and what was taken for granted."""
    zone = literal(source.time_zone or "UTC")
    naive = "times carry no offset: read as UTC; `time_zone` says otherwise" if not source.time_zone else ""
    if "WITH TIME ZONE" in type_ or type_.startswith("TIMESTAMPTZ"):
        return f"make_timestamp(epoch_us(CAST({column} AS TIMESTAMPTZ)))", []
    if type_ == "TIMESTAMP" and source.time_zone in ("", "UTC"):
        return column, [naive] if naive else []
    if type_.startswith(("TIMESTAMP", "DATE")):
        return f"(CAST({column} AS TIMESTAMP) AT TIME ZONE {zone}) AT TIME ZONE 'UTC'", [naive] if naive else []
    sample = f"(SELECT CAST({column} AS VARCHAR) AS text FROM raw WHERE {column} IS NOT NULL LIMIT {SAMPLE})"
    row = one(
        engine,
        f"SELECT count(*), count(TRY_CAST(text AS DOUBLE)), median(TRY_CAST(text AS DOUBLE)), "
        f"count(*) FILTER (regexp_matches(text, '^[0-9]{{2}}/[A-Za-z]{{3}}/')) FROM {sample}",
    )
    count, numbers, middle, as_logged = row or (0, 0, None, 0)
    if numbers > count / 2:
        power = next((power for power, least in ((3, 1e17), (0, 1e14), (-3, 1e11)) if middle >= least), -6)
        name = {3: "nanoseconds", 0: "microseconds", -3: "milliseconds", -6: "seconds"}[power]
        whole = f"TRY_CAST({column} AS DOUBLE)" if power < 0 else f"TRY_CAST({column} AS BIGINT)"
        micros = f"CAST({whole} * {10**-power} AS BIGINT)" if power < 0 else f"{whole} // {10**power}"
        return f"make_timestamp({micros})", [f"times are numbers: read as {name} since 1970"]
    if as_logged > count / 2:
        return logged(column), []
    offsets = [
        row[0]
        for row in engine.sql(
            "SELECT DISTINCT coalesce(nullif(regexp_extract(text, '([Zz]|[+-][0-9]{2}:?[0-9]{2})$', 1), ''), 'none') "
            f"FROM {sample} WHERE text LIKE '%:%' ORDER BY 1"
        ).fetchall()
    ]
    aware = rf"TRY_CAST(regexp_replace({column}, '([+-]\d{{2}})(\d{{2}})$', '\1:\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    local = f"(TRY_CAST({column} AS TIMESTAMP) AT TIME ZONE {zone}) AT TIME ZONE 'UTC'"
    notes = zones_note([each for each in offsets if each != "none"])
    if "none" in offsets and naive:
        notes = [*notes, naive if len(offsets) == 1 else f"some {naive}"]
    return f"CASE WHEN regexp_matches({column}, {OFFSET}) THEN {aware} ELSE {local} END", notes


def local_time(column: str, type_: str) -> str:
    """The expression of a time as it stands, NULL where it names its offset; "" for a column of instants or numbers."""
    if type_ == "VARCHAR":
        return f"CASE WHEN NOT regexp_matches({column}, {OFFSET}) THEN TRY_CAST({column} AS TIMESTAMP) END"
    instants = "WITH TIME ZONE" in type_ or type_.startswith("TIMESTAMPTZ")
    return f"CAST({column} AS TIMESTAMP)" if type_.startswith("TIMESTAMP") and not instants else ""


def logged(text: str) -> str:
    """A time as web servers log it, `10/Oct/2025:13:55:36 +0200`, in UTC."""
    return f"CAST(try_strptime({text}, '%d/%b/%Y:%H:%M:%S %z') AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"


def zones_note(offsets: Sequence[str]) -> list[str]:
    """What a reader should know where times carry more than one offset."""
    return [f"times carry the offsets {listing(list(offsets))}: all are brought to UTC"] if len(offsets) > 1 else []
