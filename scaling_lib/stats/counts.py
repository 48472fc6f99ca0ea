"""Series of small counts: their grain, the noise that counting alone makes, and ends of intervals that are counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 30.0  # grains of a usual value: beyond, a count is as good as a number
OFF = 1e-3  # of a grain, at most, between a value and a multiple of it


def grain(values: Floats) -> float:
    """What all values are small multiples of, such as 1 for counts and 1/3600 for counts an hour as rates a second.

    values: any shape, NaN where not known. 0 where there is none: values below 0, all alike, not on a grid, or usually
    more than 30 grains high, where it makes no difference.
    """
    known = values[np.isfinite(values)]
    if not len(known) or known.min() < 0 or known.min() == known.max():
        return 0.0
    smallest = float(known[known > 0].min())
    shares = np.unique(np.round(known / smallest, 6))  # what rounding moved apart is one value
    step = float(np.diff(shares, prepend=0.0)[shares > 0].min())
    multiples = shares / step
    if np.median(known) > MOST * step * smallest or np.abs(multiples - np.round(multiples)).max() > OFF:
        return 0.0
    return smallest / round(1 / step)


def counting_noise(levels: Floats, *, logarithms: bool) -> float:
    """The least deviation that days of small counts have, or their logarithms; 0 where they are none.

    levels: one a day, NaN where not known. That of a Poisson variable, or what the days differ from
    each other where that is less (a number of servers is counted too, and does not scatter). A median deviation is 0
    where most days are alike, however often the others come.
    """
    step = grain(levels)
    if not step:
        return 0.0
    known = levels[np.isfinite(levels)]
    mean = float(known.mean())
    poisson = np.sqrt(step / mean) if logarithms else np.sqrt(step * mean)
    apart = np.std(np.diff(np.log(known) if logarithms else known)) / np.sqrt(2)
    return float(min(poisson, apart))


def whole_ends(low: Floats, high: Floats, step: float) -> tuple[Floats, Floats]:
    """The ends of intervals as the nearest counts (the correction for continuity); as they are for a grain of 0."""
    if not step:
        return low, high
    return np.round(low / step) * step, np.round(high / step) * step
