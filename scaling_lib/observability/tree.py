"""The trees of spans: of each span the rows of its parent and of its root, and whether the root waits for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import NotMeasured
from scaling_lib.model.span_tree import CALLS, Integers, Mask, Texts, column, span_tree, texts, topmost

__all__ = ["ANSWERS", "NOBODY", "Floats", "Integers", "Mask", "Texts", "Tree", "grow", "rows_by"]

NEEDED = ("service", "operation", "kind", "start_ns", "end_ns", "error")
ANSWERS = ("server", "consumer")
NOBODY = "(not named)"  # what stands for a service without a name
Floats = NDArray[np.float64]


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

    Raises InvalidInput as `span_tree` does, NotMeasured without a single span.
    """
    tree = span_tree(spans, asked_by, NEEDED)
    if spans.empty:
        raise NotMeasured(
            f"{asked_by}: no spans are given; the request flow is not measured.",
            supply="Supply spans of a stretch with usual traffic, of all services of the main request flow.",
        )
    child, at = ~tree.root, tree.above
    service, operation, kind, peer = (texts(spans, name) for name in ("service", "operation", "kind", "peer"))
    calls = np.isin(kind, CALLS) | ((kind == "unspecified") & (peer != ""))
    crosses = child & (service != service[at])
    message = crosses & ((kind == "consumer") | (kind[at] == "producer"))
    follows = tree.follows | message
    top, behind = topmost(at, follows)
    root = tree.root & ~tree.orphan
    answered = np.zeros(len(spans), dtype=bool)
    answered[at[crosses | (child & np.isin(kind, ANSWERS))]] = True
    lasts = (spans["end_ns"].to_numpy() - spans["start_ns"].to_numpy()) / 1e9
    return Tree(
        trace=tree.trace,
        parent=tree.parent,
        top=top,
        root=root,
        orphan=tree.orphan,
        whole=root[top],
        waited=~behind,
        service=service,
        operation=operation,
        kind=kind,
        peer=peer,
        seconds=np.maximum(lasts, 0.0),
        weight=column(spans, "weight", 1.0).astype(np.float64),
        error=column(spans, "error", False).astype(bool),
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
