"""The metrics: a disk that fills, and the requests of each day."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from demo_files import metric


def test_answers_have_the_form_of_query_range(shop):
    for path, text in shop.demo.texts.items():
        if path.startswith("metrics/"):
            body = json.loads(text)
            assert (body["status"], body["data"]["resultType"]) == ("success", "matrix")
            (series,) = body["data"]["result"]
            assert series["metric"]["__name__"] == path.removeprefix("metrics/").removesuffix(".json")
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
