"""Self time of spans: what of each its children do not cover, to whom it belongs, and under which root it lies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("trace_id", "span_id", "parent_id", "service", "operation", "kind", "start_ns", "end_ns")
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


def self_times(spans: pd.DataFrame) -> pd.DataFrame:
    """A row a span: trace (code), root_operation (NaN below an orphan), is_root, start_ns, weight of the root.

    And self_s, seconds that no child covers that blocks the span (children clipped to it, each moment once); resource,
    who spends them: the span's service, or the peer of a call without spans of its own; callee: "" or, for a call whose
    callee has spans, the callee's service, where self_s is the edge's; asynchronous: whether the root does not wait.
    """
    traces, _ = pd.factorize(spans["trace_id"])
    parents = _parents(traces, spans)
    child = parents >= 0
    at = np.where(child, parents, np.arange(len(spans)))
    follows = _column(spans, "follows", False).astype(bool)
    root, behind = rows_above(at, follows & child)
    service = spans["service"].astype(str).to_numpy()
    peer = _column(spans, "peer", "").astype(str)
    calls = np.isin(spans["kind"].astype(str).to_numpy(), ["client", "producer"])
    callee = np.full(len(spans), "", dtype=object)
    answered = child & calls[at] & (service != service[at])
    callee[at[answered]] = service[answered]
    leaf = np.ones(len(spans), dtype=bool)
    leaf[at[child]] = False
    whole = (spans["parent_id"].astype(str).to_numpy() == "")[root]
    operation = pd.Series(spans["operation"].astype(str).to_numpy()[root]).where(whole)
    return pd.DataFrame(
        {
            "trace": traces,
            "root_operation": operation,
            "is_root": ~child & whole,
            "start_ns": spans["start_ns"].to_numpy(),
            "weight": _column(spans, "weight", 1.0).astype(np.float64)[root],
            "self_s": _uncovered(spans, at, child & ~follows) / 1e9,
            "resource": np.where(leaf & calls & (peer != ""), peer, service),
            "callee": callee,
            "asynchronous": behind,
        }
    )


def _parents(traces: Integers, spans: pd.DataFrame) -> Integers:
    """By row the row of its parent, -1 without one."""
    ids, _ = pd.factorize(np.concatenate([spans["span_id"].astype(str), spans["parent_id"].astype(str)]))
    many = int(ids.max(initial=0)) + 1
    own, above = traces * many + ids[: len(spans)], traces * many + ids[len(spans) :]
    order = np.argsort(own, kind="stable")
    place = np.minimum(np.searchsorted(own[order], above), len(spans) - 1)
    found = np.where(own[order][place] == above, order[place], -1)
    found[found == np.arange(len(spans))] = -1
    return np.asarray(found, dtype=np.int64)


def rows_above(at: Integers, follows: Mask) -> tuple[Integers, Mask]:
    """By row its root's row, and whether it or any span between does not block its parent."""
    up, behind = at.copy(), follows.copy()
    for _ in range(len(at).bit_length() + 1):  # the way doubles in each round; spans in a circle have no root
        if bool((up == up[up]).all()):
            break
        behind |= behind[up]
        up = up[up]
    return up, behind


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


def _column(spans: pd.DataFrame, name: str, default: object) -> NDArray[np.object_]:
    return spans[name].to_numpy() if name in spans else np.full(len(spans), default)
