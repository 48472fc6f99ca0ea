"""What an autoscaler leaves unserved in a week and what it costs, with how much weeks differ."""

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.capacity import Autoscaler, replay_autoscaler

START = pd.Timestamp("2026-11-01", tz="UTC")


def weekly(shortfalls, weeks=None):
    """Weeks of 5 requests/s in minutes, which one replica of 10 serves; in each so many minutes of 30 from noon on."""
    count = weeks or len(shortfalls)
    values = np.full(count * 7 * 1440, 5.0)
    for week, minutes in enumerate(shortfalls):
        values[week * 7 * 1440 + 720 : week * 7 * 1440 + 720 + minutes] = 30.0
    return pd.Series(values, index=pd.date_range(START, periods=len(values), freq="min"))


def test_too_little_and_cost_of_a_week_with_their_scatter():
    # One replica at most: all of these minutes are too much for it. Of 10, 20, 30 and 40: 25 minutes of a week,
    # +- t(3) x 12.91 / sqrt(4) = 3.182 x 6.455 = 20.5 minutes.
    one = Autoscaler(target_utilization=0.5, max_replicas=1, startup_s=0)
    found = replay_autoscaler(weekly([10, 20, 30, 40]), 10, one, price_per_replica_hour=0.2, currency="EUR")
    too_little = found.under_provisioned_a_week_s
    assert (too_little.value, too_little.unit) == (1500, "s a week")
    assert (too_little.low, too_little.high) == pytest.approx((1500 - 60 * 20.54, 1500 + 60 * 20.54), abs=1)
    assert found.under_provisioned_s == 6000
    # The same replica in each week: how much the next one differs is not known.
    assert found.cost_a_week.value == pytest.approx(7 * 24 * 0.2)
    assert math.isnan(found.cost_a_week.low) and found.cost_a_week.unit == "EUR a week"
    assert found.fixed_cost_a_week == pytest.approx(3 * 7 * 24 * 0.2)  # 30 requests/s take three
    assert (found.currency, found.flaps_a_week, found.overshoot) == ("EUR", 0, 0)
    assert found.downstream_passes == math.inf


def test_weeks_that_are_not_whole_do_not_count():
    one = Autoscaler(target_utilization=0.5, max_replicas=1, startup_s=0)
    gone = weekly([10, 20, 30, 40])
    gone = gone.drop(gone.index[7 * 1440 + 5 : 7 * 1440 + 50])  # of the second week
    three = replay_autoscaler(gone, 10, one).under_provisioned_a_week_s
    assert three.value == pytest.approx(60 * (10 + 30 + 40) / 3)
    two = replay_autoscaler(weekly([10, 20]), 10, one).under_provisioned_a_week_s
    assert two.value == 900 and math.isnan(two.low) and math.isnan(two.high)
    half = replay_autoscaler(weekly([10]).iloc[: 7 * 720], 10, one).under_provisioned_a_week_s
    assert half.value == pytest.approx(1200) and math.isnan(half.low)
    assert replay_autoscaler(weekly([10]), 10, one).cost_a_week is None


def test_the_interval_over_weeks_does_not_go_below_nothing():
    one = Autoscaler(target_utilization=0.5, max_replicas=1, startup_s=0)
    found = replay_autoscaler(weekly([0, 0, 90]), 10, one).under_provisioned_a_week_s
    assert (found.low, found.value) == (0, 1800)
