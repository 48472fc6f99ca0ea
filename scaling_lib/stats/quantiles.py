"""Intervals of a quantile from order statistics: no assumption about the distribution's shape."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats.arguments import check_whole, floats, is_real, said
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import LEAST_LEVEL, check_level


def quantile_interval(sample: ArrayLike, q: float, level: float = 0.95, *, unit: str = "") -> Estimate:
    """A quantile of independent observations with its two-sided, distribution-free interval.

    sample: observations, one dimension, at least one, finite (an infinity may stand for "timed out").
    q: in (0, 1), such as 0.99; level: nominal coverage; the real coverage is at least that.
    unit: the observations' unit, handed on to the Estimate.

    The value is numpy's linear quantile. The ends are the observations of rank l and u, with
    P(Bin(n, q) < l) and P(Bin(n, q) >= u) at most (1 - level) / 2 each.
    Raises NotEnoughData below `quantile_sample_size(q, level)` observations, InvalidInput for other unusable input.
    Source: Hahn and Meeker, Statistical Intervals (1991), section 5.2.
    """
    values = floats("quantile_interval", "observations", sample)
    if values.ndim != 1 or bool(np.isnan(values).any()):
        raise InvalidInput(
            f"quantile_interval: found {int(np.isnan(values).sum())} NaN in an array of {values.ndim} dimensions; "
            "expected one dimension without NaN. Drop or repair the missing observations first."
        )
    lower, upper = order_ranks(len(values), q, level)
    with np.errstate(invalid="ignore"):  # inf - inf where the sample holds time-outs
        value = float(np.quantile(values, q))
    ends = np.partition(values, [lower - 1, upper - 1])[[lower - 1, upper - 1]]
    if math.isnan(value):
        value = float(np.quantile(values, q, method="inverted_cdf"))
    return Estimate(value, float(ends[0]), float(ends[1]), level, unit)


def binned_quantile_interval(
    values: ArrayLike, counts: ArrayLike, q: float, level: float = 0.95, *, unit: str = ""
) -> Estimate:
    """As `quantile_interval`, from how often each value was seen (`counts`), such as logarithmic latency bins.

    values: ascending; counts: whole numbers, same length. The bins' own width is not part of the interval.
    """
    ascending = floats("binned_quantile_interval", "values", values)
    found = floats("binned_quantile_interval", "counts", counts)
    if ascending.shape != found.shape or ascending.ndim != 1 or not bool((np.diff(ascending) > 0).all()):
        raise InvalidInput("binned_quantile_interval: expected ascending values and one count for each.")
    if not bool((np.isfinite(found) & (found >= 0)).all()):
        raise InvalidInput("binned_quantile_interval: found a count that cannot be; expected 0 or more in every bin.")
    seen = found.astype(np.int64)
    total = int(seen.sum())
    lower, upper = order_ranks(total, q, level)
    ranks = [lower, max(1, math.ceil(q * total)), upper]
    low, value, high = ascending[np.searchsorted(np.cumsum(seen), ranks, side="left")]
    return Estimate(float(value), float(low), float(high), level, unit)


def quantile_sample_size(q: float, level: float = 0.95) -> int:
    """How many observations the two-sided interval of a quantile needs at least: 72 for p95, 368 for p99.

    With fewer, even the extreme observation lies on the wrong side of the quantile with a probability of q^n, more
    than (1 - level) / 2: the sample has no end to offer.
    """
    _check(q, level)
    return max(2, math.ceil(math.log((1 - level) / 2) / math.log(max(q, 1 - q))))


def order_ranks(n: int, q: float, level: float = 0.95) -> tuple[int, int]:
    """The ranks (1 to n) of the two observations that enclose the quantile of n observations."""
    needed = quantile_sample_size(q, level)
    check_whole("order_ranks", "n", n, 0, 2**62)
    if n < needed:
        raise NotEnoughData(
            f"A two-sided {level:.0%} interval of the {q:.4g} quantile: found {n:,} observations; expected at least "
            f"{needed:,}. Supply {needed - n:,} more, or ask for a quantile nearer to the median."
        )
    tail = (1 - level) / 2
    lower = _binomial_quantile(tail, n, q)  # largest l with P(Bin < l) <= tail
    upper = n - _binomial_quantile(tail, n, 1 - q) + 1  # its mirror image: smallest u with P(Bin >= u) <= tail
    return max(lower, 1), min(upper, n)


def _binomial_quantile(probability: float, n: int, q: float) -> int:
    """The smallest k with P(Bin(n, q) <= k) > probability: the largest l with P(Bin < l) <= probability."""
    from scipy import special

    def distribution(k: int) -> float:
        return float(special.betainc(n - k, k + 1, 1 - q)) if k < n else 1.0

    k = int(min(max(math.floor(float(special.bdtrik(probability, n, q))), 0), n))
    while k > 0 and distribution(k - 1) > probability:
        k -= 1
    while distribution(k) <= probability:
        k += 1
    return k


def _check(q: float, level: float) -> None:
    check_level("quantile_interval", level)
    if not (is_real(q) and LEAST_LEVEL <= q <= 1 - LEAST_LEVEL):
        raise InvalidInput(f"quantile_interval: found q = {said(q)}; expected a fraction from 0 to 1, such as 0.99.")
