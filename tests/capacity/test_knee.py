"""The knee and the law by hand: ends of their intervals, tables without durations, a law that its levels contradict."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_lib.capacity import knee, load_curve
from scaling_lib.capacity.knee import Plateau
from scaling_lib.capacity.load_curve import curve_of_levels
from scaling_lib.evidence.load_tests import LoadSource, LoadTest, read_load_tests
from scaling_lib.model.calibration import from_load_test
from scaling_lib.stats import Estimate

NAN = math.nan
THINK_S = 0.8


def seconds(value, low, high):
    return Estimate(value, low, high, 0.95, "s")


def reached(value=100.0, low=90.0, high=120.0):
    throughput = Estimate(value, low, high, 0.95, "requests/s")
    return Plateau(throughput=throughput, state="reached", levels=(3, 4), falls=False, sentence="Throughput ends.")


def demands(response, think):
    """Of a real test, with the figures that the knee takes from them."""
    real = from_load_test(levels(mean_s=0.01))
    return replace(real, method="plateau", total_demand=response, think_time=think)


def levels(users=(10, 20, 40, 80, 160), served=(12.5, 25.0, 50.0, 98.0, 100.0), **more):
    frame = pd.DataFrame({"level": range(1, len(users) + 1), "users": np.asarray(users, dtype=float)})
    return frame.assign(throughput=np.asarray(served, dtype=float), **more)


def test_both_ends_of_the_knee_add_up_in_squares():
    # 100/s x (0.2 + 0.8) s. Below: 10% of the limit, and of 1 s sqrt(0.03^2 + 0.04^2) = 5%; sqrt(10^2 + 5^2) = 11.18%.
    # Above: 20% of the limit, and sqrt(0.09^2 + 0.12^2) = 15%; sqrt(20^2 + 15^2) = 25%.
    found = knee(reached(), demands(seconds(0.2, 0.17, 0.29), seconds(0.8, 0.76, 0.92)), levels())
    assert found.users.value == pytest.approx(100)
    assert found.users.low == pytest.approx(100 * (1 - math.sqrt(0.10**2 + 0.05**2)))
    assert found.users.high == pytest.approx(125)
    assert found.outcome == "within the tested range"


def test_a_knee_is_not_below_nobody():
    found = knee(reached(low=1.0), demands(seconds(0.2, 0.0, 0.3), seconds(0.8, 0.1, 0.9)), levels())
    assert found.users.low == 0  # 99% and 73% below, 123% in squares


def test_a_response_without_an_interval_adds_none():
    found = knee(reached(), demands(seconds(0.2, NAN, NAN), seconds(0.8, 0.75, 0.95)), levels())
    assert found.users.low == pytest.approx(100 * (1 - math.hypot(0.10, 0.05)))
    assert found.users.high == pytest.approx(100 * (1 + math.hypot(0.20, 0.15)))


def test_a_think_time_without_an_interval_takes_that_of_the_light_levels():
    # Those below 80% of 100/s: 12.5, 25 and 50, each 3/s up: sqrt(27) of 87.5.
    frame = levels().assign(throughput_high=lambda rows: rows["throughput"] + 3.0)
    found = knee(reached(), demands(seconds(0.2, NAN, NAN), seconds(0.8, NAN, NAN)), frame)
    error = math.sqrt(27) / 87.5
    assert found.users.low == pytest.approx(100 * (1 - math.hypot(0.10, error)))
    assert found.users.high == pytest.approx(100 * (1 + math.hypot(0.20, error)))


def test_beyond_the_heaviest_level_the_knee_is_said_to_be():
    found = knee(reached(), demands(seconds(0.2, 0.2, 0.2), seconds(1.5, 1.5, 1.5)), levels())
    assert (found.users.value, found.outcome) == (pytest.approx(170), "beyond the tested range")


def test_a_throughput_that_may_be_nothing_leaves_the_knee_open():
    frame = levels(throughput_low=0.0, throughput_high=200.0)
    assert knee(reached(), None, frame).users.high == math.inf


def test_without_durations_the_lightest_level_tells_the_time_from_request_to_request():
    # 10 users at 12.5/s: 0.8 s each; 12 to 13 requests/s are 10/13 to 10/12 s.
    frame = levels(throughput_low=NAN, throughput_high=NAN)
    frame.loc[0, ["throughput_low", "throughput_high"]] = [12.0, 13.0]
    found = knee(reached(), None, frame)
    assert found.users.value == pytest.approx(80)
    assert found.users.low == pytest.approx(80 * (1 - math.hypot(0.10, 1 - 12.5 / 13)))
    assert found.users.high == pytest.approx(80 * (1 + math.hypot(0.20, 12.5 / 12 - 1)))
    assert "800 ms from one request of a user to the next" in found.sentence
    assert math.isnan(found.response.value) and math.isnan(found.think_time.value)


@pytest.mark.parametrize(
    ("users", "served", "said"),
    [
        ([10, 20, 40, 80], [50, 100, 100, 100], "Throughput ends at 100 requests/s from 20 users on"),
        ([10, 30, 60, 120], [20, 60, 118, 121], "Throughput ends at"),
        ([10, 30, 60, 120], [20, 60, 120, 90], "and falls to 90 at 120 users"),
    ],
)
def test_a_table_without_durations_that_saturates_says_so(tmp_path, users, served, said):
    rows = "\n".join(f"{n},{x}" for n, x in zip(users, served, strict=True))
    (tmp_path / "curve.csv").write_text(f"users,throughput\n{rows}\n")
    tests = read_load_tests([LoadSource(path=str(tmp_path / "curve.csv"))])
    found = load_curve(tests, "curve")
    assert found.plateau.reached and said in found.plateau.sentence
    top = [x for x in served if x >= 0.95 * max(served)]
    assert found.knee.outcome == "within the tested range"
    assert found.knee.users.value == pytest.approx(np.mean(top) * users[0] / served[0])
    assert math.isnan(found.knee.users.low)  # one figure a level tells nothing of its scatter
    assert "knee" not in found.refused


TEST = LoadTest(
    test="t", file="t", generator="locust", load="closed", why="", percentiles="none", interval_s=1.0, signs=()
)


def curve(users, served, mean_s, error=0.01):
    frame = levels(users, served, mean_s=np.asarray(mean_s, dtype=float), used=True)
    for name in ("throughput", "mean_s"):
        frame = frame.assign(**{f"{name}_low": frame[name] * (1 - error), f"{name}_high": frame[name] * (1 + error)})
    frame["in_flight"] = frame["throughput"] * frame["mean_s"]
    nothing = pd.DataFrame(columns=["resource", "level", "utilization", "low", "high"])
    return curve_of_levels(frame, TEST, checks=(), utilization=nothing, unmeasured={})


def test_the_users_of_a_peak_are_those_in_flight_and_those_who_think():
    # X(N) = 20 N / (1 + 0.05 (N - 1) + 0.002 N (N - 1)): its peak is at sqrt(0.95 / 0.002) = 21.8 in flight.
    flight = np.array([1, 2, 4, 8, 16, 24, 32, 48.0])
    noise = 1 + 0.01 * np.array([1, -1, 1, -1, 1, -1, 1, -1])
    served = 20 * flight / (1 + 0.05 * (flight - 1) + 0.002 * flight * (flight - 1)) * noise
    found = curve(flight + THINK_S * served, served, flight / served)
    assert found.peak.state == "within the measured range"
    assert found.peak.value == pytest.approx(21.8, rel=0.05)
    think = found.knee.think_time
    assert think.value == pytest.approx(THINK_S, rel=0.02) and think.low < think.value < think.high
    at = found.peak.throughput
    assert found.peak_users.value == pytest.approx(found.peak.value + at.value * think.value)
    assert found.peak_users.low == pytest.approx(found.peak.low + at.low * think.low)
    assert found.peak_users.high == pytest.approx(found.peak.high + at.high * think.high)
    assert found.peak_users.low < found.peak_users.value < found.peak_users.high


def test_a_law_that_its_levels_contradict_is_not_given():
    # The generator ends at 100/s while each request takes 5 ms: those in flight are in proportion, so that the law
    # sees no end, and the levels do.
    users = [25, 50, 100, 200]
    found = curve(users, [25 / THINK_S, 50 / THINK_S, 100.0, 101.0], [0.005] * 4)
    assert found.plateau.reached
    assert found.fit is None and found.peak is None and found.axis == ""
    assert "which the levels contradict. Throughput ends at" in found.refused["fit"]


def test_without_users_a_peak_of_the_law_is_no_contradiction():
    # Open load: throughput falls from its peak at 21.8 in flight, and users do not tell which level is the heavier.
    flight = np.array([1, 2, 4, 8, 16, 24, 32, 48.0])
    served = 20 * flight / (1 + 0.05 * (flight - 1) + 0.002 * flight * (flight - 1))
    found = curve(np.full(8, NAN), served, flight / served)
    assert not found.plateau.reached
    assert found.peak.value == pytest.approx(21.8, rel=0.01) and "fit" not in found.refused


def test_a_law_that_its_levels_confirm_is_given():
    users = np.array([20, 40, 60, 80, 100, 160, 240.0])
    served = np.minimum(users / (THINK_S + 0.01), 100 * users / (users + 1))
    found = curve(users, served, users / served - THINK_S)
    assert found.plateau.reached and "fit" not in found.refused
    assert found.peak.throughput.low <= found.plateau.throughput.high
