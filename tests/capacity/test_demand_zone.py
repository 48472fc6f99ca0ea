"""Demand by a local clock: its days, the hours of its week, and a change of the clock in between."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from measured import measured, resource, values
from small_capacity import system
from test_demand import requests_of

import scaling_lib
from scaling_lib.capacity import assess, demand_of, saturation_point
from scaling_lib.config import Demand
from scaling_lib.errors import InvalidInput

WEEKS = 8


def local_requests(zone, start, *, day, hour, weeks=WEEKS):
    """60 a minute, and 120 in one hour of the week by a zone's clock; Saturdays and Sundays half of all."""
    minutes = pd.date_range(start, periods=weeks * 10_080, freq="min")
    local = minutes.tz_convert(zone)
    rate = np.where((local.day_of_week == day) & (local.hour == hour), 120, 60)
    return requests_of(np.where(local.day_of_week >= 5, rate // 2, rate), start=minutes[0])


@pytest.fixture(scope="module")
def berlin():
    """Tuesdays at 15 by Berlin's clock, from a Monday's midnight there; summer time ends on 2026-10-25."""
    return local_requests("Europe/Berlin", "2026-09-27 22:00Z", day=1, hour=15)


def test_the_hours_of_the_week_are_those_of_the_clock_that_moved(berlin):
    named, unnamed = demand_of(berlin, time_zone="Europe/Berlin").season, demand_of(berlin).season
    mean = (4 * 24 * 60 + 23 * 60 + 120 + 2 * 24 * 30 - 60 + 60) / 168
    assert named.loc[1, 15] == pytest.approx(120 / mean, rel=0.002)  # a week with a change has an hour more
    assert named.loc[1, [14, 16]].tolist() == pytest.approx([60 / mean] * 2, rel=0.002)
    assert unnamed.loc[1, 15] < 0.6 * named.loc[1, 15]  # 13 UTC in summer, 14 in winter


def test_days_are_those_of_the_clock_and_each_is_there_once(berlin):
    found = demand_of(berlin, time_zone="Europe/Berlin")
    assert len(found.days) == 7 * WEEKS and (np.diff(found.days.index) == np.timedelta64(1, "D")).all()
    expected = np.select([found.days.index.day_of_week == 1, found.days.index.day_of_week >= 5], [2.0, 0.5], 1.0)
    assert found.days.to_numpy() == pytest.approx(expected)
    assert found.days.index[0] == pd.Timestamp("2026-09-28", tz="UTC")
    # the forecast has Tuesdays where Berlin has them, on either side of the change
    tuesdays = found.forecast.frame[found.forecast.frame.index.day_of_week == 1]
    assert tuesdays["value"].iloc[:4].to_numpy() == pytest.approx(2.0, rel=0.05)


def test_a_day_far_from_greenwich_is_the_local_one():
    # Mondays at 8 in Auckland are Sundays at 19 or 20 UTC
    requests = local_requests("Pacific/Auckland", "2026-08-30 12:00Z", day=0, hour=8)
    named, unnamed = demand_of(requests, time_zone="Pacific/Auckland"), demand_of(requests)
    assert set(named.days[named.days > 1.5].index.day_of_week) == {0}
    assert set(unnamed.days[unnamed.days > 1.5].index.day_of_week) == {6}
    assert named.peak.hour == unnamed.peak.hour  # a week has all hours by any clock


def test_a_date_without_an_offset_is_the_clocks(berlin):
    def by(time):
        return demand_of(berlin, horizon=Demand(factor=2, by=time), time_zone="Europe/Berlin").ahead.by

    assert by(datetime(2027, 1, 1)) == pd.Timestamp("2027-01-01", tz="UTC")
    assert by(datetime.fromisoformat("2026-12-31T23:00:00+00:00")) == pd.Timestamp("2027-01-01", tz="UTC")


def test_a_resource_follows_the_clock_it_is_told(tmp_path):
    # used from 8 to 18 by Berlin's clock, which moves on 2026-03-29
    hours = pd.date_range("2026-02-16", periods=70 * 24, freq="h", tz="UTC")
    local = hours.tz_convert("Europe/Berlin").hour
    used = np.where((local >= 8) & (local < 18), 600.0, 200.0) + np.random.default_rng(3).normal(0, 10, len(hours))
    metrics = measured(tmp_path, ("g", {}, values(used, "1h", hours[0])))
    disk = resource(name="g", used="g", limit=1000, lead_time="1 d")
    named = saturation_point(disk, metrics, time_zone="Europe/Berlin")
    unnamed = saturation_point(disk, metrics)
    assert not any("moved by an hour" in note for note in named.notes)
    assert any("moved by an hour" in note for note in unnamed.notes)
    ahead = named.time.forecast.frame["value"]
    busy = ahead.index.tz_convert("Europe/Berlin").hour
    assert ahead[(busy >= 8) & (busy < 18)].min() > 0.5 > 0.3 > ahead[(busy < 8) | (busy >= 18)].max()


def test_the_assessment_says_the_zone(tmp_path):
    folder = system(tmp_path, more="time_zone: Pacific/Auckland\n", tested=False)
    found = assess(scaling_lib.open(folder))
    own = demand_of(scaling_lib.open(folder).requests(), time_zone="Pacific/Auckland")
    assert found.demand.days.equals(own.days)
    assert not found.demand.days.equals(demand_of(scaling_lib.open(folder).requests()).days)


def test_a_zone_that_is_none_is_refused(berlin):
    for zone in ("Mars/Olympus", "", None, 2, "../etc/passwd", "CET+"):
        with pytest.raises(InvalidInput, match="demand_of: found time_zone .*IANA name"):
            demand_of(berlin, time_zone=zone)
