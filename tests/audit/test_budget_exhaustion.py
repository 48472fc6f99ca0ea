"""When a budget runs out: by hand where nothing is random, and by simulated years."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_bills import DAYS, demand_of, noisy

from scaling_lib.audit import budget_exhaustion
from scaling_lib.errors import InvalidInput

END = DAYS[-1]


def spent(days: int, a_day: float = 10.0, scatter: float = 0.01, seed: int = 1) -> pd.Series:
    return pd.Series(noisy(np.full(days, a_day), scatter, seed), DAYS[:days])


def test_a_level_cost_reaches_it_on_the_day_that_arithmetic_says():
    """200 days at 10 leave 500 of 2,500: 50 more days, of which the last is day 249."""
    found = budget_exhaustion(spent(200), 2500, start=DAYS[0], end=END, currency="EUR")
    assert abs((found.date - DAYS[249]).days) <= 1 and found.state == "within the period"
    assert found.low <= DAYS[249] <= found.high and found.probability == 1
    assert found.total.value == pytest.approx(3650, rel=0.02)
    assert found.sentence.startswith(f"The budget is spent on {found.date:%Y-%m-%d}")


def test_it_may_never_run_out():
    found = budget_exhaustion(spent(200), 5000, start=DAYS[0], end=END, currency="EUR")
    assert (found.state, found.date, found.low, found.high, found.probability) == (
        "not within the period",
        None,
        None,
        None,
        0,
    )
    assert "lasts to its end" in found.sentence


def test_it_may_perhaps_run_out():
    found = budget_exhaustion(spent(200, scatter=0.2), 3655, start=DAYS[0], end=END, currency="EUR")
    assert found.state in ("perhaps within the period", "within the period") and found.high is None
    assert 0 < found.probability < 1


def test_it_is_spent_already():
    found = budget_exhaustion(spent(200), 1500, start=DAYS[0], end=END, currency="EUR")
    assert found.state == "spent already" and "spent already" in found.sentence


def test_the_days_before_the_period_do_not_count():
    found = budget_exhaustion(spent(200), 2500, start=DAYS[100], end=END, currency="EUR")
    assert found.spent == pytest.approx(1000, rel=0.01) and abs((found.date - DAYS[349]).days) <= 1


def test_charges_that_come_again_count_and_credits_only_once():
    """90 on each first: 200 days at 10 and seven charges are 2,630; a credit of 130 leaves 2,500 spent."""
    firsts = [day for day in DAYS[:200] if day.day == 1]
    others = pd.Series(90.0, pd.DatetimeIndex(firsts))
    found = budget_exhaustion(spent(200, scatter=0.0001), 3185, start=DAYS[0], end=END, others=others, paid=2500.0)
    # from July 20 on 12 days are 120; August 310 and 90; with September 1 it is 620, and on September 8 690 of 685
    assert found.date == pd.Timestamp("2026-09-08", tz="UTC")


def test_growing_demand_spends_it_sooner():
    """A cost with a fixed part and an elasticity above 1, held against the course that it really takes."""
    demand = demand_of(growth=1.0)
    costs = 4 + 6 * (demand.to_numpy() / 1e6) ** 1.5
    year = pd.Series(noisy(costs, 0.02, 3), DAYS)
    budget = float(year.iloc[:290].sum())
    found = budget_exhaustion(year.iloc[:220], budget, start=DAYS[0], end=END, demand=demand.iloc[:220], currency="EUR")
    assert found.source == "the forecast of demand and its cost"
    assert found.low - pd.Timedelta(days=1) <= DAYS[289] <= found.high + pd.Timedelta(days=1)
    assert (found.high - found.low).days < 30


@pytest.mark.parametrize(
    ("budget", "start", "end"), [(0, 0, 364), (np.nan, 0, 364), (100, 50, 10), (100, 0, 199), (100, 250, 300)]
)
def test_what_cannot_be_is_refused(budget, start, end):
    with pytest.raises(InvalidInput):
        budget_exhaustion(spent(200), budget, start=DAYS[start], end=DAYS[end])
