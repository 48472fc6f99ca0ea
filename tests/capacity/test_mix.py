"""A load test of another mix than today's, by hand: what its limits are at today's."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.mix import Mix, at_mix, mix_of
from scaling_lib.model.calibration import Calibration
from scaling_lib.stats import Estimate

TEST = {"read": 0.9, "pay": 0.1}


def model():
    """A read takes 1 ms of the processor, a payment 11: 2 ms a request of the test, 500/s; the pool 5 ms of either."""

    def sure(value, unit="s"):
        return Estimate(value, value, value, unit=unit)

    calibration = Calibration(
        demands={"cpu": {"read": sure(0.001), "pay": sure(0.011)}, "pool": {"read": sure(0.005), "pay": sure(0.005)}},
        origins={}, mix=TEST, servers={"cpu": 1, "pool": 9}, think_time=None, draws={}, level=0.95, notes=(),
        background={"cpu": sure(0.0, "servers"), "pool": sure(0.0, "servers")},
    )  # fmt: skip
    return Calibrated(calibration=calibration, laws={}, rates="", test="", check=None, absent=())


def rows(names):
    at = pd.Timestamp("2026-11-01", tz="UTC")
    return pd.DataFrame(
        [
            {"name": name, "throughput": each, "start": at, "end": at + pd.Timedelta("5min")}
            for name, each in names.items()
        ]
    )


def demand(name, count):
    index = pd.date_range("2026-11-01", periods=10, freq="min", tz="UTC")
    return SimpleNamespace(journey=name, minutes=pd.Series(float(count), index=index))


SYSTEM = SimpleNamespace(journey_of=lambda name: name if name in TEST else "")


def found(read=80, pay=20, calibrated=None, names=None):
    every = demand("all", read + pay)
    own = [demand("read", read), demand("pay", pay)]
    return mix_of(SYSTEM, rows(names or {"": 100.0, "read": 90.0, "pay": 10.0}), every, own, calibrated)


def test_a_limit_is_told_at_todays_mix():
    """Twice the payments: 0.8 x 1 + 0.2 x 11 = 3 ms a request, so 500/s of the test are 333/s of today's."""
    mix = found(calibrated=model())
    assert mix.times["cpu"].value == pytest.approx(2 / 3) and mix.other == pytest.approx(0.1)
    rate = mix.converted(Estimate(500, 480, 520, unit="requests/s"), "cpu")
    assert (rate.value, rate.low, rate.high) == pytest.approx((333.3, 320, 346.7), rel=0.01)
    assert at_mix(model(), mix.today).system(1.0).limits()["cpu"].value == pytest.approx(1000 / 3)
    assert "pay 10% of its requests, 20% today" in mix.sentence


@pytest.mark.parametrize("resource", ["pool", "", "not known"])
def test_where_demands_by_journey_are_not_known_only_the_interval_is_wider(resource):
    rate = found(calibrated=model()).converted(Estimate(500, 440, 520, unit="requests/s"), resource)
    assert (rate.value, rate.low, rate.high) == pytest.approx((500, 400, 520))


def test_the_same_mix_changes_nothing_nor_one_that_is_not_known():
    assert found(read=90, pay=10, calibrated=model()) is None
    assert found(names={"": 100.0}) is None


def test_what_no_journey_is_counts_as_other():
    mix = found(names={"read": 45.0, "pay": 5.0, "search": 50.0})
    assert isinstance(mix, Mix) and mix.test["other requests"] == pytest.approx(0.5) and mix.times == {}
