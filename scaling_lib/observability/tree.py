"""The trees of spans: of each span the rows of its parent and of its root, and whether the root waits for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.self_time import rows_above
from scaling_lib.words import listing

COLUMNS = ("trace_id", "span_id", "parent_id", "service", "operation", "kind", "start_ns", "end_ns", "error")
CALLS, ANSWERS = ("client", "producer"), ("server", "consumer")
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Texts = NDArray[np.object_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tree:
    """Arrays by row of the spans.

    trace: a number for each trace; parent: its row, -1 without one; top: the row of the topmost span above it, or its
        own. root: names no parent; orphan: names one that is not here; whole: whether the topmost span is a root.
    waited: whether the topmost span waits for it. seconds: how long it lasts; weight: how many it stands for.
    calls: it calls another service, or a database (a client, a producer, or any of unknown kind that names a peer);
        answered: a span of the callee is below it. crosses: it is of another service than its parent; follows: its
        parent does not wait for it, as the frame says, or as it is of another service's message.
    """

    trace: Integers
    parent: Integers
    top: Integers
    root: Mask
    orphan: Mask
    whole: Mask
    waited: Mask
    service: Texts
    operation: Texts
    kind: Texts
    peer: Texts
    seconds: Floats
    weight: Floats
    error: Mask
    calls: Mask
    answered: Mask
    crosses: Mask
    follows: Mask


def grow(spans: pd.DataFrame, asked_by: str) -> Tree:
    """The trees of the canonical frame; peer, follows and weight may be absent.

    Raises InvalidInput without a column that is needed, NotMeasured without a single span.
    """
    if missing := [name for name in COLUMNS if name not in spans]:
        raise InvalidInput(f"{asked_by}: found no column {listing(missing)}; expected the canonical frame of spans.")
    if spans.empty:
        raise NotMeasured(
            f"{asked_by}: no spans are given; the request flow is not measured.",
            supply="Supply spans of a stretch with usual traffic, of all services of the main request flow.",
        )
    trace, parent, named = _parents(spans)
    child = parent >= 0
    at = np.where(child, parent, np.arange(len(spans)))
    service, operation, kind, peer = (_texts(spans, name) for name in ("service", "operation", "kind", "peer"))
    calls = np.isin(kind, CALLS) | ((kind == "unspecified") & (peer != ""))
    crosses = child & (service != service[at])
    message = crosses & ((kind == "consumer") | (kind[at] == "producer"))
    follows = (_column(spans, "follows", False).astype(bool) & child) | message
    top, behind = rows_above(at, follows)
    answered = np.zeros(len(spans), dtype=bool)
    answered[at[crosses | (child & np.isin(kind, ANSWERS))]] = True
    lasts = (spans["end_ns"].to_numpy() - spans["start_ns"].to_numpy()) / 1e9
    return Tree(
        trace=trace,
        parent=parent,
        top=top,
        root=~named,
        orphan=named & ~child,
        whole=~named[top],
        waited=~behind,
        service=service,
        operation=operation,
        kind=kind,
        peer=peer,
        seconds=np.maximum(lasts, 0.0),
        weight=_column(spans, "weight", 1.0).astype(np.float64),
        error=_column(spans, "error", False).astype(bool),
        calls=calls,
        answered=answered & calls,
        crosses=crosses,
        follows=follows,
    )


def rows_by(labels: Texts) -> dict[str, Integers]:
    """By label, in order of the labels, the rows that have it, ascending."""
    if not len(labels):
        return {}
    codes, names = pd.factorize(labels, sort=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    return dict(zip(names.tolist(), np.split(order, ends), strict=True))


def _parents(spans: pd.DataFrame) -> tuple[Integers, Integers, Mask]:
    """By row its trace's number, the row of its parent (-1 without one), and whether it names one."""
    trace = pd.factorize(spans["trace_id"])[0].astype(np.int64)
    both = pd.concat([spans["span_id"].astype(str), spans["parent_id"].astype(str)], ignore_index=True)
    ids = pd.factorize(both)[0].astype(np.int64)
    own, above = ids[: len(spans)] + trace * (int(ids.max()) + 1), ids[len(spans) :] + trace * (int(ids.max()) + 1)
    first = ~pd.Series(own).duplicated().to_numpy()
    places = np.flatnonzero(first)
    found = pd.Index(own[places]).get_indexer(pd.Index(above))
    parent = np.where(found >= 0, places[found], -1)
    named = (spans["parent_id"].astype(str) != "").to_numpy()
    parent[~named | (parent == np.arange(len(spans)))] = -1
    return trace, parent.astype(np.int64), np.asarray(named)


def _texts(spans: pd.DataFrame, name: str) -> Texts:
    """A column of labels as texts; each label is one object, so that comparing them is fast."""
    if name not in spans:
        return np.full(len(spans), "", dtype=object)
    codes, labels = pd.factorize(spans[name])
    texts = np.array([*(str(label) for label in labels), ""], dtype=object)
    return np.asarray(texts[codes])


def _column(spans: pd.DataFrame, name: str, default: object) -> Texts:
    return spans[name].to_numpy() if name in spans else np.full(len(spans), default)
