"""Use of each resource by level of a load test, from counters and gauges that are known by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from measured import START, measured, resource, values

from scaling_lib.capacity import utilization_by_level

MINUTE = pd.Timedelta("1min")
LATER = START + pd.Timedelta("20s")
LEVELS = pd.DataFrame(
    {"level": [1, 2], "start": [START, START + 10 * MINUTE], "end": [START + 10 * MINUTE, START + 20 * MINUTE]}
)


def used(metrics, **given):
    table, missing = utilization_by_level(metrics, [resource(**given)], LEVELS)
    assert missing == {}
    return table["utilization"].tolist()


def steps(light, heavy, step="1min", start=START):
    """A gauge of ten minutes each."""
    count = int(pd.Timedelta("10min") / pd.Timedelta(step))
    return values([light] * count + [heavy] * count, step, start)


@pytest.mark.parametrize("step", ["15s", "1min"])
def test_instances_that_are_read_at_different_seconds_are_added(tmp_path, step):
    """Each uses 10, then 30 of 100: 0.2 and 0.6 together."""
    later = START + pd.Timedelta(step) / 3
    metrics = measured(
        tmp_path,
        ("g", {"instance": "a"}, steps(10, 30, step)),
        ("g", {"instance": "b"}, steps(10, 30, step, later)),
    )
    assert used(metrics, used="g", limit=100) == pytest.approx([0.2, 0.6], abs=0.01)


def test_limits_that_are_read_at_different_seconds_are_added(tmp_path):
    metrics = measured(
        tmp_path,
        ("g", {}, steps(40, 120, start=LATER)),
        ("most", {"instance": "a"}, steps(100, 100)),
        ("most", {"instance": "b"}, steps(100, 100, start=LATER)),
    )
    assert used(metrics, used="g", limit="most") == pytest.approx([0.2, 0.6])


def test_a_single_gauge_counts_at_the_moment_of_its_samples(tmp_path):
    """One sample a level, five minutes into it."""
    one = values([10, 30], "10min", START + 5 * MINUTE)
    assert used(measured(tmp_path, ("g", {}, one)), used="g", limit=100) == pytest.approx([0.1, 0.3])


def test_counters_of_all_instances_over_servers(tmp_path):
    """Two instances busy 0.2, then 0.6 seconds a second, of two servers."""
    counter = values(np.concatenate([[0.0], np.cumsum([12.0] * 10 + [36.0] * 10)]))
    metrics = measured(tmp_path, ("c", {"instance": "a"}, counter), ("c", {"instance": "b"}, counter))
    assert used(metrics, busy="c", limit=2) == pytest.approx([0.2, 0.6])


def test_what_matches_nothing_is_said(tmp_path):
    metrics = measured(tmp_path, ("g", {}, steps(1, 2)))
    table, missing = utilization_by_level(metrics, [resource(used="h", limit=1)], LEVELS)
    assert table.empty and "the selector h matches no gauge" in missing["thing"]
