"""Metrics as Prometheus' query_range answers.

A disk that fills, the requests of each day for thirteen months, and hourly counters of the busy seconds of the
processors and of the requests that made them so, one of whose hosts is restarted once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.demo.bill import bill_days, daily_demand
from scaling_lib.demo.delivery import Incident
from scaling_lib.demo.plan import Plan
from scaling_lib.demo.processors import HOUR_S, SCATTER, Ints, Processors, hourly, processors

GIB = 2**30
DISK_STEP_S = 6 * 3600
DISK_SCATTER = 0.001  # of the limit
DISK_WARNING = 0.9
WEEK_H = 168


def metric_files(
    plan: Plan, counts: pd.DataFrame, incidents: tuple[Incident, ...], most_per_s: float
) -> tuple[dict[str, str], dict[str, Any]]:
    """The answers by path, and the truth about them.

    counts: the requests, which the counters and the last days are the sums of. incidents: the host is not restarted on
    a day of one. most_per_s: the highest throughput of the front service's load test.
    """
    disk, about_disk = _disk(plan)
    answered = {code: hourly(plan, counts, code) for code in ("n", "errors")}
    hosts = processors(plan, answered["n"], most_per_s)
    restarted = _quiet_night(plan, incidents)
    return {
        "metrics/database_disk_used_bytes.json": disk,
        "metrics/requests_per_day.json": _days(plan, counts),
        "metrics/host_cpu_busy_seconds_total.json": _busy(plan, hosts, restarted),
        "metrics/http_requests_total.json.gz": _requests(plan, answered, restarted),
    }, {
        "disk": about_disk,
        "requests_per_day": "each value is of the 24 hours up to its time",
        "processors": _about(hosts, answered["n"]),
        "counters": "hourly; each value is of the time up to it; http_requests_total adds up to the requests",
        "restarted": {
            "after": restarted,
            "what": "the host of the services, just after that value: its counters begin at 0 again",
        },
    }


def _answer(series: Iterable[tuple[Mapping[str, str], Iterable[int], Iterable[float]]]) -> str:
    """A query_range answer of series: labels, unix seconds, values."""
    result = [
        {"metric": dict(labels), "values": [[time, f"{value:.2f}" if value % 1 else str(int(value))] for time, value in
                                            zip(times, values, strict=True)]}
        for labels, times, values in series
    ]  # fmt: skip
    body = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    return json.dumps(body, separators=(",", ":")) + "\n"


def _disk(plan: Plan) -> tuple[str, dict[str, Any]]:
    """Linear growth with a little scatter, which reaches 90% of the disk some weeks after the end."""
    rng = plan.rng("disk")
    limit = 200 * GIB
    left_d = round(float(rng.uniform(25, 70)), 1)
    a_day = round(float(rng.uniform(0.5, 0.9)) * GIB)
    now = DISK_WARNING * limit - left_d * a_day
    times = np.arange(int(plan.start.timestamp()), int(plan.end.timestamp()), DISK_STEP_S)
    ago_d = (plan.end.timestamp() - times) / 86400
    used = np.maximum(0, np.rint(now - a_day * ago_d + DISK_SCATTER * limit * rng.standard_normal(len(times))))
    labels = {"__name__": "database_disk_used_bytes", "instance": "db-main", "job": "database"}
    return _answer([(labels, times.tolist(), used.tolist())]), {
        "metric": "database_disk_used_bytes",
        "limit_bytes": limit,
        "growth_bytes_a_day": a_day,
        "used_share_at_the_end": round(now / limit, 6),
        "reaches_90_percent": plan.end + timedelta(days=left_d),
    }


def _days(plan: Plan, counts: pd.DataFrame) -> str:
    days = bill_days(plan)
    told = plan.rng("days").poisson(daily_demand(plan, days)).astype(float)
    known = counts.groupby(counts["minute"].dt.floor("D"))["n"].sum()
    first = max(0, len(days) - plan.days)
    told[first:] = known.to_numpy(dtype=float)[-(len(days) - first) :]
    labels = {"__name__": "requests_per_day", "system": plan.system}
    return _answer([(labels, [int(day.timestamp()) + 86400 for day in days], told.tolist())])


def _busy(plan: Plan, hosts: tuple[Processors, ...], restarted: datetime) -> str:
    """Counters of busy seconds, with the labels of the recorded ones but another target."""
    name, series = "host_cpu_busy_seconds_total", []
    for number, host in enumerate(hosts):
        place = {"instance": f"{host.runs}:9100", "job": "exporter", "processor": str(number), "runs": host.runs}
        counted = _counted(plan, host.busy, restarted if host.runs == "services" else None)
        series.append(({"__name__": name, **place}, _hours(plan), (counted / 100).tolist()))
    return _answer(series)


def _requests(plan: Plan, answered: dict[str, dict[str, Ints]], restarted: datetime) -> str:
    """Counters of the requests by route and status, as the recorded gateway answers them."""
    front, series = plan.front.name, []
    for route in plan.routes:
        n, errors = (answered[column][route.name] for column in ("n", "errors"))
        for code, counts in (("200" if route.name.startswith("GET ") else "201", n - errors), ("500", errors)):
            labels = {"__name__": "http_requests_total", "code": code, "instance": f"{front}:8080", "job": front}
            labels |= {"route": route.name.replace("{id}", "{id:int}"), "service": front}  # as the gateway names it
            series.append((labels, _hours(plan), _counted(plan, counts, restarted).tolist()))
    return _answer(series)


def _hours(plan: Plan) -> list[int]:
    first = int(plan.start.timestamp())
    return [first + HOUR_S * number for number in range(24 * plan.days + 1)]


def _counted(plan: Plan, rises: Ints, restarted: datetime | None) -> Ints:
    """A counter at each whole hour, which had counted a week like the first one before."""
    counted = np.zeros(len(rises) + 1, dtype=np.int64)
    counted[1:] = np.cumsum(rises)
    counted += rises[:WEEK_H].sum()
    if restarted is not None:
        last = (restarted - plan.start) // timedelta(hours=1)
        counted[last + 1 :] -= counted[last]
    return counted


def _quiet_night(plan: Plan, incidents: tuple[Incident, ...]) -> datetime:
    """Three o'clock of a day without an incident, neither the first nor the last one."""
    loud = {moment.date() for each in incidents for moment in (each.start, each.end)}
    days = [plan.start + timedelta(days=number, hours=3) for number in range(1, plan.days - 1)]
    quiet = [day for day in days if day.date() not in loud]
    return quiet[int(plan.rng("restart").integers(len(quiet)))]


def _about(hosts: tuple[Processors, ...], requests: dict[str, Ints]) -> dict[str, Any]:
    total = sum(int(each.sum()) for each in requests.values())
    return {
        "metric": "host_cpu_busy_seconds_total",
        "law": "busy seconds of an hour = (3600 background + sum of requests x demand) (1 + scatter z), z normal",
        "scatter": SCATTER,
        "of": [
            {
                "runs": host.runs,
                "limit": host.limit,
                "background": host.background,
                "demand_ms": dict(host.demand_ms),
                "mean_demand_ms": round(
                    sum(int(requests[name].sum()) * ms for name, ms in host.demand_ms.items()) / total, 4
                ),
                "used_in_the_busiest_hour": round(float(host.busy.max()) / 100 / HOUR_S / host.limit, 4),
            }
            for host in hosts
        ],
    }
