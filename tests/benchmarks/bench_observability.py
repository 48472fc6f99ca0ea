"""What step 03 makes of 1,000,000 spans of 60 services, against `self_times` of the same spans.

Run by hand: `python tests/benchmarks/bench_observability.py [traces] [rounds]`. Printed are the medians of CPU time of
each function, and their ratios to that of `model.self_time.self_times`, one pass over the trees.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import pandas as pd

from scaling_lib.model.self_time import self_times
from scaling_lib.observability import (
    flow_coverage,
    golden_signals,
    instrumentation_score,
    sampling,
    service_graph,
)

TRACE, SERVICES, OPERATIONS, JOURNEYS = 10, 60, 400, 40
WORKS = (self_times, service_graph, flow_coverage, instrumentation_score, sampling, golden_signals)


def spans(traces: int) -> pd.DataFrame:
    """Binary trees of ten spans, servers and clients in turn."""
    numbers = np.random.default_rng(7)
    count = traces * TRACE
    trace, place = np.repeat(np.arange(traces), TRACE), np.tile(np.arange(TRACE), traces)
    journey = numbers.integers(0, JOURNEYS, size=traces)[trace]
    operation = np.where(place == 0, journey, (7 * journey + 13 * place + numbers.integers(0, 2, count)) % OPERATIONS)
    ids = np.char.mod("%016x", np.arange(count))
    start = trace * 10**6 + place * 10**5

    def labels(codes: np.ndarray, names: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(codes, pd.Index(names))

    return pd.DataFrame(
        {
            "trace_id": labels(trace, [f"{each:032x}" for each in range(traces)]),
            "span_id": ids,
            "parent_id": np.where(place == 0, "", ids[trace * TRACE + (place - 1) // 2]),
            "service": labels((3 * operation + place) % SERVICES, [f"service {each}" for each in range(SERVICES)]),
            "operation": labels(operation, [f"operation {each}" for each in range(OPERATIONS)]),
            "kind": labels(place % 2, ["server", "client"]),
            "start_ns": start,
            "end_ns": start + (20 - place) * 10**6 + numbers.integers(0, 10**6, count),
            "error": numbers.random(count) < 0.01,
            "peer": labels(np.where(place > 6, 0, 1), ["database", ""]),
            "follows": False,
            "weight": 1.0,
        }
    )


def main(traces: int = 100_000, rounds: int = 3) -> None:
    """Print a table."""
    table = spans(traces)
    taken: dict[str, list[float]] = {work.__name__: [] for work in WORKS}
    for _ in range(rounds):
        for work in WORKS:
            start = time.process_time()
            work(table)
            taken[work.__name__].append(time.process_time() - start)
    middle = {name: statistics.median(each) for name, each in taken.items()}
    for name, seconds in middle.items():
        print(f"{name:22} {len(table):,} spans: {seconds:5.2f} s CPU, {seconds / middle['self_times']:.1f}x self_times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
