"""How often 95% intervals of `usl.fit` hold the truth, and the speed of its draws against scipy's least squares.

Run by hand: `python tests/benchmarks/bench_usl.py [repeats]`. Prints a row a setting: coverage of alpha, of alpha as R's
`confint` has it (errors of independent samples, n - 1 degrees of freedom), of the peak, of the throughput at twice the
largest load, and the share of peaks with an upper end. Then CPU seconds of a fit with 2,000 draws, and the ratio to
2,000 calls of `scipy.optimize.least_squares`, each with a start, scales and bounds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from scipy import optimize

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "model"))
from usl_series import CLEAR, FLAT, coverage, in_time, law, spaced, true_peak

from scaling_lib.model import usl

PEAK = true_peak(*CLEAR)
REACHES = {"past the peak": (CLEAR, 1.6 * PEAK), "short of it": (CLEAR, 0.9 * PEAK), "no peak": (FLAT, 100.0)}
NOISES = {
    "constant 3%": ({"absolute": 0.03}, None),
    "constant 3%, told": ({"absolute": 0.03}, "constant"),
    "in proportion 2%": ({"relative": 0.02}, None),
    "in proportion 5%": ({"relative": 0.05}, None),
    "in proportion 5%, told": ({"relative": 0.05}, "proportional"),
}


def main() -> None:
    """Coverage, then speed."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    random = np.random.default_rng(7)
    independent(repeats, random)
    in_step(repeats, random)
    for samples in (10, 400):
        speed(samples, random)


def independent(repeats: int, random: np.random.Generator) -> None:
    """6, 10 and 20 samples."""
    for reach, (truth, largest) in REACHES.items():
        for samples, doubling in ((6, True), (6, False), (10, False), (20, False)):
            for noise, (size, errors) in NOISES.items():
                load = spaced(samples, largest, doubling=doubling)
                found = coverage(random, truth, lambda load=load: load, repeats, **size, errors=errors)
                show(f"{samples} {'doubling' if doubling else 'even'}, {reach}, {noise}", found)


def in_step(repeats: int, random: np.random.Generator) -> None:
    """200 and 400 samples of a series, whose noise is AR(1) or independent."""
    for kind in ("climb", "waves", "random"):
        for samples in (200, 400):
            for noise, size in (("constant 3%", {"absolute": 0.03}), ("in proportion 5%", {"relative": 0.05})):
                for memory in (0.6, 0.0):
                    found = coverage(
                        random,
                        CLEAR,
                        lambda kind=kind, samples=samples: in_time(kind, samples, 1.6 * PEAK, random),
                        repeats,
                        memory=memory,
                        draws=300,
                        **size,
                    )
                    show(f"{samples} in time, {kind}, rho {memory}, {noise}", found)


def show(setting: str, found: dict[str, float]) -> None:
    """One row."""
    print(f"{setting:52}" + "".join(f" {name} {share:.3f}" for name, share in found.items()), flush=True)


def speed(samples: int, random: np.random.Generator) -> None:
    """CPU seconds of 2,000 draws, and how many times longer scipy takes, from 100 of them."""
    load = np.linspace(1, 70, samples)
    served = law(load, *CLEAR) + random.normal(size=samples) * 8
    start = time.process_time()
    found = usl.fit(load, served)
    draws = len(found.draws)
    ours = time.process_time() - start
    start = time.process_time()
    for _ in range(100):
        series = law(load, *CLEAR) + random.normal(size=samples) * 8
        optimize.least_squares(
            lambda each, series=series: law(load, *each) - series,
            CLEAR,
            bounds=([0, 0, 1e-9], [1, 1, np.inf]),
            x_scale=[0.01, 1e-4, 10],
        )
    scipy = (time.process_time() - start) * draws / 100
    print(f"{samples} samples, {draws:,} draws: {ours:.2f} s of CPU; scipy {scipy:.1f} s; ratio {scipy / ours:.0f}")


if __name__ == "__main__":
    main()
