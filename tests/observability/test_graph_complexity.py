"""Measures of service graphs by hand, and against counting in other ways."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_spans import BROWSE, ORDER, frame, recorded, span

from scaling_lib.observability import complexity, service_graph
from scaling_lib.observability.condensed import condense
from scaling_lib.observability.graph import ServiceGraph


def graph_of(services: list[str], calls: list[tuple[str, str, str]]) -> ServiceGraph:
    return ServiceGraph(
        nodes=pd.DataFrame({"service": services}),
        edges=pd.DataFrame(calls, columns=["caller", "callee", "kind"]),
        visits=pd.DataFrame(),
        requests=pd.DataFrame(),
        level=0.95,
        notes=(),
    )


def test_measures_by_hand():
    found = complexity(service_graph(frame(ORDER, BROWSE)))
    # catalogue, checkout, gateway, mailer, postgresql, smtp; 6 pairs; one way round: gateway - checkout - catalogue
    assert (found.services, found.edges, found.pieces, found.cyclomatic) == (6, 6, 1, 1)
    assert found.depth == 2 and found.chain[:2] == (("gateway",), ("checkout",))
    assert found.cycles == ()
    fan = found.fan.set_index("service")
    assert fan.loc["checkout"].to_dict() == {"fan_out": 3, "fan_in": 1}
    assert fan.loc["catalogue"].to_dict() == {"fan_out": 0, "fan_in": 2}
    assert found.density == pytest.approx(6 / 30)


def test_rings_are_one_step_of_a_chain():
    calls = [("a", "b", "sync"), ("b", "c", "sync"), ("c", "b", "sync"), ("c", "d", "sync"), ("d", "e", "async")]
    found = complexity(graph_of(list("abcdef"), calls))
    assert found.cycles == (("b", "c"),)
    assert found.depth == 2 and found.chain == (("a",), ("b", "c"), ("d",))
    assert (found.pieces, found.cyclomatic) == (2, 5 - 6 + 2)


def test_a_pair_that_calls_in_two_ways_is_one_edge():
    assert complexity(graph_of(["a", "b"], [("a", "b", "async"), ("a", "b", "sync")])).edges == 1


def test_one_service_alone():
    found = complexity(service_graph(frame([span("r", "", "a", "server", 0, 1)])))
    assert (found.services, found.edges, found.cyclomatic, found.depth) == (1, 0, 0, 0)
    assert found.chain == (("a",),) and math.isnan(found.density)


NAMES = list("abcdef")
CALLS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda each: each[0] != each[1]))


@settings(max_examples=40)
@given(calls=CALLS)
def test_measures_counted_in_other_ways(calls):
    found = complexity(graph_of(NAMES, [(*pair, "sync") for pair in dict.fromkeys(calls)]))
    edges = set(calls)
    after = {name: {other for one, other in edges if one == name} for name in NAMES}
    reach = {name: reached(name, after) for name in NAMES}
    rings = {frozenset(b for b in NAMES if b == a or (b in reach[a] and a in reach[b])) for a in NAMES}
    assert {frozenset(ring) for ring in found.cycles} == {ring for ring in rings if len(ring) > 1}

    tree: dict[str, str] = {name: name for name in NAMES}  # a spanning forest; each edge beyond it closes a way round

    def top(name: str) -> str:
        while tree[name] != name:
            name = tree[name]
        return name

    beyond = 0
    for one, other in sorted(edges):
        if top(one) == top(other):
            beyond += 1
        else:
            tree[top(one)] = top(other)
    assert found.cyclomatic == beyond
    assert found.pieces == len({top(name) for name in NAMES})

    def depth(ring: frozenset[str]) -> int:
        below = {next(r for r in rings if other in r) for name in ring for other in after[name] if other not in ring}
        return 1 + max((depth(each) for each in below), default=-1)

    assert found.depth == max(depth(ring) for ring in rings)
    condensed = condense(NAMES, pd.DataFrame(sorted(edges), columns=["caller", "callee"]))
    for name in NAMES:
        ring = condensed.ring_of[name]
        above = {each for place in condensed.callers_of(ring) for each in condensed.rings[place]}
        assert above == {other for other in NAMES if name in reach[other]} - set(condensed.rings[ring])


def reached(name: str, after: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        new = after[todo.pop()] - found
        found |= new
        todo += new
    return found


def test_the_shop():
    found = complexity(service_graph(recorded("journeys/light").frame))
    assert (found.services, found.edges, found.cyclomatic, found.cycles) == (4, 5, 2, ())
    assert found.chain == (("gateway",), ("checkout",), ("catalogue",), ("postgresql",))
