"""Measured impact: latency before a change against latency after it, the mix of operations held fixed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.bottlenecks.durations import Data, Period, periods
from scaling_lib.bottlenecks.impact_shares import shares
from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate, student_quantile
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import duration, listing, plural

Floats = NDArray[np.float64]
Verdict = Literal["better", "worse", "no difference found", "not enough data"]


@dataclass(frozen=True, kw_only=True)
class QuantileImpact:
    """One quantile of latency before and after.

    before, after, change (after less before): seconds; ratio: after over before, "x". All intervals are NaN where the
        verdict is "not enough data".
    needed: the durations that are missing of the period that lacks more, 0 with another verdict.
    sentence: the same in words.
    """

    quantile: float
    before: Estimate
    after: Estimate
    change: Estimate
    ratio: Estimate
    verdict: Verdict
    needed: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Impact:
    """Before against after.

    quantiles: one each, as asked. mix: a row an operation, see `durations.periods`. blocks: of time with traffic,
    before and after. notes: what to know, sentences.
    """

    quantiles: tuple[QuantileImpact, ...]
    mix: pd.DataFrame
    blocks: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def left_out(self) -> float:
        """The fraction of durations in operations of one period alone, of the period in which it is more."""
        counts = self.mix[["before", "after"]]
        return float((counts[self.mix["share"] == 0].sum() / counts.sum()).max())

    def at(self, quantile: float) -> QuantileImpact:
        """That of one quantile."""
        found = [each for each in self.quantiles if math.isclose(each.quantile, quantile)]
        if not found:
            asked = listing([f"{each.quantile:g}" for each in self.quantiles])
            raise InvalidInput(f"impact: the quantile {quantile:g} was not asked for; expected one of {asked}.")
        return found[0]


def impact(
    before: Data,
    after: Data,
    quantiles: Sequence[float] = (0.5, 0.95, 0.99),
    *,
    block: str = "1min",
    level: float = 0.95,
) -> Impact:
    """How quantiles of latency changed, with intervals that allow for slow and fast spells.

    before, after: frames with time (or start_ns) and duration_us or duration_s, and operation or route and weight where
        there are; or seconds as a Series indexed by time; or seconds in order of time, which are cut into up to 60
        blocks of as many each.
    block: of time, within which durations depend on each other in any way, as pandas writes it.
    level: of each quantile's intervals by itself.

    Operations count in both periods with the mean of their shares; one that is in one period alone is left out. A
    change is within the interval where the shares of durations below the quantile of both periods together, the after
    ones moved by that change, differ by no more than chance: by Student's t (with Welch's degrees of freedom) times the
    standard error of the shares, summed over blocks (`long_run`); of periods of the same times of other days by the
    differences of those blocks, so that a daily course that they share is no error. How long blocks remember is told by
    the ranks of durations, which show slow and fast spells more clearly than the few beyond a quantile do, and by
    those. Where the interval is unlimited, and holds 0, there is not enough data; nor is there where either sample is
    below `quantile_sample_size` (72 for p95, 368 for p99) or has fewer blocks than its memory needs.

    Raises InvalidInput for what is no sample of durations, and where no operation is in both.
    Measured false positives of the nominal 5% (tests/benchmarks/bench_impact.py, A/A data of 20 requests a minute,
    2,000 runs, standard deviation .005), at p50, p95 and p99. Independent: 60 minutes each .05, .05, .05; 240 minutes
    .05, .05, .05. Minutes that differ by 30%, independent: .04, .05, .05 and .05, .05, .05; with a memory (AR(1)) of
    .5: .04, .04, .05 (a fifth to a third of runs refused) and .04, .05, .06; of .8: 60 minutes .01 (94% refused), 240
    minutes .04, .05, .07 (1%, 13% and 6% refused). With 200 requests a minute (500 runs, .01) .03 to .07, as with the
    same daily course on two days. Operations that each come in their own stretch, as at six levels of load of 25 s
    with blocks of 4 s (150 to 200 runs, .018): independent .05, .04 to .09, .05 to .07; with levels ever slower .06,
    .06, .04; 24 stretches over 240 minutes .08, .07, .06; with a memory of .5 from second to second .13, .07, .08
    (.027), and with slower levels too .04, .09, .05 (5% to 21% refused). Among the few short runs of a memory of .8
    that are not refused a tenth is wrong: their memory looks shorter than it is. A level that drifts from the one
    period into the next is a difference: compare the same times of two days, or use `interrupted`. Found of durations
    1.2 times as long: 60 minutes, independent, 1, .8 and .33; 240 minutes, memory .5, .95, .84 and .62.
    Sources: Woodruff, Confidence Intervals for Medians, JASA 47 (1952), for the share's variance and the inversion of
    shares; Lazarus, Lewis, Stock and Watson, HAR Inference, Journal of Business and Economic Statistics 36 (2018).
    """
    check_level("impact", level)
    if wrong := [q for q in quantiles if not 0 < q < 1]:
        raise InvalidInput(f"impact: found the quantile {wrong[0]}; expected fractions between 0 and 1, such as 0.99.")
    one, other, mix = periods(before, after, block)
    found = tuple(_quantile(one, other, q, level) for q in quantiles)
    return Impact(quantiles=found, mix=mix, blocks=(one.blocks, other.blocks), notes=tuple(_notes(before, mix)))


def _notes(before: Data, mix: pd.DataFrame) -> list[str]:
    notes = []
    if alone := [str(name) for name in mix.index[mix["share"] == 0]]:
        notes.append(f"Left out, since in one period alone: {listing(alone)}.")
    if not isinstance(before, pd.DataFrame) and not (
        isinstance(before, pd.Series) and isinstance(before.index, pd.DatetimeIndex)
    ):
        notes.append("Times are not given: durations are taken to be in order of time.")
    return notes


def _quantile(before: Period, after: Period, q: float, level: float) -> QuantileImpact:
    both = (before, after)
    values = [_value(period, q) for period in both]
    found = shares(both, values, q, level)
    if found.lacks:
        return _told(q, values, [(math.nan, math.nan)] * 4, level, needed=found.lacks)
    apart = found.apart
    reach = student_quantile(level, apart.degrees) * math.sqrt(apart.variance)
    each_reach = [student_quantile(level, each.degrees) * math.sqrt(each.variance) for each in found.own]
    own = [_ends(period, q, width, width) for period, width in zip(both, each_reach, strict=True)]
    # a change is not rejected where the shares below the quantile of both together, moved by it, differ by at most
    # `reach`; both together are weighed by their worth, the inverse of the variance
    total = sum(each.variance for each in found.own)
    moves = [reach * each.variance / total if total > 0 else 0.0 for each in found.own]
    (one_low, one_high), (other_low, other_high) = (
        _ends(period, q, move, move) for period, move in zip(both, moves, strict=True)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        changes = other_low - one_high, other_high - one_low
        ratios = _over(other_low, one_high), _over(other_high, one_low)
    low, high = changes
    if low > 0 or high < 0 or (math.isfinite(low) and math.isfinite(high)):
        return _told(q, values, [*own, changes, ratios], level)
    return _told(q, values, [(math.nan, math.nan)] * 4, level, needed=_lacking(both, q, moves))


def _value(period: Period, q: float) -> float:
    place = np.searchsorted(np.cumsum(period.weight), q * (1 - 1e-12))
    return float(period.seconds[min(int(place), len(period.seconds) - 1)])


def _ends(period: Period, q: float, down: float, up: float) -> tuple[float, float]:
    """The durations at the shares q - down and q + up; 0 below the smallest, unlimited beyond the largest."""
    count = len(period.seconds)
    places = np.cumsum(period.weight) * (count / (count + 1))
    low, high = np.interp([q - down, q + up], places, period.seconds, left=0.0, right=math.inf)
    return float(low), float(high)


def _over(one: float, other: float) -> float:
    if other == 0:
        return math.inf if one > 0 else math.nan
    return 0.0 if math.isinf(other) else one / other


def _lacking(both: tuple[Period, Period], q: float, moves: Sequence[float]) -> int:
    """How many durations more bring the ends within the sample; their distance falls with the root of the number."""
    room = min(q, 1 - q)
    return max(
        math.ceil(len(period.seconds) * max((move / (room - min(room / 2, 1 / len(period.seconds)))) ** 2 - 1, 0.1))
        for period, move in zip(both, moves, strict=True)
    )


def _told(
    q: float, values: Sequence[float], ends: Sequence[tuple[float, float]], level: float, *, needed: int = 0
) -> QuantileImpact:
    before, after = values
    points = (before, after, after - before, after / before if before > 0 else math.nan)
    estimates = [
        Estimate(point, min(low, point), max(high, point), level, unit)
        if not math.isnan(point)
        else Estimate(point, math.nan, math.nan, level, unit)
        for point, (low, high), unit in zip(points, ends, ("s", "s", "s", "x"), strict=True)
    ]
    low, high = ends[2]
    verdict: Verdict = "no difference found"
    if needed:
        verdict = "not enough data"
    elif high < 0 or low > 0:
        verdict = "better" if high < 0 else "worse"
    return QuantileImpact(
        quantile=q,
        before=estimates[0],
        after=estimates[1],
        change=estimates[2],
        ratio=estimates[3],
        verdict=verdict,
        needed=needed,
        sentence=_sentence(q, verdict, before, after, ends[2], level, needed),
    )


def _sentence(
    q: float, verdict: Verdict, before: float, after: float, ends: tuple[float, float], level: float, needed: int
) -> str:
    name = f"p{100 * q:g}"
    went = f"{name} went from {duration(before)} to {duration(after)}"
    if verdict == "not enough data":
        return f"{went}, which may be chance: some {plural(needed, 'duration')} more are needed for an interval."
    between = f"the change is {duration(ends[0])} to {duration(ends[1])} ({level:.0%} interval)"
    return f"{went}: {verdict}; {between}."
