"""How often the 95% intervals of the plateau, the knee and the load within an SLO hold the truth, on simulated tests.

Run by hand: `python tests/benchmarks/bench_load_curve.py [repeats]`, some minutes with 300. Prints for the plateau and
the knee how often they are known, their coverage then, and their median relative width; for the load within an SLO the
coverage, and the mean value over the truth; of few stretches, beside it what independent requests would have.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "capacity"))
from load_simulated import knee_coverage, latency_coverage, share_coverage, stretch_coverage, true_slo_load

TESTS = {  # users of the levels, and seconds of each
    "8 levels of 30 s": ((10, 20, 40, 60, 80, 100, 120, 160), 30),
    "5 levels of 30 s": ((10, 40, 70, 100, 130), 30),
    "4 levels of 30 s": ((20, 60, 100, 140), 30),
    "10 levels of 60 s": ((10, 20, 40, 60, 80, 100, 120, 160, 200, 240), 60),
    "7 levels of 300 s": ((10, 40, 60, 80, 90, 100, 120), 300),
}

NEAR = {  # loads over the true one: a level next to it, above or below
    "a queue of 100/s": ((0.2, 0.4, 0.6, 0.8, 0.95, 1.001, 1.2, 1.4, 1.6), 100.0, 0.1),
    "a queue of 400/s": ((0.03, 0.12, 0.25, 0.4, 0.5, 0.65, 0.8, 0.93, 1.01, 1.05, 1.15), 400.0, 0.05),
}


def main() -> None:
    """Plateau and knee, then the load within an SLO."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    random = np.random.default_rng(7)
    for name, (users, seconds) in TESTS.items():
        for figure, found in zip(("plateau", "knee"), knee_coverage(random, users, seconds, repeats), strict=True):
            print(f"{name}, {figure}: " + ", ".join(f"{key} {value:.3f}" for key, value in found.items()))
    true = true_slo_load(0.99)
    for where, near in (("just beyond", 1.0001), ("just within", 0.9999), ("far from", 0.93)):
        loads = np.array([10, 20, 30, 40, near * true, 60, 70, 80])
        for samples, spread in ((3, 0.1), (5, 0.1), (5, 0.3)):
            coverage, bias = latency_coverage(random, loads, samples, spread, 5 * repeats)
            print(f"a level {where} the truth, {samples} samples of {spread:.0%}: {coverage:.3f}, {bias:.3f}")
        for share, seconds in ((0.99, 60), (0.95, 60)):
            coverage, bias = share_coverage(random, loads, seconds, share, repeats)
            print(f"a level {where} the truth, shares of {share:.0%} in {seconds} s: {coverage:.3f}, {bias:.3f}")
    for name, (near, rate, threshold_s) in NEAR.items():
        for seconds, stretch_s in ((20, 5), (60, 5), (60, 15), (120, 15)):
            clustered, independent = stretch_coverage(
                random, near, seconds, stretch_s, repeats, rate=rate, threshold_s=threshold_s
            )
            print(f"{name}, {seconds} s in stretches of {stretch_s} s: {clustered:.3f} ({independent:.3f})")


if __name__ == "__main__":
    main()
