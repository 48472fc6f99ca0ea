"""Predicted against observed: errors by hand, and the sentence that says how far to trust."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.check import check
from scaling_lib.model.system import System

SYSTEM = System({"cpu": 0.01, "disk": 0.004}, {}, 10.0, 1.0)


def levels(*users: int, throughput: float = 1.0, response: float = 1.0) -> pd.DataFrame:
    solved = [SYSTEM.solve(each) for each in users]
    return pd.DataFrame(
        {
            "users": users,
            "throughput": [s.throughput * throughput for s in solved],
            "mean_s": [s.mean_response * response for s in solved],
        }
    )


def test_a_model_that_fits_is_within_at_every_level():
    found = check(SYSTEM, levels(100, 1, 50, 200))
    assert found.table["load"].tolist() == [1, 50, 100, 200]
    assert found.throughput_error == pytest.approx(0.0) and found.response_error == pytest.approx(0.0)
    assert found.throughput_within_10 == found.response_within_20 == 200
    assert "throughput is within 10% at every level" in found.verdict
    assert found.verdict.startswith("Over 4 levels from 1 to 200 users")


def test_errors_are_predicted_over_observed_less_one():
    found = check(SYSTEM, levels(1, 50, throughput=1 / 1.15, response=1 / 0.7))
    assert found.table["throughput_error"].tolist() == pytest.approx([0.15, 0.15])
    assert found.table["response_s_error"].tolist() == pytest.approx([-0.3, -0.3])
    assert (found.throughput_error, found.response_error) == pytest.approx((0.15, 0.3))
    assert math.isnan(found.throughput_within_10) and found.throughput_within_20 == 50
    assert "more than 20% off even at the lightest level (at worst 30%)" in found.verdict


def test_trust_ends_at_the_first_level_that_is_off():
    observed = levels(1, 50, 100, 200)
    observed.loc[2, "throughput"] *= 0.7  # a level further on that fits again brings no trust back
    found = check(SYSTEM, observed)
    assert found.throughput_within_10 == found.throughput_within_20 == 50
    assert "throughput is within 20% up to 50 users, and at worst 43% off beyond" in found.verdict


def test_an_open_test_has_its_arrivals_and_only_responses_to_predict():
    arrivals = pd.DataFrame({"throughput": [10.0, 50.0, 120.0]})
    arrivals["mean_s"] = [0.01 / (1 - 0.1) + 0.004 / (1 - 0.04), 0.02 + 0.005, 9.0]
    found = check(SYSTEM, arrivals)
    assert found.load_unit == "requests/s" and math.isnan(found.throughput_error)
    assert found.response_within_10 == 50  # beyond, the model says that the queue grows without end
    assert found.table["predicted_response_s"].iloc[2] == math.inf
    assert "throughput was not measured" in found.verdict


def test_levels_without_a_response_are_checked_for_their_throughput():
    found = check(SYSTEM, levels(1, 50).drop(columns="mean_s"))
    assert found.throughput_within_10 == 50 and math.isnan(found.response_error)
    assert "mean response was not measured" in found.verdict


def test_nothing_to_hold_it_against_is_said():
    with pytest.raises(NotMeasured, match="how far the model can be trusted"):
        check(SYSTEM, levels(1).iloc[:0])
    with pytest.raises(InvalidInput, match="without users or throughput"):
        check(SYSTEM, pd.DataFrame({"mean_s": [1.0]}))
    with pytest.raises(InvalidInput, match="above 0"):
        check(SYSTEM, levels(1, 50).assign(throughput=[0.0, 1.0]))
