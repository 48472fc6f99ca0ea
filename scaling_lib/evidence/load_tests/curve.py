"""A plain table of load against throughput: a row a level, or a row an interval where it has times."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.engine import one
from scaling_lib.evidence.load_tests.parts import ALL, LoadTest, Part, as_samples, no_bins, test_names
from scaling_lib.evidence.load_tests.recognise import curve_columns
from scaling_lib.evidence.load_tests.source import LoadSource
from scaling_lib.evidence.load_tests.text import LINE, apart, faulty, header_of, stage_csv, time_us, unit_notes
from scaling_lib.evidence.sql import quoted
from scaling_lib.words import listing, plural


def read_curve(engine: duckdb.DuckDBPyConnection, file: Path, source: LoadSource, start: bytes, packed: bool) -> Part:
    """A CSV with users and throughput (in requests a second), and maybe times."""
    names, delimiter = header_of(start)
    there = apart(names)
    columns = curve_columns(there, source.columns)
    engine.execute("SET threads = 1; SET preserve_insertion_order = true")
    select = ", ".join(f"{quoted(name)} AS {ours}" for ours, name in columns.items())
    lost = stage_csv(engine, file, packed=packed, names=names, delimiter=delimiter, select=f"{select}, {LINE}")
    timed = "time" in columns
    time = time_us("time", source.time_zone) if timed else "NULL::BIGINT"
    numbers = {name: f"TRY_CAST({name} AS DOUBLE)" for name in ("users", "throughput")}
    faults = [
        *((f"{name} is no number", f"{text} IS NULL OR NOT isfinite({text})") for name, text in numbers.items()),
        ("users are not above 0", f"{numbers['users']} <= 0"),
        ("throughput is negative", f"{numbers['throughput']} < 0"),
        *([("time cannot be read", f"{time} IS NULL")] if timed else []),
        *([("time is before 1990 or after 2100", f"{time} NOT BETWEEN 631152000000000 AND 4102444800000000")] if timed
          else []),
    ]  # fmt: skip
    if delimiter == ";":
        _no_commas(engine, file, list(numbers))
    rejected = (*lost, *faulty(engine, faults, f"concat_ws(', ', {', '.join(columns)})"))
    bad = " OR ".join(f"({test})" for _, test in faults)
    rows = engine.sql(
        f"SELECT {numbers['users']} AS users, {numbers['throughput']} AS throughput, {time} AS time FROM raw "
        f"WHERE NOT coalesce({bad}, TRUE) ORDER BY {'time, ' if timed else ''}line"
    ).df()
    if rows.empty:
        raise BrokenEvidence(
            f"{file}: found no usable row; expected numbers for users and throughput. "
            f"{'; '.join(f'{each.reason} ({each.rows:,})' for each in rejected)}"
        )
    times = pd.to_datetime(rows["time"], unit="us", utc=True) if timed else pd.Series(pd.NaT, index=rows.index)
    interval = _interval(times)
    title = test_names(file, 1)[0]
    samples = as_samples(
        rows.assign(test=title, name=ALL, time=times, interval_s=interval)  # requests, errors: not said
    )
    test = LoadTest(
        test=title,
        file=str(file),
        generator="unknown",
        load=source.load or "unknown",
        why="as assessment.yaml says" if source.load else "a plain table does not say how its load was made",
        percentiles="none",
        interval_s=interval,
        expected_interval_s=source.expected_interval_s,
        start=times.min().to_pydatetime() if timed else None,
        end=times.max().to_pydatetime() if timed else None,
        origin=source.origin,
    )
    shown = ", ".join(f"{ours} is {name!r}" for ours, name in columns.items() if ours != name)
    notes = [f"columns: {shown}"] if shown else []
    notes.append("a plain table: seconds, requests, errors and latency of a level are not known")
    if ignored := [name for name in names if name.strip() and name not in columns.values()]:
        notes.append(
            f"not read: the {'column' if len(ignored) == 1 else 'columns'} {listing(ignored)}; of a plain table users, "
            "throughput and time are. For latency give the file of Locust, k6, JMeter, Vegeta or HdrHistogram"
        )
    if timed:
        notes += unit_notes(engine, "time", source.time_zone, "s")
    return Part(format="curve", samples=samples, bins=no_bins(), tests=(test,), rejected=rejected, notes=tuple(notes))


def _no_commas(engine: duckdb.DuckDBPyConnection, file: Path, numbers: list[str]) -> None:
    """Between semicolons commas are decimal: only the whole numbers would be read, which is another test."""
    for name in numbers:
        found, example = one(
            engine, f"SELECT count(*), min({name}) FROM raw WHERE regexp_matches({name}, '^\\s*[0-9]+,[0-9]+\\s*$')"
        )
        if found:
            raise BrokenEvidence(
                f"{file}: found {name} with a decimal comma in {plural(found, 'row')}, such as {example!r}; expected a "
                "decimal point. Export it again with points, or replace the commas in numbers."
            )


def _interval(times: pd.Series) -> float:
    """Seconds from row to row where they are even, else NaN."""
    steps = times.diff().dt.total_seconds().dropna() if times.notna().any() else pd.Series(dtype="float64")
    even = len(steps) > 0 and steps.median() > 0 and float((steps == steps.median()).mean()) > 0.5
    return float(steps.median()) if even else float(np.nan)
