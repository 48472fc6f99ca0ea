"""Open networks: against M/M/c, by hand, and where they saturate."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.model import queueing

MIX = {"cpu": {"browse": 0.02, "buy": 0.05}, "disk": {"buy": 0.04}}


@given(st.floats(0.01, 0.99), st.integers(1, 40), st.floats(0.001, 100))
def test_one_resource_is_mmc(share, servers, demand):
    rate = share * servers / demand
    found = queueing.open_network([demand], rate, servers=[servers])
    queue = queueing.mmc(rate, 1 / demand, servers)
    assert found.response == pytest.approx(queue.response, rel=1e-9)
    assert found.queue_lengths[0] == pytest.approx(queue.customers, rel=1e-9)
    assert found.utilization[0] == pytest.approx(share, rel=1e-12)
    assert found.growth_limit == pytest.approx(1 / share, rel=1e-12)
    assert found.stable


def test_three_single_servers_by_hand():
    found = queueing.open_network({"cpu": 0.02, "disk": 0.05, "net": 0}, 10)
    assert found.residence == pytest.approx({"cpu": 0.025, "disk": 0.1, "net": 0})
    assert found.response == pytest.approx(0.125)
    assert found.queue_lengths == pytest.approx({"cpu": 0.25, "disk": 1, "net": 0})
    assert (found.bottleneck, found.growth_limit) == ("disk", pytest.approx(2))


def test_two_classes_by_hand():
    found = queueing.open_network(MIX, {"browse": 10, "buy": 5})
    assert found.utilization == pytest.approx({"cpu": 0.45, "disk": 0.2})
    assert found.residence["cpu"] == pytest.approx({"browse": 0.02 / 0.55, "buy": 0.05 / 0.55})
    assert found.response == pytest.approx({"browse": 0.02 / 0.55, "buy": 0.05 / 0.55 + 0.04 / 0.8})
    assert sum(found.queue_lengths["cpu"].values()) == pytest.approx(0.45 / 0.55)
    assert (found.bottleneck, found.growth_limit) == ("cpu", pytest.approx(1 / 0.45))


def test_an_open_network_is_the_limit_of_many_who_think_long():
    """100,000 users who think for 10,000 s between requests are near Poisson arrivals of 10/s."""
    demands, servers = {"cpu": 0.17, "disk": 0.06}, {"cpu": 3, "disk": 1}
    closed = queueing.mva(demands, 100_000, 10_000, servers)
    assert queueing.open_network(demands, 10, servers).residence == pytest.approx(closed.residence, rel=2e-3)


def test_saturation_is_a_state_that_says_where():
    found = queueing.open_network({"cpu": 0.02, "disk": 0.05}, 25)
    assert not found.stable
    assert (found.saturated, found.bottleneck) == (("disk",), "disk")
    assert found.growth_limit == pytest.approx(0.8)
    assert found.utilization == pytest.approx({"cpu": 0.5, "disk": 1.25})
    assert found.response == found.residence["disk"] == found.queue_lengths["disk"] == math.inf
    assert found.residence["cpu"] == pytest.approx(0.04)
    assert queueing.open_network([0.1], 10).saturated == (0,)


def test_who_asks_nothing_of_a_saturated_resource_is_not_slow():
    found = queueing.open_network(MIX, {"browse": 1, "buy": 30}, servers={"cpu": 4})
    assert found.saturated == ("disk",)
    assert found.response["buy"] == math.inf
    assert 0.02 < found.response["browse"] < 0.03
    assert found.queue_lengths["disk"] == {"browse": 0, "buy": math.inf}


def test_nobody_comes():
    found = queueing.open_network({"cpu": 0.02, "disk": 0.05}, 0)
    assert found.response == pytest.approx(0.07)
    assert (found.growth_limit, found.bottleneck, found.stable) == (math.inf, "disk", True)


@pytest.mark.parametrize(
    ("demands", "rates", "options", "says"),
    [
        ([0.1], -1, {}, "arrival rate -1"),
        ([0.1], math.nan, {}, "arrival rate nan"),
        ([0.1], math.inf, {}, "arrival rate inf"),
        ([], 1, {}, "no demand"),
        ([0.1], 1, {"servers": [0]}, "servers of 0 0"),
        (MIX, {"browse": 1, "buy": -1}, {}, "arrival rate of 'buy' -1"),
        (MIX, {"browse": 0, "buy": 0}, {}, "arrival rates of 0"),
        (MIX, {"browse": 1}, {}, "class 'buy'; expected names among 'browse'"),
        (MIX, {}, {}, "no class"),
    ],
)
def test_impossible_input(demands, rates, options, says):
    with pytest.raises(InvalidInput, match=says):
        queueing.open_network(demands, rates, **options)
