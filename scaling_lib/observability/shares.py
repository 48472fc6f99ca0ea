"""Shares and quantiles over spans, with intervals that allow for what the spans of a trace, and neighbours, share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scaling_lib.observability.tree import Tree
from scaling_lib.stats import Estimate, quantile_sample_size
from scaling_lib.stats.blocks import effective_interval
from scaling_lib.stats.proportions import check_level

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_GROUPS = 50  # neighbouring traces are taken together, as they are slow, or broken, together
ROUNDING = 1e-9


def neighbours(tree: Tree, start_ns: Integers) -> Integers:
    """By trace its group of traces that start at nearly the same time; each its own up to 50 traces."""
    count = int(tree.trace.max()) + 1
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, tree.trace, start_ns)
    group = np.empty(count, dtype=np.int64)
    group[np.argsort(first, kind="stable")] = np.arange(count) * min(count, MOST_GROUPS) // count
    return group


def share(part: Floats, whole: Floats, trace: Integers, group: Integers, level: float) -> Estimate:
    """The ratio sum(part) / sum(whole), a fraction, with an interval for other traces of the same system.

    part, whole: by row, weights included, 0 <= part <= whole; trace: of each row; group: of each trace.
    NaN within [0, 1] where `whole` is nothing. The variance is that of the linearised ratio over groups of traces;
    the interval is exact on as many independent events as have that variance, with Student's t on the groups. Where
    all or none is seen, each trace counts as one event.
    Measured coverage of the nominal 95%, of 2,000 runs of 200 traces: shares of spans, of which each trace breaks a
    share of its own, 0.96 (0.80 if spans were taken as independent), of 30 traces 0.96; shares of time 0.95, of 30
    traces 0.93. Of 2,000 traces whose state is correlated by 0.8 from one to the next 0.95; by 0.95 0.90 (0.60).
    Sources: Cochran, Sampling Techniques (1977), chapter 6; Korn and Graubard, Survey Methodology 24 (1998).
    """
    check_level("share", level)
    total = float(whole.sum())
    if total <= 0:
        return Estimate(math.nan, 0.0, 1.0, level, "fraction")
    value = min(max(float(part.sum()) / total, 0.0), 1.0)
    sizes = np.bincount(group[trace], weights=whole)
    clusters = int((sizes > 0).sum())
    if clusters == 1 or min(value, 1 - value) < ROUNDING:
        sums = np.bincount(np.unique(trace, return_inverse=True)[1], weights=whole)
        return effective_interval(value * (events := total**2 / float(sums @ sums)), events, math.inf, level)
    residuals = np.bincount(group[trace], weights=part - value * whole)
    variance = float(residuals @ residuals) / total**2 * clusters / (clusters - 1)
    if variance < ROUNDING**2 * value * (1 - value):  # not a single trace differs
        return Estimate(value, value, value, level, "fraction")
    events = value * (1 - value) / variance
    return effective_interval(value * events, events, clusters - 1.0, level)


def quantile(seconds: Floats, weights: Floats, q: float, trace: Integers, group: Integers, level: float) -> Estimate:
    """The weighted quantile, seconds; the ends are NaN (not known) where the traces are too few for them.

    Woodruff's interval: that of the share below the quantile, read off the same sample.
    Source: Woodruff, Confidence Intervals for Medians and Other Position Measures, JASA 47 (1952).
    """
    order = np.argsort(seconds, kind="stable")
    above = np.cumsum(weights[order])
    value = _at(seconds[order], above, q)
    below = weights * (seconds <= value)
    found = share(below, weights, trace, group, level)
    events = float(weights.sum()) ** 2 / float(weights @ weights)
    if events < quantile_sample_size(q, level):
        return Estimate(value, math.nan, math.nan, level, "s")
    low, high = (_at(seconds[order], above, q + end - found.value) for end in (found.low, found.high))
    return Estimate(value, low, high, level, "s")


def _at(ordered: Floats, above: Floats, q: float) -> float:
    """The first value at which the cumulative weight reaches the share q."""
    place = int(np.searchsorted(above, q * above[-1] * (1 - ROUNDING)))
    return float(ordered[min(place, len(ordered) - 1)])
