"""What demand will be: the days that count, the week before a date, and how long growth takes, by what was made."""

import math
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from test_demand import MONDAY, requests_of, weeks_of

from scaling_lib.capacity import demand_of
from scaling_lib.config import Demand

DAY = pd.Timedelta(days=1)
YEAR = 365.25  # days


def test_a_day_counts_with_twenty_known_hours_and_no_fewer():
    gaps = [
        (MONDAY + 3 * DAY, MONDAY + 3 * DAY + pd.Timedelta(hours=4)),  # 20 hours are left of the fourth day
        (MONDAY + 8 * DAY, MONDAY + 8 * DAY + pd.Timedelta(hours=5)),  # 19 of the ninth
    ]
    days = demand_of(requests_of(weeks_of(3), gaps=gaps)).days
    assert len(days) == 21
    assert days.isna().to_numpy().nonzero()[0].tolist() == [8]


def poisson(rates, seed=11):
    return requests_of(np.random.default_rng(seed).poisson(rates))


def test_the_demand_by_a_date_is_that_of_the_week_before_it():
    """Ten percent less each week; the busiest day is the first of the seven before the date, three weeks ahead."""
    rates = weeks_of(10, busiest=(2, 15), rate=2000, peak=4000, growth=0.9)
    wednesday = MONDAY + 10 * 7 * DAY + 2 * DAY
    by = wednesday + 21 * DAY  # a Wednesday's midnight: of the seven days the busy Wednesday is the first
    found = demand_of(poisson(rates), horizon=Demand(factor=5, by=by.to_pydatetime()))
    # the last week of the history is the tenth: 4000 x .9^9; the week of the last busy Wednesday is the thirteenth
    expected = 4000 * 0.9**12 / 60
    assert found.ahead.at.value == pytest.approx(expected, rel=0.05)  # a week earlier it is 11% more
    assert found.ahead.at.low < expected < found.ahead.at.high
    assert found.ahead.times.value == pytest.approx(found.ahead.at.value / found.peak.hour.value)
    assert not found.ahead.extrapolated


def test_a_date_within_the_history_is_not_answered():
    found = demand_of(poisson(weeks_of(4, rate=600, peak=900)), horizon=Demand(factor=5, by=datetime(2026, 11, 10)))
    assert found.ahead.at is None and "cannot be said" in found.ahead.sentence


def growing(exponential):
    """Five percent a week for 20 weeks: of the week before, or of the first."""
    weeks = np.arange(20 * 10_080) / 10_080
    level = 1.05**weeks if exponential else 1 + 0.05 * weeks
    return poisson(weeks_of(20, rate=3000, peak=4000) * level)


def test_exponential_growth_takes_as_long_as_it_compounds():
    found = demand_of(growing(exponential=True), horizon=Demand(factor=1e9))
    assert found.forecast.exponential >= 0.9
    growth, beyond = found.forecast.growth_per(1.0), found.ahead.beyond
    assert beyond.high == pytest.approx(math.log(1e9) / math.log1p(growth.low) / YEAR)
    assert beyond.low == pytest.approx(math.log(1e9) / math.log1p(growth.high) / YEAR)
    # a billion times at 5% a week: ln 1e9 / ln 1.05 = 424.7 weeks, 8.14 years
    assert beyond.low < 424.75 * 7 / YEAR < beyond.high < 10
    assert beyond.value == pytest.approx(424.75 * 7 / YEAR, rel=0.05)


def test_linear_growth_takes_as_long_as_it_adds_up():
    found = demand_of(growing(exponential=False), horizon=Demand(factor=1e4))
    assert found.forecast.exponential <= 0.1
    growth, beyond = found.forecast.growth_per(1.0), found.ahead.beyond
    assert beyond.high == pytest.approx((1e4 - 1) / growth.low / YEAR)
    assert beyond.low == pytest.approx((1e4 - 1) / growth.high / YEAR)
    # of twice the first level .05 a week is .025 of today's: 399,960 weeks
    assert beyond.value == pytest.approx(9999 / 0.025 * 7 / YEAR, rel=0.05)
    assert beyond.low < beyond.value < beyond.high


def test_what_cannot_be_told_from_either_spans_both():
    """Between .1 and .9 the early end compounds, and the late one adds up."""
    weeks = np.arange(4 * 10_080) / 10_080
    found = demand_of(poisson(weeks_of(4, rate=200, peak=300) * 1.03**weeks), horizon=Demand(factor=1e9))
    assert 0.1 < found.forecast.exponential < 0.9 and found.growth_told
    growth, beyond = found.forecast.growth_per(1.0), found.ahead.beyond
    assert beyond.low == pytest.approx(math.log(1e9) / math.log1p(growth.high) / YEAR)
    assert beyond.high == pytest.approx((1e9 - 1) / growth.low / YEAR)
