"""How long the miss-ratio curve takes, against a plain LRU cache of one size in a loop.

Run by hand: `python tests/benchmarks/bench_caching.py [lookups]`. Keys are drawn with popularity 1 / rank.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict

import numpy as np

from scaling_lib.model import caching


def misses_of_a_cache(trace: list[int], capacity: int) -> int:
    """By keeping the entries themselves."""
    entries: OrderedDict[int, None] = OrderedDict()
    missed = 0
    for key in trace:
        if key in entries:
            entries.move_to_end(key)
            continue
        missed += 1
        entries[key] = None
        if len(entries) > capacity:
            entries.popitem(last=False)
    return missed


def main(lookups: int = 1_000_000) -> None:
    """Print both times and their ratio."""
    popularity = 1 / np.arange(1, 100_001)
    trace = np.random.default_rng(1).choice(len(popularity), lookups, p=popularity / popularity.sum())
    began = time.perf_counter()
    curve = caching.miss_ratio_curve(trace)
    every_size = time.perf_counter() - began
    began = time.perf_counter()
    missed = misses_of_a_cache(trace.tolist(), 1000)
    one_size = time.perf_counter() - began
    assert missed == curve.misses(1000)
    print(f"all sizes {every_size:.2f} s, one size in a loop {one_size:.2f} s: {every_size / one_size:.1f} times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
