"""Which service a change belongs to: an edge's is its callee's, unless its caller's other calls changed too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.bottlenecks.localize_effects import Effects, sums

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SURE = 3.0  # standard errors from which a change speaks for a caller
MIDDLE = 1.4826  # the standard deviation of normal values over the median of their distances from 0


@dataclass(frozen=True)
class _Sums:
    """By group: the change, its standard error with drift, degrees of freedom, and seconds before."""

    change: Floats
    error: Floats
    degrees: Floats

    @property
    def sureness(self) -> Floats:
        """In standard errors; 0 where there is none."""
        return _sureness(self.change, self.error**2)


def blame(found: Effects, *, drifts: bool) -> pd.DataFrame:
    """A row a service: service, change, error (standard), degrees, own, edge (changes of its own work, of its edges),
    own_sure (of its own work, in standard errors), operation (in which most of the change is).

    drifts: whether windows differ also where nothing happened, in proportion to the time spent (`_drift`).
    A service's network shows in the edges into it; contention in its own work and in the edges on both sides. So an
    edge is its callee's, unless the caller's other edges (its own work and the edges into it, where it calls no one
    else) changed for sure, and more so than the callee's own work and other edges.
    """
    parts = found.parts
    kept = parts["rate"].to_numpy() > 0
    names, place = np.unique(np.concatenate([parts["service"], parts["callee"]]).astype(object), return_inverse=True)
    caller, callee, count = place[: len(parts)], place[len(parts) :], len(names)
    is_edge = parts["callee"].to_numpy() != ""
    own_of = np.where(kept & ~is_edge, caller, -1)
    drift = _drift(found, own_of, count) if drifts else 0.0
    own = _sums(found, own_of, count, drift)
    edges, edge_of = np.unique(np.where(kept & is_edge, caller * count + callee, -1), return_inverse=True)
    if edges[0] < 0:
        edges, edge_of = edges[1:], edge_of - 1
    blamed = np.where(kept & is_edge, callee, own_of)
    if len(edges):
        edge = _sums(found, edge_of, len(edges), drift)
        callers_fault = _callers(edges // count, edges % count, edge, own.sureness, count)
        blamed = np.where(kept & is_edge & callers_fault[edge_of], caller, blamed)
    total = _sums(found, blamed, count, drift)
    change = parts["change"].to_numpy()
    of_own = sums(own_of, change, count)
    rows = pd.DataFrame(
        {
            "service": names,
            "change": total.change,
            "error": total.error,
            "degrees": total.degrees,
            "own": of_own,
            "edge": total.change - of_own,
            "own_sure": own.sureness,
            "operation": _most(parts, blamed, names),
        }
    )
    return rows[np.isin(np.arange(count), blamed)].reset_index(drop=True)


def _drift(found: Effects, own_of: Integers, count: int) -> float:
    """By what fraction of their time services change to which nothing happened: the median of all, without noise."""
    change, variance, _ = found.summed(own_of, count)
    base = sums(own_of, found.parts["base"].to_numpy(), count)
    seen = base > 0
    if not seen.any():
        return 0.0
    middle = (int(seen.sum()) - 1) // 2
    relative = np.sort(np.abs(change[seen]) / base[seen])[middle]
    noise = np.sort(np.sqrt(variance[seen]) / base[seen])[middle]
    return float(np.sqrt(max((MIDDLE * relative) ** 2 - noise**2, 0.0)))


def _sums(found: Effects, groups: Integers, count: int, drift: float) -> _Sums:
    change, variance, degrees = found.summed(groups, count)
    base = sums(groups, found.parts["base"].to_numpy(), count)
    return _Sums(change, np.sqrt(variance + (drift * base) ** 2), degrees)


def _callers(caller: Integers, callee: Integers, edge: _Sums, own: Floats, count: int) -> NDArray[np.bool_]:
    """By edge whether it is its caller's change."""
    changes, squares = edge.change, edge.error**2
    into = [sums(callee, each, count) for each in (changes, squares)]
    out_of = [sums(caller, each, count) for each in (changes, squares)]
    others_out = _sureness(out_of[0][caller] - changes, out_of[1][caller] - squares)
    others_in = _sureness(into[0][callee] - changes, into[1][callee] - squares)
    alone = sums(caller, np.ones(len(caller)), count)[caller] == 1
    for_caller = np.where(alone, np.maximum(own[caller], _sureness(*into)[caller]), others_out)
    for_callee = np.max([own[callee], others_in, _sureness(*out_of)[callee]], axis=0)
    return np.asarray((for_caller > SURE) & (for_caller > for_callee))


def _sureness(change: Floats, variance: Floats) -> Floats:
    known = variance > 1e-12 * change**2
    return np.where(known, change / np.sqrt(np.where(known, variance, 1.0)), 0.0)


def _most(parts: pd.DataFrame, blamed: Integers, names: NDArray[np.object_]) -> NDArray[np.object_]:
    """By service the operation with most of the change."""
    seen = parts.assign(blamed=blamed)[blamed >= 0]
    sums = seen.groupby(["blamed", "operation"])["change"].sum().sort_values(ascending=False).reset_index()
    first = sums.drop_duplicates("blamed").set_index("blamed")["operation"]
    return np.asarray(first.reindex(range(len(names)), fill_value=""), dtype=object)
