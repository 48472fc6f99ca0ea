"""Unit costs and spending, by figures that are worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_bills import DAYS, bills_of, cells_of, demand_of, noisy, resources_of

from scaling_lib.audit import commitments, spending, unit_costs
from scaling_lib.errors import NotEnoughData
from scaling_lib.evidence.bills import Bills


def requests(days: int = 365, good: float = 0.99) -> pd.DataFrame:
    demand = demand_of(days)
    return pd.DataFrame({"n": demand, "good": good * demand})


@pytest.fixture(scope="module")
def result():
    level = requests()["n"].to_numpy() / 1e6
    services = {
        "Logs": noisy(2 * level**1.5, 0.01, 1), "Machines": noisy(5 * level, 0.01, 2), "Disk": np.full(365, 3.0),
        "Gateway": noisy(2 + 1 * level, 0.01, 3),
    }  # fmt: skip
    return unit_costs(bills_of(services), requests(), k=10)


def test_which_costs_grow_faster_than_demand(result):
    growth = {each.service: each.growth for each in result.services}
    assert growth == {
        "Logs": "faster than demand", "Machines": "with demand", "Disk": "hardly", "Gateway": "slower than demand",
    }  # fmt: skip
    slopes = {each.service: each.elasticity for each in result.services}
    today = result.today / 1e6
    for name, known in (("Logs", 1.5), ("Machines", 1.0), ("Gateway", today / (2 + today))):
        assert slopes[name].low <= known <= slopes[name].high
    assert (slopes["Disk"].value, slopes["Disk"].low) == (0, 0)


def test_ten_times_the_demand_is_added_up(result):
    """No single law tells a sum of four: the services' are added."""
    level = result.today / 1e6
    truth = 2 * (10 * level) ** 1.5 + 5 * 10 * level + 3 + 2 + 10 * level
    assert result.far.low <= truth <= result.far.high and result.far.value == pytest.approx(truth, rel=0.05)
    assert result.services[0].far.verdict == "model-dependent"


def test_the_cost_of_a_request_and_of_a_good_one():
    demand = requests()
    found = unit_costs(bills_of({"S": 2e-6 * demand["n"].to_numpy()}), demand)
    assert found.per_request.value == pytest.approx(2, rel=1e-4)
    assert found.per_good.value == pytest.approx(2 / 0.99, rel=1e-4)
    assert found.per_request.unit == "EUR/million requests"
    assert found.months["per_million"].to_numpy() == pytest.approx(2, rel=1e-3) and bool(found.months["whole"].all())


def test_good_requests_are_asked_of_their_own_days_alone():
    demand = requests().assign(good=lambda table: table["good"].where(np.arange(365) >= 300))
    found = unit_costs(bills_of({"S": 2e-6 * demand["n"].to_numpy()}), demand)
    assert found.good_days == 65 and found.per_good.value == pytest.approx(2 / 0.99, rel=1e-3)
    assert unit_costs(bills_of({"S": np.ones(365)}), demand[["n"]]).per_good is None


def test_the_interval_holds_the_long_run():
    """Weeks that differ by 5%: of 20 bills the interval of the cost per request holds the truth in nearly all."""
    inside = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        weeks = np.repeat(np.exp(0.05 * random.standard_normal(20)), 7)
        demand = requests(140)
        found = unit_costs(bills_of({"S": 3e-6 * demand["n"].to_numpy() * weeks}), demand).per_request
        truth = 3 * np.exp(0.05**2 / 2)
        inside.append(found.low <= truth <= found.high)
    assert np.mean(inside) >= 0.8


def test_bills_and_requests_of_other_days_are_refused():
    demand = requests().iloc[:5]
    with pytest.raises(NotEnoughData, match="5 days that both"):
        unit_costs(bills_of({"S": np.ones(365)}), demand)


def test_savings_are_of_usage_alone():
    """Lists are 10/8 of what is paid: 20% is saved, whatever credit came; and nothing is told where no row tells it."""
    bills = bills_of({"S": np.full(30, 8.0)})
    credit = cells_of({"Promotion": np.r_[np.zeros(9), -500.0]}, "Credit")
    support = cells_of({"Support": np.r_[90.0]}, "Purchase")
    whole = Bills(cells=pd.concat([bills.cells, credit, support], ignore_index=True), resources=bills.resources)
    found = spending(whole)
    assert found.savings == pytest.approx(0.2, abs=1e-6) and found.savings_caveat == ""
    assert (found.usage, found.gross, found.credits) == (240, 240, -500)
    assert found.charges.set_index("service")["cost"].to_dict() == {"Promotion": -500, "Support": 90}
    blind = bills.cells.assign(listed=0, listed_rows=0)
    assert spending(Bills(cells=blind, resources=bills.resources)).savings is None


def test_what_nobody_owns_is_a_share_of_gross_usage():
    """A quarter, though credits make the net cost negative."""
    cells = pd.concat(
        [
            cells_of({"S": np.full(30, 3.0)}),
            cells_of({"Disk": np.full(30, 1.0)}, tag=""),
            cells_of({"S": np.full(30, -9.0)}, "Credit"),
        ],
        ignore_index=True,
    )
    found = spending(Bills(cells=cells, resources=resources_of({"Disk": 0}, "")))
    assert found.unallocated == 0.25
    assert found.nobodys[["service", "resource", "share"]].to_numpy().tolist() == [["Disk", "res-Disk", 0.25]]


def test_commitments_by_service():
    bills = bills_of({"Steady": np.full(60, 10.0), "Seldom": np.where(np.arange(20) % 10 == 0, 10.0, 0.0)})
    found = commitments(bills, 0.3)
    assert list(found) == ["Steady"] and found["Steady"].saving.value == pytest.approx(0.3)
    assert len(DAYS) == 365
