"""The metrics: a disk that fills, the requests of each day, and hourly counters of requests and busy processors."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from demo_files import metric, metrics

BUSY = "metrics/host_cpu_busy_seconds_total.json"
REQUESTS = "metrics/http_requests_total.json.gz"


def rises(counter: pd.Series) -> pd.Series:
    """By the hour's start; where it fell it began again at 0."""
    steps = counter.diff().iloc[1:].set_axis(counter.index[:-1])
    return steps.where(steps >= 0, counter.iloc[1:].set_axis(counter.index[:-1]))


@pytest.fixture(scope="module")
def asked(shop) -> pd.DataFrame:
    """Requests of each hour by route, from the cells."""
    counts = shop.demo.counts
    return counts.pivot_table("n", counts["minute"].dt.floor("h"), "route", "sum", observed=True)


def test_answers_have_the_form_of_query_range(shop):
    for path, text in shop.demo.texts.items():
        if path.startswith("metrics/"):
            body = json.loads(text)
            assert (body["status"], body["data"]["resultType"]) == ("success", "matrix")
            for series in body["data"]["result"]:
                assert series["metric"]["__name__"] == path.removeprefix("metrics/").split(".")[0]
                assert all(isinstance(value, str) for _, value in series["values"])


def test_the_disk_fills_when_the_truth_says(shop):
    told = shop.truth["metrics"]["disk"]
    used = metric(shop.demo.texts["metrics/database_disk_used_bytes.json"])
    end = pd.Timestamp(shop.truth["end"])
    days = (used.index - end) / pd.Timedelta(days=1)
    slope, now = np.polyfit(days, used, 1)
    assert slope == pytest.approx(told["growth_bytes_a_day"], rel=0.01)
    assert now / told["limit_bytes"] == pytest.approx(told["used_share_at_the_end"], abs=1e-3)
    full = end + pd.Timedelta(days=(0.9 * told["limit_bytes"] - now) / slope)
    assert abs(full - pd.Timestamp(told["reaches_90_percent"])) < pd.Timedelta(days=1)
    assert full > end + pd.Timedelta(days=20)


def test_the_last_days_are_the_sums_of_the_minutes(shop):
    days = metric(shop.demo.texts["metrics/requests_per_day.json"])
    assert list(days.index) == list(pd.date_range("2025-11-02", "2026-11-24", tz="UTC"))
    minutes = shop.demo.counts.groupby(shop.demo.counts["minute"].dt.floor("D"))["n"].sum()
    assert list(days.iloc[-90:]) == list(minutes)


def test_the_days_before_grew_alike(shop):
    """Whole weeks of the first nine months: their log slope is the growth, within some 0.0005 a month."""
    days = metric(shop.demo.texts["metrics/requests_per_day.json"]).iloc[:-90].to_numpy()
    weeks = days[len(days) % 7 :].reshape(-1, 7).sum(axis=1)
    slope = np.polyfit(np.arange(len(weeks)), np.log(weeks), 1)[0]
    assert np.exp(slope * 365.25 / 12 / 7) - 1 == pytest.approx(shop.truth["traffic"]["growth_per_month"], abs=0.002)


def test_the_counters_of_requests_add_up_to_the_requests(shop, asked):
    """In every hour of 90 days, by route; those of code 500 to the errors."""
    counts = shop.demo.counts
    errors = counts.pivot_table("errors", counts["minute"].dt.floor("h"), "route", "sum", observed=True)
    found = metrics(shop.demo.texts[REQUESTS])
    assert len(found) == 2 * len(asked.columns) and len(asked) == 24 * 90
    for route in asked:
        own = {labels["code"]: rises(counter) for labels, counter in found
               if labels["route"].replace("{id:int}", "{id}") == route}  # fmt: skip
        good = "201" if route.startswith("POST ") else "200"
        assert set(own) == {good, "500"}
        assert (own[good] + own["500"] == asked[route]).all()
        assert (own["500"] == errors[route]).all()


def test_one_host_is_restarted_once_on_a_quiet_day(shop):
    """Its counters fall once, in the hour that the truth names; the database's never do."""
    after = pd.Timestamp(shop.truth["metrics"]["restarted"]["after"])
    days = {str(each[end])[:10] for each in shop.truth["incidents"] for end in ("start", "end")}
    assert str(after)[:10] not in days
    for labels, counter in metrics(shop.demo.texts[BUSY]) + metrics(shop.demo.texts[REQUESTS]):
        fell = counter.index[:-1][counter.diff().iloc[1:] < 0]
        assert list(fell) == ([] if labels.get("runs") == "database" else [after])
        assert counter.iloc[0] > 0  # it had counted before: its first value is no rise


def test_least_squares_finds_what_was_planted(shop, asked):
    """Busy seconds on requests, weighted by their own size: every demand and the background within four standard
    errors, the mean demand within 1%, the scatter within 10%."""
    told = {each["runs"]: each for each in shop.truth["metrics"]["processors"]["of"]}
    scatter = shop.truth["metrics"]["processors"]["scatter"]
    found = metrics(shop.demo.texts[BUSY])
    assert [labels["runs"] for labels, _ in found] == list(told) == ["services", "database"]
    for labels, counter in found:
        busy, plan = rises(counter), told[labels["runs"]]
        assert list(busy.index) == list(asked.index)
        given = np.column_stack([np.full(len(asked), 3600.0), asked]) / busy.to_numpy()[:, None]
        parts, _, rank, _ = np.linalg.lstsq(given, np.ones(len(asked)))
        left = 1 - given @ parts
        error = np.sqrt(np.diag(np.linalg.inv(given.T @ given)) * left.var(ddof=rank))
        planted = np.array([plan["background"], *(plan["demand_ms"][route] / 1000 for route in asked)])
        assert rank == 5 and (np.abs(parts - planted) < 4 * error).all()
        assert left.std() == pytest.approx(scatter, rel=0.1)
        total = asked.sum()
        mean_ms = 1000 * parts[1:] @ total / total.sum()
        assert mean_ms == pytest.approx(plan["mean_demand_ms"], rel=0.01)
        assert sum(plan["demand_ms"][route] * n for route, n in total.items()) / total.sum() == pytest.approx(
            plan["mean_demand_ms"], abs=1e-4
        )
        assert busy.max() / 3600 / plan["limit"] == pytest.approx(plan["used_in_the_busiest_hour"], abs=1e-4)
