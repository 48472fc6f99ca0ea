"""Days on which a service cost what neither demand, nor the day of the week, nor its course explains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.audit.daily import paired, usage_by_service
from scaling_lib.errors import NotEnoughData
from scaling_lib.evidence.bills import Bills
from scaling_lib.model import cost
from scaling_lib.stats.arguments import check_kind, check_series
from scaling_lib.stats.proportions import normal_quantile

Floats = NDArray[np.float64]

FEWEST_DAYS = 28
WEEK = 7
AROUND = 14  # days on either side that say what is usual
FALSE_ALARMS = 0.02  # expected in a whole bill of noise
LEAST = 0.10  # of the day's usual cost: less is not worth a question
MATTERS = 0.001  # of all usage of the bill: what a service has to cost to be looked at
LEAST_SCATTER = 0.003  # relative: a service that never moves may round
TAIL = (0.9, 0.98)  # shares of days whose distance tells how heavy the tails are
FALLEN = 0.01  # of the usual cost: a day of nothing is as low as that
ROUNDS = 3
COLUMNS = ("day", "service", "cost", "expected", "extra", "times", "deviations")


@dataclass(frozen=True, kw_only=True, eq=False)
class Anomalies:
    """Days that cost far more or less than expected.

    days: the largest difference first: day, service, cost, expected, extra (in the currency), times (cost over
    expected), deviations (of the service's usual scatter). looked_at: days of all services. skipped: services that were
    not looked at, and why.
    """

    days: pd.DataFrame
    looked_at: int
    currency: str
    skipped: Mapping[str, str]


def anomalies(bills: Bills, demand: pd.Series[float] | None = None, *, currency: str = "") -> Anomalies:
    """Find the days that cost far more or less than expected, by service.

    bills: their usage, by effective cost; demand: of each day, indexed by day (UTC): where a service's cost follows it,
    as `model.cost.curve` finds, that much is expected. currency: of the cells, that of most cost by default.

    Expected is the cost at the day's demand, times what the same day of the week and the two weeks on either side were
    off it (medians). A day is unusual beyond so many deviations that a bill of noise has 0.02 of them, and beyond a
    tenth of what was expected; the deviations are those of the service's own days, and of their tails where those are
    the heavier. Levels that last for more than two weeks are no anomalies: the course takes them up.

    Measured (tests/benchmarks/bench_cost.py, ten services of a year, 30 bills a row): 0 days in bills of normal noise
    of 5% and 15% and of smooth seasons, 0.1 of autocorrelated noise (0.7), 1.3 where tails are heavy (Student's t of
    4). A single day of half as much again is found in 80% at a noise of 5%, and never at 15%; of three times in 73%.
    """
    check_kind("anomalies", "bills", bills, Bills, "those of `Assessment.bills()`")
    if demand is not None:
        check_series("anomalies", demand)
    usage = usage_by_service(bills, currency)
    found: list[pd.DataFrame] = []
    skipped: dict[str, str] = {}
    for service in map(str, usage.columns):
        own = usage[service].loc[usage[service].ne(0).idxmax() :]
        if len(own) < FEWEST_DAYS:
            skipped[service] = f"fewer than {FEWEST_DAYS} days"
        elif float(own.sum()) < MATTERS * float(usage.to_numpy().sum()) or not own.median() > 0:
            skipped[service] = "costs next to nothing on most days"
        else:
            found.append(_unusual(own, _moved_by(own, demand), FALSE_ALARMS / usage.size).assign(service=service))
    days = pd.concat(found) if found else pd.DataFrame(columns=list(COLUMNS))
    order = days["extra"].abs().sort_values(ascending=False, kind="stable").index
    return Anomalies(
        days=days.loc[order, list(COLUMNS)].reset_index(drop=True),
        looked_at=int(usage.size),
        currency=currency or bills.currencies[0],
        skipped=skipped,
    )


def _moved_by(own: pd.Series[float], demand: pd.Series[float] | None) -> Floats:
    """The log of what demand alone would make the cost; 0 where it is not known how."""
    if demand is None:
        return np.zeros(len(own))
    both = paired(own, demand)
    try:
        curve = cost.curve(both["demand"], both["cost"])
    except NotEnoughData:
        return np.zeros(len(own))
    known = demand.reindex(own.index).where(lambda each: each > 0).interpolate(limit_direction="both")
    return curve.logs(np.asarray(known, dtype=np.float64))


def _unusual(own: pd.Series[float], moved: Floats, chance: float) -> pd.DataFrame:
    logs = np.log(np.maximum(own.to_numpy(), FALLEN * float(own.median()))) - moved
    season, course = np.zeros(len(own)), np.zeros(len(own))
    for _ in range(ROUNDS):
        season = _by_weekday(own.index, logs - course)
        course = _running_median(logs - season)
    left = logs - season - course
    expected = np.exp(moved + season + course)
    scatter = max(LEAST_SCATTER, float(np.median(np.abs(left))) / normal_quantile(0.5))
    deviations = left / scatter
    frame = pd.DataFrame({"day": own.index, "cost": own.to_numpy(), "expected": expected, "deviations": deviations})
    frame = frame.assign(extra=frame["cost"] - frame["expected"], times=frame["cost"] / frame["expected"])
    far = (frame["deviations"].abs() > _limit(np.abs(deviations), chance)) & ((frame["times"] - 1).abs() > LEAST)
    return frame[far].set_index(frame.loc[far, "day"].astype(str) + "/" + str(own.name))


def _by_weekday(days: pd.Index, left: Floats) -> Floats:
    place = pd.DatetimeIndex(days).day_of_week.to_numpy()
    medians = np.array([np.median(left[place == day]) for day in range(WEEK)])
    return np.asarray((medians - medians.mean())[place])


def _running_median(values: Floats) -> Floats:
    """Of the days around; beyond the ends the series goes on turned about its end, so that a trend stays one."""
    side = min(AROUND, len(values) - 1)
    ends = [np.median(part) for part in (values[:WEEK], values[-WEEK:])]
    before, after = 2 * ends[0] - values[side:0:-1], 2 * ends[1] - values[-2 : -side - 2 : -1]
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([before, values, after]), 2 * side + 1)
    return np.asarray(np.median(windows, axis=1))


def _limit(away: Floats, chance: float) -> float:
    """What is exceeded by so much chance: by a normal's tails, or by the service's own as an exponential goes on."""
    near, far = (float(np.quantile(away, share)) for share in TAIL)
    decades = math.log10((1 - TAIL[1]) / chance)
    own = far + (far - near) / math.log10((1 - TAIL[0]) / (1 - TAIL[1])) * decades
    return max(normal_quantile(1 - chance), own)
