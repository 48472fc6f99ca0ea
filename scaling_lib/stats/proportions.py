"""Intervals of a proportion of independent events: Wilson, exact (Clopper-Pearson) and Jeffreys."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import check_choice, floats, is_finite, is_real, said
from scaling_lib.stats.estimate import Estimate

Method = Literal["wilson", "exact", "jeffreys"]
Floats = NDArray[np.float64]

LEAST_LEVEL = 1e-12  # from 0 and from 1: nearer, floating point has no quantile to give
BETA_INVERSE_TRUSTED = 1e9  # above, scipy's inverse of the beta distribution was seen off by a factor of 16
RARE = 1e-2  # below this share a beta is a gamma within 2e-6 of its probability (checked up to 1e15 events)


def proportion_interval(successes: float, trials: float, level: float = 0.95, method: Method = "wilson") -> Estimate:
    """The share of successes among independent trials, with its two-sided interval.

    successes, trials: counts, `0 <= successes <= trials`; fractions of an event are allowed (effective sizes),
        and sizes up to 1e15.
    level: nominal coverage in (0, 1).
    method: "wilson" (score interval, coverage near `level` on average), "exact" (Clopper-Pearson, coverage at least
        `level`) or "jeffreys" (beta prior of a half; its ends are 0 at no success and 1 at no failure).

    Without any trial the value is NaN and the interval [0, 1]: no traffic is neither 0 nor 1.
    Raises InvalidInput for counts or options that cannot be.
    Formulas: Brown, Cai and DasGupta, Interval Estimation for a Binomial Proportion, Statistical Science 16 (2001).
    """
    if not (is_finite(successes) and is_finite(trials) and 0 <= successes <= trials):
        raise InvalidInput(
            f"proportion_interval: found {said(successes)} successes in {said(trials)} trials; expected finite counts "
            "with 0 <= successes <= trials. Check that the same events are counted in both."
        )
    check_choice("proportion_interval", "method", method, get_args(Method))
    if trials == 0:
        check_level("proportion_interval", level)
        return Estimate(math.nan, 0.0, 1.0, level, "fraction")
    low, high = proportion_bounds(successes, trials, level, method)
    value = float(successes) / float(trials)
    return Estimate(value, min(float(low), value), max(float(high), value), level, "fraction")


def proportion_bounds(
    successes: ArrayLike, trials: ArrayLike, level: float = 0.95, method: Method = "wilson"
) -> tuple[Floats, Floats]:
    """The two ends of `proportion_interval` for arrays of counts (broadcast); [0, 1] where there is no trial."""
    check_level("proportion_bounds", level)
    check_choice("proportion_bounds", "method", method, get_args(Method))
    k, n = (floats("proportion_bounds", *each) for each in (("successes", successes), ("trials", trials)))
    try:
        k, n = np.broadcast_arrays(k, n)
    except ValueError:
        raise InvalidInput(
            f"proportion_bounds: found arrays of shapes {k.shape} and {n.shape}; expected shapes that fit each other."
        ) from None
    if not bool((np.isfinite(k) & np.isfinite(n) & (k >= 0) & (k <= n)).all()):
        raise InvalidInput("proportion_bounds: found counts that cannot be; expected finite 0 <= successes <= trials.")
    present = np.where(n > 0, n, 1.0)
    failures_rarer = 2 * k > n  # the rarer outcome keeps its relative precision: turn the others round
    rare = np.where(failures_rarer, n - k, k)
    if method == "wilson":
        low, high = _wilson(rare, present, normal_quantile(level))
    else:
        low, high = _beta_bounds(rare, present, level, method)
    ends = np.where(failures_rarer, 1 - high, low), np.where(failures_rarer, 1 - low, high)
    return np.where(n > 0, ends[0], 0.0), np.where(n > 0, ends[1], 1.0)


def check_level(where: str, level: float) -> None:
    """Raise InvalidInput unless `level` is a coverage inside (0, 1)."""
    if not (is_real(level) and LEAST_LEVEL <= level <= 1 - LEAST_LEVEL):
        raise InvalidInput(f"{where}: found level {said(level)}; expected a fraction between 0 and 1, such as 0.95.")


def normal_quantile(level: float) -> float:
    """The two-sided quantile of the normal distribution: 1.96 at a level of 0.95."""
    check_level("normal_quantile", level)
    return NormalDist().inv_cdf(0.5 + level / 2)


def _wilson(k: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    share = k / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    return np.where(k == 0, 0.0, np.maximum(centre - half, 0.0)), np.minimum(centre + half, 1.0)


def _beta_bounds(k: Floats, n: Floats, level: float, method: Method) -> tuple[Floats, Floats]:
    tail = (1 - level) / 2
    if method == "exact":
        low, high = _beta_quantile(k, n - k + 1, tail), _beta_quantile(k + 1, n - k, 1 - tail)
    else:
        low, high = _beta_quantile(k + 0.5, n - k + 0.5, tail), _beta_quantile(k + 0.5, n - k + 0.5, 1 - tail)
    return np.where(k == 0, 0.0, low), np.where(k >= n, 1.0, high)


def _beta_quantile(a: Floats, b: Floats, probability: float) -> Floats:
    from scipy import special

    a, b = np.maximum(a, 1e-12), np.maximum(b, 1e-12)
    inverse = special.betaincinv(a, b, probability)
    gamma = special.gammaincinv(a, probability)
    few = gamma / (b + (a - 1) / 2 + gamma / 2)  # Bol'shev's correction of the gamma limit
    z = NormalDist().inv_cdf(probability)
    mean = a / (a + b)
    many = mean + z * np.sqrt(mean * (1 - mean) / (a + b + 1))
    large = np.where(mean < RARE, few, many)
    return np.asarray(np.where(a + b > BETA_INVERSE_TRUSTED, large, inverse), dtype=np.float64)
