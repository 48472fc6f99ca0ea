import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.capacity import DEFAULT_SCALE_DOWN, DEFAULT_SCALE_UP, ScalingPolicy, ScalingRules
from scaling_lib.capacity.hpa_behavior import SECOND, Behavior
from scaling_lib.errors import InvalidInput


def walk(recommended, up=DEFAULT_SCALE_UP, down=DEFAULT_SCALE_DOWN, *, first, sync_s=15, least=1, most=1000):
    """Replicas after each sync, the first at 0 s."""
    behavior = Behavior(up, down, replicas=first, min_replicas=least, max_replicas=most)
    replicas, found = first, []
    for place, wanted in enumerate(recommended):
        replicas = behavior.next_replicas(place * sync_s * SECOND, replicas, wanted)
        found.append(replicas)
    return found


def rules(*policies, select="Max", stabilization_s=0):
    made = tuple(ScalingPolicy(kind=kind, value=value, period_s=period) for kind, value, period in policies)
    return ScalingRules(policies=made, select=select, stabilization_s=stabilization_s)


def test_default_scale_up_from_1_to_100():
    assert walk([100] * 7, first=1) == [5, 10, 20, 40, 80, 100, 100]


def test_scale_down_waits_for_the_window_to_pass():
    # 300 s in steps of 15 s: the recommendations of 0 to 285 s before count, the one exactly 300 s old no more
    found = walk([10] + [4] * 25, first=10)
    assert found[:20] == [10] * 20 and found[20] == 4
    # and a single higher one holds it at that
    found = walk([10] + [4] * 10 + [7] + [4] * 25, first=10)
    assert found[20] == 7 and found[30] == 7 and found[31] == 4


def test_the_start_counts_as_a_recommendation():
    assert walk([4] * 21, first=10) == [10] * 20 + [4]


def test_scale_up_window_takes_the_least():
    up = rules(("Percent", 900, 15), stabilization_s=45)
    assert walk([5, 5, 5, 5, 5], up, first=2) == [2, 2, 2, 5, 5]
    assert walk([5, 5, 3, 5, 5, 5], up, first=2) == [2, 2, 2, 3, 3, 5]


def test_select_and_disabled():
    both = [("Pods", 4, 15), ("Percent", 10, 15)]
    assert walk([1000], rules(*both), first=100) == [110]
    assert walk([1000], rules(*both, select="Min"), first=100) == [104]
    assert walk([1000], rules(*both, select="Disabled"), first=100) == [100]
    down = [("Pods", 4, 60), ("Percent", 10, 60)]
    assert walk([1], down=rules(*down), first=100) == [90]
    assert walk([1], down=rules(*down, select="Min"), first=100) == [96]
    assert walk([1], down=rules(*down, select="Disabled"), first=100) == [100]


def test_a_policy_counts_what_changed_within_its_period():
    assert walk([50] * 9, rules(("Pods", 4, 60)), first=10) == [14, 14, 14, 14, 18, 18, 18, 18, 22]
    assert walk([50] * 5, rules(("Percent", 10, 60)), first=10) == [11, 11, 11, 11, 13]  # 12.1 rounded up
    assert walk([1] * 5, down=rules(("Percent", 25, 60)), first=10) == [7, 7, 7, 7, 5]  # 7.5 and 5.25 cut
    # what went up within the period may go down again: both directions are in the same book
    assert walk([14, 10], down=rules(("Pods", 2, 60)), up=rules(("Pods", 4, 60)), first=10) == [14, 10]


def test_bounds():
    assert walk([100] * 3, first=3, most=7) == [7, 7, 7]
    assert walk([0] * 3, down=rules(("Percent", 100, 15)), first=3, least=2) == [2, 2, 2]


policies = st.tuples(st.sampled_from(["Pods", "Percent"]), st.integers(1, 150), st.sampled_from([1, 15, 20, 60, 120]))
any_rules = st.builds(
    lambda made, select, window: rules(*made, select=select, stabilization_s=window),
    st.lists(policies, min_size=1, max_size=3),
    st.sampled_from(["Max", "Min", "Disabled"]),
    st.sampled_from([0, 10, 15, 40, 300]),
)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), any_rules, any_rules, st.integers(2, 40))
def test_it_moves_towards_what_was_wanted_and_stays_in_bounds(recommended, up, down, first):
    found = walk(recommended, up, down, first=first, least=2, most=40)
    for place, (before, after) in enumerate(zip([first, *found], found, strict=False)):
        asked = [first, *recommended[: place + 1]]
        assert 2 <= after <= 40
        assert after <= max(before, max(asked)) and after >= min(before, max(2, min(asked)))
        if recommended[place] == before:
            assert after == before


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ScalingPolicy(kind="Nodes", value=1, period_s=15),
        lambda: ScalingPolicy(kind="Pods", value=0, period_s=15),
        lambda: ScalingPolicy(kind="Pods", value=1, period_s=1801),
        lambda: rules(select="Max"),
        lambda: rules(("Pods", 1, 15), select="max"),
        lambda: rules(("Pods", 1, 15), stabilization_s=3601),
        lambda: rules(("Pods", 1, 15), stabilization_s="15"),
        lambda: rules(("Pods", 1, 15), stabilization_s=math.nan),
        lambda: ScalingPolicy(kind="Pods", value=1.5, period_s=15),
        lambda: ScalingPolicy(kind="Pods", value="1", period_s=15),
        lambda: ScalingPolicy(kind="Pods", value=1, period_s=None),
        lambda: ScalingRules(policies=None),
        lambda: ScalingRules(policies=("Pods",)),
    ],
)
def test_bad_rules_are_said(wrong):
    with pytest.raises(InvalidInput, match="expected"):
        wrong()
