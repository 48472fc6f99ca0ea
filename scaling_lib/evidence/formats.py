"""What a source may be said to be: its format, its units, its origin. "" leaves it to the file, or says nothing.

They stand apart from the readers, so that `assessment.yaml` can be checked without importing those.
"""

from __future__ import annotations

from typing import Literal

RequestFormat = Literal["", "parquet", "csv", "jsonl", "combined", "spans", "cells"]
SpanFormat = Literal["", "otlp", "jaeger", "zipkin", "parquet"]
LogFormat = Literal["", "jsonl", "logfmt", "text"]
LoadFormat = Literal["", "locust", "k6-csv", "k6-json", "jmeter", "vegeta", "hlog", "curve"]
LoadColumn = Literal["users", "throughput", "time"]
Load = Literal["", "open", "closed"]
Unit = Literal["", "s", "ms", "us", "ns"]
Origin = Literal["", "recorded", "simulated"]
