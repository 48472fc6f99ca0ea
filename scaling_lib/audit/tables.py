"""The tables behind step 07's figures, and those that its notebook shows; an empty one where there is nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from scaling_lib.audit.findings import far_share
from scaling_lib.audit.result import Audit
from scaling_lib.audit.unit_costs import ServiceCost
from scaling_lib.stats import Estimate

UNITS = {
    "share": "fraction", "share then": "fraction", "times": "x", "age": "s", "critical journeys": "fraction",
    "error held out": "fraction", "covers": "fraction", "used": "fraction",
}  # fmt: skip
PAID = ("a day", "a further million costs", "a million cost", "at its end")  # columns in the currency


def services_table(result: Audit) -> pd.DataFrame:
    """Each service of the bill: what it costs a day, and how that follows demand."""
    if result.costs is None:
        return pd.DataFrame()
    rows = []
    for each in (*result.costs.services, result.costs.whole):
        rows.append(
            {
                "service": each.service,
                "a day": each.a_day,
                "share": each.share,
                "elasticity": each.elasticity or Estimate(math.nan, math.nan, math.nan),
                "grows": each.growth,
                "a further million costs": _paid(result, each.marginal),
                f"a day at {result.k:g}x": each.far.cost if each.far else Estimate(math.nan, math.nan, math.nan),
                "share then": far_share(result, each) if each is not result.costs.whole else math.nan,
                "remarks": each.why or ("; ".join(each.curve.caveats) if each.curve else ""),
            }
        )
    return pd.DataFrame(rows)


def laws_table(result: Audit) -> pd.DataFrame:
    """Each law of each service whose cost moves: how well it fits, and what it says of k times the demand."""
    rows = []
    for each in result.costs.services if result.costs else ():
        if each.curve is None or each.far is None or each.growth == "hardly":
            continue
        for fit in each.curve.fits:
            rows.append(
                {
                    "service": each.service,
                    "law": fit.law,
                    "AICc behind": fit.behind,
                    "error held out": fit.held_out,
                    "taken": fit.taken,
                    f"a day at {result.k:g}x": each.far.by_law[fit.law],
                }
            )
    return pd.DataFrame(rows)


def unit_cost_table(result: Audit) -> pd.DataFrame:
    """Cost per million requests of each month."""
    if result.costs is None:
        return pd.DataFrame()
    months = result.costs.months.copy()
    return months.assign(requests=(months["requests"] / 1e6)).rename(
        columns={"requests": "million requests", "per_million": "a million requests", "whole": "whole month"}
    )


def per_request_table(result: Audit) -> pd.DataFrame:
    """What a request, and a good one, cost."""
    if result.costs is None:
        return pd.DataFrame()
    rows = [("all requests", result.costs.days, _paid(result, result.costs.per_request))]
    if result.costs.per_good is not None:
        known = "all requests, on the days on which good ones are known"
        rows.append((known, result.costs.good_days, _paid(result, result.costs.then)))
        rows.append(("good requests", result.costs.good_days, _paid(result, result.costs.per_good)))
    return pd.DataFrame(rows, columns=["of", "days", "a million cost"])


def curve_table(result: Audit, service: str = "") -> pd.DataFrame:
    """The days of a service: demand and cost."""
    own = service_of(result, service)
    if own is None or own.curve is None:
        return pd.DataFrame()
    return pd.DataFrame({"requests a day": own.curve.demand, "cost a day": own.curve.cost})


def days_table(result: Audit) -> pd.DataFrame:
    """The cost of each day, by service."""
    return pd.DataFrame() if result.usage is None else result.usage.reset_index()


def anomalies_table(result: Audit) -> pd.DataFrame:
    """Days that cost far more or less than expected."""
    return pd.DataFrame() if result.odd is None else result.odd.days


def budget_table(result: Audit, name: str = "") -> pd.DataFrame:
    """The sum spent of a budget by the end of each day ahead; name: "" is the first."""
    own = result.budgets.get(name) if name else next(iter(result.budgets.values()), None)
    return own.by_day.reset_index() if own is not None else pd.DataFrame()


def budgets_table(result: Audit) -> pd.DataFrame:
    """Each budget: what is spent, and when it is gone."""
    return pd.DataFrame(
        [
            {
                "budget": name,
                "amount": each.budget,
                "spent": each.spent,
                "billed until": _date(each.until),
                "at its end": each.total,
                "is spent on": _date(each.date),
                "from": _date(each.low),
                "to": _date(each.high),
                "remarks": f"it is spent {each.state}" if "period" in each.state else each.state,
            }
            for name, each in result.budgets.items()
        ]
    )


def _date(day: pd.Timestamp | None) -> str:
    return f"{day:%Y-%m-%d}" if day is not None else "never in it"


def _paid(result: Audit, estimate: Estimate | None) -> Estimate:
    """In the currency alone: the column says of what."""
    return replace(estimate, unit=result.currency) if estimate else Estimate(math.nan, math.nan, math.nan)


def owners_table(result: Audit) -> pd.DataFrame:
    """Whose the gross usage is."""
    if result.money is None:
        return pd.DataFrame()
    return result.money.by_owner.assign(owner=result.money.by_owner["owner"].replace("", "(nobody's)"))


def charges_table(result: Audit) -> pd.DataFrame:
    """What is charged and is no usage."""
    return pd.DataFrame() if result.money is None else result.money.charges


def spare_table(result: Audit) -> pd.DataFrame:
    """What headroom costs."""
    return pd.DataFrame(
        [
            {
                "resource": each.resource,
                "paid": each.paid,
                "in use at the peak": each.peak,
                "for what is free": each.spare,
            }
            for each in result.spare
        ]
    )


def commitments_table(result: Audit) -> pd.DataFrame:
    """What to commit to, by service."""
    return pd.DataFrame(
        [
            {
                "service": name,
                "commit a day": each.size,
                "saves": each.saving,
                "used": each.utilization,
                "covers": each.coverage,
            }
            for name, each in result.commitments.items()
        ]
    )


def scans_table(result: Audit) -> pd.DataFrame:
    """The last scan of each scanner."""
    if result.scans is None:
        return pd.DataFrame()
    return result.scans.scans.rename(columns={"age_s": "age", "not_evaluated": "not evaluated"})


def failing_table(result: Audit) -> pd.DataFrame:
    """What fails, the most exposed first."""
    return pd.DataFrame() if result.scans is None else result.scans.failing.drop(columns="title")


def changes_table(result: Audit) -> pd.DataFrame:
    """What is new, remains or was fixed since the last scan."""
    return pd.DataFrame() if result.scans is None else result.scans.changes


def controls_table(result: Audit) -> pd.DataFrame:
    """The controls of each framework, by the worst verdict of their checks."""
    return pd.DataFrame() if result.scans is None else result.scans.controls


def posture_table(result: Audit) -> pd.DataFrame:
    """The checks by severity and verdict."""
    if result.scans is None:
        return pd.DataFrame()
    return result.scans.by_severity.rename(columns={"not_evaluated": "not evaluated"})


def by_service_table(result: Audit) -> pd.DataFrame:
    """The checks by service and verdict, with the share of the critical journeys that it works for."""
    if result.scans is None:
        return pd.DataFrame()
    table = result.scans.by_service.rename(columns={"not_evaluated": "not evaluated"})
    return table.assign(share=[result.critical.get(name, math.nan) for name in table["service"]]).rename(
        columns={"share": "critical journeys"}
    )


def service_of(result: Audit, service: str) -> ServiceCost | None:
    """A service's costs by its name; "" is the dearest of those that grow fastest."""
    if result.costs is None:
        return None
    if service:
        return next((each for each in result.costs.services if each.service == service), None)
    told = [each for each in result.costs.services if each.elasticity is not None]
    return max(told, key=lambda each: (each.growth == "faster than demand", each.elasticity.value)) if told else None  # type: ignore[union-attr]
