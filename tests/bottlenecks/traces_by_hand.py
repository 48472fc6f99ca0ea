"""Traces drawn by hand, one a second, with times in milliseconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

MS = 1_000_000


def trace(number, *spans, weight=1.0):
    """Spans as (id, parent, service, operation, kind, peer, start, end), ms from the trace's begin, 1 s apart."""
    rows = [
        {
            "trace_id": f"t{number:05}", "span_id": own, "parent_id": parent, "service": service,
            "operation": operation, "kind": kind, "peer": peer, "weight": weight, "follows": False, "error": False,
            "start_ns": number * 1000 * MS + int(start * MS), "end_ns": number * 1000 * MS + int(end * MS),
        }
        for own, parent, service, operation, kind, peer, start, end in spans
    ]  # fmt: skip
    return pd.DataFrame(rows)


def order(number, *, query=60.0, weight=1.0, operation="POST /order"):
    """A root of 40 ms of its own that asks the database for `query` ms."""
    return trace(
        number,
        ("a", "", "shop", operation, "server", "", 0, 40 + query),
        ("b", "a", "shop", "write", "client", "db", 20, 20 + query),
        weight=weight,
    )


def orders(queries):
    """As `order`, one for each of `queries`, in one go."""
    queries = np.asarray(queries, dtype=float)
    count, number = len(queries), np.arange(len(queries))
    roots = pd.DataFrame({"span_id": "a", "parent_id": "", "operation": "POST /order", "kind": "server", "peer": "",
                          "start": np.zeros(count), "end": 40 + queries, "number": number})  # fmt: skip
    below = pd.DataFrame({"span_id": "b", "parent_id": "a", "operation": "write", "kind": "client", "peer": "db",
                          "start": np.full(count, 20.0), "end": 20 + queries, "number": number})  # fmt: skip
    spans = pd.concat([roots, below], ignore_index=True)
    begin = spans["number"] * 1000
    return spans.assign(
        trace_id="t" + spans["number"].astype(str).str.zfill(5),
        service="shop",
        weight=1.0,
        follows=False,
        error=False,
        start_ns=((begin + spans["start"]) * MS).astype("int64"),
        end_ns=((begin + spans["end"]) * MS).astype("int64"),
    )


def called(number):
    """A root of 20 ms, an edge of 30 ms, and 50 ms in the service that is called."""
    return trace(
        number,
        ("a", "", "front", "GET /", "server", "", 0, 100),
        ("b", "a", "front", "call", "client", "back", 10, 90),
        ("c", "b", "back", "GET /", "server", "", 20, 70),
    )


def beside(number):
    """Two queries side by side, of 60 and of 50 ms, in a root of 80 ms."""
    return trace(
        number,
        ("a", "", "shop", "GET /", "server", "", 0, 80),
        ("b", "a", "shop", "long", "client", "db", 10, 70),
        ("c", "a", "shop", "short", "client", "db", 10, 60),
    )


def zipkin(spans: pd.DataFrame, file: Path, start_us: int = 1_795_600_000_000_000) -> Path:
    """The same spans as a Zipkin v2 file, which the suite reads."""
    rows = [
        {
            "traceId": f"{int(row.trace_id[1:]) + 1:032x}",
            "id": f"{ord(row.span_id):016x}",
            **({"parentId": f"{ord(row.parent_id):016x}"} if row.parent_id else {}),
            "name": row.operation,
            "kind": row.kind.upper(),
            "timestamp": start_us + row.start_ns // 1000,
            "duration": (row.end_ns - row.start_ns) // 1000,
            "localEndpoint": {"serviceName": row.service},
            **({"remoteEndpoint": {"serviceName": row.peer}} if row.peer else {}),
        }
        for row in spans.itertuples()
    ]
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file
