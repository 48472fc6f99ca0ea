"""Single traces to look at: one of the middle and one of the tail, each span with its times on the critical path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks.path_times import PathTimes
from scaling_lib.model.critical_path import CriticalPath

MOST_SPANS = 60  # of a trace, those on the path first and then the longest: more cannot be read
MIDDLE, TAIL = 0.5, 0.99


@dataclass(frozen=True, kw_only=True, eq=False)
class ShownTrace:
    """One trace.

    quantile: of its journey's durations, that it lies at; left_out: spans that are not in `spans`.
    spans: a row a span in the order of a waterfall: service, operation, depth, start_s and end_s from the root's start,
        on_path, exclusive_s (its own time on the path).
    waits: a row a stretch of the path in order of time: row (in spans), start_s, end_s; they cover the root.
    """

    journey: str
    quantile: float
    trace_id: str
    duration_s: float
    spans: pd.DataFrame
    waits: pd.DataFrame
    left_out: int


def shown_traces(spans: pd.DataFrame, path: CriticalPath, times: PathTimes) -> tuple[ShownTrace, ...]:
    """Of the journey that takes most of the time in its slowest twentieth: a trace at the median, and one at the p99.

    spans: the canonical frame that the path is of; times: see `path_times`.
    """
    journey = _slowest(times)
    rows = np.flatnonzero(times.journey == journey)
    rows = rows[np.argsort(times.duration_s[rows], kind="stable")]
    reached = np.cumsum(times.weight[rows]) / times.weight[rows].sum()
    found = []
    for quantile in (MIDDLE, TAIL):
        root = int(times.root[rows[min(int(np.searchsorted(reached, quantile)), len(rows) - 1)]])
        found.append(_shown(spans, path, root, times.journeys[journey], quantile))
    return tuple(found)


def _slowest(times: PathTimes) -> int:
    """The journey whose slowest twentieth takes most seconds."""
    slow = times.between(0.95, 1.0)
    seconds = times.duration_s[slow] * times.weight[slow]
    return int(np.argmax(np.bincount(times.journey[slow], weights=seconds, minlength=len(times.journeys))))


def _shown(spans: pd.DataFrame, path: CriticalPath, root: int, journey: str, quantile: float) -> ShownTrace:
    rows = np.flatnonzero(path.spans["root"].to_numpy() == root)
    own = spans.iloc[rows]
    start = int(path.by_root["start_ns"].iloc[root])
    table = pd.DataFrame(
        {
            "span_id": own["span_id"].astype("str").to_numpy(),
            "parent_id": own["parent_id"].astype("str").to_numpy(),
            "service": own["service"].astype("str").to_numpy(),
            "callee": path.spans["callee"].astype("str").to_numpy()[rows],
            "operation": own["operation"].astype("str").to_numpy(),
            "start_s": (own["start_ns"].to_numpy() - start) / 1e9,
            "end_s": (own["end_ns"].to_numpy() - start) / 1e9,
            "on_path": path.spans["on_path"].to_numpy()[rows],
            "exclusive_s": path.spans["exclusive_ns"].to_numpy()[rows] / 1e9,
        }
    )
    duration = float(path.by_root["duration_s"].iloc[root])
    table = _in_order(table, str(path.by_root["span_id"].iloc[root]))
    waits = _waits(table, duration)
    kept = table
    if len(table) > MOST_SPANS:
        length = table["end_s"] - table["start_s"]
        kept = table.loc[
            table.assign(length=length)
            .sort_values(["on_path", "length"], ascending=False)
            .index[:MOST_SPANS]
            .sort_values()
        ]
        place = {old: new for new, old in enumerate(kept.index)}
        waits = waits[waits["row"].isin(place)].assign(row=lambda each: each["row"].map(place))
    return ShownTrace(
        journey=journey,
        quantile=quantile,
        trace_id=str(path.by_root["trace_id"].iloc[root]),
        duration_s=duration,
        spans=kept.reset_index(drop=True),
        waits=waits.reset_index(drop=True),
        left_out=len(table) - len(kept),
    )


def _in_order(table: pd.DataFrame, root: str) -> pd.DataFrame:
    """Each span below its parent, children in order of time, with its depth."""
    below: dict[str, list[int]] = {}
    for place in table.sort_values(["start_s", "end_s"], kind="stable").index:
        below.setdefault(str(table.at[place, "parent_id"]), []).append(int(place))
    first = int(np.flatnonzero(table["span_id"].to_numpy() == root)[0])
    order, depths, waiting = [], [], [(first, 0)]
    seen: set[int] = set()
    while waiting:
        place, depth = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        order.append(place)
        depths.append(depth)
        waiting += [(child, depth + 1) for child in reversed(below.get(str(table.at[place, "span_id"]), []))]
    return table.iloc[order].assign(depth=depths).reset_index(drop=True)


def _waits(table: pd.DataFrame, duration: float) -> pd.DataFrame:
    """Of each span on the path the stretches that no child on the path covers, clipped to the root."""
    found = []
    on = table[table["on_path"]]
    columns = (on[name].tolist() for name in ("span_id", "start_s", "end_s"))
    for row, name, begin, until in zip(on.index.tolist(), *columns, strict=True):
        start, end = max(begin, 0.0), min(until, duration)
        children = on[on["parent_id"] == name].sort_values("start_s")
        at = start
        for low, high in zip(children["start_s"].tolist(), children["end_s"].tolist(), strict=True):
            if low > at:
                found.append((row, at, min(low, end)))
            at = max(at, high)
        if end > at:
            found.append((row, at, end))
    return pd.DataFrame(found, columns=["row", "start_s", "end_s"]).sort_values("start_s", kind="stable")
