"""Hourly series whose truth is known, and how often a forecast's intervals hold it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.stats.exhaustion import first_reached
from scaling_lib.stats.forecast import forecast

HISTORY, AHEAD = 90, 84  # days
DAYS_AHEAD = (1, 7, 28, 84)

SETTINGS = {
    "no growth, independent noise": {},
    "linear growth, 2% a week": {"growth": 0.02},
    "exponential growth, 2% a week": {"growth": 0.02, "exponential": True},
    "exponential growth, 5% a week": {"growth": 0.05, "exponential": True},
    "noise AR(1), .5 an hour": {"growth": 0.02, "memory": 0.5},
    "noise AR(1), .9 an hour": {"growth": 0.02, "memory": 0.9},
    "noise AR(1), .99 an hour": {"memory": 0.99},
    "steady noise, additive season": {"growth": 0.02, "additive": True},
    "walk of 1% a day": {"walk": 0.01},
    "walk of 3% a day": {"walk": 0.03, "memory": 0.5},
    "spikes, 1% of the hours": {"growth": 0.02, "spikes": 0.01},
    "one shift by +40%": {"growth": 0.02, "shift": 0.4},
    "one shift by -30%, walk": {"walk": 0.01, "shift": -0.3},
    "heavy tails (t, 3 degrees)": {"growth": 0.02, "heavy": True},
    "counts of 3 an hour": {"counts": 0.03},
}


def simulate(
    random: np.random.Generator,
    days: int = HISTORY + AHEAD,
    *,
    growth: float = 0.0,
    exponential: bool = False,
    memory: float = 0.0,
    walk: float = 0.0,
    spikes: float = 0.0,
    shift: float = 0.0,
    additive: bool = False,
    heavy: bool = False,
    counts: float = 0.0,
    noise: float = 0.08,
    calm: bool = False,
) -> pd.Series:
    """Hourly values around 100 with a daily and a weekly season; the same without its spikes if `calm`.

    growth: of the first level a week; memory: of the AR(1) noise, from hour to hour, whose deviation is `noise`;
    walk: of the level, its deviation a day; spikes: the share of hours at a fifth or three times their value;
    shift: of the level from half of the history on; additive: season and noise do not grow with the level;
    heavy: noise of Student's t; counts: times this, the mean of Poisson counts.
    """
    hours = days * 24
    day = np.arange(hours) / 24
    level = np.exp(growth * day / 7) if exponential else 1 + growth * day / 7
    level = level * np.exp(np.cumsum(random.standard_normal(hours) * walk / np.sqrt(24)))
    level[day >= HISTORY / 2 + 0.3] *= 1 + shift
    daily = 1 + 0.4 * np.sin(2 * np.pi * (day - 0.375)) + 0.1 * np.sin(4 * np.pi * day)
    season = daily * np.where(day.astype(int) % 7 >= 5, 0.75, 1.0)
    shocks = random.standard_t(3, hours + 500) / np.sqrt(3) if heavy else random.standard_normal(hours + 500)
    noises = noise * autoregressive(shocks, memory)[500:]
    values = 100 * (level + season - 1 + noises) if additive else 100 * level * season * (1 + noises)
    if counts:
        values = random.poisson(np.maximum(counts * values, 0)).astype(float)
    struck = random.random(hours) < spikes
    sizes = random.choice([0.2, 3.0], struck.sum())
    if not calm:
        values[struck] *= sizes
    return pd.Series(values, index=pd.date_range("2025-01-06", periods=hours, freq="h", tz="UTC"))


def autoregressive(shocks: np.ndarray, memory: float) -> np.ndarray:
    """AR(1) of variance 1 from shocks of variance 1."""
    values = shocks * np.sqrt(1 - memory**2)
    if memory:
        for place in range(1, len(values)):
            values[place] += memory * values[place - 1]
    return values


def coverage(random: np.random.Generator, repeats: int, level: float, **truth: float) -> dict[str, float]:
    """The share of values within their interval 1, 7, 28 and 84 days ahead, and of times to exhaustion within theirs."""
    held = np.zeros((repeats, len(DAYS_AHEAD)))
    times, growths = np.zeros(repeats), []
    widths = np.zeros((repeats, len(DAYS_AHEAD)))
    for repeat in range(repeats):
        seed = int(random.integers(2**32))
        series, calm = (simulate(np.random.default_rng(seed), **truth, calm=each) for each in (False, True))
        known, later = series[: HISTORY * 24], series[HISTORY * 24 :].to_numpy()
        found = forecast(known, f"{AHEAD}d", level=level)
        low, high = found.frame["low"].to_numpy(), found.frame["high"].to_numpy()
        inside = ((later >= low) & (later <= high)).reshape(AHEAD, 24).mean(axis=1)
        width = (high - low).reshape(AHEAD, 24).mean(axis=1)
        for place, ahead in enumerate(DAYS_AHEAD):
            held[repeat, place], widths[repeat, place] = inside[ahead - 1], width[ahead - 1]
        limit = float(calm[: HISTORY * 24].quantile(0.999)) * random.uniform(1.02, 1.4)
        exhaustion = first_reached(found, limit)
        reached = np.flatnonzero(calm[HISTORY * 24 :].to_numpy() >= limit)  # passing events are no exhaustion
        seconds = 3600.0 * (reached[0] + 1) if len(reached) else np.inf
        times[repeat] = exhaustion.time.low <= seconds <= exhaustion.time.high or exhaustion.state == "already"
        growths.append(found.growth.low <= 0 <= found.growth.high)
    result = {f"{ahead} d": float(share) for ahead, share in zip(DAYS_AHEAD, held.mean(axis=0), strict=True)}
    width = widths.mean(axis=0)
    return result | {
        "exhaustion": float(times.mean()),
        "none told": float(np.mean(growths)),
        "wider": width[-1] / width[0],
    }
