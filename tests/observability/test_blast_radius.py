"""What fails with a service, on graphs drawn by hand and in the shop."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from made_spans import BROWSE, ORDER, frame, recorded, span
from test_service_graph import forests

from scaling_lib.errors import InvalidInput
from scaling_lib.observability import blast_radius, service_graph
from scaling_lib.stats import proportion_interval


def test_dependants_are_all_that_wait_and_shares_are_of_the_requests():
    graph = service_graph(frame(ORDER, BROWSE, weights=(1.0, 3.0), count=10))
    catalogue = blast_radius(graph, "catalogue")
    assert (catalogue.dependants, catalogue.direct) == (("checkout", "gateway"), ("checkout", "gateway"))
    assert catalogue.waiting.value == 1.0
    database = blast_radius(graph, "postgresql")
    assert (database.dependants, database.direct) == (("checkout", "gateway"), ("checkout",))
    assert database.waiting.value == pytest.approx(0.25)  # orders: 10 of weight 1, beside 10 of weight 3
    assert database.at_most.value == 1.0  # all enter at the gateway
    # (10 + 30)^2 / (10 x 1 + 10 x 9) = 16 independent requests
    wilson = proportion_interval(4, 16)
    assert (database.waiting.low, database.waiting.high) == pytest.approx((wilson.low, wilson.high))
    assert list(database.operations["operation"]) == ["POST /checkout", "GET /"]
    assert [each.value for each in database.operations["waiting"]] == [1.0, 0.0]


def test_nobody_waits_for_what_is_behind_a_queue():
    graph = service_graph(frame(ORDER, BROWSE))
    mailer = blast_radius(graph, "mailer")
    assert (mailer.dependants, mailer.waiting.value, mailer.touched.value) == ((), 0.0, 0.5)
    assert mailer.at_most.value == 0.0
    smtp = blast_radius(graph, "smtp")
    assert smtp.dependants == ("mailer",) and smtp.waiting.value == 0.0 and smtp.touched.value == 0.5


def test_services_that_call_each_other_fail_together():
    ring = [
        span("r", "", "a", "server", 0, 90),
        span("b", "r", "b", "server", 0, 80),
        span("c", "b", "c", "server", 0, 70),
        span("d", "c", "b", "server", 0, 60),
        span("e", "d", "d", "server", 0, 50),
    ]
    graph = service_graph(frame(ring, [span("r", "", "c", "server", 0, 5)]))
    for service, others in (("b", ("a", "c")), ("c", ("a", "b"))):
        found = blast_radius(graph, service)
        assert (found.ring, found.dependants) == (("b", "c"), others)
    assert blast_radius(graph, "d").dependants == ("a", "b", "c")
    assert blast_radius(graph, "d").waiting.value == 0.5 and blast_radius(graph, "d").at_most.value == 1.0
    assert blast_radius(graph, "a").dependants == ()


def test_spans_below_an_orphan_are_of_no_known_request():
    lost = [span("x", "gone", "b", "server", 0, 5), span("y", "x", "b", "client", 1, 3, peer="db")]
    found = blast_radius(service_graph(frame(BROWSE, lost)), "db")
    assert found.direct == ("b",) and found.waiting.value == 0.0


def test_an_unknown_service_is_refused():
    with pytest.raises(InvalidInput, match=r"no service 'payments' in the graph; expected one of catalogue"):
        blast_radius(service_graph(frame(ORDER)), "payments")


@settings(max_examples=25)
@given(spans=forests())
def test_what_was_seen_to_wait_is_within_what_could(spans):
    graph = service_graph(spans)
    for service in graph.nodes["service"]:
        found = blast_radius(graph, service)
        if found.operations["requests"].sum() > 0:
            assert found.waiting.value <= found.touched.value <= 1
            assert found.waiting.value <= found.at_most.value + 1e-12


@pytest.mark.parametrize("name", ["journeys/light", "journeys/heavy"])
def test_the_cache_of_the_shop_keeps_most_product_pages_from_its_database(name):
    spans = recorded(name).frame
    graph = service_graph(spans)
    asked = spans[(spans["peer"] == "postgresql") & (spans["operation"] != "insert confirmation")]
    share = asked["trace_id"].nunique() / spans["trace_id"].nunique()  # one root and one weight each
    found = blast_radius(graph, "postgresql")
    assert found.waiting.value == pytest.approx(share)
    assert found.dependants == ("catalogue", "checkout", "gateway")
    pages = found.operations.set_index("operation").loc["GET /products/{id:int}", "waiting"]
    assert pages.high < 0.15
    others = found.operations.set_index("operation").drop("GET /products/{id:int}")
    assert all(each.value == 1 for each in others["waiting"])
