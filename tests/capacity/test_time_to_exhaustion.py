import numpy as np
import pandas as pd
import pytest
from simulated_series import autoregressive, simulate

import scaling_lib
from scaling_lib.capacity import time_to_exhaustion
from scaling_lib.errors import InvalidInput, NotEnoughData

DAY = 86_400


@pytest.fixture
def random():
    return np.random.default_rng(20_261_125)


def line(random, days=60, slope=1.0, noise=0.2, zone="UTC"):
    """100, and so much more a day; hourly."""
    index = pd.date_range("2026-01-05", periods=days * 24, freq="h", tz=zone)
    return pd.Series(100 + slope * np.arange(len(index)) / 24 + noise * random.standard_normal(len(index)), index)


def test_the_disk_of_the_example_is_full_when_its_truth_says():
    used = scaling_lib.open("data/shop").metrics().select("database_disk_used_bytes").set_index("time")["value"]
    found = time_to_exhaustion(used, 0.9 * 214_748_364_800)
    truth = pd.Timestamp("2027-01-15T02:24Z")  # of the line without its scatter; see simulated.metrics.disk
    low, date, high = found.dates
    assert found.state == "within the horizon" and low < truth < high
    assert high - low < pd.Timedelta(days=4)
    assert (truth - used.index[-1]).total_seconds() == pytest.approx(found.time.value, abs=DAY)
    assert f"{date:%Y-%m-%d} ({low:%Y-%m-%d} to {high:%Y-%m-%d}" in found.sentence and found.probability == 1
    assert found.ends == used.index[-1] and found.ends + pd.Timedelta(seconds=found.time.value) == date


def test_a_line_by_hand(random):
    # 100 + day = 190 on day 90, 30 days after the end; the noise reaches it a little before
    found = time_to_exhaustion(line(random), 190.0, 0.9)
    assert found.time.low < 30 * DAY and found.time.value == pytest.approx(30 * DAY, abs=1.5 * DAY)
    assert found.time.low < found.time.value < found.time.high < 32 * DAY and found.time.level == 0.9
    assert not any("reached the limit" in said for said in found.left_out)


def test_beyond_the_horizon_is_infinite(random):
    found = time_to_exhaustion(line(random), 190.0, horizon="14d")
    assert (found.time.low, found.time.value, found.time.high) == (np.inf, np.inf, np.inf)
    assert found.dates == (None, None, None) and found.state == "not within the horizon"
    assert found.sentence == "The limit is not reached by 2026-03-19, as far as the forecast looks."


def test_perhaps_within_the_horizon(random):
    found = time_to_exhaustion(line(random, noise=3.0), 185.5, horizon="14d")
    assert found.state == "perhaps within the horizon" and np.isfinite(found.time.low) and found.time.value == np.inf
    assert found.dates[0] is not None and found.dates[1:] == (None, None)
    assert "may be reached from 2026-03-" in found.sentence


def test_already(random):
    found = time_to_exhaustion(line(random, noise=3.0), 155.0)
    assert (found.state, found.time.value, found.time.high, found.sentence) == (
        "already",
        0,
        0,
        "The limit is reached already.",
    )


def test_what_never_grows_does_not_get_there(random):
    flat = pd.Series(50.0, index=pd.date_range("2026-01-05", periods=60 * 24, freq="h", tz="UTC"))
    found = time_to_exhaustion(flat, 60.0)
    assert found.state == "not within the horizon" and found.time.value == np.inf


@pytest.mark.parametrize("absent", ["missing rows", "NaN"])
def test_a_gap_is_said_and_costs_nothing_but_width(random, absent):
    series = line(random)
    hole = slice(20 * 24, 26 * 24)
    if absent == "NaN":
        series.iloc[hole] = np.nan
    else:
        series = series.drop(series.index[hole])
    found = time_to_exhaustion(series, 190.0)
    assert any(said.startswith("gaps: 144 values of 1,440 not observed") for said in found.left_out)
    assert found.time.value == pytest.approx(30 * DAY, abs=1.5 * DAY)


def test_a_lasting_step_is_kept_as_a_step_and_said(random):
    series = line(random)
    series.iloc[30 * 24 :] += 20  # now 180 at the end: 190 is ten days away
    found = time_to_exhaustion(series, 190.0)
    assert found.time.value == pytest.approx(10 * DAY, abs=2 * DAY)
    assert any("the level shifted on 2026-02-04" in said for said in found.left_out)
    assert any("no further shift" in said for said in found.caveats)


def test_a_passing_spike_over_the_limit_is_no_exhaustion_and_said(random):
    series = line(random, slope=0.0)
    series.iloc[800] = 250.0
    found = time_to_exhaustion(series, 200.0)
    assert found.state == "not within the horizon"
    assert "1 value reached the limit before, the last on 2026-02-07: they counted as passed" in found.left_out


def test_a_move_of_the_clock_is_seen_or_named(random):
    # a day's shape by Berlin's clock, which moves on 2026-03-29
    index = pd.date_range("2026-02-23", periods=70 * 24, freq="h", tz="UTC")
    local = index.tz_convert("Europe/Berlin").hour.to_numpy()
    noise = 0.01 * random.standard_normal(len(index))
    shape = 1 + 0.4 * np.sin(2 * np.pi * local / 24) + 0.2 * ((local >= 8) & (local < 11)) + noise
    series = pd.Series(100 * shape * (1 + 0.03 * np.arange(len(index)) / 168), index)
    named = time_to_exhaustion(series, 260.0, time_zone="Europe/Berlin")
    unnamed = time_to_exhaustion(series, 260.0)
    assert not any("moved" in said for said in named.left_out)
    assert any("moved by an hour on about 2026-03-" in said for said in unnamed.left_out)
    # the highest hour is 8 o'clock: 100 (1 + .4 sin(120 deg) + .2) = 154.6, and 260 is 1.681 of it: in week 22.7
    expected = (0.681 / 0.03 - 10) * 7 * DAY
    far = time_to_exhaustion(series, 260.0, time_zone="Europe/Berlin", horizon="140d")
    assert far.time.low < expected < far.time.high and far.time.value == pytest.approx(expected, rel=0.05)
    assert pd.Timestamp(far.dates[1]).tz_convert("Europe/Berlin").hour in (8, 9)


def test_times_in_another_zone_are_the_same_times(random):
    series = line(random)
    moved = series.tz_convert("Asia/Tokyo")
    assert time_to_exhaustion(moved, 190.0).dates == time_to_exhaustion(series, 190.0).dates


def test_what_cannot_be_used_is_refused(random):
    series = line(random)
    with pytest.raises(InvalidInput, match="time zone"):
        time_to_exhaustion(series.tz_localize(None), 190.0)
    with pytest.raises(InvalidInput, match="limit inf"):
        time_to_exhaustion(series, np.inf)
    with pytest.raises(InvalidInput, match="level"):
        time_to_exhaustion(series, 190.0, 95)
    with pytest.raises(NotEnoughData, match="found 13 usable days.*at least 14"):
        time_to_exhaustion(series[: 13 * 24], 190.0)
    infinite = series.copy()
    infinite.iloc[5] = np.inf
    with pytest.raises(InvalidInput, match="infinite value at 2026-01-05 05:00"):
        time_to_exhaustion(infinite, 190.0)
    jittered = series.copy()
    jittered.index = [*series.index[:-1], series.index[-1] + pd.Timedelta("7min")]
    with pytest.raises(InvalidInput, match="off the grid"):
        time_to_exhaustion(jittered, 190.0)


@pytest.mark.slow
@pytest.mark.parametrize("exponential", [False, True])
def test_the_interval_holds_the_first_time_at_the_limit(random, exponential):
    """Growth with a weekly season and AR(1) noise, in steps of six hours; the long form is bench_exhaustion.py."""
    held = told = 0
    for _ in range(12):
        at = np.arange(174 * 4) / 4
        level = np.exp(0.03 * at / 7) if exponential else 1 + 0.03 * at / 7
        season = np.where(at.astype(int) % 7 >= 5, 0.8, 1.0) * (1 + 0.2 * np.sin(2 * np.pi * at))
        noise = 1 + 0.03 * autoregressive(random.standard_normal(len(at) + 100), 0.7)[100:]
        series = pd.Series(level * season * noise, pd.date_range("2026-01-05", periods=len(at), freq="6h", tz="UTC"))
        known, later = series[: 90 * 4], series[90 * 4 :].to_numpy()
        limit = float(known.max()) * random.uniform(1.05, 1.3)
        found = time_to_exhaustion(known, limit, 0.8, horizon="84d")
        over = np.flatnonzero(later >= limit)
        seconds = (over[0] + 1) * 6 * 3600 if len(over) else np.inf
        held += found.time.low <= seconds <= found.time.high
        told += found.time.high < np.inf
    # nominally 9.6 of 12; 7 or more have a probability of .98
    assert held >= 7, (held, told)
    assert told > 2  # the intervals do end


def test_a_series_of_the_simulation_is_reached_after_its_growth_says(random):
    series = simulate(random, 90, growth=0.05)
    limit = 1.3 * float(series[-7 * 24 :].quantile(0.999))
    found = time_to_exhaustion(series, limit)
    # the level is 1 + .05 * 90 / 7 = 1.643 of the first: 30% more is .493, 69 days of .05 a week
    assert found.time.low < 69 * DAY < found.time.high * 1.2 and found.left_out == ()
