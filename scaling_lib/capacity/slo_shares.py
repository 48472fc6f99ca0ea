"""The highest load within an SLO by the share of requests beyond its threshold: from bins, or from buckets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_lib.capacity.slo_capacity import Floats, SloCapacity, crossing, positive, too_few
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.cells import GAMMA
from scaling_lib.stats import Estimate, proportion_bounds, proportion_interval, ratio_interval
from scaling_lib.stats.arguments import is_real
from scaling_lib.stats.blocks import FEWEST_BLOCKS, effective_interval
from scaling_lib.stats.proportions import check_level

FEWEST_STRETCHES = 3  # whose scatter shows how slow requests come together
COUNTS = ("total", "beyond", "beyond_least", "beyond_most")


def slo_capacity_of_shares(
    load: ArrayLike,
    bins: Sequence[pd.DataFrame],
    threshold: float,
    target: float,
    *,
    level: float = 0.95,
    unit: str = "",
) -> SloCapacity:
    """The highest load at which the share of requests within a threshold still meets the SLO's target, from bins.

    bins: for each load its latency bins (columns `bin`, `n`; `error` and `time` where known), as `LoadTests.bins_of`
        gives them; errors are left out, as latency SLOs do. The bin that holds the threshold, 2% wide, counts half; the
        interval holds both that all of it is within, and that none is.
    The rest as for `slo_capacity_of_counts`.
    """
    if not (is_real(threshold) and math.isfinite(threshold) and threshold > 0):
        raise InvalidInput(f"slo_capacity_of_shares: found the threshold {threshold!r}; expected seconds above 0.")
    counts = [counts_of_bins(each, threshold) for each in _tables("bins", bins)]
    return slo_capacity_of_counts(load, counts, target, level=level, unit=unit)


def slo_capacity_of_counts(
    load: ArrayLike, counts: Sequence[pd.DataFrame], target: float, *, level: float = 0.95, unit: str = ""
) -> SloCapacity:
    """The highest load at which the share of requests within a threshold still meets the SLO's target.

    load: (k,) as for `slo_capacity`, each load once. counts: for each load a row a stretch of time, in order, with the
        requests (`total`) and those beyond the threshold: `beyond`, and where that is not exact between `beyond_least`
        and `beyond_most`. target: a fraction in (0, 1).

    As `slo_capacity`, with the share beyond the threshold, see `share_beyond`, against 1 - target. Loads with too few
    requests to be certain even if none was slow are passed over, however many were: which ones is fixed beforehand.

    Measured coverage of the nominal 95% (tests/benchmarks/bench_load_curve.py): shares of seconds 0.98 to 1.00; of
    stretches of 5 or 15 s in levels of 20 to 120 s 0.93 to 1.00, where slow requests taken as independent have 0.61 to
    0.79. A level next to saturation, whose waiting line remembers for longer than the level lasts, shows neither:
    levels have to last.

    Raises InvalidInput for figures that cannot be, NotEnoughData for fewer than two loads.
    """
    check_level("slo_capacity_of_counts", level)
    loads, counts = positive("load", load), _tables("counts", counts)
    if len(loads) != len(counts) or len(np.unique(loads)) != len(loads):
        raise InvalidInput(
            f"slo_capacity_of_counts: found {len(loads)} loads, {len(np.unique(loads))} of them different, and "
            f"{len(counts)} tables; expected one table for each load, and each load once."
        )
    if not (is_real(target) and 0 < target < 1):
        raise InvalidInput(
            f"slo_capacity_of_counts: found the target {target!r}; expected a fraction between 0 and 1, such as 0.99."
        )
    if len(loads) < 2:
        raise too_few(len(loads))
    order = np.argsort(loads)
    shares = [share_beyond(counts[place], level) for place in order]
    totals = np.array([float(counts[place]["total"].sum()) for place in order])
    value, low, high = (np.array([getattr(each, end) for each in shares]) for end in ("value", "low", "high"))
    limit = 1 - target
    with np.errstate(divide="ignore"):
        levels = pd.DataFrame(
            {
                "load": loads[order],
                "figure": np.log(_figures(value, totals, limit)),
                "weight": 1.0,
                "low": np.log(low),
                "high": np.log(high),
                "can_meet": proportion_bounds(np.zeros(len(totals)), totals, level, "exact")[1] <= limit,
                "can_miss": proportion_bounds(totals, totals, level, "exact")[0] > limit,
            }
        )
    return crossing(levels, limit, level, unit)


def _figures(share: Floats, total: Floats, limit: float) -> Floats:
    """Each share as it is drawn and crossed: never 0, for its logarithm, and on its own side of the limit.

    With half a request more, few requests without a single slow one would count as too many.
    """
    moved = (share * total + 0.5) / (total + 1)
    crosses = (share <= limit) & (moved > limit)
    return np.where(crosses, np.maximum(share, limit / 2), moved)


def share_beyond(counts: pd.DataFrame, level: float = 0.95) -> Estimate:
    """The share of requests beyond a threshold, whose interval allows for requests that are slow together.

    counts: as for `slo_capacity_of_counts`. From 8 stretches with requests on the interval is `stats.ratio_interval`;
    from 3 on the variance between stretches over that of independent requests is the design effect, with as many
    degrees of freedom as stretches less one. Where fewer requests than stretches are beyond (or within), how they come
    together cannot be seen, and they are taken as independent; so are those of one or two stretches.
    Source: Korn and Graubard, Confidence Intervals for Proportions with Small Expected Number of Positive Counts,
    Survey Methodology 24 (1998).
    """
    if absent := [name for name in COUNTS[:2] if name not in counts]:
        raise InvalidInput(f"share_beyond: found counts without the column {absent[0]!r}; expected total and beyond.")
    total = counts["total"].to_numpy(dtype=np.float64)
    beyond, least, most = (
        counts[name if name in counts else "beyond"].to_numpy(dtype=np.float64) for name in COUNTS[1:]
    )
    if not total.sum() > 0:
        raise InvalidInput(
            "share_beyond: found a load without a single answer; expected requests in each. Leave it out."
        )
    if not bool(((least >= 0) & (least <= beyond) & (beyond <= most) & (most <= total)).all()):
        raise InvalidInput(
            "share_beyond: found counts that do not fit; expected 0 <= beyond_least <= beyond <= beyond_most <= total."
        )
    low, high = _interval(least, total, level).low, _interval(most, total, level).high
    return Estimate(float(beyond.sum() / total.sum()), low, high, level, "fraction")


def counts_of_bins(bins: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Requests, and those beyond a threshold (seconds), by `time` where the bins have one; errors are left out."""
    if absent := [name for name in ("bin", "n") if name not in bins]:
        raise InvalidInput(f"slo_capacity_of_shares: found bins without the column {absent[0]!r}; expected bin and n.")
    answered = bins[~bins["error"].astype(bool)] if "error" in bins else bins
    place = math.floor(math.log(max(threshold * 1e6, 1.0)) / math.log(GAMMA) + 1e-9)
    n = answered["n"]
    table = pd.DataFrame(
        {
            "total": n,
            "beyond_least": n.where(answered["bin"] > place, 0),
            "beyond_most": n.where(answered["bin"] >= place, 0),
        }
    )
    table = table.groupby(answered["time"]).sum() if "time" in answered else table.sum().to_frame().T
    return table.assign(beyond=(table["beyond_least"] + table["beyond_most"]) / 2)


def _tables(name: str, given: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    tables = list(given) if isinstance(given, Iterable) and not isinstance(given, (str, pd.DataFrame)) else [given]
    if wrong := [type(each).__name__ for each in tables if not isinstance(each, pd.DataFrame)]:
        raise InvalidInput(f"slo_capacity: found {wrong[0]} in {name}; expected a table for each load.")
    return tables


def _interval(beyond: Floats, total: Floats, level: float) -> Estimate:
    stretches = int((total > 0).sum())
    if stretches >= FEWEST_BLOCKS:
        return ratio_interval(beyond, total, level).estimate
    slow, every = float(beyond.sum()), float(total.sum())
    if stretches < FEWEST_STRETCHES or min(slow, every - slow) < stretches:
        return proportion_interval(slow, every, level, "exact")
    share = slow / every
    variance = stretches / (stretches - 1) * float(((beyond - share * total) ** 2).sum())
    design_effect = max(1.0, variance / (every * share * (1 - share)))
    return effective_interval(slow / design_effect, every / design_effect, stretches - 1, level)
