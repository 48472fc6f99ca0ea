"""The service graph with each ring of services that call each other taken as one: there every walk ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Condensed:
    """Rings (strongly connected services) in an order in which callers come before whom they call.

    rings: the services of each; ring_of: by service its ring's place; callees: by ring those of other rings it calls.
    """

    rings: tuple[tuple[str, ...], ...]
    ring_of: Mapping[str, int]
    callees: tuple[frozenset[int], ...]

    def callers_of(self, ring: int) -> frozenset[int]:
        """All rings from which calls come to a ring, directly or through others; not itself."""
        found = {ring}
        for place in reversed(range(ring)):
            if self.callees[place] & found:
                found.add(place)
        return frozenset(found - {ring})

    def longest(self) -> tuple[int, ...]:
        """The rings of a longest chain of calls; of equally long ones the first by order."""
        length, after = [0] * len(self.rings), [-1] * len(self.rings)
        for place in reversed(range(len(self.rings))):
            for callee in sorted(self.callees[place]):
                if length[callee] + 1 > length[place]:
                    length[place], after[place] = length[callee] + 1, callee
        chain = [int(np.argmax(length))] if self.rings else []
        while chain and after[chain[-1]] >= 0:
            chain.append(after[chain[-1]])
        return tuple(chain)


def condense(services: list[str], edges: pd.DataFrame) -> Condensed:
    """services: all nodes; edges: caller and callee of each edge, several of a pair count once."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    caller, callee = _ends(services, edges)
    matrix = coo_array((np.ones(len(edges)), (caller, callee)), shape=(len(services), len(services)))
    count, label = connected_components(matrix, directed=True, connection="strong")
    below: list[set[int]] = [set() for _ in range(count)]
    for one, other in zip(label[caller].tolist(), label[callee].tolist(), strict=True):
        if one != other:
            below[one].add(other)
    order = _callers_first(below)
    place_of = {ring: place for place, ring in enumerate(order)}
    members: list[list[str]] = [[] for _ in range(count)]
    for name, ring in zip(services, label.tolist(), strict=True):
        members[place_of[ring]].append(name)
    return Condensed(
        rings=tuple(tuple(each) for each in members),
        ring_of={name: place_of[ring] for name, ring in zip(services, label.tolist(), strict=True)},
        callees=tuple(frozenset(place_of[each] for each in below[ring]) for ring in order),
    )


def pieces(services: list[str], edges: pd.DataFrame) -> int:
    """How many parts of the graph have no edge between them."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    matrix = coo_array((np.ones(len(edges)), _ends(services, edges)), shape=(len(services), len(services)))
    return int(connected_components(matrix, directed=False)[0]) if services else 0


def _ends(services: list[str], edges: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    places = pd.Index(services)
    caller, callee = (places.get_indexer(pd.Index(edges[name])).astype(np.int64) for name in ("caller", "callee"))
    return caller, callee


def _callers_first(below: list[set[int]]) -> list[int]:
    """Rings in an order in which none comes after one that it calls."""
    from graphlib import TopologicalSorter

    return list(TopologicalSorter(dict(enumerate(below))).static_order())[::-1]
