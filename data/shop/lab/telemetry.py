"""What every service of the shop records: spans as OTLP JSON lines, and Prometheus metrics."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, StatusCode, TraceState
from prometheus_client import Counter, Histogram, generate_latest
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2.5)
REQUESTS = Counter("http_requests", "Requests answered", ["service", "route", "code", "version"])
DURATION = Histogram(
    "http_request_duration_seconds", "Time to answer", ["service", "route", "version"], buckets=BUCKETS
)
VERSION = os.environ.get("LAB_VERSION", "1.0.0")
tracer = trace.get_tracer("shop.lab")


def start(service: str) -> None:
    """Send this process's spans to LAB_SPANS/<process>.jsonl, a share of LAB_SAMPLED of the traces."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.version": VERSION}),
        sampler=ParentBased(ByTraceId(float(os.environ["LAB_SAMPLED"]))),
    )
    file = Path(os.environ["LAB_SPANS"]) / f"{os.environ['LAB_PROCESS']}.jsonl"
    provider.add_span_processor(BatchSpanProcessor(JsonLines(file), schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)


class ByTraceId(Sampler):
    """Head sampling by the last 56 bits of the trace id, its threshold kept in the tracestate as `ot=th:`."""

    def __init__(self, share: float) -> None:
        self.rejected = round((1 - share) * 2**56)
        self.threshold = f"{self.rejected:014x}".rstrip("0") or "0"

    def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, links=None, trace_state=None):
        """The decision of the OpenTelemetry specification on probability sampling."""
        if trace_id % 2**56 < self.rejected:
            return SamplingResult(Decision.DROP)
        state = TraceState([("ot", f"th:{self.threshold}")])
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, state)

    def get_description(self) -> str:
        """As the SDK prints it."""
        return f"ByTraceId{{th:{self.threshold}}}"


class JsonLines(SpanExporter):
    """One TracesData in OTLP JSON a batch, a line each."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append the batch."""
        data = {
            "resourceSpans": [
                {
                    "resource": {"attributes": _attributes(spans[0].resource.attributes)},
                    "scopeSpans": [{"scope": {"name": "shop.lab"}, "spans": [_span(span) for span in spans]}],
                }
            ]
        }
        with self.file.open("a") as out:
            out.write(json.dumps(data, separators=(",", ":")) + "\n")
        return SpanExportResult.SUCCESS


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    told = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "parentSpanId": f"{span.parent.span_id:016x}" if span.parent else "",
        "traceState": context.trace_state.to_header(),
        "name": span.name,
        "kind": span.kind.value + 1,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
        "status": {},
    }
    if span.links:
        told["links"] = [
            {"traceId": f"{link.context.trace_id:032x}", "spanId": f"{link.context.span_id:016x}"}
            for link in span.links
        ]
    if span.status.status_code is StatusCode.ERROR:
        told["status"] = {"code": 2, "message": span.status.description or ""}
    return told


def _attributes(pairs: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in pairs.items() if not key.startswith("telemetry.")]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}


class Recorded:
    """ASGI middleware: a server span, the metrics, and, where `log` is given, an access log line for each request."""

    def __init__(self, app: Any, service: str, routes: Sequence[Any], log: Path | None = None) -> None:
        self.app, self.service, self.routes = app, service, routes
        self.log = log.open("a", buffering=1) if log else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request and record it."""
        if scope["type"] != "http" or scope["path"] in ("/metrics", "/chaos", "/ready"):
            await self.app(scope, receive, send)
            return
        request, status, size, version = Request(scope), 500, 0, "-"
        route = self._route(scope)
        name = f"{request.method} {route}"

        async def watched(message: Any) -> None:
            nonlocal status, size, version
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                version = headers.setdefault("x-version", VERSION)  # the gateway hands on its callee's
            size += len(message.get("body", b""))
            await send(message)

        clock = time.perf_counter()
        context = propagate.extract(dict(request.headers))
        with tracer.start_as_current_span(name, context, SpanKind.SERVER) as span:
            try:
                await self.app(scope, receive, watched)
            finally:
                seconds = time.perf_counter() - clock
                span.set_attribute("http.request.method", request.method)
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(StatusCode.ERROR)
                REQUESTS.labels(self.service, name, status, VERSION).inc()
                DURATION.labels(self.service, name, VERSION).observe(seconds)
                if self.log:
                    self.log.write(_log_line(request, status, size, version, seconds))

    def _route(self, scope: Any) -> str:
        for route in self.routes:
            if route.matches(scope)[0] is Match.FULL:
                return str(route.path)
        return "(none)"


def _log_line(request: Request, status: int, size: int, version: str, seconds: float) -> str:
    """nginx's combined form, then the answering service's version and the response time."""
    when = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())  # the request's end, as nginx has it
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    agent = request.headers.get("user-agent", "-")
    line = f'"{request.method} {path} HTTP/1.1" {status} {size} "-" "{agent}" "{version}" {seconds:.6f}'
    return f"127.0.0.1 - - [{when}] {line}\n"


@contextmanager
def span(name: str, kind: SpanKind, *, parent: Any = None, links: Sequence[Link] = (), **attributes: str):
    """A span around the block, with a parent of its own or the current one; an exception marks it as an error."""
    with tracer.start_as_current_span(name, parent, kind=kind, links=links) as current:
        for key, value in attributes.items():
            current.set_attribute(key.replace("_", "."), value)
        yield current


async def query(connection: Any, name: str, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """One SQL statement with a database span; its rows, none where it returns nothing."""
    with span(
        name, SpanKind.CLIENT, db_system="postgresql", db_operation_name=sql.split()[0], peer_service="postgresql"
    ):
        cursor = await connection.execute(sql, values)
        return await cursor.fetchall() if cursor.description else []


async def metrics(request: Request) -> Response:
    """The scrape page."""
    return Response(generate_latest(), media_type="text/plain; version=0.0.4")
