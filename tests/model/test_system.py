"""`System`: the laws by hand, properties that hold for all systems, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.migration import migration
from scaling_lib.model.queueing import mmc, mva
from scaling_lib.model.system import System
from scaling_lib.stats import Estimate

SYSTEM_OF_ONE = System({"cpu": 0.02}, {}, 10.0, 1.0)
SHOP = System({"cpu": 0.02, "db": {"browse": 0.01, "buy": 0.05}}, {"cpu": 2}, {"browse": 20.0, "buy": 5.0}, 1.0)


def test_utilisation_is_throughput_times_demand_over_servers():
    assert SHOP.utilization() == pytest.approx({"cpu": 25 * 0.02 / 2, "db": 20 * 0.01 + 5 * 0.05})


def test_the_bottleneck_is_full_at_the_growth_limit_of_todays_arrivals():
    bounds = SHOP.bounds()
    assert SHOP.bottleneck() == bounds.bottleneck == "db"
    assert bounds.saturation.value == pytest.approx(25 / 0.45)  # 25 requests/s take 0.45 of the database
    assert bounds.growth_limit.value == pytest.approx(1 / 0.45)
    assert bounds.least_response.value == pytest.approx(0.02 + 0.8 * 0.01 + 0.2 * 0.05)
    assert SHOP.grow(bounds.growth_limit.value).utilization()["db"] == pytest.approx(1.0)


def test_the_open_solution_is_that_of_single_queues():
    found = SHOP.solve()
    cpu, db = mmc(25.0, 1 / 0.02, 2), 1 / (1 - 0.45)
    assert found.residence["cpu"] == pytest.approx(cpu.response)
    assert found.response["browse"] == pytest.approx(cpu.response + 0.01 * db)
    assert found.response["buy"] == pytest.approx(cpu.response + 0.05 * db)
    assert found.stable and found.saturated == ()
    assert found.throughput == pytest.approx(25.0)


@given(st.floats(0.01, 0.99), st.integers(1, 40), st.floats(0.001, 100))
def test_one_open_resource_is_mmc(share, servers, demand):
    rate = share * servers / demand
    found, queue = System({"cpu": demand}, {"cpu": servers}, rate).solve(), mmc(rate, 1 / demand, servers)
    assert found.mean_response == pytest.approx(queue.response, rel=1e-9)
    assert found.utilization["cpu"] == pytest.approx(share, rel=1e-12)


def test_an_open_system_is_the_limit_of_many_who_think_long():
    """100,000 users who think for 10,000 s between requests are near Poisson arrivals of 10/s."""
    system = System({"cpu": 0.17, "disk": 0.06}, {"cpu": 3, "disk": 1}, 10.0, 10_000)
    assert system.solve().residence == pytest.approx(system.solve(100_000).residence, rel=2e-3)


def test_beyond_saturation_the_open_system_is_not_stable_and_says_who_waits():
    found = System({"cpu": 0.02, "db": {"buy": 0.5}}, {}, {"browse": 20.0, "buy": 4.0}).solve()
    assert not found.stable and found.saturated == ("db",)
    assert found.response["buy"] == math.inf
    assert found.response["browse"] == pytest.approx(0.02 / (1 - 0.48))
    assert found.throughput == pytest.approx(12.0)  # 2 a second of "buy", a sixth of the mix


def test_the_closed_solution_is_mean_value_analysis_of_the_mean_request():
    found, known = SHOP.solve(30), mva({"cpu": 0.02, "db": 0.018}, 30, 1.0, {"cpu": 2, "db": 1})
    assert found.throughput == pytest.approx(known.throughput)
    assert found.mean_response == pytest.approx(known.response)
    assert found.mean_response == pytest.approx(30 / found.throughput - 1.0)  # Little's law
    assert 0.8 * found.response["browse"] + 0.2 * found.response["buy"] == pytest.approx(found.mean_response)
    assert found.utilization["db"] == pytest.approx(known.utilization["db"])


def test_known_figures_of_mean_value_analysis_come_out_of_the_system():
    found = System({"a": 2.0, "b": 3.0, "c": 1.0}, {}, 0.1, 4.0).solve(20)
    assert found.throughput == pytest.approx(0.3332465, rel=1e-6)
    assert found.mean_response == pytest.approx(56.01563, rel=1e-6)


def test_a_pure_delay_is_waited_for_but_never_full():
    with_delay = System({"cpu": 0.02, "network": 0.3}, {"network": math.inf}, 10.0)
    assert with_delay.utilization()["network"] == 0.0
    assert set(with_delay.limits()) == {"cpu"}
    assert with_delay.solve().mean_response == pytest.approx(0.3 + 0.02 / 0.8)
    closed, thinking = with_delay.solve(8), mva({"cpu": 0.02}, 8, 0.3)
    assert closed.throughput == pytest.approx(thinking.throughput)
    assert closed.mean_response == pytest.approx(thinking.response + 0.3)
    bounds = with_delay.bounds(8)
    assert bounds.response_low <= closed.mean_response <= bounds.response_high
    assert bounds.throughput_low <= closed.throughput <= bounds.throughput_high


def test_background_work_takes_capacity_and_slows_requests():
    busy = System({"cpu": 0.02}, {}, 20.0, background={"cpu": 0.2})
    assert busy.utilization()["cpu"] == pytest.approx(0.6)
    assert busy.bounds().saturation.value == pytest.approx(0.8 / 0.02)
    assert busy.solve().mean_response == pytest.approx(0.02 / (1 - 0.6))
    assert busy.solve(1).mean_response == pytest.approx(0.02 / 0.8)  # alone with the background
    assert busy.solve(1000).throughput == pytest.approx(40.0)
    assert busy.solve(1000).utilization["cpu"] == pytest.approx(1.0)


def test_to_relieve_never_worsens_whichever_way_the_factor_is_written():
    assert SHOP.relieve("db", 2) == SHOP.relieve("db", 0.5)
    assert SHOP.relieve("db", 2).utilization() == pytest.approx({"cpu": 0.25, "db": 0.225})
    assert SHOP.relieve("db", 4).bottleneck() == "cpu"
    assert SHOP.relieve("db", 2, journey="buy").utilization()["db"] == pytest.approx(0.2 + 0.125)


def test_the_relief_of_one_journey_is_of_its_own_intervals_alone():
    """Where only that journey comes, the interval of the demand is halved; where only the other, it stays."""
    unsure = Estimate(0.02, 0.01, 0.04)
    demands = {"cpu": {"browse": unsure, "buy": unsure}}
    for rates, times in (({"browse": 1.0, "buy": 0.0}, 1.0), ({"browse": 0.0, "buy": 1.0}, 0.5)):
        system = System(demands, {}, rates)
        before, after = system.mean_demand("cpu"), system.relieve("cpu", 2, journey="buy").mean_demand("cpu")
        for end in ("value", "low", "high"):
            assert getattr(after, end) == pytest.approx(times * getattr(before, end), rel=1e-12)


def test_background_that_may_be_more_than_there_is_leaves_something_to_requests():
    """Some of the draws have more background than servers; each draw is still a system that can be solved."""
    system = System({"cpu": 0.01}, {"cpu": 2}, 10.0, 1.0, background={"cpu": Estimate(1.5, 0.5, 2.5)})
    most = [drawn.background["cpu"].value for drawn in system.drawn]
    assert max(most) == pytest.approx(0.999 * 2) and min(most) < 1.5
    found = system.predict(50)
    assert 0 < found.throughput.low < found.throughput.value < found.throughput.high
    assert found.throughput.low < 0.2 + 1e-9  # what 0.002 servers do with 10 ms each


def test_more_servers_and_more_arrivals():
    assert SHOP.scale("db", 3).utilization()["db"] == pytest.approx(0.15)
    assert SHOP.grow({"buy": 2}).utilization()["db"] == pytest.approx(0.2 + 0.5)
    assert SHOP.grow(2).utilization() == pytest.approx({"cpu": 0.5, "db": 0.9})


def test_one_uncertain_demand_gives_the_interval_of_what_rests_on_it():
    system = System({"cpu": Estimate(0.02, 0.016, 0.025)}, {}, 10.0)
    saturation = system.bounds().saturation
    assert (saturation.value, saturation.low, saturation.high) == pytest.approx((50, 40, 62.5), rel=0.03)
    use = system.utilization_estimates()["cpu"]
    assert (use.value, use.low, use.high) == pytest.approx((0.2, 0.16, 0.25), rel=0.03)


def test_an_interval_whose_ends_are_not_known_makes_no_exact_figure():
    """What rests on the database alone keeps its interval; what rests on the processor has none, and is not exact."""
    demands = {"cpu": Estimate(0.02, math.nan, math.nan), "db": Estimate(0.01, 0.008, 0.012)}
    system = System(demands, {"cpu": 4}, 10.0, 1.0)
    bounds, predicted, step = system.bounds(), system.predict(50), migration(system, steps=1)[0]
    assert bounds.saturation.value == pytest.approx(100)  # of the database; 200 of the four processors
    unknown = [
        system.mean_demand("cpu"), system.limits()["cpu"], system.utilization_estimates()["cpu"], bounds.saturation,
        bounds.growth_limit, bounds.least_response, bounds.saturation_population, predicted.throughput,
        predicted.mean_response, step.gain,
    ]  # fmt: skip
    assert all(math.isnan(each.low) and math.isnan(each.high) and each.value > 0 for each in unknown)
    known = [system.mean_demand("db"), system.limits()["db"], system.utilization_estimates()["db"]]
    assert all(each.low < each.value < each.high for each in known)
    arrivals = System({"cpu": Estimate(0.02, 0.01, 0.03)}, {}, Estimate(10.0, math.nan, math.nan))
    assert math.isnan(arrivals.bounds().growth_limit.low) and arrivals.bounds().saturation.low > 0


def test_the_level_is_that_of_all_that_a_system_says():
    # ln D is normal: half of all cases lie within 0.6745 / 1.9600 of the ends of the 95%
    system = System({"cpu": Estimate(0.02, 0.016, 0.025)}, {}, 10.0, 1.0, level=0.5)
    by = 1.25 ** (0.6745 / 1.9600)
    bounds, predicted, step = (
        system.bounds(),
        system.grow(1).predict(500),
        migration(system.scale("cpu", 2), steps=1)[0],
    )
    for found, value in (
        (system.mean_demand("cpu"), 0.02), (system.utilization_estimates()["cpu"], 0.2), (system.limits()["cpu"], 50),
        (bounds.saturation, 50), (bounds.growth_limit, 5), (bounds.least_response, 0.02),
        (step.before, 100), (step.after, 200),
    ):  # fmt: skip
        assert (found.low, found.value, found.high) == pytest.approx((value / by, value, value * by), rel=0.01)
        assert found.level == 0.5
    for found in (bounds.saturation_population, predicted.throughput, predicted.mean_response, step.gain):
        assert found.level == 0.5
    assert predicted.throughput.high < 1.15 * predicted.throughput.value
    assert system.drawn[0].level == 0.5


def test_predictions_have_the_interval_of_the_demands():
    system = System({"cpu": Estimate(0.02, 0.016, 0.025)}, {}, 10.0, 1.0)
    opened = system.predict()
    ends = [demand / (1 - 10 * demand) for demand in (0.016, 0.02, 0.025)]
    found = opened.response["all"]
    assert (found.low, found.value, found.high) == pytest.approx(ends, rel=0.1)
    assert opened.stable == 1.0
    full = system.predict(500).throughput  # 1 / demand
    assert (full.low, full.value, full.high) == pytest.approx((40, 50, 62.5), rel=0.06)
    near = system.grow(5.0).predict()  # 50 requests/s: full at a demand of 0.02, the middle of its interval
    assert 0.3 < near.stable < 0.7 and near.mean_response.high == math.inf
    unsure = System(
        {"cpu": Estimate(0.02, 0.0, 0.05)}, {}, Estimate(10.0, 0.0, 30.0), background={"cpu": Estimate(0.2, 0, 2)}
    )
    assert 0 < unsure.predict().stable < 1
    known = System({"cpu": 0.02}, {}, 10.0, 1.0).predict(20)
    assert known.throughput.low == known.throughput.high == SYSTEM_OF_ONE.solve(20).throughput


def test_the_certainty_of_the_bottleneck_is_that_of_two_lognormal_demands():
    # two demands alike, ln D of the same spread: one is above the other in half of all cases
    alike = System({"a": Estimate(0.02, 0.01, 0.04), "b": Estimate(0.02, 0.01, 0.04), "c": 0.001}, {}, 1.0)
    certainty = alike.bottleneck_certainty()
    assert certainty["a"] == pytest.approx(0.5, abs=0.04) and certainty["c"] < 0.01
    # ln D apart by ln 1.5, each with the spread ln 2 / 1.96: P = Phi(0.4055 / (0.3537 sqrt 2)) = Phi(0.8107) = 0.791
    apart = System({"a": Estimate(0.03, 0.015, 0.06), "b": Estimate(0.02, 0.01, 0.04)}, {}, 1.0)
    assert apart.bottleneck_certainty()["a"] == pytest.approx(0.791, abs=0.03)
    assert System({"a": 0.02, "b": 0.02}, {}, 1.0).bottleneck_certainty() == {"a": 0.5, "b": 0.5}


def test_demands_of_one_resource_err_together():
    one = System({"cpu": {"a": Estimate(0.02, 0.01, 0.04), "b": Estimate(0.02, 0.01, 0.04)}}, {}, {"a": 5.0, "b": 5.0})
    assert (one.bounds().saturation.low, one.bounds().saturation.high) == pytest.approx((25, 100), rel=0.08)


@settings(max_examples=40, deadline=None)
@given(
    demands=st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=4),
    servers=st.lists(st.integers(1, 6), min_size=4, max_size=4),
    rate=st.floats(0.01, 50.0),
    factor=st.floats(0.05, 20.0),
    users=st.integers(1, 60),
)
def test_for_every_system(demands, servers, rate, factor, users):
    system = System(
        {str(k): each for k, each in enumerate(demands)}, {str(k): servers[k] for k in range(len(demands))}, rate, 0.5
    )
    bottleneck = system.bottleneck()
    share = system.utilization()
    assert share[bottleneck] == pytest.approx(max(share.values()))
    assert system.bounds().growth_limit.value * share[bottleneck] == pytest.approx(1.0)
    eased = system.relieve(bottleneck, factor)
    assert eased.bounds().saturation.value >= system.bounds().saturation.value * (1 - 1e-12)
    before, after = system.solve(users), eased.solve(users)
    assert after.throughput >= before.throughput * (1 - 1e-9)
    assert before.throughput <= system.bounds().saturation.value * (1 + 1e-9)
    assert before.throughput * (before.mean_response + 0.5) == pytest.approx(users)
    assert sum(system.bottleneck_certainty().values()) == pytest.approx(1.0)
    opened = system.solve()
    assert opened.stable == (share[bottleneck] < 1)
    assert opened.mean_response >= sum(demands) * (1 - 1e-12)


def test_a_system_does_not_change_and_two_of_the_same_are_equal():
    again = System({"cpu": 0.02, "db": {"browse": 0.01, "buy": 0.05}}, {"cpu": 2}, {"browse": 20.0, "buy": 5.0}, 1.0)
    assert again == SHOP and SHOP.grow(1) == SHOP and SHOP.grow(2) != SHOP
    with pytest.raises(AttributeError):
        SHOP.think_time = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (({"cpu": 0.1}, {}, 0.0), InvalidInput, "no arrival rate above 0"),
        (({"cpu": 0.1}, {}, math.nan), InvalidInput, "arrival rate"),
        (({"cpu": math.nan}, {}, 1.0), InvalidInput, "demand of 'cpu'"),
        (({"cpu": -0.1}, {}, 1.0), InvalidInput, "0 or more"),
        (({"cpu": 0.0}, {}, 1.0), NotMeasured, "no resource has a demand"),
        (({}, {}, 1.0), NotMeasured, "no resource has a demand"),
        (({"net": 0.1}, {"net": math.inf}, 1.0), InvalidInput, "finite number of servers"),
        (({"cpu": 0.1}, {"cpu": 1.5}, 1.0), InvalidInput, "whole number"),
        (({"cpu": 0.1}, {"cpu": 0}, 1.0), InvalidInput, "whole number"),
        (({"cpu": 0.1}, {"db": 2}, 1.0), NotMeasured, "servers are given for 'db'"),
        (({"cpu": {"a": 0.1}}, {}, {"b": 1.0}), InvalidInput, "no journey is in common"),
        (({"cpu": {"a": 0.1}}, {}, {"a": 1.0, "b": 1.0}), NotMeasured, "'b' arrives"),
        (({"cpu": {"a": 0.1, "b": 0.2}}, {}, 1.0), InvalidInput, "mix is not known"),
        (({"cpu": Estimate(math.nan, math.nan, math.nan)}, {}, 1.0), NotMeasured, "not measured"),
        (({"cpu": 0.1}, {}, 1.0, -1.0), InvalidInput, "think_time"),
        (([0.1], {}, 1.0), InvalidInput, "mapping by resource"),
        (({"cpu": 0.1}, {}, 1.0, "1"), InvalidInput, "think_time '1'"),
        (({"cpu": 0.1}, {}, 1.0, True), InvalidInput, "think_time True"),
        (({"cpu": "0.1"}, {}, 1.0), InvalidInput, "demand of 'cpu'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        System(*arguments)


def test_unknown_names_and_factors_are_refused():
    for call in (
        lambda: SHOP.relieve("disk", 2), lambda: SHOP.scale("disk", 2), lambda: SHOP.relieve("db", 0),
        lambda: SHOP.relieve("db", math.nan), lambda: SHOP.grow({"sell": 2}), lambda: SHOP.relieve("db", 2, journey="sell"),
        lambda: SHOP.solve(-1), lambda: SHOP.scale("db", 0), lambda: System({"cpu": 0.1}, {}, 1.0, level=95),
        lambda: System({"cpu": 0.1}, {}, 1.0, draws={"cpu": np.zeros((3, 2))}),
        lambda: System({"cpu": 0.1}, {}, 1.0, background={"cpu": 1.0}).solve(3),
        lambda: System({"cpu": 0.1}, {}, 1.0, draws={"cpu": "many"}), lambda: System({"cpu": 0.1}, {}, 1.0, draws="many"),
        lambda: SHOP.relieve(["db"], 2), lambda: SHOP.relieve("db", 2, journey=["buy"]), lambda: SHOP.solve("3"),
        lambda: migration(SHOP, relief="db"), lambda: mmc(1, 1, 2).wait_quantile("0.9"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            call()


def test_missing_evidence_says_what_to_supply():
    with pytest.raises(NotMeasured) as caught:
        System({"cpu": {"a": 0.1}}, {}, {"a": 1.0, "b": 1.0})
    assert "spans whose root is 'b'" in caught.value.supply
