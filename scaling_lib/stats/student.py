"""Student's t: its quantile, and the interval of a mean of independent values."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import floats, is_real, said
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import check_level

FEWEST = 3  # values whose scatter gives an interval: two would give one thirteen deviations wide


def student_quantile(level: float, degrees: float) -> float:
    """The two-sided quantile of Student's t: 2.776 at a level of 0.95 and 4 degrees of freedom.

    degrees: above 0, also infinite (the normal distribution). Raises InvalidInput for others.
    """
    check_level("student_quantile", level)
    check_degrees("student_quantile", degrees)
    from scipy import special

    return float(special.stdtrit(degrees, 0.5 + level / 2))


def check_degrees(where: str, degrees: float) -> None:
    """Raise InvalidInput unless `degrees` of freedom are a number above 0, maybe infinite."""
    if not (is_real(degrees) and degrees > 0):
        raise InvalidInput(f"{where}: found {said(degrees)} degrees of freedom; expected a number above 0.")


def mean_interval(values: ArrayLike, level: float = 0.95, *, unit: str = "") -> Estimate:
    """The mean of independent values with Student's t as interval; ends are NaN, not known, for fewer than three.

    values: one dimension, finite; without any the mean is NaN too. Raises InvalidInput for others.
    """
    check_level("mean_interval", level)
    known = floats("mean_interval", "values", values)
    if known.ndim != 1 or not bool(np.isfinite(known).all()):
        raise InvalidInput(
            f"mean_interval: found an array of {known.ndim} dimensions with {int((~np.isfinite(known)).sum())} values "
            "that are not finite; expected one dimension of numbers. Drop what was not measured first."
        )
    if not len(known):
        return Estimate(math.nan, math.nan, math.nan, level, unit)
    mean = float(known.mean())
    if len(known) < FEWEST:
        return Estimate(mean, math.nan, math.nan, level, unit)
    half = student_quantile(level, len(known) - 1) * float(known.std(ddof=1)) / math.sqrt(len(known))
    return Estimate(mean, mean - half, mean + half, level, unit)
