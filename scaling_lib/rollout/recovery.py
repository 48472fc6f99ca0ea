"""How long incidents last, with those that are still open counted as lasting longer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import normal_quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Time from the beginning of an incident to its end.

    median_s: NaN where more than half are still open at every time; its ends NaN where they are not reached. since:
    "the fault" where every incident says when it began, else "detection". incidents, open: how many.
    """

    median_s: Estimate
    since: str
    incidents: int
    open: int


def recovery_time(incidents: pd.DataFrame, *, end: pd.Timestamp, level: float = 0.95) -> Recovery:
    """The median of incidents' durations, open ones censored at the end.

    incidents: started, detected, resolved (UTC, NaT where not known).
    Kaplan and Meier's curve, the interval of its median by Brookmeyer and Crowley with the log-log transformation of
    Greenwood's variance: the durations at which the curve is not sure to be above, or below, one half.
    Sources: Kaplan and Meier, JASA 53 (1958); Brookmeyer and Crowley, Biometrics 38 (1982).
    """
    from_fault = bool(incidents["started"].notna().all())
    began = incidents["started"] if from_fault else incidents["detected"]
    over = incidents["resolved"].notna()
    seconds = (incidents["resolved"].fillna(end) - began).dt.total_seconds().clip(lower=0)
    return Recovery(
        median_s=censored_median(np.asarray(seconds, dtype=np.float64), over.to_numpy(dtype=bool), level, unit="s"),
        since="the fault" if from_fault else "detection",
        incidents=len(incidents),
        open=int((~over).sum()),
    )


def censored_median(durations: Floats, ended: NDArray[np.bool_], level: float, *, unit: str = "") -> Estimate:
    """The median of durations of which some lasted longer than was seen (ended: False); NaN where it is not reached."""
    times, events, at_risk = _table(durations, ended)
    if not len(times):
        return Estimate(math.nan, math.nan, math.nan, level, unit)
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        away = (np.log(-np.log(survival)) - math.log(math.log(2))) / (np.sqrt(greenwood) / np.abs(np.log(survival)))
    away = np.where(survival <= 0, np.inf, away)  # at the last event, if nothing is censored, none is left
    reach = normal_quantile(level)
    return Estimate(
        _first(times, survival <= 0.5), _first(times, away >= -reach), _first(times, away > reach), level, unit
    )


def _table(durations: Floats, ended: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """The times of events, how many ended then, and how many lasted until then."""
    times = np.unique(durations[ended])
    ordered, all_ = np.sort(durations[ended]), np.sort(durations)
    events = np.searchsorted(ordered, times, "right") - np.searchsorted(ordered, times, "left")
    at_risk = len(all_) - np.searchsorted(all_, times, "left")
    return times, events.astype(np.float64), at_risk.astype(np.float64)


def _first(times: Floats, true: NDArray[np.bool_]) -> float:
    return float(times[np.argmax(true)]) if true.any() else math.nan
