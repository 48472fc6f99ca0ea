"""How long the journeys take, from the requests' latency bins."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.errors import NotEnoughData, ScalingError
from scaling_lib.evidence.cells import GAMMA, upper_edges_s
from scaling_lib.stats import Estimate, binned_quantile_interval
from scaling_lib.words import duration

QUANTILES = {"median": 0.5, "p95": 0.95, "p99": 0.99}


def latency_table(system: Assessment, level: float = 0.95) -> pd.DataFrame:
    """One row a journey with a route: its answered requests, median, p95 and p99 in seconds, the SLO's threshold.

    Errors are left out. A quantile is the middle of its bin (2% wide), its interval reaches to the bins' outer edges
    and takes requests as independent: where slow requests come in spells, it is too narrow.
    A quantile with too few requests for an interval, and a journey without durations, is NaN.
    """
    thresholds: dict[str, list[float]] = {}
    for slo in system.slos():
        if slo.threshold_s:
            thresholds.setdefault(slo.journey, []).append(slo.threshold_s)
    rows = []
    for made in (each for each in system.journeys if each.route):
        try:
            bins = system.requests().select(made.route, made.service).bins
        except ScalingError:
            continue
        counts = bins[~bins["error"].astype(bool)].groupby("bin")["n"].sum().sort_index()
        quantiles = {name: _quantile(counts, q, level) for name, q in QUANTILES.items()}
        told = ", ".join(duration(each) for each in sorted(thresholds.get(made.name, [])))
        rows.append({"journey": made.name, "answered": int(counts.sum()), **quantiles, "threshold": told})
    return pd.DataFrame(rows, columns=["journey", "answered", *QUANTILES, "threshold"])


def _quantile(counts: pd.Series[int], q: float, level: float) -> Estimate:
    try:
        top = binned_quantile_interval(upper_edges_s(counts.index), counts.to_numpy(), q, level, unit="s")
        return replace(top, value=top.value / GAMMA**0.5, low=top.low / GAMMA)
    except NotEnoughData:
        return Estimate(math.nan, math.nan, math.nan, level, "s")
