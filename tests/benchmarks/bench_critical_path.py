"""The critical path of 5,000,000 spans, 20 a trace: CPU time, peak memory, and how both grow from 500,000 spans on.

Run by hand: `python tests/benchmarks/bench_critical_path.py [spans] [rounds]`. Each run reads its spans from Parquet in
a process of its own; measured are the call alone (CPU of all threads), against the time of a span in the first line,
and the process's peak memory with the frame that was read. "labels" has trace id,
service and operation as categories, as the readers give them; "shuffled" the rows in any order; "texts" has plain
strings.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

TRACE = 20  # spans
DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
MEASURE = """
import json, resource, sys, time
import pandas as pd
from scaling_lib.bottlenecks import critical_path
spans = pd.read_parquet({file!r})
if {labels}:
    spans = spans.astype({{name: "category" for name in ("trace_id", "service", "operation", "kind")}})
start = time.process_time()
found = critical_path(spans)
cpu, start = time.process_time() - start, time.process_time()
sums = [found.exclusive(by) for by in ("operation", "service", "edge")]
summing = time.process_time() - start
off = abs(float(sums[0].sum()) / float(found.by_root["duration_s"].sum()) - 1)
assert off < 1e-9, off
print(json.dumps([cpu, summing, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2]))
"""


def ids(count: int, width: int, random: np.random.Generator) -> pd.Series:
    """Hexadecimal ids."""
    data = DIGITS[random.integers(0, 16, (count, width), dtype=np.uint8)].ravel()
    ends = np.arange(count + 1, dtype=np.int64) * width
    texts = pa.LargeStringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(data))
    return pd.Series(texts, dtype="str")


def spans(count: int, *, shuffled: bool = False) -> pd.DataFrame:
    """Traces of random trees: each span's parent is an earlier one, within whose time it starts; some end after it."""
    random = np.random.default_rng(count)
    traces = count // TRACE
    parent = np.zeros((traces, TRACE), dtype=np.int64)
    start, length = np.zeros((traces, TRACE)), np.full((traces, TRACE), 1e9)
    every = np.arange(traces)
    for place in range(1, TRACE):
        parent[:, place] = above = random.integers(0, place, traces)
        start[:, place] = start[every, above] + random.random(traces) * length[every, above]
        length[:, place] = random.random(traces) * length[every, above] * 0.6 + 1
    own = ids(traces * TRACE, 16, random)
    rows = (parent + every[:, None] * TRACE).ravel()
    above = own.iloc[rows].reset_index(drop=True)
    above[np.arange(len(own)) % TRACE == 0] = ""
    begin = start.ravel().astype(np.int64) + np.repeat(every * 10**7, TRACE) + 1_795_485_025 * 10**9
    named = random.integers(0, 40, len(own))
    frame = pd.DataFrame(
        {
            "trace_id": ids(traces, 32, random).iloc[np.repeat(every, TRACE)].reset_index(drop=True),
            "span_id": own,
            "parent_id": above,
            "service": pd.Series(named // 4).map("service-{}".format).astype("str"),
            "operation": pd.Series(named).map("GET /resource-{}".format).astype("str"),
            "kind": pd.Series(named % 2).map({0: "server", 1: "client"}).astype("str"),
            "start_ns": begin,
            "end_ns": begin + length.ravel().astype(np.int64),
        }
    )
    return frame.sample(frac=1, random_state=1) if shuffled else frame


def measure(file: Path, *, labels: bool) -> list[float]:
    """CPU seconds of the path, and of three sums; peak memory in GB."""
    code = MEASURE.format(file=str(file), labels=labels)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return list(json.loads(ran.stdout.splitlines()[-1]))


def main(most: int = 5_000_000, rounds: int = 3) -> None:
    """Print a line for each size and form."""
    first = 0.0
    for name, count, labels, shuffled in (
        ("labels", most // 10, True, False),
        ("labels", most, True, False),
        ("texts", most, False, False),
        ("shuffled", most, True, True),
    ):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "spans.parquet"
            subprocess.run(  # in a process of its own: its memory is given back
                [sys.executable, __file__, "write", str(count), str(int(shuffled)), str(file)], check=True
            )
            runs = [measure(file, labels=labels) for _ in range(rounds)]
        cpu, summing, memory = (statistics.median(column) for column in zip(*runs, strict=True))
        first = first or cpu / count
        print(
            f"{name:9} {count:>9,} spans: {cpu:5.2f} s CPU ({cpu / count * 1e6:.2f} µs a span, "
            f"{cpu / count / first:.2f}x the first), three sums {summing:4.2f} s, peak {memory:.2f} GB",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        spans(int(sys.argv[2]), shuffled=sys.argv[3] == "1").to_parquet(sys.argv[4], index=False)
    else:
        main(*map(int, sys.argv[1:]))
