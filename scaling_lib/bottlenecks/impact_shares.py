"""How sure the shares of durations below a quantile are, from blocks of time that remember each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_lib.bottlenecks.durations import Period
from scaling_lib.bottlenecks.long_run import long_run, memory
from scaling_lib.stats import quantile_sample_size

Floats = NDArray[np.float64]

DAY_NS = 86_400 * 10**9


@dataclass(frozen=True)
class Share:
    """How sure a share is: its variance, and the degrees of freedom of Student's t."""

    variance: float
    degrees: float


@dataclass(frozen=True)
class Shares:
    """Of durations below a quantile: of either period, and of the difference of both; and what durations they lack."""

    own: tuple[Share, Share]
    apart: Share
    lacks: int


def shares(both: tuple[Period, Period], values: Sequence[float], q: float, level: float) -> Shares:
    """Of both periods at their own quantile (values, seconds)."""
    below = [
        _Blocks.of(period, (period.seconds <= value).astype(np.float64))
        for period, value in zip(both, values, strict=True)
    ]
    ranks = [_Blocks.of(period, _ranks(period)) for period in both]
    separate = [long_run(each.sums, np.ones((len(each.sums), 1)), _remembered(below, ranks)) for each in below]
    one, other = (Share(run.variance * len(each.sums), run.degrees) for run, each in zip(separate, below, strict=True))
    if _same_hours(*both):  # what both days have in common, such as a busy hour, is in neither's difference
        days = [_Blocks.apart(*each) for each in (below, ranks)]
        run = long_run(days[0].sums, np.ones((both[0].blocks, 1)), _remembered(days[:1], days[1:]))
        apart, needed = Share(run.variance * both[0].blocks, run.degrees), run.blocks_needed
    else:
        parts = one.variance**2 / one.degrees + other.variance**2 / other.degrees
        total = one.variance + other.variance
        apart = Share(total, total**2 / parts if parts > 0 else math.inf)
        needed = max(run.blocks_needed for run in separate)
    least = quantile_sample_size(q, level)
    lacks = [
        max(least - len(period.seconds), math.ceil(len(period.seconds) * (needed / period.blocks - 1)), 0)
        for period in both
    ]
    return Shares((one, other), apart, max(lacks))


def _same_hours(before: Period, after: Period) -> bool:
    """Whether both are blocks of the same times of the day."""
    if before.blocks != after.blocks:
        return False
    shifts = after.starts - before.starts
    return bool((shifts == shifts[0]).all() and shifts[0] != 0 and shifts[0] % DAY_NS == 0)


def _remembered(below: Sequence[_Blocks], ranks: Sequence[_Blocks]) -> float:
    return max(_memory(below), _memory(ranks))


@dataclass(frozen=True)
class _Blocks:
    """By block the weighted sum of what durations are apart from their operation's mean, and the variance of that sum
    that the few durations of a block leave by themselves, on average."""

    sums: Floats
    noise: float

    @staticmethod
    def apart(one: _Blocks, other: _Blocks) -> _Blocks:
        """Of the difference of two periods, block by block."""
        return _Blocks(other.sums - one.sums, one.noise + other.noise)

    @staticmethod
    def of(period: Period, amount: Floats) -> _Blocks:
        mean = np.bincount(period.operation, weights=amount * period.weight) / np.bincount(
            period.operation, weights=period.weight
        )
        apart = amount - mean[period.operation]
        sums = np.bincount(period.block, weights=period.weight * apart)
        weights = np.bincount(period.block, weights=period.weight)
        number = np.bincount(period.block).astype(np.float64)
        within = period.weight * (apart - (sums / weights)[period.block])
        several = number > 1
        noise = np.bincount(period.block, weights=within**2)[several] * (number / (number - 1 + ~several))[several]
        return _Blocks(sums.astype(np.float64), float(noise.mean()) if several.any() else 0.0)


def _memory(both: Sequence[_Blocks]) -> float:
    """Of both periods together, each in units of its own spread."""
    scales = [math.sqrt(float(each.sums @ each.sums) / len(each.sums)) for each in both]
    kept = [(each, scale) for each, scale in zip(both, scales, strict=True) if scale > 0]
    if not kept:
        return 0.0
    count = sum(len(each.sums) for each, _ in kept)
    noise = sum(len(each.sums) * each.noise / scale**2 for each, scale in kept) / count
    return memory([each.sums / scale for each, scale in kept], noise)


def _ranks(period: Period) -> Floats:
    """Of each duration, 0 to 1: what slow and fast minutes show in most clearly."""
    return np.arange(len(period.seconds)) / len(period.seconds)
