"""Stretches of a load test: where the load was constant, where the figures had settled, how sure their means are."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from scaling_lib.stats import Estimate, student_quantile

Floats = NDArray[np.float64]

FEWEST_BLOCKS = 8  # with fewer, nothing is said about how far a mean is from the long run's
TREND_BLOCKS = 10
TREND_SIGNIFICANCE = 0.002
OF_CONSEQUENCE = 0.05  # a smaller difference within a level does not matter, however certain it is
STANDARD_ERRORS = 4.0  # the cut is chosen for its difference: more than two are usual
STEP = 0.10  # rates that differ by less are one level
STEP_PENALTY = 3.0  # times the variance times ln n, which a step has to explain


def constant_runs(values: Floats) -> list[tuple[int, int]]:
    """(first, one past the last) of each run of equal values; NaN is in none."""
    change = np.flatnonzero(np.diff(values) != 0) + 1  # NaN differs from NaN
    edges = [0, *change.tolist(), len(values)]
    return [(a, b) for a, b in itertools.pairwise(edges) if b > a and not math.isnan(values[a])]


def steps(rates: Floats, least: int) -> list[tuple[int, int]]:
    """(first, one past the last) of each stretch of at least `least` values whose mean differs from its neighbours'.

    Binary segmentation by squared error; the noise is told by the differences of neighbours, which steps do not move.
    Source: Scott and Knott, A Cluster Analysis Method for Grouping Means, Biometrics 30 (1974).
    """
    least = max(least, 1)
    if len(rates) < 2 * least:
        return [(0, len(rates))] if len(rates) else []
    noise = max(1.4826 * float(np.median(np.abs(np.diff(rates)))) / math.sqrt(2), 0.5)
    gain = STEP_PENALTY * noise**2 * math.log(len(rates))
    edges = sorted({0, len(rates), *_cuts(rates, 0, len(rates), least, gain)})
    means = [float(rates[a:b].mean()) for a, b in itertools.pairwise(edges)]
    kept = [0]
    for edge, before, after in zip(edges[1:-1], means, means[1:], strict=False):
        if abs(after - before) >= STEP * max(abs(after), abs(before)):
            kept.append(edge)
    return list(zip(kept, [*kept[1:], len(rates)], strict=True))


def _cuts(rates: Floats, first: int, end: int, least: int, gain: float) -> list[int]:
    n = end - first
    if n < 2 * least:
        return []
    left = np.arange(least, n - least + 1)
    sums = np.cumsum(rates[first:end])
    before, after = sums[left - 1] / left, (sums[-1] - sums[left - 1]) / (n - left)
    explained = left * (n - left) / n * (before - after) ** 2
    best = int(np.argmax(explained))
    if explained[best] < gain:
        return []
    cut = first + int(left[best])
    return [*_cuts(rates, first, cut, least, gain), cut, *_cuts(rates, cut, end, least, gain)]


def settled_after(values: Floats) -> int:
    """How many values at the beginning do not belong to the steady state; half of them where it was not reached.

    The marginal standard error rule: the cut after which the mean of the rest is the most certain. A cut whose mean
    does not differ from the rest's, certainly and by 5%, is not made.
    Source: White, An Effective Truncation Heuristic for Bias Reduction in Simulation Output, Simulation 69 (1997).
    """
    n = len(values)
    if n < 2 * FEWEST_BLOCKS or not bool(np.isfinite(values).all()):
        return 0
    cuts = np.arange(n // 2 + 1)
    rest = n - cuts
    sums, squares = np.cumsum(values[::-1])[::-1][cuts], np.cumsum(values[::-1] ** 2)[::-1][cuts]
    error = np.maximum(squares / rest - (sums / rest) ** 2, 0) / rest
    cut = int(np.argmin(error))
    if cut == 0:
        return 0
    spread = float(values[cut:].std(ddof=1))
    apart = abs(float(values[:cut].mean() - values[cut:].mean()))
    certain = apart > STANDARD_ERRORS * spread * math.sqrt(1 / cut + 1 / (n - cut))
    return cut if certain and apart > OF_CONSEQUENCE * abs(float(values[cut:].mean())) else 0


def drift(values: Floats) -> float:
    """The change over all values as a fraction of their mean, where it is certain and large enough; else 0.

    A line through the means of ten blocks, which are less correlated than the values themselves.
    """
    mean = float(values.mean()) if len(values) else 0.0
    if len(values) < TREND_BLOCKS or not bool(np.isfinite(values).all()) or mean == 0:
        return 0.0
    blocks = np.array([float(part.mean()) for part in np.array_split(values, TREND_BLOCKS)])
    place = np.arange(TREND_BLOCKS) - (TREND_BLOCKS - 1) / 2
    slope = float((place * blocks).sum() / (place**2).sum())
    residual = float(((blocks - blocks.mean() - slope * place) ** 2).sum())
    change = slope * TREND_BLOCKS / mean
    error = math.sqrt(residual / (TREND_BLOCKS - 2) / float((place**2).sum()))
    limit = student_quantile(1 - TREND_SIGNIFICANCE, TREND_BLOCKS - 2)
    return change if abs(change) > OF_CONSEQUENCE and abs(slope) > limit * error else 0.0


def ratio_of_sums(amounts: Floats, sizes: Floats, level: float, unit: str) -> Estimate:
    """sum(amounts) / sum(sizes) over equal stretches of time, such as requests a second, with its interval.

    The interval is Student's t on sums of blocks of 1, 2, 4, ... values, at least eight blocks, the widest of them:
    what is correlated from value to value shows in the longer blocks. With fewer than eight values there is none (NaN).
    Source: Law, Simulation Modeling and Analysis, 5th edition, section 9.5.3 (batch means).
    Measured coverage of the nominal 95% (tests/evidence/test_load_steady.py; in brackets, seconds as independent ones):
    independent seconds 0.97 (0.94); correlated by 0.5 from second to second, 18 seconds 0.86 (0.72), 60 seconds 0.89
    (0.73), 120 seconds 0.93 (0.73); correlated by 0.8, 60 seconds 0.74 (0.45), 120 seconds 0.85 (0.47): a level should
    last for many times as long as its throughput remembers.
    """
    total = float(sizes.sum())
    if not total > 0 or not bool(np.isfinite(amounts).all()):
        return Estimate(math.nan, math.nan, math.nan, level, unit)
    value = float(amounts.sum()) / total
    residuals = amounts - value * sizes
    half = max((_half_width(residuals, length, level) for length in _lengths(len(residuals))), default=math.nan) / total
    return Estimate(value, value - half if value - half > 0 or math.isnan(half) else 0.0, value + half, level, unit)


def _lengths(n: int) -> list[int]:
    return [2**power for power in range(30) if n // 2**power >= FEWEST_BLOCKS]


def _half_width(residuals: Floats, length: int, level: float) -> float:
    """Of the sum of all residuals."""
    blocks = len(residuals) // length
    sums = residuals[len(residuals) - blocks * length :].reshape(blocks, length).sum(axis=1)
    spread = float(sums.std(ddof=1)) * math.sqrt(blocks) * len(residuals) / (blocks * length)
    return student_quantile(level, blocks - 1) * spread
