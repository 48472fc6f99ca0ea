"""How often the intervals of cost curves, of the date a budget runs out, and the alarms of anomalies are right.

Run by hand: `python tests/benchmarks/bench_cost.py [curve] [budget] [anomalies] [--repeats N]`.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from scaling_lib.model import cost

TRUE = {
    "a + b D": lambda d: 50 + 0.3 * d,
    "mostly fixed": lambda d: 100 + 0.1 * d,
    "D^0.7": lambda d: 3 * d**0.7,
    "D^1.5": lambda d: 0.02 * d**1.5,
    "a + b D^1.5": lambda d: 40 + 0.01 * d**1.5,
    "steps": lambda d: 20 + 30 * np.ceil(d / 90),
}


def curves(repeats: int) -> None:
    """30 points over a 4x range, 5% and 10% of noise: what is covered at twice and ten times the highest demand."""
    random = np.random.default_rng(1)
    print(f"{'truth':14s} noise   envelope 2x   10x   best law 2x   10x   elasticity   width 10x")
    for noise in (0.05, 0.1):
        for name, of in TRUE.items():
            hits = np.zeros((repeats, 5))
            wide = []
            for number in range(repeats):
                demand = random.uniform(100, 400, 30)
                demand[:2] = 100, 400
                found = cost.curve(demand, of(demand) * np.exp(noise * random.standard_normal(30)))
                for place, k in enumerate((2, 10)):
                    far, truth = found.extrapolate(k, at=400), of(400 * k)
                    alone = far.by_law[found.fits[0].law]
                    hits[number, place] = far.cost.low <= truth <= far.cost.high
                    hits[number, 2 + place] = alone.low <= truth <= alone.high
                wide.append(far.cost.high / far.cost.low)
                if name == "steps":
                    local = 30 * 200 / 90 / (20 + 30 * (200 / 90 + 0.5))
                else:
                    local = np.log(of(202) / of(198)) / np.log(202 / 198)
                slope = found.elasticity(200)
                hits[number, 4] = slope.low <= local <= slope.high
            shown = hits.mean(axis=0)
            print(
                f"{name:14s} {noise:.2f}    {shown[0]:10.3f} {shown[1]:6.3f} {shown[2]:13.3f} {shown[3]:6.3f} "
                f"{shown[4]:12.3f} {np.median(wide):11.1f}"
            )


def main() -> None:
    """The parts that are named, or all."""
    repeats = int(sys.argv[sys.argv.index("--repeats") + 1]) if "--repeats" in sys.argv else 200
    parts = {"curve": curves}
    for name in [each for each in sys.argv[1:] if each in parts] or list(parts):
        began = time.perf_counter()
        parts[name](repeats)
        print(f"{name}: {time.perf_counter() - began:.0f} s, {repeats} repeats a row")


if __name__ == "__main__":
    main()
