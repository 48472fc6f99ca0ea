"""How often `localize` finds the service of a fault in random systems, how honest its intervals are, and how long it takes.

Run by hand: `python tests/benchmarks/bench_localize.py [runs]`, with tests/bottlenecks on PYTHONPATH. Each system has 12
services (some called side by side), four journeys in a different mix in either window, own work and networks that vary
(lognormal), services that drift by 10% between the windows, and one fault: 50 ms on all calls to a service (delay), on
its own calls too (egress), its work and its edges four times as slow (contention), or one call in five of it failing
(errors). Printed: the share of runs with the service at rank 1, and among the first three, with 95% intervals; without a
fault, the share of services whose interval lies above 0 (nominal .025) and below it.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import faulty_graphs
import numpy as np
import pandas as pd

from scaling_lib.bottlenecks import localize
from scaling_lib.stats import proportion_interval

SETTINGS: list[dict[str, Any]] = [
    {"traces": (100, 100)},
    {"traces": (30, 60)},
    {"traces": (300, 300)},
    {"sampled": True},
    {"missing": 0.2},
    {"services": 30},
    {"drift": 0.3},
]
WEAKER = {"delay": 0.01, "egress": 0.01, "contention": 1.5, "errors": 0.05}


def ranks(runs: int, fault: str, **setting: Any) -> tuple[str, str]:
    """The shares of runs at rank 1 and within 3."""
    found = []
    for seed in range(runs):
        normal, faulty, service = faulty_graphs.windows(10_000 + seed, fault, **setting)
        names = localize(normal, faulty)["service"].tolist()
        found.append(names.index(service) + 1 if service in names else len(names) + 1)
    first, three = (proportion_interval(sum(each <= most for each in found), runs) for most in (1, 3))
    return str(first), str(three)


def without_fault(runs: int, drift: float) -> tuple[float, float]:
    """The shares of services whose interval lies above 0, and below."""
    found = pd.concat([localize(*faulty_graphs.windows(20_000 + seed, "", drift=drift)[:2]) for seed in range(runs)])
    return float((found["low"] > 0).mean()), float((found["high"] < 0).mean())


def speed(copies: int = 100) -> tuple[int, float]:
    """How many spans, and seconds."""
    normal, faulty, _ = faulty_graphs.windows(1, "delay", traces=(300, 300))
    many = [
        pd.concat([each.assign(trace_id=each["trace_id"] + f"-{copy}") for copy in range(copies)], ignore_index=True)
        for each in (normal, faulty)
    ]
    began = time.perf_counter()
    localize(*many)
    return sum(map(len, many)), time.perf_counter() - began


def main(runs: int = 200) -> None:
    """Print a line for each setting."""
    spans, seconds = speed()
    print(f"{spans:,} spans in {seconds:.1f} s: {spans / seconds / 1e6:.2f} million a second", flush=True)
    for fault, weaker in WEAKER.items():
        for setting in [*SETTINGS, {"size": weaker}]:
            first, three = ranks(runs, fault, **setting)
            print(f"{fault} {setting}: rank 1 {first}, within 3 {three}", flush=True)
    for drift in (0.0, 0.1):
        above, below = without_fault(runs, drift)
        print(f"no fault, drift {drift}: above 0 {above:.3f}, below {below:.3f}", flush=True)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main(*map(int, sys.argv[1:]))
