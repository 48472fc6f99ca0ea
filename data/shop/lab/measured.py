"""What a running experiment measures at each level of load, for its truth: from Locust's history and Prometheus."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from machinery import Shop

STARTED_A_SECOND = 20  # users, see shoppers.py
FILL_S = 5.0  # in which queues fill once all users of a level have started
CPU = (  # processors in use, by process and by what the lab's processes on one processor are
    "rate(process_cpu_seconds_total{{job!~'exporter|prometheus'}}[{window}s])",
    "label_replace(rate(postgres_cpu_seconds_total[{window}s]), 'job', 'postgresql', '', '')",
    "label_replace(rate(host_cpu_busy_seconds_total[{window}s]), 'job', 'host of $1', 'runs', '(.*)')",
)


def by_level(shop: Shop, levels: Sequence[tuple[int, float]], began: float) -> list[dict[str, Any]]:
    """A row for each level (users, seconds): when, and what was measured in its steady part."""
    rows, before = [], 0
    for users, seconds in levels:
        ramp = abs(users - before) / STARTED_A_SECOND + FILL_S
        steady, end = began + min(ramp, seconds / 3), began + seconds
        rows.append(
            {"users": users, "start": utc(began), "steady_from": utc(steady), "end": utc(end)}
            | _load(shop, steady, end)
            | {"processors_used": _processors(shop, steady, end)}
        )
        began, before = end, users
    return rows


def busiest(row: dict[str, Any]) -> dict[str, Any]:
    """Of a level's row: the host whose processor is used most, and the process that uses most."""
    used: dict[str, float] = row["processors_used"]
    hosts = [name for name in used if name.startswith("host")]
    if not hosts or len(used) == len(hosts):  # a trial too short for two scrapes
        return {}
    host = max(hosts, key=lambda name: used[name])
    process = max(set(used) - set(hosts), key=lambda name: used[name])
    return {"host": host, "used": used[host], "mostly": process, "by_it": used[process]}


def utc(moment: float) -> str:
    """A moment as ISO 8601 in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _load(shop: Shop, start: float, end: float) -> dict[str, Any]:
    """Requests a second, mean milliseconds and failures, from the cumulative columns of Locust's history."""
    with (shop.folder / "locust_stats_history.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"]
    within = [row for row in rows if start <= int(row["Timestamp"]) <= end]
    if len(within) < 2:
        raise SystemExit("A level was too short for Locust's history to show it.")
    first, last = within[0], within[-1]
    count, failed = (
        int(last[column]) - int(first[column]) for column in ("Total Request Count", "Total Failure Count")
    )
    spent = [float(row["Total Average Response Time"]) * int(row["Total Request Count"]) for row in (first, last)]
    return {
        "requests_per_s": round(count / (int(last["Timestamp"]) - int(first["Timestamp"])), 1),
        "mean_ms": round((spent[1] - spent[0]) / count, 1),
        "failures": failed,
    }


def _processors(shop: Shop, start: float, end: float) -> dict[str, float]:
    used = {}
    for expression in CPU:
        asked = {"query": expression.format(window=round(end - start)), "time": end}
        answer = httpx.get(shop.url("prometheus") + "/api/v1/query", params=asked)
        answer.raise_for_status()
        used |= {
            series["metric"]["job"]: round(float(series["value"][1]), 2) for series in answer.json()["data"]["result"]
        }
    return used
