"""The critical path: traces drawn by hand with their figures, random ones against the rules written plainly, and real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_spans import NS, drawn, plain
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.bottlenecks import critical_path
from scaling_lib.errors import InvalidInput
from scaling_lib.model.critical_path import ASYNCHRONOUS, CIRCLE, CLIPPED, ORPHAN, OUTSIDE, SEVERAL

REAL = Path(__file__).resolve().parents[3] / "shared/data/train-ticket/spans.parquet"


@pytest.mark.parametrize(
    ("spans", "exclusive"),
    [
        ("A[0,100], B[10,70]<A, C[20,120]<B", {"A": 40, "B": 10, "C": 50}),
        ("A[0,100], B[110,160]<A, C[120,150]<B, D[60,90]<A", {"A": 70, "D": 30}),
        ("A[0,100], B[10,70]<A, C[25,45]<B, D[30,50]<B", {"A": 40, "B": 40, "D": 20}),
        ("X[1,101], A[10,50]<X, C[20,60]<X", {"X": 19 + 41, "C": 40}),
        ("A[1,30], B[15,35]<A, C[10,25]<B", {"B": 5, "C": 10, "A": 14}),
        ("A[10,30], B[5,35]<A", {"B": 20}),
        ("P[100,200], C1[100,150]<P, C2[150,200]<P", {"C1": 50, "C2": 50}),
        ("A[0,100], B[10,60]<A, C[20,30]<B", {"A": 50, "B": 40, "C": 10}),
        ("A[0,100]", {"A": 100}),
        ("A[0,100], B[50,50]<A, C[40,60]<B", {"A": 100}),  # nothing is left of one that lasts 0, nor below it
    ],
)
def test_exclusive_times_of_traces_drawn_by_hand(spans, exclusive):
    found = critical_path(drawn(spans)).exclusive()
    assert found[found > 0].to_dict() == exclusive


def test_drag_is_what_would_be_saved_and_slack_how_much_later():
    nested = critical_path(drawn("A[0,100], B[10,60]<A, C[20,30]<B"))
    assert nested.drag().to_dict() == {"A": 100, "B": 50, "C": 10}
    beside = critical_path(drawn("A[0,100], B[10,60]<A, C[45,55]<A, D[5,15]<A"))
    assert (beside.spans["slack_ns"] / NS).tolist() == [0, 0, 35, 45]
    assert beside.drag().to_dict() == {"A": 100, "B": 5}  # after 5 s C is waited for instead


def test_what_is_below_a_span_saves_no_more_than_it():
    found = critical_path(drawn("A[0,100], B[10,60]<A, C[45,58]<A, D[20,60]<B"))
    assert found.drag().to_dict() == {"A": 100, "B": 2, "D": 2}


def test_one_beside_several_that_are_waited_for_limits_what_each_saves():
    # X ends 4 before C, so any of A, B and C may be 4 shorter before X is waited for instead
    found = critical_path(drawn("R[0,100], A[0,30]<R, B[30,60]<R, C[60,90]<R, X[10,86]<R"))
    assert found.drag().to_dict() == {"R": 100, "A": 4, "B": 4, "C": 4}
    assert found.spans["slack_ns"].iloc[-1] / NS == 90 - 76 - 0


def test_slack_below_a_span_with_slack_adds_to_it():
    found = critical_path(drawn("A[0,100], B[10,60]<A, C[45,55]<A, D[47,50]<C"))
    # C may start from 10 to 50; D, whom it waits for, with it
    assert (found.spans["slack_ns"] / NS).tolist() == [0, 0, 40, 40]


def test_ties_go_to_the_earliest_start_then_to_the_smaller_id():
    found = critical_path(drawn("A[0,100], B[20,60]<A, C[10,60]<A, D[10,60]<A, E[5,10]<A, F[5,10]<A"))
    assert found.exclusive().to_dict() == {"A": 45, "C": 50, "E": 5}
    assert found.drag()["C"] == 0 and found.drag()["E"] == 0  # another is ready at the same time


def test_siblings_that_overlap_within_the_tolerance_run_one_after_another():
    spans = drawn("A[0,100], B[10,52]<A, C[50,90]<A, D[30,52]<B")
    assert critical_path(spans).exclusive().to_dict() == {"A": 60, "C": 40}
    found = critical_path(spans, overlap_tolerance_s=2).exclusive()
    assert found.to_dict() == {"A": 20, "C": 40, "B": 20, "D": 20}  # B and D end where C starts
    assert critical_path(spans, overlap_tolerance_s=1.9).exclusive().to_dict() == {"A": 60, "C": 40}


def test_spans_that_overlap_wholly_are_not_before_each_other():
    same = drawn("A[0,10], B[2,4]<A, C[2,4]<A, D[2,4]<A")
    assert critical_path(same, overlap_tolerance_s=100).exclusive().to_dict() == {"A": 8, "B": 2}


def test_each_root_has_a_path_and_orphans_are_flagged():
    found = critical_path(drawn("A[0,100], B[10,60]<A, R[20,30], O[40,70]<gone, P[50,60]<O"))
    assert found.by_root["operation"].tolist() == ["A", "R", "O"]
    assert found.by_root["duration_s"].tolist() == [100, 10, 30]
    assert found.by_root["orphan"].tolist() == [False, False, True]
    assert found.by_root["spans"].tolist() == [2, 1, 2]
    assert found.spans["root"].tolist() == [0, 0, 1, 2, 2]
    assert found.ambiguity.loc[[ORPHAN, SEVERAL], "spans"].tolist() == [1, 2]
    assert found.exclusive(journey="A").to_dict() == {"A": 50, "B": 50}
    assert found.share(journey="A").to_dict() == {"A": 0.5, "B": 0.5}
    with pytest.raises(InvalidInput, match="no root has the operation 'O'; they are A and R"):
        found.exclusive(journey="O")


def test_what_follows_blocks_nobody_and_is_told_apart():
    found = critical_path(drawn("A[0,100], B[10,60]<A, M[50,95]<A~, N[60,90]<M, O[120,130]<A, Q[70,110]<A"))
    assert found.exclusive().to_dict() == {"A": 20, "B": 50, "Q": 30}
    assert found.ambiguity.loc[ASYNCHRONOUS].tolist() == [2, 75]
    assert found.ambiguity.loc[OUTSIDE].tolist() == [1, 10]
    assert found.ambiguity.loc[CLIPPED].tolist() == [1, 40]
    assert found.spans["slack_ns"].isna().tolist() == [False, False, True, True, True, False]


def test_spans_that_are_their_own_ancestors_have_no_path():
    found = critical_path(drawn("A[0,100], B[10,60]<C, C[10,60]<B, D[20,30]<C, E[5,7]<E"))
    assert found.by_root["operation"].tolist() == ["A", "E"]
    assert found.ambiguity.loc[CIRCLE].tolist() == [3, 110]
    assert found.exclusive().to_dict() == {"A": 100, "E": 2}


CALL = "A[0,100], B[10,90]<A, C[20,70]<B, D[30,60]<C"
SERVICES = ["shop", "shop", "pay", "pay"]


def test_what_a_callees_span_does_not_cover_of_a_call_is_the_callees():
    spans = drawn(
        CALL, service=SERVICES, kind=["server", "client", "server", "client"], peer=["", "", "", "postgresql"]
    )
    found = critical_path(spans)
    assert found.exclusive("service").to_dict() == {"pay": 30 + 20, "postgresql": 30, "shop": 20}
    edges = {"shop -> pay": 30, "pay -> postgresql": 30, "shop": 20, "pay": 20}
    assert found.exclusive("edge").to_dict() == edges
    assert found.exclusive("operation").to_dict() == {"B": 30, "D": 30, "A": 20, "C": 20}
    assert found.exclusive("span").to_dict() == {"B": 30, "D": 30, "A": 20, "C": 20}


def test_without_kinds_a_call_is_told_by_its_neighbours():
    bare = drawn(CALL, service=SERVICES).drop(columns=["kind", "follows"])
    assert critical_path(bare).exclusive("edge").to_dict() == {"shop -> pay": 30, "pay": 50, "shop": 20}
    # a server that calls another service without a span of its own for the call keeps its time
    servers = drawn("A[0,100], B[10,90]<A", service=["shop", "pay"]).drop(columns="kind")
    assert critical_path(servers).exclusive("edge").to_dict() == {"pay": 80, "shop": 20}
    internal = drawn(CALL, service=SERVICES)
    assert critical_path(internal).exclusive("service").to_dict() == {"shop": 50, "pay": 50}


def test_a_root_counts_as_often_as_its_weight_says():
    one = drawn("A[0,100], B[10,60]<A", trace_id="one", weight=[1.0, 1.0])
    four = drawn("A[0,10], B[0,5]<A", trace_id="four", weight=[4.0, 4.0])
    assert critical_path(pd.concat([one, four])).exclusive().to_dict() == {"A": 50 + 20, "B": 50 + 20}


def test_the_same_ids_in_other_traces_are_other_spans_and_doubles_do_no_harm():
    two = pd.concat([drawn("A[0,100], B[10,60]<A", trace_id="one"), drawn("B[0,10], A[2,8]<B", trace_id="two")])
    assert critical_path(two).exclusive().to_dict() == {"A": 50 + 6, "B": 50 + 4}
    double = pd.concat([drawn("A[0,100], B[10,60]<A, C[20,30]<B"), drawn("A[0,100], B[10,60]<A")])
    first = critical_path(double)
    assert first.by_root["spans"].sum() == 5
    assert float(first.exclusive().sum()) == float(first.by_root["duration_s"].sum()) == 200


def test_the_forms_that_columns_come_in_make_no_difference():
    spans = drawn("A[0,100], B[10,70]<A, C[20,120]<B")
    spans["parent_id"] = spans["parent_id"].replace("", None)
    labels = spans.astype(dict.fromkeys(("trace_id", "service", "operation", "kind"), "category"))
    for each in (spans, labels, spans.astype({"span_id": object, "parent_id": object}), spans.iloc[[2, 0, 1]]):
        assert critical_path(each).exclusive().to_dict() == {"A": 40, "B": 10, "C": 50}


def test_no_span_has_no_path_and_a_broken_frame_is_refused():
    none = critical_path(drawn("A[0,1]").iloc[:0])
    assert none.by_root.empty and none.exclusive("edge").empty and none.share().empty
    with pytest.raises(InvalidInput, match="no column service and end_ns"):
        critical_path(drawn("A[0,1]").drop(columns=["service", "end_ns"]))
    with pytest.raises(InvalidInput, match="1 span without span_id"):
        critical_path(drawn("A[0,1]").assign(span_id=[None]))
    with pytest.raises(InvalidInput, match="overlap_tolerance_s -1"):
        critical_path(drawn("A[0,1]"), overlap_tolerance_s=-1)
    with pytest.raises(InvalidInput, match="by='route'"):
        critical_path(drawn("A[0,1]")).exclusive("route")


def test_a_long_chain_and_a_wide_fan_end():
    size = 20_000
    names = [f"{place:016x}" for place in range(size)]
    chain = pd.DataFrame({"span_id": names, "parent_id": ["", *names[:-1]], "start_ns": range(size)})
    chain = chain.assign(trace_id="t", service="s", operation="o", end_ns=2 * size - np.arange(size))
    assert critical_path(chain.iloc[:2000]).spans["exclusive_ns"].sum() == 2 * size
    fan = chain.assign(parent_id=["", *names[:1] * (size - 1)], end_ns=[2 * size, *range(2, size + 1)])
    found = critical_path(fan)  # each child lasts 1 and starts when the one before ends
    assert found.spans["on_path"].all() and (found.spans["drag_ns"].iloc[1:] == 1).all()


@st.composite
def traces(draw):
    count = draw(st.integers(1, 14))
    ids = draw(st.permutations([f"{place:x}" for place in range(count)]))
    rows = []
    for place in range(count):
        above = draw(st.integers(-1, place - 1)) if place else -1
        parent = ids[above] if above >= 0 else draw(st.sampled_from(["", "", "gone"]))
        start = draw(st.integers(0, 24))
        end = start + draw(st.integers(-1, 24))
        rows.append(("t", ids[place], parent, "s", "o", start, end, above >= 0 and draw(st.integers(0, 9)) == 0))
    names = ["trace_id", "span_id", "parent_id", "service", "operation", "start_ns", "end_ns", "follows"]
    return pd.DataFrame(draw(st.permutations(rows)), columns=names)


@given(traces(), st.sampled_from([0, 0, 1, 3]))
def test_random_trees_are_as_the_rules_say_and_times_add_up(spans, tolerance):
    found = critical_path(spans, overlap_tolerance_s=tolerance / 1e9)
    rules = plain(spans, tolerance)
    table = found.spans.set_index("span_id")
    on = table[table["on_path"]]
    assert on["exclusive_ns"].to_dict() == rules.exclusive
    assert on["drag_ns"].to_dict() == rules.drag
    assert table["slack_ns"].dropna().to_dict() == rules.slack
    assert (table["exclusive_ns"] >= 0).all() and (table["drag_ns"] >= 0).all() and not (table["slack_ns"] < 0).any()
    sums = found.spans[found.spans["on_path"]].groupby("root")["exclusive_ns"].sum()
    assert (sums / 1e9 == found.by_root["duration_s"]).all()


def test_real_traces_add_up_and_are_as_the_rules_say():
    if not REAL.is_file():
        pytest.skip("the train-ticket traces are not beside the project")
    spans = pd.read_parquet(REAL)
    found = critical_path(spans)
    assert len(found.by_root) == 2548 and not found.by_root["orphan"].any()  # as many spans name no parent
    on = found.spans[found.spans["on_path"]]
    sums = on.groupby("root")["exclusive_ns"].sum().to_numpy()
    roots = spans[spans["parent_id"].isna()]
    assert (sums == (roots["end_ns"] - roots["start_ns"]).to_numpy()).all()
    for by in ("operation", "service", "edge", "span"):
        assert float(found.exclusive(by).sum()) == pytest.approx(sums.sum() / 1e9)
    several = spans[spans["trace_id"].isin(spans["trace_id"].unique()[:40])].fillna({"parent_id": ""})
    for _, trace in several.assign(follows=False).groupby("trace_id"):
        rules, part = plain(trace), critical_path(trace).spans.set_index("span_id")
        assert part[part["on_path"]]["exclusive_ns"].to_dict() == rules.exclusive
        assert part[part["on_path"]]["drag_ns"].to_dict() == rules.drag
        assert part["slack_ns"].dropna().to_dict() == rules.slack
