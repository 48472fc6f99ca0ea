"""The variance of sums over blocks of time whose values depend on each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_BLOCKS = 10
BIAS = 0.05  # of the variance: what the slowest waves that are taken for flat may cost it, in an AR(1)
FEWEST_WAVES, MOST_WAVES = 4, 100  # with room for fewer, no estimate is honest: it misses the slow part of the variance


@dataclass(frozen=True)
class LongRun:
    """The long-run variance of a value (of a sum, over their number), its degrees of freedom, and the blocks it needs.

    Student's t with these degrees goes with it.
    """

    variance: float
    degrees: float
    blocks_needed: int


def long_run(residuals: Floats, design: Floats) -> LongRun:
    """Of what a least-squares fit left, in order of time, one value a block; design: its columns, (blocks, columns).

    The mean square of the residuals' products with the slowest cosines, made orthogonal to the design, so that the fit
    took nothing from them. There are the more the shorter the memory: as many as an AR(1) of the residuals' own
    correlation (corrected for its bias) allows at a bias of 5%.
    Sources: Lazarus, Lewis, Stock and Watson, HAR Inference, Journal of Business and Economic Statistics 36 (2018), for
    the estimator and Student's t with it; Kendall, Biometrika 41 (1954), for the correlation's bias.
    """
    count, columns = design.shape
    squares = float(residuals @ residuals)
    if count < FEWEST_BLOCKS or squares == 0:
        return LongRun(0.0, max(count - columns, 1.0), FEWEST_BLOCKS)
    seen = float(residuals[1:] @ residuals[:-1]) / squares
    memory = min(max(seen + columns * (1 + 3 * seen) / count, 0.0), 0.99)
    share = 1.0 if memory == 0 else min((1 - memory) * math.sqrt(BIAS * 6 / math.pi**2 / (2 * memory)), 1.0)
    waves = int(min(max(count * share, FEWEST_WAVES), MOST_WAVES, count - columns))
    times = (np.arange(count) + 0.5) / count
    cosines = np.cos(math.pi * np.outer(times, np.arange(1, waves + 1)))
    basis = np.linalg.qr(np.column_stack([design, cosines]))[0][:, columns:]
    needed = max(FEWEST_BLOCKS, math.ceil(FEWEST_WAVES / share))
    return LongRun(float(((residuals @ basis) ** 2).mean()), float(waves), needed)
