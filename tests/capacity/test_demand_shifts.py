"""Today's peak after a step of the demand, by steps that were made: it follows the last level and says so."""

import math

import numpy as np
import pandas as pd
import pytest
from test_demand import MONDAY, requests_of, weeks_of

from scaling_lib.capacity import demand_of, hourly, minute_requests, peak_demand

WEEKS = 8
END = MONDAY + pd.Timedelta(weeks=WEEKS)


def stepped(factor, days_ago, seed=7):
    """600 a minute, 900 in the busiest hour of a week (15 a second), then so many times that."""
    rate = weeks_of(WEEKS, rate=600, peak=900).astype(float)
    rate[-days_ago * 1440 :] *= factor
    return requests_of(np.random.default_rng(seed).poisson(rate))


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_step_ten_days_ago_is_todays_level(factor):
    found = demand_of(stepped(factor, 10))
    # the highest hour of the week is Wednesday's; its 54,000 requests scatter by half a percent
    assert found.peak.hour.value == pytest.approx(15 * factor, rel=0.02)
    assert found.peak.hour.low < 15 * factor < found.peak.hour.high
    assert found.peak.hour.high < 1.1 * found.peak.hour.low
    assert found.peak.weeks == 1
    assert abs(found.peak.since - (END - pd.Timedelta(days=10))) <= pd.Timedelta(days=1)
    assert found.peak.minute.value == pytest.approx(15 * factor, rel=0.15)  # the highest of 60 minutes of 900 and more
    assert found.peak.minute_ratio < 1.2
    (note,) = [each for each in found.notes if "Today's peak follows the last level of demand" in each]
    assert f"the last 1 whole week since the level shifted on {found.peak.since:%Y-%m-%d}" in note
    assert "that of the 4 weeks before too" in note
    # the forecast on the same page goes on from the same level
    assert found.forecast.frame["value"].iloc[:7].max() == pytest.approx(found.peak.hour.value, rel=0.03)


def test_without_a_step_nothing_changes():
    requests = stepped(1.0, 10)
    found = demand_of(requests)
    minutes = minute_requests(requests)
    assert found.peak == peak_demand(minutes, hourly(minutes))
    assert (found.peak.weeks, found.peak.since) == (4, None)
    assert found.peak.hour.value == pytest.approx(15, rel=0.02)
    assert not any("last level" in note for note in found.notes)


def test_a_step_that_is_older_than_the_four_weeks_is_no_matter():
    found = demand_of(stepped(2.0, 35))
    assert found.forecast.shifts and found.peak.since is None and found.peak.weeks == 4
    assert found.peak.hour.value == pytest.approx(30, rel=0.02)


def course(shifted_by, highest, *, last=4000.0, weeks=8):
    """Hours of 1,000, and in each week before the day that precedes the shift one of so much; one after it."""
    hours = pd.Series(1000.0, index=pd.date_range(MONDAY, periods=weeks * 168, freq="h"))
    before = END - shifted_by - pd.Timedelta(days=1)
    for place, value in enumerate(highest):
        hours[before - pd.Timedelta(days=7 * place + 3)] = value
    hours[END - pd.Timedelta(days=3)] = last
    return hours


def test_the_scatter_of_one_week_is_that_of_those_before_by_hand():
    hours = course(pd.Timedelta(days=10), highest := [2000.0, 2400.0, 1800.0, 2200.0])
    found = peak_demand(hours / 60, hours, shifts=[END - pd.Timedelta(days=10)]).hour
    half = 3.182446 * np.log(highest).std(ddof=1)  # t of 3 degrees of freedom; one week, so over the root of 1
    assert found.value == pytest.approx(4000 / 3600)
    assert (found.low, found.high) == pytest.approx((4000 / 3600 * math.exp(-half), 4000 / 3600 * math.exp(half)))


def test_two_weeks_since_are_averaged_and_their_scatter_counts_too_by_hand():
    hours = course(pd.Timedelta(days=16), highest := [2000.0, 2400.0, 1800.0, 2200.0])
    hours[END - pd.Timedelta(days=9)] = 4400.0
    found = peak_demand(hours / 60, hours, shifts=[END - pd.Timedelta(days=16)])
    squares = [np.sum((logs - logs.mean()) ** 2) for logs in (np.log(highest), np.log([4000.0, 4400.0]))]
    half = 2.776445 * math.sqrt(sum(squares) / 4 / 2)  # 3 + 1 degrees of freedom, two weeks
    middle = math.sqrt(4000 * 4400) / 3600
    assert found.weeks == 2 and found.hour.value == pytest.approx(middle)
    assert (found.hour.low, found.hour.high) == pytest.approx((middle * math.exp(-half), middle * math.exp(half)))


def test_weeks_before_an_earlier_shift_tell_nothing():
    hours = course(pd.Timedelta(days=10), [2000.0, 2400.0, 90_000.0, 2200.0])
    shifts = [END - pd.Timedelta(days=29), END - pd.Timedelta(days=10)]  # two weeks lie between, and a day on each side
    found = peak_demand(hours / 60, hours, shifts=shifts).hour
    assert found.value == pytest.approx(4000 / 3600) and math.isnan(found.low)  # one degree of freedom is no interval


def test_a_level_younger_than_a_week_has_its_busiest_hour_alone():
    hours = course(pd.Timedelta(days=7), [9000.0])
    found = peak_demand(hours / 60, hours, shifts=[END - pd.Timedelta(days=7)])
    assert found.weeks == 0 and found.hour.value == pytest.approx(4000 / 3600) and math.isnan(found.hour.low)
    assert "since the level shifted on" in found.definition and "no whole week" in found.definition
