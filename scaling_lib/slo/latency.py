"""Latency from histogram buckets: the share within a threshold, and quantiles, with what the buckets leave open."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.budget import allowed_share
from scaling_lib.stats import Estimate

REPAIRABLE = 1e-3  # counts may fall by this share of the total: rates of several servers, scraped apart, do
Floats = NDArray[np.float64]
Buckets = Mapping[str, float] | Mapping[float, float]


def latency_sli(buckets: Buckets, threshold: float) -> Estimate:
    """The share of requests within a threshold: lower, estimated and upper between the bucket's edges.

    buckets: cumulative counts (or rates) by upper edge `le`, as text or number, `+Inf` among them.
    threshold: in the edges' unit, usually seconds.

    low and high are what is certain, the cumulative shares at the edges around the threshold (level 1; they do not
    say how sure the counts themselves are); the value lies between by linear interpolation, as Prometheus does it:
    from 0 in the first bucket; in the last, open one nothing can be interpolated and the value is the low end.
    Without traffic, or without an edge but +Inf, the value is NaN.
    Raises InvalidInput for buckets that are no cumulative histogram.
    """
    if math.isnan(threshold):
        raise InvalidInput("latency_sli: found the threshold NaN; expected a number in the buckets' unit.")
    edges, counts = cumulative(buckets)
    total = counts[-1]
    if total == 0 or len(edges) == 1:
        return Estimate(math.nan, 0.0, 1.0, 1.0, "fraction")
    shares = counts / total
    place = int(np.searchsorted(edges, threshold))  # the first edge at or above the threshold
    if place < len(edges) and edges[place] == threshold:
        share = float(shares[place])
        return Estimate(share, share, share, 1.0, "fraction")
    lower_edge, low = _below(edges, shares, place)
    high = float(shares[place])
    if threshold <= lower_edge:  # below 0 with positive edges: nothing can be faster
        return Estimate(low, low, low, 1.0, "fraction")
    if not math.isfinite(edges[place]) or not math.isfinite(lower_edge):
        return Estimate(low, low, high, 1.0, "fraction")
    value = low + (high - low) * (threshold - lower_edge) / (float(edges[place]) - lower_edge)
    return Estimate(min(max(value, low), high), low, high, 1.0, "fraction")


def verdict_depends_on_interpolation(sli: Estimate, target: float) -> bool:
    """Whether the ends of a bucketed SLI give different verdicts; only an edge at the threshold would then decide."""
    allowed_share(target)
    return sli.low < target <= sli.high


def histogram_quantile(buckets: Buckets, q: float) -> Estimate:
    """A quantile from cumulative buckets as Prometheus interpolates it, between its bucket's edges.

    q: in [0, 1]. In the open bucket the value is the last finite edge and high is infinite.
    """
    if not 0 <= q <= 1:
        raise InvalidInput(f"histogram_quantile: found q = {q}; expected a fraction from 0 to 1.")
    edges, counts = cumulative(buckets)
    total = counts[-1]
    if total == 0 or len(edges) < 2:
        return Estimate(math.nan, math.nan, math.nan, 1.0)
    rank = q * float(total)
    place = min(int(np.searchsorted(counts[:-1], rank)), len(edges) - 1)
    lower_edge, below = _below(edges, counts, place)
    if place == len(edges) - 1:
        return Estimate(lower_edge, lower_edge, math.inf, 1.0)
    upper_edge, inside = float(edges[place]), float(counts[place]) - below
    if not math.isfinite(lower_edge):
        return Estimate(upper_edge, -math.inf, upper_edge, 1.0)
    value = lower_edge + (upper_edge - lower_edge) * ((rank - below) / inside if inside else 1.0)
    return Estimate(min(max(value, lower_edge), upper_edge), lower_edge, upper_edge, 1.0)


def cumulative(buckets: Buckets) -> tuple[Floats, Floats]:
    """Ascending edges and their cumulative counts; `1` and `1.0` are one edge, falls within float noise are mended."""
    parsed: dict[float, list[float]] = {}
    for key, count in buckets.items():
        value = float(count)
        if not (math.isfinite(value) and value >= 0):
            raise InvalidInput(f"Histogram: found the count {count} at le={key!r}; expected a finite number from 0.")
        parsed.setdefault(_edge(key), []).append(value)
    if math.inf not in parsed:
        raise InvalidInput(
            f'Histogram: found the edges {", ".join(map(str, buckets)) or "none"}; expected le="+Inf" among them, '
            "which holds the number of all requests. Query the `_bucket` series without a filter on `le`."
        )
    edges = np.array(sorted(parsed))
    added = np.array([sum(parsed[edge]) for edge in edges])
    same = all(len(set(counts)) == 1 for counts in parsed.values())
    if same:  # one series under two spellings: those of two servers would not agree at every edge
        added = np.array([parsed[edge][0] for edge in edges])
    if _largest_fall(added) > REPAIRABLE * float(added.max()):
        place = int(np.argmax(np.maximum.accumulate(added) - added))
        raise InvalidInput(
            f"Histogram: found {added[place]:g} at le={edges[place]:g} after {added[:place].max():g} below it; "
            "expected cumulative counts, which never fall. Check that all are of the same time and the same servers."
        )
    return edges, np.maximum.accumulate(added)


def _edge(key: str | float) -> float:
    try:
        edge = float(key)
    except ValueError as error:
        raise InvalidInput(f"Histogram: found le={key!r}; expected a number or +Inf.") from error
    if math.isnan(edge):
        raise InvalidInput("Histogram: found le=NaN; expected a number or +Inf.")
    return edge


def _below(edges: Floats, counts: Floats, place: int) -> tuple[float, float]:
    """The edge under a bucket and the count there: 0 under a first bucket with a positive edge, else unknown."""
    if place > 0:
        return float(edges[place - 1]), float(counts[place - 1])
    return (0.0 if edges[0] > 0 else -math.inf), 0.0


def _largest_fall(counts: Floats) -> float:
    return float(np.max(np.maximum.accumulate(counts) - counts, initial=0.0))
