"""The variance of a sum over blocks of time whose values depend on each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_BLOCKS = 10
BIAS = 0.05  # of the variance: what the slowest waves that are taken for flat may cost it, in an AR(1)
FEWEST_WAVES = 2.0  # with room for fewer, no estimate is honest: on A/A data one of nine intervals leaves 0 out
WAVES = 4  # that are used at least


@dataclass(frozen=True)
class LongRun:
    """The variance of the sum of values, its degrees of freedom, and how many blocks are needed for an honest one."""

    variance: float
    degrees: float
    blocks_needed: int


def long_run(values: Floats) -> LongRun:
    """Of values in order of time, one a block, around 0.

    The mean square of their products with the slowest cosines, of which there are the more the shorter the memory: as
    many as an AR(1) of the values' own correlation (corrected for its bias) allows at a bias of 5%.
    Sources: Lazarus, Lewis, Stock and Watson, HAR Inference, Journal of Business and Economic Statistics 36 (2018),
    for the estimator and Student's t with it; Kendall, Biometrika 41 (1954), for the correlation's bias.
    """
    from scipy import fft

    count = len(values)
    squares = float(values @ values)
    if count < FEWEST_BLOCKS or squares == 0:
        return LongRun(0.0, max(count - 1.0, 1.0), FEWEST_BLOCKS)
    seen = float(values[1:] @ values[:-1]) / squares
    memory = min(max(seen + (1 + 3 * seen) / count, 0.0), 0.99)
    share = 1.0 if memory == 0 else (1 - memory) * math.sqrt(BIAS * 6 / math.pi**2 / (2 * memory))
    waves = int(min(max(count * share, WAVES), count - 1))
    products = fft.dct(values, type=2)[1 : waves + 1] / math.sqrt(2)
    return LongRun(
        float((products**2).mean()), float(waves), max(FEWEST_BLOCKS, math.ceil(FEWEST_WAVES / min(share, 1.0)))
    )
