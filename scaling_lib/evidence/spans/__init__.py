"""Spans: OTLP, Jaeger, Zipkin and Parquet files in one frame."""

from scaling_lib.evidence.spans.read import Spans, read_spans
from scaling_lib.evidence.spans.source import SpanSource

__all__ = ["SpanSource", "Spans", "read_spans"]
