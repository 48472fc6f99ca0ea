"""Spans of Zipkin's JSON, version 2; times are in microseconds. A trace's id may be of 64 or 128 bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from scaling_lib.evidence.spans.columns import Columns, peer_of
from scaling_lib.evidence.spans.part import KINDS, Part, shown, text

NO_SPAN = "something else where a span should be"


def read_values(values: Iterable[Any]) -> Part:
    """The spans of parsed values: a list of spans, a list of such lists, or a span."""
    columns = Columns()
    for span in _spans(values):
        if not isinstance(span, dict):
            columns.reject(NO_SPAN, shown(span))
            continue
        tags = span.get("tags")
        tags = {text(key) or "": value for key, value in tags.items()} if isinstance(tags, dict) else {}
        shared = span.get("shared") is True
        columns.add(
            trace=span.get("traceId"),
            span=span.get("id"),
            parent=span.get("parentId"),
            service=_name(span.get("localEndpoint")),
            operation=span.get("name"),
            kind=span.get("kind") or (KINDS[2] if shared else None),  # only a server shares
            start=span.get("timestamp") or None,  # 0 is absent, too
            duration=span.get("duration"),
            error="error" in tags and tags["error"] not in (False, "false"),
            peer=_name(span.get("remoteEndpoint")) or peer_of(tags),
            tags=tags,
        )
    return columns.part()


def _spans(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, list):
                yield from each
            else:
                yield each


def _name(endpoint: Any) -> str:
    return text(endpoint.get("serviceName") if isinstance(endpoint, dict) else None) or ""
