"""How often `impact` and `interrupted` find a difference where there is none: A/A data, independent and autocorrelated.

Run by hand: `python tests/benchmarks/bench_impact.py [runs]`. Latency is lognormal (sigma .7), 20 or 200 requests a minute
as Poisson counts, and each minute is slow or fast by exp(.3 z), z an AR(1) from minute to minute; before and after are
halves of one such stretch. Printed for each setting is the share of runs that found a difference, at a nominal 5%, that
refused for want of data, and the share that found one in a plain Mann-Whitney test of all requests; and the share that
found one where durations are 1.2 times as long (power).
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks import impact, interrupted
from scaling_lib.errors import NotEnoughData

SETTINGS = [(0.0, 0.0), (0.0, 0.3), (0.5, 0.3), (0.8, 0.3)]  # memory from minute to minute, sigma of a minute
CELLS = [(60, 20, 1.0), (240, 20, 1.0), (60, 200, 1.0), (240, 200, 1.0), (240, 20, 1.2)]  # minutes, rate, change
FOUND = ("better", "worse")
START = pd.Timestamp("2026-11-23T10:00Z")


def stretch(
    random: np.random.Generator, minutes: int, memory: float, sigma: float, *, rate: float = 40, change: float = 1.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Requests before and after; change: the factor of durations after."""
    shocks = random.standard_normal(2 * minutes + 100)
    slow = np.zeros_like(shocks)
    for minute in range(1, len(shocks)):
        slow[minute] = memory * slow[minute - 1] + np.sqrt(1 - memory**2) * shocks[minute]
    counts = random.poisson(rate, 2 * minutes)
    minute = np.repeat(np.arange(2 * minutes), counts)
    seconds = 0.1 * np.exp(sigma * slow[100:][minute] + 0.7 * random.standard_normal(len(minute)))
    seconds[minute >= minutes] *= change
    frame = pd.DataFrame({"time": START + pd.to_timedelta(minute, unit="min"), "duration_s": seconds})
    return frame[minute < minutes], frame[minute >= minutes]


def of_impact(
    runs: int, minutes: int, memory: float, sigma: float, *, rate: float = 40, change: float = 1.0, seed: int = 1
) -> dict[float, tuple[float, float]]:
    """By quantile the shares of runs that found a difference, and that refused."""
    random = np.random.default_rng(seed)
    verdicts: dict[float, list[str]] = {0.5: [], 0.95: [], 0.99: []}
    for _ in range(runs):
        for each in impact(
            *stretch(random, minutes, memory, sigma, rate=rate, change=change), tuple(verdicts)
        ).quantiles:
            verdicts[each.quantile].append(each.verdict)
    return {
        q: (sum(each in FOUND for each in seen) / runs, sum(each == "not enough data" for each in seen) / runs)
        for q, seen in verdicts.items()
    }


def of_levels(
    runs: int, memory: float, shock: float, *, slower: float = 0.0, share: int = 16, seed: int = 1
) -> dict[float, tuple[float, float]]:
    """As `of_impact`, of two runs of a load test: six levels of 25 s each, one after the other, with blocks of 4 s.

    memory: from second to second; shock: its sigma. slower: by exp(this) from level to level. share: one request in so
    many is traced.
    """
    random = np.random.default_rng(seed)

    def run(start: pd.Timestamp) -> pd.DataFrame:
        parts = []
        for place, rate in enumerate((25, 75, 120, 190, 290, 380)):
            slow = np.zeros(25)
            for second, drawn in enumerate(shock * random.standard_normal(25)):
                slow[second] = (memory * slow[second - 1] if second else 0.0) + drawn
            times = np.sort(random.random(random.poisson(rate * 25 / share)) * 25)
            seconds = np.exp(slow[times.astype(int)] + slower * place - 5 + 0.6 * random.standard_normal(len(times)))
            moments = start + pd.to_timedelta(times + 28 * place, unit="s")
            parts.append(pd.DataFrame({"time": moments, "duration_s": seconds, "operation": f"at {rate}/s"}))
        return pd.concat(parts)

    verdicts: dict[float, list[str]] = {0.5: [], 0.95: [], 0.99: []}
    for _ in range(runs):
        for each in impact(run(START), run(START + pd.Timedelta(hours=1)), tuple(verdicts), block="4s").quantiles:
            verdicts[each.quantile].append(each.verdict)
    return {
        q: (sum(each in FOUND for each in seen) / runs, sum(each == "not enough data" for each in seen) / runs)
        for q, seen in verdicts.items()
    }


def of_interrupted(runs: int, values: int, memory: float, *, trend: bool, seed: int = 1) -> tuple[float, float]:
    """The shares of runs that found a step in an AR(1) without one, and that refused."""
    random = np.random.default_rng(seed)
    found = refused = 0
    times = pd.date_range(START, periods=values, freq="min")
    for _ in range(runs):
        shocks = random.standard_normal(values + 100)
        series = np.zeros_like(shocks)
        for place in range(1, len(shocks)):
            series[place] = memory * series[place - 1] + shocks[place]
        try:
            change = interrupted(pd.Series(series[100:], index=times), times[values // 2], trend=trend).change
            found += change != "no difference found"
        except NotEnoughData:
            refused += 1
    return found / runs, refused / runs


def of_mann_whitney(runs: int, minutes: int, memory: float, sigma: float, *, seed: int = 1) -> float:
    """The share of runs that found a difference with all requests taken as independent."""
    from scipy import stats

    random = np.random.default_rng(seed)
    found = 0
    for _ in range(runs):
        before, after = stretch(random, minutes, memory, sigma)
        found += stats.mannwhitneyu(before["duration_s"], after["duration_s"]).pvalue < 0.05
    return found / runs


def main(runs: int = 2000) -> None:
    """Print a line for each setting."""
    for memory, sigma in SETTINGS:
        print(
            f"memory {memory}, sigma {sigma}: Mann-Whitney {of_mann_whitney(runs, 60, memory, sigma):.3f}", flush=True
        )
        for minutes, rate, change in CELLS:
            shares = of_impact(runs, minutes, memory, sigma, rate=rate, change=change)
            texts = [f"p{q * 100:g} {found:.3f} (refused {refused:.3f})" for q, (found, refused) in shares.items()]
            print(f"  impact, {minutes} minutes of {rate} each, {change} times: {', '.join(texts)}", flush=True)
    for memory, shock, slower in ((0.0, 0.0, 0.0), (0.5, 0.1, 0.0), (0.0, 0.0, 0.7)):
        shares = of_levels(runs, memory, shock, slower=slower)
        texts = [f"p{q * 100:g} {found:.3f} (refused {refused:.3f})" for q, (found, refused) in shares.items()]
        print(f"impact, six levels, memory {memory}, slower by {slower}: {', '.join(texts)}", flush=True)
    for memory in (0.0, 0.5, 0.8):
        for values in (60, 240):
            for trend in (False, True):
                found, refused = of_interrupted(runs, values, memory, trend=trend)
                print(
                    f"interrupted, memory {memory}, {values} values, {'with' if trend else 'no'} trend: {found:.3f} "
                    f"(refused {refused:.3f})",
                    flush=True,
                )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
