import math

import pytest

from scaling_lib.architecture.microservices import microservices_gate
from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate

READY = {"tracing": True, "rollback": True, "on-call": True}


def sure(value, unit="fraction"):
    return Estimate(value, value * 0.95, value * 1.05, unit=unit)


def gate(**changed):
    usual = {
        "scaling_gain": sure(2.0, "x"),
        "train_share": sure(0.05),
        "co_change": sure(0.05),
        "ready": READY,
        "cheaper_is_enough": False,
    }
    return microservices_gate(**{**usual, **changed})


def test_all_that_a_split_takes():
    assert gate().verdict == "SPLIT"
    assert gate(scaling_gain=sure(1.0, "x"), train_share=sure(0.5)).verdict == "SPLIT"  # the deploy train alone is one


@pytest.mark.parametrize(
    "changed",
    [
        {"scaling_gain": sure(1.0, "x")},
        {"co_change": sure(0.4)},
        {"ready": {**READY, "tracing": False}},
        {"cheaper_is_enough": True},
    ],
)
def test_one_that_fails_is_enough_to_stay(changed):
    assert gate(**changed).verdict == "STAY"
    assert gate(**changed, **({} if "scaling_gain" in changed else {"scaling_gain": None})).verdict == "STAY"


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"co_change": None}, "few changes cross the cut"),
        ({"co_change": Estimate(0.2, 0.1, 0.3, unit="fraction")}, "few changes cross the cut"),
        ({"scaling_gain": None}, "capacity that scales in isolation"),
        ({"ready": {"tracing": True, "rollback": True}}, "on-call is there"),
        ({"cheaper_is_enough": None}, "no cheaper option carries the load"),
        ({"scaling_gain": Estimate(math.nan, math.nan, math.nan)}, "capacity that scales in isolation"),
    ],
)
def test_what_is_not_known_is_measured_first(changed, missing):
    found = gate(**changed)
    assert found.verdict == "MEASURE FIRST"
    assert missing in found.missing


def test_conditions_say_why():
    found = gate(co_change=Estimate(0.31, 0.28, 0.35, unit="fraction"))
    said = {each.name: each.because for each in found.conditions}
    assert said["few changes cross the cut"] == "31% (28% to 35%); it takes below 20%"


def merge(**changed):
    usual = {
        "scaling_gain": sure(1.0, "x"),
        "train_share": sure(0.02),
        "co_change": sure(0.5),
        "call_tax": sure(0.05),
        "split_already": True,
    }
    return microservices_gate(**{**usual, **changed}).verdict


def test_merging_back():
    assert merge() == "MERGE BACK"
    assert merge(co_change=sure(0.05), call_tax=sure(0.4)) == "MERGE BACK"
    assert merge(co_change=sure(0.05)) == "STAY"
    assert merge(scaling_gain=sure(3.0, "x")) == "STAY"
    assert merge(train_share=sure(0.6)) == "STAY"
    assert merge(train_share=None) == "MEASURE FIRST"
    assert merge(co_change=None) == "MEASURE FIRST"


def test_what_cannot_be():
    with pytest.raises(InvalidInput, match="co_change of 1.4"):
        gate(co_change=sure(1.4))
    with pytest.raises(InvalidInput, match="'logs' in ready"):
        gate(ready={"logs": True})


def test_what_is_assumed_or_of_unknown_ends_does_not_decide_for_a_change():
    assumed = Estimate(2.0, 1.9, 2.1, unit="x", assumed=True)
    found = gate(scaling_gain=assumed)
    assert found.verdict == "MEASURE FIRST" and found.missing == ("capacity that scales in isolation",)
    assert "to be measured" in found.conditions[0].because
    against = Estimate(1.0, 0.9, 1.1, unit="x", assumed=True)
    assert gate(scaling_gain=against).verdict == "STAY"
    assert gate(scaling_gain=Estimate(2.0, math.nan, math.nan, unit="x")).verdict == "MEASURE FIRST"
    assert gate(co_change=Estimate(0.05, math.nan, math.nan, unit="fraction")).verdict == "MEASURE FIRST"


def test_a_cheaper_way_out_is_said():
    said = {each.name: each.because for each in gate(cheaper_is_enough=True).conditions}
    assert said["no cheaper option carries the load"] == "one does, and is undone sooner"
