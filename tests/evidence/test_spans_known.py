"""Real files: what was recorded for the example, and public traces; held against counts made from the plain JSON."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scaling_lib.evidence.spans import Spans, SpanSource, read_spans

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SCALING_SHARED", ROOT.parent / "shared")) / "data"
ZIPKIN = ("messaging-kafka", "messaging", "simple-db-p6", "skew", "smartthings-mobile-web-install", "yelp")
OAUTH = "smartthings-oauth-authorization"


def shared(name: str) -> Path:
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"the public file {name} is not here")
    return file


def read(file: Path, **source: Any) -> Spans:
    return read_spans([SpanSource(path=str(file), **source)])


def notes(found: Spans) -> dict[str, int]:
    """The first words of each note, and its count."""
    parted = [each.rsplit(", such as", 1)[0].rsplit(": ", 1) for each in found.quality[0].notes]
    return {each[0][:14]: int(each[1].replace(",", "")) for each in parted if each[-1].replace(",", "").isdigit()}


@pytest.mark.parametrize("file", sorted(ROOT.glob("data/shop/**/spans*.jsonl.gz")), ids=lambda file: file.parent.name)
def test_recorded_spans(file):
    with gzip.open(file, "rt") as text:
        spans = [
            (
                next(
                    each["value"]["stringValue"]
                    for each in resource["resource"]["attributes"]
                    if each["key"] == "service.name"
                ),
                span,
            )
            for line in text
            for resource in json.loads(line)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
    found = read(file)
    frame = found.frame
    assert len(frame) == len({(span["traceId"], span["spanId"]) for _, span in spans})
    assert len(frame) + found.quality[0].rejected_rows == len(spans)
    assert frame["trace_id"].nunique() == len({span["traceId"] for _, span in spans})
    assert Counter(frame["service"]) == Counter(service for service, _ in spans)
    assert Counter(frame["operation"]) == Counter(span["name"] for _, span in spans)
    length = sum(int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) for _, span in spans)
    assert (frame["end_ns"] - frame["start_ns"]).sum() == length
    roots = sum(not span.get("parentSpanId") for _, span in spans)
    linked = sum(not span.get("parentSpanId") and bool(span.get("links")) for _, span in spans)
    assert roots - linked <= (frame["parent_id"] == "").sum() <= roots
    assert frame["error"].sum() == sum(span.get("status", {}).get("code") == 2 for _, span in spans)


def test_otlp_of_jaegers_own_tests():
    """One span, twice: a server's, with a parent that is not there."""
    found = read(shared("traces/otlp2jaeger-in.json"))
    assert found.frame[["service", "operation", "kind", "parent_id", "peer"]].to_numpy().tolist() == [
        ["telemetrygen", "okey-dokey-0", "server", "909541b92cf05311", ""]
    ]
    assert (found.frame["end_ns"] - found.frame["start_ns"]).tolist() == [123_000]
    assert [(each.reason, each.rows) for each in found.quality[0].rejected] == [("a double: the same span again", 1)]


@pytest.mark.parametrize("name", [*ZIPKIN, OAUTH])
def test_zipkin_files(name):
    """Every span is there or rejected; ids, services and durations as in the file; what shares an id is told apart."""
    file = shared(f"traces/zipkin-{name}.json")
    spans = json.loads(file.read_text())
    found = read(file)
    frame, quality = found.frame, found.quality[0]
    rejects = {each.reason.split(":")[0][:10]: each.rows for each in quality.rejected}
    assert len(frame) + quality.rejected_rows == len(spans)
    assert rejects.get("no start t", 0) == sum("timestamp" not in span for span in spans)
    timed = [span for span in spans if "timestamp" in span]
    keys = {(span["traceId"], span["id"], span.get("shared", False)) for span in timed}
    assert len(frame) == len(keys)
    assert frame.groupby("trace_id", observed=True).size().to_dict() == Counter(trace for trace, _, _ in keys)
    both = {key[:2] for key in keys if key[2]} & {key[:2] for key in keys if not key[2]}
    assert frame["span_id"].str.endswith(":server").sum() == len(both)
    if len(frame) == len(timed):  # nothing was left out
        assert (frame["end_ns"] - frame["start_ns"]).sum() == 1000 * sum(span.get("duration", 0) for span in timed)
        assert Counter(frame["service"]) == Counter(span["localEndpoint"]["serviceName"] for span in timed)
    assert (frame["parent_id"] == "").sum() == sum("parentId" not in span for span in timed)
    assert frame["start_ns"].min() == 1000 * min(span["timestamp"] for span in timed)


def test_zipkins_skew_file():
    """serviceb, whose clock is 65 ms behind, starts before its client at servicea."""
    found = read(shared("traces/zipkin-skew.json"))
    servers = found.frame[found.frame["kind"] == "server"].set_index("service")
    assert servers.at["serviceb", "parent_id"] == "74280ae0c10d8062"
    child = found.frame[found.frame["operation"] == "async"].iloc[0]
    assert child["parent_id"] == servers.at["serviceb", "span_id"]
    assert any("clock skew" in each and "by up to 65.4 ms: 1" in each for each in found.quality[0].notes)


def test_zipkins_messages_do_not_block():
    """The backend's consumer of the frontend's message, and it alone."""
    found = read(shared("traces/zipkin-messaging.json"))
    assert found.frame.loc[found.frame["follows"], "operation"].tolist() == ["next-message"]


def test_train_ticket():
    file = shared("train-ticket/spans.parquet")
    raw = pd.read_parquet(file)
    found = read(file)
    once = raw.drop_duplicates(["trace_id", "span_id"])
    assert len(found.frame) == len(once)
    assert found.quality[0].rejected_rows == len(raw) - len(once)
    assert found.frame["trace_id"].nunique() == raw["trace_id"].nunique() == 2_537
    assert (found.frame["parent_id"] == "").sum() == (once["parent_id"].fillna("") == "").sum()
    assert (found.frame["end_ns"] - found.frame["start_ns"]).sum() == (once["end_ns"] - once["start_ns"]).sum()
    assert found.frame.groupby("service", observed=True).size().to_dict() == once.groupby("service").size().to_dict()

    joined = once.merge(  # an inner join keeps the nanoseconds whole numbers
        once[["trace_id", "span_id", "start_ns", "end_ns"]],
        left_on=["trace_id", "parent_id"],
        right_on=["trace_id", "span_id"],
        suffixes=("", "_p"),
    )
    assert joined["start_ns_p"].dtype == "int64"
    orphans = (once["parent_id"].fillna("") != "").sum() - len(joined)
    start, end, begin, finish = (joined[name] for name in ("start_ns", "end_ns", "start_ns_p", "end_ns_p"))
    outside = (end < begin) | (start > finish) | ((end > start) & ((end <= begin) | (start >= finish)))
    over = ~outside & ((start < begin) | (end > finish))
    said = notes(found)
    assert said.get("orphans: spans", 0) == orphans
    assert said["spans wholly o"] == outside.sum()
    assert said["spans that rea"] == over.sum()
