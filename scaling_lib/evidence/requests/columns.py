"""Which column of a file of requests is what, and how its text becomes a time, a status and microseconds."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.engine import one
from scaling_lib.evidence.requests.durations import duration_faults, microseconds, number_of
from scaling_lib.evidence.requests.source import RequestSource
from scaling_lib.evidence.requests.times import SAMPLE, UNREAD_TIME, local_time, logged, time_utc, zones_note
from scaling_lib.evidence.requests.units import UNITS, log_unit, rather_ms
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import listing

NAMES: dict[str, tuple[str, ...]] = {  # ours, and what exports call it; the first that a file has is taken
    "time": ("time", "timestamp", "ts", "@timestamp", "datetime", "date", "start_time", "time_local", "time_iso8601"),
    "route": ("route", "http_route", "http.route", "endpoint", "operation"),
    "path": ("path", "url", "uri", "request_uri", "request_path", "target"),
    "request": ("request",),
    "method": ("method", "verb", "request_method", "http_method"),
    "status": ("status", "status_code", "code", "response_code", "http_status"),
    "service": ("service", "service_name", "service.name", "app"),
    "duration": ("duration", "latency", "elapsed", "response_time", "request_time", "took", "duration_time"),
}
SPANS = {"trace_id", "parent_id", "operation", "service", "start_ns", "end_ns"}
WHOLE = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT")
FIRST_EXTRA = 8  # fields of a common log line before the ones that differ


@dataclass(frozen=True, kw_only=True)
class Columns:
    """SQL over the table `raw`: an expression for each canonical column ("NULL" where the file has none).

    where: which rows are requests; faults: (reason, test) in the order in which a row is blamed;
    shown: a row as an example; templated: whether paths still hold ids.
    duration: what stands where the duration should, as text.
    local: the time as a clock on the wall of `time_zone` showed it, NULL where the row names its offset; "" for none.
    """

    format: str
    time: str
    service: str
    method: str
    path: str
    status: str
    duration_us: str
    shown: str
    faults: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    where: str = "TRUE"
    templated: bool = True
    local: str = ""
    duration: str = "NULL"


def columns_of(engine: duckdb.DuckDBPyConnection, file: Path, found: str, source: RequestSource) -> Columns:
    """Recognise the columns of the table `raw`; BrokenEvidence names a column that is needed and not there."""
    types = {row[0]: row[1] for row in engine.sql("DESCRIBE raw").fetchall()}
    if found == "combined":
        return _combined(engine, source)
    if set(types) >= SPANS and source.format in ("", "spans"):
        return _spans(types, source)
    return _table(engine, file, types, found, source)


def _table(
    engine: duckdb.DuckDBPyConnection, file: Path, types: dict[str, str], found: str, source: RequestSource
) -> Columns:
    given = {ours: _given(file, types, source, ours) for ours in NAMES}
    unit: str = source.duration_unit
    as_nginx = False
    for name in types if given["duration"] is None else ():
        match = re.fullmatch(rf"({'|'.join(NAMES['duration'])})_({'|'.join(UNITS)})", name.lower())
        if match:
            given["duration"], unit = name, unit or match[2]
    if given["duration"] == "request_time" and not unit:
        unit, as_nginx = "s", True
    if given["duration"] and not unit:
        named = re.search(rf"_({'|'.join(UNITS)})$", given["duration"].lower())
        if not named:
            raise BrokenEvidence(
                f"{file}: the column {given['duration']!r} does not say its unit; expected `duration_unit: ms` (or s, "
                "us, ns) beside the path in assessment.yaml. Write it there."
            )
        unit = named[1]
    where_to = given["route"] or given["path"] or given["request"]
    for ours, column in (("time", given["time"]), ("route or path", where_to)):
        if column is None:
            raise BrokenEvidence(
                f"{file}: found the columns {listing(list(types), 12)}; expected one for the {ours}. "
                "Name it under `columns` beside the path in assessment.yaml."
            )
    assert given["time"] and where_to  # noqa: S101
    time, notes = time_utc(engine, quoted(given["time"]), types[given["time"]], source)
    path, method = _words(where_to, types), "''"
    if given["method"]:
        method = _words(given["method"], types)
    elif where_to == given["request"]:
        path, method = f"nullif(split_part({path}, ' ', 2), '')", f"split_part({path}, ' ', 1)"
    service = literal(source.service)
    if given["service"]:
        service = _words(given["service"], types)
    status, duration, faults = "NULL", "NULL", []
    if given["status"]:
        status = _whole(given["status"], types, "INTEGER")
        faults = [("status is not a number", f"{status} IS NULL"), *_status_faults(status)]
    if given["duration"]:
        raw, tries = f"TRY_CAST({quoted(given['duration'])} AS DOUBLE)", ""
        if types[given["duration"]] == "VARCHAR":
            raw, tries = number_of(engine, quoted(given["duration"]))
        if unit == "us" and types[given["duration"]] in WHOLE:
            raw = quoted(given["duration"])
        duration = microseconds(raw, UNITS[unit])
        faults += duration_faults(raw, UNITS[unit])
        notes = [*notes, *([tries] if tries else []), *(rather_ms(engine, raw) if as_nginx else [])]
    used = [column for column in dict.fromkeys(given.values()) if column]
    return Columns(
        format=found,
        time=time,
        service=service,
        method=method,
        path=path,
        status=status,
        duration_us=duration,
        shown=f"concat_ws(', ', {', '.join(f'CAST({quoted(column)} AS VARCHAR)' for column in used)})",
        faults=(*_place_faults(time, path), *faults),
        notes=(*notes, *_absent(status, duration)),
        templated=not (found == "parquet" and given["route"]),
        local=local_time(quoted(given["time"]), types[given["time"]]),
        duration=f"CAST({quoted(given['duration'])} AS VARCHAR)" if given["duration"] else "NULL",
    )


def _words(column: str, types: dict[str, str]) -> str:
    """A column of texts; one that is text already stays as it is, so that the engine can use its dictionary."""
    return quoted(column) if types[column] == "VARCHAR" else f"CAST({quoted(column)} AS VARCHAR)"


def _whole(column: str, types: dict[str, str], wanted: str) -> str:
    return quoted(column) if types[column] in WHOLE else f"TRY_CAST({quoted(column)} AS {wanted})"


def _given(file: Path, types: dict[str, str], source: RequestSource, ours: str) -> str | None:
    """The file's column for one of ours: as the assessment says, else by a usual name."""
    if ours in source.columns:
        if source.columns[ours] not in types:
            raise BrokenEvidence(
                f"{file}: has no column {source.columns[ours]!r}, which assessment.yaml names for {ours}; found "
                f"{listing(list(types), 12)}. Mend `columns` there."
            )
        return source.columns[ours]
    by_lower = {name.lower(): name for name in reversed(list(types))}
    return next((by_lower[name] for name in NAMES[ours] if name in by_lower), None)


def _spans(types: dict[str, str], source: RequestSource) -> Columns:
    """The root spans of a table of spans are its requests."""
    time, status = "make_timestamp(start_ns // 1000)", "NULL"
    if "error" in types:
        status = "CASE WHEN CAST(error AS BOOLEAN) THEN 500 ELSE 200 END"
    duration = microseconds("(end_ns - start_ns)", UNITS["ns"])
    return Columns(
        format="spans",
        time=time,
        service="service",
        method="''",
        path="operation",
        status=status,
        duration_us=duration,
        shown="concat_ws(', ', trace_id, span_id, operation)",
        faults=(*_place_faults(time, "operation"), *duration_faults("(end_ns - start_ns)", 1e-3)),
        notes=("each root span is a request", *_absent(status, duration)),
        where="(parent_id IS NULL OR parent_id = '')",
        templated=False,
    )


def _combined(engine: duckdb.DuckDBPyConnection, source: RequestSource) -> Columns:
    time = logged("substr(f03, 2) || ' ' || rtrim(f04, ']')")
    offsets = [
        row[0]
        for row in engine.sql(
            f"SELECT DISTINCT rtrim(f04, ']') FROM (SELECT f04 FROM raw LIMIT {SAMPLE}) "
            "WHERE regexp_matches(f04, '^[+-][0-9]{4}]$') ORDER BY 1"
        ).fetchall()
    ]
    status = "TRY_CAST(f06 AS INTEGER)"
    path = "CASE WHEN f05 LIKE '% %' THEN nullif(split_part(split_part(f05, ' ', 2), '?', 1), '') END"
    duration, faults, notes = "NULL", [], zones_note(offsets)
    place = _response_time(engine)
    if place is not None:
        behind = [row[0] for row in engine.sql("DESCRIBE raw").fetchall()]
        behind = behind[behind.index(place) :]
        raw, tries = number_of(engine, place, f"concat_ws(' ', {', '.join(behind)})", [*behind, "NULL"][1])
        unit, why = log_unit(engine, raw, place, source.duration_unit)
        duration = microseconds(raw, unit)
        faults, notes = duration_faults(raw, unit), [*notes, why, tries]
    else:
        notes = [
            *notes,
            "the log has no response time: latency is not measured; add $request_time (nginx) or %D (Apache)",
        ]
    return Columns(
        format="combined",
        time=time,
        service=literal(source.service),
        method="upper(split_part(f05, ' ', 1))",
        path=path,
        status=status,
        duration_us=duration,
        shown="concat_ws(' ', f00, f01, f02, f03, f04, f05, f06, f07, f08, f09, f10)",
        faults=(
            *_place_faults(time, path),
            ("status is not a number", f"{status} IS NULL"),
            *_status_faults(status),
            *faults,
        ),
        notes=tuple(note for note in notes if note),
        duration=place or "NULL",
    )


def _response_time(engine: duckdb.DuckDBPyConnection) -> str | None:
    """The field of the log's lines that is the response time, bare or as `rt=0.123`.

    Of the fields of numbers behind the common ones, it is the first with decimals (nginx writes $request_time before
    the upstream's), or the last where none has any (Apache's %D or %T). `-` stands for none, and lists end in a comma.
    """
    names = [row[0] for row in engine.sql("DESCRIBE raw").fetchall()][FIRST_EXTRA:]
    whole, start, rest = None, "^([A-Za-z_]+=)?[0-9]+", "([, ][-0-9., :]*)?$"
    for name in names:
        filled, numbers, decimals = one(
            engine,
            f"SELECT count(CASE WHEN NOT regexp_matches({name}, '^-($|,| )') THEN 1 END), "
            f"count(CASE WHEN regexp_matches({name}, '{start}([.][0-9]+)?{rest}') THEN 1 END), "
            f"count(CASE WHEN regexp_matches({name}, '{start}[.][0-9]+{rest}') THEN 1 END) "
            f"FROM (SELECT {name} FROM raw LIMIT {SAMPLE})",
        )
        if numbers > filled / 2:
            if decimals > numbers / 2:
                return str(name)
            whole = str(name)
    return whole


def _absent(status: str, duration: str) -> list[str]:
    notes = []
    if status == "NULL":
        notes.append("no status: errors are unknown, so availability is not measured")
    if duration == "NULL":
        notes.append("no duration: latency is not measured")
    return notes


def _place_faults(time: str, path: str) -> list[tuple[str, str]]:
    return [
        (UNREAD_TIME, f"{time} IS NULL"),
        ("time is before 1990 or after 2100", f"{time} NOT BETWEEN TIMESTAMP '1990-01-01' AND TIMESTAMP '2100-01-01'"),
        ("no path or route", f"{path} IS NULL"),
    ]


def _status_faults(status: str) -> list[tuple[str, str]]:
    return [("status is no HTTP status (100 to 599)", f"{status} NOT BETWEEN 100 AND 599")]


def header_of(head: bytes) -> tuple[list[str], str]:
    """The names in the first line of a CSV, and what stands between them."""
    line = head.splitlines()[0].decode("utf-8-sig", "replace")
    found = [(next(csv.reader([line], delimiter=delimiter)), delimiter) for delimiter in ",;\t|"]
    return max(found, key=lambda each: len(each[0]))


def twice_named(header: Iterable[str]) -> tuple[str, ...]:
    """A note where the header of a CSV names a column twice."""
    names = [name.strip().lower() for name in header]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    return (f"the header names {listing(twice)} more than once: the first is read",) if twice else ()
