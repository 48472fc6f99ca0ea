"""Limits far beyond the measured loads: against laws whose limit is worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.model.beyond import extrapolated, saturation
from scaling_lib.model.calibration import combined, from_utilization
from scaling_lib.model.migration import gained
from scaling_lib.model.system import System

TIMES = pd.date_range("2026-11-24T10:00Z", periods=40, freq="5s")
RATES = np.repeat([20.0, 40.0, 60.0, 80.0, 100.0], 8)


def system(use, *, noise=0.002) -> System:
    """Of one processor that is so much in use at each rate."""
    noisy = use(RATES) * (1 + noise * np.random.default_rng(3).standard_normal(len(RATES)))
    law = from_utilization(pd.Series(noisy, TIMES), pd.Series(RATES, TIMES))
    return combined(metrics={"cpu": law}).system(1.0)


def test_a_power_law_is_carried_on():
    """Half in use at 100/s, and 0.8 of a percent more for each percent of load: full at 100 * 2**(1 / 0.8)."""
    found = system(lambda rate: 0.5 * (rate / 100) ** 0.8)
    assert extrapolated(found) == {"cpu": pytest.approx(100)}
    limit = saturation(found)
    assert limit.value == pytest.approx(100 * 2**1.25, rel=0.03)
    assert limit.low < found.bounds().saturation.value < limit.value < limit.high
    eased = found.relieve("cpu", 2)
    assert extrapolated(eased) == {"cpu": pytest.approx(200)}
    assert saturation(eased).value == pytest.approx(2 * limit.value)
    assert gained(found, eased).value == pytest.approx(2) == gained(found, eased).high


def test_a_line_is_within_the_interval():
    limit = saturation(system(lambda rate: 0.1 + 0.003 * rate))
    assert limit.low <= 300 <= limit.high


def test_what_may_never_be_full_has_no_upper_end():
    """Of rate over 100: 0.6 x - 0.2 x**2 is at most 0.45, at 150/s."""
    limit = saturation(system(lambda rate: 0.6 * rate / 100 - 0.2 * (rate / 100) ** 2))
    assert math.isinf(limit.high) and math.isfinite(limit.value)


def test_what_was_measured_to_be_full_stays_as_it_was():
    found = system(lambda rate: 0.0095 * rate)
    assert not extrapolated(found)
    assert saturation(found) == found.bounds().saturation
