"""What is a gap in the evidence, and what is a service at rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling_lib.evidence.silence import silence_limit_s

HOUR = 3600.0


def steps_of(open_hours, days: int, closed_days: tuple[int, ...] = ()) -> np.ndarray:
    """A request a minute in the open hours (first, last) of each day, none on the closed days (0 is a Monday)."""
    minutes = pd.date_range("2026-06-01", periods=days * 1440, freq="min", tz="UTC")  # a Monday
    seen = (minutes.hour >= open_hours[0]) & (minutes.hour < open_hours[1]) & ~np.isin(minutes.day_of_week, closed_days)
    return np.diff(minutes[seen].tz_localize(None).to_numpy()) / np.timedelta64(1, "s")


@pytest.mark.parametrize("least_s", [300.0, HOUR])
def test_nights_without_traffic_are_no_gaps(least_s):
    steps = steps_of((9, 21), 28)
    assert steps.max() == 12 * HOUR + 60 and not (steps > silence_limit_s(steps, least_s)).any()


def test_nor_are_weekends():
    steps = steps_of((8, 18), 28, closed_days=(5, 6))
    assert steps.max() == 62 * HOUR + 60 and not (steps > silence_limit_s(steps, HOUR)).any()


def test_a_day_without_a_record_is_a_gap_beside_usual_nights():
    steps = np.append(steps_of((9, 21), 28), 36 * HOUR)
    assert (steps > silence_limit_s(steps, HOUR)).sum() == 1


def test_a_few_outages_of_the_record_are_gaps():
    steps = np.full(28 * 1440, 60.0)
    steps[[3_000, 9_111, 14_444, 21_234, 33_333]] = np.array([5, 7, 6, 8, 5]) * HOUR
    assert (steps > silence_limit_s(steps, HOUR)).sum() == 5


def test_traffic_that_is_rare_has_rare_requests_rather_than_gaps():
    steps = np.full(300, 2 * HOUR)
    assert silence_limit_s(steps, HOUR) == 20 * HOUR


def test_nothing_at_all():
    assert silence_limit_s(np.array([]), 300.0) == 300.0
