"""Self times of traces drawn by hand, and what is left out of them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.model.span_demands import from_spans

MS = 1_000_000
# id, parent, service, operation, kind, start and end in ms, peer, follows
CHECKOUT = [
    ("r", "", "gateway", "POST /checkout", "server", 0, 100, "", False),
    ("c", "r", "gateway", "POST /checkout", "client", 10, 90, "checkout", False),
    ("s", "c", "checkout", "POST /checkout", "server", 15, 85, "", False),
    ("d", "s", "checkout", "insert order", "client", 20, 40, "postgresql", False),  # two that overlap by 10 ms,
    ("e", "s", "checkout", "get prices", "client", 30, 60, "postgresql", False),
    ("z", "s", "checkout", "log", "internal", 80, 95, "", False),  # and one that ends after its parent
    ("p", "s", "checkout", "send mail", "consumer", 84, 184, "", True),
    ("q", "p", "checkout", "insert mail", "client", 100, 110, "postgresql", False),
]
BROWSE = [
    ("r", "", "gateway", "GET /", "server", 0, 10, "", False),
    ("m", "missing", "gateway", "GET /", "server", 0, 5, "", False),
]


def frame(*kinds: list[tuple], count: int = 40, weights: tuple[float, ...] = (1.0, 1.0)) -> pd.DataFrame:
    rows = [
        (f"{kind}-{k}", *row[:5], 1000 * MS * k + row[5] * MS, 1000 * MS * k + row[6] * MS, *row[7:], weights[kind])
        for kind, spans in enumerate(kinds)
        for k in range(count)
        for row in spans
    ]
    names = [
        "trace_id",
        "span_id",
        "parent_id",
        "service",
        "operation",
        "kind",
        "start_ns",
        "end_ns",
        "peer",
        "follows",
        "weight",
    ]
    return pd.DataFrame(rows, columns=names)


def test_self_time_belongs_to_who_spends_it():
    found = from_spans(frame(CHECKOUT))
    seconds = {name: by["POST /checkout"].value for name, by in found.demands.items()}
    # gateway: 100 - 80; checkout: 70 - (20..60 and 80..85) = 25, and the log's own 15; postgresql: 20 + 30
    assert seconds == pytest.approx({"gateway": 0.020, "checkout": 0.040, "postgresql": 0.050})
    assert found.edges["gateway", "checkout"]["POST /checkout"].value == pytest.approx(0.010)
    late = {name: by["POST /checkout"].value for name, by in found.asynchronous.items()}
    assert late == pytest.approx({"checkout": 0.090, "postgresql": 0.010})
    assert any("no journey waits for" in note for note in found.notes)
    assert any("holds waiting" in note for note in found.notes)


def test_each_journey_has_its_own_mean_and_orphans_are_left_out():
    found = from_spans(frame(CHECKOUT, BROWSE, count=30))
    assert found.demands["gateway"]["GET /"].value == pytest.approx(0.010)
    assert found.demands["checkout"]["GET /"].value == 0.0
    assert found.mix == pytest.approx({"GET /": 0.5, "POST /checkout": 0.5}) and found.traces["GET /"] == 30
    assert any("30 spans below an orphan" in note for note in found.notes)


def test_spans_that_are_their_own_ancestors_have_no_journey():
    circle = [(each, above, "a", "loop", "server", 0, 10, "", False) for each, above in ("xy", "yz", "zx")]
    found = from_spans(frame(CHECKOUT, circle))
    assert set(found.traces) == {"POST /checkout"}
    assert any("120 spans below an orphan" in note for note in found.notes)


def test_names_of_journeys_and_those_without_one():
    found = from_spans(frame(CHECKOUT, BROWSE), journeys={"POST /checkout": "purchase"})
    assert set(found.demands["gateway"]) == {"purchase"}
    assert any("that no journey names" in note for note in found.notes)
    with pytest.raises(NotEnoughData, match="name the journeys"):
        from_spans(frame(CHECKOUT), journeys={"POST /buy": "purchase"})


def test_a_trace_counts_as_often_as_its_weight_says():
    fast, slow = (
        [("r", "", "a", "GET /", "server", 0, 10, "", False)],
        [("r", "", "a", "GET /", "server", 0, 50, "", False)],
    )
    found = from_spans(frame(fast, slow, weights=(9.0, 1.0)))
    assert found.demands["a"]["GET /"].value == pytest.approx(0.9 * 0.010 + 0.1 * 0.050)
    alike = from_spans(frame(fast, slow, weights=(8.0, 8.0)))
    assert alike.demands["a"]["GET /"].value == pytest.approx(0.030)


def test_the_columns_that_other_tools_do_not_have_may_be_absent():
    bare = frame(CHECKOUT).drop(columns=["peer", "follows", "weight"])
    found = from_spans(bare)
    assert set(found.demands) == {"gateway", "checkout"} and found.asynchronous == {}


def test_the_interval_is_that_of_the_mean_over_traces():
    numbers = np.random.default_rng(3)
    ends = (numbers.lognormal(0, 0.5, 400) * 10 * MS).astype(np.int64)
    spans = frame([("r", "", "a", "GET /", "server", 0, 1, "", False)], count=400)
    spans["end_ns"] = spans["start_ns"] + ends
    found = from_spans(spans).demands["a"]["GET /"]
    error = ends.std(ddof=1) / 1e9 / np.sqrt(400)
    assert found.value == pytest.approx(ends.mean() / 1e9)
    assert (found.low, found.high) == pytest.approx((found.value - 1.96 * error, found.value + 1.96 * error), rel=0.01)


@pytest.mark.slow
def test_the_interval_holds_the_truth_as_often_as_it_says():
    numbers = np.random.default_rng(5)
    held = 0
    for _ in range(100):
        spans = frame([("r", "", "a", "GET /", "server", 0, 1, "", False)], count=150)
        spans["end_ns"] = spans["start_ns"] + (numbers.lognormal(-0.125, 0.5, 150) * 10 * MS).astype(np.int64)
        found = from_spans(spans).demands["a"]["GET /"]
        held += found.low <= 0.010 <= found.high
    assert 89 <= held <= 99  # of 100: 0.95, standard deviation 2.2


def test_what_is_too_small_or_no_frame_of_spans_is_refused():
    with pytest.raises(NotEnoughData, match="at most 19 traces of a journey .* expected 20"):
        from_spans(frame(CHECKOUT, count=19))
    with pytest.raises(NotMeasured, match="not measured"):
        from_spans(frame(CHECKOUT).iloc[:0])
    with pytest.raises(InvalidInput, match="no column span_id"):
        from_spans(frame(CHECKOUT).drop(columns="span_id"))
    with pytest.raises(InvalidInput, match="level"):
        from_spans(frame(CHECKOUT), level=95)


def test_a_journey_that_came_all_at_once_is_not_taken_for_exact():
    """25 of 4,000 traces, all within one group of neighbours: of 5 to 29 ms, whose mean is not known to the last digit."""
    at = np.arange(4000) * 10**9
    burst = (np.arange(4000) >= 2000) & (np.arange(4000) < 2025)
    took = np.where(burst, 5 + np.arange(4000) - 2000, 10) * 10**6
    rows = pd.DataFrame(
        {
            "trace_id": [f"t{k}" for k in range(4000)], "span_id": "a", "parent_id": "", "service": "web",
            "operation": np.where(burst, "export", "list"), "kind": "server", "start_ns": at, "end_ns": at + took,
            "error": False,
        }
    )  # fmt: skip
    demand = from_spans(rows).demands["web"]["export"]
    mean, error = 0.017, 0.00736 / math.sqrt(25)  # of 5 to 29, and their deviation over the root of their number
    assert demand.value == pytest.approx(mean)
    assert (
        mean - 2.6 * error < demand.low < mean - 1.4 * error and mean + 1.4 * error < demand.high < mean + 2.6 * error
    )


def test_a_root_without_a_sampling_weight_counts_once():
    given = frame(CHECKOUT)
    some = given.assign(weight=np.where(np.arange(len(given)) % 2, 1.0, np.nan))
    assert from_spans(some).demands == from_spans(given).demands
