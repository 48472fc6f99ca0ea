"""The planted demand, incidents and latency, found again in the cells by other means than those that made them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

MONTH = 365.25 / 12


def daily(counts: pd.DataFrame) -> pd.Series:
    return counts.groupby(counts["minute"].dt.floor("D"))["n"].sum()


def test_cells_are_whole(shop):
    counts, bins = shop.demo.counts, shop.demo.bins
    assert not counts.duplicated(["service", "route", "minute"]).any()
    assert not bins.duplicated(["service", "route", "hour", "error", "bin"]).any()
    assert (counts["errors"] + counts["good_300000"] <= counts["n"]).all() and (counts["n"] > 0).all()
    assert str(counts["minute"].dtype) == str(bins["hour"].dtype) == "datetime64[us, UTC]"
    keys = [counts["service"], counts["route"], counts["minute"].dt.floor("h")]
    by_hour = counts.groupby(keys, observed=True)[["n", "errors", "sum_us"]].sum()
    named = bins.assign(errors=bins["n"] * bins["error"])
    other = named.groupby(["service", "route", "hour"], observed=True)[["n", "errors", "sum_us"]].sum()
    assert (by_hour.to_numpy() == other.to_numpy()).all()
    mean = bins["sum_us"] / bins["n"]  # lies between the edges of its bin
    assert ((mean >= 1.02 ** bins["bin"].astype(float) - 1e-6) & (mean < 1.02 ** (bins["bin"] + 1.0))).all()


def test_the_range_is_as_asked(shop):
    minutes = shop.demo.counts["minute"]
    assert minutes.min() == pd.Timestamp(shop.truth["start"]) == pd.Timestamp("2026-08-26T00:00Z")
    assert minutes.max() == pd.Timestamp("2026-11-23T23:59Z")


def test_growth_by_regression_on_whole_weeks(shop):
    """The 12 last whole weeks have no season: their log slope is the growth. The scatter of a minute, 13%, is 0.13% of a
    week; the slope's standard error is 0.0001 a week, 0.0005 of growth a month."""
    days = daily(shop.demo.counts)
    weeks = days.iloc[len(days) % 7 :].to_numpy().reshape(-1, 7).sum(axis=1)
    slope = np.polyfit(np.arange(len(weeks)), np.log(weeks), 1)[0]
    assert np.exp(slope * MONTH / 7) - 1 == pytest.approx(shop.truth["traffic"]["growth_per_month"], abs=0.003)


def test_season_by_harmonic_regression(shop):
    """Dividing out the trend leaves 1 + a cos(...): its sine and cosine parts give amplitude and phase."""
    told = shop.truth["traffic"]
    hours = shop.demo.counts.groupby(shop.demo.counts["minute"].dt.floor("h"))["n"].sum()
    t = (np.arange(len(hours)) + 0.5) / 24  # the middle of each hour
    level = hours / (1 + told["growth_per_month"]) ** (t / MONTH)
    monday = t + pd.Timestamp(told_start := shop.truth["start"]).weekday()
    assert told_start == "2026-08-26T00:00:00Z"
    terms = [f(2 * np.pi * x) for x in (t, monday / 7) for f in (np.cos, np.sin)]
    fit = np.linalg.lstsq(np.column_stack([np.ones(len(t)), *terms]), level, rcond=None)[0]
    day, week = complex(*fit[1:3]) / fit[0], complex(*fit[3:5]) / fit[0]
    assert abs(day) == pytest.approx(told["daily_amplitude"], abs=0.01)
    assert abs(week) == pytest.approx(told["weekly_amplitude"], abs=0.01)
    assert np.angle(day) / 2 / np.pi * 24 % 24 == pytest.approx(told["daily_peak_hour"], abs=0.15)
    assert np.angle(week) / 2 / np.pi * 7 % 7 == pytest.approx(told["weekly_peak_days_after_monday"], abs=0.15)


def test_scatter_is_wider_than_poisson_by_the_planted_factor(shop):
    """With n negative binomial of shape k, var(n) = m + m^2 / k. A quadratic over 31 minutes takes the season out."""
    counts = shop.demo.counts
    n = counts[counts["route"] == "GET /products"].set_index("minute")["n"].asfreq("min", fill_value=0).to_numpy()
    blocks = n[: len(n) // 30 * 30].reshape(-1, 30)
    mean, spread = blocks.mean(axis=1), blocks.var(axis=1, ddof=1)
    assert np.mean(spread - mean) / np.mean(mean**2) == pytest.approx(1 / 60, rel=0.25)


def test_the_error_incidents_and_no_others_are_in_the_error_share(shop):
    """Of all requests of five minutes (2,000 by night, 12,000 by day), more than 3% fail: of background errors (0.02%)
    that many are never seen, in the smallest incident (12% of all, 35% of half) always."""
    told = [incident for incident in shop.truth["incidents"] if incident["kind"] == "errors"]
    table = shop.demo.counts.groupby("minute")[["n", "errors"]].sum().asfreq("min", fill_value=0)
    five = table.rolling(5, center=True).sum()
    loud = five[five["errors"] > 0.03 * five["n"]].index
    explained = np.zeros(len(loud), dtype=bool)
    for incident in told:
        start, end = pd.Timestamp(incident["start"]), pd.Timestamp(incident["end"])
        near = (loud >= start - pd.Timedelta(minutes=2)) & (loud < end + pd.Timedelta(minutes=2))
        assert near.sum() > 0.8 * (end - start) / pd.Timedelta(minutes=1)
        explained |= near
    assert len(told) == 3 and explained.all()


def test_each_route_fails_as_often_as_planted(shop):
    for incident in shop.truth["incidents"]:
        for route in incident["routes"] if incident["kind"] == "errors" else ():
            part = shop.demo.counts[shop.demo.counts["route"] == route].set_index("minute")
            during = part[incident["start"] : pd.Timestamp(incident["end"]) - pd.Timedelta(minutes=1)].sum(
                numeric_only=True
            )
            share = incident["share_of_requests"]
            error = np.sqrt(share * (1 - share) / during["n"])
            assert during["errors"] / during["n"] == pytest.approx(share, abs=4 * error)


def test_the_latency_incident_is_in_the_good_share(shop):
    told = next(i for i in shop.truth["incidents"] if i["kind"] == "latency")
    counts = shop.demo.counts.set_index("minute")
    routes = {route["route"]: route for route in shop.truth["traffic"]["routes"]}
    for name in told["routes"]:
        part = counts[counts["route"] == name]
        during = part[told["start"] : pd.Timestamp(told["end"]) - pd.Timedelta(minutes=1)]
        slow = 1 - during["good_300000"].sum() / during["n"].sum()
        median = routes[name]["median_ms_without_load"] * told["times_slower"]
        least = told["share_of_requests"] * norm.cdf(np.log(median / 300) / routes[name]["sigma"])
        assert slow == pytest.approx(least, abs=0.12)
        assert 1 - part["good_300000"].sum() / part["n"].sum() < 0.01


def test_latency_is_lognormal_with_the_planted_median_and_spread(shop):
    """At night u is small, so the median is that without load (to 3%); sigma from the quartiles of the bins."""
    for route in shop.truth["traffic"]["routes"]:
        bins = shop.demo.bins
        hours = (told := shop.truth["traffic"])["daily_peak_hour"] + 12
        night = bins[
            (bins["route"] == route["route"]) & ~bins["error"] & (bins["hour"].dt.hour == int(hours % 24))
        ].groupby("bin")["n"].sum()  # fmt: skip
        place = np.searchsorted(night.cumsum(), np.array([0.25, 0.5, 0.75]) * night.sum())
        low, middle, high = 1.02 ** (night.index.to_numpy()[place] + 0.5) / 1000
        assert middle == pytest.approx(route["median_ms_without_load"] * (1 + told["load_shift"] * 0.15**2), rel=0.06)
        assert np.log(high / low) / 2 / norm.ppf(0.75) == pytest.approx(route["sigma"], abs=0.03)
