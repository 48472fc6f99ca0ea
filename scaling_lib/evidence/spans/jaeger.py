"""Spans of Jaeger JSON, as its UI and its query service export traces; times are in microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scaling_lib.evidence.spans.columns import Columns, peer_of
from scaling_lib.evidence.spans.part import Part, shown, text

NO_TRACE = "something else where a trace should be"
NO_SPAN = "something else where a span should be"
REFERS_ELSEWHERE = "spans that refer to another trace alone, roots of their own"


def read_values(values: Iterable[Any]) -> Part:
    """The spans of parsed values: `{"data": [trace, ...]}`, a trace, or a list of traces."""
    columns = Columns()
    for trace in _traces(values):
        spans = trace.get("spans") if isinstance(trace, dict) else None
        if not isinstance(spans, list):
            columns.reject(NO_TRACE, shown(trace))
            continue
        processes = trace.get("processes")
        known = processes if isinstance(processes, dict) else {}
        for span in spans:
            if isinstance(span, dict):
                _add(columns, trace, span, known)
            else:
                columns.reject(NO_SPAN, shown(span))
    return columns.part()


def _traces(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        inner = value.get("data", value) if isinstance(value, dict) else value
        if isinstance(inner, list):
            yield from inner
        else:
            yield inner


def _add(columns: Columns, trace: Mapping[str, Any], span: Mapping[str, Any], processes: Mapping[str, Any]) -> None:
    tags = _tags(span.get("tags"))
    named = span.get("processID")
    process = span.get("process") or (processes.get(named) if isinstance(named, str) else None)
    process = process if isinstance(process, dict) else {}
    service = text(process.get("serviceName")) or ""
    trace_id = span.get("traceID") or trace.get("traceID")
    parent, follows = _parent(span, trace_id, columns)
    kind = tags.get("span.kind")
    columns.add(
        trace=trace_id,
        span=span.get("spanID"),
        parent=parent,
        service=service,
        operation=span.get("operationName"),
        kind=kind,
        start=span.get("startTime"),
        duration=span.get("duration"),
        error=tags.get("error") in (True, "true", "True") or tags.get("otel.status_code") == "ERROR",
        peer=peer_of(tags),
        follows=follows,
        state=tags.get("w3c.tracestate"),
        tags=tags,
    )
    for key, value in _tags(process.get("tags")).items():
        columns.have(service, key, text(value) or "")
    if service:
        columns.have(service, "service.name", service)


def _parent(span: Mapping[str, Any], trace: Any, columns: Columns) -> tuple[Any, bool]:
    """The first CHILD_OF in the same trace; else the first FOLLOWS_FROM there, which the span does not block."""
    references = span.get("references")
    given = [each for each in references if isinstance(each, dict)] if isinstance(references, list) else []
    near = [each for each in given if each.get("traceID") in (None, trace)]
    for kind in ("CHILD_OF", "FOLLOWS_FROM"):
        for each in near:
            if each.get("refType", "CHILD_OF") == kind and each.get("spanID"):
                return each["spanID"], kind == "FOLLOWS_FROM"
    if given and not span.get("parentSpanID"):
        columns.remark(REFERS_ELSEWHERE)
    return span.get("parentSpanID"), False


def _tags(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in value if isinstance(value, list) else ():
        key = text(each.get("key")) if isinstance(each, dict) else None
        if key is not None:
            found.setdefault(key, each.get("value"))
    return found
