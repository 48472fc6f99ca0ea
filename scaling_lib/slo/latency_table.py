"""How long the journeys take, from the requests' latency bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.config import Journey
from scaling_lib.errors import NotMeasured, ScalingError
from scaling_lib.evidence.cells import GAMMA, UNTIMED, upper_edges_s
from scaling_lib.evidence.requests import Requests
from scaling_lib.slo.exclusions import applying, excluded_hours, is_excluded
from scaling_lib.slo.sli import minute_counts
from scaling_lib.stats import Estimate, RatioInterval, binned_quantile_interval, ratio_interval
from scaling_lib.stats.blocks import FEWEST_BLOCKS, effective_interval
from scaling_lib.stats.quantiles import quantile_sample_size
from scaling_lib.words import duration, plural

QUANTILES = {"median": 0.5, "p95": 0.95, "p99": 0.99}
RESOLUTIONS_US = (1_000_000, 1_000)  # whole seconds, whole milliseconds: how durations are rounded in logs
COLUMNS = ["journey", "answered", *QUANTILES, "threshold", "the intervals", "remarks"]
LATENCY_CAPTION = (
    "How long the journeys take, errors left out. In brackets: where the figure of the long run may lie. The intervals "
    "rest on how slow requests come together in hours, or roughly in minutes; independent: too little was seen to "
    "tell, each request is taken by itself, and the interval is too narrow where slow ones come together."
)


def latency_table(system: Assessment, level: float = 0.95) -> pd.DataFrame:
    """One row a journey with a route: its answered requests, median, p95 and p99 in seconds, the SLO's threshold.

    Errors, and hours that are wholly excluded, are left out. `the intervals` says what they rest on: see
    `clustered_quantile`. A quantile with too few requests is NaN; one with too few separate slow spells has no
    interval. A journey without durations, and one whose requests cannot be read, has its reason in `remarks`.
    """
    rows = []
    for made in (each for each in system.journeys if each.route):
        thresholds = sorted(
            {each.threshold_s for each in system.slos() if each.threshold_s and each.journey == made.name}
        )
        row: dict[str, object] = {"journey": made.name, "threshold": ", ".join(map(duration, thresholds))}
        try:
            rows.append(row | _measured(system, made, level))
        except ScalingError as reason:
            rows.append(row | {"remarks": f"not measured: {reason}"})
    return pd.DataFrame(rows, columns=COLUMNS)


def _measured(system: Assessment, made: Journey, level: float) -> dict[str, object]:
    chosen = requests_of(system, made)
    if not chosen.duration_known:
        raise NotMeasured("its requests, or some of them, carry no duration")
    exclusions = applying(system.exclusions, made.name)
    cells, remarks = answered(chosen, exclusions)
    by_minute = _slow_by_minute(system, made.name, exclusions)
    grain = resolution_s(cells)
    found = {name: clustered_quantile(cells, q, level, by_minute=by_minute) for name, q in QUANTILES.items()}
    if grain:
        remarks.append(grain_words(grain))
    if few := [name for name, one in found.items() if math.isnan(one.estimate.value)]:
        remarks.append(f"too few requests for {' and '.join(few)}")
    return {
        "answered": int(cells["n"].sum()),
        **{name: _coarse(one.estimate, grain) for name, one in found.items()},
        "the intervals": found["p99"].rests_on if len(cells) else "",
        "remarks": "; ".join(remarks),
    }


@dataclass(frozen=True, kw_only=True)
class ClusteredQuantile:
    """A latency quantile in seconds, and in words what its interval rests on."""

    estimate: Estimate
    rests_on: str


def clustered_quantile(
    cells: pd.DataFrame, q: float, level: float = 0.95, *, by_minute: Sequence[pd.DataFrame] = ()
) -> ClusteredQuantile:
    """A quantile from latency cells with an interval that allows for slow requests that come together.

    cells: `hour` (UTC), `bin`, `n`; q: in (0, 1). by_minute: tables with `total` and `bad`, the requests of each minute
        and those of them beyond a threshold; used where less than 8 hours have traffic.

    The share of requests above the quantile is a ratio of sums over blocks of time, whose variance over that of
    independent requests is the design effect (`stats.ratio_interval`, on hours); the ends of the share's interval,
    read off the distribution, are those of the quantile. Source: Woodruff, Confidence Intervals for Medians and Other
    Position Measures, Journal of the American Statistical Association 47 (1952).
    With fewer hours the design effect is the largest of `by_minute`; without those, requests are taken as independent.
    Measured coverage of the nominal 95%, for the median, p95 and p99 (in brackets, requests taken as independent):
    slow spells five times as slow, half an hour every ten hours for a week 1.00, 0.96, 0.99 (0.86, 0.10, 0.24);
    latency that wanders with a correlation time of 3 hours, for a week 0.98, 0.97, 0.97 (0.17, 0.28, 0.31). With two
    spells in a day 0.84, 0.68, 0.82 (0.51, 0.06, 0.13); from minutes of two hours 0.63 to 0.96 (0.12 to 0.48).
    A figure without an interval, up to 0.07 in weeks and 0.8 in the day of p99, is taken to hold.
    The value is the middle of its bin (2% wide), the ends are the outer edges of theirs. Where the effective requests
    are too few for an end, low and high are NaN; where the requests are, the value too.
    """
    counts = cells.groupby("bin")["n"].sum().sort_index()
    total = int(counts.sum())
    if total < quantile_sample_size(q, level):
        return ClusteredQuantile(estimate=Estimate(math.nan, math.nan, math.nan, level, "s"), rests_on="")
    edges = upper_edges_s(counts.index)
    plain = binned_quantile_interval(edges, counts.to_numpy(), q, level, unit="s")
    place = int(np.searchsorted(edges, plain.value))
    found, words = _clustering(cells, int(counts.index.to_numpy()[place]), (1 - q) * total, by_minute)
    if found is None or found.design_effect == 1:
        return ClusteredQuantile(estimate=_outer(plain.value, plain.low, plain.high, level), rests_on=words)
    effective = total / found.design_effect
    if effective < quantile_sample_size(q, level):
        few = "none: too few separate slow spells"
        return ClusteredQuantile(estimate=_outer(plain.value, math.nan, math.nan, level), rests_on=few)
    above = effective_interval((1 - q) * effective, effective, found.degrees_of_freedom, level)
    share = np.cumsum(counts.to_numpy()) / total
    ends = np.minimum(np.searchsorted(share, [1 - above.high, 1 - above.low]), len(edges) - 1)
    low, high = min(plain.low, float(edges[ends[0]])), max(plain.high, float(edges[ends[1]]))
    return ClusteredQuantile(estimate=_outer(plain.value, low, high, level), rests_on=words)


def requests_of(system: Assessment, made: Journey) -> Requests:
    """A journey's requests. Raises NotMeasured where none matches its route, and as `Assessment.requests` does."""
    chosen = system.requests().select(made.route, made.service)
    if chosen.counts.empty:
        raise NotMeasured(f"no request matches {made.route!r}; compare it with the routes in step 00")
    return chosen


def answered(chosen: Requests, exclusions: Sequence[object]) -> tuple[pd.DataFrame, list[str]]:
    """The latency cells of requests that were no errors, wholly excluded hours left out; and what should be said."""
    cells = chosen.bins[~chosen.bins["error"].astype(bool)]
    whole, partly = excluded_hours(pd.DatetimeIndex(chosen.counts["minute"].unique()).sort_values(), exclusions)
    hours = pd.DatetimeIndex(cells["hour"])
    touched = pd.DatetimeIndex(hours[hours.isin(partly)].unique())
    remarks = []
    if len(touched):
        remarks.append(f"{plural(len(touched), 'hour')} partly excluded, counted whole")
    if UNTIMED in chosen.counts and (untimed := int(chosen.counts[UNTIMED].sum())):
        remarks.append(f"{plural(untimed, 'answered request')} without a duration, left out")
    return cells[~hours.isin(whole)], remarks


def resolution_s(cells: pd.DataFrame) -> float:
    """What durations were rounded to: 1 or 0.001 seconds, 0 where they are finer, or where nothing tells.

    A unit fits where each cell's `sum_us` is a multiple of it, and each bin holds one.
    """
    if cells.empty:
        return 0.0
    common = math.gcd(*map(int, cells["sum_us"]))
    bins = cells["bin"].unique().astype(np.float64)
    for unit in RESOLUTIONS_US:
        top = GAMMA ** (bins + 1)
        holds = (np.floor(top / unit) * unit >= GAMMA**bins * (1 - 1e-9)) & (top >= unit) | (bins == 0)
        if common % unit == 0 and (common > 0 or unit == RESOLUTIONS_US[-1]) and bool(holds.all()):
            return unit / 1e6
    return 0.0


def grain_words(grain_s: float) -> str:
    """What durations were rounded to, for a remark."""
    return f"durations in whole {'seconds' if grain_s == 1 else 'ms'}"


def _slow_by_minute(system: Assessment, journey: str, exclusions: Sequence[object]) -> list[pd.DataFrame]:
    tables = []
    for slo in system.slos():
        if slo.journey == journey and slo.kind == "latency":
            try:
                counts, rows = minute_counts(system, slo)
            except ScalingError:
                continue
            if rows.table == "requests":
                tables.append(counts[~is_excluded(pd.DatetimeIndex(counts.index), exclusions)])
    return tables


def _clustering(
    cells: pd.DataFrame, bin_: int, tail: float, by_minute: Sequence[pd.DataFrame]
) -> tuple[RatioInterval | None, str]:
    """How the `tail` requests about a bin and above cluster, and that in words; None where no blocks can show it."""
    hours = cells["hour"].nunique()
    if hours >= FEWEST_BLOCKS:
        above, from_ = (float(cells["n"][cells["bin"] >= low].sum()) for low in (bin_ + 1, bin_))
        nearer = bin_ + 1 if abs(above - tail) <= abs(from_ - tail) else bin_  # a bin may hold more than the tail
        slow = cells["n"].where(cells["bin"] >= nearer, 0)
        table = pd.DataFrame({"bad": slow, "total": cells["n"]}).groupby(pd.DatetimeIndex(cells["hour"])).sum()
        table = table.asfreq("h", fill_value=0)
        found = ratio_interval(table["bad"], table["total"])
        return found, f"from {hours:,} hours"
    known = [ratio_interval(each["bad"], each["total"]) for each in by_minute if len(each) and each["bad"].sum() > 0]
    known = [each for each in known if each.blocks >= FEWEST_BLOCKS]
    if not known:
        return None, "independent"
    worst = max(known, key=lambda each: each.design_effect)
    return worst, f"roughly, from {worst.blocks:,} minutes"


def _outer(value: float, low: float, high: float, level: float) -> Estimate:
    """From the bins' upper edges to the middle and the outer edges."""
    return Estimate(value / GAMMA**0.5, low / GAMMA, high, level, "s")


def _coarse(found: Estimate, grain: float) -> Estimate:
    """No finer than the durations were recorded: one may lie half a unit below (rounded) or a whole one above (cut)."""
    if not grain or math.isnan(found.value):
        return found
    value = grain * round(found.value / grain)
    return Estimate(value, float(np.maximum(found.low - grain / 2, 0)), found.high + grain, found.level, found.unit)
