"""The bill: a FOCUS file, and what is planted in it found again from the file and the requests of each day."""

from __future__ import annotations

import gzip
import io
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from demo_files import metric

MANDATORY = {
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingAccountId", "BillingCurrency",
    "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory",
    "ChargeClass", "ChargeDescription", "InvoiceIssuerName", "PricingQuantity", "PricingUnit", "ProviderName",
    "PublisherName", "ServiceCategory", "ServiceName",
}  # fmt: skip
MONEY = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"]


@pytest.fixture(scope="module")
def bill(files) -> pd.DataFrame:
    """As text, as the file has it."""
    text = gzip.decompress(files["bill/focus.csv.gz"]).decode()
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def usage(bill) -> pd.DataFrame:
    """Usage with its cost as a number and its day."""
    rows = bill[bill["ChargeCategory"] == "Usage"]
    return rows.assign(cost=rows["EffectiveCost"].astype(float), day=pd.to_datetime(rows["ChargePeriodStart"]))


@pytest.fixture(scope="module")
def demand(shop) -> pd.Series:
    """Requests by day; a sample of the metric is of the 24 hours up to its time."""
    told = metric(shop.demo.texts["metrics/requests_per_day.json"])
    return told.set_axis(told.index - pd.Timedelta(days=1))


def total(column: pd.Series) -> Decimal:
    return sum(map(Decimal, column), Decimal(0))


def line(part: pd.DataFrame, demand: pd.Series) -> tuple[float, pd.Series]:
    """The slope of log cost over log demand, and each day's cost over what the line says; robust to single days."""
    cost = part.groupby("day")["cost"].sum()
    x, y = np.log(demand.loc[cost.index]), np.log(cost)
    keep = np.ones(len(x), dtype=bool)
    for _ in range(3):
        slope, level = np.polyfit(x[keep], y[keep], 1)
        off = y - level - slope * x
        keep = (off.abs() < 0.1).to_numpy()
    return slope, np.exp(off)


def test_every_mandatory_column_is_there_and_filled(bill):
    assert set(bill.columns) >= MANDATORY
    for column in MANDATORY - {"ChargeClass"}:  # empty unless a charge corrects an earlier one
        assert (bill[column] != "").all(), column
    assert set(bill["ChargeCategory"]) == {"Usage", "Purchase", "Credit"}
    assert set(bill["ChargeFrequency"]) == {"Usage-Based", "Recurring", "One-Time"}
    for column in MONEY:
        assert all(Decimal(value).as_tuple().exponent >= -6 for value in bill[column])
    assert set(bill["BillingCurrency"]) == {"EUR"}


def test_thirteen_months_without_a_hole(bill, usage, shop):
    starts = pd.to_datetime(bill["BillingPeriodStart"])
    assert sorted(set(starts)) == list(pd.date_range("2025-11-01", periods=13, freq="MS", tz="UTC"))
    times = {name: pd.to_datetime(bill[name]) for name in ("ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodEnd")}
    assert (starts <= times["ChargePeriodStart"]).all()
    assert (times["ChargePeriodStart"] < times["ChargePeriodEnd"]).all()
    assert (times["ChargePeriodEnd"] <= times["BillingPeriodEnd"]).all()
    days = pd.date_range("2025-11-01", "2026-11-23", tz="UTC")
    for _, part in usage.groupby("ResourceId"):
        assert list(part["day"].sort_values()) == list(days)
    told = shop.truth["bill"]
    assert (told["first_day"], told["last_day"], told["months"]) == ("2025-11-01T00:00:00Z", "2026-11-23T00:00:00Z", 13)
    assert float(total(usage["EffectiveCost"])) == pytest.approx(told["usage_cost"], abs=1e-3)


def test_what_depends_on_demand_does_so_with_the_planted_exponent(usage, demand, shop):
    """1% of scatter over 388 days whose log demand varies by some 0.25 leaves an error of 0.002 in the slope."""
    told = shop.truth["bill"]
    faster = told["faster_than_demand"]
    slopes = {name: line(part, demand)[0] for name, part in usage.groupby("ServiceName")}
    assert slopes.pop(faster["service"]) == pytest.approx(faster["elasticity"], abs=0.02)
    assert faster["elasticity"] >= 1.5
    for name in told["grows_with_demand"]:
        assert slopes.pop(name) == pytest.approx(1, abs=0.02)
    assert set(slopes) == set(told["fixed"]["services"]) and max(map(abs, slopes.values())) < 1e-9


def test_the_fixed_part(usage, shop):
    told = shop.truth["bill"]["fixed"]
    fixed = usage[usage["ServiceName"].isin(told["services"])]
    a_day = fixed.groupby("day")["EffectiveCost"].agg(total)
    assert set(a_day) == {Decimal(str(told["cost_a_day"]))}
    share = total(fixed["EffectiveCost"]) / total(usage["EffectiveCost"])
    assert float(share) == pytest.approx(told["share_of_usage_cost"], abs=1e-6)


def test_one_day_of_one_service_is_an_anomaly_and_no_other(usage, demand, shop):
    """1% of scatter, five deviations wide: a day more than 10% off its line is planted."""
    told = shop.truth["bill"]["anomaly"]
    odd = []
    for name, part in usage.groupby("ServiceName"):
        _, ratio = line(part, demand)
        odd += [(name, day, value) for day, value in ratio.items() if abs(value - 1) > 0.1]
    ((service, day, ratio),) = odd
    assert (service, day) == (told["service"], pd.Timestamp(told["day"]))
    assert ratio == pytest.approx(told["times"], rel=0.05)
    cost = usage.loc[(usage["ServiceName"] == service) & (usage["day"] == day), "cost"].sum()
    assert cost - cost / told["times"] == pytest.approx(told["extra_cost"], abs=0.01)


def test_the_credit_and_what_is_bought_are_no_usage(bill, shop):
    told = shop.truth["bill"]
    credit = bill[bill["ChargeCategory"] == "Credit"]
    assert list(credit["EffectiveCost"].astype(float)) == [told["credit"]["cost"]] == [-75.0]
    assert list(credit["ChargePeriodStart"]) == [told["credit"]["day"]]
    bought = bill[bill["ChargeCategory"] == "Purchase"]
    assert len(bought) == 13
    assert set(bought["EffectiveCost"].astype(float)) == {told["bought_not_used"]["cost_a_month"]}
    assert set(bought["ServiceName"]) == {told["bought_not_used"]["service"]}


def test_one_resource_has_no_tags(usage, shop):
    told = shop.truth["bill"]["without_tags"]
    bare = usage[usage["Tags"] == ""]
    assert {each.rsplit(":", 1)[1] for each in bare["ResourceId"]} == {told["resource"]}
    assert set(bare["ServiceName"]) == {told["service"]}
    share = total(bare["EffectiveCost"]) / total(usage["EffectiveCost"])
    assert float(share) == pytest.approx(told["share_of_usage_cost"], abs=1e-6)
    names = {service["name"] for service in shop.truth["services"]}
    for text in set(usage["Tags"]) - {""}:
        tags = json.loads(text)
        assert set(tags) == {"service", "team"} and tags["service"] in names


def test_every_list_price_is_discounted_alike(usage, shop):
    saved = 1 - total(usage["EffectiveCost"]) / total(usage["ListCost"])
    assert float(saved) == pytest.approx(shop.truth["bill"]["effective_savings_rate_of_usage"], abs=1e-6)
    assert (usage["EffectiveCost"] == usage["ContractedCost"]).all()
