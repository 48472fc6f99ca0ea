"""500,000 spans of OTLP JSON lines into the canonical frame, against `orjson.loads` over the same lines.

Run by hand: `python tests/benchmarks/bench_spans.py [spans] [rounds]`. All run in alternation, each in a process of its
own, so that the peak of memory is its own too; printed are the medians of wall time, CPU time and peak memory, and the
ratios to "loads": the lines of the plain file read, parsed and dropped one by one (keeping what they give takes many
times longer). "loads gz" unpacks as well. "plain" and "gz" are `read_spans` with all its checks, "keeping" the same while
it fills an empty cache, "kept" a second read from that cache.
"""

from __future__ import annotations

import gzip
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SERVICES = ("gateway", "catalogue", "checkout", "payment", "stock")
TRACE = 10  # spans: a server, its client, that one's server, and so on
MEASURE = """
import json, resource, time
{setup}
before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
{work}
wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps([wall, cpu, after.ru_maxrss / 1024]))
"""
READ = "from pathlib import Path\nfrom scaling_lib.evidence.spans import SpanSource, read_spans"
LOADS = "for line in file:\n    orjson.loads(line)"
WORKS = {
    "loads": ("import orjson\nfile = open({file!r}, 'rb')", LOADS),
    "loads gz": ("import gzip, orjson\nfile = gzip.open({file!r} + '.gz', 'rb')", LOADS),
    "plain": (READ, "found = read_spans([SpanSource(path={file!r})])"),
    "gz": (READ, "found = read_spans([SpanSource(path={file!r} + '.gz')])"),
    "keeping": (
        READ + "\nimport tempfile\nempty = tempfile.TemporaryDirectory()",
        "found = read_spans([SpanSource(path={file!r})], cache=Path(empty.name))",
    ),
    "kept": (
        READ + "\ncache = Path({file!r}).parent / 'cache'\nread_spans([SpanSource(path={file!r})], cache=cache)",
        "found = read_spans([SpanSource(path={file!r})], cache=cache)",
    ),
}


def lines(spans: int) -> Iterator[bytes]:
    """TracesData a line, each with the spans of ten traces in one service, as a collector writes them."""
    rng = random.Random(7)
    for batch in range(spans // (TRACE * 10)):
        by_service: dict[str, list[dict[str, object]]] = {service: [] for service in SERVICES}
        for _ in range(10):
            trace, parent = f"{rng.getrandbits(128):032x}", ""
            start = 1_795_485_025_000_000_000 + batch * 10**7 + rng.randrange(10**7)
            for depth in range(TRACE):
                service, own = SERVICES[(depth + 1) // 2 % len(SERVICES)], f"{rng.getrandbits(64):016x}"
                by_service[service].append(
                    {
                        "traceId": trace,
                        "spanId": own,
                        "parentSpanId": parent,
                        "name": f"GET /resource-{rng.randrange(20)}/{{id}}",
                        "kind": 3 if depth % 2 else 2,
                        "startTimeUnixNano": str(start + depth * 10**6),
                        "endTimeUnixNano": str(start + 10**8 - depth * 10**6),
                        "attributes": [
                            {"key": "peer.service", "value": {"stringValue": SERVICES[(depth + 2) // 2 % 5]}},
                            {"key": "http.route", "value": {"stringValue": "/resource/{id}"}},
                            {"key": "http.response.status_code", "value": {"intValue": "200"}},
                        ],
                        "status": {},
                    }
                )
                parent = own
        for service, each in by_service.items():
            resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
            data = {
                "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "bench"}, "spans": each}]}]
            }
            yield json.dumps(data, separators=(",", ":")).encode() + b"\n"


def measure(name: str, file: Path) -> list[float]:
    """Wall time in seconds, CPU time in seconds and peak memory in MB of one work in a fresh process."""
    setup, work = (text.format(file=str(file)) for text in WORKS[name])
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE.format(setup=setup, work=work)], capture_output=True, text=True, check=True
    )
    return list(json.loads(ran.stdout.splitlines()[-1]))


def main(spans: int = 500_000, rounds: int = 5) -> None:
    """Print a table of medians and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spans.jsonl"
        with file.open("wb") as plain, gzip.open(f"{file}.gz", "wb", 6) as packed:
            for line in lines(spans):
                plain.write(line)
                packed.write(line)
        runs: dict[str, list[list[float]]] = {name: [] for name in WORKS}
        for _ in range(rounds):
            for name in WORKS:
                runs[name].append(measure(name, file))
    middle = {name: [statistics.median(column) for column in zip(*each, strict=True)] for name, each in runs.items()}
    for name, (wall, cpu, memory) in middle.items():
        of_loads, of_packed = wall / middle["loads"][0], wall / middle["loads gz"][0]
        print(
            f"{name:9} {spans:,} spans: {wall:5.2f} s wall ({of_loads:.2f}x loads, {of_packed:.2f}x loads gz) "
            f"{cpu:5.2f} s CPU {memory:5.0f} MB"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
