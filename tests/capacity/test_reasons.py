"""Words of step 02: no name of a function, no growth of rounding, no date twice."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from measured import measured, resource, values
from small_capacity import system

import scaling_lib
from scaling_lib import capacity
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.capacity.reasons import reason_sentence, reason_words
from scaling_lib.errors import InvalidInput, NotEnoughData

FUNCTION = re.compile(r"\b(from_\w+|plateau|forecast|typical_peak|headroom|first_reached|usl\.fit|load_curve): ")


def plateau_of_nothing():
    raise NotEnoughData("plateau_of_nothing: found 2 loads; expected three.")


def test_the_name_of_the_function_that_raised_is_left_out():
    tried = Attempts()
    assert tried("part", plateau_of_nothing) is None
    assert tried.absent["part"].why == "Found 2 loads; expected three."


@pytest.mark.parametrize("text", ["disk: found 2 values.", "curve.csv: found nothing.", "No colon at all."])
def test_another_name_stays(text):
    with pytest.raises(NotEnoughData) as caught:
        raise NotEnoughData(text)
    assert reason_sentence(caught.value) == reason_words(caught.value) == text


@pytest.mark.parametrize("given", [{"users": (10,)}, {"users": (10, 20)}, {"days": 2}, {"days": 1, "users": (10,)}])
def test_no_reader_sees_the_name_of_a_function(tmp_path, given):
    result = capacity.assess(scaling_lib.open(system(tmp_path, noise=False, **given)))
    texts = [each.why for each in result.absent.values()] + [*result.curve.refused.values()]
    for found in capacity.findings(result):
        texts += [found.sentence, found.why, found.action]
    texts += capacity.remarks_table(result)["remark"].tolist()
    assert not [text for text in texts if FUNCTION.search(text)]


def test_a_demand_that_stays_has_no_growth(tmp_path):
    """20 requests/s each minute: what the forecast is off by in the last places is no decline."""
    folder = system(tmp_path, rate=20.0, noise=False, resources=", lead_time: 14 d")
    result = capacity.assess(scaling_lib.open(folder))
    growth = capacity.demand_table(result)["growth a month"].iloc[0]
    assert (growth.value, growth.low, growth.high) == (0, 0, 0)
    table = capacity.headroom_table(result).set_index("step")
    assert table.loc["growth", "why"] == "no growth is certain in the 14 days until more can be there"
    assert not [note for note in result.headroom.notes if "decline" in note]


def test_a_date_that_is_early_and_likely_is_said_once(tmp_path):
    """Half a point a day without scatter, 80% at the end: 90% after 20 days, on one day for certain."""
    days = np.arange(42 * 24) / 24 - 42
    metrics = measured(tmp_path, ("g", {}, values(1000 * (0.8 + 0.005 * days), "1h")))
    disk = resource(name="disk", used="g", limit=1000, full_at=0.9, lead_time="1 d")
    point = capacity.saturation_point(disk, metrics)
    low, middle, _ = point.time.dates
    assert low.date() == middle.date() and "at the earliest" not in point.sentence
    assert f"is reached on {middle:%Y-%m-%d}; " in point.sentence
    assert abs(middle - (pd.Timestamp(point.use.ends) + pd.Timedelta("20D"))) < pd.Timedelta("2D")


def test_a_load_test_that_is_not_there_is_an_error_for_the_user(tmp_path):
    tests = scaling_lib.open(system(tmp_path, rate=None)).load_tests()
    with pytest.raises(InvalidInput, match="found the test 'other'; expected one of curve"):
        capacity.load_curve(tests, "other")


def test_the_caption_says_what_is_shaded():
    assert "knee" in capacity.LOAD_CAPTION
