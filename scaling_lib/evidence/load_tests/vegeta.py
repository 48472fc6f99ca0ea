"""Vegeta: `vegeta encode`, a JSON object a request; latencies in nanoseconds, times at the start of the request."""

from __future__ import annotations

from pathlib import Path

import duckdb

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.engine import one
from scaling_lib.evidence.load_tests.parts import Part
from scaling_lib.evidence.load_tests.points import Generator, part_of_points
from scaling_lib.evidence.load_tests.source import UNITS_US, LoadSource
from scaling_lib.evidence.load_tests.text import faulty, micros, place_faults, stage_lines, time_us, unit_notes
from scaling_lib.evidence.routes import AN_ID, ID_SEGMENTS
from scaling_lib.evidence.sql import literal
from scaling_lib.words import plural

LEAST_NS = 1_000  # no request over a network takes less
FIELDS = ("attack", "seq", "code", "timestamp", "latency", "error", "method", "url")


def read_vegeta(engine: duckdb.DuckDBPyConnection, file: Path, source: LoadSource, start: bytes, packed: bool) -> Part:
    """JSON lines of `vegeta encode`; older ones have neither method nor url."""
    lost = stage_lines(engine, file, packed=packed, paths={name: f"$.{name}" for name in FIELDS})
    if not source.duration_unit:
        _nanoseconds(engine, file)
    time, took = time_us("timestamp", source.time_zone), micros("latency", UNITS_US[source.duration_unit or "ns"])
    url = f"regexp_replace(coalesce(url, ''), {literal(ID_SEGMENTS)}, {literal(AN_ID)}, 'g')"
    code = "TRY_CAST(code AS INTEGER)"
    faults = [*place_faults(time, took), ("code is not a number", f"{code} IS NULL")]
    bad = " OR ".join(f"({test})" for _, test in faults)
    engine.execute(
        f"CREATE TEMP TABLE points AS SELECT coalesce(nullif(trim(coalesce(method, '') || ' ' || {url}), ''), "
        f"nullif(attack, ''), '(no name)') AS name, {time} + {took} AS end_us, {took} AS duration_us, "
        f"({code} NOT BETWEEN 200 AND 399 OR coalesce(error, '') <> '') AS error, NULL::DOUBLE AS users, TRUE AS "
        f"counted FROM raw WHERE NOT coalesce({bad}, TRUE)"
    )
    rejected = (*lost, *faulty(engine, faults, "concat_ws(', ', timestamp, latency, code, method, url)"))
    generator = Generator(
        name="vegeta",
        format="vegeta",
        load="open",
        why="Vegeta sends at a rate, whether or not earlier requests were answered",
        paths=True,
        failures="error",
    )
    notes = (*unit_notes(engine, "timestamp", source.time_zone, "text"), *_numbers(engine))
    return part_of_points(engine, file, source, generator, rejected, notes)


def _nanoseconds(engine: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Raises BrokenEvidence where most latencies cannot be Vegeta's nanoseconds: not whole, or too few of them."""
    number = "TRY_CAST(latency AS DOUBLE)"
    odd = f"({number} <> floor({number}) OR {number} < {LEAST_NS})"
    count, of, example = one(
        engine,
        f"SELECT count(*) FILTER ({odd}), count(*), min(latency) FILTER ({odd}) FROM raw WHERE {number} > 0",
    )
    if count > of / 2:
        raise BrokenEvidence(
            f"{file}: found latencies such as {example} in {count:,} of {plural(of, 'request')}; expected whole "
            "nanoseconds, as Vegeta writes them. Say what they are by `duration_unit` (s, ms or us) beside the path in "
            "assessment.yaml."
        )


def _numbers(engine: duckdb.DuckDBPyConnection) -> list[str]:
    """A note where requests are missing from the run of numbers that an attack gives them, or are there twice."""
    missing, double = one(
        engine,
        "SELECT CAST(coalesce(sum(greatest(0, top - known)), 0) AS BIGINT), CAST(coalesce(sum(n - known), 0) "
        "AS BIGINT) "
        "FROM (SELECT CAST(max(number) AS BIGINT) + 1 AS top, count(DISTINCT number) AS known, count(number) AS n FROM "
        "(SELECT attack, TRY_CAST(seq AS INTEGER) AS number FROM raw) GROUP BY attack)",
    )
    notes = []
    if missing:
        notes.append(f"{plural(missing, 'request')} missing from the attack's own numbering: the file is not whole")
    if double:
        notes.append(
            f"{plural(double, 'request')} with the number of another one: attacks of the same name were joined"
        )
    return notes
