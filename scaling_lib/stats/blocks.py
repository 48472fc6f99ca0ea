"""The interval of a ratio of sums, from counts per minute, that allows for clustered failures and unequal traffic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import floats, is_finite, said
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import check_level, normal_quantile, proportion_interval
from scaling_lib.stats.student import check_degrees, student_quantile
from scaling_lib.words import number

Floats = NDArray[np.float64]

FEWEST_BLOCKS = 8  # fewer blocks with traffic say nothing about how failures cluster
COARSEST_BLOCKS = 12  # blocks are doubled in length as long as this many remain
FEWEST_DEGREES = 3.0  # below, Student's t would widen one spell's interval a hundredfold for 1% of coverage
MOST_BIAS = 0.75  # at most this share of a variance is taken to be lost to the mean's own estimation
FEW_SPELLS = 3.0
SLACK = 1e-9  # relative: what rounding may add to a count


@dataclass(frozen=True, kw_only=True)
class RatioInterval:
    """The share of bad events with its interval, and what the interval rests on.

    estimate: the share of bad events, a fraction.
    design_effect: how many times the variance exceeds that of independent failures, at least 1.
    effective_total, effective_bad: the independent events the counts are worth (the counts over the design effect);
        `effective_bad` is about the number of separate spells of failures.
    degrees_of_freedom: of Student's t in the interval, infinite where no dependence was found.
    blocks: blocks (minutes) with traffic.
    method: what was done, in words; caveat: why the interval may be too narrow, "" where nothing speaks for it.
    """

    estimate: Estimate
    design_effect: float
    effective_total: float
    effective_bad: float
    degrees_of_freedom: float
    blocks: int
    method: str
    caveat: str


def ratio_interval(bad: ArrayLike, total: ArrayLike, level: float = 0.95) -> RatioInterval:
    """The share sum(bad) / sum(total) with an interval for the rate at which the service fails in the long run.

    bad, total: counts per block of equal length, such as minutes, in order of time, `0 <= bad <= total`; blocks
        without traffic are 0 in both. One dimension, the same length.

    The variance of the ratio is that of the linearised residuals bad - share * total, summed over their
    autocovariances as far as Geyer's initial monotone sequence goes, at block lengths 1, 2, 4, ... (the largest
    counts: slow waves hide under the noise of single minutes). Its excess over the binomial variance is the design
    effect; the interval is Clopper-Pearson's on the effective counts, which Student's t makes smaller still.
    Sources: Geyer, Practical Markov Chain Monte Carlo, Statistical Science 7 (1992); Korn and Graubard, Confidence
    Intervals for Proportions with Small Expected Number of Positive Counts, Survey Methodology 24 (1998).

    Measured coverage of the nominal 95% (tests/stats/test_blocks.py; in brackets, failures taken as independent):
    independent failures 0.98-1.00 (0.95-0.98), also at 1 to 3 failures and at 12 minutes; outages as a two-state
    Markov chain with 2.4 to 14 expected spells 0.90-0.98 (0.02-0.13); rates whose logarithm wanders (AR(1)) with 14
    or more correlation times in the history 0.91-0.96 (0.19-0.48). A moving-block bootstrap had 0.53-0.88 on both.
    No method is honest on a history shorter than a few spells: with two expected spells in twelve minutes it is 0.86,
    with one or two in a week 0.55-0.81, with two correlation times 0.83; a background of single failures then hides the
    clustering. `caveat` says so where the counts show it; no history shows outages that are rarer than it is long.

    Raises InvalidInput for arrays that do not fit or counts that cannot be.
    """
    check_level("ratio_interval", level)
    failed, events = _checked(bad, total)
    k, n = float(failed.sum()), float(events.sum())
    blocks = int((events > 0).sum())
    if n == 0 or k == 0 or k == n or blocks < FEWEST_BLOCKS:
        return _independent(k, n, blocks, level)
    share = k / n
    variance, memory = _variance(failed - share * events)
    design_effect = max(1.0, variance / (n * share * (1 - share)))
    effective_bad, effective_total = k / design_effect, n / design_effect
    spells = min(effective_bad, effective_total - effective_bad)
    degrees = math.inf
    if design_effect > 1:
        degrees = max(FEWEST_DEGREES, min(2 * spells, len(events) / memory))
    ends = effective_interval(effective_bad, effective_total, degrees, level)
    return RatioInterval(
        estimate=Estimate(share, min(ends.low, share), max(ends.high, share), level, "fraction"),
        design_effect=design_effect,
        effective_total=effective_total,
        effective_bad=effective_bad,
        degrees_of_freedom=degrees,
        blocks=blocks,
        method="exact interval"
        + (
            f" for failures that come together: {number(design_effect)} events are worth one independent one (the "
            f"design effect, from {blocks:,} blocks of time)"
            if design_effect > 1
            else f"; no clustering was seen in {blocks:,} blocks of time"
        ),
        caveat=_caveat(spells, design_effect, len(events) / memory),
    )


def effective_interval(bad: float, total: float, degrees: float, level: float = 0.95) -> Estimate:
    """Korn and Graubard's interval: Clopper-Pearson's on effective counts, reduced for Student's t at `degrees`.

    bad, total: effective counts, finite, `0 <= bad <= total` and total above 0; degrees: above 0, also infinite.
    Raises InvalidInput for others.
    """
    if not (is_finite(bad) and is_finite(total) and 0 <= bad <= total * (1 + SLACK) and total > 0):
        raise InvalidInput(
            f"effective_interval: found {said(bad)} bad of {said(total)}; expected finite counts with 0 <= bad <= "
            "total, and total above 0."
        )
    check_degrees("effective_interval", degrees)
    shrink = 1.0
    if math.isfinite(degrees):
        shrink = (normal_quantile(level) / student_quantile(level, degrees)) ** 2
    exact = proportion_interval(min(shrink * bad, shrink * total), shrink * total, level, "exact")
    share = min(bad / total, 1.0)
    return Estimate(share, min(exact.low, share), max(exact.high, share), level, "fraction")


def _checked(bad: ArrayLike, total: ArrayLike) -> tuple[Floats, Floats]:
    failed, events = floats("ratio_interval", "bad counts", bad), floats("ratio_interval", "total counts", total)
    if failed.ndim != 1 or failed.shape != events.shape:
        raise InvalidInput(
            f"ratio_interval: found arrays of shapes {failed.shape} and {events.shape}; expected one dimension and "
            "the same length: one pair of counts for each minute."
        )
    broken = ~(np.isfinite(failed) & np.isfinite(events) & (failed >= 0) & (failed <= events))
    if bool(broken.any()):
        place = int(np.flatnonzero(broken)[0])
        raise InvalidInput(
            f"ratio_interval: found {failed[place]} bad of {events[place]} in block {place}; expected finite counts "
            "with 0 <= bad <= total. Write a minute without traffic as 0 of 0."
        )
    return failed, events


def _independent(k: float, n: float, blocks: int, level: float) -> RatioInterval:
    caveat = ""
    if n > 0 and (k == 0 or k == n):
        caveat = "Without a single change between good and bad, clustering cannot be seen; independence is assumed."
    elif n > 0:
        caveat = f"{blocks} blocks with traffic are too few to see clustering; independence is assumed."
    return RatioInterval(
        estimate=proportion_interval(k, n, level, "exact"),
        design_effect=1.0,
        effective_total=n,
        effective_bad=k,
        degrees_of_freedom=math.inf,
        blocks=blocks,
        method="exact interval, failures taken as independent" if n > 0 else "no traffic",
        caveat=caveat,
    )


def _variance(residuals: Floats) -> tuple[float, float]:
    """The variance of the residuals' sum, and the length in blocks of the dependence it shows (at least 1)."""
    variance, memory, length = 0.0, 1.0, 1
    while length == 1 or len(residuals) // length >= COARSEST_BLOCKS:
        batches = residuals[: len(residuals) // length * length].reshape(-1, length).sum(axis=1)
        summed, lags = _monotone_sum(batches)
        summed *= len(residuals) / (len(batches) * length)
        summed /= 1 - min(lags / len(batches), MOST_BIAS)  # residuals sum to 0: long lags pull the sum down
        if summed > variance:
            variance, memory = summed, 2.0 * max(lags - 1, 0.5) * length
        length *= 2
    return variance, max(memory, 1.0)


def _monotone_sum(values: Floats) -> tuple[float, int]:
    """The sum of all autocovariances (times n) by Geyer's initial monotone sequence, and how many lags it kept."""
    most = max(1, len(values) // 2)
    size = 1 << math.ceil(math.log2(len(values) + most + 1))
    spectrum = np.fft.rfft(values, size)
    covariances = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: most + 1]
    pairs = covariances[: (most + 1) // 2 * 2].reshape(-1, 2).sum(axis=1)
    positive = int(np.argmin(pairs > 0)) if bool((pairs <= 0).any()) else len(pairs)
    kept = np.minimum.accumulate(pairs[:positive])
    if positive == 0:
        return float(covariances[0]), 1
    return float(2 * kept.sum() - covariances[0]), 2 * positive


def _caveat(spells: float, design_effect: float, lengths: float) -> str:
    if design_effect > 1.5 and spells < FEW_SPELLS:
        return "The failures came in fewer than three separate spells: the interval may well be too narrow."
    if design_effect > 1.5 and lengths < 2 * FEW_SPELLS:
        return "The failure rate wanders about as slowly as the history is long: the interval may be too narrow."
    return ""
