"""A pool that fills with recorded traffic, a disk that fills by time, and what cannot be told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from measured import measured, resource

from scaling_lib.capacity.recorded_fills import recorded_fills

DAYS = 21
TIMES = pd.date_range("2026-06-01", periods=DAYS * 144, freq="10min", tz="UTC")
HOUR = np.arange(len(TIMES)) / 6
RATE = 60 * 1.01 ** (HOUR / 24) * (1 + 0.6 * np.sin(2 * np.pi * HOUR / 24))  # growing by 1% a day


def found(folder, used, days=DAYS, **more):
    """Of a pool of 20; `total` counts the requests."""
    keep = 144 * days
    total = np.concatenate([[0.0], np.cumsum(RATE * 600)[:-1]])
    series = [("total", {}, total), ("in_use", {}, used)]
    metrics = measured(folder, *((name, by, pd.Series(each[:keep], TIMES[:keep])) for name, by, each in series))
    own = resource(name="pool", used="in_use", limit=20, unit="connections")
    system = SimpleNamespace(
        resources=(own, *more.get("others", ())), journeys=(), metrics=lambda: metrics,
        config=SimpleNamespace(traffic="total"),
    )  # fmt: skip
    return recorded_fills(system, set(), level=0.95)


def test_a_pool_is_full_where_its_line_ends(tmp_path):
    """2 connections, and one more for each 25 requests/s: 20 at (20 - 2) x 25 = 450; sampled, so as Poisson has it."""
    used = np.minimum(np.random.default_rng(5).poisson(2 + RATE / 25), 20).astype(float)
    (fill,), unknown = found(tmp_path, used)
    assert unknown == () and fill.recorded and not fill.seen
    assert fill.full.low <= 450 <= fill.full.high and fill.full.value == pytest.approx(450, rel=0.05)
    assert "that it goes on so to the end is assumed" in fill.note


def test_what_grows_by_time_does_not_fill_with_traffic(tmp_path):
    """Though traffic grows too."""
    assert found(tmp_path, 8 + 8 * HOUR / HOUR[-1]) == ((), ())


def test_what_traffic_does_not_move_is_known_not_to_fill(tmp_path):
    assert found(tmp_path, np.random.default_rng(6).poisson(5, len(TIMES)).astype(float)) == ((), ())


def test_too_few_days_tell_nothing_and_that_is_said(tmp_path):
    assert found(tmp_path, 2 + RATE / 25, days=5) == ((), ("pool",))


def test_servers_without_a_law_are_not_known(tmp_path):
    assert found(tmp_path, 2 + RATE / 25, others=(resource(name="cpu", busy="busy"),))[1] == ("cpu",)
