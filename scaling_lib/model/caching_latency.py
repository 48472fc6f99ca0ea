"""Latency behind a cache: a quantile of hits and misses together."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput

Floats = NDArray[np.float64]


def mixed_quantile(hit_s: float | ArrayLike, miss_s: float | ArrayLike, hit_ratio: float, q: float) -> float:
    """The q quantile of latency, in seconds, when this share of requests are hits.

    hit_s, miss_s: seconds; a sample of observed latencies each, or one number: the mean of an exponential. Neither
        depends on the hit ratio: what a less busy origin gains besides is not in it.
    hit_ratio: a fraction; q: in (0, 1).

    The latency that a share q of the mixture is at or below; not the mixture of both quantiles.
    """
    if not 0 <= hit_ratio <= 1 or not 0 < q < 1:
        raise InvalidInput(
            f"mixed_quantile: found a hit ratio of {hit_ratio} and q = {q}; expected fractions, q within 0 and 1."
        )
    samples = [_sample(hit_s, "hit_s"), _sample(miss_s, "miss_s")]
    shares = [hit_ratio, 1 - hit_ratio]
    kept = [(each, share) for each, share in zip(samples, shares, strict=True) if share > 0]
    if all(isinstance(each, np.ndarray) for each, _ in kept):
        return _of_samples(kept, q)
    return _by_bisection(kept, q)


def _sample(given: float | ArrayLike, name: str) -> float | Floats:
    values = np.asarray(given, dtype=np.float64)
    if values.ndim > 1 or values.size == 0 or not bool((np.isfinite(values) & (values >= 0)).all()):
        raise InvalidInput(
            f"mixed_quantile: found {name} of shape {values.shape} with values that are missing, below 0 or not "
            "finite; expected a sample of seconds, or the mean of an exponential."
        )
    return np.sort(values) if values.ndim else float(values)


def _of_samples(kept: list[tuple[float | Floats, float]], q: float) -> float:
    values = np.concatenate([np.atleast_1d(each) for each, _ in kept])
    weights = np.concatenate([np.full(np.size(each), share / np.size(each)) for each, share in kept])
    order = np.argsort(values, kind="stable")
    place = int(np.searchsorted(np.cumsum(weights[order]), q * (1 - 1e-12)))
    return float(values[order][min(place, len(values) - 1)])


def _by_bisection(kept: list[tuple[float | Floats, float]], q: float) -> float:
    def below(seconds: float) -> float:
        return sum(share * _below(each, seconds) for each, share in kept)

    low, high = 0.0, 1e-9
    while below(high) < q:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < q else (low, middle)
    return high


def _below(each: float | Floats, seconds: float) -> float:
    if isinstance(each, np.ndarray):
        return float(np.searchsorted(each, seconds, side="right")) / len(each)
    return -math.expm1(-seconds / each) if each > 0 else 1.0
