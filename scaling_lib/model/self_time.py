"""Self time of spans: what of each its children do not cover, to whom it belongs, and under which root it lies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.model.span_tree import CALLS, Integers, Mask, column, span_tree, texts, topmost

NEEDED = ("service", "operation", "kind", "start_ns", "end_ns")


def self_times(spans: pd.DataFrame, asked_by: str = "self_times") -> pd.DataFrame:
    """A row a span: trace (code), root_operation (NaN below an orphan), is_root, start_ns, weight of the root, else 1.

    And self_s, seconds that no child covers that blocks the span (children clipped to it, each moment once); resource,
    who spends them: the span's service, or the peer of a call without spans of its own; callee: "" or, for a call whose
    callee has spans, the callee's service, where self_s is the edge's; asynchronous: whether the root does not wait.
    asked_by: with which an error begins; see `span_tree`, which raises it.
    """
    tree = span_tree(spans, asked_by, NEEDED)
    child, at = ~tree.root, tree.above
    top, behind = topmost(at, tree.follows)
    service, peer = texts(spans, "service"), texts(spans, "peer")
    calls = np.isin(texts(spans, "kind"), CALLS)
    callee = np.full(len(spans), "", dtype=object)
    answered = child & calls[at] & (service != service[at])
    callee[at[answered]] = service[answered]
    leaf = np.ones(len(spans), dtype=bool)
    leaf[at[child]] = False
    whole = (tree.root & ~tree.orphan)[top]
    operation = pd.Series(texts(spans, "operation")[top]).where(whole)
    return pd.DataFrame(
        {
            "trace": tree.trace,
            "root_operation": operation,
            "is_root": tree.root & ~tree.orphan,
            "start_ns": spans["start_ns"].to_numpy(),
            "weight": np.nan_to_num(column(spans, "weight", 1.0).astype(np.float64), nan=1.0)[top],
            "self_s": _uncovered(spans, at, child & ~tree.follows) / 1e9,
            "resource": np.where(leaf & calls & (peer != ""), peer, service),
            "callee": callee,
            "asynchronous": behind,
        }
    )


def _uncovered(spans: pd.DataFrame, at: Integers, blocks: Mask) -> NDArray[np.float64]:
    """Nanoseconds of each span in which no child that blocks it runs."""
    start, end = spans["start_ns"].to_numpy(), spans["end_ns"].to_numpy()
    own = np.maximum(end - start, 0)
    rows = np.flatnonzero(blocks)
    above = at[rows]
    first = np.clip(start[rows] - start[above], 0, own[above])
    last = np.clip(end[rows] - start[above], 0, own[above])
    order = np.lexsort((first, above))
    table = pd.DataFrame({"above": above[order], "first": first[order], "last": last[order]})
    reached = table.groupby("above")["last"].cummax().groupby(table["above"]).shift(fill_value=0)
    covers = np.maximum(table["last"] - np.maximum(table["first"], reached), 0)
    covered = np.bincount(table["above"], weights=covers, minlength=len(spans))
    return np.asarray(own - covered, dtype=np.float64)
