"""From the roots down, all spans of one depth at once: what of each is on its root's critical path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_lib.model.critical_path_siblings import Siblings, chains, drag_ns, predecessors, siblings, slack_ns

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Ranks = Callable[[Integers], Integers]


@dataclass(frozen=True, kw_only=True)
class Walked:
    """By row of the spans, times in nanoseconds.

    root: the row of the root above it, -1 of spans on no root's tree (dropped, asynchronous, in a circle).
    on_path: whether the root waits for it. exclusive, drag: see `critical_path`, 0 off the path. slack: 0 on it.
    clipped: whether it reached beyond its parent; dropped: whether nothing of it, or of one above it, was left.
    """

    root: Integers
    on_path: Mask
    exclusive: Integers
    drag: Integers
    slack: Integers
    clipped: Mask
    dropped: Mask


def walk(
    start: Integers, end: Integers, parent: Integers, roots: Integers, *, ranks: Ranks, tolerance: int = 0
) -> Walked:
    """Walk the trees below `roots` (rows); parent: the row of whom each span blocks, -1 where it blocks none.

    ranks: the order of the ids of some rows, which settles what two spans of the same times cannot.
    """
    size = len(start)
    begin, finish = start.copy(), np.maximum(start, end)
    root = np.full(size, -1, dtype=np.int64)
    on_path, clipped, dropped = (np.zeros(size, dtype=bool) for _ in range(3))
    exclusive, drag, slack = (np.zeros(size, dtype=np.int64) for _ in range(3))
    children = _Children(parent)
    root[roots], on_path[roots] = roots, True
    exclusive[roots] = drag[roots] = finish[roots] - begin[roots]
    above = roots
    while len(above):
        rows, parents = children.of(above)
        low, high = begin[parents], finish[parents]
        clipped[rows] = (start[rows] < low) | (end[rows] > high)
        begin[rows], finish[rows] = np.maximum(start[rows], low), np.minimum(finish[rows], high)
        left = finish[rows] > begin[rows]
        dropped[rows[~left]] = True
        rows, parents = rows[left], parents[left]
        order = _in_order(rows, begin[rows], finish[rows], parents, ranks)
        rows, parents = rows[order], parents[order]
        group = siblings(begin[rows], finish[rows], np.cumsum(np.diff(parents, prepend=-1) != 0))
        before = predecessors(group, tolerance)
        waited = chains(group, before)
        slack[rows] = slack_ns(group, before, waited) + slack[parents]
        drag[rows] = np.minimum(drag_ns(group, waited), drag[parents])
        if tolerance:
            finish[rows] = _cut(group, waited)
        root[rows] = root[parents]
        on = on_path[parents] & waited
        on_path[rows] = on
        exclusive[rows[on]] = finish[rows[on]] - begin[rows[on]]
        np.subtract.at(exclusive, parents[on], exclusive[rows[on]])
        above = rows
    drag[~on_path] = 0
    return Walked(
        root=root,
        on_path=on_path,
        exclusive=exclusive,
        drag=drag,
        slack=slack,
        clipped=clipped & (root >= 0),
        dropped=dropped,
    )


class _Children:
    """The rows of each span's children."""

    def __init__(self, parent: Integers) -> None:
        rows = np.flatnonzero(parent >= 0)
        self._rows = rows[np.argsort(parent[rows], kind="stable")]
        self._counts = np.bincount(parent[rows], minlength=len(parent))
        self._first = np.cumsum(self._counts) - self._counts

    def of(self, above: Integers) -> tuple[Integers, Integers]:
        """The rows of all children of these spans, and their parents' beside them."""
        above = above[self._counts[above] > 0]
        counts = self._counts[above]
        ends = np.cumsum(counts)
        places = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(self._first[above] - ends + counts, counts)
        return self._rows[places], np.repeat(above, counts)


def _in_order(rows: Integers, begin: Integers, finish: Integers, parents: Integers, ranks: Ranks) -> Integers:
    """By parent, end, start from the latest on, and id from the last on: the last is the one that is waited for."""
    group = np.cumsum(np.diff(parents, prepend=-1) != 0)
    order = np.lexsort((-begin, finish, group))
    same = (np.diff(group[order]) == 0) & (np.diff(finish[order]) == 0) & (np.diff(begin[order]) == 0)
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    if len(tied):
        run = np.cumsum(~np.append(False, same))[tied]
        order[tied] = order[tied][np.lexsort((-ranks(rows[order[tied]]), run))]
    return order


def _cut(group: Siblings, waited: Mask) -> Integers:
    """The ends of siblings; what overlaps the one that is waited for next, within the tolerance, is cut off."""
    end = group.end.copy()
    place = np.flatnonzero(waited)
    one, other = place[:-1], place[1:]
    same = group.first[one] == group.first[other]
    end[one[same]] = np.minimum(end[one[same]], group.start[other[same]])
    return end
