"""The migration of the bottleneck, worked out by hand."""

from __future__ import annotations

import math

import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.model.migration import migration
from scaling_lib.model.system import System
from scaling_lib.stats import Estimate

# limits of the throughput: db 1/.05 = 20, cpu 2/.08 = 25, disk 1/.02 = 50
SYSTEM = System({"cpu": 0.08, "db": 0.05, "disk": 0.02, "net": 0.1}, {"cpu": 2, "net": math.inf}, 10.0)


def test_each_relief_shows_what_limits_next():
    path = migration(SYSTEM, steps=3)
    assert [step.resource for step in path] == ["db", "cpu", "db"]
    assert [step.before.value for step in path] == pytest.approx([20, 25, 40])
    assert [step.after.value for step in path] == pytest.approx([25, 40, 50])
    assert [step.gain.value for step in path] == pytest.approx([1.25, 1.6, 1.25])
    assert [step.next_bottleneck for step in path] == ["cpu", "db", "cpu"]
    assert [step.useful_factor for step in path] == pytest.approx([1.25, 1.6, 1.25])
    assert all(step.certainty == step.next_certainty == 1.0 for step in path[:2])


def test_a_factor_by_resource_and_one_that_cannot_be_relieved():
    path = migration(SYSTEM, steps=5, relief={"db": 0.1, "cpu": 1})
    assert [(step.resource, step.factor) for step in path] == [("db", 10.0)]
    assert path[0].next_bottleneck == "cpu"


def test_what_is_not_known_of_the_bottleneck_does_not_blur_its_own_gain():
    one = System({"db": Estimate(0.05, 0.03, 0.08)}, {}, 10.0)
    step = migration(one, steps=1)[0]
    assert (step.gain.low, step.gain.value, step.gain.high) == pytest.approx((2, 2, 2))
    assert step.before.low < 14 and step.useful_factor == math.inf


def test_nonsense_is_refused():
    for options in ({"steps": 0}, {"factor": 0}, {"relief": {"tape": 2}}, {"factor": math.nan}):
        with pytest.raises(InvalidInput):
            migration(SYSTEM, **options)
