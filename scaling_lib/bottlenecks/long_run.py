"""The variance of sums over blocks of time whose values depend on each other, and how long that lasts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_BLOCKS = 10
BIAS = 0.03  # of the variance: what the slowest waves that are taken for flat may cost it, in an AR(1)
FEWEST_WAVES = 3  # with room for fewer, no estimate is honest: it misses the slow part of the variance
SLOWEST = 0.2  # of all waves: no more are taken where no memory is seen, since a weak one shows in these alone
LONGEST = 0.99
CLEAR = 0.25  # of the variance: what is left without the noise, from which its correlation can be told
SURE = 2.33  # standard errors from which a correlation is not taken for chance


@dataclass(frozen=True)
class LongRun:
    """The long-run variance of a value (of a sum, over their number), its degrees of freedom, and the blocks it needs.

    Student's t with these degrees goes with it.
    """

    variance: float
    degrees: float
    blocks_needed: int


def long_run(residuals: Floats, design: Floats, memory: float, variances: Floats | None = None) -> LongRun:
    """Of what a least-squares fit left, in order of time, one value a block; design: its columns, (blocks, columns).

    memory: the correlation of neighbours, without noise, see `memory`. variances: of each block, in any unit, where
    they differ (stretches of another load); None: all alike.

    The mean square of the residuals' products with the slowest cosines, made orthogonal to the design, so that the fit
    took nothing from them. There are the more the shorter the memory: as many as an AR(1) allows at a bias of 3%, and
    at most a fifth of all. That many, whatever the data look like, where there is no memory: waves chosen by the data
    would be too large in the runs in which few are chosen. Waves that are made orthogonal to many columns weigh some
    blocks more than others, and are not slow: they are held against what an AR(1) of this memory and these variances
    has there, and the degrees are theirs (Satterthwaite).
    Sources: Lazarus, Lewis, Stock and Watson, HAR Inference, Journal of Business and Economic Statistics 36 (2018), for
    the estimator and Student's t with it.
    """
    count, columns = design.shape
    least = max(FEWEST_BLOCKS, columns + FEWEST_WAVES)
    if count < least or not residuals.any():
        return LongRun(0.0, max(count - columns, 1.0), least)
    flat = (1 - memory) * math.sqrt(BIAS * 6 / math.pi**2 / (2 * memory)) if memory > 0 else 1.0
    waves = int(min(max(round(count * min(flat, SLOWEST)), FEWEST_WAVES), count - columns))
    times = (np.arange(count) + 0.5) / count
    cosines = np.cos(math.pi * np.outer(times, np.arange(1, waves + 1)))
    basis = np.linalg.qr(np.column_stack([design, cosines]))[0][:, columns:]
    needed = max(least, math.ceil(FEWEST_WAVES / flat))
    found = float(((residuals @ basis) ** 2).mean())
    if variances is None:
        return LongRun(found, float(waves), needed)
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    alike = np.sqrt(np.outer(variances, variances)) * memory**apart
    expected = basis.T @ alike @ basis
    total = float(np.trace(expected))
    slow = float(alike.sum()) / count * waves / total  # the sum's variance, over what these waves have of it
    return LongRun(found * slow, total**2 / float((expected**2).sum()), needed)


def memory(stretches: Sequence[Floats], noise: float | None = None, *, columns: float = 1) -> float:
    """How much neighbouring blocks have in common, 0 to .99: the correlation of an AR(1) under the noise of each block.

    stretches: residuals of one or more stretches of time, a value a block. noise: the variance that each value has by
    itself, such as by the few requests of a block; None: not known, and told by the correlation two blocks on where it
    is larger than that of an AR(1) without noise. columns: of the fit that left the residuals, of each
    stretch on average.
    Source: Kendall, Biometrika 41 (1954), for the correlation's bias.
    """
    count = sum(len(each) for each in stretches)
    squares = sum(float(each @ each) for each in stretches)
    if squares == 0:
        return 0.0
    lags = [sum(float(each[lag:] @ each[:-lag]) for each in stretches) for lag in (1, 2)]
    raw = lags[0] / squares
    bias = columns * len(stretches) * (1 + 3 * raw) / count
    found = raw + bias
    if noise is None:
        if raw > SURE / math.sqrt(count) and lags[1] > 0:
            found = max(found, (lags[1] / squares + bias) / found)
    elif raw > SURE / math.sqrt(count):
        signal = squares - count * noise
        if signal > CLEAR * squares:
            found = lags[0] / signal + bias
    return min(max(found, 0.0), LONGEST)
