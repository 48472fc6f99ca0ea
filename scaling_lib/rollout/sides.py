"""What each version of a canary did in the stretch of time that both were there: from requests, or from metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.config_evidence import Canary
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.rollout.quantile_points import interpolated_median

Floats = NDArray[np.float64]

POINTS = 60  # stretches that a canary is cut into: enough for Kayenta's rank test, and each with some requests
NONE: Floats = np.empty(0)
UNKNOWN = (math.nan, math.nan)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One version.

    requests: that it answered, NaN where not known. failures, refused, slow: (how many, of how many), NaN where not
    known; refused ones have a status from 400 to 499; slow ones are over the journey's threshold, of those that did not
    fail. latencies: seconds, in the order of time, of each
    request that did not fail, or of metrics the median of each step. points: by metric its values by step.
    """

    requests: float = math.nan
    failures: tuple[float, float] = UNKNOWN
    refused: tuple[float, float] = UNKNOWN
    slow: tuple[float, float] = UNKNOWN
    latencies: Floats = field(default_factory=lambda: NONE)
    points: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Both versions. start, end: the stretch in which both were seen; None where one was not."""

    canary: Side
    baseline: Side
    start: pd.Timestamp | None
    end: pd.Timestamp | None


def sides_of_requests(canary: Canary, frame: pd.DataFrame, threshold_s: float | None) -> Sides:
    """The two versions in the frame of `evidence.requests.read_versions`."""
    names = canary.canary, canary.baseline
    times = [frame.loc[frame["version"] == name, "time"] for name in names]
    if any(each.empty for each in times):
        return Sides(
            canary=_side(frame[frame["version"] == names[0]], threshold_s, None),
            baseline=_side(frame[frame["version"] == names[1]], threshold_s, None),
            start=None,
            end=None,
        )
    start, end = max(each.iloc[0] for each in times), min(each.iloc[-1] for each in times)
    inside = frame[(frame["time"] >= start) & (frame["time"] <= end)]
    edges = pd.date_range(start, end + pd.Timedelta(microseconds=1), periods=POINTS + 1)
    one, other = (_side(inside[inside["version"] == name], threshold_s, edges) for name in names)
    return Sides(canary=one, baseline=other, start=start, end=end)


def _side(rows: pd.DataFrame, threshold_s: float | None, edges: pd.DatetimeIndex | None) -> Side:
    count = float(len(rows))
    known = bool(rows["status"].notna().all())
    failed = rows["status"] >= 500
    good = rows[~failed & rows["seconds"].notna()]
    timed = bool(len(good)) or not count
    points: dict[str, Floats] = {}
    if edges is not None:
        place = np.searchsorted(edges.asi8, rows["time"].astype(edges.dtype).astype("int64"), "right")
        if known:
            points["failures"] = np.asarray(failed.groupby(place).mean(), dtype=np.float64)
        if timed:
            own = good["seconds"].groupby(place[rows.index.get_indexer(good.index)]).median()
            points["latency"] = own.to_numpy(dtype=np.float64)
    over = float((good["seconds"] > threshold_s).sum()) if threshold_s is not None and timed else math.nan
    return Side(
        requests=count,
        failures=(float(failed.sum()), count) if known else UNKNOWN,
        refused=(float(rows["status"].between(400, 499).sum()), count) if known else UNKNOWN,
        slow=UNKNOWN if math.isnan(over) else (over, float(len(good))),
        latencies=good["seconds"].to_numpy(dtype=np.float64),
        points=points,
    )


@dataclass(frozen=True, kw_only=True)
class Selectors:
    """Selectors of counters and histograms, without the version; "" where there is none."""

    total: str
    errors: str
    buckets: str


def sides_of_metrics(canary: Canary, metrics: Metrics, selectors: Selectors, threshold_s: float | None) -> Sides:
    """The two versions in metrics whose label is the version.

    Raises NotMeasured where a metric, or the label, is not in the evidence.
    """
    if not selectors.total:
        raise NotMeasured(
            f"Canary {canary.name}: no selector counts its requests; supply `total` beside it, or `metrics.total` of "
            "its journey in assessment.yaml."
        )
    totals = [increase(metrics, versioned(selectors.total, canary, name)) for name in (canary.canary, canary.baseline)]
    both = pd.concat(totals, axis=1, keys=["canary", "baseline"]).dropna()
    if both.empty:
        empty = [Side(requests=float(each.sum())) if each.notna().any() else Side(requests=0.0) for each in totals]
        return Sides(canary=empty[0], baseline=empty[1], start=None, end=None)
    width = _width(both)
    start, end = both.index[0], both.index[-1] + width
    return Sides(
        canary=_metric_side(canary, canary.canary, metrics, selectors, threshold_s, both["canary"], width),
        baseline=_metric_side(canary, canary.baseline, metrics, selectors, threshold_s, both["baseline"], width),
        start=start,
        end=end,
    )


def _metric_side(
    canary: Canary,
    name: str,
    metrics: Metrics,
    selectors: Selectors,
    threshold_s: float | None,
    total: pd.Series[float],
    width: pd.Timedelta,
) -> Side:
    count = float(total.sum())
    failures, slow, points = UNKNOWN, UNKNOWN, dict[str, Floats]()
    medians: Floats = NONE
    if selectors.errors:
        every = versioned(selectors.total, canary, name)
        errors = increase(metrics, versioned(selectors.errors, canary, name), every).reindex(total.index)
        if errors.notna().all():
            failures = (min(float(errors.sum()), count), count)
            points["failures"] = np.asarray((errors / total)[total > 0], dtype=np.float64)
    if selectors.buckets:
        own = versioned(selectors.buckets, canary, name)
        edges = pd.date_range(
            total.index[0], total.index[-1] + width, periods=min(POINTS, len(total)) + 1
        ).to_pydatetime()
        whole = metrics.histogram(own, edges[0], edges[-1])
        if threshold_s is not None and threshold_s in whole:
            most = max(whole.values())
            slow = (round(most - whole[threshold_s]), round(most))
        steps = [metrics.histogram(own, low, high) for low, high in pairwise(edges)]
        medians = np.array(
            [found for step in steps if math.isfinite(found := interpolated_median(step))], dtype=np.float64
        )
        points["latency"] = medians
    return Side(requests=round(count), failures=_whole(failures), slow=slow, latencies=medians, points=points)


def increase(metrics: Metrics, selector: str, among: str = "") -> pd.Series[float]:
    """By step as wide as the samples lie apart."""
    return metrics.increase(selector, "1s", among)


def versioned(selector: str, canary: Canary, name: str) -> str:
    """The selector of one version."""
    value = name.replace("\\", "\\\\").replace('"', '\\"')
    condition = f'{canary.label}="{value}"'
    bare = selector.strip()
    if not bare.endswith("}"):
        return f"{bare}{{{condition}}}"
    inside = bare[:-1].rstrip().rstrip(",")
    return f"{inside}{'' if inside.endswith('{') else ','}{condition}}}"


def _whole(counts: tuple[float, float]) -> tuple[float, float]:
    return counts if math.isnan(counts[0]) else (round(counts[0]), round(counts[1]))


def _width(both: pd.DataFrame) -> pd.Timedelta:
    steps = both.index.to_series().diff().dropna()
    return pd.Timedelta(steps.min()) if len(steps) else pd.Timedelta(seconds=1)
