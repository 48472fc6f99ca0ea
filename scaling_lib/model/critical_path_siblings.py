"""The children of many spans at once: which of them their parents wait for, one after another, and what is beside them.

All functions take siblings side by side: sorted by parent, end, and start from the latest to the earliest, so that the
last of a parent is the one that it waits for at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

FAR = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Siblings:
    """Children in order, times in nanoseconds.

    start, end: clipped to the parent; first: the place of each one's first sibling; last: of its last one.
    """

    start: Integers
    end: Integers
    first: Integers
    last: Integers


def siblings(start: Integers, end: Integers, parent: Integers) -> Siblings:
    """Of children in order; parent: the same number for the same parent, ascending."""
    edges = np.flatnonzero(np.diff(parent, prepend=-1))
    sizes = np.diff(edges, append=len(parent))
    return Siblings(start, end, np.repeat(edges, sizes), np.repeat(edges + sizes - 1, sizes))


def predecessors(of: Siblings, tolerance: int) -> Integers:
    """The place of the last sibling that ended when each started, or up to `tolerance` later; -1 where there is none.

    A predecessor starts before its successor, so that spans that overlap each other wholly are not each other's.
    """
    found = _ended_by(of, of.start + tolerance) - 1
    if tolerance:
        found = np.minimum(found, np.arange(len(found)) - 1)
        wrong = np.flatnonzero((found >= of.first) & (of.start[found] >= of.start))
        while len(wrong):
            found[wrong] -= 1
            wrong = wrong[(found[wrong] >= of.first[wrong]) & (of.start[found[wrong]] >= of.start[wrong])]
    return np.where(found >= of.first, found, -1)


def chains(of: Siblings, before: Integers) -> Mask:
    """Which siblings their parent waits for: the last one, its predecessor, and so on."""
    waited = np.asarray(np.arange(len(before)) == of.last)
    up = before.copy()
    while bool((up >= 0).any()):  # the way doubles in each round
        reach = waited & (up >= 0)
        waited[up[reach]] = True
        up = np.where(up >= 0, up[up], -1)
    return waited


def float_ns(of: Siblings, waited: Mask) -> Integers:
    """How much later each sibling might end: until the next one that the parent waits for does."""
    return of.end[_next(waited)] - of.end


def slack_ns(of: Siblings, before: Integers, waited: Mask) -> Integers:
    """Latest start less earliest start, 0 for those that the parent waits for.

    A sibling starts at the latest so that it ends with the next one that the parent waits for; at the earliest when its
    predecessor ended, or without one when the first of all siblings started.
    """
    begins = of.first == np.arange(len(of.first))
    if not begins.any():
        return np.zeros(0, dtype=np.int64)
    earliest = np.minimum.reduceat(of.start, np.flatnonzero(begins))[np.cumsum(begins) - 1]
    ready = np.where(before >= 0, np.minimum(of.end[before], of.start), earliest)
    latest = of.end + float_ns(of, waited) - (of.end - of.start)
    return np.where(waited, 0, latest - ready)


def drag_ns(of: Siblings, waited: Mask) -> Integers:
    """What the parent would last less without each sibling: until one that ran beside it is waited for instead.

    The smaller of its duration and the smallest float of the siblings that overlap it; what starts after it moves up.
    0 for those that the parent does not wait for.
    """
    place = np.flatnonzero(waited)
    number = np.cumsum(waited) - 1
    beside = np.flatnonzero(~waited)
    following = _next(waited)
    ended = _ended_by(of, of.start)[beside]  # at most the place of the sibling itself
    least = _smallest_over(
        number[following[ended]], number[following[beside]], float_ns(of, waited)[beside], len(place)
    )
    drag = np.zeros(len(of.end), dtype=np.int64)
    drag[place] = np.minimum(of.end[place] - of.start[place], least)
    return drag


def _ended_by(of: Siblings, time: Integers) -> Integers:
    """The place after the last sibling that ended at or before a time of each; bisection, all at once."""
    low, high = of.first.copy(), of.last + 1
    open_ = np.flatnonzero(low < high)
    while len(open_):
        middle = (low[open_] + high[open_]) // 2
        ended = of.end[middle] <= time[open_]
        low[open_[ended]] = middle[ended] + 1
        high[open_[~ended]] = middle[~ended]
        open_ = open_[low[open_] < high[open_]]
    return low


def _next(waited: Mask) -> Integers:
    """The place of the next sibling that is waited for, each one's own if it is; the last of a parent always is."""
    places = np.where(waited, np.arange(len(waited)), len(waited))
    return np.minimum.accumulate(places[::-1])[::-1]


def _smallest_over(first: Integers, last: Integers, values: Integers, size: int) -> Integers:
    """By place the smallest value of the ranges (first to last, both included) that cover it.

    A range is two of half its length or more, a power of two, that overlap; those are halved until they have one place.
    """
    ranged = np.flatnonzero(last >= first)
    first, last, values = first[ranged], last[ranged], values[ranged]
    power = np.frexp((last - first + 1).astype(np.float64))[1] - 1
    above = np.full(size, FAR)
    for level in range(int(power.max(initial=0)), -1, -1):
        here = above
        own = power == level
        np.minimum.at(here, first[own], values[own])
        np.minimum.at(here, last[own] - (1 << level) + 1, values[own])
        if level:
            half = 1 << (level - 1)
            above = here.copy()
            above[half:] = np.minimum(above[half:], here[:-half])
    return above
