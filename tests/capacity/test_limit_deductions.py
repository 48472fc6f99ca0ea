"""What is taken from a limit of which it is not known what is full there; and the date, which is of what is left."""

from __future__ import annotations

import pandas as pd
import pytest
from small_capacity import system

import scaling_lib
from scaling_lib import capacity


def assessed(folder, **given):
    return capacity.assess(scaling_lib.open(system(folder, noise=False, **given)))


def test_a_lost_domain_is_taken_where_nothing_measured_is_full(tmp_path):
    """Two processors in two domains, of which 100 requests/s keep one busy: half of what limits may be lost."""
    system(tmp_path, rate=20.0, noise=False, resources=", domains: 2, full_at: 80%")
    spare = (tmp_path / "assessment.yaml").read_text().replace("limit: 1", "limit: 2")
    (tmp_path / "assessment.yaml").write_text(spare)
    result = capacity.assess(scaling_lib.open(tmp_path))
    assert result.curve.limiting.outcome == "nothing that was measured is full"
    (ends,) = [each for each in result.limits if each.why == "throughput no longer rises"]
    assert ends.counts.value == pytest.approx(100 * 0.5 * 0.8 / 20)
    assert "not known to be one of the described resources" in ends.headroom.sentence
    assert result.bottleneck == "" and result.reliefs == ()
    (answer,) = [each for each in capacity.findings(result) if each.name == "capacity"]
    assert answer.action.startswith("Find what limits") and "saturates first" not in capacity.headline(result)


def test_to_describe_nothing_does_not_raise_the_answer(tmp_path):
    """As of any resource a tenth is kept free."""
    (tmp_path / "known").mkdir()
    (tmp_path / "unknown").mkdir()
    known = assessed(tmp_path / "known", rate=20.0)
    unknown = assessed(tmp_path / "unknown", rate=20.0, resources=None)
    assert known.times.value == pytest.approx(4.5) and unknown.times.value == pytest.approx(4.5)
    assert unknown.headroom.deductions[2].assumed


def test_the_date_is_of_what_may_be_used(tmp_path):
    """At 1% a day from 80 requests/s the 90 of 100 that may be used come after ln(90 / 80) / ln 1.01 = 11.8 days."""
    result = assessed(tmp_path, rate=80.0, growth_a_day=0.01)
    assert result.usable.value == pytest.approx(90)
    assert abs((result.runs_out.date - pd.Timestamp("2026-11-22", tz="UTC")) / pd.Timedelta(days=1) - 12) <= 2
    assert "the 90 requests/s that may be used" in capacity.headline(result)


def test_levels_of_one_load_say_nothing_of_a_limit(tmp_path):
    """More users are not what is absent."""
    result = assessed(tmp_path, users=(10, 10, 10, 10))
    (answer,) = [each for each in capacity.findings(result) if each.name == "capacity"]
    assert "reached no limit" not in answer.sentence and "at least three different loads" in answer.action
