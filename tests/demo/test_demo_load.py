"""The load tests follow the universal scalability law with the parameters of the truth."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares

HEADER = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,"
    "Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,"
    "Total Min Response Time,Total Max Response Time,Total Average Content Size"
)


def tables(shop) -> list[tuple[dict, pd.DataFrame]]:
    laws = shop.truth["load"]["services"]
    return [(law, pd.read_csv(io.StringIO(shop.demo.texts[law["file"]]), keep_default_na=False)) for law in laws]


def law_of(told: dict, users: np.ndarray) -> np.ndarray:
    return told["gamma"] * users / (1 + told["alpha"] * (users - 1) + told["beta"] * users * (users - 1))


def test_each_service_has_a_test_in_the_form_of_locust(shop):
    assert [law["service"] for law, _ in tables(shop)] == [each["name"] for each in shop.truth["services"]]
    for law, table in tables(shop):
        assert shop.demo.texts[law["file"]].startswith(HEADER + "\n")
        whole, own = table[table["Name"] == "Aggregated"], table[table["Name"] != "Aggregated"]
        assert set(whole["Type"]) == {""} and len(whole) == len(own)
        assert whole["Timestamp"].is_monotonic_increasing and whole["Timestamp"].is_unique
        assert (whole["Total Request Count"].diff().dropna() > 0).all()


def test_ten_levels_reach_past_saturation(shop):
    for law, table in tables(shop):
        levels = sorted(set(table["User Count"]))
        assert len(levels) == 10 and levels == [int(each) for each in shop.truth["load"]["users"].split()]
        peak = np.sqrt((1 - law["alpha"]) / law["beta"])
        assert law["peak_users"] == pytest.approx(peak, abs=1e-3)
        assert law["peak_requests_per_s"] == pytest.approx(law_of(law, peak), abs=1e-3)
        assert levels[4] < peak < levels[-2]
        mean = table.groupby("User Count")["Requests/s"].mean()
        assert mean[levels[-1]] < 0.95 * mean.max()


def test_levels_and_response_times_follow_the_law(shop):
    """20 seconds of 2% scatter: a level's mean is known within 0.45%, five deviations are 2.3%."""
    for law, table in tables(shop):
        whole = table[table["Name"] == "Aggregated"]
        mean = whole.groupby("User Count")["Requests/s"].mean()
        users = mean.index.to_numpy()
        assert mean.to_numpy() == pytest.approx(law_of(law, users), rel=0.023)
        middle = whole.groupby("User Count")["50%"].mean().to_numpy()
        mean_ms = 1000 * users / law_of(law, users)  # without think time, by Little's law
        assert middle * np.exp(0.35**2 / 2) == pytest.approx(mean_ms, rel=0.03)


def test_a_fit_of_ones_own_recovers_the_law(shop):
    for law, table in tables(shop):
        whole = table[table["Name"] == "Aggregated"]
        users, rate = whole["User Count"].to_numpy(float), whole["Requests/s"].to_numpy()

        def off(p, users=users, rate=rate):
            return np.log(p[2] * users / (1 + p[0] * (users - 1) + p[1] * 1e-3 * users * (users - 1)) / rate)

        alpha, beta, gamma = least_squares(off, [0.05, 0.5, rate[0]]).x
        assert alpha == pytest.approx(law["alpha"], abs=0.004)
        assert beta / 1e3 == pytest.approx(law["beta"], rel=0.12)
        assert gamma == pytest.approx(law["gamma"], rel=0.02)
