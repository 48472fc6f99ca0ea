"""The steepest rise of demand in a record: what an autoscaler has to follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import check_series, is_finite, said
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import duration


@dataclass(frozen=True, kw_only=True)
class Rise:
    """The steepest rise recorded.

    per_minute: in the demand's unit per minute; a fact of the record, so without an interval.
    start, end: where it was; within_s: the seconds within which it came.
    days: days with a demand; exceeded: the chance that a further day has a steeper one, if days are alike.
    """

    per_minute: Estimate
    start: pd.Timestamp
    end: pd.Timestamp
    within_s: float
    days: int
    exceeded: float


def steepest_rise(demand: pd.Series, within_s: float, *, level: float = 0.95, unit: str = "") -> Rise:
    """The steepest rise of demand over a stretch, such as the delay of an autoscaler.

    demand: at a regular step (NaN and absent rows are gaps), indexed by rising times with a zone; unit: of the demand.
    within_s: seconds. What demand gained over the whole steps that cover them is taken to have come within them; where
        they are shorter than one step, within that step, since the record shows nothing shorter.
    The noise of counts is part of it, as it is for the autoscaler; 0 where demand never rises.

    Raises InvalidInput for times without a zone or that do not rise, NotEnoughData without two values so far apart.
    """
    check_series("steepest_rise", demand)
    check_level("steepest_rise", level)
    if not (is_finite(within_s) and within_s >= 0):
        raise InvalidInput(f"steepest_rise: found within_s {said(within_s)}; expected seconds of 0 or more.")
    index = pd.DatetimeIndex(demand.index)
    if index.has_duplicates or len(demand) < 2:
        raise NotEnoughData(f"steepest_rise: found {len(demand)} rows; expected at least two, each time once.")
    step = pd.Timedelta(np.median(np.diff(index.as_unit("ns").asi8)))
    grid = demand.astype(np.float64).resample(step, origin="start").mean()
    steps = max(1, math.ceil(within_s / step.total_seconds() - 1e-9))
    span_s = max(within_s, step.total_seconds())
    rises = grid.diff(min(steps, len(grid))).dropna()
    if rises.empty:
        apart = duration(steps * step.total_seconds())
        raise NotEnoughData(f"steepest_rise: found no two values {apart} apart; expected a record that is longer.")
    end = pd.DatetimeIndex(rises.index)[int(rises.argmax())]
    per_minute = max(0.0, float(rises.max())) / span_s * 60
    days = max(1, int(pd.DatetimeIndex(grid.dropna().index).normalize().nunique()))
    return Rise(
        per_minute=Estimate(per_minute, per_minute, per_minute, level, unit),
        start=end - steps * step,
        end=end,
        within_s=span_s,
        days=days,
        exceeded=1 / (days + 1),
    )
