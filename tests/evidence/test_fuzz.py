"""Whatever bytes a file holds, a reader reads it or says why not; nothing else comes out."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling_lib.errors import ScalingError
from scaling_lib.evidence.metrics import MetricSource, read_metrics
from scaling_lib.evidence.requests import RequestSource, Threshold, read_requests
from scaling_lib.evidence.slos import read_slos

LOG = b'203.0.113.9 - - [03/Nov/2025:10:00:01 +0000] "GET /a?x=1 HTTP/1.1" 200 12 "-" "curl" 0.020\n'
CSV = b"time,method,path,status,duration_ms\n2025-11-03T10:00:00Z,GET,/a/1,200,12.5\n"
JSONL = b'{"time": "2025-11-03T10:00:00Z", "route": "/a", "status": 200, "duration_ms": 3}\n'
RANGE = (
    b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},'
    b'"values":[[1762164000,"1"],[1762164060,"NaN"]]}]}}'
)
OPENSLO = b"""apiVersion: openslo/v1
kind: SLO
metadata: {name: a}
spec:
  service: s
  indicator: {metadata: {name: i}, spec: {ratioMetric: {counter: true,
    good: {metricSource: {type: Prometheus, spec: {query: "sum(rate(g[5m]))"}}},
    total: {metricSource: {type: Prometheus, spec: {query: "sum(rate(t[5m]))"}}}}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
SLOTH = b"""version: prometheus/v1
service: s
slos:
  - name: a
    objective: 99.9
    sli: {events: {error_query: "sum(rate(e[{{.window}}]))", total_query: "sum(rate(t[{{.window}}]))"}}
    alerting: {name: A}
"""


def requests(file: Path) -> None:
    read_requests([RequestSource(path=str(file))], [Threshold(route="*", seconds=0.1)])


def metrics(file: Path) -> None:
    read_metrics([MetricSource(path=str(file))])


def slos(file: Path) -> None:
    read_slos(str(file))


@st.composite
def mangled(draw: st.DrawFn, whole: bytes) -> bytes:
    """A good file, repeated, with parts cut out, bytes replaced and others put in; maybe packed, maybe cut short."""
    content = bytearray(whole * draw(st.integers(1, 3)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        end = draw(st.integers(at, min(len(content), at + 40)))
        content[at:end] = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [
                        b"\n",
                        b'"',
                        b",",
                        b"\0",
                        b"NaN",
                        b"-1",
                        b"1e400",
                        b"null",
                        b"{}",
                        b"[",
                        b": ",
                        b"&a ",
                        b"\xff\xfe",
                    ]
                ),
            )
        )
    made = bytes(content)
    if draw(st.booleans()):
        made = gzip.compress(made, mtime=0)
    return made[: draw(st.integers(0, len(made)))] if draw(st.integers(0, 4)) == 0 else made


@pytest.mark.parametrize(
    ("read", "name", "whole"),
    [
        (requests, "a.log", LOG),
        (requests, "a.csv", CSV),
        (requests, "a.jsonl", JSONL),
        (requests, "a.parquet", b"PAR1\0\0PAR1"),
        (metrics, "a.json", RANGE),
        (slos, "a.yaml", OPENSLO),
        (slos, "a.yaml", SLOTH),
    ],
    ids=["log", "csv", "jsonl", "parquet", "query_range", "openslo", "sloth"],
)
def test_only_our_own_errors_come_out(tmp_path: Path, read: Callable[[Path], None], name: str, whole: bytes) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(content=mangled(whole))
    def check(content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        try:
            read(tmp_path / name)
        except ScalingError as error:
            assert len(str(error)) < 3000

    (tmp_path / name).write_bytes(whole)
    if not name.endswith("parquet"):
        read(tmp_path / name)  # the file is good before it is mangled
    check()
