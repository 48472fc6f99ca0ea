"""k6: `--out csv` and `--out json`, a row or line for each value of each metric; durations in milliseconds."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.engine import one
from scaling_lib.evidence.load_tests.parts import Part
from scaling_lib.evidence.load_tests.points import Generator, part_of_points
from scaling_lib.evidence.load_tests.source import LoadSource
from scaling_lib.evidence.load_tests.text import (
    apart,
    faulty,
    header_of,
    micros,
    place_faults,
    stage_csv,
    stage_lines,
    time_us,
    unit_notes,
)
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.routes import AN_ID, ID_SEGMENTS
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import plural

REQUEST, FAILED, USERS, DROPPED = "http_req_duration", "http_req_failed", "vus", "dropped_iterations"
METRICS = (REQUEST, FAILED, USERS, DROPPED)
TAGS = ("method", "name", "url", "status", "scenario", "expected_response", "error", "error_code")


def read_k6_csv(engine: duckdb.DuckDBPyConnection, file: Path, source: LoadSource, start: bytes, packed: bool) -> Part:
    """A file of `k6 run --out csv=FILE`; its columns vary, and are found by name."""
    names, delimiter = header_of(start)
    there = apart(names)
    wanted = {"metric": "metric_name", "time": "timestamp", "value": "metric_value", **{tag: tag for tag in TAGS}}
    fields = [f"{quoted(column) if column in there else 'NULL'} AS {quoted(ours)}" for ours, column in wanted.items()]
    lost = stage_csv(
        engine,
        file,
        packed=packed,
        names=names,
        delimiter=delimiter,
        select=", ".join(fields),
        where=f"metric_name IN ({_listed()}) OR metric_name IS NULL",
    )
    return _part(engine, file, source, "k6-csv", "s", lost)


def read_k6_json(engine: duckdb.DuckDBPyConnection, file: Path, source: LoadSource, start: bytes, packed: bool) -> Part:
    """A file of `k6 run --out json=FILE`; lines of other metrics are not parsed."""
    paths = {"metric": "$.metric", "time": "$.data.time", "value": "$.data.value", "type": "$.type"}
    paths |= {tag: f"$.data.tags.{tag}" for tag in TAGS}
    wanted = f"""regexp_matches(text, '"({"|".join(METRICS)})"')"""
    lost = stage_lines(engine, file, packed=packed, paths=paths, wanted=wanted)
    engine.execute("ALTER VIEW raw RENAME TO every")
    engine.execute(
        f"CREATE TEMP VIEW raw AS SELECT * FROM every WHERE type = 'Point' AND (metric IN ({_listed()}) "
        "OR metric IS NULL)"
    )
    return _part(engine, file, source, "k6-json", "text", lost)


def _listed() -> str:
    return ", ".join(literal(metric) for metric in METRICS)


def _part(
    engine: duckdb.DuckDBPyConnection,
    file: Path,
    source: LoadSource,
    format_: str,
    usual: str,
    lost: tuple[Rejected, ...],
) -> Part:
    time = time_us("time", source.time_zone)
    name = f"regexp_replace(coalesce(nullif(name, ''), url, ''), {literal(ID_SEGMENTS)}, {literal(AN_ID)}, 'g')"
    error = (  # as k6 itself judged, else its usual judgement: 200 to 399 is expected
        "CASE WHEN nullif(expected_response, '') IS NOT NULL THEN lower(expected_response) <> 'true' "
        "WHEN nullif(error_code, '') IS NOT NULL THEN TRUE "
        "WHEN nullif(status, '') IS NOT NULL THEN coalesce(TRY_CAST(status AS INTEGER) NOT BETWEEN 200 AND 399, TRUE) "
        "ELSE FALSE END"
    )
    engine.execute(
        f"CREATE TEMP TABLE every_point AS SELECT trim(coalesce(method, '') || ' ' || {name}) AS name, {time} AS "
        f"end_us, {micros('value', 1e3)} AS duration_us, {error} AS error, NULL::DOUBLE AS users, TRUE AS counted, "
        f"metric IS NULL AS broken FROM raw WHERE metric = '{REQUEST}' OR metric IS NULL"
    )
    if not one(engine, "SELECT count(*) FROM every_point WHERE NOT broken")[0]:
        raise BrokenEvidence(
            f"{file}: found no {REQUEST}, k6's duration of an HTTP request; expected one for each request. Tests of "
            "other protocols are not read; export a test over HTTP."
        )
    faults = [("metric has no name", "metric IS NULL"), *place_faults("end_us", "duration_us")]
    bad = " OR ".join(f"({test})" for _, test in faults).replace("metric IS NULL", "broken")
    engine.execute(f"CREATE TEMP VIEW points AS SELECT * FROM every_point WHERE NOT coalesce({bad}, TRUE)")
    whole = [
        ("metric has no name", "metric IS NULL"),
        *((reason, f"metric = '{REQUEST}' AND ({test})") for reason, test in place_faults(time, micros("value", 1e3))),
    ]
    rejected = (*lost, *faulty(engine, whole, "concat_ws(', ', metric, time, value, method, name, status)"))
    engine.execute(
        f"CREATE TEMP TABLE gauges AS SELECT {time} AS time_us, TRY_CAST(value AS DOUBLE) AS users FROM raw "
        f"WHERE metric = '{USERS}' AND isfinite(TRY_CAST(value AS DOUBLE)) AND TRY_CAST(value AS DOUBLE) >= 0"
    )
    dropped = engine.sql(
        f"SELECT {time} AS at_us, TRY_CAST(TRY_CAST(value AS DOUBLE) AS BIGINT) AS n FROM raw WHERE "
        f"metric = '{DROPPED}' AND n > 0 AND at_us IS NOT NULL"
    ).fetchnumpy()
    load, why = _kind(engine)
    generator = Generator(
        name="k6",
        format=format_,
        load=load,
        why=why,
        paths=True,
        failures="error",
        dropped=np.array([dropped["at_us"], dropped["n"]], dtype=np.int64),
        gauges=bool(one(engine, "SELECT count(*) FROM gauges")[0]),
    )
    notes = (
        *unit_notes(engine, "time", source.time_zone, usual),
        *([] if generator.gauges else [f"no {USERS}: the users are not known"]),
        *_failed_otherwise(engine),
    )
    return part_of_points(engine, file, source, generator, rejected, notes)


def _kind(engine: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    scenarios = [
        row[0]
        for row in engine.sql(
            f"SELECT DISTINCT scenario FROM raw WHERE metric = '{REQUEST}' AND scenario <> '' ORDER BY 1 LIMIT 10"
        ).fetchall()
    ]
    if scenarios == ["default"]:
        return "closed", "k6's scenario `default` is what --vus, --duration, --iterations and --stages make"
    return "unknown", "k6 does not write which executor ran; `load: open` or `load: closed` says so"


def _failed_otherwise(engine: duckdb.DuckDBPyConnection) -> list[str]:
    """k6 counts failures in a metric of its own: a difference is said."""
    known, said = one(
        engine,
        "SELECT count(TRY_CAST(value AS DOUBLE)), CAST(coalesce(sum(CASE WHEN TRY_CAST(value AS DOUBLE) = 1 THEN 1 END)"
        f", 0) AS BIGINT) FROM raw WHERE metric = '{FAILED}'",
    )
    own = one(engine, "SELECT count(*) FROM points WHERE error")[0]
    if not known or said == own:
        return []
    return [f"{FAILED} counts {plural(said, 'failure')}, the requests' own tags {own:,}: the latter are used"]
