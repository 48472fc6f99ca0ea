import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import parse_window, window_budget_s, window_edges, window_length_s


def utc(text):
    return pd.Timestamp(text, tz="UTC")


@pytest.mark.parametrize(("window", "minutes"), [("28d", 40.32), ("30d", 43.2), ("90d", 129.6), ("365d", 525.6)])
def test_budgets_of_three_nines(window, minutes):
    assert window_budget_s(0.999, window) / 60 == pytest.approx(minutes, abs=1e-12)


def test_other_budgets():
    assert window_budget_s(0.99999, "30d") == 25.92
    assert window_budget_s(0.95, "2w") == 1008 * 60
    assert window_budget_s(0.9995, "1w") == 302.4


def test_m_is_minutes_and_capital_m_the_month():
    assert parse_window("90m").seconds == 5400
    assert parse_window("1M").calendar == "month"
    assert parse_window("Quarter").calendar == "quarter"


@pytest.mark.parametrize("text", ["", "28", "d", "2M", "0d", "-1d", "1.5h", "fortnight", "1D"])
def test_other_windows_are_refused(text):
    with pytest.raises(InvalidInput, match="Window"):
        parse_window(text)


def test_rolling_ends_at_the_moment():
    assert window_edges("1h", utc("2026-11-23T14:05:30")) == (utc("2026-11-23T13:05:30"), utc("2026-11-23T14:05:30"))


@pytest.mark.parametrize(
    ("window", "start", "end", "hours"),
    [
        ("week", "2026-03-22T23:00", "2026-03-29T22:00", 167),  # clocks go forward on Sunday 29 March
        ("month", "2026-02-28T23:00", "2026-03-31T22:00", 743),
        ("quarter", "2025-12-31T23:00", "2026-03-31T22:00", 2159),
        ("year", "2025-12-31T23:00", "2026-12-31T23:00", 8760),
    ],
)
def test_calendar_windows_in_berlin(window, start, end, hours):
    at = utc("2026-03-29T12:00")
    assert window_edges(window, at, "Europe/Berlin") == (utc(start), utc(end))
    assert window_length_s(window, at, "Europe/Berlin") == hours * 3600


def test_autumn_has_an_hour_more_and_so_more_budget():
    at = utc("2026-10-10T00:00")
    assert window_budget_s(0.999, "month", at=at, time_zone="Europe/Berlin") == pytest.approx(2678.4 + 3.6)
    assert window_budget_s(0.999, "month", at=at) == 2678.4


def test_midnight_that_does_not_exist():
    start, end = window_edges("month", utc("2018-11-10T12:00"), "America/Sao_Paulo")
    assert (start, end) == (utc("2018-11-01T03:00"), utc("2018-12-01T02:00"))  # 4 November began at 01:00
    assert window_length_s("week", utc("2018-11-06T12:00"), "America/Sao_Paulo") == 168 * 3600


@given(
    st.datetimes(pd.Timestamp("2000-01-01").to_pydatetime(), pd.Timestamp("2035-01-01").to_pydatetime()),
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_calendar_windows_tile_time(at, window, zone):
    moment = pd.Timestamp(at, tz="UTC")
    start, end = window_edges(window, moment, zone)
    assert start <= moment < end
    assert window_edges(window, end, zone)[0] == end
    assert window_edges(window, start, zone) == (start, end)


def test_unusable_arguments():
    with pytest.raises(InvalidInput, match="Time zone"):
        window_edges("month", utc("2026-01-01"), "Mars/Olympus")
    with pytest.raises(InvalidInput, match="without a time zone"):
        window_edges("month", pd.Timestamp("2026-01-01"))
    with pytest.raises(InvalidInput, match="pass `at`"):
        window_length_s("month")
