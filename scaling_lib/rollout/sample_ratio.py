"""Whether requests were split between canary and baseline as was intended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scaling_lib.errors import InvalidInput

SUSPICIOUS = 0.001  # as a split is checked at every judgement, and a mismatch voids it


@dataclass(frozen=True, kw_only=True)
class SampleRatio:
    """The split of requests: p_value of the intended shares, and whether it is so unlikely that something is wrong.

    A mismatch voids a comparison: who is missing from one side is seldom missing by chance (crashed before it was
    counted, retried, sticky sessions).
    """

    p_value: float
    shares: tuple[float, ...]
    mismatch: bool


def sample_ratio(counts: Sequence[float], shares: Sequence[float] | None = None) -> SampleRatio:
    """Hold the requests of each version against their intended shares by Pearson's chi-squared test.

    counts: requests, two or more versions; shares: as many weights above 0; None: the same for all.
    Raises InvalidInput where they do not fit. Source: Fabijan and others, Diagnosing Sample Ratio Mismatch, KDD (2019).
    """
    from scipy import stats

    seen = np.asarray(counts, dtype=np.float64)
    weights = np.ones(len(seen)) if shares is None else np.asarray(shares, dtype=np.float64)
    fit = len(seen) > 1 and len(seen) == len(weights) and bool((seen >= 0).all() and (weights > 0).all())
    if not (fit and np.isfinite(seen).all() and np.isfinite(weights).all() and seen.sum() > 0):
        raise InvalidInput(
            f"sample_ratio: found the counts {list(counts)} and the shares {None if shares is None else list(shares)}; "
            "expected the requests of two or more versions, and for each a weight above 0."
        )
    expected = seen.sum() * weights / weights.sum()
    p = float(stats.chisquare(seen, expected).pvalue)
    return SampleRatio(p_value=p, shares=tuple(float(each) for each in seen / seen.sum()), mismatch=p < SUSPICIOUS)
