"""The median of a histogram, between the edges of its bucket."""

from __future__ import annotations

import math
from collections.abc import Mapping


def interpolated_median(buckets: Mapping[float, float]) -> float:
    """The median of cumulative counts by upper bound, as Prometheus' histogram_quantile has it; NaN of none."""
    bounds = sorted(buckets)
    whole = buckets[bounds[-1]] if bounds else 0.0
    if not whole > 0:
        return math.nan
    below, start = 0.0, 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= whole / 2:
            if math.isinf(bound):
                return start
            return start + (bound - start) * (whole / 2 - below) / (count - below)
        below, start = count, bound
    return math.nan
