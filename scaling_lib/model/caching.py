"""Caches: the miss-ratio curve of a trace, hit ratios from popularity or a time to live, and what a point is worth.

One method a file, all named here. A *look-up* asks a cache for a key; a *hit* finds it, a *miss* asks the origin and
keeps the answer. A miss of a key that was never asked for before is *compulsory*: no size of the cache avoids it.
"""

from scaling_lib.model.caching_che import che_hit_ratio, ttl_hit_ratio
from scaling_lib.model.caching_curve import MissRatioCurve, miss_ratio_curve, stack_distances
from scaling_lib.model.caching_latency import mixed_quantile
from scaling_lib.model.caching_worth import CacheWorth, PointWorth, cache_worth

__all__ = [
    "CacheWorth",
    "MissRatioCurve",
    "PointWorth",
    "cache_worth",
    "che_hit_ratio",
    "miss_ratio_curve",
    "mixed_quantile",
    "stack_distances",
    "ttl_hit_ratio",
]
