"""An autoscaler over 90 days of demand at 10 s (777,600 steps, 518,400 syncs), against pandas' rolling maximum of it.

Run by hand: `python tests/benchmarks/bench_autoscaler.py [days] [rounds]`. Both run in alternation; printed are the CPU
seconds of each round and the median ratio.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import pandas as pd

from scaling_lib.capacity import Autoscaler, replay_autoscaler

SEED = 20261101


def main() -> None:
    """Alternate the two, after one run of each that does not count."""
    days, rounds = (int(sys.argv[place]) if len(sys.argv) > place else default for place, default in ((1, 90), (2, 3)))
    demand = recorded(days)
    autoscaler = Autoscaler(target_utilization=0.6, min_replicas=3, max_replicas=200, startup_s=90)
    ratios = []
    for number in range(rounds + 1):
        ours, found = timed(lambda: replay_autoscaler(demand, 50.0, autoscaler, price_per_replica_hour=0.05))
        plain, _ = timed(lambda: demand.rolling("300s").max())
        if number:
            ratios.append(ours / plain)
            print(
                f"{len(demand):,} steps: replay {ours:.2f} s of CPU, rolling maximum {plain:.3f} s; "
                f"{len(found.replicas):,} changes, {found.under_provisioned_s:,.0f} s under-provisioned"
            )
    print(f"median ratio {statistics.median(ratios):.0f}")


def recorded(days: int) -> pd.Series[float]:
    """A day's wave with noise and a burst of 20 minutes every other day, requests/s."""
    random = np.random.default_rng(SEED)
    seconds = np.arange(0, days * 86_400, 10)
    wave = 1500 + 1000 * np.sin(2 * np.pi * seconds / 86_400)
    burst = np.where(seconds % 172_800 < 1200, 2.0, 1.0)
    noise = random.lognormal(0, 0.08, len(seconds))
    index = pd.date_range("2026-08-01", periods=len(seconds), freq="10s", tz="UTC")
    return pd.Series(wave * burst * noise, index=index)


def timed(work):
    """CPU seconds, and what came out."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


if __name__ == "__main__":
    main()
