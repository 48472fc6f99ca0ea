"""Several series as one: counters as a rate, gauges as their sum on a regular grid, unknown where one is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import NotEnoughData, NotMeasured
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.stats.arguments import check_kind, check_series, check_whole
from scaling_lib.words import listing, plural

SECOND = 1_000_000_000  # in nanoseconds
METRICS = "those of `Assessment.metrics()`"
SELECTOR = 'a text such as node_cpu_seconds_total{mode="user"}'
LONGEST_MISS = 3  # steps without a sample: scrapes fail; what is absent for longer was not there


def per_second(metrics: Metrics, selector: str) -> pd.Series:
    """How much counters rise in a second, at the rhythm in which they were sampled, which is the index's `freq`."""
    check_kind("per_second", "metrics", metrics, Metrics, METRICS)
    check_kind("per_second", "a selector", selector, str, SELECTOR)
    counts = metrics.increase(selector, "1s")
    step = pd.Timedelta(counts.index.freq)  # type: ignore[attr-defined]  # of times, which have one
    return counts / step.total_seconds()


def gauge_sum(metrics: Metrics, selector: str, name: str, field: str, *, finest_s: int = 60) -> pd.Series:
    """The matched gauges together, on the grid of the slowest of them; NaN where it is not known.

    name, field: of the resource, for the error. finest_s: seconds that a step of the grid has at least.
    A series counts as 0 before its first and after its last sample, and where it is absent for more than three steps
    while another one is there, as an instance that was removed.
    Raises NotMeasured where nothing matches or no value is finite.
    """
    check_kind("gauge_sum", "metrics", metrics, Metrics, METRICS)
    check_kind("gauge_sum", "a selector", selector, str, SELECTOR)
    check_whole("gauge_sum", "finest_s", finest_s, 1, 86_400)
    rows = metrics.select(selector)
    rows = rows[np.isfinite(rows["value"])]
    if rows.empty:
        there = listing(sorted(metrics.frame["metric"].astype(str).unique()), most=8) or "none"
        raise NotMeasured(
            f"{name}, {field}: the selector {selector} matches no gauge with a value; the metrics there are: {there}.",
            supply=f"Supply the gauge {selector} among the metrics, or name one that there is in `{field}`.",
        )
    series = [part.set_index("time")["value"] for _, part in rows.groupby(["metric", "labels"], observed=True)]
    step = pd.Timedelta(max([finest_s * SECOND, *(step_of(each) for each in series if len(each) > 1)]))
    first = min(each.index[0] for each in series)
    grid = pd.date_range(first, max(each.index[-1] for each in series), freq=step, name="time")
    total, seen, missed = np.zeros(len(grid)), np.zeros(len(grid), dtype=bool), np.zeros(len(grid), dtype=bool)
    for each in series:  # added up one by one: a year of short-lived instances would not fit beside each other
        part = each.resample(step, origin=first).mean()
        begins = round((part.index[0] - first) / step)
        own = slice(begins, begins + len(part))
        known = part.notna().to_numpy()
        total[own] += part.fillna(0.0).to_numpy()
        seen[own] |= known
        missed[own] |= _missed(known)
    return pd.Series(np.where(seen & ~missed, total, np.nan), index=grid, name="value")


def step_of(series: pd.Series) -> int:
    """The usual distance between its times, in nanoseconds; at least two of them."""
    check_series("step_of", series)
    if len(series) < 2:
        raise NotEnoughData(f"step_of: found {plural(len(series), 'time')}; expected two at least.")
    return int(np.median(np.diff(pd.DatetimeIndex(series.index).as_unit("ns").asi8)))


def _missed(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a series, which is known at both ends, is not for a short while."""
    places = np.flatnonzero(known)
    missed = np.zeros(len(known), dtype=np.bool_)
    holes = np.diff(places) - 1
    short = (holes > 0) & (holes <= LONGEST_MISS)
    for place, length in zip(places[:-1][short], holes[short], strict=True):
        missed[place + 1 : place + 1 + length] = True
    return missed
