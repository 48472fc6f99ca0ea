"""Each format as its own documentation writes it, by hand, with the rows that have to come out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.spans import Spans, SpanSource, read_spans

T = 1_700_000_000_000_000_000  # November 2023, in ns
TRACE = "0af7651916cd43dd8448eb211c80319c"
COLUMNS = [
    *("trace_id", "span_id", "parent_id", "service", "operation", "kind", "start_ns", "end_ns", "error", "peer"),
    *("follows", "weight"),
]


def text_value(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def otlp(*spans: dict[str, Any], service: str = "shop") -> dict[str, Any]:
    attributes = [text_value("service.name", service)] if service else []
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": list(spans)}]}]}


def span(own: str, start: int, end: int, parent: str = "", **more: Any) -> dict[str, Any]:
    """A span of OTLP, its id repeated to full length, its times in ns after T."""
    return {
        "traceId": TRACE,
        "spanId": own * (16 // len(own)),
        "parentSpanId": parent * (16 // len(parent)) if parent else "",
        "name": own,
        "startTimeUnixNano": str(T + start),
        "endTimeUnixNano": str(T + end),
        **more,
    }


def zipkin(own: str, start: int, duration: int | None, parent: str = "", service: str = "shop", **more: Any) -> Any:
    """A span of Zipkin, its times in us after T."""
    made = {"traceId": TRACE[16:], "id": own * 16, "name": own, "timestamp": T // 1000 + start, "duration": duration}
    made |= {"localEndpoint": {"serviceName": service}} | ({"parentId": parent * 16} if parent else {})
    return {key: value for key, value in (made | more).items() if value is not None}


def read(folder: Path, *values: Any, name: str = "spans.json", **source: Any) -> Spans:
    """A file of these values, a line each."""
    (folder / name).write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in values) + "\n")
    return read_spans([SpanSource(path=str(folder / name), **source)])


def note(quality: Quality, start: str) -> str:
    """The one note that starts so, "" without one."""
    found = [each for each in quality.notes if each.startswith(start)]
    assert len(found) < 2
    return "".join(found)


def rows(found: Spans) -> dict[str, Any]:
    """By operation."""
    return {row["operation"]: row for row in found.frame.to_dict("records")}


def test_otlp_lines(tmp_path):
    found = read(
        tmp_path,
        otlp(
            span("a", 0, 100, kind=2, traceState="x=y,ot=rv:1;th:c", attributes=[text_value("peer.service", "caller")]),
            span("b", 10, 90, "a", kind=3, status={"code": 2}, attributes=[text_value("db.system", "postgresql")]),
        ),
        otlp(span("c", 20, 80, "b", kind="SPAN_KIND_INTERNAL", status={"code": "STATUS_CODE_ERROR"}), service="stock"),
    )
    frame = found.frame
    assert list(frame.columns) == COLUMNS
    assert frame["span_id"].tolist() == ["a" * 16, "b" * 16, "c" * 16]
    assert frame["parent_id"].tolist() == ["", "a" * 16, "b" * 16]
    assert frame["service"].tolist() == ["shop", "shop", "stock"]
    assert frame["kind"].tolist() == ["server", "client", "internal"]
    assert (frame["start_ns"] - T).tolist() == [0, 10, 20]
    assert (frame["end_ns"] - T).tolist() == [100, 90, 80]
    assert frame["error"].tolist() == [False, True, True]
    assert frame["peer"].tolist() == ["", "postgresql", ""]  # a server's peer is its caller
    assert frame["weight"].tolist() == [4.0, 1.0, 1.0]  # th:c keeps a quarter
    assert set(frame["trace_id"]) == {TRACE}
    for name in ("trace_id", "service", "operation", "kind", "peer"):
        assert isinstance(frame[name].dtype, pd.CategoricalDtype), name
    assert frame["start_ns"].dtype == frame["end_ns"].dtype == np.int64
    assert frame["error"].dtype == frame["follows"].dtype == bool
    quality = found.quality[0]
    assert (quality.kind, quality.format, quality.rows, quality.rejected) == ("spans", "otlp", 3, ())
    assert quality.start is not None
    assert quality.start.isoformat() == "2023-11-14T22:13:20+00:00"
    assert "1, such as 'a'" in note(quality, "sampled spans, of which each stands for 4")
    assert "2, such as 'b'" in note(quality, "spans without a sampling weight while others have one")


def test_otlp_attributes_are_counted_by_service(tmp_path):
    route = [text_value("http.route", "/a")]
    found = read(tmp_path, otlp(span("a", 0, 9, attributes=route), span("b", 0, 9, "a")), otlp(service=""))
    table = found.attributes.astype({"service": str, "level": str, "key": str})
    assert table.to_numpy().tolist() == [
        ["shop", "resource", "service.name", "shop", 2],
        ["shop", "span", "http.route", "", 1],
    ]


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("indent", [None, 2])
def test_one_document_is_as_lines(tmp_path, pack, indent):
    lines = [otlp(span("a", 0, 100)), otlp(span("b", 10, 90, "a"), service="stock")]
    whole = {"resourceSpans": [each["resourceSpans"][0] for each in lines]}
    text = json.dumps(whole, indent=indent).encode()
    (tmp_path / "doc").write_bytes(gzip.compress(text) if pack else text)
    document = read_spans([SpanSource(path=str(tmp_path / "doc"))])
    pd.testing.assert_frame_equal(document.frame, read(tmp_path, *lines).frame)


def test_jaeger(tmp_path):
    def reference(kind: str, own: str, trace: str = TRACE) -> dict[str, str]:
        return {"refType": kind, "traceID": trace, "spanID": own}

    def made(own: str, start: int, *references: Any, tags: Any = (), process: str = "p1") -> dict[str, Any]:
        return {
            "traceID": TRACE,
            "spanID": own,
            "operationName": own,
            "references": list(references),
            "startTime": T // 1000 + start,
            "duration": 7,
            "tags": [{"key": key, "type": "string", "value": value} for key, value in tags],
            "processID": process,
        }

    a, b, c, d, e = "a1", "b2", "c3", "d4", "e5"
    spans = [
        made(a, 0, tags=[("span.kind", "server"), ("w3c.tracestate", "ot=th:8")]),
        made(b, 1, reference("CHILD_OF", a), tags=[("span.kind", "client"), ("error", True), ("peer.service", "x")]),
        made(c, 2, reference("FOLLOWS_FROM", b), reference("CHILD_OF", a), process="p2"),  # blocks a, after all
        made(d, 3, reference("FOLLOWS_FROM", c), tags=[("error", "false")]),
        made(e, 4, reference("CHILD_OF", a, "ffff"), tags=[("otel.status_code", "ERROR")]),
    ]
    processes = {"p1": {"serviceName": "shop"}, "p2": {"serviceName": "stock", "tags": [{"key": "ip", "value": "1"}]}}
    found = read(tmp_path, {"data": [{"traceID": TRACE, "spans": spans, "processes": processes}]})
    frame = found.frame
    assert frame["span_id"].tolist() == [a, b, c, d, e]
    assert frame["parent_id"].tolist() == ["", a, a, c, ""]
    assert frame["follows"].tolist() == [False, False, False, True, False]
    assert frame["error"].tolist() == [False, True, False, False, True]
    assert frame["service"].tolist() == ["shop", "shop", "stock", "shop", "shop"]
    assert frame["kind"].tolist() == ["server", "client", *["unspecified"] * 3]
    assert frame["peer"].tolist() == ["", "x", "", "", ""]
    assert frame["weight"].tolist() == [2, 1, 1, 1, 1]
    assert (frame["start_ns"] - T).tolist() == [0, 1000, 2000, 3000, 4000]
    assert (frame["end_ns"] - frame["start_ns"]).tolist() == [7000] * 5
    assert ": 1" in note(found.quality[0], "spans that refer to another trace alone")
    resource = found.attributes[found.attributes["level"] == "resource"]
    assert {("stock", "ip", "1", 1), ("shop", "service.name", "shop", 4)} <= set(
        resource[["service", "key", "value", "spans"]].itertuples(index=False, name=None)
    )


def test_zipkin_server_that_shares_its_clients_id(tmp_path):
    """a calls b; the server in stock has b's id, and so have its children as their parent."""
    found = read(
        tmp_path,
        [
            zipkin("a", 0, 100, kind="SERVER"),
            zipkin("b", 10, 80, "a", kind="CLIENT", remoteEndpoint={"serviceName": "stock"}),
            zipkin("b", 5, 60, "a", kind="SERVER", service="stock", shared=True, name="serve"),
            zipkin("c", 30, 10, "b", service="stock", tags={"error": ""}),
            zipkin("d", 30, 10, "b"),
            zipkin("b", 5, 60, "a", kind="SERVER", service="stock", shared=True, name="serve"),
        ],
    )
    made = rows(found)
    b = "b" * 16
    assert (made["b"]["span_id"], made["b"]["parent_id"], made["b"]["peer"]) == (b, "a" * 16, "stock")
    assert (made["serve"]["span_id"], made["serve"]["parent_id"]) == (f"{b}:server", b)
    assert made["c"]["parent_id"] == f"{b}:server"
    assert made["c"]["error"]
    assert made["d"]["parent_id"] == b
    quality = found.quality[0]
    assert [(each.reason, each.rows) for each in quality.rejected] == [("a double: the same span again", 1)]
    assert ": 1, such as 'serve' of 'stock'" in note(quality, "servers with their client's id")
    assert "by up to 5 µs: 1, such as 'serve'" in note(quality, "clock skew")


def test_zipkin_server_alone_keeps_its_id(tmp_path):
    found = read(tmp_path, [zipkin("b", 0, 9, "a", kind="SERVER", shared=True), zipkin("c", 1, 2, "b")])
    assert found.frame["span_id"].tolist() == ["b" * 16, "c" * 16]
    assert ": 1, such as 'b'" in note(found.quality[0], "orphans")


def test_zipkin_without_times(tmp_path):
    found = read(tmp_path, [zipkin("a", 0, None), zipkin("b", 0, 5, "a", timestamp=None), zipkin("c", 1, 2, "a")])
    assert found.frame["operation"].tolist() == ["a", "c"]
    assert (found.frame["end_ns"] - found.frame["start_ns"]).tolist() == [0, 2000]
    assert [(each.reason, each.rows) for each in found.quality[0].rejected] == [("no start time that can be read", 1)]
    assert ": 1, such as 'a'" in note(found.quality[0], "spans without end or duration")


def test_trace_ids_of_64_bits_are_the_lower_half(tmp_path):
    found = read(tmp_path, [zipkin("a", 0, 9, traceId=TRACE), zipkin("b", 1, 2, "a")])
    assert set(found.frame["trace_id"]) == {TRACE}
    assert not note(found.quality[0], "orphans")
    assert note(found.quality[0], "1 trace id of 64 bits")


@pytest.mark.parametrize(
    ("kinds", "services", "follows"),
    [
        (("producer", "consumer"), ("shop", "mail"), True),
        (("producer", "consumer"), ("shop", "shop"), True),
        (("server", "consumer"), ("shop", "mail"), True),
        (("internal", "consumer"), ("shop", "shop"), False),  # a loop that polls, and waits for it
        (("client", "server"), ("shop", "mail"), False),
    ],
)
def test_a_consumer_of_a_message_does_not_block(tmp_path, kinds, services, follows):
    numbers = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
    found = read(
        tmp_path,
        otlp(span("a", 0, 9, kind=numbers[kinds[0]]), service=services[0]),
        otlp(span("b", 1, 2, "a", kind=numbers[kinds[1]]), service=services[1]),
    )
    assert found.frame["follows"].tolist() == [False, follows]
    assert bool(note(found.quality[0], "spans that follow their parent")) == follows


def test_a_link_into_the_same_trace_is_followed(tmp_path):
    near = [{"traceId": TRACE, "spanId": "a" * 16}]
    far = [{"traceId": TRACE[::-1], "spanId": "a" * 16}]
    found = read(
        tmp_path,
        otlp(
            span("a", 0, 9), span("b", 20, 30, links=near), span("c", 1, 2, "a", links=near), span("d", 1, 2, links=far)
        ),
    )
    assert found.frame["parent_id"].tolist() == ["", "a" * 16, "a" * 16, ""]
    assert found.frame["follows"].tolist() == [False, True, False, False]
    assert not note(found.quality[0], "spans wholly outside")  # b follows, and may
    assert ": 1" in note(found.quality[0], "spans without a parent but with a link into another trace")
    assert ": 1" in note(found.quality[0], "traces with several roots")


def test_parquet(tmp_path):
    frame = pd.DataFrame(
        {
            "trace_id": ["t", "t"],
            "span_id": ["a", "b"],
            "parent_id": [None, "a"],
            "service": ["shop", None],
            "operation": ["x", "y"],
            "kind": ["SERVER", "SPAN_KIND_CLIENT"],
            "start_ns": [T, T + 5],
            "end_ns": [T + 10, T + 9],
            "error": [True, False],
            "weight": [2.5, 1.0],
            "phase": ["normal", "faulty"],
        }
    )
    frame.to_parquet(tmp_path / "spans.parquet")
    found = read_spans([SpanSource(path=str(tmp_path / "spans.parquet"), service="mail")])
    assert list(found.frame.columns) == COLUMNS
    assert found.frame["parent_id"].tolist() == ["", "a"]
    assert found.frame["service"].tolist() == ["shop", "mail"]
    assert found.frame["kind"].tolist() == ["server", "client"]
    assert found.frame["error"].tolist() == [True, False]
    assert found.frame["weight"].tolist() == [2.5, 1.0]
    found.frame.to_parquet(tmp_path / "again.parquet")
    again = read_spans([SpanSource(path=str(tmp_path / "again.parquet"))])
    pd.testing.assert_frame_equal(again.frame, found.frame)


def test_a_trace_may_be_spread_over_files_and_sources(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps(otlp(span("a", 0, 100))))
    (tmp_path / "b.json").write_text(json.dumps([zipkin("b", 0, 0, "a", service="mail", traceId=TRACE)]))
    found = read_spans([SpanSource(path=str(tmp_path / "*.jsonl")), SpanSource(path=str(tmp_path / "b.json"))])
    assert found.frame["parent_id"].tolist() == ["", "a" * 16]
    assert [(entry.format, entry.rows) for entry in found.quality] == [("otlp", 1), ("zipkin", 1)]
    assert not any(note(entry, "orphans") for entry in found.quality)


def test_copies_are_read_once(tmp_path):
    text = json.dumps(otlp(span("a", 0, 100))).encode() + b"\n"
    (tmp_path / "a.jsonl").write_bytes(text)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(text))
    found = read_spans([SpanSource(path=str(tmp_path / "*"))])
    assert len(found.frame) == 1
    assert found.quality[0].notes == (
        "left out as copies of another file (in brackets), counted once: b.jsonl.gz (a.jsonl)",
    )
    assert not found.quality[0].rejected


def test_the_cache_gives_the_same_until_the_file_changes(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    file, source = folder / "a.jsonl", SpanSource(path=str(folder / "a.jsonl"))
    file.write_text(json.dumps(otlp(span("a", 0, 100), span("b", 120, 110, "x"), {"name": "no ids"})) + "\nbroken\n")
    first = read_spans([source], cache=tmp_path / "cache")
    kept = list((tmp_path / "cache" / "spans").iterdir())
    again = read_spans([source], cache=tmp_path / "cache")
    pd.testing.assert_frame_equal(first.frame, again.frame)
    pd.testing.assert_frame_equal(first.attributes, again.attributes)
    assert first.quality == again.quality
    assert len(kept) == 1
    (kept[0] / "spans.parquet").write_bytes(b"damaged")
    pd.testing.assert_frame_equal(read_spans([source], cache=tmp_path / "cache").frame, first.frame)
    file.write_text(json.dumps(otlp(span("c", 0, 100))))
    assert read_spans([source], cache=tmp_path / "cache").frame["operation"].tolist() == ["c"]


@pytest.mark.parametrize(("field", "value"), [("format", "thrift"), ("time_unit", "min")])
def test_unknown_words_are_said(tmp_path, field, value):
    with pytest.raises(InvalidInput, match=f"{value}.*expected one of"):
        read(tmp_path, otlp(span("a", 0, 1)), **{field: value})


def test_no_file_and_a_folder_are_said(tmp_path):
    with pytest.raises(BrokenEvidence, match="no file is there"):
        read_spans([SpanSource(path=str(tmp_path / "none*"))])
    with pytest.raises(BrokenEvidence, match="is a folder"):
        read_spans([SpanSource(path=str(tmp_path))])
