"""Which pages a history that was not seen in full is to blame for, and which a service that fails all the time."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.slo import Tier, alert_policy, replay
from scaling_lib.slo.alerts import AlertPolicy

START = pd.Timestamp("2026-11-01", tz="UTC")
CALM = [("calm", START + pd.Timedelta("1h"), START + pd.Timedelta("2h"))]


def history(counts_frame, length, traffic=1.0, **failing):
    """`failing`: the failures of single minutes, such as m90=1."""
    bad = np.zeros(length)
    for name, count in failing.items():
        bad[int(name[1:])] = count
    return counts_frame(bad, np.full(length, traffic))


def test_one_excluded_minute_does_not_excuse_a_page(counts_frame):
    """A failure of 60 requests an hour pages at 1.44%, as does one of the 59 that an excluded minute leaves."""
    counts = history(counts_frame, 400, m300=1)
    found = replay(alert_policy(), 0.999, counts.drop(counts.index[280]), CALM, excluded=counts.index[280:281])
    assert found.pages["early"].tolist() == [False] and found.false_pages == 1 and found.precision.value == 0


@pytest.mark.parametrize(("gap", "early"), [(20, False), (35, True)])
def test_early_is_what_the_usual_traffic_would_not_have_fired(counts_frame, gap, early):
    """A minute of two requests fails whole: 2 of 61 are 3.3%; of the 26 left after 35 minutes 7.7%, and 5% page."""
    policy = AlertPolicy(period_s=30 * 86_400.0, tiers=(Tier("page", 3600, 300, 5.0),))
    counts = history(counts_frame, 400, m300=1)
    counts.iloc[300] = [2, 2]
    excluded = counts.index[298 - gap : 298]
    found = replay(policy, 0.99, counts.drop(excluded), CALM, excluded=excluded)
    assert found.pages["early"].tolist() == ([True] if early else []) and found.false_pages == 0


def test_a_total_outage_at_the_beginning_pages_all_the_same(counts_frame):
    """1.44% of an hour is less than a minute: healthy traffic before would not have put off the page."""
    counts = history(counts_frame, 200, 100, m10=100, m11=100, m12=100)
    known = [("outage", START + pd.Timedelta("10min"), START + pd.Timedelta("13min"))]
    found = replay(alert_policy(), 0.999, counts, known)
    assert found.pages["early"].tolist() == [False] and found.incidents["delay_s"].tolist() == [60]
    assert (found.precision.value, found.recall.value) == (1, 1)


def test_usual_failures_are_part_of_a_full_window(counts_frame):
    """5% fail always and pages begin at 4%: what the excluded minutes held would have paged too."""
    policy = AlertPolicy(period_s=30 * 86_400.0, tiers=(Tier("page", 3600, 300, 4.0),))
    counts = counts_frame(np.full(300, 5), np.full(300, 100))
    found = replay(policy, 0.99, counts.drop(counts.index[100:140]), CALM, excluded=counts.index[100:140])
    assert not found.pages["early"].any() and len(found.pages) >= 1


def test_an_incident_that_only_early_pages_fell_on_is_no_part_of_recall(counts_frame):
    """Twenty of 100 fail in the second minute: 10% of two minutes, 0.33% of an hour, and 1.44% page."""
    counts = history(counts_frame, 300, 100, m1=20)
    found = replay(
        alert_policy(), 0.999, counts, [("first", START + pd.Timedelta("1min"), START + pd.Timedelta("2min"))]
    )
    assert found.incidents["early"].tolist() == [True] and math.isnan(found.recall.value)
    assert math.isnan(found.precision.value)


def test_the_tier_that_fires_first_is_named(counts_frame):
    """1% failing for hours: below the 1.44% of the fast tier, above the 0.6% of the slow one."""
    bad = np.zeros(2000)
    bad[1000:1500] = 10
    found = replay(alert_policy(), 0.999, counts_frame(bad, np.full(2000, 1000)))
    assert found.pages["tier"].tolist() == ["6h/30m"]


def test_pages_of_a_service_that_always_overspends_are_not_for_nothing(counts_frame, random):
    """0.2% fail independently where 0.1% may: each page is on chance, and yet the budget does not last."""
    total = random.poisson(2, 28 * 1440)
    counts = counts_frame(random.binomial(total, 0.002), total)
    found = replay(alert_policy("28d"), 0.999, counts, CALM)
    assert len(found.pages) > 10 and found.false_pages == 0
    within = replay(alert_policy("28d"), 0.999, counts_frame(random.binomial(total, 0.0005), total), CALM)
    assert within.false_pages == len(within.pages) > 3


def test_a_day_of_failures_does_not_excuse_the_pages_of_the_others(counts_frame, random):
    total = random.poisson(2, 28 * 1440)
    rate = np.full(len(total), 0.0003)
    rate[20_000 : 20_000 + 1440] = 0.05  # four times the whole window's budget
    found = replay(alert_policy("28d"), 0.999, counts_frame(random.binomial(total, rate), total), CALM)
    assert found.pages["certain"].any() and found.false_pages > 3
