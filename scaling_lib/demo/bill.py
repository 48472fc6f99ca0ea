"""Thirteen calendar months of a bill in the form of FOCUS 1.2, a row a day and resource.

Planted: a part that does not depend on demand, a part that grows faster than demand, a credit, a resource without
tags, a day that cost far too much, a discount on every list price, and support that is bought rather than used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.demo.plan import Plan
from scaling_lib.demo.traffic import MINUTES_A_DAY, demand

CURRENCY = "EUR"
PROVIDER = "Example Cloud"
DISCOUNT = 0.08  # of every list price
SCATTER = 0.01  # of what depends on demand, from day to day
SUPPORT_A_MONTH = 90.0
CREDIT = -75.0
FASTER = "Log Storage"
ANOMALOUS = "Content Delivery"
UNTAGGED = "Block Storage"
CENTS = 6  # decimals of every amount


@dataclass(frozen=True, kw_only=True)
class Bill:
    """The rows of the bill, amounts as numbers with at most six decimals, and what is planted in them."""

    rows: pd.DataFrame
    truth: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Resource:
    """What it costs a day at today's demand, and how that follows demand: cost ~ demand^exponent, 0 for a fixed one."""

    category: str
    service: str
    name: str
    a_day: float
    exponent: float
    unit: str
    price: float
    tags: dict[str, str]


def make_bill(plan: Plan) -> Bill:
    """Price the expected demand of each day; the last month is the one that is under way at the plan's end."""
    rng = plan.rng("bill")
    resources = list(_resources(plan, rng))
    days = bill_days(plan)
    level = daily_demand(plan, days) / (MINUTES_A_DAY * sum(route.per_minute for route in plan.routes))
    odd_day, times = len(days) - int(rng.integers(20, 30)), round(float(rng.uniform(5, 8)), 1)
    parts = []
    extra = 0.0
    for resource in resources:
        noise = 1 + SCATTER * rng.standard_normal(len(days)) * (resource.exponent > 0)
        cost = resource.a_day * level**resource.exponent * noise
        if resource.service == ANOMALOUS:
            extra = float(cost[odd_day] * (times - 1))
            cost[odd_day] *= times
        parts.append(_usage(plan, resource, days, cost))
    months = sorted({day.replace(day=1) for day in days})
    once = [_row(plan, month, _next(month), "Purchase", "Support", SUPPORT_A_MONTH) for month in months]
    given = months[8] + timedelta(days=2)
    once.append(_row(plan, given, given + timedelta(days=1), "Credit", "Promotional credit", CREDIT))
    rows = pd.concat([*parts, pd.DataFrame(once)], ignore_index=True)
    rows = rows.sort_values(["ChargePeriodStart", "ServiceName", "ResourceId"], ignore_index=True)
    anomaly = {"day": days[odd_day], "service": ANOMALOUS, "times": times, "extra_cost": round(extra, 2)}
    return Bill(rows=rows, truth=_truth(resources, rows, days, given, anomaly))


def bill_days(plan: Plan) -> list[datetime]:
    """Each day from the first of the month a year before the plan's last day."""
    last = plan.end - timedelta(days=1)
    first = datetime(last.year - 1, last.month, 1, tzinfo=UTC)
    return [first + timedelta(days=number) for number in range((plan.end - first).days)]


def daily_demand(plan: Plan, days: list[datetime]) -> NDArray[np.float64]:
    """The expected requests of each day over all routes, by the middle of each hour; before the plan's start, too."""
    first = int((days[0] - plan.start) / timedelta(minutes=1))
    minutes = first + 30 + 60 * np.arange(24 * len(days))
    whole = sum((demand(plan, route, minutes) for route in plan.routes), np.zeros(len(minutes)))
    return np.asarray(60 * whole.reshape(len(days), 24).sum(axis=1))


def _resources(plan: Plan, rng: np.random.Generator) -> Iterator[_Resource]:
    for service in plan.services:
        own = {"service": service.name, "team": service.team}
        size = round(float(rng.uniform(3.5, 6.5)), 2)
        yield _Resource(
            category="Compute",
            service="Virtual Machines",
            name=f"vm-{service.name}",
            a_day=size,
            exponent=1.0,
            unit="Hours",
            price=0.042,
            tags=own,
        )
    shared = {"service": plan.front.name, "team": "team-platform"}
    count = len(plan.services)
    rows = (
        ("Databases", "Managed Database", "db-main", 3.8 * count, 0.0, "Hours", 0.31),
        ("Networking", "Load Balancing", "lb-front", 2.4, 0.0, "Hours", 0.025),
        ("Management and Governance", FASTER, "logs", 1.9 * count, round(float(rng.uniform(1.5, 1.9)), 2), "GB", 0.45),
        ("Networking", ANOMALOUS, "cdn-front", 1.6 * count, 1.0, "GB", 0.065),
        ("Storage", UNTAGGED, "disk-0042", 1.35, 0.0, "GB-Months", 0.08),
    )
    for category, product, name, a_day, exponent, unit, price in rows:
        yield _Resource(
            category=category,
            service=product,
            name=name,
            a_day=a_day,
            exponent=exponent,
            unit=unit,
            price=price,
            tags={} if product == UNTAGGED else shared,
        )


def _usage(plan: Plan, resource: _Resource, days: list[datetime], cost: NDArray[np.float64]) -> pd.DataFrame:
    contracted = np.round(cost, CENTS)
    quantity = np.round(cost / resource.price, CENTS)
    return pd.DataFrame(
        {
            "BilledCost": contracted,
            "EffectiveCost": contracted,
            "ListCost": np.round(contracted / (1 - DISCOUNT), CENTS),
            "ContractedCost": contracted,
            **_account(plan),
            "BillingPeriodStart": [_utc(day.replace(day=1)) for day in days],
            "BillingPeriodEnd": [_utc(_next(day.replace(day=1))) for day in days],
            "ChargePeriodStart": [_utc(day) for day in days],
            "ChargePeriodEnd": [_utc(day + timedelta(days=1)) for day in days],
            "ChargeCategory": "Usage",
            "ChargeClass": "",
            "ChargeDescription": f"{resource.service}, {resource.price} {CURRENCY} per {resource.unit}",
            "ChargeFrequency": "Usage-Based",
            "ConsumedQuantity": quantity,
            "ConsumedUnit": resource.unit,
            "PricingCategory": "Standard",
            "PricingQuantity": quantity,
            "PricingUnit": resource.unit,
            "ServiceCategory": resource.category,
            "ServiceName": resource.service,
            "RegionId": "example-north-1",
            "ResourceId": f"res:{plan.system}:{resource.name}",
            "Tags": json.dumps(resource.tags) if resource.tags else "",
        }
    )


def _row(plan: Plan, start: datetime, end: datetime, category: str, what: str, amount: float) -> dict[str, Any]:
    """A charge that is not usage."""
    return {
        "BilledCost": amount,
        "EffectiveCost": amount,
        "ListCost": amount,
        "ContractedCost": amount,
        **_account(plan),
        "BillingPeriodStart": _utc(start.replace(day=1)),
        "BillingPeriodEnd": _utc(_next(start.replace(day=1))),
        "ChargePeriodStart": _utc(start),
        "ChargePeriodEnd": _utc(end),
        "ChargeCategory": category,
        "ChargeClass": "",
        "ChargeDescription": what,
        "ChargeFrequency": "Recurring" if category == "Purchase" else "One-Time",
        "PricingCategory": "Standard" if category == "Purchase" else "Other",
        "PricingQuantity": 1.0,
        "PricingUnit": "Months" if category == "Purchase" else "Units",
        "ServiceCategory": "Other",
        "ServiceName": what,
        "RegionId": "",
        "ResourceId": "",
        "Tags": "",
    }


def _account(plan: Plan) -> dict[str, str]:
    return {
        "BillingAccountId": "000000000042",
        "BillingAccountName": "Example Ltd",
        "BillingCurrency": CURRENCY,
        "SubAccountId": f"{plan.system}-production",
        "SubAccountName": f"{plan.system} production",
        "InvoiceIssuerName": PROVIDER,
        "ProviderName": PROVIDER,
        "PublisherName": PROVIDER,
    }


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _truth(
    resources: list[_Resource], rows: pd.DataFrame, days: list[datetime], given: datetime, anomaly: dict[str, Any]
) -> dict[str, Any]:
    usage = rows[rows["ChargeCategory"] == "Usage"]
    total = usage["EffectiveCost"].sum()
    fixed = [resource for resource in resources if not resource.exponent]
    faster = next(resource for resource in resources if resource.service == FASTER)
    untagged = next(resource for resource in resources if not resource.tags)
    part = usage["ServiceName"].isin({resource.service for resource in fixed})
    return {
        "currency": CURRENCY,
        "first_day": days[0],
        "last_day": days[-1],
        "months": len({day.replace(day=1) for day in days}),
        "usage_cost": round(float(total), 4),
        "fixed": {
            "services": [resource.service for resource in fixed],
            "cost_a_day": round(sum(resource.a_day for resource in fixed), 4),
            "share_of_usage_cost": round(float(usage.loc[part, "EffectiveCost"].sum() / total), 6),
        },
        "grows_with_demand": ["Virtual Machines", ANOMALOUS],
        "faster_than_demand": {
            "service": FASTER,
            "elasticity": faster.exponent,
            "cost_a_day_at_the_end": round(faster.a_day, 4),
        },
        "daily_scatter": SCATTER,
        "credit": {"day": given, "cost": CREDIT},
        "bought_not_used": {"service": "Support", "cost_a_month": SUPPORT_A_MONTH},
        "without_tags": {
            "resource": untagged.name,
            "service": untagged.service,
            "share_of_usage_cost": round(float(usage.loc[usage["Tags"] == "", "EffectiveCost"].sum() / total), 6),
        },
        "anomaly": anomaly,
        "effective_savings_rate_of_usage": DISCOUNT,
    }
