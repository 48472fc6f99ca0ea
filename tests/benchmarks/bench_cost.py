"""How often the intervals of cost curves, of the date a budget runs out, and the alarms of anomalies are right.

Run by hand: `python tests/benchmarks/bench_cost.py [curve] [budget] [anomalies] [--repeats N]`.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from scaling_lib.audit import anomalies, budget_exhaustion
from scaling_lib.evidence.bills import MICRO, Bills
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


DAYS = pd.date_range("2026-01-01", periods=730, freq="D", tz="UTC")


def demand(random: np.random.Generator, days: int) -> pd.Series:
    """Requests a day that grow or fall by up to a tenth a month, with a week, noise that hangs together, and drift."""
    number = np.arange(days)
    growth = random.uniform(-0.02, 0.1) / 30
    noise, drift = np.zeros(days), np.cumsum(0.003 * random.standard_normal(days))
    for day in range(1, days):
        noise[day] = 0.5 * noise[day - 1] + 0.03 * random.standard_normal()
    week = 0.15 * np.sin(2 * np.pi * (number + random.integers(7)) / 7)
    return pd.Series(1e6 * np.exp(growth * number + week + noise + drift), DAYS[:days])


def budgets(repeats: int) -> None:
    """180 days of history, a budget that is spent 10 to 80 days later: how often the interval holds the day."""
    random = np.random.default_rng(2)
    print("law          with demand: inside  median width   cost alone: inside  median width   (days)")
    for name, of in (
        ("a + b D", lambda d: 4 + 6 * d),
        ("D^1.5", lambda d: 8 * d**1.5),
        ("a + b D^1.5", lambda d: 5 + 4 * d**1.5),
    ):
        inside, width = np.zeros((repeats, 2)), np.zeros((repeats, 2))
        for number in range(repeats):
            came = demand(random, 300)
            paid = pd.Series(of(came / 1e6) * np.exp(0.03 * random.standard_normal(300)), came.index)
            day = 180 + int(random.integers(10, 80))
            budget = float(paid.iloc[: day + 1].sum()) - 1e-6
            for place, given in enumerate((came.iloc[:180], None)):
                found = budget_exhaustion(
                    paid.iloc[:180], budget, start=DAYS[0], end=DAYS[299], demand=given, seed=number
                )
                low, high = (each if each is not None else DAYS[300] for each in (found.low, found.high))
                inside[number, place] = low <= DAYS[day] <= high
                width[number, place] = (high - low).days
        rate, wide = inside.mean(axis=0), np.median(width, axis=0)
        print(f"{name:12s} {rate[0]:19.3f} {wide[0]:13.0f} {rate[1]:20.3f} {wide[1]:13.0f}")


def one_bill(services: dict[str, np.ndarray]) -> Bills:
    """A bill of so many services' costs a day."""
    parts = []
    for service, costs in services.items():
        micro = np.round(costs * MICRO).astype(np.int64)
        part = {"day": DAYS[: len(micro)], "service": service, "effective": micro, "gross": micro}
        parts.append(pd.DataFrame(part).assign(category="Usage", tag="", currency="EUR", account="", n=1))
    return Bills(cells=pd.concat(parts, ignore_index=True), resources=pd.DataFrame())


def alarms(repeats: int) -> None:
    """Bills of ten services and a year of noise: days found; and how many of a planted bump are."""
    random = np.random.default_rng(3)
    shapes = {
        "normal 5%": lambda: 0.05 * random.standard_normal(365),
        "normal 15%": lambda: 0.15 * random.standard_normal(365),
        "Student's t of 4, 5%": lambda: 0.05 * random.standard_t(4, 365),
        "autocorrelated 0.7": lambda: pd.Series(0.05 * random.standard_normal(365)).ewm(alpha=0.3).mean().to_numpy(),
        "smooth seasons": lambda: (
            0.4 * np.sin(np.arange(365) / random.uniform(5, 60)) + 0.05 * random.standard_normal(365)
        ),
    }
    print(f"{'noise':22s} days found in a bill of 3,650   bills with any   found of +50%   of x3")
    for name, shape in shapes.items():
        found, hits = [], np.zeros((repeats, 2))
        for number in range(repeats):
            services = {f"s{place}": 10 * np.exp(shape()) for place in range(10)}
            found.append(len(anomalies(one_bill(services)).days))
            for place, times in enumerate((1.5, 3.0)):
                bumped = services["s0"].copy()
                bumped[180] *= times
                days = anomalies(one_bill({"s0": bumped, **{k: v for k, v in services.items() if k != "s0"}})).days
                hits[number, place] = bool(((days["service"] == "s0") & (days["day"] == DAYS[180])).any())
        print(
            f"{name:22s} {np.mean(found):29.3f} {np.mean(np.array(found) > 0):16.3f} {hits[:, 0].mean():15.3f} "
            f"{hits[:, 1].mean():7.3f}"
        )


def main() -> None:
    """The parts that are named, or all."""
    repeats = int(sys.argv[sys.argv.index("--repeats") + 1]) if "--repeats" in sys.argv else 200
    parts = {"curve": curves, "budget": budgets, "anomalies": alarms}
    for name in [each for each in sys.argv[1:] if each in parts] or list(parts):
        began = time.perf_counter()
        parts[name](repeats)
        print(f"{name}: {time.perf_counter() - began:.0f} s, {repeats} repeats a row")


if __name__ == "__main__":
    main()
