"""Draws from intervals: what a figure that rests on several estimates may be, without a formula for each."""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray

from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import normal_quantile

Floats = NDArray[np.float64]

DRAWS = 2000  # an end of a 95% interval is then known to some 4% of its width
SEED = 20261125


def generator(*names: str) -> np.random.Generator:
    """The same numbers for the same names: two systems that differ in one resource differ in that one's draws alone."""
    return np.random.default_rng([SEED, *(zlib.crc32(name.encode()) for name in names)])


def draw(estimate: Estimate, deviates: Floats) -> Floats:
    """What the estimate may be at normal deviates: at 0 its value, at those of its level the ends of its interval.

    Between them the logarithm runs straight on either side where the lower end is above 0, else the value does, to no
    less than 0. An end that is not known is taken to be the value, one that is unlimited too: an interval that rests on
    it then has no ends, see `ends_known`.
    """
    reach = normal_quantile(estimate.level)
    low = estimate.low if math.isfinite(estimate.low) else estimate.value
    high = estimate.high if math.isfinite(estimate.high) else estimate.value
    part = deviates / reach
    if low > 0:
        up, down = math.log(high / estimate.value), math.log(estimate.value / low)
        return np.asarray(estimate.value * np.exp(part * np.where(part > 0, up, down)))
    return np.maximum(estimate.value + part * np.where(part > 0, high - estimate.value, estimate.value - low), 0.0)


def ends_known(estimate: Estimate) -> bool:
    """Whether both ends of its interval are known; NaN is not, what is unlimited is."""
    return not (math.isnan(estimate.low) or math.isnan(estimate.high))


def interval(value: float, drawn: Floats, level: float, unit: str, *, known: bool = True) -> Estimate:
    """A value with the interval of its draws, which is widened to hold the value.

    known: whether the ends are of all that the draws rest on; else those of the interval are not known either.
    """
    if not known:
        return Estimate(value, math.nan, math.nan, level, unit)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return Estimate(value, min(float(low), value), max(float(high), value), level, unit)
