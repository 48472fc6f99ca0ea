"""Two samples by their placements: how often the one is above the other, with an error for values that remember."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_REMEMBERED = 0.97
MOST_FOR_DIFFERENCES = 1000  # values of a side: a million differences


@dataclass(frozen=True, kw_only=True)
class Placed:
    """chance: that a value of the one is above one of the other, ties half; its standard error; effective points."""

    chance: float
    error: float
    effective: float


def placed(one: Floats, other: Floats) -> Placed:
    """Compare two samples of at least one value each, in the order of time; of one length: of the same moments."""
    above, below = _placements(one, other), _placements(other, one)
    chance = float(above.mean())
    if len(one) == len(other):
        variance, effective = _of_mean(above - below)
        return Placed(chance=chance, error=float(np.sqrt(variance)), effective=effective)
    parts = [_of_mean(above), _of_mean(below)]
    return Placed(
        chance=chance,
        error=float(np.sqrt(sum(variance for variance, _ in parts))),
        effective=min(effective for _, effective in parts),
    )


def differences(one: Floats, other: Floats) -> Floats:
    """Each value of the one less each of the other; of many, of values evenly spread over their ranks."""
    thin = [_thinned(values) for values in (one, other)]
    return np.subtract.outer(thin[0], thin[1]).ravel()


def _placements(of: Floats, among: Floats) -> Floats:
    """The share of the others that each value is above, ties half."""
    ordered = np.sort(among)
    places = np.searchsorted(ordered, of, "left") + np.searchsorted(ordered, of, "right")
    return np.asarray(places / (2 * len(among)), dtype=np.float64)


def _of_mean(series: Floats) -> tuple[float, float]:
    """The variance of a series' mean, and how many independent points it is worth."""
    n = len(series)
    away = series - series.mean()
    squares = float(away @ away)
    if n < 6 or squares < 1e-12 * n:
        return (squares / n / max(n - 1, 1)), float(n)
    seen = float(away[1:] @ away[:-1]) / squares
    unbiased = (seen * n + 1) / (n - 4)  # Kendall: the estimate is low by (1 + 4 r) / n
    sure = unbiased + np.sqrt(max(1 - unbiased**2, 0.02) / n)
    remembered = float(np.clip(sure, 0.0, MOST_REMEMBERED))
    times = (1 + remembered) / (1 - remembered)
    return squares / max(n - times, n / 4) * times / n, n / times


def _thinned(values: Floats) -> Floats:
    if len(values) <= MOST_FOR_DIFFERENCES:
        return values
    shares = (np.arange(MOST_FOR_DIFFERENCES) + 0.5) / MOST_FOR_DIFFERENCES
    return np.asarray(np.quantile(values, shares), dtype=np.float64)
