"""The traces: their critical path worked out by recursion, straight from the rules, against what is planted."""

from __future__ import annotations

import json
from collections import Counter

import pytest

KINDS = {1, 2, 3}


@pytest.fixture(scope="module")
def traces(shop) -> list[dict[str, dict]]:
    """The spans of each trace by id, with service, start and end."""
    found = []
    for line in shop.demo.texts["spans/spans.jsonl.gz"].splitlines():
        spans = {}
        for resource in json.loads(line)["resourceSpans"]:
            (attribute,) = resource["resource"]["attributes"]
            assert attribute["key"] == "service.name"
            for span in (span for scope in resource["scopeSpans"] for span in scope["spans"]):
                assert len(span["traceId"]) == 32 and len(span["spanId"]) == 16 and span["kind"] in KINDS
                spans[span["spanId"]] = {
                    "service": attribute["value"]["stringValue"],
                    "name": span["name"],
                    "parent": span["parentSpanId"],
                    "start": int(span["startTimeUnixNano"]),
                    "end": int(span["endTimeUnixNano"]),
                    "error": span["status"].get("code") == 2,
                }
        found.append(spans)
    return found


def alone(spans: dict[str, dict], id_: str, start: int, end: int, into: Counter) -> None:
    """Walk back from the span's end: the last child that ended by then is on the path, and so on from its start."""
    children = []
    for child, span in spans.items():
        if span["parent"] == id_:
            clipped = max(span["start"], start), min(span["end"], end)
            if clipped[0] < clipped[1]:
                children.append((*clipped, child))
    time, covered = end, 0
    while before := [each for each in children if each[1] <= time]:
        first, last, child = max(before, key=lambda each: (each[1], -each[0], each[2]))
        alone(spans, child, first, last, into)
        covered += last - first
        time = first
        children = [each for each in children if each[2] != child]
    into[spans[id_]["service"], spans[id_]["name"]] += end - start - covered


def test_traces_are_whole(shop, traces):
    told = shop.truth["spans"]
    assert (len(traces), sum(map(len, traces))) == (told["traces"], told["spans"])
    assert len({id_ for spans in traces for id_ in spans}) == told["spans"]
    for spans in traces:
        (root,) = [span for span in spans.values() if not span["parent"]]
        assert all(span["parent"] in spans for span in spans.values() if span is not root)
        for span in spans.values():
            assert span["start"] < span["end"]
            if span["parent"]:
                assert spans[span["parent"]]["start"] <= span["start"] < span["end"] <= spans[span["parent"]]["end"]
    assert sum(any(span["error"] for span in spans.values()) for spans in traces) == told["traces_with_an_error"] > 0


def test_the_time_alone_on_the_critical_path(shop, traces):
    told = shop.truth["spans"]
    found: Counter = Counter()
    for spans in traces:
        (root,) = [id_ for id_, span in spans.items() if not span["parent"]]
        own: Counter = Counter()
        alone(spans, root, spans[root]["start"], spans[root]["end"], own)
        assert own.total() == spans[root]["end"] - spans[root]["start"]
        found += own
    planted = {(row["service"], row["operation"]): row["alone_s"] for row in told["critical_path_s"]}
    assert {key: ns / 1e9 for key, ns in found.items()} == pytest.approx(planted, abs=1e-8)
    assert found.total() / 1e9 == pytest.approx(told["root_seconds"], abs=1e-8)
    assert not {name for _, name in found} & set(told["never_on_the_path"])


def test_operations_off_the_path_are_there(shop, traces):
    names = {span["name"] for spans in traces for span in spans.values()}
    assert names >= set(shop.truth["spans"]["never_on_the_path"])
