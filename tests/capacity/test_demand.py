"""Demand: gaps, the typical peak by hand, the week's course, growth and horizons against what was simulated."""

import math
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import scaling_lib
from scaling_lib.capacity import demand_of, hourly, hours_of_week, minute_requests, peak_demand
from scaling_lib.config import Demand, Journey
from scaling_lib.errors import NotEnoughData, NotMeasured
from scaling_lib.evidence.requests import Requests

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
MONDAY = pd.Timestamp("2026-11-02", tz="UTC")


def requests_of(per_minute, *, start=MONDAY, route="GET /a", service="web", gaps=()):
    """Cells of so many requests in each minute; none where 0; without the minutes of the gaps (first, end)."""
    minutes = pd.date_range(start, periods=len(per_minute), freq="min")
    counts = pd.DataFrame(
        {"service": service, "route": route, "minute": minutes, "n": per_minute, "errors": 0, "sum_us": 0}
    )
    counts = counts[counts["n"] > 0]
    for first, end in gaps:
        counts = counts[(counts["minute"] < first) | (counts["minute"] >= end)]
    bins = pd.DataFrame(columns=["service", "route", "hour", "error", "bin", "n", "sum_us"])
    return Requests(counts=counts.reset_index(drop=True), bins=bins, quality=())


def weeks_of(count, *, busiest=(2, 15), rate=10, peak=20, growth=1.0):
    """So many a minute, more in the busiest hour of each week (day, hour), the whole week times growth for each."""
    values = np.full((count, 7, 24, 60), rate, dtype=float)
    values[:, busiest[0], busiest[1], :] = peak
    values *= growth ** np.arange(count)[:, None, None, None]
    return np.round(values.ravel()).astype(int)


def test_a_minute_without_requests_is_0_and_a_gap_is_not_known():
    per_minute = np.full(240, 5)
    per_minute[30] = 0
    gap = (MONDAY + pd.Timedelta(minutes=130), MONDAY + pd.Timedelta(minutes=150))
    minutes = minute_requests(requests_of(per_minute, gaps=[gap]))
    assert (minutes.iloc[30], minutes.iloc[0], len(minutes)) == (0, 5, 240)
    assert minutes.isna().sum() == 20
    hours = hourly(minutes)
    assert hours.tolist()[:2] == [295, 300]
    assert math.isnan(hours.iloc[2])
    assert hours.iloc[3] == 300


def test_hours_at_the_ends_that_were_recorded_in_part_are_left_out():
    hours = hourly(minute_requests(requests_of(np.full(150, 2), start=MONDAY + pd.Timedelta(minutes=15))))
    assert hours.to_dict() == {MONDAY + pd.Timedelta(hours=1): 120.0}


def test_a_rare_route_is_not_taken_for_a_gap():
    busy, rare = requests_of(np.full(600, 5)), requests_of(np.where(np.arange(600) % 120 == 0, 1, 0), route="GET /b")
    both = Requests(counts=pd.concat([busy.counts, rare.counts], ignore_index=True), bins=busy.bins, quality=())
    minutes = minute_requests(both, "GET /b")
    assert minutes.notna().all()
    assert minutes.sum() == 5


def test_the_typical_peak_by_hand():
    # 20 a minute in the busiest hour of each week: 1,200 an hour, 1/3 a second. One minute of it had 40: 2/3 a second.
    per_minute = weeks_of(4)
    for week in range(4):
        per_minute[week * 10_080 + (2 * 24 + 15) * 60 + 7] = 39  # 19 more in the hour: 1,219
    minutes = minute_requests(requests_of(per_minute))
    peak = peak_demand(minutes, hourly(minutes))
    assert peak.weeks == 4
    assert peak.hour.value == pytest.approx(1219 / 3600)
    assert peak.hour.low == pytest.approx(peak.hour.high)  # all weeks alike
    assert peak.minute.value == pytest.approx(39 / 60)
    assert peak.minute_ratio == pytest.approx(39 / 60 / (1219 / 3600))
    assert peak.at == MONDAY + pd.Timedelta(days=28)


def test_earlier_weeks_are_brought_to_today_by_the_growth():
    minutes = minute_requests(requests_of(weeks_of(4, rate=1000, peak=2000, growth=1.1)))
    last = 2000 * 1.1**3 / 60
    assert peak_demand(minutes, hourly(minutes), growth_a_week=0.1).hour.value == pytest.approx(last, rel=1e-3)
    assert peak_demand(minutes, hourly(minutes)).hour.value == pytest.approx(last / 1.1**1.5, rel=1e-3)


def test_the_interval_of_the_peak_is_students_t_of_the_logarithms():
    factors = [1.0, 1.2, 0.9, 1.1]
    per_minute = np.concatenate([weeks_of(1, rate=1000, peak=round(2000 * each)) for each in factors])
    minutes = minute_requests(requests_of(per_minute))
    peak = peak_demand(minutes, hourly(minutes)).hour
    logs = np.log([2000 * each / 60 for each in factors])
    half = 3.182446 * logs.std(ddof=1) / 2  # t of 3 degrees of freedom
    assert peak.value == pytest.approx(math.exp(logs.mean()))
    assert (peak.low, peak.high) == pytest.approx((math.exp(logs.mean() - half), math.exp(logs.mean() + half)))


def test_a_week_with_many_gaps_does_not_count():
    gap = (MONDAY + pd.Timedelta(days=8), MONDAY + pd.Timedelta(days=9))  # 24 of 168 hours of the second week
    minutes = minute_requests(requests_of(weeks_of(3), gaps=[gap]))
    peak = peak_demand(minutes, hourly(minutes))
    assert peak.weeks == 2
    assert math.isnan(peak.hour.low)


def test_without_a_whole_week_the_busiest_hour_stands_and_is_said_so():
    per_minute = np.full(3 * 1440, 6)
    per_minute[600:660] = 12
    minutes = minute_requests(requests_of(per_minute))
    peak = peak_demand(minutes, hourly(minutes))
    assert (peak.weeks, peak.hour.value) == (0, pytest.approx(12 / 60))
    assert "no whole week" in peak.definition
    with pytest.raises(NotEnoughData):
        peak_demand(minutes.iloc[:30], hourly(minutes.iloc[:30]))


def test_the_hours_of_the_week():
    hours = hourly(minute_requests(requests_of(weeks_of(2))))
    mean = (167 * 10 + 20) / 168
    season = hours_of_week(hours)
    assert season.shape == (7, 24)
    assert season.loc[2, 15] == pytest.approx(20 / mean)
    assert season.loc[0, 0] == pytest.approx(10 / mean)
    assert hours_of_week(hours.iloc[:100]).isna().all().all()


def test_a_route_without_requests_is_not_measured():
    requests = requests_of(np.full(120, 1))
    with pytest.raises(NotMeasured, match="no request matches"):
        minute_requests(requests, "GET /nothing")
    with pytest.raises(NotMeasured, match="no route"):
        demand_of(requests, Journey(name="purchase", steps=["a"]))


def test_a_short_history_has_a_peak_and_no_growth():
    found = demand_of(requests_of(weeks_of(1)), horizon=Demand(factor=10))
    assert found.peak.hour.value == pytest.approx(20 / 60)
    assert found.forecast is None
    assert found.ahead is None
    assert math.isnan(found.growth.value)
    assert any("Growth is not known" in note for note in found.notes)


def test_constant_demand_never_reaches_ten_times_and_is_not_extrapolated():
    noise = np.random.default_rng(5).poisson(weeks_of(8, rate=600, peak=900))
    found = demand_of(requests_of(noise), horizon=Demand(factor=10))
    assert found.growth.low <= 0 <= found.growth.high
    assert found.ahead.reached.state == "not within the horizon"
    assert found.ahead.beyond is None
    assert "not reached within" in found.ahead.sentence


@cache
def shop():
    return scaling_lib.open(SHOP)


@cache
def simulated():
    return yaml.safe_load((SHOP / "truth.yaml").read_text())["simulated"]


def expected_peak(traffic, end):
    """The busiest hour of the last week, requests/s: the formula that truth.yaml describes, hour by hour."""
    times = [end - pd.Timedelta(hours=168 - place) + pd.Timedelta(minutes=30) for place in range(168)]
    rates = []
    for time in times:
        day = (time - time.normalize()) / pd.Timedelta(days=1)
        week = time.weekday() + day
        shape = 1 + traffic["daily_amplitude"] * math.cos(2 * math.pi * (day - traffic["daily_peak_hour"] / 24))
        shape *= 1 + traffic["weekly_amplitude"] * math.cos(
            2 * math.pi * (week - traffic["weekly_peak_days_after_monday"]) / 7
        )
        ago = (end - time) / pd.Timedelta(days=traffic["month_days"])
        rates.append(shape * (1 + traffic["growth_per_month"]) ** -ago)
    return max(rates) * sum(route["requests_a_minute_at_the_end"] for route in traffic["routes"]) / 60


def test_the_shops_demand_is_what_was_simulated():
    system, traffic = shop(), simulated()["traffic"]
    end = pd.Timestamp(simulated()["end"])
    found = demand_of(system.requests(), horizon=system.config.demand)
    assert found.growth.low <= traffic["growth_per_month"] <= found.growth.high
    assert found.growth_told
    peak = expected_peak(traffic, end)
    assert found.peak.hour.value == pytest.approx(peak, rel=0.04)  # the busiest of some that are alike lies above
    assert found.peak.weeks == 4
    assert found.peak.minute_ratio > 1.05
    season = found.season.to_numpy()
    day, hour = np.unravel_index(int(np.argmax(season)), season.shape)
    assert day in (1, 2)  # 2.1 days after Monday's beginning: in the small hours of Wednesday
    assert hour in (15, 16)
    # A year of 5% a month is 1.05^12 = 1.796 times; ten times takes ln 10 / ln 1.05 = 47.2 months.
    assert found.ahead.by == pd.Timestamp("2027-11-24", tz="UTC")
    assert found.ahead.times.low <= 1.05**12 <= found.ahead.times.high
    assert found.ahead.extrapolated  # 365 days ahead of 90 of history
    assert found.ahead.reached.state == "not within the horizon"
    assert found.ahead.beyond.low <= math.log(10) / math.log(1.05) / 12 <= found.ahead.beyond.high
    assert found.ahead.beyond.unit == "years"


def test_a_factor_that_is_near_has_a_date():
    found = demand_of(shop().requests(), horizon=Demand(factor=1.2, by=datetime(2027, 5, 1)))
    months = math.log(1.2) / math.log(1.05)  # 3.74
    date = pd.Timestamp(simulated()["end"]) + pd.Timedelta(days=30.4375 * months)
    assert found.ahead.reached.state == "within the horizon"
    assert found.ahead.reached.low - pd.Timedelta(days=14) <= date <= found.ahead.reached.high + pd.Timedelta(days=7)
    assert not found.ahead.extrapolated
    assert found.ahead.beyond is None


def test_each_journey_of_the_shop_grows_as_all_do():
    for journey in shop().journeys:
        if journey.route:
            found = demand_of(shop().requests(), journey)
            assert found.growth.low <= 0.05 <= found.growth.high, journey.name
            assert found.ahead is None


def test_a_date_beyond_ten_years_is_not_answered():
    found = demand_of(shop().requests(), horizon=Demand(factor=1000, by=datetime(2050, 1, 1)))
    assert found.ahead.times is None
    assert "cannot be said" in found.ahead.sentence
