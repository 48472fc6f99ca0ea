"""What step 07 finds in how the money is spent: budgets, single days, owners, savings and headroom."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from scaling_lib.audit.budget import BudgetExhaustion
from scaling_lib.audit.result import Audit
from scaling_lib.audit.spending import Spending
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent

COMMAND = "scaling run --step 07"
UNALLOCATED = 0.05  # of gross usage
RECENT = pd.Timedelta(days=28)
LARGE = 0.05  # of a month's usage: a day that cost so much more is acted on
MOST_DAYS = 5  # that are a finding each
_finding = partial(Finding, step="07", command=COMMAND)


def money_findings(result: Audit) -> list[Finding]:
    """When the money is gone, days that cost too much, whose the costs are, what is saved and what stands free."""
    found = [_budget(result, name, each) for name, each in result.budgets.items()]
    found += _odd_days(result)
    if result.money is not None:
        found += [_allocation(result, result.money), _savings(result, result.money)]
    return [*found, *_spare(result)]


def evidence(result: Audit, *kinds: str) -> tuple[Source, ...]:
    """The sources of these kinds."""
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))


def _budget(result: Audit, name: str, budget: BudgetExhaustion) -> Finding:
    verdict: Verdict = "ok" if budget.low is None and budget.state != "spent already" else "watch"
    if budget.state == "spent already" or (budget.date is not None):
        verdict = "act"
    over = budget.total.value - budget.budget
    return _finding(
        name="budget",
        subject=name,
        verdict=verdict,
        sentence=f"{name}: {budget.sentence[0].lower()}{budget.sentence[1:]}",
        impact=budget.total,
        why=(
            f"{number(budget.spent)} of {number(budget.budget)} {result.currency} were billed until "
            f"{budget.until:%Y-%m-%d}; by {budget.end:%Y-%m-%d} it will be {budget.total}. First passage of simulated "
            f"courses, of {budget.source}. {' '.join(budget.caveats)}"
        ).strip(),
        evidence=evidence(result, "bills", "metrics"),
        action=f"Agree on {number(over)} {result.currency} more, or save as much before it is spent."
        if verdict == "act" and over > 0
        else "",
        figure="budget",
    )


def _odd_days(result: Audit) -> list[Finding]:
    if result.odd is None or result.usage is None:
        return []
    days = result.odd.days
    if days.empty:
        sentence = (
            "No day of any service cost what demand and season do not explain, of "
            f"{result.odd.looked_at:,} that were looked at."
        )
        return [_finding(name="cost-anomaly", verdict="ok", sentence=sentence, evidence=evidence(result, "bills"))]
    found = [_odd_day(result, result.usage, row) for row in days.head(MOST_DAYS).to_dict("records")]
    if rest := len(days) - len(found):
        words = f"{rest} further days cost what neither demand nor season explains: see the table."
        found.append(_finding(name="cost-anomaly", subject="others", verdict="watch", sentence=words))
    return found


def _odd_day(result: Audit, usage: pd.DataFrame, row: Mapping[Hashable, Any]) -> Finding:
    day, extra = pd.Timestamp(row["day"]), float(row["extra"])
    recent = day > usage.index[-1] - RECENT
    large = abs(extra) > LARGE * float(usage.tail(30).to_numpy().sum())
    return _finding(
        name="cost-anomaly",
        subject=f"{row['service']} {day:%Y-%m-%d}",
        verdict="act" if large and recent else "watch",
        sentence=(
            f"{row['service']} cost {number(row['cost'])} {result.currency} on {day:%Y-%m-%d}, {number(row['times'])} "
            f"times what demand and season explain: {number(abs(extra))} {'more' if extra > 0 else 'less'}."
        ),
        impact=Estimate(extra, math.nan, math.nan, result.level, result.currency),
        why=(f"{number(row['deviations'])} of the service's usual deviations. A bill of noise has 0.02 such days."),
        evidence=evidence(result, "bills"),
        action="Find what ran or was moved that day, and set an alert on the service's daily cost."
        if extra > 0
        else "Find out whether the day's usage is missing from the bill.",
        figure="days",
    )


def _allocation(result: Audit, money: Spending) -> Finding:
    large = money.unallocated > UNALLOCATED
    rows = money.nobodys.head(3).to_dict("records")
    named = [f"{row['service']} ({row['resource'] or 'no resource named'})" for row in rows]
    what = f": {listing(named)}" if named else ""
    return _finding(
        name="allocation",
        verdict="watch" if large else "ok",
        sentence=f"{percent(money.unallocated)} of the gross usage is tagged with no owner{what}.",
        why="Of gross usage: credits, which belong to nobody, change no share.",
        evidence=evidence(result, "bills"),
        action="Tag them with their service or team, and refuse untagged resources when they are made."
        if named
        else "",
    )


def _savings(result: Audit, money: Spending) -> Finding:
    credit = (
        f" A credit of {number(-money.credits)} {result.currency} is no saving and is not in it."
        if money.credits < 0
        else ""
    )
    if money.savings is None:
        return _finding(
            name="savings-rate",
            verdict="unknown",
            sentence=f"What is saved on list prices is not measured: {money.savings_caveat}.{credit}",
            evidence=evidence(result, "bills"),
            action="Export the bill with ListCost (FOCUS), or with the public on-demand cost (AWS).",
        )
    caveat = f" Not exact: {money.savings_caveat}." if money.savings_caveat else ""
    return _finding(
        name="savings-rate",
        verdict="ok",
        sentence=f"{percent(money.savings)} is saved on the list prices of usage.{credit}{caveat}",
        why="1 - sum of effective over sum of list cost, of usage alone.",
        evidence=evidence(result, "bills"),
    )


def _spare(result: Audit) -> list[Finding]:
    return [
        _finding(
            name="headroom-cost",
            subject=each.resource,
            verdict="ok",
            sentence=(
                f"For what of {each.resource} is free even in the busiest hours ({percent(each.peak.value)} in use), "
                f"{each.spare} is paid."
            ),
            impact=each.spare,
            why="Headroom is bought on purpose: step 02 says how much of it a lost domain, a rollout and growth need.",
            evidence=evidence(result, "metrics"),
        )
        for each in result.spare
    ]
