"""Where the context of a trace gets lost: spans without their parent, and calls that no span of the callee joins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.observability.shares import share
from scaling_lib.observability.tree import Integers, Mask, Tree, rows_by
from scaling_lib.stats import Estimate


def propagation(tree: Tree, group: Integers, level: float) -> pd.DataFrame:
    """A row a service, the most orphans first.

    spans; orphans: its spans whose parent is not there, as its caller's spans are lost or not given; orphan_share: of
    its spans (Estimate). calls: that it makes, without error, of services that have spans; unjoined: those of them
    without a span of the callee below: the context was not handed on, not taken up, or the callee's spans are lost;
    unjoined_share: of these calls (Estimate; NaN without any).
    client_roots: calls that are roots: what made them left no span, or its context was lost inside the service.
    Peers are known as services by their very name alone: one named by an address counts as a database would.
    """
    services = rows_by(tree.service)
    seen = pd.Series(tree.peer).isin(list(services)).to_numpy() & (tree.peer != tree.service)
    known = tree.calls & ~tree.error & (seen | tree.answered)
    asks = np.zeros(len(tree.parent), dtype=bool)
    asks[tree.parent[tree.calls & (tree.parent >= 0)]] = True
    known &= ~(asks & ~tree.answered)  # what wraps another call span is answered there
    found = []
    for service, own in services.items():
        calls = own[known[own]]
        orphan, unjoined = tree.orphan[own], ~tree.answered[calls]
        found.append(
            {
                "service": service,
                "spans": len(own),
                "orphans": int(orphan.sum()),
                "orphan_share": _share(orphan, own, tree, group, level),
                "calls": len(calls),
                "unjoined": int(unjoined.sum()),
                "unjoined_share": _share(unjoined, calls, tree, group, level),
                "client_roots": int((tree.root[own] & (tree.kind[own] == "client")).sum()),
            }
        )
    table = pd.DataFrame(found)
    return table.sort_values(["orphans", "unjoined", "service"], ascending=[False, False, True], ignore_index=True)


def _share(part: Mask, rows: Integers, tree: Tree, group: Integers, level: float) -> Estimate:
    return share(part * tree.weight[rows], tree.weight[rows], tree.trace[rows], group, level)
