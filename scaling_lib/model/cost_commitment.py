"""How much to commit to: by the distribution of what is used, not by its mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import floats, is_finite, said
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import plural

Floats = NDArray[np.float64]
FEWEST = 14
WEEK = 7
RESAMPLES, SEED = 1000, 20_261_125


@dataclass(frozen=True, kw_only=True)
class Commitment:
    """The commitment that would have cost least.

    size: of what is used, at every moment; break_even: the utilisation above which a part of it pays, 1 - discount.
    utilization: how much of it is used; coverage: how much of the use it covers; saving: of the on-demand cost; all
    fractions, of the history that was given.
    """

    size: Estimate
    break_even: float
    utilization: float
    coverage: float
    saving: Estimate


def commitment(
    usage: ArrayLike, *, discount: float, level: float = 0.95, unit: str = "", block: int = WEEK
) -> Commitment:
    """Size a commitment on usage in steps of equal length, such as each hour's or day's on-demand cost.

    discount: on what is committed, a fraction; it is paid whether used or not. unit: of the usage. block: neighbouring
    steps that are drawn together for the intervals, a week of days.

    A further unit of commitment pays where it is in use for more than 1 - discount of the time: the best size is the
    quantile of usage at `discount`. The saving is of the past: growth makes it larger, and a fall may make it a loss.
    Raises InvalidInput for a discount outside 0 to 1, NotEnoughData for fewer than 14 steps.
    """
    check_level("commitment", level)
    if not (is_finite(discount) and 0 < discount < 1):
        raise InvalidInput(f"commitment: found a discount of {said(discount)}; expected a fraction between 0 and 1.")
    if not (isinstance(block, int) and block >= 1):
        raise InvalidInput(f"commitment: found a block of {said(block)}; expected a number of steps from 1 on.")
    used = floats("commitment", "usage", usage)
    if used.ndim != 1 or not np.isfinite(used).all() or (used < 0).any() or not used.sum():
        raise InvalidInput("commitment: found usage that is no list of numbers from 0 on; expected one a step.")
    if len(used) < FEWEST:
        raise NotEnoughData(f"commitment: found {plural(len(used), 'step')} of usage; expected at least {FEWEST}.")
    size = _size(used[None, :], discount)[0]
    drawn = _resampled(used, block)
    sizes = _size(drawn, discount)
    savings = _saving(drawn, sizes, discount)
    tails = [(1 - level) / 2, (1 + level) / 2]
    covered = float(np.minimum(used, size).sum())
    return Commitment(
        size=_estimate(float(size), np.quantile(sizes, tails), level, unit),
        break_even=1 - discount,
        utilization=covered / (size * len(used)) if size else 0.0,
        coverage=covered / float(used.sum()),
        saving=_estimate(
            float(_saving(used[None, :], np.array([size]), discount)[0]), np.quantile(savings, tails), level, "fraction"
        ),
    )


def _size(usage: Floats, discount: float) -> Floats:
    return np.asarray(np.quantile(usage, discount, axis=1, method="inverted_cdf"))


def _saving(usage: Floats, size: Floats, discount: float) -> Floats:
    beyond = np.maximum(usage - size[:, None], 0).sum(axis=1)
    paid, whole = (1 - discount) * size * usage.shape[1] + beyond, usage.sum(axis=1)
    return np.asarray(np.where(whole > 0, 1 - paid / np.where(whole > 0, whole, 1.0), 0.0))


def _resampled(usage: Floats, block: int) -> Floats:
    random = np.random.default_rng(SEED)
    length = min(block, len(usage))
    starts = random.integers(0, len(usage), (RESAMPLES, -(-len(usage) // length)))
    places = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, : len(usage)] % len(usage)
    return np.asarray(usage[places])


def _estimate(value: float, ends: Floats, level: float, unit: str) -> Estimate:
    return Estimate(value, min(float(ends[0]), value), max(float(ends[1]), value), level, unit)
