"""Metrics as Prometheus' query_range answers: a disk that fills, and the requests of each day for thirteen months."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.demo.bill import bill_days, daily_demand
from scaling_lib.demo.plan import Plan

GIB = 2**30
DISK_STEP_S = 6 * 3600
DISK_SCATTER = 0.001  # of the limit
DISK_WARNING = 0.9


def metric_files(plan: Plan, counts: pd.DataFrame) -> tuple[dict[str, str], dict[str, Any]]:
    """The answers by path, and the truth about them; counts: the requests, which the last days are the sums of."""
    disk, truth = _disk(plan)
    return {
        "metrics/database_disk_used_bytes.json": disk,
        "metrics/requests_per_day.json": _days(plan, counts),
    }, {"disk": truth, "requests_per_day": "each value is of the 24 hours up to its time"}


def _answer(series: Iterable[tuple[Mapping[str, str], Iterable[int], Iterable[float]]]) -> str:
    """A query_range answer of series: labels, unix seconds, values."""
    result = [
        {"metric": dict(labels), "values": [[time, f"{value:g}" if value % 1 else str(int(value))] for time, value in
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
