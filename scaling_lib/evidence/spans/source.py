"""What is asked of spans: where they are, and what their files do not say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SpanSource:
    """Files of spans of one form.

    path: a file or glob (`**` too). format: "otlp", "jaeger", "zipkin", "parquet", or "" to recognise it. service: of
    spans that name none. time_unit: of the file's times, "ns", "us", "ms" or "s"; "" for the format's own unit, unless
    the times are plainly in another one. origin: "recorded", "simulated" or "".
    """

    path: str
    format: str = ""
    service: str = ""
    time_unit: str = ""
    origin: str = ""
