import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scaling_lib.capacity import hpa_replicas
from scaling_lib.capacity.hpa import uniform_replicas
from scaling_lib.errors import InvalidInput


def test_published_cases():
    assert hpa_replicas([300, 500, 700], requests=1000, target_utilization=0.3) == 5
    assert hpa_replicas([300, 500, 700], requests=1000, target_utilization=0.3, ready=[False, True, True]) == 4
    assert hpa_replicas([100, 300, 500, 250, 250], requests=1000, target_utilization=0.5) == 3
    assert hpa_replicas([1010, 1030, 1020], requests=[900, 1000, 1100], target_utilization=1.0) == 3
    assert hpa_replicas([20, 10, 30], target_value=15) == 4


def test_missing_metrics_slow_both_directions():
    # up: 900 of 1000 against 50% would be 4; two missing ones at 0 leave 900 x 2 of 4000, below the target: it stays
    assert hpa_replicas([900, 900, None, None], requests=1000, target_utilization=0.5) == 4
    assert hpa_replicas([900, 900, None], requests=1000, target_utilization=0.5) == 4  # 60% of 3 pods: ceil(3.6)
    # down: 100 and 100 of 1000 against 50% would be 1 of 2; a missing one at 100% makes 1200 of 3000, 40%: ceil(2.4)
    assert hpa_replicas([100, 100, math.nan], requests=1000, target_utilization=0.5) == 3
    assert hpa_replicas([100, 100, 100, 100, math.nan], requests=1000, target_utilization=0.5) == 3  # 28%: ceil(2.8)
    # of a custom metric a missing one counts as the target: (2 + 2 + 10) / 30 of 3 pods
    assert hpa_replicas([2, 2, None], target_value=10) == 2


def test_missing_counts_as_the_target_where_that_is_above_the_request():
    # 100 of 100 against 150%: a missing one at 150% makes 250 of 200, 125%, 0.83 of the target: ceil(1.67)
    assert hpa_replicas([100, None, 100, 100], requests=100, target_utilization=1.5) == 3  # 450 / 4 = 112%: ceil(2.99)
    assert hpa_replicas([10, None], requests=100, target_utilization=1.5) == 2  # 160 of 200, 80%: ceil(1.07)


def test_an_unready_pod_without_a_metric_is_a_missing_one():
    # The controller looks for the metric before it looks at the readiness; only of a pending pod it does not.
    # 100 and 100 of 1000 against 50% ask for 1 of 2; with a missing one at 100% 1200 of 3000 are 40%: ceil(2.4).
    pods, unready = [100, 100, None], [True, True, False]
    assert hpa_replicas(pods, requests=1000, target_utilization=0.5, ready=unready) == 3
    assert hpa_replicas(pods, requests=1000, target_utilization=0.5, pending=[False, False, True]) == 1
    # On the way up either counts as 0: 1200 of 3000 are below the target, so it stays.
    assert hpa_replicas([600, 600, None], requests=1000, target_utilization=0.5, ready=unready) == 3
    assert hpa_replicas([600, 600, None], requests=1000, target_utilization=0.5, pending=[False, False, True]) == 3


def test_of_a_custom_metric_readiness_does_not_matter():
    # Kubernetes sets unready pods aside when scaling on CPU: (50 + 10 + 30) / 15 are 6.
    assert hpa_replicas([50, 10, 30], target_value=15, ready=[True, False, True]) == 6
    assert hpa_replicas([50, 10, 30], target_value=15, pending=[False, True, False]) == 6  # 80 of 45 still: ceil(5.33)


def test_no_replicas_switch_it_off():
    assert hpa_replicas([50, 10], target_value=15, replicas=0) == 0


def test_unready_pods_only_count_on_the_way_up():
    assert hpa_replicas([100, 100, 0], requests=1000, target_utilization=0.5, ready=[True, True, False]) == 1
    assert hpa_replicas([500, 500, 0], requests=1000, target_utilization=0.5, ready=[True, True, False]) == 3
    assert hpa_replicas([600, 600, 0], requests=1000, target_utilization=0.5, ready=[True, True, False]) == 3


def test_without_any_metric_nothing_changes():
    assert hpa_replicas([None, None], requests=1, target_utilization=0.5) == 2
    assert hpa_replicas([5, 5], target_value=1, pending=[True, True], replicas=7) == 7
    assert hpa_replicas([5, 5], requests=1, target_utilization=1.0, ready=[False, False], replicas=7) == 7
    assert hpa_replicas([None, None], target_value=1, max_replicas=1) == 1


def test_bounds_hold_the_answer():
    assert hpa_replicas([100], target_value=1, max_replicas=10) == 10
    assert hpa_replicas([0, 0, 0], target_value=1, min_replicas=2) == 2
    assert hpa_replicas([0, 0, 0], target_value=1) == 1


def test_edges_of_the_tolerance_stay():
    assert hpa_replicas([110] * 10, target_value=100) == 10
    assert hpa_replicas([90] * 10, target_value=100) == 10
    assert hpa_replicas([110.1] * 10, target_value=100) == 12
    assert hpa_replicas([89.9] * 10, target_value=100) == 9
    assert hpa_replicas([101] * 100, target_value=100, tolerance=0) == 101


def test_utilization_is_cut_to_a_whole_percent():
    assert hpa_replicas([559] * 10, requests=1000, target_utilization=0.5) == 10  # 55%, within the tolerance
    assert hpa_replicas([560] * 10, requests=1000, target_utilization=0.5) == 12
    assert hpa_replicas([55.9] * 10, target_value=50) == 12


usages = st.lists(st.integers(0, 300), min_size=1, max_size=20)


@given(usages, st.integers(1, 200))
def test_the_answer_brings_the_mean_to_the_target(used, target):
    wanted = hpa_replicas(used, target_value=target)
    if abs(sum(used) - target * len(used)) * 10 > target * len(used) and sum(used):
        assert (wanted - 1) * target < sum(used) <= wanted * target
    else:
        assert wanted == (len(used) if sum(used) else 1)


@given(usages, st.integers(1, 200), st.integers(1, 100))
def test_units_do_not_matter_and_more_use_never_asks_for_fewer(used, target, factor):
    wanted = hpa_replicas(used, target_value=target)
    assert hpa_replicas([each * factor for each in used], target_value=target * factor) == wanted
    more = hpa_replicas([each + factor for each in used], target_value=target)
    assert more >= min(wanted, len(used))


@given(usages, st.data())
def test_pods_not_known_never_make_a_larger_change(used, data):
    """Neither direction goes farther than with every pod at the mean of those that are known."""
    missing = data.draw(st.lists(st.booleans(), min_size=len(used), max_size=len(used)))
    ready = data.draw(st.lists(st.booleans(), min_size=len(used), max_size=len(used)))
    known = [use for use, gone, is_ready in zip(used, missing, ready, strict=True) if is_ready and not gone]
    assume(known)
    mean = sum(known) / len(known)
    seen = [None if gone else use for use, gone in zip(used, missing, strict=True)]
    careful = hpa_replicas(seen, requests=100, target_utilization=1.0, ready=ready)
    bold = hpa_replicas([mean] * len(used), requests=100, target_utilization=1.0)
    if mean > 100:
        assert len(used) <= careful <= max(bold, len(used))
    elif all(ready):
        assert bold <= careful <= len(used)


@given(
    st.integers(0, 100),
    st.integers(1, 100),
    st.integers(1, 30),
    st.integers(0, 30),
    st.sampled_from([0, 0.05, 0.1, 0.3]),
)
def test_equal_pods_need_no_arrays(used, target, measured, unready, tolerance):
    pods, pending = [used] * measured + [None] * unready, [False] * measured + [True] * unready
    expected = hpa_replicas(
        pods, requests=100, target_utilization=target / 100, pending=pending, tolerance=tolerance, min_replicas=1
    )
    assert max(1, uniform_replicas(used / 100, target, measured, unready, tolerance)) == expected


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"usages": []}, "one finite number of 0 or more for each pod"),
        ({"usages": [-1]}, "one finite number of 0 or more for each pod"),
        ({"usages": [math.inf]}, "one finite number of 0 or more for each pod"),
        ({"target_utilization": 0.5}, "either target_utilization"),
        ({"target_value": None}, "either target_utilization"),
        ({"target_value": None, "target_utilization": 0.5}, "either target_utilization"),
        ({"target_value": 0}, "finite and above 0"),
        ({"target_value": None, "target_utilization": 0.5, "requests": [1, 2]}, "2 requests for 3 pods"),
        ({"target_value": None, "target_utilization": 0.5, "requests": [1, 0, 1]}, "finite and above 0"),
        ({"ready": [True]}, "1 values in ready"),
        ({"replicas": -1}, "-1 replicas"),
        ({"replicas": 2.5}, "2.5 replicas; expected a whole number"),
        ({"replicas": "3"}, "'3' replicas"),
        ({"replicas": math.nan}, "nan replicas"),
        ({"usages": ["1", "2", "3"]}, "not all numbers"),
        ({"usages": None}, "one finite number of 0 or more for each pod"),
        ({"target_value": "1"}, "not all numbers"),
        ({"target_value": math.nan}, "finite and above 0"),
        ({"target_value": -1}, "finite and above 0"),
        ({"target_value": None, "target_utilization": "0.5", "requests": 1}, "target_utilization of '0.5'"),
        ({"target_value": None, "target_utilization": math.nan, "requests": 1}, "target_utilization of nan"),
        ({"target_value": None, "target_utilization": 0.5, "requests": "1"}, "not all numbers"),
        ({"ready": ["no", "no", "no"]}, "expected True or False"),
        ({"pending": [0, 1, 2]}, "expected True or False"),
        ({"tolerance": "0.1"}, "tolerance of '0.1'"),
        ({"tolerance": None}, "tolerance of None"),
        ({"tolerance": math.nan}, "tolerance of nan"),
        ({"min_replicas": 1.5}, "min_replicas 1.5"),
        ({"min_replicas": None}, "min_replicas None"),
        ({"max_replicas": math.nan}, "max_replicas nan"),
        ({"max_replicas": "9"}, "max_replicas '9'"),
        ({"tolerance": 1.0}, "tolerance of 1.0"),
        ({"min_replicas": 0}, "min_replicas 0"),
        ({"min_replicas": 5, "max_replicas": 4}, "at least the minimum"),
    ],
)
def test_bad_input_is_said(options, says):
    with pytest.raises(InvalidInput, match=says):
        hpa_replicas(**{"usages": [1, 2, 3], "target_value": 1, **options})


def test_a_percentage_is_no_share():
    with pytest.raises(InvalidInput, match=r"found a target_utilization of 50; expected a share of the requests"):
        hpa_replicas([80, 90, 100], target_utilization=50, requests=100)
