"""Predicted against observed: errors by hand, and the sentence that says how far to trust."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.check import check
from scaling_lib.model.system import System
from scaling_lib.model.trust import Trust

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
    assert found.verdict.startswith("Over 4 levels from 1 to 200 users") and "Trust" not in found.verdict
    assert found.holds and found.trust == Trust(throughput=1.0, response=1.0)


def test_errors_are_predicted_over_observed_less_one():
    found = check(SYSTEM, levels(1, 50, throughput=1 / 1.15, response=1 / 0.7))
    assert found.table["throughput_error"].tolist() == pytest.approx([0.15, 0.15])
    assert found.table["response_s_error"].tolist() == pytest.approx([-0.3, -0.3])
    assert (found.throughput_error, found.response_error) == pytest.approx((0.15, 0.3))
    assert math.isnan(found.throughput_within_10) and found.throughput_within_20 == 50
    assert "more than 20% off even at the lightest level (at worst 30% off, at 1 users)" in found.verdict


def test_trust_ends_at_the_first_level_that_is_off():
    observed = levels(1, 50, 100, 200)
    observed.loc[2, "throughput"] *= 0.7  # a level further on that fits again brings no trust back
    found = check(SYSTEM, observed)
    assert found.throughput_within_10 == found.throughput_within_20 == 50
    assert "throughput is within 20% up to 50 users, and at worst 43% off, at 100 users" in found.verdict
    assert found.verdict.endswith(f"Trust throughput up to 50 users ({observed['throughput'][1]:.1f} requests/s) only.")
    assert not found.holds and found.trust.response == 1.0
    assert found.trust.throughput == pytest.approx(SYSTEM.solve(50).throughput * 0.01)  # of the processor, in use


def test_responses_that_are_off_are_not_made_up_for_by_throughputs():
    observed = levels(1, 50, 100, 200)
    observed.loc[2:, "mean_s"] *= 1.5
    found = check(SYSTEM, observed)
    assert found.throughput_error == pytest.approx(0.0) and not found.holds
    assert "Trust mean response up to 50 users" in found.verdict
    assert found.trust.throughput == 1.0 and found.trust.response < 0.6


def test_what_ifs_know_how_far_they_are_trusted():
    """At 40% of the processor responses are within 20%, at 80% they are not; throughputs are at both."""
    trusting = replace(SYSTEM, trust=Trust(throughput=1.0, response=0.4))
    for what_if, rate in ((trusting, 40.0), (trusting.relieve("cpu", 2.0), 80.0), (trusting.scale("cpu", 2), 80.0)):
        calm, busy = what_if.grow(rate / 10 * 0.99).solve(), what_if.grow(rate / 10 * 1.01).predict()
        assert (calm.throughput_trusted, calm.response_trusted) == (True, True)
        assert (busy.throughput_trusted, busy.response_trusted) == (True, False)
    full = trusting.solve(5000)
    assert full.busiest > 0.99 and full.throughput_trusted is True and full.response_trusted is False
    assert SYSTEM.solve().throughput_trusted is None
    unmeasured = replace(SYSTEM, trust=Trust(throughput=1.0, response=math.nan))
    assert unmeasured.solve().response_trusted is None


def test_an_open_test_has_its_arrivals_and_only_responses_to_predict():
    arrivals = pd.DataFrame({"throughput": [10.0, 50.0, 120.0]})
    arrivals["mean_s"] = [0.01 / (1 - 0.1) + 0.004 / (1 - 0.04), 0.02 + 0.005, 9.0]
    found = check(SYSTEM, arrivals)
    assert found.load_unit == "requests/s" and math.isnan(found.throughput_error)
    assert found.response_within_10 == 50  # beyond, the model says that the queue grows without end
    assert found.table["predicted_response_s"].iloc[2] == math.inf
    assert "throughput was not measured" in found.verdict and "mean response up to 50 requests/s only" in found.verdict
    assert found.trust.response == pytest.approx(0.5) and math.isnan(found.trust.throughput) and not found.holds


def test_levels_without_a_response_are_checked_for_their_throughput():
    found = check(SYSTEM, levels(1, 50).drop(columns="mean_s"))
    assert found.throughput_within_10 == 50 and math.isnan(found.response_error)
    assert "mean response was not measured" in found.verdict and found.holds
    assert math.isnan(found.trust.response)


def test_nothing_to_hold_it_against_is_said():
    with pytest.raises(NotMeasured, match="how far the model can be trusted"):
        check(SYSTEM, levels(1).iloc[:0])
    with pytest.raises(InvalidInput, match="without users or throughput"):
        check(SYSTEM, pd.DataFrame({"mean_s": [1.0]}))
    with pytest.raises(InvalidInput, match="above 0"):
        check(SYSTEM, levels(1, 50).assign(throughput=[0.0, 1.0]))
    with pytest.raises(InvalidInput, match="not all numbers"):
        check(SYSTEM, levels(1, 50).assign(mean_s=["0.1", "0.2"]))
    with pytest.raises(InvalidInput, match="levels of type str"):
        check(SYSTEM, "levels")
