"""Keeps what an experiment left, in the formats users have: access log, query_range, Locust's history, OTLP spans."""

from __future__ import annotations

import gzip
import json
import shutil
import time
from pathlib import Path

import httpx
from machinery import Shop

METRICS = (
    "http_requests_total",
    "http_request_duration_seconds_bucket",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "database_pool",
    "confirmations_waiting",
    "cache_requests_total",
    "postgres_xact_commit_total",
    "postgres_xact_rollback_total",
    "postgres_blks_hit_total",
    "postgres_blks_read_total",
    "postgres_tup_returned_total",
    "postgres_tup_fetched_total",
    "postgres_tup_inserted_total",
    "postgres_tup_deleted_total",
    "postgres_connections",
    "postgres_cpu_seconds_total",
    "postgres_resident_memory_bytes",
    "host_cpu_busy_seconds_total",
    "machine_cpu_busy_seconds_total",
    "machine_memory_used_bytes",
)


def keep(shop: Shop, out: Path, began: float, *, log: bool = True, spans: bool = True) -> None:
    """Copy the experiment's files into `out`: the shop's, and Prometheus' answers since it began, a point a scrape."""
    out.mkdir(parents=True, exist_ok=True)
    if log:
        compress([shop.folder / "access.log"], out / "access.log.gz")
    if spans:
        compress([shop.folder / f"{name}.jsonl" for name in shop.services], out / "spans.jsonl.gz")
    shutil.copy(shop.folder / "locust_stats_history.csv", out)
    (out / "prometheus").mkdir(exist_ok=True)
    step = shop.scrape_s
    for metric in METRICS:
        asked = {"query": metric, "start": began - began % step, "end": time.time(), "step": step}
        answer = httpx.get(shop.url("prometheus") + "/api/v1/query_range", params=asked)
        answer.raise_for_status()
        series = answer.json()["data"]["result"]
        if not series:
            raise SystemExit(f"Prometheus has no series of {metric}; is its target up?")
        text = json.dumps(answer.json(), separators=(",", ":")).encode()
        _write_gzip(out / "prometheus" / f"{metric}.json.gz", text) if len(text) > 200_000 else (
            out / "prometheus" / f"{metric}.json"
        ).write_bytes(text)


def compress(sources: list[Path], target: Path) -> None:
    """The files one behind the other, as one .gz."""
    _write_gzip(target, b"".join(source.read_bytes() for source in sources))


def _write_gzip(target: Path, data: bytes) -> None:
    with target.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
        out.write(data)
