"""Latency quantiles of a stretch of a load test, with intervals that allow for slow spells."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from scaling_lib.evidence.cells import GAMMA, bin_quantile
from scaling_lib.evidence.load_tests.parts import LoadTest
from scaling_lib.stats import Estimate, mean_interval, quantile_sample_size, ratio_interval

QUANTILES = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}


def latencies(
    test: LoadTest, rows: pd.DataFrame, bins: pd.DataFrame, level: float
) -> tuple[dict[str, Estimate], list[str]]:
    """The quantiles in seconds by the names of their columns, and what a reader should know.

    rows: samples of one name in the stretch, by time; bins: of the same requests. Errors are left out where bins are.
    A quantile that the evidence does not give is NaN.
    """
    unknown = Estimate(math.nan, math.nan, math.nan, level, "s")
    if test.percentiles == "bins":
        answered = bins[~bins["error"]]
        found = {name: _of_bins(answered, rows.index, q, level) for name, q in QUANTILES.items()}
        few = [f"p{q * 100:g}" for name, q in QUANTILES.items() if math.isnan(found[name].value)]
        return found, [f"too few answers for {' and '.join(few)}"] if few else []
    if test.percentiles == "windows":
        found = {name: _of_windows(rows, name, test.window_s, level) for name in QUANTILES}
        if any(not math.isnan(each.value) for each in found.values()):
            return found, []
        if float(rows["interval_s"].sum()) < test.window_s:
            return found, [f"shorter than the {test.window_s:.0f} s that its percentiles are of"]
        return found, ["the file gives no percentiles of it"]
    remarks = ["percentiles of the whole test so far: not of this level"] if test.percentiles == "cumulative" else []
    return dict.fromkeys(QUANTILES, unknown), remarks


def _of_bins(bins: pd.DataFrame, times: pd.Index[pd.Timestamp], q: float, level: float) -> Estimate:
    """A quantile of bins, its interval from the share of requests above it in each interval of time.

    The share's interval allows for requests that are slow together; its ends are shares, whose quantiles are the ends.
    Source: Woodruff, Confidence Intervals for Medians and Other Position Measures, JASA 47 (1952).
    """
    total = int(bins["n"].sum())
    if total < quantile_sample_size(q, level):
        return Estimate(math.nan, math.nan, math.nan, level, "s")
    value, low, high = bin_quantile(bins, q)
    above = bins["bin"].to_numpy() > round(math.log(low * 1e6) / math.log(GAMMA))
    place = times.get_indexer(pd.DatetimeIndex(bins["time"]))
    n = np.bincount(place, weights=bins["n"].to_numpy(), minlength=len(times))
    slow = np.bincount(place[above], weights=bins["n"].to_numpy()[above], minlength=len(times))
    share = ratio_interval(slow, n, level).estimate
    # The bin holds requests on both sides of the quantile: the share above it is at most 1 - q.
    wide_low, wide_high = share.low - share.value, share.high - share.value
    low = min(low, _edge(bins, q - wide_high, lower=True))
    high = max(high, _edge(bins, q - wide_low, lower=False))
    return Estimate(value, low, high, level, "s")


def _edge(bins: pd.DataFrame, q: float, *, lower: bool) -> float:
    """The lower or upper edge of a quantile's bin; beyond the shares that were seen, of the last bin."""
    _, low, high = bin_quantile(bins, min(max(q, 0.0), 1.0))
    return low if lower else high


def _of_windows(rows: pd.DataFrame, name: str, window_s: float, level: float) -> Estimate:
    """The mean of the file's own percentiles over windows that lie within the stretch and do not overlap."""
    ends = rows.index.to_series() + pd.to_timedelta(rows["interval_s"], unit="s")
    since = (ends - rows.index[0]).dt.total_seconds().to_numpy()
    known = rows[name].to_numpy()
    values, next_s = [], window_s
    for second, value in zip(since, known, strict=True):
        if second >= next_s and not math.isnan(value):
            values.append(float(value))
            next_s = second + window_s
    found = mean_interval(values, level, unit="s")
    return replace(found, low=max(found.low, 0.0))  # NaN stays so
