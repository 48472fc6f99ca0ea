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
from scaling_lib.bottlenecks.long_run import long_run
from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate, quantile_sample_size
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import duration, listing, plural

Floats = NDArray[np.float64]
Verdict = Literal["better", "worse", "no difference found", "not enough data"]

DRAWS = 4000
SEED = 20261125


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

    Operations count in both periods with the mean of their shares; one that is in one period alone is left out. Each
    draw of the interval takes the observation of rank Bin(n + 1, q) of each sorted sample, n being the number of
    independent observations that the sample is worth: q (1 - q) over the variance of the share below the quantile,
    summed over blocks (`long_run`), less certain by Student's t with Welch's degrees of freedom. A draw beyond the
    largest observation is unlimited. Where the interval is, and holds 0, there is not enough data; nor is there where
    either sample is below `quantile_sample_size` (72 for p95, 368 for p99) or has fewer blocks than its memory needs.

    Raises InvalidInput for what is no sample of durations, and where no operation is in both.
    Measured false positives of the nominal 5% (tests/benchmarks/bench_impact.py, A/A data of 40 requests a minute;
    standard deviation .01), at p50, p95 and p99. Independent: 30 minutes each .04, .03, .02; 60 minutes .05, .03, .02;
    120 minutes .05, .04, .04. Minutes that differ by 30%, independent: 60 minutes .04, .04, .04; with a memory (AR(1))
    of .5 at 60 minutes .05, .07, .07. Cautious where few observations lie beyond a quantile. Not honest yet is a memory
    of .8: at 60 minutes .04, .11, .12 and at 120 minutes .09, .11, .18, since the noise of few requests beyond a
    quantile hides what neighbouring minutes share. Where latency wanders for many minutes, take longer blocks.
    Sources: Schultzberg and Ankargren, Resampling-free bootstrap inference for quantiles, arXiv 2202.10992 (2022), for
    the ranks; Woodruff, Confidence Intervals for Medians, JASA 47 (1952), for the share's variance.
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


@dataclass(frozen=True)
class _Worth:
    """How many independent observations a sample is worth for one quantile, how surely, and how many it lacks."""

    size: float
    degrees: float
    lacks: int


def _quantile(before: Period, after: Period, q: float, level: float) -> QuantileImpact:
    worth = [_worth(period, q, level) for period in (before, after)]
    values = [_value(period, q) for period in (before, after)]
    lacks = max(each.lacks for each in worth)
    if not lacks:
        drawn = _draws(before, after, q, worth)
        tail = (1 - level) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            changes, ratios = drawn[1] - drawn[0], drawn[1] / drawn[0]
        ends = [_ends(each, tail) for each in (*drawn, changes, ratios)]
        low, high = ends[2]
        if low > 0 or high < 0 or (math.isfinite(low) and math.isfinite(high)):
            return _told(q, values, ends, level)
        needed = quantile_sample_size(q, level)
        lacks = max(
            math.ceil(len(period.seconds) * max(2 * needed / each.size - 1, 0.1))
            for period, each in zip((before, after), worth, strict=True)
        )
    unknown = [(math.nan, math.nan)] * 4
    return _told(q, values, unknown, level, needed=lacks)


def _worth(period: Period, q: float, level: float) -> _Worth:
    count = len(period.seconds)
    below = (period.seconds <= _value(period, q)).astype(np.float64)
    share = np.bincount(period.operation, weights=below * period.weight) / np.bincount(
        period.operation, weights=period.weight
    )
    residuals = np.bincount(period.block, weights=period.weight * (below - share[period.operation]))
    found = long_run(residuals.astype(np.float64), np.ones((period.blocks, 1)))
    variance = found.variance * period.blocks  # of their sum, which is the share's error
    size = q * (1 - q) / variance if variance > 0 else float(count)
    lacks = max(quantile_sample_size(q, level) - count, 0)
    if period.blocks < found.blocks_needed:
        lacks = max(lacks, math.ceil(count * (found.blocks_needed / period.blocks - 1)))
    return _Worth(size, found.degrees, lacks)


def _value(period: Period, q: float) -> float:
    place = np.searchsorted(np.cumsum(period.weight), q * (1 - 1e-12))
    return float(period.seconds[min(int(place), len(period.seconds) - 1)])


def _draws(before: Period, after: Period, q: float, worth: Sequence[_Worth]) -> tuple[Floats, Floats]:
    random = np.random.default_rng(SEED)
    shares = [1 / each.size for each in worth]
    degrees = sum(shares) ** 2 / sum(share**2 / each.degrees for share, each in zip(shares, worth, strict=True))
    scale = random.chisquare(degrees, DRAWS) / degrees
    first, second = (
        _ranked(period, q, each.size * scale, random) for period, each in zip((before, after), worth, strict=True)
    )
    return first, second


def _ranked(period: Period, q: float, sizes: Floats, random: np.random.Generator) -> Floats:
    """Observations of the rank of each draw; unlimited beyond the largest, 0 below the smallest."""
    among = np.maximum(np.rint(sizes), 1).astype(np.int64) + 1
    ranks = random.binomial(among, q)
    count = len(period.seconds)
    places = np.searchsorted(np.cumsum(period.weight) * (count / (count + 1)), ranks / among * (1 - 1e-12))
    return np.where(ranks == 0, 0.0, np.append(period.seconds, np.inf)[places])


def _ends(drawn: Floats, tail: float) -> tuple[float, float]:
    """Both ends; where both periods are unlimited, the change may be anything."""
    unknown = np.isnan(drawn)
    low, high = np.where(unknown, -np.inf, drawn), np.where(unknown, np.inf, drawn)
    return (
        float(np.quantile(low, tail, method="inverted_cdf")),
        float(np.quantile(high, 1 - tail, method="inverted_cdf")),
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
