"""Gauges of several series as one: their sum on a regular grid, with what is unknown kept as unknown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.words import listing

SECOND = 1_000_000_000  # in nanoseconds
LONGEST_MISS = 3  # steps without a sample: scrapes fail; what is absent for longer was not there


def gauge_sum(metrics: Metrics, selector: str, name: str, field: str) -> pd.Series:
    """The matched gauges together, on the grid of the slowest of them, at least a minute; NaN where it is not known.

    name, field: of the resource, for the error. A series counts as 0 before its first and after its last sample, and
    where it is absent for more than three steps while another one is there, as an instance that was removed.
    Raises NotMeasured where nothing matches or no value is finite.
    """
    rows = metrics.select(selector)
    rows = rows[np.isfinite(rows["value"])]
    if rows.empty:
        there = listing(sorted(metrics.frame["metric"].astype(str).unique()), most=8) or "none"
        raise NotMeasured(
            f"{name}, {field}: the selector {selector} matches no gauge with a value; the metrics there are: {there}.",
            supply=f"Supply the gauge {selector} among the metrics, or name one that there is in `{field}`.",
        )
    series = [part.set_index("time")["value"] for _, part in rows.groupby(["metric", "labels"], observed=True)]
    step = pd.Timedelta(max([60 * SECOND, *(step_of(each) for each in series if len(each) > 1)]))
    first = min(each.index[0] for each in series)
    gridded = [each.resample(step, origin=first).mean() for each in series]
    total: pd.Series = pd.concat(gridded, axis=1).sum(axis=1, min_count=1)
    missed = pd.concat([_missed(each) for each in gridded], axis=1).eq(True).any(axis=1)
    return total.mask(missed)


def step_of(series: pd.Series) -> int:
    """The usual distance between its times, in nanoseconds."""
    return int(np.median(np.diff(pd.DatetimeIndex(series.index).as_unit("ns").asi8)))


def _missed(values: pd.Series) -> pd.Series:
    """Where a series has no value for a short while only."""
    absent = values.isna()
    runs = absent.ne(absent.shift()).cumsum()
    lengths = absent.groupby(runs).transform("sum")
    inside = values.ffill().notna() & values.bfill().notna()
    return absent & inside & (lengths <= LONGEST_MISS)
