"""The interval of a shift between two samples by the rank-sum test, for independent values."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scaling_lib.stats import Estimate

Floats = NDArray[np.float64]

EXACT_BELOW = 50  # values a side, where no two are alike
CLOSE = 1e-4


def rank_interval(one: Floats, other: Floats, level: float) -> Estimate:
    """Hodges-Lehmann's shift of the one over the other with the interval that the rank-sum test does not reject.

    Exact for fewer than 50 values a side, all different; else by the normal limit with ties and continuity corrected.
    Values that remember the ones before make it far too narrow: see `judge_samples`.
    Source: Hollander and Wolfe, Nonparametric Statistical Methods (1999), 4.2 and 4.3.
    """
    apart = np.sort(np.subtract.outer(one, other).ravel())
    both = np.concatenate([one, other])
    if max(len(one), len(other)) < EXACT_BELOW and len(np.unique(both)) == len(both):
        place = max(_exact_place(len(one), len(other), (1 - level) / 2), 1)
        value = float(np.median(apart))
        return Estimate(value, float(apart[place - 1]), float(apart[-place]), level)
    low, high = (_crossing(one, other, side, level) for side in (1, -1))
    value = _crossing(one, other, 0, level)
    return Estimate(value, min(low, value), max(high, value), level)


def _exact_place(n: int, m: int, tail: float) -> int:
    """The smallest u with P(U <= u) >= tail, for two samples alike."""
    counts = np.ones(1)
    for i in range(1, min(n, m) + 1):  # the Gaussian binomial coefficient: product of (1 - q^(larger + i)) / (1 - q^i)
        longer = max(n, m) + i
        counts = np.concatenate([counts, np.zeros(longer)])
        counts[longer:] -= counts[:-longer].copy()
        for place in range(i, len(counts)):
            counts[place] += counts[place - i]
        counts = counts[: i * max(n, m) + 1]
    return int(np.searchsorted(counts.cumsum() / counts.sum(), tail))


def _crossing(one: Floats, other: Floats, side: int, level: float) -> float:
    """The shift at which the standardised rank sum passes the quantile of a side; 0: its middle."""
    from scipy import optimize, stats

    n, m = len(one), len(other)
    wanted = side * float(stats.norm.isf((1 - level) / 2))

    def beyond(shift: float) -> float:
        ranks = stats.rankdata(np.concatenate([one - shift, other]))
        above = float(ranks[:n].sum()) - n * (n + 1) / 2 - n * m / 2 - side * 0.5
        _, ties = np.unique(ranks, return_counts=True)
        together = float((ties**3 - ties).sum()) / ((n + m) * (n + m - 1))
        return above / math.sqrt(max(n * m / 12 * (n + m + 1 - together), 1e-300)) - wanted

    low, high = float(one.min() - other.max()), float(one.max() - other.min())
    if beyond(low) <= 0:
        return low
    if beyond(high) >= 0:
        return high
    return float(optimize.brentq(beyond, low, high, xtol=CLOSE * max(high - low, 1e-300)))
