"""Everything that step 07 answers, from all that an assessment has: step 07's result."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.audit.anomalies import anomalies
from scaling_lib.audit.budget import BudgetExhaustion, budget_exhaustion
from scaling_lib.audit.daily import DailyRequests, daily_requests, other_charges, usage_by_service
from scaling_lib.audit.posture import posture
from scaling_lib.audit.result import Audit, SpareCost
from scaling_lib.audit.spending import commitments, spending
from scaling_lib.audit.unit_costs import TODAY, unit_costs
from scaling_lib.audit.used import used_sources
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.capacity.resource_use import resource_use
from scaling_lib.config import Budget
from scaling_lib.config_resources import Resource
from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured, ScalingError
from scaling_lib.evidence.bills import MICRO, Bills
from scaling_lib.evidence.routes import matches
from scaling_lib.model import cost
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import is_finite, said
from scaling_lib.stats.proportions import check_level

HOURS_A_MONTH = 730.5
PEAK = 0.99  # of the hours' peaks of four weeks: the busiest six or seven hours
DEFAULT_K = 10.0


def assess(system: Assessment, *, k: float = 0.0, discount: float = 0.0, level: float = 0.95) -> Audit:
    """Find out what of a system's cost and risk grows faster than its demand.

    k: times today's demand that is asked for; 0: the factor of `demand` in assessment.yaml, else 10. discount: of a
    commitment that could be had, a fraction; 0: none is sized. level: of all intervals.
    What cannot be told of one part is said in `absent`; nothing is raised for it.
    Raises InvalidInput for a factor, a discount or a level that cannot be.
    """
    check_level("assess", level)
    if not (is_finite(k) and k >= 0):
        raise InvalidInput(
            f"k: found {said(k)}; expected a factor of today's demand, or 0 for that of assessment.yaml."
        )
    if not (is_finite(discount) and 0 <= discount < 1):
        raise InvalidInput(f"discount: found {said(discount)}; expected a fraction such as 0.3, or 0 for none.")
    factor = k or (system.config.demand.factor if system.config.demand else DEFAULT_K)
    tried = Attempts()
    bills = tried("bills", system.bills)
    currency = _currency(system, bills) if bills is not None else system.config.currency
    demand = tried("requests", partial(daily_requests, system)) if bills is not None else None
    scans = tried("scans", system.scans)
    critical = _critical(system)
    usage = tried("usage", lambda: usage_by_service(bills, currency)) if bills is not None else None
    costs = odd = money = None
    if bills is not None and usage is not None:
        if demand is not None:
            costs = tried("costs", lambda: unit_costs(bills, demand.frame, k=factor, currency=currency, level=level))
        odd = tried(
            "anomalies", lambda: anomalies(bills, None if demand is None else demand.frame["n"], currency=currency)
        )
        money = tried("money", lambda: spending(bills, currency=currency))
    ledger = system.evidence().sources
    ends = [each.end for each in ledger if each.end]
    return Audit(
        system=system.name,
        level=level,
        k=factor,
        discount=discount,
        currency=currency,
        usage=usage,
        demand=demand.frame if demand is not None else None,
        demand_source=demand.source if demand is not None else "",
        costs=costs,
        odd=odd,
        money=money,
        budgets={}
        if bills is None or usage is None
        else _budgets(system, bills, usage, demand, currency, level, tried),
        commitments=commitments(bills, discount, currency=currency, level=level)
        if bills is not None and discount
        else {},
        spare=_spare(system, level, tried),
        scans=None
        if scans is None
        else tried(
            "posture",
            lambda: posture(
                scans,
                services=[each.name for each in system.config.services],
                critical=critical,
                at=pd.Timestamp(max(ends)) if ends else None,
            ),
        ),
        critical=critical,
        absent=tried.absent,
        sources=used_sources(ledger),
        notes=tuple(note for each in bills.quality for note in each.notes) if bills is not None else (),
    )


def _currency(system: Assessment, bills: Bills) -> str:
    """The assessment's, where the bill has it; else that of most cost."""
    own = system.config.currency
    return own if own in bills.currencies else bills.currencies[0]


def _critical(system: Assessment) -> dict[str, float]:
    """By service the share of the critical journeys whose traces it works in; by tier where there is no trace."""
    try:
        frame = system.spans().frame
    except ScalingError:
        return {each.name: 1.0 if each.tier <= 1 else 0.5 for each in system.config.services}
    roots = frame.loc[frame["parent_id"].astype(str) == "", ["trace_id", "operation"]].drop_duplicates("trace_id")
    named = roots.set_index("trace_id")["operation"].astype(str)
    routes = [each.route for each in system.journeys if each.route]
    of = {name: next((route for route in routes if matches(route, name)), "") for name in named.unique()}
    journey = frame["trace_id"].map(named.map(of))
    seen = pd.DataFrame({"service": frame["service"].astype(str), "journey": journey})
    seen = seen[seen["journey"].fillna("") != ""].drop_duplicates()
    most = max(seen["journey"].nunique(), 1)
    return {str(name): count / most for name, count in seen.groupby("service")["journey"].nunique().items()}


def _budgets(
    system: Assessment,
    bills: Bills,
    usage: pd.DataFrame,
    demand: DailyRequests | None,
    currency: str,
    level: float,
    tried: Attempts,
) -> dict[str, BudgetExhaustion]:
    """Each budget of assessment.yaml; what counts against it is everything that is billed, credits too."""
    found = {}
    cells = bills.of(currency)
    others = other_charges(bills, currency)

    def told(budget: Budget) -> BudgetExhaustion:
        start, end = (pd.Timestamp(each, tz="UTC") for each in (budget.start, budget.end))
        inside = cells[(cells["day"] >= start) & (cells["day"] <= end)]
        return budget_exhaustion(
            usage.sum(axis=1),
            budget.amount,
            start=start,
            end=end,
            demand=demand.frame["n"] if demand is not None else None,
            others=others,
            paid=int(inside["effective"].sum()) / MICRO,
            currency=currency,
            level=level,
        )

    for budget in system.config.budgets:
        own = tried(f"budget {budget.name}", partial(told, budget))
        if own is not None:
            found[budget.name] = own
    if not system.config.budgets:
        tried("budgets", _no_budget)
    return found


def _no_budget() -> None:
    raise NotMeasured(
        "Whether the money lasts is not measured: no budget is given.",
        supply="Name each budget with its amount and its first and last day as `budgets` in assessment.yaml.",
    )


def _spare(system: Assessment, level: float, tried: Attempts) -> tuple[SpareCost, ...]:
    """Of each resource that has a price and is measured."""
    found = []
    for resource in system.resources:
        if resource.price_per_hour is not None:
            own = tried(f"headroom of {resource.name}", partial(_spare_of, system, resource, level))
            if own is not None:
                found.append(own)
    return tuple(found)


def _spare_of(system: Assessment, resource: Resource, level: float) -> SpareCost:
    use = resource_use(resource, system.metrics())
    peaks = use.peaks[use.peaks.index > use.peaks.index[-1] - pd.Timedelta(days=TODAY)].dropna()
    if peaks.empty:
        raise NotEnoughData(f"The headroom of {resource.name}: found no hour of the last four weeks in its metrics.")
    assert resource.price_per_hour is not None  # noqa: S101 - the caller has looked
    month = resource.price_per_hour * use.limit * HOURS_A_MONTH
    peak = min(float(np.quantile(peaks, PEAK)), 1.0)
    assumed = resource.prices == "assumed"
    paid = Estimate(month, month, month, level, f"{system.config.currency} a month", assumed)
    used = Estimate(peak, peak, peak, level, "fraction")
    return SpareCost(resource=resource.name, paid=paid, peak=used, spare=cost.headroom_cost(paid, used))
