"""Requests one by one, told apart by the version that answered them: what a canary is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.engine import connect, one
from scaling_lib.evidence.requests.columns import Columns
from scaling_lib.evidence.requests.files import opened, rejected_rows
from scaling_lib.evidence.requests.source import RequestSource
from scaling_lib.evidence.routes import is_of, template
from scaling_lib.evidence.row_files import FileRows, Rows, read_rows
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import listing

COLUMNS = ("time", "version", "status", "seconds")
FIRST_OF_A_LOG = 8  # fields of a log's line before the ones that differ
EXPECTED = "requests with the version that answered them"


def read_versions(sources: Sequence[RequestSource], versions: Sequence[str], *, route: str, service: str = "") -> Rows:
    """The requests of a route that one of the versions answered, oldest first.

    versions: as the files write them; the field that holds them is looked for, or named as `version` in the source's
    columns. route, service: see `evidence.routes.is_of`; "" for all.
    Columns: time (UTC), version, status (NaN where the file has none), seconds (NaN where it has no duration).
    Raises BrokenEvidence where no file has such a request.
    """
    read = partial(_read, versions=versions, route=route, service=service)
    rows = read_rows("requests", sources, read, time="time", expected=EXPECTED)
    return Rows(frame=rows.frame.sort_values("time", kind="stable", ignore_index=True), quality=rows.quality)


def _read(file: Path, source: RequestSource, *, versions: Sequence[str], route: str, service: str) -> FileRows:
    with connect() as engine:
        engine.execute("SET preserve_insertion_order = true")  # within a second the file's own order stands
        try:
            found, columns, notes, lost = opened(engine, file, source)
            field = _field(engine, file, source, found, versions)
            frame = _selected(engine, columns, field, versions, source.service)
            unread = (*lost(), *rejected_rows(engine, columns))
        except duckdb.Error as error:
            raise BrokenEvidence(f"{file}: cannot be read: {str(error)[:200]}; expected {EXPECTED}.") from error
    places = frame[["service", "route"]].drop_duplicates()
    templates = {text: template(text) for text in places["route"]}
    wanted = [
        place for place in places.itertuples(index=False, name=None)
        if not route or is_of((str(place[0]), templates[place[1]]), route, service)
    ]  # fmt: skip
    chosen = pd.MultiIndex.from_frame(frame[["service", "route"]]).isin(wanted) if wanted else [False] * len(frame)
    return FileRows(
        format=columns.format,
        frame=frame.loc[chosen, list(COLUMNS)],
        rejected=unread,
        notes=(*notes, f"the version is read from the field {field}"),
    )


def _field(
    engine: duckdb.DuckDBPyConnection, file: Path, source: RequestSource, found: str, versions: Sequence[str]
) -> str:
    """The field that holds the versions: as the source names it, else that which holds one of them most often."""
    fields = [str(row[0]) for row in engine.sql("DESCRIBE raw").fetchall()]
    named = source.columns.get("version", "")
    if named and named not in fields:
        raise BrokenEvidence(f"{file}: has no field {named!r} of the version; found {listing(fields, 12)}.")
    if named:
        return named
    fields = fields[FIRST_OF_A_LOG:] if found == "combined" else fields
    texts = ", ".join(literal(each) for each in versions)
    counts = one(
        engine,
        "SELECT "
        + ", ".join(f"count(CASE WHEN CAST({quoted(each)} AS VARCHAR) IN ({texts}) THEN 1 END)" for each in fields)
        + " FROM raw",
    )
    most, place = max((int(count), -place) for place, count in enumerate(counts))
    if not most:
        raise BrokenEvidence(
            f"{file}: no field of any line is {listing(list(versions))}; expected the version that answered in a field "
            "of its own. Log it, or mend the names of the versions."
        )
    return fields[-place]


def _selected(
    engine: duckdb.DuckDBPyConnection, columns: Columns, field: str, versions: Sequence[str], service: str
) -> pd.DataFrame:
    faulty = " OR ".join(f"({test})" for _, test in columns.faults)
    texts = ", ".join(literal(each) for each in versions)
    frame: pd.DataFrame = engine.sql(
        f"SELECT {columns.time} AS time, coalesce({columns.service}, {literal(service)}) AS service, "
        f"trim(upper(coalesce({columns.method}, '')) || ' ' || coalesce({columns.path}, '')) AS route, "
        f"CAST({quoted(field)} AS VARCHAR) AS version, CAST({columns.status} AS DOUBLE) AS status, "
        f"CAST({columns.duration_us} AS DOUBLE) / 1e6 AS seconds FROM raw "
        f"WHERE ({columns.where}) AND NOT coalesce({faulty}, FALSE) AND CAST({quoted(field)} AS VARCHAR) IN ({texts})"
    ).df()
    return frame.assign(time=pd.to_datetime(frame["time"], utc=True))
