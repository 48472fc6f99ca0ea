import math

import numpy as np
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout import Ring, by_alerts, by_version, ring_risk, safest_in_time
from scaling_lib.rollout.e_values import e_value_above
from scaling_lib.slo import alert_policy
from scaling_lib.stats import Estimate

ALWAYS = Estimate(1.0, 1.0, 1.0, unit="fraction")
TEN_MINUTES = Estimate(600.0, 600.0, 600.0, unit="s")
BIG_BANG = [Ring(share=1)]
BUDGET_S = 0.001 * 28 * 86_400


def risk(rings, *, failing=(0.5, 0.5), detect=lambda share, failing: 100.0, chance=ALWAYS, **options):
    return ring_risk(
        rings, target=0.999, defect_chance=chance, failing=failing, detect=detect, rollback_s=TEN_MINUTES, **options
    )


def test_a_big_bang_by_hand():
    found = risk(BIG_BANG)
    assert found.if_defect == pytest.approx(0.5 * 700 / BUDGET_S)
    assert found.high == pytest.approx(found.if_defect)
    assert found.expected.value == pytest.approx(found.if_defect)
    assert found.caught == (1.0,)


def test_rings_by_hand():
    rings = [Ring(share=0.1, soak_s=60), Ring(share=0.5, soak_s=3600), Ring(share=1)]
    found = risk(rings, detect=lambda share, failing: 100 if share < 1 else 10)
    assert found.caught == (0.0, 1.0, 0.0)  # 60 s are too short for the first ring
    assert found.if_defect == pytest.approx(0.5 * (0.1 * 60 + 0.5 * 700) / BUDGET_S)
    assert found.takes_s == 3660


def test_what_is_never_seen_spends_to_the_end_of_the_period():
    found = risk(BIG_BANG, detect=lambda share, failing: math.inf, failing=(0.0005, 0.0005))
    assert found.if_defect == pytest.approx(0.5)
    assert found.caught == (0.0,)


def test_the_chance_of_a_defect_scales_what_is_expected():
    chance = Estimate(0.05, 0.02, 0.12, unit="fraction")
    found = risk(BIG_BANG, chance=chance)
    whole = 0.5 * 700 / BUDGET_S
    assert (found.expected.value, found.expected.low, found.expected.high) == pytest.approx(
        (0.05 * whole, 0.02 * whole, 0.12 * whole)
    )
    assert found.over_left == 0
    assert risk(BIG_BANG, chance=chance, left=0.1).over_left == pytest.approx(0.056, abs=0.012)  # the mean chance
    assert risk(BIG_BANG, chance=chance, left=-0.2).over_left == 1


def test_severities_are_as_likely_at_each_power_of_ten():
    found = risk(BIG_BANG, failing=(0.001, 1.0))
    mean = (1 - 0.001) / math.log(1000)
    assert found.if_defect == pytest.approx(mean * 700 / BUDGET_S, rel=0.03)


def test_detection_by_alerts_is_the_fastest_tier():
    policy = alert_policy("28d")
    seen = by_alerts(policy, 0.999)
    assert seen(1.0, 1.0) == pytest.approx(0.02 * 28 * 86_400 * 0.001)
    assert seen(0.1, 0.5) == pytest.approx(20 * seen(1.0, 1.0))
    assert seen(0.001, 0.5) == math.inf
    assert by_alerts(policy, 0.999, background=0.0009)(0.001, 0.5) < math.inf


def test_detection_by_version_is_when_the_evidence_is_there():
    seen = by_version(20.0, background=0.001)(0.1, 0.05)
    requests = 20 * seen
    assert e_value_above(requests * 0.1 * 0.05, requests * 0.9 * 0.001, 0.1) == pytest.approx(20, rel=0.05)
    assert by_version(20.0, background=0.05)(0.1, 0.05) == math.inf  # it fails no more often than the old one
    assert by_version(20.0)(0.01, 0.05) > by_version(20.0)(0.1, 0.05)


def test_by_version_nothing_is_seen_where_no_old_version_is_left():
    seen = by_version(20.0, background=0.001)
    assert seen(1.0, 0.5) == math.inf
    assert seen(0.99, 0.5) > 10 * seen(0.5, 0.5)  # of the old version there are too few to compare with
    found = risk([Ring(share=0.001, soak_s=1), Ring(share=1)], detect=seen)
    assert found.caught == (0.0, 0.0)


def test_rings_cost_less_than_a_big_bang_where_something_sees_the_version():
    detect = by_version(28.0, background=0.0002)
    rings = [Ring(share=0.05, soak_s=3600), Ring(share=1)]
    ringed = risk(rings, failing=(0.01, 1.0), detect=detect)
    assert ringed.if_defect < 0.2 * risk(BIG_BANG, failing=(0.01, 1.0), detect=detect).if_defect
    assert sum(ringed.caught) == pytest.approx(1)


def test_the_shortest_plan_within_the_budget_left():
    slow, quick = (
        risk([Ring(share=0.1, soak_s=7200), Ring(share=1)]),
        risk([Ring(share=0.1, soak_s=600), Ring(share=1)]),
    )
    bang = risk(BIG_BANG)
    assert safest_in_time([bang, slow, quick], left=0.05) is quick
    assert safest_in_time([bang, slow, quick], left=1.0) is bang
    assert safest_in_time([bang, quick], left=0.0) is quick


def test_the_same_question_has_the_same_answer():
    plan = [Ring(share=0.1, soak_s=600), Ring(share=1)]
    chance = Estimate(0.05, 0.02, 0.12, unit="fraction")
    assert risk(plan, failing=(0.01, 1), chance=chance) == risk(plan, failing=(0.01, 1), chance=chance)


@pytest.mark.parametrize(
    ("rings", "words"),
    [
        ([], "no ring"),
        ([Ring(share=0.5)], "the last of which is 1"),
        ([Ring(share=0.5, soak_s=1), Ring(share=0.1, soak_s=1), Ring(share=1)], "growing shares"),
        ([Ring(share=0, soak_s=1), Ring(share=1)], "ring's share of 0"),
        ([Ring(share=0.1, soak_s=-1), Ring(share=1)], "-1 s"),
        ([Ring(share=0.1, soak_s=math.nan), Ring(share=1)], "nan s"),
    ],
)
def test_plans_that_cannot_be(rings, words):
    with pytest.raises(InvalidInput, match=words):
        risk(rings)


def test_options_that_cannot_be():
    with pytest.raises(InvalidInput, match="low to high"):
        risk(BIG_BANG, failing=(0.5, 0.1))
    with pytest.raises(InvalidInput, match="failing requests"):
        risk(BIG_BANG, failing=(0.0, 0.1))
    with pytest.raises(InvalidInput, match="expected days"):
        risk(BIG_BANG, period="month")
    with pytest.raises(InvalidInput, match="a rate above 0"):
        by_version(0)
    with pytest.raises(InvalidInput, match="no plan"):
        safest_in_time([], 1)
    assert np.isfinite(risk(BIG_BANG, left=0).if_defect)
