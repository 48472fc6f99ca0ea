import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import values

from scaling_lib.capacity import Autoscaler, headroom, largest_ramp, steepest_rise
from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.stats import Estimate

UNIT = "requests/s"


def exact(value, unit=UNIT):
    return Estimate(value, value, value, 0.95, unit)


def between(value, low, high, unit=UNIT):
    return Estimate(value, low, high, 0.95, unit)


def amounts(found):
    return {each.name: each.amount.value for each in found.deductions}


def test_the_waterfall_by_hand():
    """600 in 3 domains: 200 are lost; a rollout takes 100 of 400; 20% of 300 stay free; 30 rise before more serves.

    210 are left for a peak of 120 that grows by 10%, 12, before more can be there: 78, or 210 / 132 times the peak.
    """
    found = headroom(
        exact(600), exact(120), domains=3, out_in_rollout=0.25, full_at=0.8, growth=exact(0.1, "fraction"),
        lead_time_s=14 * 86_400, rise=exact(15), start_delay_s=120,
    )  # fmt: skip
    assert [(each.name, round(each.amount.value, 9), round(each.left.value, 9)) for each in found.deductions] == [
        ("lost failure domain", 200, 400),
        ("rollout", 100, 300),
        ("target utilisation", 60, 240),
        ("autoscaler's lag", 30, 210),
        ("growth", 12, 198),
        ("used at peak", 120, 78),
    ]
    assert found.absolute.value == pytest.approx(78) and found.factor.value == pytest.approx(210 / 132)
    assert found.absolute.low == pytest.approx(78) and found.absolute.high == pytest.approx(78)
    assert found.state == "enough" and found.together and found.notes == ()
    assert found.sentence == (
        "What counts of a capacity of 600 requests/s takes 1.59x today's peak of 120 requests/s, which leaves "
        "78 requests/s. Most is taken by a lost failure domain: 200 requests/s."
    )
    frame = found.frame
    assert frame["step"].tolist() == ["capacity", *amounts(found)]
    assert frame["amount"].sum() == pytest.approx(78)  # the bars end where the headroom does
    assert frame["amount"].cumsum().tolist() == pytest.approx(frame["left"].tolist())


def test_nothing_but_use():
    found = headroom(exact(100), exact(40))
    assert found.absolute.value == 60 and found.factor.value == 2.5
    assert [each.amount.value for each in found.deductions] == [0, 0, 0, 0, 0, 40]
    assert any("one failure domain" in note for note in found.notes)
    assert "Most is taken" not in found.sentence


def test_whole_servers_lose_more_than_their_share():
    # 4 in 3 domains stand as 2, 1, 1: two are lost; a rollout of a quarter takes one of the two that are left
    found = headroom(exact(4, "servers"), exact(0.5, "servers"), domains=3, out_in_rollout=0.25, servers=4)
    assert amounts(found)["lost failure domain"] == 2 and amounts(found)["rollout"] == 1
    evenly = headroom(exact(9, "servers"), exact(1, "servers"), domains=3, servers=9)
    assert amounts(evenly)["lost failure domain"] == pytest.approx(3)
    single = headroom(exact(1, "servers"), exact(0.5, "servers"), domains=2, servers=1, out_in_rollout=0.5)
    assert single.absolute.value == -0.5 and single.factor.value == 0
    # 10% of 70 is 7.000000000000001 in floating point: seven, not eight
    assert amounts(headroom(exact(70), exact(1), servers=70, out_in_rollout=0.1))["rollout"] == pytest.approx(7)


def test_no_more_domains_count_than_there_are_servers():
    """One server is a domain itself, whose loss no headroom covers; of two in three zones one is lost."""
    single = headroom(exact(100), exact(40), domains=3, servers=1)
    assert amounts(single)["lost failure domain"] == 0 and single.absolute.value == 60
    assert "a single server is itself a failure domain" in single.deductions[0].why
    assert single.notes == ("A single server is itself a failure domain: its loss takes everything, which no headroom "
                            "covers.",)  # fmt: skip
    two = headroom(exact(100), exact(20), domains=3, servers=2)
    assert amounts(two)["lost failure domain"] == 50
    assert two.deductions[0].why == "one of 2 failure domains is lost with 1 of 2 servers, 50% of the capacity"


def test_an_end_that_is_not_known_is_carried_and_decides_nothing():
    unknown = headroom(between(100, math.nan, math.nan), exact(20))
    assert unknown.factor.value == 5 and math.isnan(unknown.factor.low) and math.isnan(unknown.factor.high)
    assert unknown.state == "uncertain" and "how sure is not known" in unknown.sentence
    assert math.isnan(unknown.absolute.low) and any("How sure the capacity" in note for note in unknown.notes)
    # what is used at the most is not known, so what is left at the least is not; at the least 30 are used
    use = headroom(exact(100), between(40, 30, math.nan), full_at=0.9)
    assert math.isnan(use.absolute.low) and use.absolute.high == pytest.approx(60, rel=0.02)
    assert amounts(use)["target utilisation"] == pytest.approx(10)
    assert use.deductions[2].amount.low == pytest.approx(10)
    below = headroom(between(100, math.nan, 110), between(150, 140, 160))
    assert below.state == "too little"  # for sure, whatever the low end
    grows = headroom(exact(100), exact(40), growth=between(0.1, 0.05, math.nan, "fraction"), lead_time_s=86_400)
    assert math.isnan(grows.factor.low) and grows.factor.high == pytest.approx(100 / 42, rel=0.02)


def test_apart_only_the_largest_event_is_taken():
    given_ = {"domains": 4, "out_in_rollout": 0.2, "full_at": 0.5, "rise": exact(20), "start_delay_s": 90}
    apart = headroom(exact(400), exact(50), together=False, **given_)
    # alone, of the 200 that may be used: 50 by the domain, 40 by the rollout, 30 by the rise
    assert amounts(apart) == pytest.approx(
        {"lost failure domain": 100, "rollout": 0, "target utilisation": 150, "autoscaler's lag": 0, "growth": 0,
         "used at peak": 50}
    )  # fmt: skip
    assert "only the largest" in apart.deductions[1].why and not apart.together
    assert headroom(exact(400), exact(50), **given_).factor.value < apart.factor.value
    steep = headroom(exact(400), exact(50), together=False, **(given_ | {"rise": exact(40)}))
    assert amounts(steep)["autoscaler's lag"] == 60 and amounts(steep)["lost failure domain"] == 0


def test_of_a_rise_only_what_the_autoscaler_cannot_follow_is_taken():
    scaler = Autoscaler(target_utilization=0.5, max_replicas=100, startup_s=60, metric="demand")
    ramp = largest_ramp(scaler, 10.0, 110.0)
    # delay 15 + 15 + 60 s; room 110 / .55 = 200 x (1 - .55) = 90 in 1.5 minutes
    assert (ramp.delay_s, ramp.per_minute) == (90, pytest.approx(60))
    found = headroom(exact(1000), exact(300), rise=exact(100), ramp=ramp)
    assert amounts(found)["autoscaler's lag"] == pytest.approx((100 - 60) * 1.5)
    followed = headroom(exact(1000), exact(300), rise=exact(50), ramp=ramp)
    assert amounts(followed)["autoscaler's lag"] == 0 and "all of it is" in followed.deductions[3].why
    unknown = headroom(exact(1000), exact(300), ramp=ramp)
    assert any("How fast demand rises is not known" in note for note in unknown.notes)


def test_a_decline_is_not_counted_on():
    found = headroom(exact(100), exact(40), growth=between(-0.1, -0.2, -0.05, "fraction"), lead_time_s=86_400)
    assert amounts(found)["growth"] == 0 and found.absolute.value == 60
    assert any("declines" in note for note in found.notes)
    assert any("Growth in the 24 h" in n for n in headroom(exact(100), exact(40), lead_time_s=86_400).notes)


def test_intervals_add_as_independent_errors_do():
    # capacity 1000 +- 60 and use 400 +- 25 (95%), both nearly normal: the difference +- sqrt(60^2 + 25^2) = 65
    found = headroom(between(1000, 940, 1060), between(400, 375, 425))
    assert found.absolute.value == 600
    assert found.absolute.high - found.absolute.low == pytest.approx(2 * 65, rel=0.06)
    # of the quotient the relative errors add: sqrt(.06^2 + .0625^2) = .0866
    assert math.log(found.factor.high / found.factor.low) == pytest.approx(2 * 0.0866, rel=0.06)
    narrow = headroom(between(1000, 940, 1060), between(400, 375, 425), level=0.5)
    assert (narrow.absolute.high - narrow.absolute.low) / 130 == pytest.approx(0.6745 / 1.96, rel=0.1)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(20_261_125)
    held = 0
    for _ in range(300):
        capacity, used, growth = random.normal(900, 40), random.normal(300, 20), random.normal(0.2, 0.05)
        found = headroom(
            between(capacity, capacity - 78.4, capacity + 78.4), between(used, used - 39.2, used + 39.2),
            domains=3, growth=between(growth, growth - 0.098, growth + 0.098, "fraction"), full_at=0.9,
        )  # fmt: skip
        held += found.absolute.low <= 900 * 2 / 3 * 0.9 - 300 * 1.2 <= found.absolute.high
    assert 0.91 <= held / 300 <= 0.99, held


def test_what_is_certain_and_what_is_not():
    assert headroom(between(100, 90, 110), between(95, 85, 105)).state == "uncertain"
    short = headroom(between(100, 90, 110), between(150, 140, 160))
    assert short.state == "too little" and "50 requests/s are missing" in short.sentence
    unlimited = headroom(between(100, 90, math.inf), between(50, 45, 55))
    assert unlimited.factor.high == math.inf and unlimited.absolute.high == math.inf and unlimited.factor.low < 2
    assert headroom(exact(100), exact(0)).factor.value == math.inf
    assumed = headroom(dataclasses.replace(exact(100), assumed=True), exact(40))
    assert assumed.factor.assumed and assumed.absolute.assumed


@settings(max_examples=60)
@given(
    domains=st.integers(1, 6), out=st.floats(0, 0.9), full_at=st.floats(0.1, 1), grows=st.floats(0, 1),
    rises=st.floats(0, 20), use=st.floats(1, 200), together=st.booleans(),
)  # fmt: skip
def test_whatever_is_taken_the_sum_holds(domains, out, full_at, grows, rises, use, together):
    found = headroom(
        between(200, 180, 230), between(use, use * 0.9, use * 1.2), domains=domains, out_in_rollout=out,
        full_at=full_at, growth=exact(grows, "fraction"), rise=exact(rises), start_delay_s=60, together=together,
    )  # fmt: skip
    assert 200 - sum(amounts(found).values()) == pytest.approx(found.absolute.value, abs=1e-9)
    assert found.absolute.value == pytest.approx(
        max(found.factor.value * use * (1 + grows), 0) - use * (1 + grows)
    ) or (found.factor.value == 0)
    assert (found.factor.value >= 1) == (found.absolute.value >= -1e-9) or abs(found.absolute.value) < 1e-6
    assert all(each.amount.value >= 0 for each in found.deductions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"used": exact(1, "servers")}, "same unit"),
        ({"capacity": exact(0)}, "above 0"),
        ({"used": exact(-1)}, "finite number of 0 or more"),
        ({"used": between(1, 1, math.inf)}, "limited use"),
        ({"domains": 0}, "domains 0; expected a whole number of 1 or more"),
        ({"domains": 2.5}, "domains 2.5; expected a whole number"),
        ({"domains": "2"}, "domains '2'"),
        ({"domains": math.nan}, "domains nan"),
        ({"servers": 0}, "servers 0"),
        ({"servers": 2.5}, "servers 2.5"),
        ({"servers": True}, "servers True"),
        ({"full_at": "90%"}, "full_at '90%'; expected a number"),
        ({"full_at": math.nan}, "full_at nan"),
        ({"out_in_rollout": "a"}, "out_in_rollout 'a'"),
        ({"out_in_rollout": math.nan}, "out_in_rollout nan"),
        ({"lead_time_s": "1 d"}, "lead_time_s '1 d'"),
        ({"start_delay_s": "60"}, "start_delay_s '60'"),
        ({"full_at": 80}, "Write 80% as 0.8"),
        ({"out_in_rollout": 1.5}, "shares"),
        ({"growth": between(0.1, 0, math.inf)}, "growth"),
        ({"rise": exact(-1)}, "rise of -1"),
        ({"lead_time_s": -1}, "lead_time_s"),
        ({"start_delay_s": math.nan}, "start_delay_s"),
        ({"level": 95}, "level"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        headroom(**({"capacity": exact(100), "used": exact(40)} | change))


def test_what_was_not_measured_is_said():
    with pytest.raises(NotMeasured, match="capacity is not measured"):
        headroom(between(math.nan, math.nan, math.nan), exact(1))


def test_the_steepest_rise():
    demand = values([10, 10, 40, 60, 60, 20, 25], "1min")
    found = steepest_rise(demand, 120, unit=UNIT)
    assert found.per_minute.value == 25 and found.within_s == 120  # from 10 to 60 in two minutes
    assert (found.start, found.end) == (demand.index[1], demand.index[3])
    assert steepest_rise(demand, 90).per_minute.value == pytest.approx(50 / 1.5)  # all 50 may have come in 90 s
    assert steepest_rise(demand, 10).per_minute.value == 30  # the record shows nothing shorter than a minute
    assert (found.days, found.exceeded) == (1, 0.5)


def test_a_rise_is_not_measured_over_a_gap():
    demand = values([10, 10, np.nan, 500, 505], "1min")
    assert steepest_rise(demand, 60).per_minute.value == 5
    assert steepest_rise(demand.dropna(), 60).per_minute.value == 5
    assert steepest_rise(values([9, 8, 7]), 60).per_minute.value == 0
    with pytest.raises(NotEnoughData, match="no two values"):
        steepest_rise(demand, 3600)
    with pytest.raises(InvalidInput, match="time zone"):
        steepest_rise(pd.Series([1.0, 2.0]), 60)


def test_plain_numbers_are_taken_as_exact():
    found = headroom(20.0, 5.0)
    assert (found.factor.value, found.factor.low, found.factor.high) == pytest.approx((4, 4, 4))
