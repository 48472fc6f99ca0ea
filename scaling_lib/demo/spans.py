"""Traces in OTLP JSON whose critical path is known by construction."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scaling_lib.demo.plan import Plan, Route

TRACES = 60  # a route
ERROR_SHARE = 0.02
APART_NS = 250_000_000
INTERNAL, SERVER, CLIENT = 1, 2, 3


@dataclass(kw_only=True)
class _Trace:
    """The spans of one trace by service, and the time that the critical path spends in each operation alone."""

    id: str
    spans: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def add(
        self, service: str, name: str, kind: int, start: int, end: int, parent: str = "", error: bool = False
    ) -> str:
        """Add a span, times in nanoseconds; its id."""
        self.count += 1
        span = f"{self.id[:12]}{self.count:04x}"
        self.spans[service].append(
            {
                "traceId": self.id,
                "spanId": span,
                "parentSpanId": parent,
                "name": name,
                "kind": kind,
                "startTimeUnixNano": str(start),
                "endTimeUnixNano": str(end),
                "attributes": [],
                "status": {"code": 2} if error else {},
            }
        )
        return span


def span_file(plan: Plan) -> tuple[str, dict[str, Any]]:
    """JSON lines, a TracesData each, one for each trace; and the truth about their critical paths."""
    alone: dict[tuple[str, str], int] = defaultdict(int)
    lines, errors, spans, total = [], 0, 0, 0
    moment = int(plan.end.timestamp() - 6 * 3600) * 1_000_000_000
    for route in plan.routes:
        rng = plan.rng(f"spans {route.name}")
        shape = _read if route.name.startswith("GET ") else _write
        for _ in range(TRACES):
            trace = _Trace(id=rng.bytes(16).hex())
            failed = bool(rng.random() < ERROR_SHARE)
            end = shape(plan, route, trace, moment, failed, rng, alone)
            total += end - moment
            errors += failed
            spans += trace.count
            moment += APART_NS
            lines.append(json.dumps(_traces_data(trace), separators=(",", ":")))
    truth = {
        "traces": len(lines),
        "spans": spans,
        "traces_with_an_error": errors,
        "root_seconds": round(total / 1e9, 9),
        "critical_path_s": [
            {"service": service, "operation": operation, "alone_s": round(ns / 1e9, 9)}
            for (service, operation), ns in sorted(alone.items(), key=lambda item: -item[1])
        ],
        "never_on_the_path": ["SELECT cart"],
    }
    return "\n".join(lines) + "\n", truth


def _traces_data(trace: _Trace) -> dict[str, Any]:
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                "scopeSpans": [{"scope": {"name": "simulated"}, "spans": spans}],
            }
            for service, spans in trace.spans.items()
        ]
    }


def _write(
    plan: Plan, route: Route, trace: _Trace, start: int, failed: bool, rng: np.random.Generator, alone: dict[Any, int]
) -> int:
    """Front, then the service: prices and cart are fetched side by side, the prices take longer; then an insert."""
    front, backend = plan.front.name, route.backend
    others = [service.name for service in plan.services[1:] if service.name != backend]
    other = others[0] if others else backend
    before, out, begin, call, prices, answer, between, insert, finish, back, after = _times(
        rng, 2, 1, 4, 1.2, 30, 0.8, 5, 18, 2, 1, 1.5
    )
    cart = round((call + prices + answer) * float(rng.uniform(0.2, 0.8)))
    work = begin + call + prices + answer + between + insert + finish
    end = start + before + out + work + back + after
    root = trace.add(front, route.name, SERVER, start, end, error=failed)
    asked = start + before
    edge = trace.add(front, f"POST {backend}", CLIENT, asked, asked + out + work + back, root, failed)
    came = asked + out
    server = trace.add(backend, f"{route.name} (work)", SERVER, came, came + work, edge, failed)
    fork = came + begin
    joined = fork + call + prices + answer
    trace.add(backend, "SELECT cart", CLIENT, fork, fork + cart, server)
    fetch = trace.add(backend, "GET prices", CLIENT, fork, joined, server)
    trace.add(other, "GET /prices", SERVER, fork + call, fork + call + prices, fetch)
    trace.add(backend, "INSERT order", CLIENT, joined + between, joined + between + insert, server, failed)
    alone[front, route.name] += before + after
    alone[front, f"POST {backend}"] += out + back
    alone[backend, f"{route.name} (work)"] += begin + between + finish
    alone[backend, "GET prices"] += call + answer
    alone[other, "GET /prices"] += prices
    alone[backend, "INSERT order"] += insert
    return end


def _read(
    plan: Plan, route: Route, trace: _Trace, start: int, failed: bool, rng: np.random.Generator, alone: dict[Any, int]
) -> int:
    """Front, then the service: a query, then the page is rendered."""
    front, backend = plan.front.name, route.backend
    before, out, begin, query, render, finish, back, after = _times(rng, 1.5, 0.8, 2, 12, 9, 1, 0.8, 1)
    work = begin + query + render + finish
    end = start + before + out + work + back + after
    root = trace.add(front, route.name, SERVER, start, end, error=failed)
    asked = start + before
    edge = trace.add(front, f"GET {backend}", CLIENT, asked, asked + out + work + back, root, failed)
    came = asked + out
    server = trace.add(backend, f"{route.name} (work)", SERVER, came, came + work, edge, failed)
    trace.add(backend, "SELECT items", CLIENT, came + begin, came + begin + query, server, failed)
    trace.add(backend, "render", INTERNAL, came + begin + query, came + begin + query + render, server)
    alone[front, route.name] += before + after
    alone[front, f"GET {backend}"] += out + back
    alone[backend, f"{route.name} (work)"] += begin + finish
    alone[backend, "SELECT items"] += query
    alone[backend, "render"] += render
    return end


def _times(rng: np.random.Generator, *middle_ms: float) -> list[int]:
    """Lognormal durations around the given medians, in whole microseconds, as nanoseconds."""
    drawn = np.asarray(middle_ms) * 1000 * np.exp(0.3 * rng.standard_normal(len(middle_ms)))
    return [max(1, round(float(each))) * 1000 for each in drawn]
