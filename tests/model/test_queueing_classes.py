"""Closed networks with classes of customers: against all states, against one class, and what holds for every one."""

import math
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.model import queueing

SECONDS = st.floats(0.01, 10)
MIX = {"cpu": {"browse": 0.2, "buy": 0.5}, "disk": {"browse": 0.4, "buy": 0.1}}


def constants(demands, servers, populations, think_times):
    """The normalising constant at each population: the sum over all ways to place all classes, in fractions (BCMP)."""

    def station(place, customers):
        weight = Fraction(math.factorial(sum(customers)))
        weight /= math.prod(min(each, servers[place]) for each in range(1, sum(customers) + 1))
        for demand, count in zip(demands[place], customers, strict=True):
            weight *= Fraction(demand) ** count / math.factorial(count)
        return weight

    def delay(customers):
        return math.prod(
            (Fraction(z) ** count / math.factorial(count) for z, count in zip(think_times, customers, strict=True)),
            start=Fraction(1),
        )

    states = list(product(*(range(count + 1) for count in populations)))
    found = {state: delay(state) for state in states}
    for place in range(len(demands)):
        found = {
            state: sum(
                station(place, here) * found[tuple(a - b for a, b in zip(state, here, strict=True))]
                for here in product(*(range(count + 1) for count in state))
            )
            for state in states
        }
    return found


@given(
    st.lists(st.tuples(SECONDS, SECONDS, st.integers(1, 4)), min_size=1, max_size=3),
    st.tuples(st.integers(1, 4), st.integers(1, 3)),
    st.tuples(st.sampled_from([0, 1, 7.5]), st.sampled_from([0, 2])),
)
@settings(deadline=None, max_examples=30)
def test_exact_is_the_sum_over_all_states(resources, populations, think_times):
    demands, servers = [each[:2] for each in resources], [each[2] for each in resources]
    found = queueing.mva(
        {f"r{place}": {"a": one, "b": two} for place, (one, two) in enumerate(demands)},
        dict(zip("ab", populations, strict=True)),
        dict(zip("ab", think_times, strict=True)),
        servers={f"r{place}": count for place, count in enumerate(servers)},
    )
    total = constants(demands, servers, populations, think_times)
    assert found.method == "exact"
    assert found.throughput["a"] == pytest.approx(
        float(total[populations[0] - 1, populations[1]] / total[populations]), rel=1e-11
    )
    assert found.throughput["b"] == pytest.approx(
        float(total[populations[0], populations[1] - 1] / total[populations]), rel=1e-11
    )
    for name, population, think_time in zip("ab", populations, think_times, strict=True):
        there = sum(row[name] for row in found.queue_lengths.values())
        assert there + found.throughput[name] * think_time == pytest.approx(population, rel=1e-10)


def test_three_classes_are_the_sum_over_all_states():
    demands, servers, people, thinks = (
        [(0.1, 0.5, 0.2), (0.3, 0.0, 0.4), (0.7, 0.7, 0.1)],
        [1, 3, 2],
        (2, 3, 1),
        (0, 1, 2),
    )
    found = queueing.mva(
        {f"r{place}": dict(zip("abc", row, strict=True)) for place, row in enumerate(demands)},
        dict(zip("abc", people, strict=True)),
        dict(zip("abc", thinks, strict=True)),
        {f"r{place}": count for place, count in enumerate(servers)},
    )
    total = constants(demands, servers, people, thinks)
    for place, name in enumerate("abc"):
        less = tuple(count - (at == place) for at, count in enumerate(people))
        assert found.throughput[name] == pytest.approx(float(total[less] / total[people]), rel=1e-12)
    assert found.queue_lengths["r1"]["b"] == found.residence["r1"]["b"] == 0


@given(
    st.lists(st.tuples(SECONDS, st.integers(1, 30)), min_size=1, max_size=4),
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([0, 0.5, 20]),
    st.sampled_from(["exact", "schweitzer"]),
)
@settings(deadline=None, max_examples=60)
def test_classes_alike_are_one_class(resources, few, many, think_time, method):
    demands = {f"r{place}": demand for place, (demand, _) in enumerate(resources)}
    servers = {f"r{place}": count for place, (_, count) in enumerate(resources)}
    one = queueing.mva(demands, few + many, think_time, servers, "exact" if method == "exact" else "schweitzer")
    both = queueing.mva(
        {name: {"few": demand, "many": demand} for name, demand in demands.items()},
        {"few": few, "many": many},
        think_time,
        servers,
        method,
    )
    near = 1e-10 if method == "exact" else 1e-6
    assert sum(both.throughput.values()) == pytest.approx(one.throughput, rel=near)
    assert both.throughput["few"] * many == pytest.approx(both.throughput["many"] * few, rel=near)
    for name, queue in one.queue_lengths.items():
        assert sum(both.queue_lengths[name].values()) == pytest.approx(queue, rel=near * 100)


def test_textbook_recursion_of_two_classes():
    """One of each class: (1, 1) from (1, 0) and (0, 1) by hand; an arriving customer sees the queues without it."""
    found = queueing.mva(MIX, {"browse": 1, "buy": 1})
    # alone, browse holds cpu for 1/3 and disk for 2/3 of the time, buy 5/6 and 1/6
    browse = (0.2 * (1 + 5 / 6), 0.4 * (1 + 1 / 6))
    buy = (0.5 * (1 + 1 / 3), 0.1 * (1 + 2 / 3))
    assert found.response == pytest.approx({"browse": sum(browse), "buy": sum(buy)}, rel=1e-12)
    assert found.throughput == pytest.approx({"browse": 1 / sum(browse), "buy": 1 / sum(buy)}, rel=1e-12)
    assert found.residence["cpu"] == pytest.approx({"browse": browse[0], "buy": buy[0]}, rel=1e-12)
    assert found.utilization["cpu"] == pytest.approx(0.2 / sum(browse) + 0.5 / sum(buy), rel=1e-12)


def test_many_customers_are_approximated_and_say_so():
    people = {"browse": 60, "buy": 40}
    exact = queueing.mva(MIX, people, 10)
    near = queueing.mva(MIX, people, 10, method="schweitzer")
    assert (exact.method, near.method) == ("exact", "schweitzer")
    assert near.throughput == pytest.approx(exact.throughput, rel=0.03)
    crowd = queueing.mva(MIX, {"browse": 6000, "buy": 4000}, 10)
    assert crowd.method == "schweitzer"
    for name, row in zip(people, ("browse", "buy"), strict=True):
        there = sum(each[row] for each in crowd.queue_lengths.values())
        assert there + crowd.throughput[name] * 10 == pytest.approx(100 * people[name], rel=1e-9)
    assert max(crowd.utilization.values()) <= 1 + 1e-9


@pytest.mark.parametrize("think_time", [0, 300])
def test_hundreds_of_customers_stay_within_the_range_of_a_float(think_time):
    """500 and 3 customers alike are 503 of one class; 400 servers or 300 s of thinking hold weights up to e^400."""
    demands, servers = {"pool": 1.0, "cpu": 0.004}, {"pool": 400, "cpu": 1}
    one = queueing.mva(demands, 503, think_time, servers)
    both = queueing.mva(
        {name: {"a": demand, "b": demand} for name, demand in demands.items()}, {"a": 500, "b": 3}, think_time, servers
    )
    assert both.method == "exact"
    assert sum(both.throughput.values()) == pytest.approx(one.throughput, rel=1e-10)
    assert sum(both.queue_lengths["pool"].values()) == pytest.approx(one.queue_lengths["pool"], rel=1e-9)


def test_one_class_by_name_is_exact_with_any_number():
    found = queueing.mva({"cpu": {"all": 0.2}, "disk": {"all": 0.1}}, {"all": 20_000}, 3, {"cpu": 5})
    one = queueing.mva({"cpu": 0.2, "disk": 0.1}, 20_000, 3, {"cpu": 5})
    assert found.method == "exact"
    assert found.throughput["all"] == pytest.approx(one.throughput, rel=1e-12)
    assert found.queue_lengths["disk"]["all"] == pytest.approx(one.queue_lengths["disk"], rel=1e-12)
    assert queueing.mva({"cpu": {"all": 0.2}}, {"all": 10**9}, 3).method == "schweitzer"


def test_a_class_without_customers_is_not_there():
    found = queueing.mva(MIX, {"browse": 3, "buy": 0}, 1)
    alone = queueing.mva({"cpu": 0.2, "disk": 0.4}, 3, 1)
    assert found.throughput == {"browse": pytest.approx(alone.throughput, rel=1e-12), "buy": 0}
    assert math.isnan(found.response["buy"])
    assert found.queue_lengths["disk"]["browse"] == pytest.approx(alone.queue_lengths["disk"], rel=1e-12)
    assert queueing.mva(MIX, {"browse": 0, "buy": 0}).throughput == {"browse": 0, "buy": 0}


@pytest.mark.parametrize(
    ("demands", "population", "options", "says"),
    [
        ({"cpu": 0.1}, {"a": 1}, {}, "a mapping by class for each resource"),
        ({"cpu": {"a": 0.1}}, {}, {}, "no class"),
        ({"cpu": {"b": 0.1}}, {"a": 1}, {}, "class 'b'; expected names among 'a'"),
        ({"cpu": {"a": 0.1}}, {"a": 1, "b": 1}, {}, "of class 'b'"),
        ({"cpu": {"a": math.nan}}, {"a": 1}, {}, "demand of 'cpu' by 'a' nan"),
        ({"cpu": {"a": 0.1}}, {"a": -1}, {}, "population of 'a' -1"),
        ({"cpu": {"a": 0.1}}, {"a": 1}, {"think_time": {"a": -1}}, "think_time of 'a' -1"),
        ({"cpu": {"a": 0.1}}, {"a": 1}, {"think_time": {"b": 1}}, "think_time of 'b'"),
        ({"cpu": {"a": 0.1}}, {"a": 1}, {"servers": {"cpu": 0}}, "servers of 'cpu' 0"),
    ],
)
def test_impossible_classes(demands, population, options, says):
    with pytest.raises(InvalidInput, match=says):
        queueing.mva(demands, population, **options)
