"""Calls whose context gets lost, so that the callee starts a trace of its own: which, and what is no request then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.observability.tree import ANSWERS, Integers, Mask, Texts, Tree, rows_by

SURPLUS = 1.1  # as many traces as calls without a span of their callee: a service that starts more is an entry too


@dataclass(frozen=True, kw_only=True, eq=False)
class Fragments:
    """Where one request is told in several traces.

    edges: a row a caller and callee, the most calls first: caller, callee, calls (without error, of the callee by its
        name, with no span of it below), traces: that the callee starts itself.
    root: whether a row is the root of such a trace: it continues a request, and is none of its own.
    """

    edges: pd.DataFrame
    root: Mask


def fragments(tree: Tree) -> Fragments:
    """The traces that continue others.

    They are told from the entries of the system by the callee's name: services whose spans inside other requests ask
    it leave no span of it below, while it has roots that answer (servers, consumers), and not more of them than there
    are such calls. A service that starts clearly more is an entry as well: none of its roots is taken for a fragment.
    """
    lost = unjoined(tree) & ~tree.error & (~tree.root | tree.orphan)  # a caller outside, such as a load test, enters
    lost &= tree.peer != ""
    answering = _rows(tree.service, tree.root & np.isin(tree.kind, ANSWERS))
    asked = _rows(tree.peer, lost)
    root = np.zeros(len(tree.parent), dtype=bool)
    found = []
    for callee in sorted(asked.keys() & answering.keys()):
        starts = answering[callee]
        calls = asked[callee][tree.service[asked[callee]] != callee]
        if not len(calls) or tree.weight[starts].sum() > SURPLUS * tree.weight[tree.top[calls]].sum():
            continue
        root[starts] = True
        for caller, places in rows_by(tree.service[calls]).items():
            found.append((caller, callee, len(places), len(starts)))
    edges = pd.DataFrame(found, columns=["caller", "callee", "calls", "traces"])
    if not (tree.root & ~root).any():  # services that ask each other in turn: one of them is the entry, which is open
        root[:] = False
    return Fragments(
        edges=edges.sort_values(["calls", "caller", "callee"], ascending=[False, True, True], ignore_index=True),
        root=root,
    )


def unjoined(tree: Tree) -> Mask:
    """Calls without a span of their callee below; what wraps another call span is answered there, or not, itself."""
    asks = np.zeros(len(tree.parent), dtype=bool)
    asks[tree.parent[tree.calls & (tree.parent >= 0)]] = True
    return tree.calls & ~tree.answered & ~asks


def _rows(labels: Texts, chosen: Mask) -> dict[str, Integers]:
    """By label the chosen rows that have it."""
    rows = np.flatnonzero(chosen)
    return {name: rows[places] for name, places in rows_by(labels[rows]).items()}
