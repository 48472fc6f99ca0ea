"""Whom each call calls, by the spans around it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.model.span_tree import CALLS, Integers, Mask, SpanTree

UNSAID = "unspecified"


def callees(spans: pd.DataFrame, tree: SpanTree, blocking: Integers) -> pd.Categorical:
    """Whom each call calls; "" of spans that are no call to another.

    spans: the canonical frame, in which kind and peer may be absent. tree: theirs; blocking: `tree.blocks`.

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


def _calls(spans: pd.DataFrame, tree: SpanTree, service: Integers) -> Mask:
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
