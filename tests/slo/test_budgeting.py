import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import budget_methods

METHODS = ["occurrences", "timeslices", "ratio_timeslices"]


def test_three_methods_by_hand(counts_frame):
    counts = counts_frame([0, 5, 0, 1], [100, 10, 100, 90])
    found = budget_methods(counts, 0.9, slice_target=0.95)
    occurrences, timeslices, ratio = (found.methods[method] for method in METHODS)
    assert (occurrences.spent, occurrences.allowed) == pytest.approx((6, 30))
    assert (timeslices.spent, timeslices.allowed) == pytest.approx((1, 0.4))
    assert (ratio.spent, ratio.allowed) == pytest.approx((0.5 + 1 / 90, 0.4))
    assert [found.methods[method].state for method in METHODS] == ["met", "missed", "missed"]
    assert found.differs
    assert found.left["occurrences"].iloc[-1] == pytest.approx(1 - 6 / 30)
    assert found.left["timeslices"].iloc[-1] == pytest.approx(1 - 1 / 0.4)
    assert (
        found.apart.equals(found.left.index[1:]) and found.disagreement == 0.75
    )  # from the second slice on: 5 of 110 events, but 1 of 2 slices


def test_open_slo_two_weeks_of_slices(counts_frame):
    minutes = 14 * 1440
    bad = np.zeros(minutes)
    bad[:1008] = 100
    found = budget_methods(counts_frame(bad, np.full(minutes, 100)), 0.95, "2w").methods["timeslices"]
    assert (found.allowed, found.spent, found.state) == (pytest.approx(1008), 1008, "met")
    bad[1008] = 100
    assert budget_methods(counts_frame(bad, np.full(minutes, 100)), 0.95, "2w").methods["timeslices"].state == "missed"


def test_a_slice_exactly_on_its_target_is_good(counts_frame):
    found = budget_methods(counts_frame([1] * 30, [1000] * 30), 0.999)
    assert found.methods["timeslices"].spent == 0
    assert found.methods["occurrences"].spent_fraction == pytest.approx(1)
    assert not found.differs


def test_rolling_window_forgets(counts_frame):
    bad = np.zeros(300)
    bad[0:10] = 100
    left = budget_methods(counts_frame(bad, np.full(300, 100)), 0.9, "2h").left
    assert (left.iloc[9] < 0).all() and (left.iloc[-1] == 1).all()


def test_calendar_window_starts_again(counts_frame):
    bad = np.zeros(3 * 1440)
    bad[600:700] = 50
    counts = counts_frame(bad, np.full(len(bad), 50), start="2026-10-30")
    found = budget_methods(counts, 0.9, "month")
    assert found.left["occurrences"].loc["2026-11-01T00:00Z"] < 1  # the last slice of October
    assert found.left["occurrences"].loc["2026-11-01T00:01Z"] == 1
    assert found.start == pd.Timestamp("2026-11-01", tz="UTC")
    berlin = budget_methods(counts, 0.9, "month", time_zone="Europe/Berlin")
    assert berlin.left["occurrences"].loc["2026-10-31T23:01Z"] == 1
    assert found.end == pd.Timestamp("2026-12-01", tz="UTC")
    october = budget_methods(counts.loc[:"2026-10-31T23:59Z"], 0.9, "month")
    assert october.end == pd.Timestamp("2026-11-01", tz="UTC")


def test_longer_slices_and_silence(counts_frame):
    counts = counts_frame([9, 0, 0, 0, 0] + [0] * 10, [10, 90, 0, 0, 0] + [0] * 5 + [10] * 5)
    found = budget_methods(counts, 0.9, slice_target=0.95, slice_s=300)
    assert found.methods["timeslices"].spent == 1 and found.methods["timeslices"].allowed == pytest.approx(0.2)
    assert len(found.left) == 3
    empty = budget_methods(counts_frame([0] * 5, [0] * 5), 0.9)
    assert {method.state for method in empty.methods.values()} == {"insufficient data"}
    assert math.isnan(empty.disagreement) and empty.left.isna().all().all()
    assert budget_methods(counts_frame([], []), 0.9).start is None


def test_too_little_traffic_for_a_slice_is_said(counts_frame):
    assert "a single failure" in budget_methods(counts_frame([0] * 5, [300] * 5), 0.999).caveat
    assert budget_methods(counts_frame([0] * 5, [300] * 5), 0.999, slice_target=0.95).caveat == ""


def test_impossible_slices(counts_frame):
    for slice_s in (0, 30, 90):
        with pytest.raises(InvalidInput, match="whole minutes"):
            budget_methods(counts_frame([0], [1]), 0.9, slice_s=slice_s)
    with pytest.raises(InvalidInput, match="Target"):
        budget_methods(counts_frame([0], [1]), 0.9, slice_target=95)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=80), st.integers(1, 90))
@settings(max_examples=30, deadline=None)
def test_equal_traffic_makes_occurrences_and_ratio_slices_equal(bad, window):
    index = pd.date_range("2026-11-01", periods=len(bad), freq="min", tz="UTC", name="minute")
    left = budget_methods(pd.DataFrame({"total": 20, "bad": bad}, index=index), 0.9, f"{window}m").left
    assert left["occurrences"].to_numpy() == pytest.approx(left["ratio_timeslices"].to_numpy(), abs=1e-9)


def test_a_rolling_window_is_as_long_as_it_says(counts_frame):
    left = budget_methods(counts_frame([100] + [0] * 149, [100] * 150), 0.9, "2h").left
    assert (left.iloc[119] < 1).all()  # the 120th minute is the last whose two hours hold the first
    assert (left.iloc[120] == 1).all()
