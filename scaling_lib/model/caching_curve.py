"""The miss-ratio curve of a cache that drops the least recently used, exact for every size, from one trace of keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import RatioInterval, ratio_interval

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCKS = 120  # of equally many look-ups, for the interval: misses come in spells
FEWEST_WARM = 240  # look-ups after the cache is full: two a block


@dataclass(frozen=True, kw_only=True, eq=False)
class MissRatioCurve:
    """Misses of a cache of any number of entries, which is empty at first.

    lookups: of the trace. compulsory: those of a key that was not asked for before, which every cache misses; also the
        number of different keys. distance: by look-up how many different keys were asked for since its key's last one,
        that one included: a cache of as many entries has it. 0 of a compulsory miss.
    """

    lookups: int
    compulsory: int
    distance: Integers

    def misses(self, capacity: ArrayLike) -> Integers:
        """Misses with so many entries, compulsory ones included; of each where several are asked for."""
        sizes = _sizes("misses", capacity)
        within = np.cumsum(np.bincount(self.distance, minlength=2)) - self.compulsory  # hits up to each distance
        return np.asarray(self.lookups - within[np.minimum(sizes, len(within) - 1)], dtype=np.int64)

    def miss_ratio(self, capacity: ArrayLike) -> Floats:
        """The share of look-ups that miss, compulsory misses included, from an empty cache on."""
        return np.asarray(self.misses(capacity) / self.lookups, dtype=np.float64)

    def hit_ratio(self, capacity: ArrayLike) -> Floats:
        """The share of look-ups that hit, from an empty cache on."""
        return np.asarray(1 - self.miss_ratio(capacity), dtype=np.float64)

    def hits(self, capacity: int) -> NDArray[np.bool_]:
        """By look-up whether a cache of so many entries has its key."""
        size = int(_sizes("hits", capacity))
        return (self.distance > 0) & (self.distance <= size)

    def warm(self, capacity: int, *, level: float = 0.95) -> RatioInterval:
        """The hit ratio once the cache is full (or, if it never is, once the last new key was fetched).

        The interval allows for hits that come in spells: it is that of `stats.ratio_interval` over 120 blocks of
        equally many look-ups. Compulsory misses after that count as misses, so a longer trace would show rather more
        hits. Raises NotEnoughData with fewer than 240 look-ups left.
        """
        hit = self.hits(capacity)
        first = np.flatnonzero(self.distance == 0)
        full = int(first[min(capacity, len(first)) - 1]) + 1
        left = hit[full:]
        if len(left) < FEWEST_WARM:
            raise NotEnoughData(
                f"miss_ratio_curve: a cache of {capacity:,} entries is full after {full:,} of {self.lookups:,} "
                f"look-ups; expected at least {FEWEST_WARM} after that. Record a longer trace, or ask for a smaller "
                "cache."
            )
        block = np.arange(len(left)) * BLOCKS // len(left)
        return ratio_interval(np.bincount(block, weights=left), np.bincount(block), level)

    def smallest(self, hit_ratio: float) -> int | None:
        """The fewest entries with at least this hit ratio from an empty cache on; None where no size has it."""
        reached = np.cumsum(np.bincount(self.distance, minlength=2)) - self.compulsory
        found = np.flatnonzero(reached >= hit_ratio * self.lookups * (1 - 1e-12))
        return max(int(found[0]), 1) if len(found) else None


def miss_ratio_curve(trace: Sequence[Any] | NDArray[Any] | pd.Series[Any]) -> MissRatioCurve:
    """How often a cache of each size misses, from the keys that it was asked for, in order.

    trace: keys (numbers or texts), one a look-up, in the order of look-ups, from an empty cache on. Entries are of one
        size: a cache holds a number of them.

    Exact, not sampled; 1 million look-ups take some 1.3 s (tests/benchmarks/bench_caching.py).
    Raises InvalidInput for an empty trace, or one with missing keys.
    Source: Mattson, Gecsei, Slutz and Traiger, Evaluation techniques for storage hierarchies, IBM Systems Journal 9
    (1970): a cache of C entries has those look-ups whose stack distance is at most C.
    """
    import pandas as pd

    values = trace if isinstance(trace, np.ndarray) else pd.Series(trace).to_numpy()
    if values.ndim != 1 or len(values) == 0:
        raise InvalidInput(
            f"miss_ratio_curve: found a trace of shape {values.shape}; expected one dimension with at least one key: "
            "the keys that the cache was asked for, in order."
        )
    codes, keys = pd.factorize(values)
    if missing := int((codes < 0).sum()):
        place = int(np.argmax(codes < 0))
        raise InvalidInput(
            f"miss_ratio_curve: found {missing:,} missing keys of {len(values):,}, the first at place {place:,}; "
            "expected a key of every look-up. Leave such look-ups out, or give them the key they asked for."
        )
    return MissRatioCurve(
        lookups=len(values), compulsory=len(keys), distance=stack_distances(codes.astype(np.int64), len(keys))
    )


def stack_distances(codes: Integers, keys: int) -> Integers:
    """By look-up the different keys since the last one of the same key, it included; 0 for the first of a key.

    codes: keys as numbers from 0 to `keys` - 1. Between a look-up i and the last one p of its key, a key counts once:
    where its own last one was at or before p. There are as many such places before i as look-ups j < i whose last one
    is before p, less the p that lie before p themselves.
    """
    order = np.argsort(codes, kind="stable")
    last = np.full(len(codes), -1, dtype=np.int64)
    again = codes[order[1:]] == codes[order[:-1]]
    last[order[1:][again]] = order[:-1][again]
    rank = np.empty(len(codes), dtype=np.int64)
    rank[np.argsort(last, kind="stable")] = np.arange(len(codes))  # first look-ups lowest: they count for all
    smaller = _smaller_before(rank)
    return np.where(last < 0, 0, smaller - last)


def _smaller_before(rank: Integers) -> Integers:
    """By place how many smaller ones stand before it; rank: each number from 0 on once.

    From the highest bit down, numbers are parted by it, in order within what they share above: who has the bit counts
    those before it that have not. A part begins at its smallest number, since there are no gaps.
    """
    values, count, at = rank.copy(), np.zeros_like(rank), np.arange(len(rank))
    for bit in range(max(len(rank) - 1, 0).bit_length() - 1, -1, -1):
        start = values >> (bit + 1) << (bit + 1)
        zero = 1 - (values >> bit & 1)
        zeros = np.cumsum(zero) - zero - start // 2  # before it in its part: every part above is full, half of it zeros
        count += np.where(zero, 0, zeros)
        place = start + np.where(zero, zeros, (1 << bit) + at - start - zeros)
        moved = np.empty_like(values), np.empty_like(count)
        moved[0][place], moved[1][place] = values, count
        values, count = moved
    return np.asarray(count[rank], dtype=np.int64)


def _sizes(name: str, capacity: ArrayLike) -> Integers:
    sizes = np.asarray(capacity)
    if sizes.size == 0 or sizes.dtype.kind not in "iuf" or not bool((sizes >= 1).all() and (sizes % 1 == 0).all()):
        raise InvalidInput(
            f"miss_ratio_curve.{name}: found the capacity {capacity!r}; expected whole numbers of entries, 1 or more."
        )
    return sizes.astype(np.int64)
