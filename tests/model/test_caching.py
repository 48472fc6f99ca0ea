"""Caches: every look-up of a plain LRU cache, published misses, Che's ratio, a recorded cache, and what cannot be."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model import caching

KEYS = Path(__file__).parents[2] / "data/shop/recorded/cache/keys.csv.gz"


def hits_of_a_cache(trace, capacity: int) -> list[bool]:
    """By keeping the entries themselves, the least recently used out first."""
    entries: OrderedDict[object, None] = OrderedDict()
    found = []
    for key in trace:
        found.append(key in entries)
        entries.pop(key, None)
        entries[key] = None
        if len(entries) > capacity:
            entries.popitem(last=False)
    return found


@given(st.lists(st.integers(0, 12), min_size=1, max_size=130), st.integers(1, 14))
def test_each_lookup_of_a_real_cache_is_told(trace, capacity):
    curve = caching.miss_ratio_curve(trace)
    real = hits_of_a_cache(trace, capacity)
    assert curve.hits(capacity).tolist() == real
    assert curve.misses(capacity) == real.count(False) and curve.hit_ratio(capacity) == pytest.approx(np.mean(real))
    assert curve.compulsory == len(set(trace)) == curve.misses(1000)


def test_keys_may_be_texts_and_distances_are_counted_by_hand():
    curve = caching.miss_ratio_curve(["a", "b", "b", "c", "a", "b", "a"])
    assert curve.distance.tolist() == [0, 0, 1, 0, 3, 3, 2]
    assert curve.misses([1, 2, 3]).tolist() == [6, 5, 3]
    assert curve.smallest(2 / 7) == 2 and curve.smallest(4 / 7) == 3 and curve.smallest(0.6) is None
    same = caching.miss_ratio_curve(pd.Series([5, 5, 5], index=[3, 1, 2]))
    assert same.misses(1) == 1 and same.distance.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("keys", "alpha", "lookups", "misses", "che"),
    [
        (
            1000,
            0.8,
            200_000,
            {10: 183841, 50: 147730, 100: 124494, 200: 95567},
            (0.918381, 0.738381, 0.62221, 0.477629),
        ),
        (10_000, 1.0, 500_000, {100: 304767, 1000: 162531}, (0.609475, 0.324398)),
    ],
)
def test_misses_and_ratios_of_popular_keys_are_the_known_ones(keys, alpha, lookups, misses, che):
    popularity = np.arange(1, keys + 1) ** -alpha
    trace = np.random.RandomState(42).choice(keys, lookups, p=popularity / popularity.sum())
    curve = caching.miss_ratio_curve(trace)
    assert curve.misses(list(misses)).tolist() == list(misses.values())
    for capacity, ratio in zip(misses, che, strict=True):
        assert 1 - caching.che_hit_ratio(popularity, capacity) == pytest.approx(ratio, abs=1e-6)
        assert curve.miss_ratio(capacity) == pytest.approx(ratio, abs=0.001)
        warm = curve.warm(capacity).estimate  # independent look-ups: as Che has it, but for the first of a key
        assert warm.low - 0.002 <= 1 - ratio <= warm.high + 0.002


def test_che_of_three_keys_and_a_cache_that_holds_all():
    assert caching.che_hit_ratio((0.5, 0.3, 0.2), 2) == pytest.approx(0.715412, abs=1e-6)
    assert caching.che_hit_ratio((50, 30, 20, 0), 2) == caching.che_hit_ratio((0.5, 0.3, 0.2), 2)
    assert caching.che_hit_ratio((0.5, 0.3, 0.2), 3) == 1
    assert caching.che_hit_ratio(np.ones(400), 100) == pytest.approx(0.25)  # all alike: a share of the keys
    for popularity, capacity in (([], 1), ([0.0], 1), ([1, -1], 1), ([1, np.nan], 1), ([1, 2], 0), ([1, 2], np.inf)):
        with pytest.raises(InvalidInput, match="che_hit_ratio"):
            caching.che_hit_ratio(popularity, capacity)


def test_a_time_to_live():
    assert caching.ttl_hit_ratio(1, 6) == pytest.approx(6 / 7)
    assert caching.ttl_hit_ratio(2, 3, renewing=True) == pytest.approx(0.997521, abs=1e-6)
    assert caching.ttl_hit_ratio(0, 6) == 0
    with pytest.raises(InvalidInput, match="ttl_hit_ratio"):
        caching.ttl_hit_ratio(1, -6)


def test_the_recorded_cache_is_replayed_lookup_by_lookup():
    recorded = pd.read_csv(KEYS)
    curve = caching.miss_ratio_curve(recorded["product"])
    assert curve.lookups == 26_470
    assert (curve.hits(150) == (recorded["hit"] == 1)).all() and int(curve.hits(150).sum()) == 9402
    popularity = np.arange(1, 2001) ** -0.8  # as truth.yaml says
    warm = curve.warm(150)
    assert warm.estimate.low <= caching.che_hit_ratio(popularity, 150) <= warm.estimate.high
    assert curve.misses(2000) == recorded["product"].nunique()


def test_what_is_no_trace_and_what_is_too_short():
    for trace in ([], np.ones((2, 2)), pd.Series([], dtype=object)):
        with pytest.raises(InvalidInput, match="expected one dimension with at least one key"):
            caching.miss_ratio_curve(trace)
    with pytest.raises(InvalidInput, match="2 missing keys of 4, the first at place 1"):
        caching.miss_ratio_curve(["a", None, "b", None])
    curve = caching.miss_ratio_curve(list(range(300)) * 2)
    for capacity in (0, -1, 2.5, "ten", []):
        with pytest.raises(InvalidInput, match="whole numbers of entries"):
            curve.misses(capacity)
    with pytest.raises(NotEnoughData, match="full after 400 of 600 look-ups; expected at least 240"):
        caching.miss_ratio_curve(list(range(400)) + [1] * 200).warm(400)
    assert curve.warm(300).estimate.value == 1 and curve.warm(299).estimate.value == 0  # a loop that just does not fit
