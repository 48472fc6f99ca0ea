"""The reduction of 20 million requests against DuckDB's bare scan that decodes the same five columns.

Run by hand: `python tests/benchmarks/bench_reduce.py [rows] [rounds]`. All run in alternation, each in a process of its
own, so that the peak of memory is its own too; printed are the medians of wall time, CPU time and peak memory, and the
ratios to the scan. "counts" and "bins" are one pass each, "both" is the one query that the reduction really runs, and
"read_requests" is everything: faults, places, both passes, the tables in pandas.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

DAYS = 3
SCAN = "SELECT sum(epoch_us(time)), max(service), max(route), sum(status), sum(duration_us) FROM read_parquet('{file}')"
MEASURE = """
import json, resource, time
{setup}
before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
{work}
wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps([wall, cpu, after.ru_maxrss / 1024]))
"""
STAGED = """
from pathlib import Path
from scaling_lib.evidence.cells import cells_sql
from scaling_lib.evidence.engine import connect
from scaling_lib.evidence.requests.files import stage
from scaling_lib.evidence.requests.reduce import make_routes
from scaling_lib.evidence.requests import RequestSource
engine, source = connect(), RequestSource(path={file!r})
staged = stage(engine, Path({file!r}), source)
make_routes(engine, staged, source)
query = cells_sql((), staged.joined)
sets = "((minute_cell), (hour_cell))"
assert sets in query
"""
WORKS = {
    "scan": (
        "from scaling_lib.evidence.engine import connect\nengine = connect()",
        f"engine.sql({SCAN!r}.format(file={{file!r}})).fetchall()",
    ),
    "counts": (
        STAGED + "query = query.replace(sets, '((minute_cell))').replace('SELECT minute_cell, hour_cell', "
        "'SELECT minute_cell')",
        "engine.execute('CREATE TEMP TABLE cells AS ' + query)",
    ),
    "bins": (
        STAGED + "query = query.replace(sets, '((hour_cell))').replace('SELECT minute_cell, hour_cell', "
        "'SELECT hour_cell')",
        "engine.execute('CREATE TEMP TABLE cells AS ' + query)",
    ),
    "both": (STAGED, "engine.execute('CREATE TEMP TABLE cells AS ' + query)"),
    "read_requests": (
        "from scaling_lib.evidence.requests import RequestSource, read_requests",
        "read_requests([RequestSource(path={file!r})], cache=None)",
    ),
}


def generate(file: Path, rows: int) -> None:
    """Canonical Parquet: 5 services of 20 routes, lognormal durations, 0.5% errors, in the order of time."""
    step = DAYS * 86_400_000_000 / rows
    duckdb.sql(
        f"""COPY (SELECT make_timestamp(1700000000000000 + CAST(i * {step!r} AS BIGINT)) AS time,
        'service-' || (hash(i) % 5) AS service, 'GET /api/resource-' || (hash(i * 7 + 1) % 20) || '/{{id}}' AS route,
        CAST(CASE WHEN hash(i * 3 + 2) % 1000 < 5 THEN 500 WHEN hash(i * 3 + 2) % 1000 < 30 THEN 404 ELSE 200 END
             AS SMALLINT) AS status,
        CAST(exp(10.5 + 0.8 * sqrt(-2 * ln((hash(i * 11 + 3) % 1000000 + 1) / 1000001.0))
             * cos(2 * pi() * (hash(i * 13 + 5) % 1000000) / 1000000.0)) AS BIGINT) AS duration_us
        FROM range({rows}) t(i)) TO '{file}' (FORMAT parquet)"""
    )


def measure(name: str, file: Path) -> list[float]:
    """Wall time in seconds, CPU time in seconds and peak memory in MB of one work in a fresh process."""
    setup, work = (text.format(file=str(file)) for text in WORKS[name])
    code = MEASURE.format(setup=setup, work=work)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return list(json.loads(ran.stdout.splitlines()[-1]))


def main(rows: int = 20_000_000, rounds: int = 5) -> None:
    """Print a table of medians and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests.parquet"
        generate(file, rows)
        runs: dict[str, list[list[float]]] = {name: [] for name in WORKS}
        for _ in range(rounds):
            for name in WORKS:
                runs[name].append(measure(name, file))
    middle = {name: [statistics.median(column) for column in zip(*each, strict=True)] for name, each in runs.items()}
    scan = middle["scan"]
    for name, (wall, cpu, memory) in middle.items():
        print(
            f"{name:14} {rows:,} rows: {wall:6.2f} s wall ({wall / scan[0]:.2f}x) {cpu:6.2f} s CPU "
            f"({cpu / scan[1]:.2f}x) {memory:5.0f} MB"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
