"""What a request costs, which services' costs grow faster than demand, and what k times the demand would cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.audit.daily import daily_of, paired, usage_by_service
from scaling_lib.errors import InvalidInput, NotEnoughData, ScalingError
from scaling_lib.evidence.bills import Bills
from scaling_lib.evidence.requests import Requests
from scaling_lib.model import cost
from scaling_lib.model.cost import CostCurve, Extrapolation
from scaling_lib.model.cost_fit import FEWEST
from scaling_lib.stats import Estimate, student_quantile
from scaling_lib.stats.arguments import check_kind, is_finite, said
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import plural

Growth = Literal["faster than demand", "with demand", "slower than demand", "hardly", "not told"]

TODAY = 28  # days whose mean is today's demand: four whole weeks
HARDLY = 0.1  # elasticity: below it a cost hardly moves with demand
ALIKE = 0.05  # around 1: as fast as demand, for all that it matters
MILLION = 1_000_000
FEWEST_BLOCKS, WEEK = 4, 7


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceCost:
    """One service of the bill against demand.

    a_day: its mean cost of the last four weeks; share: of all usage then. curve: None where its cost could not be held
    against demand, for the reason `why`. elasticity, marginal (per million requests): at today's demand.
    growth: "faster than demand" where the elasticity's interval lies above 1, "slower" below it, "hardly" below 0.1,
    "with demand" where it holds 1 or is within 0.05 of it. far: what k times today's demand costs a day.
    """

    service: str
    a_day: float
    share: float
    growth: Growth
    curve: CostCurve | None = None
    elasticity: Estimate | None = None
    marginal: Estimate | None = None
    far: Extrapolation | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitCosts:
    """What requests cost, of the usage on days that have both, by effective cost.

    per_request: per million requests. per_good, then: per million that kept their promise, and per million of all, both
    on the days on which good ones are known; None where they are on none. days, start, end: those that have both;
    good_days: those on which good ones are known.
    today: requests a day, the mean of the last four weeks. whole: all usage as one service; services: each, the
    dearest first. far: what k times today's demand costs a day: the services' added up, those without a curve as today,
    with the widest ends of that sum and of the whole's own curve.
    months: month, cost, requests, per_million, whole (every day of it has both).
    """

    currency: str
    level: float
    k: float
    days: int
    good_days: int
    start: pd.Timestamp
    end: pd.Timestamp
    today: float
    per_request: Estimate
    per_good: Estimate | None
    then: Estimate | None
    whole: ServiceCost
    services: tuple[ServiceCost, ...]
    far: Estimate
    months: pd.DataFrame


def unit_costs(
    bills: Bills,
    requests: Requests | pd.DataFrame,
    *,
    k: float = 10.0,
    currency: str = "",
    level: float = 0.95,
) -> UnitCosts:
    """Hold the usage of bills against the requests of each day.

    requests: those of the assessment, or a table indexed by day (UTC) with `n` and, where known, `good`.
    k: times today's demand that is asked for. currency: of the cells, that of most cost by default.

    Days that only one of both has are left out, and so are credits, purchases, taxes and adjustments: they are no
    answer to demand. Costs per request have intervals over weeks (Student's t of the ratio, linearised).
    Raises NotMeasured without usage, NotEnoughData where fewer than eight days have both.
    """
    check_level("unit_costs", level)
    if not (is_finite(k) and k > 0):
        raise InvalidInput(f"unit_costs: found k {said(k)}; expected a factor of today's demand above 0, such as 10.")
    check_kind("unit_costs", "bills", bills, Bills, "those of `Assessment.bills()`")
    check_kind("unit_costs", "requests", requests, (Requests, pd.DataFrame), "requests, or a table of days with `n`")
    daily = daily_of(requests) if isinstance(requests, Requests) else requests
    usage = usage_by_service(bills, currency)
    both = paired(usage.sum(axis=1), daily["n"])
    if len(both) < FEWEST:
        raise NotEnoughData(
            f"Costs per request: found {plural(len(both), 'day')} that both the bills ({usage.index[0]:%Y-%m-%d} to "
            f"{usage.index[-1]:%Y-%m-%d}) and the requests have; expected at least {FEWEST}."
        )
    named = currency or bills.currencies[0]
    today = float(both["demand"].tail(TODAY).mean())
    good = daily["good"].reindex(both.index) if "good" in daily else pd.Series(np.nan, index=both.index)
    known = both[good.notna() & (good > 0)]
    recent = usage.tail(TODAY).mean()
    whole = _service("all usage", usage.sum(axis=1), float(recent.sum()), 1.0, daily["n"], today, k, named, level)
    services = [
        _service(str(name), usage[name], paid, paid / whole.a_day, daily["n"], today, k, named, level)
        for name, paid in recent.sort_values(ascending=False, kind="stable").items()
    ]
    return UnitCosts(
        currency=named,
        level=level,
        k=k,
        days=len(both),
        good_days=len(known),
        start=pd.Timestamp(both.index[0]),
        end=pd.Timestamp(both.index[-1]),
        today=today,
        per_request=_per_million(both["cost"], both["demand"], named, level),
        per_good=_per_million(known["cost"], good[known.index], named, level) if len(known) else None,
        then=_per_million(known["cost"], known["demand"], named, level) if len(known) else None,
        whole=whole,
        services=tuple(services),
        far=_added(whole, services, level, named),
        months=_months(both),
    )


def _service(
    name: str,
    usage: pd.Series[float],
    a_day: float,
    share: float,
    demand: pd.Series[float],
    today: float,
    k: float,
    currency: str,
    level: float,
) -> ServiceCost:
    both = paired(usage, demand)
    try:
        curve = cost.curve(both["demand"], both["cost"], level=level, unit=currency)
    except ScalingError as error:
        return ServiceCost(service=name, a_day=a_day, share=share, growth="not told", why=str(error))
    elasticity = curve.elasticity(today)
    return ServiceCost(
        service=name,
        a_day=a_day,
        share=share,
        growth=_growth(elasticity),
        curve=curve,
        elasticity=elasticity,
        marginal=curve.marginal(today).times(MILLION, unit=f"{currency}/million requests"),
        far=curve.extrapolate(k, today),
    )


def _added(whole: ServiceCost, services: list[ServiceCost], level: float, currency: str) -> Estimate:
    """Of services that grow by different laws no single law tells the sum, so that they are added up."""
    parts = [(each.far.cost.value, each.far.cost.low, each.far.cost.high) if each.far else (each.a_day,) * 3
             for each in services]  # fmt: skip
    value, low, high = (float(sum(column)) for column in zip(*parts, strict=True))
    if whole.far is not None:
        low, high = min(low, whole.far.cost.low), max(high, whole.far.cost.high)
    return Estimate(value, low, high, level, f"{currency} a day")


def _growth(elasticity: Estimate) -> Growth:
    if elasticity.high < HARDLY:
        return "hardly"
    if elasticity.low > 1 and elasticity.value > 1 + ALIKE:
        return "faster than demand"
    if elasticity.high < 1 and elasticity.value < 1 - ALIKE:
        return "slower than demand"
    return "with demand"


def _per_million(paid: pd.Series[float], count: pd.Series[float], currency: str, level: float) -> Estimate:
    """The ratio of sums, with the scatter of weeks about it."""
    ratio = float(paid.sum() / count.sum())
    weeks = np.arange(len(paid)) // WEEK
    blocks = int(weeks.max()) + 1
    unit = f"{currency}/million requests"
    if blocks < FEWEST_BLOCKS:
        return Estimate(ratio * MILLION, math.nan, math.nan, level, unit)
    left = np.bincount(weeks, (paid - ratio * count).to_numpy())
    error = math.sqrt(blocks / (blocks - 1) * float((left**2).sum())) / float(count.sum())
    half = student_quantile(level, blocks - 1) * error
    return Estimate(ratio, ratio - half, ratio + half, level, unit).times(MILLION)


def _months(both: pd.DataFrame) -> pd.DataFrame:
    months = pd.DatetimeIndex(both.index).strftime("%Y-%m")
    sums = both.groupby(months).sum()
    counts = both.groupby(months).size()
    lengths = pd.to_datetime(pd.Series(sums.index)).dt.days_in_month.to_numpy()
    table: Mapping[str, object] = {
        "month": sums.index,
        "cost": sums["cost"].to_numpy(),
        "requests": sums["demand"].to_numpy(),
        "per_million": (MILLION * sums["cost"] / sums["demand"]).to_numpy(),
        "whole": counts.to_numpy() == lengths,
    }
    return pd.DataFrame(table)
