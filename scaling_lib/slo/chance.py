"""How likely failures are by chance alone, and which of many are beyond it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def failures_by_chance(bad: Floats, total: Floats, rate: Floats, variation: Floats | float = 0.0) -> Floats:
    """P(K >= bad) where K is binomial, or negative binomial where the rate varies."""
    from scipy import special

    chance = np.ones(bad.shape)
    varying = np.broadcast_to(variation, bad.shape)
    even, odd = (bad > 0) & (varying <= 1e-9), (bad > 0) & (varying > 1e-9)
    chance[even] = special.betainc(bad[even], np.maximum(total[even] - bad[even] + 1, 1e-9), rate[even])
    spread = varying[odd] * rate[odd] * total[odd]
    chance[odd] = special.betainc(bad[odd], 1 / varying[odd], spread / (1 + spread))
    return chance


def discoveries(probability: Floats, tests: int, false_discovery: float) -> NDArray[np.bool_]:
    """Benjamini and Hochberg: all tests up to the largest p(i) <= i / tests x false_discovery."""
    if len(probability) == 0:
        return np.zeros(0, dtype=bool)
    ordered = np.sort(probability)
    passing = np.flatnonzero(ordered <= np.arange(1, len(ordered) + 1) / max(tests, 1) * false_discovery)
    if len(passing) == 0:
        return np.zeros(len(probability), dtype=bool)
    return np.asarray(probability <= ordered[passing[-1]])
