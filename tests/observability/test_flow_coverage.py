"""Where the time of journeys passes: on traces drawn by hand, against interval arithmetic, and in the shop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_spans import BROWSE, ORDER, frame, recorded, span

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.observability import flow_coverage
from scaling_lib.observability.gaps import gaps
from scaling_lib.observability.tree import grow

KINDS = ("explained", "unexplained", "unseen", "between")


def shares(coverage) -> dict[str, dict[str, float]]:
    return {each.journey: {kind: getattr(each, kind).value for kind in KINDS} for each in coverage.journeys}


def test_time_is_explained_unexplained_unseen_or_between():
    found = flow_coverage(frame(ORDER, count=20))
    # Of 100 ms: gateway 20 outside of its call; its call 80 - 70; checkout 70 - (20 + 5 + 10 + 4); database 25; call of
    # catalogue 10 - 6; catalogue, its only span, 6 (less than 10 of 100: short); producer 4, joined by its consumer.
    assert shares(found)["POST /checkout"] == pytest.approx(
        {"explained": 0.06, "unexplained": 0.20 + 0.31, "unseen": 0.25, "between": 0.10 + 0.04 + 0.04}
    )
    journey = found.journeys[0]
    assert (journey.traces, journey.requests) == (20, 20) and journey.seconds == pytest.approx(0.100)
    assert journey.services == ("catalogue", "checkout", "gateway")  # nobody waits for the mailer
    own = found.by_service.set_index(["service", "kind"])["share"]
    assert own["checkout", "unexplained"].value == pytest.approx(0.31)
    assert own["gateway", "between"].value == pytest.approx(0.10)
    assert own["checkout", "unseen"].value == pytest.approx(0.25)


def test_the_only_span_of_a_service_is_unexplained_where_it_is_long():
    assert shares(flow_coverage(frame(ORDER, count=20), long=0.05))["POST /checkout"]["explained"] == 0
    browse = shares(flow_coverage(frame(BROWSE, count=20)))["GET /"]  # 20 ms: catalogue's 8 are long
    assert browse == pytest.approx({"explained": 0, "unexplained": 0.5 + 0.4, "unseen": 0, "between": 0.1})
    named = [*BROWSE, span("i", "h", "catalogue", "internal", 6, 14, operation="render")]
    assert shares(flow_coverage(frame(named, count=20)))["GET /"]["explained"] == pytest.approx(0.4)


def test_gaps_say_between_which_calls_the_time_passes():
    found = flow_coverage(frame(ORDER, count=20)).gaps
    rows = {
        (row.operation, row.after, row.before): (row.count, row.mean_s, row.share.value) for row in found.itertuples()
    }
    assert rows == {
        ("POST /checkout", "its start", "c"): (20, pytest.approx(0.010), pytest.approx(0.10)),
        ("POST /checkout", "c", "its end"): (20, pytest.approx(0.010), pytest.approx(0.10)),
        ("s", "its start", "d"): (20, pytest.approx(0.005), pytest.approx(0.05)),
        ("s", "e", "g"): (20, pytest.approx(0.005), pytest.approx(0.05)),
        ("s", "g", "p"): (20, pytest.approx(0.020), pytest.approx(0.20)),
        ("s", "p", "its end"): (20, pytest.approx(0.001), pytest.approx(0.01)),
    }
    assert found["share"].iloc[0].value == pytest.approx(0.20)


def test_times_of_the_critical_path_are_taken_where_they_are_given():
    spans = frame(ORDER, count=20)
    path = pd.Series(np.tile([0.03, 0.0, 0.01, 0.06, 0, 0, 0, 0, 0.5, 0], 20), index=spans.index)
    found = shares(flow_coverage(spans, exclusive=path))["POST /checkout"]
    assert found == pytest.approx(
        {"explained": 0, "unexplained": 0.4, "unseen": 0.6, "between": 0}
    )  # m is not waited for
    with pytest.raises(InvalidInput, match="found 100 exclusive times for 200 spans"):
        flow_coverage(spans, exclusive=path.iloc[:100])


def test_the_slowest_requests_alone():
    slow = [span("r", "", "a", "server", 0, 90, operation="GET /"), span("d", "r", "a", "client", 5, 86, peer="db")]
    fast = [span("r", "", "a", "server", 0, 10, operation="GET /"), span("d", "r", "a", "client", 1, 2, peer="db")]
    spans = frame(slow, fast, weights=(1.0, 3.0), count=20)
    assert shares(flow_coverage(spans))["GET /"]["unseen"] == pytest.approx((81 + 3 * 1) / (90 + 3 * 10))
    slowest = flow_coverage(spans, slowest=0.25)
    assert shares(slowest)["GET /"]["unseen"] == pytest.approx(0.9)
    assert slowest.journeys[0].traces == 20 and slowest.journeys[0].seconds == pytest.approx(0.09)


def test_breaks_by_service():
    lost = [
        span("r", "", "gateway", "server", 0, 50, operation="GET /"),
        span("c", "r", "gateway", "client", 1, 40, peer="checkout"),  # its callee's spans start a trace of their own
        span("f", "r", "gateway", "client", 41, 42, peer="checkout", error=True),  # refused: none are to be expected
        span("x", "gone", "checkout", "server", 2, 30),
        span("d", "x", "checkout", "client", 3, 9, peer="postgresql"),
    ]
    headless = [span("j", "", "checkout", "client", 0, 5, peer="postgresql")]
    found = flow_coverage(frame(ORDER, lost, headless, count=20)).propagation.set_index("service")
    assert found.index[0] == "checkout"
    assert found["orphans"].to_dict() == {"checkout": 20, "catalogue": 0, "gateway": 0, "mailer": 0}
    assert found.loc["checkout", "orphan_share"].value == pytest.approx(20 / (5 * 20 + 2 * 20 + 20))
    assert (found.loc["gateway", "calls"], found.loc["gateway", "unjoined"]) == (40, 20)
    assert found.loc["gateway", "unjoined_share"].value == 0.5
    assert found.loc["checkout", "calls"] == 40 and found.loc["checkout", "unjoined"] == 0  # catalogue, and the queue
    assert found["client_roots"].to_dict() == {"checkout": 20, "catalogue": 0, "gateway": 0, "mailer": 0}
    assert np.isnan(found.loc["mailer", "unjoined_share"].value)


def test_journeys_have_their_names_and_what_is_left_out_is_said():
    lost = [span("x", "gone", "checkout", "server", 2, 30)]
    found = flow_coverage(frame(ORDER, lost, count=20), journeys={"POST /checkout": "purchase"})
    assert [each.journey for each in found.journeys] == ["purchase"]
    assert any(note.startswith("9.09% of the spans are below an orphan") for note in found.notes)
    few = flow_coverage(pd.concat([frame(ORDER, count=20), frame(BROWSE, count=3).assign(trace_id="b")]))
    assert [each.journey for each in few.journeys] == ["POST /checkout"]
    with pytest.raises(NotEnoughData, match="at most 19 whole traces of a journey; expected 20"):
        flow_coverage(frame(ORDER, count=19))
    with pytest.raises(NotEnoughData, match="0 whole traces"):
        flow_coverage(frame(ORDER, count=20), journeys={"GET /buy": "buy"})
    with pytest.raises(InvalidInput, match="slowest 5"):
        flow_coverage(frame(ORDER, count=20), slowest=5)


@st.composite
def parallel(draw: st.DrawFn) -> list:
    """One root with spans of its service below, and some below those, in any order, overlapping, reaching beyond."""
    spans = [span("s0", "", "a", "server", 0, 60)]
    for place in range(1, draw(st.integers(1, 7))):
        parent = draw(st.sampled_from(spans))[0]
        start, length = draw(st.integers(-10, 70)), draw(st.integers(0, 40))
        spans.append(span(f"s{place}", parent, "a", "internal", start, start + length, follows=draw(st.booleans())))
    return spans


@settings(max_examples=40)
@given(spans=parallel())
def test_gaps_are_the_milliseconds_in_which_no_span_below_runs(spans):
    table = frame(spans)
    tree = grow(table, "test")
    chosen = np.array([any(c[1] == s[0] and not c[9] for c in spans) for s in spans])
    names = np.full(len(spans), "j", dtype=object)
    found = gaps(table, tree, names, chosen, np.zeros(1, dtype=np.int64), 0.95)
    expected = {}
    for one, inside in zip(spans, chosen, strict=True):
        below = [c for c in spans if c[1] == one[0] and not c[9]]
        free = [ms for ms in range(one[5], one[6]) if not any(c[5] <= ms < c[6] for c in below)]
        if inside and len(free) >= 0.6:  # 1% of the root's 60 ms
            expected[one[0]] = len(free) / 1000
    total = (found["count"] * found["mean_s"]).groupby(found["operation"]).sum()
    assert total.to_dict() == pytest.approx(expected)


@settings(max_examples=15)
@given(traces=st.lists(parallel(), min_size=1, max_size=3), weights=st.lists(st.sampled_from([1.0, 4.0]), min_size=3))
def test_the_four_shares_make_one_and_services_add_up(traces, weights):
    found = flow_coverage(frame(*traces, weights=tuple(weights), count=20))
    own = found.by_service.assign(value=[each.value for each in found.by_service["share"]])
    for journey in found.journeys:
        values = {kind: getattr(journey, kind).value for kind in KINDS}
        assert sum(values.values()) == pytest.approx(1)
        of = own[own["journey"] == journey.journey].groupby("kind")["value"].sum().to_dict()
        assert of == pytest.approx({kind: value for kind, value in values.items() if kind in of})
        assert all(value == 0 for kind, value in values.items() if kind not in of)


def test_the_shop_says_what_its_database_takes_and_loses_no_context():
    spans = recorded("journeys/light").frame
    found = flow_coverage(spans)
    assert found.journeys[0].journey == "POST /checkout"
    assert len(found.journeys) == 5
    by_name = {each.journey: each for each in found.journeys}
    orders = spans[spans["trace_id"].isin(spans.loc[spans["operation"] == "POST /checkout", "trace_id"])]
    database = orders[(orders["peer"] == "postgresql") & (orders["operation"] != "insert confirmation")]
    seconds = float((database["end_ns"] - database["start_ns"]).sum()) / 1e9
    journey = by_name["POST /checkout"]
    assert journey.unseen.value * journey.seconds * journey.requests == pytest.approx(seconds)
    assert by_name["GET /products/{id:int}"].unseen.value < 0.1 < by_name["GET /products"].unseen.value  # the cache
    assert (found.propagation[["orphans", "unjoined", "client_roots"]] == 0).all(axis=None)
    assert found.propagation.set_index("service")["calls"].to_dict()["gateway"] == 1796


def test_the_slow_orders_of_the_shop_pass_their_time_in_the_database():
    found = flow_coverage(recorded("spells").frame, slowest=0.05)
    journey = {each.journey: each for each in found.journeys}["POST /checkout"]
    assert journey.unseen.low > 0.95 and journey.seconds > 0.6  # pg_sleep of 600 ms, as truth.yaml says


def test_a_lost_service_is_seen_where_its_spans_are_taken_away():
    spans = recorded("journeys/light").frame
    left = spans[spans["service"] != "catalogue"]
    found = flow_coverage(left)
    whole = {each.journey: each.unseen.value for each in flow_coverage(spans).journeys}
    for journey in found.journeys:
        if journey.journey.startswith("GET"):
            assert journey.unseen.value > whole[journey.journey] + 0.5
    below = spans[(spans["service"] == "catalogue") & (spans["kind"] == "server")]
    torn = flow_coverage(spans.drop(index=below.index)).propagation.set_index("service")
    # the database calls of catalogue have lost their parent
    assert torn.loc["catalogue", "orphans"] == len(
        spans[(spans["service"] == "catalogue") & (spans["kind"] == "client")]
    )
    assert torn.loc["gateway", "unjoined"] == 1249
