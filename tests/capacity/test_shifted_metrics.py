"""Metrics of a load test whose clock is off: both ranges are named."""

from __future__ import annotations

import json

from small_capacity import load_metrics, system

import scaling_lib
from scaling_lib import capacity


def test_metrics_of_another_time_than_the_test_are_named_with_both_ranges(tmp_path):
    answer = json.loads(load_metrics())
    for series in answer["data"]["result"]:
        series["values"] = [[time + 86_400, value] for time, value in series["values"]]
    folder = system(tmp_path / "s", rate=None, m__json=json.dumps(answer))
    result = capacity.assess(scaling_lib.open(folder))
    said = [each.why for each in result.absent.values() if "that overlap" in each.why]
    assert said and all("found it from" in text and "and the load test from" in text for text in said)
