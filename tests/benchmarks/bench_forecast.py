"""Coverage of forecasts by simulation, and their time against statsmodels' exponential smoothing.

Run by hand: `python tests/benchmarks/bench_forecast.py [repeats] [level ...]`. Each row is a truth (90 days of hourly
data with a daily and a weekly season); the columns are the share of values within their interval on the day so many days
ahead, the share of first crossings of a limit within theirs, the share of intervals of growth that hold none, and how
much wider the interval is after 84 days than on the first. Then the coverage of small counts a day, and the time of 400
forecasts.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from simulated_series import SETTINGS, coverage, simulate

from scaling_lib.stats.forecast import SEED, forecast


def table(repeats: int, level: float) -> None:
    """Print the coverage of every setting."""
    print(f"{level:.0%} intervals, {repeats} series each")
    for name, truth in SETTINGS.items():
        found = coverage(np.random.default_rng(SEED), repeats, level, **truth)
        print(f"{name:32}" + "".join(f"{key:>12} {value:5.3f}" for key, value in found.items()), flush=True)


def rare(repeats: int, level: float) -> None:
    """Print the coverage of two weeks of small counts a day, after 28 and 90 days of them."""
    for history in (28, 90):
        for mean in (0.1, 0.3, 1, 3, 10):
            random, held = np.random.default_rng(SEED), []
            for _ in range(repeats):
                counts = random.poisson(mean, history + 14).astype(float)
                series = pd.Series(counts, pd.date_range("2025-01-06", periods=len(counts), freq="D", tz="UTC"))
                frame, later = forecast(series[:history], "14d", level=level).frame, series[history:]
                held.append(((later >= frame["low"]) & (later <= frame["high"])).mean())
            error = np.std(held) / np.sqrt(repeats)
            print(f"{mean:4} a day, {history} days known: held {np.mean(held):.3f} +- {error:.3f}", flush=True)


def many(count: int = 400) -> None:
    """Print the time of so many forecasts of 90 days of hours, 90 days ahead, one after the other."""
    random = np.random.default_rng(SEED)
    series = [simulate(random, 90, growth=0.02) for _ in range(20)]
    start, used = time.perf_counter(), time.process_time()
    for place in range(count):
        forecast(series[place % len(series)], "90d")
    print(f"{count} forecasts {time.perf_counter() - start:.1f} s, {time.process_time() - used:.1f} s of CPU")


def speed(rounds: int = 5) -> None:
    """Print the time of a forecast and its ratio to exponential smoothing with a season of a week."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    series = simulate(np.random.default_rng(SEED), 90, growth=0.02)
    own, theirs = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        forecast(series, "84d")
        own.append(time.perf_counter() - start)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ExponentialSmoothing(series.to_numpy(), trend="add", seasonal="add", seasonal_periods=168)
            model.fit().forecast(2016)
        theirs.append(time.perf_counter() - start)
    one = statistics.median(own)
    print(f"one forecast {one:.3f} s, {one / statistics.median(theirs):.3f} of exponential smoothing")


if __name__ == "__main__":
    speed()
    many()
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for each in map(float, sys.argv[2:] or ["0.8", "0.95"]):
        table(repeats, each)
        rare(repeats, each)
