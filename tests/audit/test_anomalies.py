"""Anomalies: what is planted is found with its cost, and noise, seasons, growth and demand raise no alarm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_bills import DAYS, bills_of, cells_of, demand_of, noisy

from scaling_lib.audit import anomalies
from scaling_lib.errors import NotMeasured

NUMBER = np.arange(365)


def test_a_planted_day_is_found_with_what_it_cost():
    costs = noisy(np.full(365, 5.0), 0.02, 1)
    usual = costs[200]
    costs[200] *= 6.4
    found = anomalies(bills_of({"CDN": costs, "Disk": noisy(np.full(365, 9.0), 0.02, 2)})).days
    assert found[["service", "day"]].to_numpy().tolist() == [["CDN", DAYS[200]]]
    assert found["extra"].iloc[0] == pytest.approx(5.4 * usual, rel=0.05)
    assert found["times"].iloc[0] == pytest.approx(6.4, rel=0.05)


def test_a_day_without_cost_is_found_too():
    costs = noisy(np.full(100, 5.0), 0.02, 3)
    costs[50] = 0
    found = anomalies(bills_of({"CDN": costs})).days
    assert found["day"].tolist() == [DAYS[50]] and found["extra"].iloc[0] == pytest.approx(-5, rel=0.05)


def test_a_day_that_costs_more_because_more_came_is_none():
    """Three times the requests, three times the cost; the same day without them is an anomaly."""
    demand = demand_of()
    demand.iloc[150] *= 3
    costs = noisy(1e-5 * demand.to_numpy(), 0.02, 4)
    assert anomalies(bills_of({"Function": costs}), demand).days.empty
    assert anomalies(bills_of({"Function": costs})).days["day"].tolist() == [DAYS[150]]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "shape",
    [
        lambda: np.ones(365),
        lambda: 1 + 0.5 * np.sin(2 * np.pi * NUMBER / 365),
        lambda: 1 + 0.3 * np.sin(2 * np.pi * NUMBER / 7) + 0.4 * np.sin(2 * np.pi * NUMBER / 90),
        lambda: np.where(NUMBER % 7 < 5, 1.0, 0.3),
        lambda: 1.01**NUMBER,
        lambda: np.where(NUMBER < 180, 1.0, 2.5),
    ],
    ids=["level", "of the year", "smooth", "weekends", "growth", "a step"],
)
def test_noise_and_seasons_raise_no_alarm(shape, seed):
    costs = {f"S{place}": noisy(10 * shape(), 0.05, 100 * seed + place) for place in range(3)}
    assert anomalies(bills_of(costs)).days.empty


def test_heavy_tails_raise_few_alarms():
    """Student's t of 4: the service's own tails are the measure. The long form is in bench_cost.py."""
    random = np.random.default_rng(5)
    found = [len(anomalies(bills_of({"S": 10 * np.exp(0.05 * random.standard_t(4, 365))})).days) for _ in range(20)]
    assert np.mean(found) < 1.0


def test_what_costs_next_to_nothing_is_left_out_and_said():
    costs = {
        "Large": noisy(np.full(100, 500.0), 0.01, 6),
        "Small": np.r_[np.full(99, 0.001), 0.2],
        "New": np.full(10, 50.0),
    }
    result = anomalies(bills_of(costs))
    assert result.days.empty and set(result.skipped) == {"Small"} | {"New"} & set(result.skipped)


def test_credits_are_no_anomaly():
    bills = bills_of({"CDN": noisy(np.full(100, 5.0), 0.02, 7)})
    credit = cells_of({"Promotion": np.r_[np.zeros(60), -75.0]}, "Credit")
    both = type(bills)(cells=pd.concat([bills.cells, credit], ignore_index=True), resources=bills.resources)
    assert anomalies(both).days.empty
    with pytest.raises(NotMeasured, match="no charge of the category Usage"):
        anomalies(type(bills)(cells=credit, resources=bills.resources))
