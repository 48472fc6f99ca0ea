"""Spans as rows of whole numbers: the parent of each, the roots, and whom a call calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.spans.keys import Keys, keys, parent_rows
from scaling_lib.words import listing

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

COLUMNS = ("trace_id", "span_id", "parent_id", "service", "operation", "start_ns", "end_ns")
CALLS = ("client", "producer")
UNSAID = "unspecified"


@dataclass(frozen=True, kw_only=True)
class Tree:
    """By row of the spans.

    parent: its row, -1 without one here. root: whether it has none; orphan: those roots whose parent is missing.
    follows: whether it does not block its parent. trace: a number of its trace.
    """

    parent: Integers
    root: Mask
    orphan: Mask
    follows: Mask
    trace: Integers

    @property
    def blocks(self) -> Integers:
        """As parent, -1 too of those that do not block it."""
        return np.where(self.follows, -1, self.parent)


def tree_of(spans: pd.DataFrame) -> Tree:
    """The trees of a canonical frame of spans; follows may be absent, and parent_id be missing for roots.

    Raises InvalidInput for a frame without the columns that are needed, or with ids or times that are missing.
    """
    if missing := [name for name in COLUMNS if name not in spans]:
        raise InvalidInput(f"critical_path: found no column {listing(missing)}; expected the canonical frame of spans.")
    for name in ("trace_id", "span_id", "start_ns", "end_ns"):
        if broken := int(spans[name].isna().sum()):
            raise InvalidInput(
                f"critical_path: found {broken:,} spans without {name}; expected one of every span. Read the spans "
                "with `evidence.spans.read_spans`, which leaves out and counts what cannot be used."
            )
    trace, found = _keys(spans)
    own = pd.Index(found.own)
    if own.is_unique:
        parent = parent_rows(found)
    else:  # children are the first one's
        single = np.flatnonzero(~own.duplicated())
        place = pd.Index(found.own[single]).get_indexer(pd.Index(found.parent))
        parent = np.where(place >= 0, single[place], -1)
    parent[parent == np.arange(len(parent))] = -1
    orphan = (parent < 0) & (found.parent >= 0) & (found.parent != found.own)
    follows = spans["follows"].to_numpy(dtype=bool) if "follows" in spans else np.zeros(len(spans), dtype=bool)
    return Tree(parent=parent, root=parent < 0, orphan=orphan, follows=follows & (parent >= 0), trace=trace)


def _keys(spans: pd.DataFrame) -> tuple[Integers, Keys]:
    columns = {name: pa.array(spans[name].astype("str")) for name in ("span_id", "parent_id")}
    ids = {name: pa.chunked_array([_text(column)]) for name, column in columns.items()}
    trace, labels = pd.factorize(spans["trace_id"])
    traces = pa.DictionaryArray.from_arrays(trace.astype(np.int32), pa.array(range(len(labels)), pa.int32()))
    table = pa.table({"trace_id": traces, **ids})
    return trace.astype(np.int64), keys(table)


def _text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.cast(pa.string()).fill_null("")


def callees(spans: pd.DataFrame, tree: Tree, blocking: Integers) -> pd.Categorical:
    """Whom each call calls; "" of spans that are no call to another.

    A call is a client or a producer with a child of another service, or with a named peer and no child; where no kind
    is said, a span below one of its own service whose children are all of others. With children of several services it
    is the one that ended last.
    """
    service, services = pd.factorize(spans["service"])
    peer, peers = pd.factorize(spans["peer"]) if "peer" in spans else (np.full(len(spans), -1), pd.Index([]))
    texts = [np.asarray(each.astype(str), dtype=object) for each in (services, peers)]
    names, place = np.unique(np.concatenate([np.array([""], dtype=object), *texts]), return_inverse=True)
    of_service, of_peer = place[1 : len(services) + 1], np.append(place[len(services) + 1 :], 0)
    calls = _calls(spans, tree, service)
    leaf = np.ones(len(spans), dtype=bool)
    leaf[tree.parent[tree.parent >= 0]] = False
    found = np.where(leaf & calls, of_peer[peer], 0)
    child = np.flatnonzero(blocking >= 0)
    child = child[calls[blocking[child]] & (service[child] != service[blocking[child]])]
    child = child[np.argsort(spans["end_ns"].to_numpy()[child], kind="stable")]
    found[blocking[child]] = of_service[service[child]]
    return pd.Categorical.from_codes(found, categories=pd.Index(names))


def _calls(spans: pd.DataFrame, tree: Tree, service: Integers) -> Mask:
    """Whether a span may be a call to another service, by its kind, or where that is not said by its neighbours."""
    child = np.flatnonzero(tree.parent >= 0)
    above = tree.parent[child]
    same = service[child] == service[above]
    inner, mixed = np.zeros(len(spans), dtype=bool), np.zeros(len(spans), dtype=bool)
    inner[child[same]], mixed[above[same]] = True, True
    by_neighbours = inner & ~mixed
    if "kind" not in spans:
        return by_neighbours
    code, kinds = pd.factorize(spans["kind"])
    unsaid = (code < 0) | (code == kinds.get_indexer(pd.Index([UNSAID]))[0])
    return np.asarray(np.isin(code, kinds.get_indexer(pd.Index(CALLS))) & ~unsaid | unsaid & by_neighbours)
