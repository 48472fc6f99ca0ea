from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from simulated_series import simulate

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats.forecast import forecast

WEEK = 7 * 24


def test_a_series_without_noise_is_continued(random):
    series = simulate(random, 63, noise=0.0)
    found = forecast(series[: 42 * 24], "21d")
    assert found.season == ("daily", "weekly") and found.multiplicative
    assert np.allclose(found.frame["value"], series[42 * 24 :], rtol=1e-3)
    assert (found.frame["high"] - found.frame["low"] < 0.05 * found.frame["value"]).all()
    assert list(found.frame.index) == list(series.index[42 * 24 :])
    assert found.growth.value == pytest.approx(0, abs=1e-3) and not found.growth_told and found.shape == "none"


def test_linear_growth_is_found_and_continued(random):
    series = simulate(random, 174, growth=0.08)
    found = forecast(series[: 90 * 24], "84d")
    # 8% of the first level a week; after 90 days the level is 1 + .08 * 90 / 7 of the first
    assert found.growth.low < 0.08 / (1 + 0.08 * 90 / 7) < found.growth.high
    assert found.growth_told and found.shape == "linear"
    error = (found.frame["value"] / series[90 * 24 :]).rolling(WEEK).mean().dropna()
    assert error.between(0.95, 1.05).all()
    assert found.growth_per(30).value == pytest.approx(found.growth.value * 30 / 7, rel=0.05)


def test_exponential_growth_is_found_and_compounds(random):
    series = simulate(random, 90, growth=0.05, exponential=True)
    found = forecast(series, "28d")
    assert found.shape == "exponential"
    assert found.growth.low < np.expm1(0.05) < found.growth.high
    assert 1 + found.growth_per(28).value == pytest.approx((1 + found.growth.value) ** 4, rel=1e-6)


def test_an_additive_season_stays_additive(random):
    found = forecast(simulate(random, 90, growth=0.08, additive=True), "7d")
    assert not found.multiplicative


def test_noise_alone_has_no_season_and_no_growth(random):
    index = pd.date_range("2025-01-01", periods=60 * 24, freq="h", tz="UTC")
    found = forecast(pd.Series(random.normal(50, 5, len(index)), index=index), "14d")
    assert found.season == () and not found.growth_told
    assert found.growth.low < 0 < found.growth.high
    # a single value is within 50 +- 1.96 * 5, but for what is uncertain of level and growth
    assert found.frame["low"].mean() == pytest.approx(50 - 9.8, abs=1.5)
    assert found.frame["high"].mean() == pytest.approx(50 + 9.8, abs=1.5)


def test_intervals_of_a_walk_widen_with_the_distance(random):
    found = forecast(simulate(random, 90, walk=0.03, memory=0.5), "84d")
    width = (found.frame["high"] - found.frame["low"]).resample("7D").mean().to_numpy()
    assert (np.diff(width) > -0.05 * width[:-1]).all()
    assert width[-1] > 2.5 * width[0]


def test_a_shift_is_kept_as_a_step(random):
    series = simulate(random, 90, shift=0.5)
    found = forecast(series, "28d")
    # the shift is 45 days and 7 hours into the history, and a day is the smallest place for it
    assert [abs(shift - pd.Timestamp("2025-02-20", tz="UTC")) <= pd.Timedelta(days=1) for shift in found.shifts] == [
        True
    ]
    assert not found.growth_told
    assert found.frame["value"].mean() == pytest.approx(series[-28 * 24 :].mean(), rel=0.03)
    assert any("shifted on 2025-02-" in said for said in found.left_out)
    assert any("no further shift" in said for said in found.caveats)


def test_a_jump_at_the_end_may_last_or_pass(random):
    series = simulate(random, 60)
    series[-48:] *= 2
    found = forecast(series, "7d")
    usual = series[-9 * 24 : -48].mean()
    assert any("too late to tell" in said for said in found.caveats)
    daily = found.frame.resample("1D").mean()
    assert (daily["low"] < 1.1 * usual).all() and (daily["high"] > 1.4 * usual).all()


def test_spikes_and_lost_days_change_nothing_but_what_is_said(random):
    clean = simulate(random, 90, growth=0.02)
    spoilt = clean.copy()
    spoilt.iloc[random.choice(len(clean), 20, replace=False)] *= 20
    spoilt.iloc[40 * 24 : 41 * 24] = 0.0
    before, after = forecast(clean, "28d"), forecast(spoilt, "28d")
    assert (after.frame["value"] / before.frame["value"]).between(0.97, 1.03).all()
    assert any("stood far out" in said for said in after.left_out) and not any("far out" in s for s in before.left_out)
    assert any("2025-02-15" in said for said in after.left_out)


def test_gaps_are_bridged_and_said(random):
    series = simulate(random, 70)
    holed = series[: 42 * 24].drop(series.index[20 * 24 : 23 * 24 + 5]).mask(random.random(42 * 24 - 77) < 0.1)
    found = forecast(holed, "28d")
    ratio = found.frame["value"] / forecast(series[: 42 * 24], "28d").frame["value"]
    assert (ratio - 1).abs().mean() < 0.03 and ratio.between(0.8, 1.25).all()
    assert any("gaps" in said and "3 days cannot be used" in said for said in found.left_out)


def berlin(random, start, days):
    """A season by Berlin's clock, with noise, hourly in UTC."""
    index = pd.date_range(start, periods=days * 24, freq="h", tz="UTC")
    hour = index.tz_convert("Europe/Berlin").hour.to_numpy()
    shape = np.where((hour >= 8) & (hour < 18), 2.0, 0.5)
    return pd.Series(100 * shape * (1 + 0.03 * random.standard_normal(len(index))), index=index)


def test_a_season_of_local_time_moves_with_the_clock(random):
    series = berlin(random, "2025-09-01", 84)  # winter time begins on 2025-10-26
    history, later = series[: 42 * 24], series[42 * 24 :]
    assert np.allclose(forecast(history, "42d", time_zone="Europe/Berlin").frame["value"], later, rtol=0.15)
    assert not np.allclose(forecast(history, "42d").frame["value"], later, rtol=0.15)


def test_a_move_of_the_clock_is_seen_without_being_told(random):
    series = berlin(random, "2025-09-10", 105)
    history, later = series[: 84 * 24], series[84 * 24 :]
    found = forecast(history, "21d")
    assert np.allclose(found.frame["value"], later, rtol=0.15)
    assert any("moved by an hour on about 2025-10-2" in said for said in found.left_out)
    steady = forecast(simulate(random, 90, memory=0.9), "1d")
    assert not any("moved by an hour" in said for said in steady.left_out)


def test_values_of_either_sign_have_growth_in_their_unit(random):
    index = pd.date_range("2025-01-01", periods=60 * 24, freq="h", tz="UTC")
    day = np.arange(len(index)) / 24
    series = pd.Series(day - 30 + np.sin(2 * np.pi * day) + random.normal(0, 0.5, len(index)), index=index)
    found = forecast(series, "7d", unit="GB")
    assert found.growth.unit == "GB" and found.growth.low < 7 < found.growth.high
    assert found.growth_told and found.shape == "linear" and not found.multiplicative
    assert found.frame["value"].iloc[-1] == pytest.approx(67 - 30, abs=1.5)


def test_counts_do_not_fall_below_zero(random):
    found = forecast(simulate(random, 60, counts=0.01), "28d")
    assert (found.frame["low"] >= 0).all() and (found.paths(50) >= 0).all()


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_constant_stays_as_it_is(value):
    index = pd.date_range("2025-01-01", periods=30 * 24, freq="h", tz="UTC")
    found = forecast(pd.Series(value, index=index), "7d")
    assert np.allclose(found.frame.to_numpy(), value, atol=0.01 * value + 1e-9) and found.season == ()


@pytest.mark.parametrize(
    ("step", "count", "season"), [("1D", 84, ("weekly",)), ("7D", 60, ()), ("15min", 28 * 96, ("daily",))]
)
def test_other_steps(random, step, count, season):
    index = pd.date_range("2024-01-01", periods=count, freq=step, tz="UTC")
    days = np.asarray((index - index[0]) / pd.Timedelta(days=1))
    shape = np.where(days.astype(int) % 7 >= 5, 0.6, 1.0) if season == ("weekly",) else 1.0
    shape = shape + 0.3 * np.sin(2 * np.pi * days) * (season == ("daily",))
    series = pd.Series(100 * shape * (1 + 0.02 * random.standard_normal(count)), index=index)
    found = forecast(series[: -count // 4], count // 4)
    later = series[-len(found.frame) :]
    assert found.season == season and list(found.frame.index) == list(later.index)
    assert ((later >= found.frame["low"]) & (later <= found.frame["high"])).mean() > 0.8
    assert (found.frame["high"] / found.frame["low"]).median() < 1.5


def test_the_backtest_says_how_earlier_forecasts_did(random):
    found = forecast(simulate(random, 90, growth=0.02, memory=0.5), "28d", level=0.8).backtest
    assert found.origins == 8 and found.days_ahead == 28 and found.values == found.by_ahead["values"].sum()
    assert found.coverage == pytest.approx(0.8, abs=0.1)
    assert found.by_ahead.index.tolist() == [1, 7, 28]
    # the naive forecast carries last week's noise as well as its own, and no growth
    assert found.scaled_error < 0.8
    short = forecast(simulate(random, 15), "7d")
    assert short.backtest.origins == 0 and np.isnan(short.backtest.coverage)
    assert any("could not be checked" in said for said in short.caveats)


def test_intervals_that_were_too_narrow_are_widened(random):
    series = simulate(random, 90)
    swing = np.where(np.arange(len(series)) // (24 * 13) % 2, 1.35, 1.0)  # a level that jumps every 13 days
    found = forecast(series * swing, "14d")
    assert found.backtest.widened > 1 or found.backtest.coverage > 0.9
    assert found.frame["high"].max() > 1.1 * series.max()


def test_paths_are_seeded_and_agree_with_the_frame(random):
    found = forecast(simulate(random, 60, growth=0.02), "7d")
    paths = found.paths(4000)
    assert paths.shape == (4000, WEEK) and np.array_equal(paths, found.paths(4000))
    assert not np.array_equal(paths[:10], found.paths(10, seed=1))
    ends = np.quantile(paths, [0.025, 0.975], axis=0)
    width = (found.frame["high"] - found.frame["low"]).to_numpy()
    assert np.abs(ends[0] - found.frame["low"]).max() < 0.25 * width.max()
    assert np.mean(ends[1] - ends[0]) == pytest.approx(width.mean(), rel=0.05)


def test_paths_are_widened_as_the_frame_is(random):
    series = simulate(random, 90, noise=0.02)
    series.iloc[60 * 24 :] *= random.lognormal(0, 0.12, 30 * 24)  # noise that came late: earlier forecasts held little
    found = forecast(series, "7d")
    assert found.backtest.widened > 1.5
    width = (found.frame["high"] - found.frame["low"]).to_numpy()
    low, high = np.quantile(found.paths(4000), [0.025, 0.975], axis=0)
    assert np.mean(high - low) == pytest.approx(width.mean(), rel=0.05)
    # the same draws, and each as far again from the middle as the factor says; values above 0 are not cut
    plain = replace(found, backtest=replace(found.backtest, widened=1.0)).paths(200)
    middle = found.frame["value"].to_numpy()
    expected = middle + found.backtest.widened * (plain - middle)
    assert found.paths(200) == pytest.approx(np.maximum(expected, 0.0), rel=1e-12)


def test_short_histories_are_refused_with_what_is_needed(random):
    series = simulate(random, 20)
    with pytest.raises(
        NotEnoughData, match=r"found 13 usable days .* at least 14 \(2 full weeks.*Supply 1 more or ask"
    ):
        forecast(series[: 13 * 24 + 5], "7d")
    assert forecast(series[: 13 * 24], "7d", season="daily").season == ("daily",)
    with pytest.raises(NotEnoughData, match=r"found 9 usable days .* at least 10 .*Supply 1 more"):
        forecast(series[: 9 * 24], "7d", season="none")
    with pytest.raises(NotEnoughData, match="found 3 values"):
        forecast(series[:3], "7d")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda s: s.tz_localize(None), {}, "time zone"),
        (lambda s: s.reset_index(drop=True), {}, "time stamps"),
        (lambda s: pd.concat([s, s[5:6]]), {}, "two values at 2025-01-06 05:00"),
        (lambda s: s.where(s.index != s.index[30], np.inf), {}, "infinite value at 2025-01-07 06:00"),
        (lambda s: s.set_axis(s.index[:-1].append(s.index[-1:] + pd.Timedelta("20min"))), {}, "off the grid"),
        (lambda s: s[::7], {}, "divides a day"),
        (lambda s: s.astype(object).where(s.index != s.index[3], "x"), {}, "not numbers"),
        (lambda s: s, {"level": 95}, "level 95"),
        (lambda s: s, {"season": "yearly"}, "season 'yearly'"),
        (lambda s: s, {"time_zone": "Mars/Olympus"}, "time_zone 'Mars/Olympus'"),
        (lambda s: s, {"horizon": "soon"}, "horizon of 'soon'"),
        (lambda s: s, {"horizon": 0}, "horizon of 0"),
        (lambda s: s, {"horizon": "84"}, "horizon of '84'; expected a span such as '84d'"),
        (lambda s: s, {"horizon": 2.5}, "horizon of 2.5"),
        (lambda s: s, {"horizon": True}, "horizon of True"),
        (lambda s: s, {"horizon": None}, "horizon of None"),
        (
            lambda s: s,
            {"horizon": "40000d"},
            r"960,000 steps of .* \(40,000 days\); .* 150,000 steps, and 3,653 days \(ten years\) at most",
        ),
        (lambda s: s.resample("1D").sum(), {"horizon": 3654, "season": "daily"}, r"3,654 steps .* 3,653 days"),
    ],
)
def test_what_cannot_be_forecast_is_said(random, change, options, message):
    with pytest.raises(InvalidInput, match=message):
        forecast(change(simulate(random, 20)), **({"horizon": "7d"} | options))


UNUSUAL = {
    "rare events": lambda random, hour: random.poisson(0.05, len(hour)),
    "nights without traffic": lambda random, hour: np.where(hour % 24 < 8, 0, random.poisson(50, len(hour))),
    "weekends without traffic": lambda random, hour: np.where(hour // 24 % 7 >= 5, 0, random.poisson(50, len(hour))),
    "nothing, then traffic": lambda random, hour: np.where(hour < 480, 0, 100 + random.random(len(hour))),
    "traffic, then nothing": lambda random, hour: np.where(hour > 480, 0, 100 + random.random(len(hour))),
    "an end in zero": lambda random, hour: np.linspace(100, 1, len(hour)),
    "below zero": lambda random, hour: -5 - random.random(len(hour)),
    "huge": lambda random, hour: 1e15 * (1 + random.random(len(hour))),
    "tiny": lambda random, hour: 1e-12 * (1 + random.random(len(hour))),
    "a glitch": lambda random, hour: np.where(hour == 700, 1e12, 100 + random.random(len(hour))),
    "working hours alone": lambda random, hour: np.where(
        (hour % 24 > 7) & (hour % 24 < 21), 3 + random.random(len(hour)), np.nan
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", UNUSUAL)
def test_unusual_series_have_finite_ordered_intervals(random, kind):
    index = pd.date_range("2025-01-06", periods=56 * 24, freq="h", tz="UTC")
    series = pd.Series(UNUSUAL[kind](random, np.arange(len(index))), index=index)
    frame = forecast(series, "7d").frame
    assert np.isfinite(frame.to_numpy()).all()
    assert (frame["low"] <= frame["value"]).all() and (frame["value"] <= frame["high"]).all()
    if kind not in ("traffic, then nothing", "an end in zero", "working hours alone"):
        last = series[-WEEK:].to_numpy()  # 56 days are whole weeks: the same hours of the week
        assert ((last >= frame["low"] - 1e-9) & (last <= frame["high"] + 1e-9)).mean() > 0.85


def test_growth_of_a_series_of_months_is_not_held_to_that_of_days(random):
    index = pd.date_range("2020-01-01", periods=40, freq="30D", tz="UTC")
    series = pd.Series(100 * 1.15 ** np.arange(40) * (1 + 0.02 * random.standard_normal(40)), index=index)
    found = forecast(series[:-6], 6)
    # 15% in 30 days is 1.15 ** (7 / 30) - 1 a week
    assert found.growth.low < 1.15 ** (7 / 30) - 1 < found.growth.high
    later = series[-6:]
    assert ((later >= found.frame["low"]) & (later <= found.frame["high"])).all()
