"""Calls that lose their context: what the callee starts continues requests, and is none."""

from __future__ import annotations

import pandas as pd
from made_spans import frame, span

from scaling_lib.observability import blast_radius, flow_coverage, service_graph
from scaling_lib.observability.fragments import fragments
from scaling_lib.observability.tree import grow

# web asks orders, which asks a mailer that does not take the context up, and a till that has no spans at all.
BUY = [
    span("r", "", "web", "server", 0, 100, operation="POST /buy"),
    span("c", "r", "web", "client", 10, 90, peer="orders"),
    span("s", "c", "orders", "server", 12, 88),
    span("m", "s", "orders", "client", 20, 60, peer="mailer"),
    span("t", "s", "orders", "client", 60, 80, peer="till"),
]
SEND = [span("x", "", "mailer", "server", 22, 58, operation="POST /send")]
# the same, but that the span of orders is lost
HOLED = [row for row in BUY if row[0] != "s"]
DIRECT = [span("y", "", "mailer", "server", 0, 30, operation="POST /send")]


def test_the_edge_is_named_and_its_traces_are_no_requests():
    spans = frame(BUY, SEND, count=30)
    edges, graph = fragments(grow(spans, "test")).edges, service_graph(spans)
    assert edges.to_dict("records") == [{"caller": "orders", "callee": "mailer", "calls": 30, "traces": 30}]
    assert graph.requests[["operation", "requests"]].to_numpy().tolist() == [["POST /buy", 30.0]]
    assert graph.nodes.set_index("service")["entries"].to_dict() == {"web": 30, "orders": 0, "mailer": 0, "till": 0}
    for name in ("web", "orders", "mailer", "till"):
        assert blast_radius(graph, name).waiting.value == 1.0


def test_what_is_below_a_lost_span_is_of_the_only_entry_of_its_trace():
    graph = service_graph(frame(BUY, HOLED, count=30))
    assert graph.requests["requests"].tolist() == [60.0]
    assert blast_radius(graph, "till").waiting.value == 1.0
    late = [*HOLED[:3], span("t", "s", "orders", "client", 60, 180, peer="till")]  # ends after the answer
    graph = service_graph(frame(BUY, late, count=30))
    assert blast_radius(graph, "till").waiting.value == 0.5
    assert blast_radius(graph, "till").touched.value == 1.0


def test_traces_that_continue_others_are_no_journey():
    found = flow_coverage(frame(BUY, SEND, count=30))
    assert [each.journey for each in found.journeys] == ["POST /buy"]
    assert found.lost["callee"].tolist() == ["mailer"]
    assert "Of no journey, and left out: 30 traces of POST /send." in found.notes
    named = flow_coverage(frame(BUY, SEND, count=30), journeys={"POST /send": "mail"})
    assert [each.journey for each in named.journeys] == ["mail"]  # whoever names it has it


def test_an_entry_that_is_asked_inside_too_stays_an_entry():
    spans = frame(BUY, SEND, DIRECT, count=30)  # twice as many traces as calls
    assert fragments(grow(spans, "test")).edges.empty
    assert len(flow_coverage(spans).journeys) == 2


def test_who_asks_from_outside_makes_no_fragment():
    load = [span("l", "", "load", "client", 0, 110, peer="web")]
    found = fragments(grow(frame(load, BUY, count=5), "test"))
    assert found.edges.empty and not found.root.any()


def test_of_services_that_ask_each_other_none_is_hidden():
    one = [span("a", "", "a", "server", 0, 9), span("b", "a", "a", "client", 1, 8, peer="b")]
    two = [span("b", "", "b", "server", 0, 9), span("a", "b", "b", "client", 1, 8, peer="a")]
    found = fragments(grow(frame(one, two, count=5), "test"))
    assert not found.root.any() and len(found.edges) == 2


def test_failed_calls_lose_nothing():
    refused = [row if row[0] != "m" else (*row[:8], True, row[9]) for row in BUY]
    assert fragments(grow(pd.concat([frame(refused, SEND, count=5)]), "test")).edges.empty
