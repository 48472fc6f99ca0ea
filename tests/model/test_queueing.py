"""Closed networks of one class: published figures, independent solutions, and what holds for every network."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.model import queueing

SECONDS = st.floats(0.001, 10)
THINK = st.one_of(st.just(0.0), st.floats(0.01, 100))
NETWORKS = st.lists(SECONDS, min_size=1, max_size=5)


def recursion(demands, population, think_time):
    """Mean value analysis of single servers, as Reiser and Lavenberg write it, in fractions."""
    demands, think_time = [Fraction(demand) for demand in demands], Fraction(think_time)
    queues, throughput = [Fraction(0)] * len(demands), Fraction(0)
    for customers in range(1, population + 1):
        residence = [demand * (1 + queue) for demand, queue in zip(demands, queues, strict=True)]
        throughput = customers / (think_time + sum(residence))
        queues = [throughput * seconds for seconds in residence]
    return float(throughput), [float(queue) for queue in queues]


def every_state(demands, servers, population):
    """All ways to place the customers, each with its weight as a fraction (Gordon and Newell)."""

    def weight(demand, count, customers):
        return Fraction(demand) ** customers / math.prod(min(each, count) for each in range(1, customers + 1))

    def placed(place, left):
        if place == len(demands) - 1:
            yield (left,), weight(demands[place], servers[place], left)
            return
        for here in range(left + 1):
            for others, value in placed(place + 1, left - here):
                yield (here, *others), value * weight(demands[place], servers[place], here)

    return list(placed(0, population))


def birth_and_death(demand, servers, population, think_time):
    """One resource and thinking customers: logarithms of the probabilities of 0, 1, ... customers at the resource."""
    down = np.minimum(np.arange(1, population + 1), servers) / demand
    up = np.arange(population, 0, -1) / think_time
    logs = np.concatenate([[0.0], np.cumsum(np.log(up) - np.log(down))])
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    customers = np.arange(population + 1)
    return float(chances @ np.minimum(customers, servers)) / demand, float(chances @ customers)


def test_published_networks():
    found = queueing.mva({"cpu": 2, "disk": 3, "net": 1}, 20, 4)
    assert found.throughput == pytest.approx(0.3332465, abs=5e-8)
    assert found.response == pytest.approx(56.01563, abs=5e-6)
    assert found.queue_lengths == pytest.approx({"cpu": 1.99062, "disk": 16.17665, "net": 0.49974}, abs=5e-6)
    two = queueing.mva((2, 3, 1), 2, 4)
    assert (two.throughput, two.response) == pytest.approx((0.175439, 7.4), abs=5e-7)
    visits = [service * count for service, count in zip((0.02, 0.2, 0.4, 0.6), (1, 0.4, 0.2, 0.1), strict=True)]
    assert queueing.mva(visits, 6).throughput == pytest.approx(9.919836, abs=5e-7)


def test_published_approximation():
    demands = (0.605, 2.1, 1.35)
    assert queueing.mva(demands, 3, 15).throughput == pytest.approx(0.1515165, abs=3e-7)
    found = queueing.mva(demands, 3, 15, method="schweitzer")
    assert found.throughput == pytest.approx(0.1509859, abs=5e-8)
    assert found.method == "schweitzer"


@given(NETWORKS, st.integers(1, 25), THINK)
@settings(deadline=None)
def test_single_servers_are_the_recursion_of_mva(demands, population, think_time):
    throughput, queues = recursion(demands, population, think_time)
    found = queueing.mva(demands, population, think_time)
    assert found.throughput == pytest.approx(throughput, rel=1e-12)
    assert found.queue_lengths == pytest.approx(queues, rel=1e-11)


@given(st.lists(st.tuples(SECONDS, st.integers(1, 6)), min_size=1, max_size=3), st.integers(1, 9))
@settings(deadline=None, max_examples=60)
def test_several_servers_are_the_sum_over_all_states(resources, population):
    demands, servers = zip(*resources, strict=True)
    states = every_state(demands, servers, population)
    total = sum(weight for _, weight in states)
    found = queueing.mva(demands, population, servers=servers)
    less = sum(weight for _, weight in every_state(demands, servers, population - 1))
    assert found.throughput == pytest.approx(float(less / total), rel=1e-12)
    for place, queue in enumerate(found.queue_lengths):
        exact = sum(state[place] * weight for state, weight in states) / total
        assert queue == pytest.approx(float(exact), rel=1e-11)


@pytest.mark.parametrize("think_time", [0.5, 8.9, 9.0, 9.1, 50])  # 1,000 servers saturate at a think time of 9 s
def test_ten_thousand_customers_and_a_thousand_servers(think_time):
    throughput, customers = birth_and_death(1.0, 1000, 10_000, think_time)
    found = queueing.mva({"pool": 1.0}, 10_000, think_time, servers={"pool": 1000})
    assert found.throughput == pytest.approx(throughput, rel=1e-10)
    assert found.queue_lengths["pool"] == pytest.approx(customers, rel=1e-9)


def test_large_networks_keep_the_laws_of_a_closed_network():
    demands = {f"r{place}": 0.1 + 0.01 * place for place in range(10)}
    for count in (1, 7, 1000, 6000):
        found = queueing.mva(demands, 10_000, 5, servers=dict.fromkeys(demands, count))
        assert sum(found.queue_lengths.values()) + 5 * found.throughput == pytest.approx(10_000, rel=1e-11)
        assert max(found.utilization.values()) <= 1
    assert queueing.mva(demands, 10_000, 5).throughput == pytest.approx(1 / 0.19, rel=1e-12)


def test_a_resource_with_a_server_for_each_is_think_time():
    pool = queueing.mva((0.3, 2.0), 40, 1.5, servers=(1, 40))
    think = queueing.mva((0.3,), 40, 3.5)
    assert pool.throughput == pytest.approx(think.throughput, rel=1e-13)
    assert pool.queue_lengths[0] == pytest.approx(think.queue_lengths[0], rel=1e-12)
    assert pool.residence[1] == pytest.approx(2.0, rel=1e-12)


@given(NETWORKS, st.integers(1, 200), THINK, st.data())
@settings(deadline=None)
def test_bounds_hold_the_exact_solution(demands, population, think_time, data):
    servers = data.draw(st.lists(st.integers(1, 50), min_size=len(demands), max_size=len(demands)))
    for counts in (None, servers):
        limits = queueing.bounds(demands, population, think_time, servers=counts)
        found = queueing.mva(demands, population, think_time, servers=counts)
        for each in (limits.asymptotic, limits.balanced):
            assert each.throughput_low <= found.throughput * (1 + 1e-9)
            assert found.throughput <= each.throughput_high * (1 + 1e-9)
            assert each.response_low <= found.response * (1 + 1e-9)
            assert found.response <= each.response_high * (1 + 1e-9)
        assert limits.balanced.throughput_low >= limits.asymptotic.throughput_low * (1 - 1e-12)
        assert limits.balanced.throughput_high <= limits.asymptotic.throughput_high


@given(NETWORKS, st.integers(1, 60), THINK, st.integers(1, 5), st.sampled_from(["exact", "schweitzer"]))
@settings(deadline=None)
def test_laws_of_every_closed_network(demands, population, think_time, servers, method):
    counts = [servers] * len(demands)
    found = queueing.mva(demands, population, think_time, counts, method)
    more = queueing.mva(demands, population + 1, think_time, counts, method)
    assert found.throughput <= more.throughput * (1 + 1e-12)
    assert more.throughput <= servers / max(demands)
    assert found.throughput * (found.response + think_time) == pytest.approx(population, rel=1e-9)
    assert found.response == pytest.approx(sum(found.residence), rel=1e-12)
    assert found.response >= sum(demands) * (1 - 1e-9)
    for demand, queue, seconds, share in zip(
        demands, found.queue_lengths, found.residence, found.utilization, strict=True
    ):
        assert queue == pytest.approx(found.throughput * seconds, rel=1e-12)
        assert share == pytest.approx(found.throughput * demand / servers, rel=1e-12)
        assert share <= 1 + 1e-12


def test_published_bounds():
    found = queueing.bounds((9.2, 8), 20, 120)
    assert found.asymptotic.throughput_high == pytest.approx(0.108696, abs=5e-7)
    assert found.asymptotic.response_low == pytest.approx(64)
    assert found.bottleneck == 0
    assert queueing.bounds({"cpu": 2, "disk": 3, "net": 1}, 20, 4).saturation_population == pytest.approx(10 / 3)


def test_balanced_demands_are_their_balanced_bounds():
    """Equal demands without thinking: X = N / (D (K + N - 1))."""
    found = queueing.bounds([0.5] * 4, 10).balanced
    assert (found.throughput_low, found.throughput_high) == pytest.approx((10 / (0.5 * 13),) * 2)
    assert queueing.mva([0.5] * 4, 10).throughput == pytest.approx(10 / (0.5 * 13))


def test_nobody_and_nothing_to_do():
    empty = queueing.mva({"cpu": 1.0, "disk": 0}, 0)
    assert (empty.throughput, empty.queue_lengths) == (0, {"cpu": 0, "disk": 0})
    assert math.isnan(empty.response)
    assert math.isnan(queueing.bounds([1], 0).balanced.response_low)
    idle = queueing.mva({"cpu": 1.0, "disk": 0}, 5, 2)
    assert (idle.queue_lengths["disk"], idle.residence["disk"], idle.utilization["disk"]) == (0, 0, 0)
    assert idle.throughput == pytest.approx(queueing.mva([1.0], 5, 2).throughput)
    assert queueing.mva([1.0], 1, 3).throughput == 0.25


def test_seidmann_is_too_low_and_by_how_much():
    """The largest errors that the docstring of `mva` names; without think time they are at their largest."""
    pools = [
        queueing.mva([1.0], n, 0, [c], "schweitzer").throughput / min(n, c) - 1
        for c in (2, 3, 4, 8, 100)
        for n in (c, 2 * c)
    ]
    assert min(pools) == pytest.approx(-0.25)  # 3 at 3: X = 0.75 of what they can do
    assert max(pools) < 0
    assert queueing.mva([1.0], 1000, 0, [1000], "schweitzer").throughput / 1000 == pytest.approx(0.97, abs=0.002)
    single = queueing.mva([0.05, 0.93], 5, 2.15, method="schweitzer").throughput
    assert single / recursion([0.05, 0.93], 5, 2.15)[0] - 1 == pytest.approx(-0.068, abs=0.001)


@pytest.mark.parametrize(
    ("demands", "options", "says"),
    [
        ([], {}, "no demand"),
        ([0, 0], {}, "demands of 0"),
        ([5e-324], {}, "demands of 0"),
        ([math.nan], {}, "demand of 0 nan"),
        ({"cpu": -1}, {}, "demand of 'cpu' -1"),
        ({"cpu": math.inf}, {}, "demand of 'cpu' inf"),
        ({"cpu": "1"}, {}, "demand of 'cpu' '1'"),
        ("cpu", {}, "demands 'cpu'"),
        ({"cpu": 1}, {"population": 1.5}, "population 1.5"),
        ({"cpu": 1}, {"population": -1}, "population -1"),
        ({"cpu": 1}, {"population": True}, "population True"),
        ({"cpu": 1}, {"population": math.nan}, "population nan"),
        ({"cpu": 1}, {"think_time": -1}, "think_time -1"),
        ({"cpu": 1}, {"think_time": math.inf}, "think_time inf"),
        ({"cpu": 1}, {"servers": {"cpu": 0}}, "servers of 'cpu' 0"),
        ({"cpu": 1}, {"servers": {"disk": 1}}, "servers of 'disk'; expected names among 'cpu'"),
        ({"cpu": 1}, {"servers": [1]}, "as the demands are given"),
        ([1, 2], {"servers": [1]}, "1 servers for 2 demands"),
    ],
)
def test_impossible_input(demands, options, says):
    for function in (queueing.mva, queueing.bounds):
        with pytest.raises(InvalidInput, match=says):
            function(demands, **{"population": 1, **options})


def test_more_customers_than_the_exact_solution_takes():
    with pytest.raises(InvalidInput, match="method='schweitzer'"):
        queueing.mva([1.0], 10**9)
    assert queueing.mva([1.0], 10**9, 10, method="schweitzer").throughput == pytest.approx(1)


def test_impossible_method():
    with pytest.raises(InvalidInput, match="method 'guess'"):
        queueing.mva([1], 1, method="guess")
