"""Graphs of traces drawn by hand, of random trees, and of the shop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_spans import BROWSE, ORDER, frame, recorded, span

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.observability import service_graph


def pairs(graph) -> dict[tuple[str, str], str]:
    return {(row.caller, row.callee): row.kind for row in graph.edges.itertuples()}


def edge(graph, caller: str, callee: str):
    found = graph.edges[(graph.edges["caller"] == caller) & (graph.edges["callee"] == callee)]
    assert len(found) == 1
    return found.iloc[0]


def test_who_calls_whom_and_how():
    graph = service_graph(frame(ORDER, BROWSE))
    assert pairs(graph) == {
        ("gateway", "checkout"): "sync",
        ("gateway", "catalogue"): "sync",
        ("checkout", "catalogue"): "sync",
        ("checkout", "postgresql"): "sync",
        ("checkout", "mailer"): "async",  # over the queue, which is not a service of its own: a consumer answers
        ("mailer", "smtp"): "sync",
    }
    nodes = graph.nodes.set_index("service")
    assert nodes["seen"].to_dict() == {
        "catalogue": True, "checkout": True, "gateway": True, "mailer": True, "postgresql": False, "smtp": False,
    }  # fmt: skip
    assert nodes["entries"].to_dict() == dict.fromkeys(nodes.index, 0.0) | {"gateway": 2.0}
    assert nodes.loc["checkout", "spans"] == 5
    assert graph.notes == ()


def test_calls_errors_and_latency_are_the_callers():
    graph = service_graph(frame(ORDER, BROWSE, count=100))
    database = edge(graph, "checkout", "postgresql")
    assert (database.calls, database.spans, database.seen, database.errors) == (200, 200, "caller", 100)
    assert database.error_share.value == 0.5
    assert database.p50_s.value == pytest.approx(0.005) and database.p95_s.value == pytest.approx(0.020)
    assert edge(graph, "gateway", "checkout").p50_s.value == pytest.approx(
        0.080
    )  # the client's, not the server's 70 ms
    assert edge(graph, "gateway", "checkout").seen == "both"
    none = edge(graph, "gateway", "catalogue").error_share
    assert none.value == 0 and none.high == pytest.approx(1 - 0.025 ** (1 / 100))  # exact, of 100 traces


def test_each_call_counts_as_often_as_its_weight_says():
    slow = [span("r", "", "a", "server", 0, 50), span("c", "r", "a", "client", 0, 40, peer="b", error=True)]
    fast = [span("r", "", "a", "server", 0, 50), span("c", "r", "a", "client", 0, 2, peer="b")]
    row = edge(service_graph(frame(slow, fast, weights=(1.0, 9.0), count=50)), "a", "b")
    assert (row.calls, row.spans, row.errors) == (500, 100, 50)
    assert row.error_share.value == pytest.approx(0.1)
    assert row.p50_s.value == pytest.approx(0.002)
    # (50 x 1 + 50 x 9)^2 / (50 x 1 + 50 x 81) = 61 traces of equal weight: a p99 needs 368, a p95 72
    assert row.p99_s.value == pytest.approx(0.040) and np.isnan(row.p99_s.high) and np.isnan(row.p95_s.low)


def test_a_server_without_its_callers_span_is_seen_from_its_own_side():
    graph = service_graph(
        frame([span("r", "", "a", "server", 0, 50), span("s", "r", "b", "server", 10, 30, error=True)])
    )
    row = edge(graph, "a", "b")
    assert (row.seen, row.calls, row.errors, row.p50_s.value) == ("callee", 1, 1, 0.02)


def test_some_calls_whose_callee_left_no_span():
    answered = [span("r", "", "a", "client", 0, 50, peer="b"), span("s", "r", "b", "server", 10, 30)]
    alone = [span("r", "", "a", "client", 0, 50, peer="b")]
    row = edge(service_graph(frame(answered, alone)), "a", "b")
    assert (row.seen, row.calls) == ("partly", 2)


def test_a_call_span_around_another_is_one_call():
    graph = service_graph(
        frame(
            [
                span("r", "", "a", "server", 0, 50),
                span("o", "r", "a", "client", 1, 40, peer="postgresql", operation="repository.find"),
                span("i", "o", "a", "client", 2, 30, peer="postgresql", operation="SELECT"),
            ]
        )
    )
    assert edge(graph, "a", "postgresql").calls == 1
    assert edge(graph, "a", "postgresql").p50_s.value == 0.028


def test_one_call_with_several_spans_of_its_callee_is_one():
    two = [
        span("r", "", "a", "client", 0, 50, peer="b"),
        span("s", "r", "b", "server", 1, 10),
        span("t", "r", "b", "server", 11, 40),  # tried again
    ]
    assert edge(service_graph(frame(two)), "a", "b").calls == 1


def test_what_is_no_edge_is_said():
    graph = service_graph(
        frame(
            [
                span("r", "", "a", "server", 0, 50),
                span("c", "r", "a", "client", 1, 40),  # whom?
                span("p", "r", "a", "producer", 1, 2),
                span("k", "p", "a", "consumer", 2, 90, follows=True),  # its own queue
                span("x", "gone", "b", "server", 1, 40),  # an orphan
            ]
        )
    )
    assert graph.edges.empty and list(graph.nodes["service"]) == ["a", "b"]
    assert [note.split(":")[0] for note in graph.notes] == [
        "1 call without a callee's span below and without a name of whom they call",
        "1 orphan whose caller is not known",
        "1 call of a service to itself, or over a queue of its own",
    ]


def test_where_no_kind_is_known_peers_and_services_tell():
    spans = frame(ORDER).assign(kind="unspecified")
    assert set(pairs(service_graph(spans))) == set(pairs(service_graph(frame(ORDER))))
    bare = frame(ORDER).drop(columns=["peer", "follows", "weight"])
    assert set(pairs(service_graph(bare))) == {
        ("gateway", "checkout"),
        ("checkout", "catalogue"),
        ("checkout", "mailer"),
    }


def test_what_is_no_frame_of_spans_is_refused():
    with pytest.raises(InvalidInput, match="service_graph: found no column span_id"):
        service_graph(frame(ORDER).drop(columns="span_id"))
    with pytest.raises(NotMeasured, match="not measured"):
        service_graph(frame(ORDER).iloc[:0])


@st.composite
def forests(draw: st.DrawFn) -> pd.DataFrame:
    """Random traces of few services; each span under an earlier one, or under one that is not there."""
    traces = []
    for _ in range(draw(st.integers(1, 4))):
        spans: list = []
        for place in range(draw(st.integers(1, 8))):
            parent = draw(st.sampled_from(["gone", *(each[0] for each in spans)])) if spans else ""
            start, length = draw(st.integers(0, 50)), draw(st.integers(0, 50))
            spans.append(
                span(
                    f"s{place}",
                    parent,
                    draw(st.sampled_from("abc")),
                    draw(st.sampled_from(["server", "client", "producer", "consumer", "internal", "unspecified"])),
                    start,
                    start + length,
                    peer=draw(st.sampled_from(["", "a", "db"])),
                    error=draw(st.booleans()),
                    follows=draw(st.booleans()),
                )
            )
        traces.append(spans)
    return frame(*traces, weights=tuple(draw(st.sampled_from([1.0, 2.0, 8.0])) for _ in traces))


@settings(max_examples=25)
@given(spans=forests(), order=st.randoms())
def test_the_order_of_rows_does_not_matter(spans, order):
    rows = list(range(len(spans)))
    order.shuffle(rows)
    one, other = service_graph(spans), service_graph(spans.iloc[rows])
    numbers = ["caller", "callee", "kind", "calls", "spans", "seen", "errors"]
    pd.testing.assert_frame_equal(one.edges[numbers], other.edges[numbers], check_dtype=False)
    pd.testing.assert_frame_equal(one.nodes, other.nodes, check_dtype=False)
    pd.testing.assert_frame_equal(one.visits, other.visits, check_dtype=False)


@settings(max_examples=25)
@given(spans=forests())
def test_calls_are_those_found_one_by_one(spans):
    """The same rules, span by span."""
    by_id = {(row.trace_id, row.span_id): row for row in spans.itertuples()}
    children: dict = {}
    for row in spans.itertuples():
        children.setdefault((row.trace_id, row.parent_id), []).append(row)

    def calls(row) -> bool:
        return row.kind in ("client", "producer") or (row.kind == "unspecified" and row.peer != "")

    found: dict[tuple[str, str], float] = {}
    for row in spans.itertuples():
        below = children.get((row.trace_id, row.span_id), [])
        strangers = {child.service for child in below if child.service != row.service}
        if calls(row):
            joined = strangers or [child for child in below if child.kind in ("server", "consumer")]
            inner = [child for child in below if calls(child)]
            callees = strangers or ({row.peer} if row.peer and not joined and not inner else set())
            for callee in callees - {row.service}:
                found[row.service, callee] = found.get((row.service, callee), 0.0) + row.weight
        parent = by_id.get((row.trace_id, row.parent_id))
        if parent is not None and not calls(parent) and parent.service != row.service:
            pair = (parent.service, row.service)
            found[pair] = found.get(pair, 0.0) + row.weight
    edges = service_graph(spans).edges
    # A call answered by spans that block and spans that do not is in an edge of each kind.
    once = edges.groupby(["caller", "callee"])["calls"].sum().to_dict()
    assert set(once) == set(found)
    assert all(once[pair] >= found[pair] for pair in found)
    if edges.groupby(["caller", "callee"]).size().max() == 1:
        assert once == found


@pytest.mark.parametrize("name", ["spells", "journeys/light", "journeys/heavy"])
def test_the_shop_is_drawn_as_it_is_built(name):
    spans = recorded(name)
    graph = service_graph(spans.frame)
    assert set(pairs(graph)) == {
        ("gateway", "catalogue"),
        ("gateway", "checkout"),
        ("checkout", "catalogue"),
        ("catalogue", "postgresql"),
        ("checkout", "postgresql"),
    }
    assert set(pairs(graph).values()) == {"sync"}
    seen = graph.nodes.set_index("service")["seen"]
    assert not seen["postgresql"] and seen[["gateway", "catalogue", "checkout"]].all()
    assert set(graph.edges.loc[graph.edges["callee"] == "postgresql", "seen"]) == {"caller"}
    rows = spans.frame[(spans.frame["service"] == "gateway") & (spans.frame["kind"] == "client")]
    for callee in ("catalogue", "checkout"):
        own = rows[rows["peer"] == callee]
        row = edge(graph, "gateway", callee)
        assert row.calls == own["weight"].sum() and row.errors == own["weight"][own["error"]].sum()
        seconds = (own["end_ns"] - own["start_ns"]) / 1e9
        assert row.p95_s.value == pytest.approx(np.quantile(seconds, 0.95, method="inverted_cdf"))
