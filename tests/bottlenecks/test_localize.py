"""Which service it is: effects known by hand, random systems with a fault, labelled faults, and what cannot be told."""

from __future__ import annotations

import json
from pathlib import Path

import faulty_graphs
import numpy as np
import pandas as pd
import pytest

from scaling_lib.bottlenecks import localize
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.evidence.spans import SpanSource, read_spans

PUBLIC = Path(__file__).parents[3] / "shared/data/train-ticket"
MS = 1_000_000


def trace(number: int, *, own: float = 60, edge: float = 20, operation: str = "GET /", **columns: object) -> list[dict]:
    """A gateway's 20 ms, then a call to the shop: its edge and its own work, in ms."""
    jitter = (number % 3 - 1) * 0.1
    end = 20 + edge + own + jitter
    rows = [
        ("a", "", "gateway", operation, "server", 0, end),
        ("b", "a", "gateway", "call", "client", 10, end - 10),
        ("c", "b", "shop", f"of {operation}", "server", 10 + edge / 2, end - 10 - edge / 2),
    ]
    names = ("span_id", "parent_id", "service", "operation", "kind", "start_ns", "end_ns")
    return [
        dict(zip(names, (*row[:5], row[5] * MS, round(row[6] * MS)), strict=True))
        | {"trace_id": f"{operation}{number}", "error": False}
        | columns
        for row in rows
    ]


def frame(*traces: list[dict]) -> pd.DataFrame:
    return pd.DataFrame([row for rows in traces for row in rows])


def many(count: int, **given) -> list[list[dict]]:
    return [trace(number, **given) for number in range(count)]


NORMAL = frame(*many(30))


@pytest.mark.parametrize(
    ("given", "service", "cause", "score"),
    [
        ({"own": 90}, "shop", "own work", 0.030),
        ({"edge": 75}, "shop", "edge", 0.055),
        ({"own": 40}, "gateway", "own work", 0.0),  # who is faster comes last
    ],
)
def test_what_one_service_takes_longer_is_its_own(given, service, cause, score):
    found = localize(NORMAL, frame(*many(30, **given)))
    best = found.iloc[0]
    assert (best["service"], best["cause"], best["unit"]) == (service, cause, "s")
    assert best["score"] == pytest.approx(score, abs=1e-6) and best["low"] <= best["score"] <= best["high"]
    assert found["score"].sum() == pytest.approx((given.get("own", 60) + given.get("edge", 20) - 80) / 1000, abs=1e-6)
    assert best["operation"] == ("of GET /" if service == "shop" else best["operation"])


def test_another_mix_and_other_weights_are_no_change():
    slow = {"operation": "POST /order", "own": 400}
    normal = frame(*many(40), *many(10, **slow))
    other = frame(*many(10), *many(40, **slow))
    found = localize(normal, other)
    assert found["score"].abs().max() < 1e-9 and (found["low"] <= 0).all()
    # one in four of the slow ones is kept, but stands for four: half of all calls are slow in each window
    sampled = frame(*many(40, weight=1.0), *many(10, weight=4.0, **slow))
    slower = frame(*many(40, weight=1.0), *many(10, weight=4.0, **slow | {"own": 500}))
    assert localize(sampled, slower).iloc[0]["score"] == pytest.approx(0.5 * 0.1, abs=1e-6)
    assert localize(normal, frame(*many(40), *many(10, **slow | {"own": 500}))).iloc[0]["score"] == pytest.approx(0.02)


def test_kinds_and_errors_may_be_absent_and_doubles_count_once():
    faulty = frame(*many(30, edge=75))
    bare = [each.drop(columns=["kind", "error"]) for each in (NORMAL, pd.concat([faulty, faulty]))]
    names = ["service", "score", "low", "high", "cause"]
    assert localize(*bare)[names].equals(localize(NORMAL, faulty)[names])


def test_an_error_belongs_to_where_it_began():
    failing = frame(*many(10, error=True), *[trace(10 + n) for n in range(20)])
    found = localize(NORMAL, failing).iloc[0]
    assert (found["service"], found["cause"], found["unit"]) == ("shop", "errors", "fraction")
    assert found["score"] == pytest.approx(1 / 3) and found["low"] > 0.1 and found["high"] < 0.6
    silent = failing.assign(error=failing["error"] & (failing["kind"] == "server"))  # the call does not say so
    assert localize(NORMAL, silent).iloc[0].drop("busy").tolist() == found.drop("busy").tolist()
    refused = failing[~(failing["error"] & (failing["service"] == "shop"))]  # the shop could not be reached
    assert localize(NORMAL, refused).iloc[0]["service"] == "shop"
    own = failing.assign(error=failing["error"] & (failing["span_id"] == "a"))
    assert localize(NORMAL, own).iloc[0]["service"] == "gateway"


def test_calls_without_their_servers_spans_are_known_by_calls_alike():
    def lossy(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[~((rows["service"] == "shop") & (rows["trace_id"].str[-1].isin(list("13579"))))]

    found = localize(lossy(NORMAL), lossy(frame(*many(30, own=90)))).iloc[0]
    assert found["service"] == "shop" and found["score"] == pytest.approx(0.03, abs=1e-4)


@pytest.mark.parametrize(("fault", "least"), [("delay", 11), ("egress", 11), ("contention", 11), ("errors", 8)])
def test_the_service_of_a_fault_in_a_random_system_is_found(fault, least):
    # of 12 systems; the shares of many, in tests/benchmarks/bench_localize.py, are .99, 1, .99 and .81
    ranks = []
    for seed in range(12):
        normal, faulty, service = faulty_graphs.windows(seed, fault)
        ranks.append(localize(normal, faulty)["service"].tolist().index(service))
    assert ranks.count(0) >= least and sum(rank < 3 for rank in ranks) >= least


def test_without_a_fault_intervals_lie_above_0_as_rarely_as_they_say():
    found = pd.concat([localize(*faulty_graphs.windows(seed, "", drift=0.0)[:2]) for seed in range(20)])
    assert 0 <= (found["low"] > 0).mean() < 0.06  # of some 200 services; nominal .025 each for latency and for errors


def test_metrics_tell_who_was_busy():
    times = np.arange(40) * 15.0 + 1_700_000_000
    shift = {"start_ns": 0, "end_ns": 0}
    windows = []
    for begin, rows in ((times[0], NORMAL), (times[20], frame(*many(30, own=61)))):
        moved = rows.assign(**{name: rows[name] + int(begin * 1e9) for name in shift})
        late = moved["trace_id"].str[-1] == "9"
        moved.loc[late, list(shift)] += int(285e9)
        windows.append(moved)
    busy = np.where(np.arange(40) < 20, 5.0, 90.0)
    wide = pd.DataFrame({"TimeStamp": np.tile(times, 2), "pod": np.repeat(["shop-7f-x", "gateway-0"], 40)})
    wide["CpuUsageRate(%)"] = np.concatenate([busy, np.where(np.arange(40) == 30, 80.0, 6.0)])  # a spike is no spell
    found = localize(*windows, wide).set_index("service")
    assert found["busy"].to_dict() == {"shop": True, "gateway": False}
    assert found.index[0] == "shop" and found.loc["shop", "cause"] == "own work"
    counters = pd.DataFrame(
        {
            "time": pd.to_datetime(times, unit="s", utc=True),
            "metric": "process_cpu_seconds_total",
            "labels": json.dumps({"service": "shop"}),
            "value": np.cumsum(busy),
        }
    )
    assert localize(*windows, counters).set_index("service")["busy"].to_dict() == {"shop": True, "gateway": None}
    assert localize(*windows)["busy"].isna().all()
    with pytest.raises(InvalidInput, match="a column with cpu in its name"):
        localize(*windows, wide.drop(columns="CpuUsageRate(%)"))


def test_what_cannot_be_told_is_refused():
    with pytest.raises(NotEnoughData, match="normal spans: found none"):
        localize(NORMAL.head(0), NORMAL)
    with pytest.raises(NotEnoughData, match="faulty spans: found 1 trace; expected at least 2"):
        localize(NORMAL, frame(trace(1)))
    with pytest.raises(InvalidInput, match="no operation of a service in both windows"):
        localize(NORMAL, NORMAL.assign(service="x"))
    with pytest.raises(InvalidInput, match="localize, normal spans: found no column operation"):
        localize(NORMAL.drop(columns="operation"), NORMAL)
    with pytest.raises(InvalidInput, match="found list; expected a canonical frame"):
        localize([], NORMAL)
    new = frame(*many(30), *many(15, operation="new"))
    assert localize(NORMAL, new).attrs["left_out"] == pytest.approx(1 / 3, abs=0.01)


def test_labelled_faults_of_a_booking_system():
    if not PUBLIC.is_dir():
        pytest.skip("the public data set of labelled faults is not here")
    spans = pd.read_parquet(PUBLIC / "spans.parquet")
    metrics = pd.read_parquet(PUBLIC / "metrics.parquet")
    normal, faulty = (spans[spans["phase"] == phase] for phase in ("normal", "faulty"))
    start = faulty.groupby("trace_id")["start_ns"].transform("min") / 1e9
    ranks: dict[str, list[int]] = {"network_delay": [], "cpu_contention": []}
    for fault in json.loads((PUBLIC / "faults.json").read_text()):
        during = faulty[start.between(fault["time"] - 60, fault["time"] + 240)]
        for given in (None, metrics):
            names = localize(normal, during, given)["service"].tolist()
            ranks[fault["kind"]].append(names.index(fault["service"]) + 1)
    assert ranks == {"network_delay": [1] * 28, "cpu_contention": [1] * 6}


def test_the_missing_index_of_the_recorded_shop_is_the_databases():
    recorded = Path(__file__).parents[2] / "data/shop/recorded/bottleneck"
    after, before = (
        read_spans([SpanSource(path=str(recorded / name / "spans.jsonl.gz"))]).frame for name in ("after", "before")
    )
    best = localize(after, before).iloc[0]  # without the index, emptying a cart reads the whole table
    assert (best["service"], best["operation"]) == ("postgresql", "empty cart") and best["score"] > 0.1
