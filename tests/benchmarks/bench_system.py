"""How often the intervals of demands hold the truth. By hand: `python tests/benchmarks/bench_system.py [series]`.

Metrics: points of 5 s; requests arrive by a Poisson process and each takes an exponential time of the processor, with
0.05 processors of background whose deviations are correlated from point to point. Three courses of the load: ten levels
of 40 s, a day of 288 points, and a load whose logarithm wanders. Spans: lognormal self times whose mean wanders too.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from scaling_lib.model.calibration import combined, from_load_test, from_spans, from_utilization
from scaling_lib.model.queueing import mva

BACKGROUND = 0.05
DEMANDS = np.array([0.002, 0.004])
CORRELATIONS = (0.0, 0.5, 0.8, 0.95)


def wandering(numbers: np.random.Generator, n: int, correlation: float, spread: float) -> np.ndarray:
    """An autoregressive series of order 1."""
    values = numbers.normal(size=n) * spread * np.sqrt(1 - correlation**2)
    values[0] = numbers.normal() * spread
    for place in range(1, n):
        values[place] += correlation * values[place - 1]
    return values


def load(course: str, numbers: np.random.Generator) -> np.ndarray:
    """Requests/s by point."""
    if course == "levels":
        return np.repeat(np.linspace(20, 300, 10), 8)
    if course == "day":
        return 150 + 100 * np.sin(np.arange(288) / 288 * 2 * np.pi)
    return np.exp(np.log(150) + wandering(numbers, 240, 0.95, 0.3))


def metrics(
    course: str, correlation: float, journeys: int, numbers: np.random.Generator, step: float = 5.0
) -> tuple[pd.Series, pd.DataFrame]:
    """Processors in use and requests/s."""
    rate = load(course, numbers)
    share = 0.5 + 0.2 * np.sin(np.arange(len(rate)) / 9)
    rates = rate[:, np.newaxis] if journeys == 1 else np.column_stack([rate * share, rate * (1 - share)])
    counts = numbers.poisson(rates * step)
    worked = numbers.gamma(np.maximum(counts, 1e-9)) * DEMANDS[:journeys]
    busy = BACKGROUND + worked.sum(axis=1) / step + wandering(numbers, len(rate), correlation, 0.03)
    return pd.Series(np.maximum(busy, 1e-6)), pd.DataFrame(counts / step, columns=list("ab")[:journeys])


def coverage_of_metrics(course: str, correlation: float, journeys: int, series: int) -> tuple[float, float, float]:
    """How often mean demand and background are covered, and the mean relative width of the former."""
    numbers = np.random.default_rng(20261125)
    held, width = np.zeros(2), 0.0
    for _ in range(series):
        busy, rates = metrics(course, correlation, journeys, numbers)
        law = from_utilization(busy, rates, servers=8)
        truth = float(np.array(list(law.mix.values())) @ DEMANDS[:journeys])
        held += [
            law.mean_demand.low <= truth <= law.mean_demand.high,
            law.background.low <= BACKGROUND <= law.background.high,
        ]
        width += (law.mean_demand.high - law.mean_demand.low) / truth
    return (*(held / series).tolist(), width / series)


def traces(count: int, correlation: float, numbers: np.random.Generator) -> pd.DataFrame:
    """Roots of a front of 2 ms on average around a call of 5 ms."""
    slow = np.exp(wandering(numbers, count, correlation, 0.5) - 0.125)
    front, back = (numbers.lognormal(-0.5, 1.0, count) * slow * mean for mean in (2e6, 5e6))
    start = np.arange(count) * 10**9
    rows = []
    for k in range(count):
        end = int(start[k] + front[k] + back[k])
        rows.append((str(k), "r", "", "front", "GET /", "server", int(start[k]), end))
        rows.append((str(k), "c", "r", "back", "work", "server", int(start[k] + front[k]), end))
    return pd.DataFrame(
        rows, columns=["trace_id", "span_id", "parent_id", "service", "operation", "kind", "start_ns", "end_ns"]
    )


def coverage_of_spans(count: int, correlation: float, series: int) -> float:
    """How often the mean self time of 2 ms is covered."""
    numbers = np.random.default_rng(20261125)
    held = 0
    for _ in range(series):
        found = from_spans(traces(count, correlation, numbers)).demands["front"]["GET /"]
        held += found.low <= 0.002 <= found.high
    return held / series


def coverage_of_saturation(series: int) -> float:
    """How often the limit of a closed system (one processor, 2 ms) is covered, from its metrics and its load test."""
    numbers = np.random.default_rng(20261125)
    held = 0
    users = [10, 50, 100, 200, 300, 400, 500, 600]
    known = [mva({"cpu": 0.002 / (1 - BACKGROUND)}, each, 1.0) for each in users]
    for _ in range(series):
        rate = np.repeat([each.throughput for each in known], 8)
        counts = numbers.poisson(rate * 5)
        busy = BACKGROUND + counts / 5 * 0.002 + wandering(numbers, len(rate), 0.5, 0.01)
        test = pd.DataFrame(
            {
                "users": users,
                "throughput": [each.throughput * (1 + 0.01 * numbers.normal()) for each in known],
                "mean_s": [each.response * (1 + 0.02 * numbers.normal()) for each in known],
            }
        )
        law = from_utilization(pd.Series(busy), pd.Series(counts / 5))
        limit = combined(metrics={"cpu": law}, load_test=from_load_test(test)).system(100.0).bounds().saturation
        held += limit.low <= (1 - BACKGROUND) / 0.002 <= limit.high
    return held / series


def main(series: int) -> None:
    """Print all of them."""
    for course in ("levels", "day", "wander"):
        for journeys in (1, 2):
            for correlation in CORRELATIONS:
                demand, background, width = coverage_of_metrics(course, correlation, journeys, series)
                print(
                    f"{course}, {journeys} journeys, correlation {correlation}: demand {demand:.3f}, background "
                    f"{background:.3f}, width {width:.3f}",
                    flush=True,
                )
    for count, correlation in ((30, 0.0), (100, 0.0), (400, 0.0), (2000, 0.8)):
        print(f"spans, {count} traces, correlation {correlation}: {coverage_of_spans(count, correlation, series):.3f}")
    print(f"saturation of metrics and load test together: {coverage_of_saturation(series):.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
