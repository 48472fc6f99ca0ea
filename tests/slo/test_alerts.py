import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import (
    Tier,
    alert_policy,
    detection_time,
    exhaustion_time,
    lint,
    outage_cost,
    reset_time,
)


def single(window_s, factor):
    return Tier("page", window_s, window_s, factor)


@pytest.mark.parametrize(
    ("period", "factors"),
    [("30d", (14.4, 6, 3, 1)), ("28d", (13.44, 5.6, 2.8, 0.9333)), ("7d", (3.36, 1.4, 0.7, 0.2333))],
)
def test_burn_factors(period, factors):
    assert [tier.factor for tier in alert_policy(period)] == pytest.approx(factors, abs=5e-5)


def test_tiers_are_tuples():
    policy = alert_policy()
    severity, long_window, short_window, factor = policy.tiers[0]
    assert (severity, long_window, short_window, factor) == ("page", 3600, 300, 14.4)
    assert [tier.name for tier in policy] == ["1h/5m", "6h/30m", "1d/2h", "3d/6h"]
    assert policy.only("ticket") == policy.tiers[2:]
    assert alert_policy("month") == policy


@pytest.mark.parametrize(
    ("tier", "seconds"),
    [(single(600, 1), 0.6), (single(129_600, 1), 129.6), (single(3600, 36), 129.6), (single(3600, 14.4), 51.84)],
)
def test_detection_of_a_total_outage(tier, seconds):
    assert detection_time(tier, 0.999, 1) == pytest.approx(seconds)


def test_reset_of_a_single_window():
    assert reset_time(single(3600, 36), 0.999, 1) == pytest.approx(57.84 * 60)
    assert reset_time(("page", 3600, 300, 36), 0.999, 1) == pytest.approx(0.964 * 300)  # the short window decides


def test_too_slow_a_burn_is_never_detected():
    tier = single(3600, 14.4)
    assert detection_time(tier, 0.999, 0.0144) == math.inf  # strictly above
    assert detection_time(tier, 0.999, 0.0145) < 3600
    assert detection_time(tier, 0.999, 0) == math.inf
    assert reset_time(tier, 0.999, 0.01) == 0
    assert reset_time(tier, 0.999, 1, duration_s=50) == 0
    assert reset_time(tier, 0.999, 1, duration_s=52) > 0


def test_exhaustion_and_outage():
    assert exhaustion_time("30d", 35) / 3600 == pytest.approx(20.57, abs=0.005)
    assert exhaustion_time("30d", 0) == math.inf
    assert outage_cost(0.999, 3600) == pytest.approx(1.389, abs=5e-4)


@given(st.floats(0.001, 1), st.floats(0.001, 1), st.sampled_from([0.9, 0.99, 0.999]))
def test_worse_outages_are_seen_no_later(first, second, target):
    mild, bad = sorted((first, second))
    for tier in alert_policy():
        assert detection_time(tier, target, bad) <= detection_time(tier, target, mild)
        assert detection_time(tier, target, bad) < tier.long_window_s or math.isinf(detection_time(tier, target, bad))


def kinds(period, target, rate):
    return [
        (remark.kind, remark.tier.name if remark.tier else "") for remark in lint(alert_policy(period), target, rate)
    ]


def test_lint():
    assert kinds("30d", 0.999, 100) == []
    assert kinds("28d", 0.999, 100) == [("over-eager", "3d/6h")]
    assert kinds("30d", 0.9, 100) == [("unreachable", "1h/5m")]
    assert kinds("30d", 0.94, 100) == []
    # thresholds 0.0144, 0.006, 0.003, 0.001 need 70, 167, 334, 1,000 events; 0.01/s gives 36, 216, 864, 2,592
    assert kinds("30d", 0.999, 0.01) == [("one-event page", "1h/5m")]
    assert [kind for kind, _ in kinds("30d", 0.999, 0.0001)] == ["one-event page"] * 2 + ["one-event ticket"] * 2
    assert kinds("30d", 0.999, 0) == [("no traffic", "")]


def test_lint_boundaries_are_exact():
    policy = alert_policy("30d", tiers=[("page", "0.02", 3600, 300)])
    assert [remark.kind for remark in lint(policy, 1 - 1 / 14.4 + 1e-6, 1000)] == []
    exact = alert_policy("10h", tiers=[("page", "1", 3600, 300)])  # factor 10, target 0.9: exactly 100%
    assert [remark.kind for remark in lint(exact, 0.9, 1000)] == ["unreachable"]


def test_impossible_arguments():
    with pytest.raises(InvalidInput):
        alert_policy("soon")
    with pytest.raises(InvalidInput, match="windows"):
        alert_policy(tiers=[("page", "0.02", 300, 3600)])
    with pytest.raises(InvalidInput, match="share"):
        alert_policy(tiers=[("page", 2, 3600, 300)])
    with pytest.raises(InvalidInput, match="rate"):
        lint(alert_policy(), 0.999, -1)
    with pytest.raises(InvalidInput, match="Error rate"):
        detection_time(single(3600, 1), 0.999, 99.9)
    with pytest.raises(InvalidInput, match="Target"):
        detection_time(single(3600, 1), 1.0, 0.5)
