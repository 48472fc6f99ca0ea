"""Stretches of spans in which no span below runs: between which two calls the unexplained time passes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.observability.shares import share
from scaling_lib.observability.tree import Integers, Mask, Texts, Tree, rows_by

START, END = "its start", "its end"
LEAST = 0.01  # of a journey's duration: smaller gaps are left out
COLUMNS = ["journey", "service", "operation", "after", "before"]


def gaps(spans: pd.DataFrame, tree: Tree, journey: Texts, chosen: Mask, group: Integers, level: float) -> pd.DataFrame:
    """Gaps that take at least 1% of their journey's duration, the largest share first.

    chosen: whose own time is unexplained. Columns: journey, service, operation; after, before: operations of the spans
    that end and start the stretch, or "its start" and "its end"; count: stretches seen; mean_s, longest_s: of one;
    share: of the duration of all the journey's requests (Estimate, a fraction).
    """
    stretches = _stretches(spans, tree, chosen)
    row = stretches["row"].to_numpy()
    operation = tree.operation
    named = {
        name: np.where(stretches[name] >= 0, operation[stretches[name].to_numpy()], word)
        for name, word in (("after", START), ("before", END))
    }
    table = pd.DataFrame(
        {"journey": journey[row], "service": tree.service[row], "operation": operation[row], **named}
    ).assign(seconds=stretches["seconds"].to_numpy(), row=row)
    found = []
    entries = np.flatnonzero(tree.root)
    roots = {name: entries[places] for name, places in rows_by(journey[entries]).items()}
    whole_of = {name: float(tree.seconds[above] @ tree.weight[above]) for name, above in roots.items()}
    amounts = table["seconds"].to_numpy() * tree.weight[tree.top[row]]
    for key, places in table.groupby(COLUMNS, sort=True).indices.items():
        own, seconds = row[places], table["seconds"].to_numpy()[places]
        above = roots[key[0]]  # type: ignore[index]
        if amounts[places].sum() < LEAST * whole_of[key[0]]:  # type: ignore[index]
            continue
        part = np.concatenate([amounts[places], np.zeros(len(above))])
        whole = np.concatenate([np.zeros(len(own)), tree.seconds[above] * tree.weight[above]])
        trace = np.concatenate([tree.trace[own], tree.trace[above]])
        found.append(
            (*key, len(places), float(seconds.mean()), float(seconds.max()), share(part, whole, trace, group, level))  # type: ignore[misc]
        )
    found.sort(key=lambda each: -each[-1].value)
    return pd.DataFrame(found, columns=[*COLUMNS, "count", "mean_s", "longest_s", "share"])


def _stretches(spans: pd.DataFrame, tree: Tree, chosen: Mask) -> pd.DataFrame:
    """row: of the span; after, before: rows of the spans below at either end, -1 at its own; seconds: its length."""
    start, end = spans["start_ns"].to_numpy(), np.maximum(spans["end_ns"].to_numpy(), spans["start_ns"].to_numpy())
    child = np.flatnonzero((tree.parent >= 0) & ~tree.follows & chosen[tree.parent])
    above = tree.parent[child]
    first = np.clip(start[child], start[above], end[above])
    last = np.clip(end[child], start[above], end[above])
    order = np.lexsort((child, first, above))
    own = np.flatnonzero(chosen)
    # Each span's own start stands before its spans below, and its end after them.
    table = pd.DataFrame(
        {
            "row": np.concatenate([own, above[order], own]),
            "place": np.repeat([0, 1, 2], [len(own), len(child), len(own)]),
            "below": np.concatenate([np.full(len(own), -1), child[order], np.full(len(own), -1)]),
            "first": np.concatenate([start[own], first[order], end[own]]),
            "last": np.concatenate([start[own], last[order], end[own]]),
        }
    ).sort_values(["row", "place"], kind="stable", ignore_index=True)
    reached = table.groupby("row")["last"].cummax()
    latest = table["below"].where(table["last"] == reached).groupby(table["row"]).ffill()
    same = table["row"] == table["row"].shift()
    seconds = (table["first"] - reached.shift()) / 1e9
    stretches = pd.DataFrame(
        {"row": table["row"], "after": latest.shift(), "before": table["below"], "seconds": seconds}
    )[same & (seconds > 0)]
    return stretches.astype({"after": "int64", "before": "int64"})
