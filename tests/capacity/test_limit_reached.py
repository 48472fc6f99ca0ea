"""When the lowest limit is reached, and what demand grows until more is there: by hand, for minutes that stand out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from small_capacity import system

import scaling_lib
from scaling_lib import capacity
from scaling_lib.capacity.resource_headroom import resource_headroom
from scaling_lib.stats import Estimate

A_DAY = 0.01


@pytest.fixture(scope="module")
def peaked(tmp_path_factory):
    """20 requests/s, 60 in one minute of each hour, 1% more each day; ten days until more processors are there."""
    folder = system(
        tmp_path_factory.mktemp("peaked"), rate=None, resources=", full_at: 100%, lead_time: 10 d", demand="{factor: 2}"
    )
    minutes = pd.date_range("2026-10-19", periods=35 * 1440, freq="min", tz="UTC")
    days = (minutes - minutes[-1]) / pd.Timedelta("1D")
    counts = np.where(minutes.minute == 30, 3600, 1200) * (1 + A_DAY) ** days.to_numpy()
    frame = pd.DataFrame({"service": "g", "route": "GET /pay", "minute": minutes, "n": counts.round().astype("int64")})
    frame.assign(errors=0, sum_us=1000 * frame["n"]).to_parquet(folder / "counts.parquet", index=False)
    text = (folder / "assessment.yaml").read_text().replace("evidence: {", "evidence: {requests: [counts.parquet], ")
    (folder / "assessment.yaml").write_text(text)
    return capacity.assess(scaling_lib.open(folder))


def test_the_busiest_minute_of_the_hour_reaches_the_limit(peaked):
    """60 requests/s are 100 after ln(100 / 60) / ln(1.01) = 51 days; the hour's mean is 20.7 of them, which takes 159.

    Today's peak is that of some days ago, brought to today.
    """
    hour = (59 * 20 + 60) / 60
    assert peaked.demand.peak.minute_ratio == pytest.approx(60 / hour, rel=0.01)
    days = (peaked.runs_out.date - peaked.runs_out.ends) / pd.Timedelta("1D")
    assert days == pytest.approx(math.log(100 / 60) / math.log(1 + A_DAY), abs=4)


def test_demand_grows_over_the_lead_time_until_more_is_there(peaked):
    """Ten days of 1%: 10.5% of today's 60, some 6.3 requests/s."""
    table = capacity.headroom_table(peaked).set_index("step")
    assert -table.loc["growth", "amount"] == pytest.approx(60 * ((1 + A_DAY) ** 10 - 1), rel=0.1)
    assert "in the 10 days until more can be there" in table.loc["growth", "why"]
    assert peaked.times.value == pytest.approx(100 / (60 * (1 + A_DAY) ** 10), rel=0.02)
    (point,) = peaked.points
    twice = point.resource.model_copy(update={"lead_time": 2 * point.resource.lead_time})
    exact = Estimate(100.0, 100.0, 100.0, unit="requests/s")
    today = Estimate(60.0, 60.0, 60.0, unit="requests/s")
    found = resource_headroom(twice, exact, today, demand=peaked.demand.minutes / 60, forecast=peaked.demand.forecast)
    assert found.deductions[4].amount.value == pytest.approx(60 * ((1 + A_DAY) ** 20 - 1), rel=0.1)
