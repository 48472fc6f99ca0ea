"""What a cache is worth: the origin's load with it and without it, latency, and what the next point of hits gains."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from numpy.typing import ArrayLike

from scaling_lib.errors import InvalidInput
from scaling_lib.model.caching_latency import mixed_quantile
from scaling_lib.stats import Estimate

POINT = 0.01


@dataclass(frozen=True, kw_only=True)
class PointWorth:
    """What one more point of hit ratio gains, as a percentage point of all look-ups.

    origin: requests/s that the origin no longer gets. share_of_origin: the same as a fraction of what it gets now:
        the higher the hit ratio, the more. latency: by quantile the seconds that it is faster.
    """

    origin: Estimate
    share_of_origin: Estimate
    latency: Mapping[float, Estimate]


@dataclass(frozen=True, kw_only=True)
class CacheWorth:
    """A cache in front of an origin.

    hit_ratio: of the warm cache, a fraction. origin_warm, origin_cold: requests/s at the origin behind the full cache,
        and behind one that was just emptied. amplification: cold over warm, "x": 1 / (1 - hit ratio).
    cold_use: what the cold cache asks of the origin as a fraction of its capacity; None where that is not given.
    survives_cold: whether the origin carries it; None where its capacity is not given or the intervals leave it open.
    latency: by quantile, seconds. point: what the next point of hit ratio is worth; None from a hit ratio of 99% on.
    """

    hit_ratio: Estimate
    origin_warm: Estimate
    origin_cold: Estimate
    amplification: Estimate
    cold_use: Estimate | None
    survives_cold: bool | None
    latency: Mapping[float, Estimate]
    point: PointWorth | None


def cache_worth(
    hit_ratio: Estimate,
    lookups_per_s: Estimate | float,
    hit_s: float | ArrayLike,
    miss_s: float | ArrayLike,
    *,
    origin_capacity_per_s: Estimate | float | None = None,
    quantiles: Sequence[float] = (0.5, 0.99),
) -> CacheWorth:
    """The origin's load and the latency at a hit ratio with its interval, and what the next point is worth.

    hit_ratio: such as `miss_ratio_curve(...).warm(capacity).estimate`. lookups_per_s: of the cache, all together.
    hit_s, miss_s: seconds, a sample each or the mean of an exponential (`mixed_quantile`).
    origin_capacity_per_s: requests/s that the origin can carry.

    Intervals are those of the hit ratio and of the rates, at their joint worst (wider than their level says where both
    are uncertain). Latencies' own sampling error is not in them.
    """
    if not 0 <= hit_ratio.low <= hit_ratio.value <= hit_ratio.high <= 1:
        raise InvalidInput(f"cache_worth: found the hit ratio {hit_ratio}; expected an Estimate of a fraction.")
    rate = _rate(lookups_per_s, hit_ratio.level, "lookups_per_s")
    level = hit_ratio.level

    def falling(of: Callable[[float], float], unit: str) -> Estimate:
        """Of the hit ratio, the lower the higher it is."""
        return Estimate(of(hit_ratio.value), of(hit_ratio.high), of(hit_ratio.low), level, unit)

    missed = falling(lambda h: 1 - h, "fraction")
    capacity = origin_capacity_per_s
    use = _over(rate, _rate(capacity, level, "origin_capacity_per_s")) if capacity is not None else None
    return CacheWorth(
        hit_ratio=hit_ratio,
        origin_warm=Estimate(
            rate.value * missed.value, rate.low * missed.low, rate.high * missed.high, level, "requests/s"
        ),
        origin_cold=rate,
        amplification=_inverse(missed),
        cold_use=use,
        survives_cold=None if use is None or use.low <= 1 < use.high else use.high <= 1,
        latency={q: falling(partial(mixed_quantile, hit_s, miss_s, q=q), "s") for q in quantiles},
        point=_point(hit_ratio, rate, missed, hit_s, miss_s, quantiles) if hit_ratio.value <= 1 - POINT else None,
    )


def _point(
    hit_ratio: Estimate,
    rate: Estimate,
    missed: Estimate,
    hit_s: float | ArrayLike,
    miss_s: float | ArrayLike,
    quantiles: Sequence[float],
) -> PointWorth:
    def gain(h: float, q: float) -> float:
        return mixed_quantile(hit_s, miss_s, h, q) - mixed_quantile(hit_s, miss_s, min(h + POINT, 1.0), q)

    latency = {}
    for q in quantiles:
        gains = [gain(h, q) for h in (hit_ratio.value, hit_ratio.low, hit_ratio.high)]
        latency[q] = Estimate(gains[0], min(gains), max(gains), hit_ratio.level, "s")
    share = _inverse(missed)
    return PointWorth(
        origin=rate.times(POINT),
        share_of_origin=Estimate(
            min(POINT * share.value, 1.0),
            min(POINT * share.low, 1.0),
            min(POINT * share.high, 1.0),
            share.level,
            "fraction",
        ),
        latency=latency,
    )


def _inverse(of: Estimate) -> Estimate:
    value, low, high = (1 / each if each > 0 else math.inf for each in (of.value, of.high, of.low))
    return Estimate(value, low, high, of.level, "x")


def _over(one: Estimate, other: Estimate) -> Estimate:
    return Estimate(one.value / other.value, one.low / other.high, one.high / other.low, one.level, "fraction")


def _rate(given: Estimate | float, level: float, name: str) -> Estimate:
    rate = given if isinstance(given, Estimate) else Estimate(given, given, given, level, "requests/s")
    if not (rate.low > 0 and math.isfinite(rate.high)):
        raise InvalidInput(f"cache_worth: found {name} {rate.low} to {rate.high}; expected a rate above 0, finite.")
    return Estimate(rate.value, rate.low, rate.high, rate.level, "requests/s")
