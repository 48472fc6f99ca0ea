"""Rates over the time that was observed: a history's edges, gaps and exclusions do not make them low."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from small_system import START, csv_of, make, minute

import scaling_lib
from scaling_lib import slo
from scaling_lib.slo.counts import rate_per_s, silent_minutes, summed_by_minute

JOURNEY = "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\nevidence: {requests: [requests.csv]}\n"


def cells(times_s) -> pd.DataFrame:
    """Arrivals in seconds since the start as counts per minute, as the evidence keeps them."""
    minutes = pd.Timestamp(START) + pd.to_timedelta(np.floor(np.asarray(times_s) / 60), unit="min")
    table = pd.Series(1.0, index=minutes).groupby(level=0).sum().rename("total").to_frame()
    return table.assign(bad=0.0).rename_axis("minute")


def test_a_short_history_that_begins_and_ends_within_a_minute():
    steady = np.arange(30.0, 30 + 11 * 60, 0.2)  # 5 a second for 11 minutes, over 12 minutes of the clock
    assert rate_per_s(cells(steady)) == pytest.approx(5.0)


def test_the_rate_is_right_on_average_whatever_the_edges(random):
    found = []
    for _ in range(300):
        start, length = random.uniform(0, 60), random.uniform(300, 1200)
        found.append(rate_per_s(cells(start + np.sort(random.uniform(0, length, random.poisson(2 * length))))))
    assert np.mean(found) == pytest.approx(2.0, rel=0.005)


def test_each_side_of_a_gap_has_edges_too():
    early, late = np.arange(45.0, 645, 0.5), np.arange(20_010.0, 20_610, 0.5)
    assert rate_per_s(cells(np.concatenate([early, late]))) == pytest.approx(2.0)


def test_rare_requests():
    assert rate_per_s(cells(np.arange(0.0, 86_400, 1020))) == pytest.approx(1 / 1020)  # one every 17 minutes


def test_a_minute_or_two_count_as_whole():
    assert rate_per_s(cells([1.0, 2.0, 3.0])) == pytest.approx(3 / 60)
    assert rate_per_s(cells([1.0, 61.0])) == pytest.approx(2 / 120)
    assert rate_per_s(cells([])) == 0


def test_excluded_minutes_are_no_observed_time(tmp_path):
    excluded = "exclusions: [{start: 2026-11-23T10:20:00Z, end: 2026-11-23T10:40:00Z, reason: maintenance}]\n"
    system = make(tmp_path, JOURNEY + excluded, requests__csv=csv_of([minute("GET /pay", 60)] * 60))
    (each,) = slo.assess(scaling_lib.open(system)).results
    assert each.rate == pytest.approx(1.0) and each.counts["total"].sum() == 2400


def test_the_page_extrapolates_by_the_observed_rate(tmp_path):
    lines = csv_of([minute("GET /pay", 600)] * 11, start=START + timedelta(seconds=30))
    (each,) = slo.assess(scaling_lib.open(make(tmp_path, JOURNEY, requests__csv=lines))).results
    assert len(each.counts) == 12 and each.rate == pytest.approx(10, rel=0.02)


def test_minutes_far_apart_count_over_the_time_between_them(counts_frame):
    minutes = counts_frame([0] * 10_080, [1, *[0] * 10_078, 1])
    assert rate_per_s(minutes[minutes["total"] > 0]) == pytest.approx(2 / (10_080 * 60))


def test_silent_minutes_are_those_between_two_of_traffic(counts_frame):
    minutes = counts_frame([0] * 400, [1] * 100 + [0] * 200 + [1] * 100)
    traffic = minutes.index[minutes["total"] > 0]
    assert silent_minutes(traffic).tolist() == minutes.index[100:300].tolist()
    assert len(silent_minutes(traffic[:100])) == 0


def test_cells_of_one_route_stand_as_they_are_and_those_of_more_are_added():
    minutes = pd.DatetimeIndex(["2026-03-02T10:00Z", "2026-03-02T10:02Z"])
    one = pd.DataFrame({"minute": minutes, "n": [3, 5]})
    more = pd.concat([one, pd.DataFrame({"minute": minutes[1:], "n": [7]})], ignore_index=True)
    assert summed_by_minute(one)["n"].to_dict() == {minutes[0]: 3, minutes[1]: 5}
    for cells_ in (more, more[::-1]):
        assert list(summed_by_minute(cells_)["n"].items()) == [(minutes[0], 3), (minutes[1], 12)]
