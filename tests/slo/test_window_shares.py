"""Which window a spell is a part of, and what share of that window's budget it spent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_system import csv_of, make, spell

import scaling_lib
from scaling_lib import slo
from scaling_lib.slo import alert_policy, replay

SUNDAY = pd.Timestamp("2026-11-22T23:30Z")  # half an hour before a calendar week begins


def assessed(folder, objective, minutes, more="", start=SUNDAY):
    text = (
        f"journeys: [{{name: pay, route: /pay, slos: [{objective}]}}]\nevidence: {{requests: [requests.csv]}}\n{more}"
    )
    lines = csv_of(minutes, start=start.to_pydatetime())
    return slo.assess(scaling_lib.open(make(folder, text, requests__csv=lines)))


def excluding(first, last):
    start, end = (f"{SUNDAY + pd.Timedelta(minutes=edge):%Y-%m-%dT%H:%M:%SZ}" for edge in (first, last))
    return f"exclusions: [{{start: {start}, end: {end}, reason: maintenance}}]\n"


def test_an_exclusion_at_the_end_of_the_history_is_audited(tmp_path):
    """The last 10 of 60 minutes fail whole and are excluded: they are a third of the last half hour."""
    result = assessed(
        tmp_path, "{target: 99%, window: 30m}", spell("GET /pay", first=50, length=10, errors=100), excluding(50, 60)
    )
    (each,) = result.results
    assert (each.start, each.end) == (SUNDAY + pd.Timedelta("30min"), SUNDAY + pd.Timedelta("60min"))
    assert each.window["total"].sum() == 2000 and each.covered == 1
    (row,) = slo.exclusion_table(result).to_dict("records")
    assert (row["events"], row["failed"], row["verdict flips"]) == (1000, 1000, True)
    assert row["with it counted"] == pytest.approx(2 / 3) and row["without it"] == 1
    assert each.methods.methods["occurrences"].allowed == pytest.approx(0.01 * 2000)
    assert each.rate == pytest.approx(100 / 60)


def test_a_window_that_is_excluded_whole_is_not_measured(tmp_path):
    result = assessed(tmp_path, "{target: 99%, window: 10m}", spell("GET /pay"), excluding(45, 61))
    (told,) = result.unmeasured
    assert "leave no minute of its last window, which begins 2026-11-23 00:20 UTC" in told.reason


def test_a_spell_over_the_edge_of_a_window_spends_its_part_inside(tmp_path):
    """20 to 40 minutes after 23:30 half of 100 fail: 500 of the 1,000 before the week begins, 500 after."""
    result = assessed(
        tmp_path, "{target: 99%, window: week}", spell("GET /pay", first=20, length=20, errors=50, minutes=90)
    )
    (each,) = result.results
    (row,) = slo.spell_table(result).to_dict("records")
    assert row["failed"] == 1000 and each.budget.spent == 500 and each.budget.total == 6000
    assert row["evidence's budget spent"] == pytest.approx(500 / 60) == pytest.approx(each.spent.value)
    assert row["window's budget spent"] == pytest.approx(500 / (0.01 * 100 * 7 * 1440))
    (told,) = (finding for finding in slo.findings(result) if finding.name == "spell")
    assert "1,000 requests failed from 2026-11-22 23:50 to 2026-11-23 00:10 UTC, 500 of them in its last" in (
        told.sentence
    )


def test_an_earlier_spell_is_held_against_a_window_of_its_own_time(counts_frame):
    """Two days of 100 a minute, two of 10: half an hour of the first fails by half."""
    total = np.repeat([100.0, 10.0], 2880)
    bad = np.zeros(5760)
    bad[2000:2030] = 50
    minutes = counts_frame(bad, total).index
    known = [("early", minutes[2000], minutes[2030])]
    found = replay(alert_policy("1d"), 0.99, counts_frame(bad, total), known)
    assert found.period_budget == pytest.approx(0.01 * 10 * 1440)
    (row,) = found.incidents.to_dict("records")
    assert row["bad"] == 1500 and np.isnan(row["bad_in_window"])
    assert row["budget_spent"] == pytest.approx(1500 / (0.01 * 100 * 1440))
    assert row["budget_spent_before"] < row["budget_spent"]


def test_a_calendar_month_allows_what_its_own_days_do(counts_frame):
    """50 a minute in October, 100 in November, which has 30 days: 0.1% of 4,320,000."""
    minutes = pd.date_range("2026-10-20", "2026-11-05", freq="min", tz="UTC", inclusive="left")
    total = np.where(minutes >= pd.Timestamp("2026-11-01", tz="UTC"), 100, 50)
    bad = np.where(
        (minutes >= pd.Timestamp("2026-10-25T10:00Z")) & (minutes < pd.Timestamp("2026-10-25T10:30Z")), 25, 0
    )
    known = [("october", pd.Timestamp("2026-10-25T10:00Z"), pd.Timestamp("2026-10-25T10:30Z"))]
    counts = counts_frame(bad, total, start="2026-10-20")
    found = replay(alert_policy("month"), 0.999, counts, known, window="month")
    assert found.period_budget == pytest.approx(4320)
    assert found.incidents["budget_spent"].tolist() == pytest.approx([750 / (0.001 * 50 * 31 * 1440)])


def test_the_policy_is_held_against_the_last_windows_traffic(tmp_path):
    """60 requests an hour and one of them is 1.7%; at 6,000 an hour before, one would not have mattered."""
    minutes = [*spell("GET /pay", minutes=60), *spell("GET /pay", total=1, minutes=60)]
    (each,) = assessed(tmp_path, "{target: 99.9%, window: 1h}", minutes).results
    assert each.rate == pytest.approx(1 / 60)
    assert "one-event page" in {remark.kind for remark in each.remarks}


def test_a_silence_before_a_page_makes_it_early(tmp_path):
    """Nothing was recorded for three hours: two of the first minute's 20 after it are no 13.44% of a usual hour."""
    silent = [[] for _ in range(180)]
    minutes = [*spell("GET /pay", minutes=240), *silent, *spell("GET /pay", minutes=60, first=0, length=1, errors=40)]
    (each,) = assessed(tmp_path, "{target: 99%}", minutes).results
    assert each.replay.pages["early"].tolist() == [True] and each.replay.false_pages == 0
