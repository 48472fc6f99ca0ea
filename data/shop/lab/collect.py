"""Keeps what an experiment left, in the formats users have: access log, query_range, Locust's history, OTLP spans."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import httpx
from machinery import SERVICES, Shop

STEP_S = 15
METRICS = (
    "http_requests_total",
    "http_request_duration_seconds_bucket",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "database_pool",
    "postgres_xact_commit_total",
    "postgres_xact_rollback_total",
    "postgres_blks_hit_total",
    "postgres_blks_read_total",
    "postgres_connections",
    "postgres_cpu_seconds_total",
    "machine_cpu_busy_seconds_total",
)


def keep(shop: Shop, out: Path, began: float, ended: float) -> None:
    """Copy the experiment's files from the shop's folder and its Prometheus into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    _gzip([shop.folder / "access.log"], out / "access.log.gz")
    _gzip([shop.folder / f"{name}.jsonl" for name in SERVICES], out / "spans.jsonl.gz")
    shutil.copy(shop.folder / "locust_stats_history.csv", out)
    (out / "prometheus").mkdir(exist_ok=True)
    for metric in METRICS:
        asked = {"query": metric, "start": began - began % STEP_S, "end": ended, "step": STEP_S}
        answer = httpx.get(shop.url("prometheus") + "/api/v1/query_range", params=asked)
        answer.raise_for_status()
        series = answer.json()["data"]["result"]
        if not series:
            raise SystemExit(f"Prometheus has no series of {metric}; is its target up?")
        text = json.dumps(answer.json(), separators=(",", ":")).encode()
        _write_gzip(out / "prometheus" / f"{metric}.json.gz", text) if len(text) > 200_000 else (
            out / "prometheus" / f"{metric}.json"
        ).write_bytes(text)


def _gzip(sources: list[Path], target: Path) -> None:
    _write_gzip(target, b"".join(source.read_bytes() for source in sources))


def _write_gzip(target: Path, data: bytes) -> None:
    with target.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
        out.write(data)
