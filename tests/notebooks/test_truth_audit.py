"""Step 07 held to the truth of the example: what is planted in its bill and its scans, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import scaling_lib
from scaling_lib import audit
from scaling_lib.report import run

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "shop"
PLANTED = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["simulated"]
BILL, SCANS = PLANTED["bill"], PLANTED["scans"]


@pytest.fixture(scope="module")
def result():
    return audit.assess(scaling_lib.open(SHOP))


@pytest.fixture(scope="module")
def findings(result):
    return {(each.name, each.subject): each for each in audit.findings(result)}


@pytest.fixture(scope="module")
def services(result):
    return {each.service: each for each in result.costs.services}


@pytest.fixture(scope="module")
def usage() -> pd.DataFrame:
    """The usage of the bill, read plainly."""
    table = pd.read_csv(SHOP / "simulated" / "bill" / "focus.csv.gz")
    return table[table["ChargeCategory"] == "Usage"].assign(day=lambda rows: pd.to_datetime(rows["ChargePeriodStart"]))


def test_one_cost_grows_faster_than_demand_by_its_planted_elasticity(result, services, findings):
    planted = BILL["faster_than_demand"]
    assert [each.service for each in result.costs.services if each.growth == "faster than demand"] == [
        planted["service"]
    ]
    slope = services[planted["service"]].elasticity
    assert slope.low <= planted["elasticity"] <= slope.high and slope.high - slope.low < 0.05
    found = findings["cost-grows-faster", planted["service"]]
    assert found.verdict == "act" and found.figure == "growth"
    assert [each for each in findings if each[0] == "cost-grows-faster"] == [("cost-grows-faster", planted["service"])]


def test_what_is_fixed_and_what_follows_demand(services):
    for name in BILL["fixed"]["services"]:
        assert services[name].growth == "hardly" and abs(services[name].elasticity.value) < 0.01
    for name in BILL["grows_with_demand"]:
        assert services[name].growth == "with demand"
        assert services[name].elasticity.low - 0.01 <= 1 <= services[name].elasticity.high + 0.01


def test_ten_times_the_demand_costs_what_the_planted_laws_say(result, services, usage):
    """Today's costs by their planted exponents; the single odd day of Content Delivery is not in the last four weeks."""
    last = usage[usage["day"] > usage["day"].max() - pd.Timedelta(days=28)]
    a_day = last.groupby("ServiceName")["EffectiveCost"].sum() / 28
    odd = pd.Timestamp(BILL["anomaly"]["day"])
    if odd > usage["day"].max() - pd.Timedelta(days=28):
        a_day[BILL["anomaly"]["service"]] -= BILL["anomaly"]["extra_cost"] / 28
    exponents = dict.fromkeys(BILL["fixed"]["services"], 0.0) | dict.fromkeys(BILL["grows_with_demand"], 1.0)
    exponents[BILL["faster_than_demand"]["service"]] = BILL["faster_than_demand"]["elasticity"]
    truth = sum(cost * 10 ** exponents[name] for name, cost in a_day.items())
    assert result.costs.far.low <= truth <= result.costs.far.high
    assert result.costs.far.value == pytest.approx(truth, rel=0.05)
    name = BILL["faster_than_demand"]["service"]
    far = services[name].far
    assert far.verdict == "model-dependent" and far.cost.value == pytest.approx(a_day[name] * 10**1.53, rel=0.05)


def test_the_one_odd_day(result, findings):
    planted = BILL["anomaly"]
    days = result.odd.days
    assert days[["service", "day"]].to_numpy().tolist() == [[planted["service"], pd.Timestamp(planted["day"])]]
    assert days["extra"].iloc[0] == pytest.approx(planted["extra_cost"], rel=0.02)
    assert days["times"].iloc[0] == pytest.approx(planted["times"], rel=0.02)
    assert [key for key in findings if key[0] == "cost-anomaly"] == [
        ("cost-anomaly", f"{planted['service']} {planted['day'][:10]}")
    ]


def test_neither_the_credit_nor_the_disk_without_tags_is_a_saving(result, findings):
    money = result.money
    assert money.savings == pytest.approx(BILL["effective_savings_rate_of_usage"], abs=1e-6)
    assert money.credits == BILL["credit"]["cost"] and money.usage == pytest.approx(BILL["usage_cost"], abs=1e-3)
    assert (
        money.charges.set_index("service")["cost"]["Support"]
        == BILL["bought_not_used"]["cost_a_month"] * BILL["months"]
    )
    without = BILL["without_tags"]
    assert money.nobodys["service"].tolist() == [without["service"]]
    assert money.nobodys["resource"].iloc[0].endswith(without["resource"])
    assert money.unallocated == pytest.approx(without["share_of_usage_cost"], abs=1e-6)
    assert (
        "is no saving" in findings["savings-rate", ""].sentence
        and without["resource"] in findings["allocation", ""].sentence
    )


def test_the_budget_lasts_as_long_as_the_planted_laws_let_it(result):
    """What is billed, then the generator's own expectation of each day ahead: growth, the week, and support."""
    own = result.budgets["cloud 2026"]
    every = pd.read_csv(SHOP / "simulated" / "bill" / "focus.csv.gz")
    inside = every[pd.to_datetime(every["ChargePeriodStart"]) >= pd.Timestamp("2026-01-01", tz="UTC")]
    assert own.spent == pytest.approx(inside["EffectiveCost"].sum(), abs=1e-3)
    ends = own.until + pd.Timedelta(days=1)
    daily = every[every["ChargeCategory"] == "Usage"].groupby("ChargePeriodStart")["EffectiveCost"].sum()
    a_day = daily.to_numpy()
    weeks = a_day[-28:].reshape(4, 7).mean(axis=0)  # the day of the week, a level two weeks old
    growth = (1 + PLANTED["traffic"]["growth_per_month"]) ** (1 / 30.4375)
    moving = 1 - BILL["fixed"]["cost_a_day"] / a_day[-28:].mean()
    ahead = np.array([weeks[n % 7] * (1 + 1.15 * moving * (growth ** (n + 14.5) - 1)) for n in range(38)])
    days = pd.date_range(ends, periods=38, freq="D")
    ahead += np.where(days.day == 1, BILL["bought_not_used"]["cost_a_month"], 0.0)
    truth = days[int(np.argmax(own.spent + np.cumsum(ahead) >= own.budget))]
    assert abs((own.date - truth).days) <= 1
    assert own.total.value == pytest.approx(own.spent + ahead.sum(), rel=0.01)


def listed(changes: pd.DataFrame, change: str, scanner: str) -> set[str]:
    own = changes[(changes["change"] == change) & (changes["scanner"] == scanner)]
    return set(own["check"] + " " + own["resource"])


@pytest.mark.parametrize(("part", "scanner"), [("cloud", "Prowler"), ("code", "examplelint")])
def test_what_is_new_fixed_and_remaining_in_the_scans(result, part, scanner):
    for change in ("new", "fixed", "remaining"):
        assert listed(result.scans.changes, change, scanner) == set(SCANS[part][change])
    assert set(result.scans.changes["change"]) == {"new", "fixed", "remaining"}


def test_what_is_no_pass(result, findings):
    """Muted, by hand, and a refused suppression, which is a failure."""
    rows = result.scans.scans.set_index("scanner")
    cloud, code = SCANS["cloud"], SCANS["code"]
    assert rows.loc["Prowler", ["muted", "manual"]].tolist() == [len(cloud["muted"]), len(cloud["by_hand"])]
    assert rows.loc["examplelint", ["muted", "passed"]].tolist() == [len(code["suppressed"]), len(code["passed"])]
    failing = result.scans.failing["check"] + " " + result.scans.failing["resource"]
    expected = [*cloud["new"], *cloud["remaining"], *code["new"], *code["remaining"]]
    assert sorted(failing) == sorted(expected) and set(code["suppression_refused"]) <= set(failing)
    assert findings["changed-checks", ""].verdict == "act"
    assert (rows["scanned"] == pd.Timestamp(SCANS["dates"][1])).all()


def test_nothing_is_left_unmeasured(result, findings):
    assert dict(result.absent) == {}
    assert [key for key, each in findings.items() if each.verdict == "unknown"] == []


def test_the_notebook_says_it(tmp_path, result):
    done = run(SHOP, out=tmp_path / "report", steps=["07"], deadline_s=180)
    assert not done.failed
    said = json.loads((tmp_path / "report" / "findings.json").read_text(encoding="utf-8"))
    assert audit.headline(result) in json.dumps(said)
    page = (tmp_path / "report" / "07_audit.html").read_text(encoding="utf-8")
    assert BILL["faster_than_demand"]["service"] in page and "Traceback" not in page
