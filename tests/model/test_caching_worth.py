"""Latency of hits and misses together, the origin's load warm and cold, and what a point of hit ratio is worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.model import caching
from scaling_lib.stats import Estimate

HALF = Estimate(0.5, 0.4, 0.6, unit="fraction")


@pytest.mark.parametrize(("hit_ratio", "p99"), [(0.5, 0.391202), (0.9, 0.230259), (0.95, 0.160945)])
def test_the_p99_of_two_exponentials(hit_ratio, p99):
    found = caching.mixed_quantile(0.01, 0.1, hit_ratio, 0.99)
    assert found == pytest.approx(p99, abs=1e-6)
    assert hit_ratio * math.exp(-found / 0.01) + (1 - hit_ratio) * math.exp(-found / 0.1) == pytest.approx(0.01)


def test_samples_are_mixed_by_their_shares_not_their_sizes():
    hits, misses = [0.001] * 10, [0.1, 0.2, 0.3, 0.4]  # at .6: 60% 1 ms, then 10% each
    found = [caching.mixed_quantile(hits, misses, 0.6, q) for q in (0.5, 0.6, 0.61, 0.7, 0.75, 0.99)]
    assert found == [0.001, 0.001, 0.1, 0.1, 0.2, 0.4]
    assert caching.mixed_quantile(hits, misses, 1, 0.99) == 0.001
    one = np.random.default_rng(1).exponential(0.1, 200_000)
    assert caching.mixed_quantile(0.01, one, 0.9, 0.99) == pytest.approx(0.230259, rel=0.03)
    for hit, ratio, q in ((0.01, 1.1, 0.5), (0.01, 0.5, 1), (-1, 0.5, 0.5), ([], 0.5, 0.5), ([math.nan], 0.5, 0.5)):
        with pytest.raises(InvalidInput, match="mixed_quantile"):
            caching.mixed_quantile(hit, 0.1, ratio, q)


def test_a_cold_cache_asks_more_of_the_origin():
    found = [
        caching.cache_worth(Estimate(h, h, h), 1000, 0.01, 0.1, origin_capacity_per_s=400) for h in (0.5, 0.9, 0.95)
    ]
    assert [each.amplification.value for each in found] == pytest.approx([2, 10, 20])
    assert [each.origin_warm.value for each in found] == pytest.approx([500, 100, 50])
    assert found[0].origin_cold.value == 1000 and found[0].cold_use.value == 2.5 and found[0].survives_cold is False
    assert caching.cache_worth(HALF, 300, 0.01, 0.1, origin_capacity_per_s=400).survives_cold is True
    open_ = caching.cache_worth(HALF, 300, 0.01, 0.1, origin_capacity_per_s=Estimate(310, 250, 380))
    assert open_.survives_cold is None
    unknown = caching.cache_worth(HALF, 300, 0.01, 0.1)
    assert unknown.survives_cold is None and unknown.cold_use is None


def test_intervals_follow_those_of_the_hit_ratio_and_the_rate():
    found = caching.cache_worth(HALF, Estimate(100, 90, 120), 0.01, 0.1)
    warm = found.origin_warm
    assert (warm.value, warm.low, warm.high) == pytest.approx((50, 36, 72))
    assert (found.amplification.low, found.amplification.high) == pytest.approx((1 / 0.6, 1 / 0.4))
    p99 = found.latency[0.99]
    assert p99.low < p99.value == pytest.approx(0.391202, abs=1e-6) and p99.value < p99.high
    all_hit = caching.cache_worth(Estimate(0.995, 0.99, 1.0), 100, 0.01, 0.1)
    assert all_hit.amplification.high == math.inf and all_hit.point is None


def test_the_next_point_is_worth_the_more_the_more_hits_there_are():
    found = {h: caching.cache_worth(Estimate(h, h, h), 200, 0.01, 0.1).point for h in (0.5, 0.95)}
    assert found[0.5].origin.value == found[0.95].origin.value == pytest.approx(2.0)
    assert found[0.5].share_of_origin.value == pytest.approx(0.02)
    assert found[0.95].share_of_origin.value == pytest.approx(0.2)
    for h, point in found.items():  # beyond .1 s no hit is left: the p99 is .1 ln(100 (1 - h))
        assert point.latency[0.99].value == pytest.approx(0.1 * math.log((1 - h) / (0.99 - h)), rel=1e-3)


def test_what_is_no_rate_or_share():
    for ratio, rate in ((Estimate(1.2, 1.1, 1.3), 10), (HALF, 0), (HALF, math.inf), (HALF, math.nan)):
        with pytest.raises(InvalidInput, match="cache_worth"):
            caching.cache_worth(ratio, rate, 0.01, 0.1)
