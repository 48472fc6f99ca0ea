"""From when on a silence means that nothing was recorded, rather than that nobody asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RHYTHMS = 10  # a silence this many times a usual step is a gap in the evidence
USUAL = 0.9  # of the steps from traffic to traffic are no longer than a usual one
PERIODS_S = (86_400.0, 7 * 86_400.0)  # services that are closed at night, and at the weekend
LEAST_GAP_S = 300.0  # of requests: a shorter silence is no gap
FEWEST = 3  # silences that make a rhythm
OFTEN = 0.5  # in so many of the days, or weeks
REGULAR = 0.1  # of a period, by which the silences' beginnings may lie off
LONGER = 1.5  # than the usual silence of a night, or of a weekend


def silence_limit_s(steps: NDArray[np.float64], least_s: float) -> float:
    """The length of a silence, in seconds, above which evidence is missing.

    steps: seconds from each minute with traffic to the next; least_s: no shorter silence is a gap.
    It is ten times the step that nine of ten do not exceed. Silences that begin at the same time in at least half of
    the days, or of the weeks, are the service's own rhythm: beside those, only what is half as long again as the usual
    one of them is a gap.
    """
    if not len(steps):
        return least_s
    limit = max(least_s, longest_calm(steps))
    for period_s in PERIODS_S:
        long = steps > limit
        if long.sum() >= max(FEWEST, OFTEN * float(steps.sum()) / period_s) and _regular(steps, long, period_s):
            limit = LONGER * float(np.median(steps[long]))
    return limit


def longest_calm(steps: NDArray[np.float64] | NDArray[np.int64]) -> float:
    """Up to what length, in the unit of the steps from traffic to traffic, nobody asked; nights are not told apart."""
    return RHYTHMS * float(np.quantile(steps, USUAL))


def _regular(steps: NDArray[np.float64], long: NDArray[np.bool_], period_s: float) -> bool:
    """Whether most of the long silences begin whole periods after the one before."""
    apart = np.diff((np.cumsum(steps) - steps)[long]) / period_s
    return float(np.median(np.abs(apart - np.maximum(1, np.round(apart))))) < REGULAR
