"""How sure the shares of durations below a quantile are, from blocks of time that remember each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_lib.bottlenecks.durations import Period
from scaling_lib.bottlenecks.long_run import LongRun, long_run, memory
from scaling_lib.stats import quantile_sample_size

Floats = NDArray[np.float64]

DAY_NS = 86_400 * 10**9
APART = 0.5  # of the inertia of a stretch that shares no operation with any other


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
    apart_in_time = [_Stretches.of(period) for period in both]
    remembered = _remembered(below, ranks, apart_in_time)
    separate = [found.long_run(each.sums, remembered) for each, found in zip(below, apart_in_time, strict=True)]
    one, other = (Share(run.variance * len(each.sums), run.degrees) for run, each in zip(separate, below, strict=True))
    if _same_hours(*both):  # what both days have in common, such as a busy hour, is in neither's difference
        days = [_Blocks.apart(*each) for each in (below, ranks)]
        common = _Stretches.of(*both)
        run = common.long_run(days[0].sums, _remembered(days[:1], days[1:], [common]))
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


def _remembered(below: Sequence[_Blocks], ranks: Sequence[_Blocks], stretches: Sequence[_Stretches]) -> float:
    columns = float(np.mean([each.design.shape[1] for each in stretches]))
    return max(_memory(below, columns), _memory(ranks, columns))


@dataclass(frozen=True)
class _Stretches:
    """What taking the operations' means away took from the blocks: design, a column for each stretch of time that has
    operations of its own (a level of load), and how much each block counts in another's stretch (blocks, blocks).

    Of operations that come all the time the blocks lose one mean together. Of those that come in their own stretch they
    lose that stretch's, and waves longer than it would find next to no variance.
    """

    design: Floats
    near: Floats

    @staticmethod
    def of(*periods: Period) -> _Stretches:
        """By correspondence analysis of the weights by block and operation: each stretch apart has an inertia of 1."""
        tables = []
        for period in periods:
            size = int(period.operation.max()) + 1
            places = period.block * size + period.operation
            counts = np.bincount(places, weights=period.weight, minlength=period.blocks * size)
            tables.append(counts.reshape(period.blocks, size))
        table = np.column_stack(tables)
        blocks, operations = table.sum(axis=1), table.sum(axis=0)
        vectors, inertia, _ = np.linalg.svd(table / np.sqrt(np.outer(blocks, operations)), full_matrices=False)
        kept = vectors[:, inertia**2 > APART]
        if kept.shape[1] <= 1:
            return _Stretches(np.ones((len(blocks), 1)), np.ones((len(blocks), len(blocks))) / len(blocks))
        near = np.abs(kept @ kept.T)
        return _Stretches(np.sqrt(blocks)[:, np.newaxis] * kept, near / near.sum(axis=1, keepdims=True))

    def long_run(self, sums: Floats, memory: float) -> LongRun:
        """Of sums over blocks apart from their operations' means."""
        return long_run(sums, self.design, memory, self.near @ sums**2 if self.design.shape[1] > 1 else None)


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


def _memory(both: Sequence[_Blocks], columns: float) -> float:
    """Of both periods together, each in units of its own spread."""
    scales = [math.sqrt(float(each.sums @ each.sums) / len(each.sums)) for each in both]
    kept = [(each, scale) for each, scale in zip(both, scales, strict=True) if scale > 0]
    if not kept:
        return 0.0
    count = sum(len(each.sums) for each, _ in kept)
    noise = sum(len(each.sums) * each.noise / scale**2 for each, scale in kept) / count
    return memory([each.sums / scale for each, scale in kept], noise, columns=columns)


def _ranks(period: Period) -> Floats:
    """Of each duration, 0 to 1: what slow and fast minutes show in most clearly."""
    return np.arange(len(period.seconds)) / len(period.seconds)
