"""Hit ratios without a trace: of a cache of some size from how popular each key is, and of a time to live."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput

Floats = NDArray[np.float64]


def che_hit_ratio(popularity: ArrayLike, capacity: float) -> float:
    """The hit ratio of a full cache that drops the least recently used, when look-ups are independent of each other.

    popularity: of each key, such as look-ups a second; only their ratios count. capacity: entries, more than 0.

    A key stays for the time T in which as many other keys are asked for as the cache holds: T solves
    sum(1 - exp(-p T)) = capacity, and a key hits with the probability 1 - exp(-p T). With at least as many entries as
    keys all hit. Against the exact (.5, .3, .2) with 2 entries it is .7154 for .7193, and within .001 of six simulated
    caches of 10 to 1,000 entries (tests/model/test_caching.py). Popularity counted in a short trace has too few rare
    keys and gives too many hits: take `miss_ratio_curve` where there is a trace.
    Raises InvalidInput for no popularity, one below 0, or a capacity of 0 or less.
    Sources: Che, Tung and Wang, Hierarchical Web caching systems, IEEE JSAC 20 (2002); Fricker, Robert and Roberts, A
    versatile and accurate approximation for LRU cache performance, ITC 24 (2012).
    """
    weights = np.asarray(popularity, dtype=np.float64)
    if weights.ndim != 1 or not bool((np.isfinite(weights) & (weights >= 0)).all()) or not weights.sum() > 0:
        raise InvalidInput(
            f"che_hit_ratio: found {weights.size} popularities that are not all finite and 0 or more, or sum to 0; "
            "expected one dimension, such as look-ups a second of each key."
        )
    if not (math.isfinite(capacity) and capacity > 0):
        raise InvalidInput(f"che_hit_ratio: found the capacity {capacity}; expected a number of entries above 0.")
    shares = weights[weights > 0] / weights.sum()
    if capacity >= len(shares):
        return 1.0
    return float(-shares @ np.expm1(-shares * _characteristic_time(shares, capacity)))


def _characteristic_time(shares: Floats, capacity: float) -> float:
    """In look-ups. The number of keys asked for is concave in it, so Newton from the left never overshoots."""
    time = float(capacity)  # no more keys than look-ups
    for _ in range(200):
        left = np.exp(-shares * time)
        step = (capacity - float((1 - left).sum())) / float(shares @ left)
        time += step
        if step <= 1e-12 * time:
            break
    return time


def ttl_hit_ratio(rate: float, ttl_s: float, *, renewing: bool = False) -> float:
    """The hit ratio of one key that is kept for a time, whatever the cache's size.

    rate: look-ups a second of the key, of independent users (Poisson). ttl_s: seconds. renewing: whether each look-up
    starts the time again; without, it runs from the miss that fetched the key, as a CDN's max-age does.
    Source: Fofack, Nain, Neglia and Towsley, Performance evaluation of hierarchical TTL-based cache networks, Computer
    Networks 65 (2014).
    """
    if not (math.isfinite(rate * ttl_s) and rate >= 0 and ttl_s >= 0):
        raise InvalidInput(f"ttl_hit_ratio: found {rate} a second for {ttl_s} s; expected finite numbers, 0 or more.")
    expected = rate * ttl_s
    return -math.expm1(-expected) if renewing else expected / (1 + expected)
