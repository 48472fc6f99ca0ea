"""JMeter: results as CSV (JTL), a row a sample; times and durations in milliseconds, at the start of the sample."""

from __future__ import annotations

from pathlib import Path

import duckdb

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.load_tests.parts import Part
from scaling_lib.evidence.load_tests.points import Generator, part_of_points
from scaling_lib.evidence.load_tests.recognise import BARE_JTL
from scaling_lib.evidence.load_tests.source import LoadSource
from scaling_lib.evidence.load_tests.text import (
    apart,
    faulty,
    header_of,
    micros,
    place_faults,
    stage_csv,
    time_us,
    unit_notes,
)
from scaling_lib.evidence.sql import quoted
from scaling_lib.words import listing

COLUMNS = (
    "timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType", "success",
    "failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "URL", "Latency", "IdleTime", "Connect",
)  # fmt: skip
KEPT = ("timeStamp", "elapsed", "label", "responseCode", "responseMessage", "success", "allThreads")
ABSENT = {
    "label": "no labels: all requests are counted together",
    "allThreads": "no allThreads: the users are not known; set jmeter.save.saveservice.thread_counts=true",
    "success": "no success: errors are told by the response code alone, which assertions do not change",
}
TRANSACTION = "Number of samples in transaction"  # how the response message of a transaction's row begins


def read_jmeter(engine: duckdb.DuckDBPyConnection, file: Path, source: LoadSource, start: bytes, packed: bool) -> Part:
    """A JTL; columns may lack, and the header too where all of today's columns are there."""
    names, delimiter = header_of(start)
    bare = BARE_JTL.match(start.lstrip(b"\xef\xbb\xbf \t\r\n")) is not None
    if bare and (len(names) != len(COLUMNS) or names[7].lower() not in ("true", "false")):
        raise BrokenEvidence(
            f"{file}, line 1: has no header, and {len(names)} fields; expected the header, or the {len(COLUMNS)} "
            "fields that JMeter writes by default. Put the line of column names at the top."
        )
    there = apart(COLUMNS if bare else names)
    by_lower = {name.lower(): name for name in there}
    fields = [f"{quoted(by_lower[name.lower()]) if name.lower() in by_lower else 'NULL'} AS {name}" for name in KEPT]
    lost = stage_csv(
        engine,
        file,
        packed=packed,
        names=there,
        delimiter=delimiter,
        header=not bare,
        select=", ".join(fields),
    )
    has = {name for name in KEPT if name.lower() in by_lower}
    if not has & {"success", "responseCode"}:
        raise BrokenEvidence(
            f"{file}: has neither success nor responseCode; expected one of them, else errors count as answers. "
            "Export it again with all columns."
        )
    time, took = time_us("timeStamp", source.time_zone), micros("elapsed", 1e3)
    answered = "TRY_CAST(responseCode AS INTEGER) BETWEEN 100 AND 399"
    failed = f"NOT coalesce({answered}, FALSE)"
    if "success" in has:
        failed = "lower(coalesce(success, '')) <> 'true'"
    faults = [
        ("the header again: results of several tests in one file", "lower(timeStamp) = 'timestamp'"),
        *place_faults(time, took),
    ]
    if "success" in has:
        faults.append(("success is neither true nor false", "lower(coalesce(success, '')) NOT IN ('true', 'false')"))
    bad = " OR ".join(f"({test})" for _, test in faults)
    transaction = f"starts_with(coalesce(responseMessage, ''), '{TRANSACTION}')"
    engine.execute(
        "CREATE TEMP TABLE points AS SELECT coalesce(label, '(no label)') || "
        f"CASE WHEN {transaction} THEN ' (transaction)' ELSE '' END AS name, {time} + {took} AS end_us, {took} "
        f"AS duration_us, {failed} AS error, CASE WHEN TRY_CAST(allThreads AS INTEGER) >= 0 THEN "
        f"TRY_CAST(allThreads AS DOUBLE) END AS users, NOT {transaction} AS counted "
        f"FROM raw WHERE NOT coalesce({bad}, TRUE)"
    )
    rejected = (*lost, *faulty(engine, faults, "concat_ws(', ', timeStamp, elapsed, label, responseCode, success)"))
    notes = [
        *(["no header: read as the columns that JMeter writes by default"] if bare else []),
        *unit_notes(engine, "timeStamp", source.time_zone, "ms"),
        *(words for name, words in ABSENT.items() if name not in has),
        *_transactions(engine),
    ]
    generator = Generator(
        name="jmeter",
        format="jmeter",
        load="closed",
        why="JMeter's threads wait for each answer; `load: open` says that an open model thread group was used",
        paths=False,
        failures="responseMessage",
    )
    return part_of_points(engine, file, source, generator, rejected, tuple(notes))


def _transactions(engine: duckdb.DuckDBPyConnection) -> list[str]:
    rows = engine.sql("SELECT DISTINCT name FROM points WHERE NOT counted ORDER BY name").fetchall()
    if not rows:
        return []
    return [
        f"{listing([row[0] for row in rows])}: whose samples are in the file too, are not counted among all together"
    ]
