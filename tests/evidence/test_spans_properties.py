"""What holds for any trees of spans, in any format; and for any bytes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_fuzz import mangled

from scaling_lib.errors import ScalingError
from scaling_lib.evidence.spans import SpanSource, read_spans
from scaling_lib.evidence.spans.otlp import read_block, read_values
from scaling_lib.evidence.spans.text import Block, TextFile, rescued
from scaling_lib.span_keys import hex_numbers, is_plain

T_US = 1_700_000_000_000_000
KINDS = ("unspecified", "server", "client", "producer", "consumer")  # what all three formats can say
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

Span = dict[str, Any]


@st.composite
def trees(draw: st.DrawFn) -> list[Span]:
    """Spans of some traces, each span under an earlier one of its trace or under none; ids are all different."""
    spans: list[Span] = []
    for trace in range(draw(st.integers(1, 3))):
        own: list[Span] = []
        for place in range(draw(st.integers(1, 8))):
            parent = draw(st.one_of(st.none(), st.sampled_from(own))) if own else None
            own.append(
                {
                    "trace": f"{draw(st.integers(0, 2**60)):024x}{trace + 1:08x}" if not own else own[0]["trace"],
                    "id": f"{draw(st.integers(0, 2**40)):012x}{place + 1:04x}",
                    "parent": parent["id"] if parent else "",
                    "service": draw(NAMES),
                    "name": draw(NAMES),
                    "kind": draw(st.sampled_from(KINDS)),
                    "start": T_US + draw(st.integers(0, 10**6)),
                    "duration": draw(st.integers(0, 10**6)),
                    "error": draw(st.booleans()),
                    "peer": draw(st.one_of(st.just(""), NAMES)),
                }
            )
        spans += own
    return spans


def as_otlp(spans: list[Span]) -> Any:
    kinds = {"unspecified": 0, "server": 2, "client": 3, "producer": 4, "consumer": 5}
    return [
        {
            "resourceSpans": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": each["service"]}}]},
                    "scopeSpans": [
                        {
                            "spans": [
                                {
                                    "traceId": each["trace"],
                                    "spanId": each["id"],
                                    "parentSpanId": each["parent"],
                                    "name": each["name"],
                                    "kind": kinds[each["kind"]],
                                    "startTimeUnixNano": str(each["start"] * 1000),
                                    "endTimeUnixNano": str((each["start"] + each["duration"]) * 1000),
                                    "status": {"code": 2} if each["error"] else {},
                                    "attributes": [{"key": "peer.service", "value": {"stringValue": each["peer"]}}],
                                }
                            ]
                        }
                    ],
                }
            ]
        }
        for each in spans
    ]


def as_jaeger(spans: list[Span]) -> Any:
    traces: dict[str, list[Span]] = {}
    for each in spans:
        traces.setdefault(each["trace"], []).append(each)
    return {
        "data": [
            {
                "traceID": trace,
                "processes": {f"p{place}": {"serviceName": each["service"]} for place, each in enumerate(own)},
                "spans": [
                    {
                        "traceID": trace,
                        "spanID": each["id"],
                        "operationName": each["name"],
                        "references": [{"refType": "CHILD_OF", "traceID": trace, "spanID": each["parent"]}]
                        if each["parent"]
                        else [],
                        "startTime": each["start"],
                        "duration": each["duration"],
                        "processID": f"p{place}",
                        "tags": [
                            {"key": "span.kind", "type": "string", "value": each["kind"]},
                            {"key": "error", "type": "bool", "value": each["error"]},
                            {"key": "peer.service", "type": "string", "value": each["peer"]},
                        ],
                    }
                    for place, each in enumerate(own)
                ],
            }
            for trace, own in traces.items()
        ]
    }


def as_zipkin(spans: list[Span]) -> Any:
    made = []
    for each in spans:
        span = {"traceId": each["trace"], "id": each["id"], "name": each["name"], "timestamp": each["start"]}
        span |= {"duration": each["duration"], "localEndpoint": {"serviceName": each["service"]}}
        span |= {"parentId": each["parent"]} if each["parent"] else {}
        span |= {"kind": each["kind"].upper()} if each["kind"] != "unspecified" else {}
        span |= {"remoteEndpoint": {"serviceName": each["peer"]}} if each["peer"] else {}
        made.append(span | ({"tags": {"error": "500"}} if each["error"] else {}))
    return made


def canonical(spans: list[Span]) -> pd.DataFrame:
    """The frame that the drawn spans are, without what the formats cannot differ in."""
    by_id = {(each["trace"], each["id"]): each for each in spans}
    rows = []
    for each in spans:
        parent = by_id.get((each["trace"], each["parent"]))
        waits = parent is not None and parent["service"] == each["service"] and parent["kind"] != "producer"
        rows.append(
            {
                "trace_id": each["trace"],
                "span_id": each["id"],
                "parent_id": each["parent"],
                "service": each["service"],
                "operation": each["name"],
                "kind": each["kind"],
                "start_ns": each["start"] * 1000,
                "end_ns": (each["start"] + each["duration"]) * 1000,
                "error": each["error"],
                "peer": "" if each["kind"] == "server" else each["peer"],
                "follows": each["kind"] == "consumer" and parent is not None and not waits,
                "weight": 1.0,
            }
        )
    return pd.DataFrame(rows)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(frame.select_dtypes(["category", "string"]), object))


@SOME
@given(spans=trees(), indent=st.sampled_from([None, 1]), pack=st.booleans())
def test_the_three_formats_give_the_same_frame(tmp_path_factory, spans, indent, pack):
    folder = tmp_path_factory.mktemp("spans")
    expected = plain(canonical(spans))
    texts = {
        "otlp": "\n".join(json.dumps(each) for each in as_otlp(spans)),
        "jaeger": json.dumps(as_jaeger(spans), indent=indent),
        "zipkin": json.dumps(as_zipkin(spans), indent=indent),
    }
    for form, text in texts.items():
        file = folder / form
        file.write_bytes(gzip.compress(text.encode()) if pack else text.encode())
        found = read_spans([SpanSource(path=str(file))])
        assert found.quality[0].format == form
        assert not found.quality[0].rejected
        pd.testing.assert_frame_equal(plain(found.frame), expected, check_dtype=False)


@SOME
@given(spans=trees(), order=st.randoms())
def test_the_order_of_spans_does_not_matter(tmp_path_factory, spans, order):
    file = tmp_path_factory.mktemp("spans") / "spans.json"
    order.shuffle(spans)
    file.write_text(json.dumps(as_zipkin(spans)))
    found = read_spans([SpanSource(path=str(file))])
    pd.testing.assert_frame_equal(plain(found.frame), plain(canonical(spans)), check_dtype=False)


@SOME
@given(spans=trees())
def test_arrow_and_the_mending_agree(spans):
    values = as_otlp(spans)
    data = "\n".join(json.dumps(each) for each in values).encode()
    fast, slow = read_block(Block(data, 1, data.count(b"\n") + (not data.endswith(b"\n")), True)), read_values(values)
    assert fast.rows.to_pylist() == slow.rows.to_pylist()
    assert fast.attributes == slow.attributes


@SOME
@given(spans=trees(), data=st.data(), form=st.sampled_from([as_otlp, as_jaeger, as_zipkin]))
def test_what_is_rescued_is_whole(spans, data, form):
    """However a document is cut, each span that is rescued is one that was written, and those before the cut are there."""
    whole = json.dumps(form(spans)).encode()
    cut = data.draw(st.integers(1, len(whole)))
    values, _ = rescued(whole[:cut])
    found = list(ids(values))
    written = list(ids(form(spans)))
    assert found == written[: len(found)]
    if cut == len(whole):
        assert found == written
    if form is as_zipkin:  # an array of spans alone: all that end before the cut are there
        ends = [len(json.dumps(as_zipkin(spans[:count]))) - 1 for count in range(1, len(spans) + 1)]
        assert len(found) == sum(end <= cut for end in ends)


def ids(value: Any) -> list[str]:
    """The spans' ids, wherever they stand."""
    if isinstance(value, dict):
        own = [
            value[key]
            for key in ("spanId", "spanID", "id")
            if key in value and ("name" in value or "startTime" in value)
        ]
        return own + [each for part in value.values() for each in ids(part)]
    return [each for part in value for each in ids(part)] if isinstance(value, list) else []


@pytest.mark.parametrize("size", [1, 7, 50, 10_000])
@given(lines=st.lists(st.binary(max_size=20).filter(lambda each: b"\n" not in each), max_size=12), pack=st.booleans())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_blocks_hold_all_lines_and_know_their_numbers(tmp_path_factory, size, lines, pack):
    file = tmp_path_factory.mktemp("text") / "lines"
    text = b"\n".join(lines)
    assume(not text.startswith(b"\x1f\x8b"))
    file.write_bytes(gzip.compress(text) if pack else text)
    blocks = list(TextFile(file).blocks(size))
    assert b"".join(block.data for block in blocks) == text
    assert [block.last for block in blocks] == [*[False] * (len(blocks) - 1), True]
    for place, block in enumerate(blocks):
        assert block.line == 1 + sum(each.data.count(b"\n") for each in blocks[:place])
        assert block.last or block.data.endswith(b"\n")


SAMPLE: list[Span] = [
    {
        "trace": f"{1:032x}",
        "id": f"{place:016x}",
        "parent": f"{place - 1:016x}" if place > 1 else "",
        "service": "é",
        "name": "n",
        "kind": kind,
        "start": T_US,
        "duration": 5,
        "error": True,
        "peer": "p",
    }
    for place, kind in enumerate(KINDS, 1)
]


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("otlp.jsonl", "".join(json.dumps(each) + "\n" for each in as_otlp(SAMPLE)).encode()),
        ("otlp.json", json.dumps(as_otlp(SAMPLE)[0], indent=1).encode()),
        ("jaeger.json", json.dumps(as_jaeger(SAMPLE)).encode()),
        ("zipkin.json", json.dumps(as_zipkin(SAMPLE), ensure_ascii=False).encode()),
        ("spans.parquet", b"parquet"),
    ],
)
def test_only_our_own_errors_come_out(tmp_path: Path, name: str, whole: bytes) -> None:
    if name.endswith("parquet"):
        canonical(SAMPLE).to_parquet(tmp_path / name)
        whole = (tmp_path / name).read_bytes()

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(content=mangled(whole))
    def check(content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        try:
            found = read_spans([SpanSource(path=str(tmp_path / name))])
        except ScalingError as error:
            assert len(str(error)) < 3000
        else:
            assert found.quality[0].rows == len(found.frame)
            assert not found.frame.isna().any(axis=None)

    (tmp_path / name).write_bytes(whole)
    assert len(read_spans([SpanSource(path=str(tmp_path / name))]).frame)
    check()


@SOME
@given(
    ids=st.lists(st.text("0123456789abcdef", min_size=16, max_size=16), max_size=9),
    odd=st.sampled_from(["", "0" * 16, "A" * 16, "g" * 16, "a" * 15, "/" * 16, ":" * 16, "`" * 16, "é" * 8]),
    start=st.integers(0, 3),
)
def test_plain_ids_are_told_and_numbered_as_texts_are(ids, odd, start):
    """Numbers are those of the two halves, each read from its end; slices begin where they begin."""
    plain = [each for each in ids if each.strip("0")]
    made = pa.array([*["x"] * start, *plain], pa.string())[start:]
    assert is_plain(made, 16)
    numbers = hex_numbers(made).tolist()
    assert numbers == [int(each[7::-1] + each[:7:-1], 16) for each in plain]
    assert not is_plain(pa.array([*plain, odd]), 16)
    assert not is_plain(pa.array([*plain, None], pa.string()), 16)


def test_ids_of_more_than_one_piece(tmp_path):
    """Far behind each other: a double, and a parent; then one odd id, by which all are numbered as texts."""
    spans = [{"trace": f"{1:032x}", "id": f"{k + 1:016x}", "parent": f"{k:016x}" if k else ""} for k in range(20_000)]
    same = {
        "service": "s",
        "name": "n",
        "kind": "unspecified",
        "start": T_US,
        "duration": 5,
        "error": False,
        "peer": "",
    }
    for last in (f"{20_001:016x}", "not-hexadecimal"):
        own = [each | same for each in [*spans, spans[1], spans[0] | {"id": last, "parent": f"{3:016x}"}]]
        (tmp_path / last).write_text("\n".join(json.dumps(each) for each in as_otlp(own)))
        found = read_spans([SpanSource(path=str(tmp_path / last))])
        assert len(found.frame) == 20_001
        assert [each.rows for each in found.quality[0].rejected] == [1]
        assert not any("orphans" in each for each in found.quality[0].notes)
