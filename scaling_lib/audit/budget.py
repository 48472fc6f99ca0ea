"""When a budget runs out: the first day on which the sum of simulated spending passes it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.audit.daily import paired
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model import cost
from scaling_lib.model.cost import CostCurve
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import check_kind, check_series, is_finite, said
from scaling_lib.stats.forecast import Forecast, forecast
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import percent

Floats = NDArray[np.float64]
State = Literal["spent already", "within the period", "perhaps within the period", "not within the period"]

DRAWS, SEED = 2000, 20_261_126
BLOCK = 7  # days of noise that stay together
MONTHS = 3  # whose charges that are no usage come again
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class BudgetExhaustion:
    """When a budget is spent.

    budget, spent: in the currency; start, end: first and last day of its period; until: the last day that was billed.
    state; date, low, high: median and ends of the interval of the day on which it is spent; None: not by the end.
    probability: that it is spent by the end. total: what will have been spent by then.
    by_day: value, low and high of the sum, by day. source: what the forecast rests on, in words.
    """

    budget: float
    spent: float
    start: pd.Timestamp
    end: pd.Timestamp
    until: pd.Timestamp
    state: State
    date: pd.Timestamp | None
    low: pd.Timestamp | None
    high: pd.Timestamp | None
    probability: float
    total: Estimate
    by_day: pd.DataFrame
    source: str
    caveats: tuple[str, ...] = ()
    _first: Floats = field(repr=False)

    @property
    def sentence(self) -> str:
        """The answer in words."""
        end = f"{self.end:%Y-%m-%d}"
        if self.state == "spent already":
            return f"The budget is spent already; by {end} it will have been {self.total}."
        if self.low is None:
            return f"The budget lasts to its end on {end}: {self.total} will have been spent by then."
        if self.date is None:
            return (
                f"The budget may be spent from {self.low:%Y-%m-%d} on; that it is by its end on {end} has a "
                f"probability of {percent(self.probability, 2)}."
            )
        late = f"{self.high:%Y-%m-%d}" if self.high is not None else f"never before {end}"
        if self.low == self.high:
            return f"The budget is spent on {self.date:%Y-%m-%d}."
        return f"The budget is spent on {self.date:%Y-%m-%d} ({self.low:%Y-%m-%d} to {late})."


def budget_exhaustion(
    spent: pd.Series[float],
    budget: float,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    demand: pd.Series[float] | None = None,
    others: pd.Series[float] | None = None,
    paid: float | None = None,
    currency: str = "",
    level: float = 0.95,
    seed: int = SEED,
) -> BudgetExhaustion:
    """When the budget of a period is spent, by first passage of simulated courses.

    spent: cost of usage of each day (UTC), also of the days before the period; budget: of the period from the day
    `start` to the day `end`. demand: of each day: its forecast, priced by `model.cost.curve` of the days that both
    have, with the noise of single days, is what usage will cost; without it, or where it does not move enough, the cost
    itself is forecast. others: charges of each day that come again without demand, such as support: each day of the
    month costs what it did in the last three months. paid: what counts against the budget so far, credits and all; the
    sum of both without it.

    Measured coverage of the nominal 95% (tests/benchmarks/bench_cost.py: 180 days of growth, weeks and drift, a budget
    that is spent 10 to 80 days later, 60 repeats a law): 0.97 and 0.98 with demand, 0.97 and 1.0 from the cost alone.

    Raises InvalidInput for periods and budgets that cannot be, NotEnoughData for too short a history.
    """
    check_level("budget_exhaustion", level)
    if not (is_finite(budget) and budget > 0):
        raise InvalidInput(f"budget_exhaustion: found a budget of {said(budget)}; expected an amount above 0.")
    check_series("budget_exhaustion", spent)
    for series in (demand, others):
        if series is not None and len(series):
            check_series("budget_exhaustion", series)
    for day in (start, end):
        check_kind("budget_exhaustion", "a day", day, pd.Timestamp, "a pandas.Timestamp with a zone, at midnight UTC")
        if day.tzinfo is None:
            raise InvalidInput(f"budget_exhaustion: found the day {day} without a zone; expected one at midnight UTC.")
    until = pd.DatetimeIndex(spent.index)[-1]
    if not start <= end or end <= until or start > until:
        raise InvalidInput(
            f"budget_exhaustion: found a period of {start:%Y-%m-%d} to {end:%Y-%m-%d} and costs until "
            f"{until:%Y-%m-%d}; expected the last day that was billed to lie within the period, before its end."
        )
    ahead = pd.date_range(until + DAY, end, freq="D", name="day")
    random = np.random.default_rng(seed)
    usage, source, caveats = _usage(spent, demand, len(ahead), level, random, seed)
    so_far = _within(spent, start) + (_within(others, start) if others is not None else 0.0) if paid is None else paid
    sums = so_far + np.cumsum(usage + _coming(others, until, ahead), axis=1)
    reached = sums >= budget
    first = np.where(reached.any(axis=1), np.argmax(reached, axis=1).astype(np.float64), math.inf)
    if so_far >= budget:
        first[:] = -1.0
    tails = [(1 - level) / 2, 0.5, (1 + level) / 2]
    low, middle, high = (float(np.quantile(first, share, method="inverted_cdf")) for share in tails)
    by_day = pd.DataFrame(np.quantile(sums, tails, axis=0).T, index=ahead, columns=["low", "value", "high"])
    last = by_day.iloc[-1]
    dates = [ahead[int(each)] if 0 <= each < math.inf else None for each in (low, middle, high)]
    return BudgetExhaustion(
        budget=float(budget),
        spent=so_far,
        start=start,
        end=end,
        until=until,
        state=_state(low, middle),
        low=dates[0],
        date=dates[1],
        high=dates[2],
        probability=float(np.isfinite(first).mean()),
        total=Estimate(float(last["value"]), float(last["low"]), float(last["high"]), level, currency),
        by_day=by_day,
        source=source,
        caveats=caveats,
        _first=first,
    )


def _usage(
    spent: pd.Series[float],
    demand: pd.Series[float] | None,
    ahead: int,
    level: float,
    random: np.random.Generator,
    seed: int,
) -> tuple[Floats, str, tuple[str, ...]]:
    """Courses (draws, days) of what usage costs, what they rest on, and what may be wrong with them."""
    if demand is not None:
        try:
            both = paired(spent, demand)
            curve = cost.curve(both["demand"], both["cost"], level=level)
            until = pd.DatetimeIndex(spent.index)[-1]
            known = demand.loc[:until]
            late = int((until - pd.DatetimeIndex(known.index)[-1]) / DAY)
            future = forecast(known, ahead + late, level=level, seed=seed)
            return _priced(curve, future, late, random, seed), "the forecast of demand and its cost", future.caveats
        except NotEnoughData:
            pass
    future = forecast(spent, ahead, level=level, seed=seed)
    return np.maximum(future.paths(DRAWS, seed=seed), 0.0), "the forecast of the cost itself", future.caveats


def _priced(curve: CostCurve, future: Forecast, late: int, random: np.random.Generator, seed: int) -> Floats:
    """What courses of demand cost, with blocks of the days' own noise."""
    courses = np.maximum(future.paths(DRAWS, seed=seed)[:, late:], 1e-9 * curve.observed[0])
    noise = curve.residuals - curve.residuals.mean()
    length = min(BLOCK, len(noise))
    starts = random.integers(0, len(noise), (DRAWS, -(-courses.shape[1] // length)))
    places = (starts[:, :, None] + np.arange(length)).reshape(DRAWS, -1)[:, : courses.shape[1]] % len(noise)
    return np.asarray(curve.draws(courses, DRAWS, random) * np.exp(noise[places]))


def _within(series: pd.Series[float], start: pd.Timestamp) -> float:
    return float(series.loc[start:].sum())


def _coming(others: pd.Series[float] | None, until: pd.Timestamp, ahead: pd.DatetimeIndex) -> Floats:
    """By day ahead, what was charged on the same day of the last months, on the mean."""
    if others is None or others.empty:
        return np.zeros(len(ahead))
    recent = others[(others.index > until - pd.DateOffset(months=MONTHS)) & (others.index <= until)]
    by_day = recent.groupby(pd.DatetimeIndex(recent.index).day).sum() / MONTHS
    return np.asarray([float(by_day.get(day, 0.0)) for day in ahead.day])


def _state(low: float, middle: float) -> State:
    if middle < 0:
        return "spent already"
    if math.isfinite(middle):
        return "within the period"
    return "perhaps within the period" if math.isfinite(low) else "not within the period"
