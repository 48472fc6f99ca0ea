"""The error budget: what a target allows to fail, what has failed, how fast it burns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike

from scaling_lib.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class ErrorBudget:
    """What may fail and what did.

    allowed: whole events that may fail: (1 - target) x total, rounded down, computed in decimals.
    spent: events that failed; remaining: allowed - spent, negative once overspent.
    spent_fraction: spent over the unrounded budget, so that little traffic does not divide by 0; NaN without traffic.
    """

    target: float
    total: float
    allowed: int
    spent: float
    remaining: float
    spent_fraction: float


def error_budget(target: float, good: ArrayLike, total: ArrayLike) -> ErrorBudget:
    """The error budget of a target over good of total events.

    target: a fraction in (0, 1); good, total: events, as sums or as arrays that are summed. Minutes or seconds may
        stand for events.
    Raises InvalidInput for a target outside (0, 1) and for more good than total events.
    Source: The Site Reliability Workbook, chapter 2.
    """
    all_good, events = summed(good, "good"), summed(total, "total")
    if all_good > events:
        raise InvalidInput(f"error_budget: found {all_good:g} good of {events:g} events; expected at most as many.")
    exact = allowed_share(target) * Decimal(repr(events))
    spent = _whole(events - all_good)
    allowed = math.floor(exact)
    return ErrorBudget(
        target=float(target),
        total=_whole(events),
        allowed=allowed,
        spent=spent,
        remaining=allowed - spent,
        spent_fraction=float(Decimal(repr(events - all_good)) / exact) if exact else math.nan,
    )


def burn_rate(error_rate: float, target: float) -> float:
    """How many times faster than "exactly at the end of the period" the budget is being spent.

    error_rate: the share of bad events, a fraction; target: in (0, 1). A burn rate of 1 spends exactly the budget.
    """
    if not 0 <= error_rate <= 1:
        raise InvalidInput(f"burn_rate: found an error rate of {error_rate}; expected a fraction from 0 to 1.")
    return float(Decimal(str(float(error_rate))) / allowed_share(target))


def allowed_share(target: float) -> Decimal:
    """1 - target without float noise: 1 - 0.999 is 0.001. Raises InvalidInput unless the target lies in (0, 1)."""
    if not 0 < target < 1:
        hint = "100% leaves no error budget, every single failure would break it. Write 0.999 or 99.9%."
        if 1 < target < 100:
            hint = f"If {target} is a percentage, write {float(Decimal(str(float(target))) / 100)}."
        raise InvalidInput(f"Target: found {target}; expected a fraction above 0 and below 1. {hint}")
    return 1 - Decimal(str(float(target)))


def summed(values: ArrayLike, name: str) -> float:
    """The sum of a scalar or array of counts; InvalidInput where it is negative or not finite."""
    counts = np.asarray(values, dtype=np.float64)
    if not bool(np.isfinite(counts).all()) or bool((counts < 0).any()):
        raise InvalidInput(f"{name}: found a negative or missing count; expected finite counts of 0 or more.")
    return float(counts.sum())


def _whole(value: float) -> float:
    return int(value) if value.is_integer() else value
