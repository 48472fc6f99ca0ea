"""Queueing formulas: how fast, and how far from published figures, independent solutions and simulations.

Run by hand: `python tests/benchmarks/bench_queueing.py [runs]`, some two minutes with the 10 runs of each simulation
that it makes unless told otherwise. Speed is the median of five.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "model"))

import simulated_queues as simulated

from scaling_lib.model import queueing

RESOURCES = {f"r{place}": 0.1 + 0.01 * place for place in range(10)}
BY_CLASS = {name: {"a": demand, "b": 0.3 - demand} for name, demand in RESOURCES.items()}
PUBLISHED: list[tuple[str, float, Callable[[], float]]] = [
    ("MVA (2, 3, 1), Z 4, N 20: X", 0.3332465, lambda: queueing.mva((2, 3, 1), 20, 4).throughput),
    ("MVA (2, 3, 1), Z 4, N 20: R", 56.01563, lambda: queueing.mva((2, 3, 1), 20, 4).response),
    ("MVA (.02, .08, .08, .06), N 6: X", 9.919836, lambda: queueing.mva((0.02, 0.08, 0.08, 0.06), 6).throughput),
    ("MVA (.605, 2.1, 1.35), Z 15, N 3: X", 0.1515165, lambda: queueing.mva((0.605, 2.1, 1.35), 3, 15).throughput),
    (
        "the same by Schweitzer",
        0.1509859,
        lambda: queueing.mva((0.605, 2.1, 1.35), 3, 15, method="schweitzer").throughput,
    ),
    (
        "bounds (9.2, 8), N 20, Z 120: X",
        0.108696,
        lambda: queueing.bounds((9.2, 8), 20, 120).asymptotic.throughput_high,
    ),
    ("Erlang C (1.8, 2)", 0.85263158, lambda: queueing.erlang_c(1.8, 2)),
    ("Erlang C (1.8, 4)", 0.12853365, lambda: queueing.erlang_c(1.8, 4)),
    ("Erlang C (10, 11)", 0.68211820, lambda: queueing.erlang_c(10, 11)),
    ("Erlang C (10, 14)", 0.17413193, lambda: queueing.erlang_c(10, 14)),
    ("M/M/2 lambda 9, mu 5: R", 1.052632, lambda: queueing.mmc(9, 5, 2).response),
    ("M/M/2 lambda 9, mu 5: Lq", 7.673684, lambda: queueing.mmc(9, 5, 2).waiting),
]


def recursion() -> float:
    """The same ten resources by the recursion of MVA, one customer after another: what the speed is compared with."""
    demands, queues, throughput = np.array(list(RESOURCES.values())), np.zeros(10), 0.0
    for customers in range(1, 10_001):
        residence = demands * (1 + queues)
        throughput = customers / (5 + residence.sum())
        queues = throughput * residence
    return float(throughput)


def birth_and_death(servers: int, population: int, think_time: float) -> float:
    """Throughput of one resource of 1 s, from the balance of its births and deaths."""
    down = np.minimum(np.arange(1, population + 1), servers)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(population, 0, -1) / think_time) - np.log(down))])
    chances = np.exp(logs - logs.max())
    return float(chances @ np.minimum(np.arange(population + 1), servers) / chances.sum())


def show_speed() -> None:
    """Median seconds of each, and the ratio to the plain recursion."""
    pools = {count: dict.fromkeys(RESOURCES, count) for count in (4, 1000)}
    works: dict[str, Callable[[], object]] = {
        "recursion of MVA in numpy, 10 resources, N 10,000": recursion,
        "mva, 10 resources, N 10,000": lambda: queueing.mva(RESOURCES, 10_000, 5),
        "mva, 10 resources of 4 servers, N 10,000": lambda: queueing.mva(RESOURCES, 10_000, 5, pools[4]),
        "mva, 10 resources of 1,000 servers, N 10,000": lambda: queueing.mva(RESOURCES, 10_000, 5, pools[1000]),
        "mva by Schweitzer, the same": lambda: queueing.mva(RESOURCES, 10_000, 5, pools[1000], "schweitzer"),
        "mva, 2 classes of 60, 10 resources": lambda: queueing.mva(BY_CLASS, {"a": 60, "b": 60}, 5),
        "mva, 2 classes of 160, 10 resources": lambda: queueing.mva(BY_CLASS, {"a": 160, "b": 160}, 5),
        "mva, 2 classes of 5,000 (Schweitzer)": lambda: queueing.mva(BY_CLASS, {"a": 5000, "b": 5000}, 5),
        "erlang_c, 1,000 servers": lambda: queueing.erlang_c(990, 1000),
        "erlang_c, 1,000,000 servers": lambda: queueing.erlang_c(999_000, 1_000_000),
        "mmc and its 99% response, 1,000 servers": lambda: queueing.mmc(990, 1, 1000).response_quantile(0.99),
    }
    plain = 0.0
    for name, work in works.items():
        seconds = statistics.median(_timed(work) for _ in range(5))
        plain = plain or seconds
        print(f"{name:52} {seconds * 1000:9.2f} ms {seconds / plain:8.3f}x")


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show_accuracy(runs: int) -> None:
    """Published figures, birth and death, simulations with their 99% interval."""
    for name, published, work in PUBLISHED:
        found = work()
        print(f"{name:52} {found:12.8g} published {published:12.8g} ({found / published - 1:+.1e})")
    for think_time in (0.5, 8.9, 9.0, 9.1, 50.0):
        exact = birth_and_death(1000, 10_000, think_time)
        for method in ("exact", "schweitzer"):
            found = queueing.mva([1.0], 10_000, think_time, [1000], method).throughput
            name = f"1,000 servers, N 10,000, Z {think_time:g}, {method}: X"
            print(f"{name:52} {found:12.8g} balance   {exact:12.8g} ({found / exact - 1:+.1e})")
    print(
        f"recursion against mva, 10 resources, N 10,000: {recursion() / queueing.mva(RESOURCES, 10_000, 5).throughput - 1:+.1e}"
    )
    show_simulations(runs)


def show_simulations(runs: int) -> None:
    """Closed networks and M/M/c, simulated customer by customer."""
    service, servers = {"cpu": 0.3, "disk": 0.1}, {"cpu": 3, "disk": 1}
    networks = {
        "cpu of 3, disk, N 14, Z 1": (service, servers, 14, 1.0, 20.0, 3000.0),
        "1,000 servers, N 10,000, Z 9": ({"pool": 1.0}, {"pool": 1000}, 10_000, 9.0, 60.0, 60.0),
    }
    for name, (seconds, counts, population, think_time, warm_up, duration) in networks.items():
        found = [
            simulated.closed(
                seed,
                service=seconds,
                servers=counts,
                visits={"all": dict.fromkeys(seconds, 1.0)},
                population={"all": population},
                think_time=think_time,
                warm_up=warm_up,
                duration=duration,
            )["all"]
            for seed in range(runs)
        ]
        exact = queueing.mva(seconds, population, think_time, counts)
        _compare(f"{name}: X", exact.throughput, [throughput for throughput, _ in found])
        _compare(f"{name}: R", exact.response, [response for _, response in found])
    for rate, count in ((7.0, 1), (17.0, 2), (95.0, 10)):
        seen = [
            simulated.opened(seed, arrival_rate=rate, service={"cpu": 0.1}, servers={"cpu": count}, customers=60_000)
            for seed in range(runs)
        ]
        queue = queueing.mmc(rate, 10, count)
        _compare(
            f"M/M/{count} at {queue.utilization:.0%}: R",
            queue.response,
            [statistics.fmean(r for _, r in run) for run in seen],
        )
        for q in (0.5, 0.99):
            each = [sorted(response for _, response in run)[int(q * len(run))] for run in seen]
            _compare(f"M/M/{count} at {queue.utilization:.0%}: {q:.0%} of R", queue.response_quantile(q), each)


def _compare(name: str, exact: float, found: list[float]) -> None:
    interval = simulated.interval(found)
    print(
        f"{name:52} {exact:12.6g} simulated {interval.value:12.6g} ({interval.low:.6g} to {interval.high:.6g})"
        f"{'' if exact in interval else '  OUTSIDE'}"
    )


if __name__ == "__main__":
    show_speed()
    show_accuracy(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
