"""Interrupted time series: a level before a known change carried on, against what came after it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks.long_run import FEWEST_BLOCKS, long_run, memory
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import Estimate, student_quantile
from scaling_lib.stats.proportions import check_level

ROUNDING = 1e-12  # relative: what is left of values without noise

Verdict = Literal["rise", "fall", "no difference found"]


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """What changed at a known time.

    step: by how much the level jumped there, in the series' unit; slope: by how much the trend changed, the same a day,
        None where trends are not fitted. change: what the step's interval says. residuals: of the fit, indexed by time.
    """

    step: Estimate
    slope: Estimate | None
    change: Verdict
    residuals: pd.Series[float]


def interrupted(
    series: pd.Series[float],
    at: datetime | str,
    *,
    trend: bool = True,
    unit: str = "",
    level: float = 0.95,
) -> Interruption:
    """The step (and the change of trend) of a series at a known time, with errors that allow for autocorrelation.

    series: values by time, such as the p95 of each minute, without a season that the stretch does not cover many times.
    at: when the change was made, in UTC where it does not say; the value of that time is the first after it.
    trend: whether the level may run straight before and after; where it was steady, without is more certain.
    unit: of the values, handed on.

    Least squares on a level, a step, and with `trend` a slope before and its change after; errors are those of
    residuals that are autocorrelated (`long_run`, HAC), with Student's t.
    Raises NotEnoughData with fewer than 10 values on either side, or fewer than their memory asks for; InvalidInput for
    a series without times.
    Measured false positives of the nominal 5% (tests/benchmarks/bench_impact.py, 1,000 runs, standard deviation .007)
    on an AR(1), without and with a trend, at 240 values: memory 0 .05 and .07, .5 .07 and .07, .8 .06 and .06 (5% of
    runs refused). At 60 values: memory 0 .05 and .04; .5 .06 and .05, a third refused; .8 .02 and .02, nine of ten
    refused: of those few that are not, a fifth and more are wrong, since their memory looks shorter than it is. With
    noise of the same size added to each value .04 to .07, but memory .8 at 60 values .12 and .10: take longer
    stretches.
    Sources: Wagner and others, Segmented regression analysis of interrupted time series, Journal of Clinical Pharmacy
    and Therapeutics 27 (2002); Grenander and Rosenblatt, Statistical Analysis of Stationary Time Series
    (1957), for least squares among autocorrelated errors.
    """
    check_level("interrupted", level)
    if not isinstance(series.index, pd.DatetimeIndex):
        raise InvalidInput("interrupted: found a series without times; expected one indexed by time, a value a block.")
    clean = series.dropna().sort_index()
    times = pd.DatetimeIndex(clean.index)
    moment = pd.Timestamp(at)
    if moment.tzinfo is None and times.tz is not None:
        moment = moment.tz_localize("UTC")
    days = np.asarray((times - moment) / pd.Timedelta(days=1), dtype=np.float64)
    after = (days >= 0).astype(np.float64)
    few = int(min(after.sum(), len(after) - after.sum()))
    if few < FEWEST_BLOCKS:
        raise NotEnoughData(
            f"interrupted: found {few} values on one side of {moment}; expected at least {FEWEST_BLOCKS}. "
            f"Supply {FEWEST_BLOCKS - few} more, or values of shorter blocks of time."
        )
    columns = [np.ones(len(days)), after] + ([days, days * after] if trend else [])
    design = np.column_stack(columns)
    values = clean.to_numpy(dtype=np.float64)
    inverse = np.linalg.pinv(design)
    coefficients = inverse @ values
    residuals = values - design @ coefficients
    residuals[np.abs(residuals) < ROUNDING * np.abs(values).max()] = 0
    found = long_run(residuals, design, memory([residuals], columns=design.shape[1]))
    if len(values) < found.blocks_needed:
        raise NotEnoughData(
            f"interrupted: found {len(values):,} values that wander slowly; expected at least "
            f"{found.blocks_needed:,} for an honest interval. Supply {found.blocks_needed - len(values):,} "
            "more."
        )
    reach = student_quantile(level, found.degrees) * math.sqrt(found.variance)

    def estimate(place: int, of: str) -> Estimate:
        value, half = float(coefficients[place]), reach * float(np.linalg.norm(inverse[place]))
        return Estimate(value, value - half, value + half, level, of)

    step = estimate(1, unit)
    change: Verdict = "no difference found"
    if step.low > 0 or step.high < 0:
        change = "rise" if step.low > 0 else "fall"
    return Interruption(
        step=step,
        slope=estimate(3, f"{unit} a day".strip()) if trend else None,
        change=change,
        residuals=pd.Series(residuals, index=times, name="residual"),
    )
