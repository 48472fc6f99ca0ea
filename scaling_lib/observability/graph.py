"""The service graph of the traces: who calls whom, how often, how fast, with what errors; and who is seen doing it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.observability.fragments import fragments
from scaling_lib.observability.shares import neighbours, quantile, share
from scaling_lib.observability.tree import ANSWERS, Integers, Mask, Texts, Tree, grow
from scaling_lib.words import plural

QUANTILES = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}
VISITS = ["operation", "entry", "service", "requests", "waiting"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceGraph:
    """Services and the calls between them.

    nodes: a row a service: service; seen: whether it has spans of its own (a database is mostly seen from its callers
        only); spans; entries: requests that enter the system here (roots of traces that continue no other, see
        `fragments`).
    edges: a row each (caller, callee, kind), kind "sync" or "async" (a message, or a span that blocks nobody): calls;
        spans: of calls that were recorded; seen: "both", "caller" (no span of the callee below any call), "callee"
        (the caller has no span of the call itself), or "partly" (some calls are answered by spans, some not);
        errors: failed calls; error_share; p50_s, p95_s, p99_s: as the caller sees them, NaN ends where the calls are
        too few. Latency of an async edge is that of handing over the message.
    visits: a row each (operation of a root, entry: its service, service): requests that come there, waiting: those of
        them that wait for it. requests: by operation and entry, requests; independent: of how many independent ones
        they are worth.
    Calls, entries, requests, errors stand for all traces: each counts as often as its sampling weight says.
    notes: what to know, sentences.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    visits: pd.DataFrame
    requests: pd.DataFrame
    level: float
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Calls:
    """Calls between services: by call the row of its span, caller, callee, whether a span of either side is there."""

    row: Integers
    caller: Texts
    callee: Texts
    sync: Mask
    from_caller: Mask
    from_callee: Mask


def service_graph(spans: pd.DataFrame, *, level: float = 0.95) -> ServiceGraph:
    """The graph of the services in the canonical frame of spans; see `evidence.spans`. level: of the intervals.

    A call is a client's or producer's span with a span of another service below, one callee each; a span below one of
    another service that is neither, without a call span of its own; and a call without any span of its callee that
    names whom it calls (`peer`), a node that is seen from its callers only unless it has spans elsewhere. What a
    service asks of itself is no edge. Error and latency are the caller's. Intervals allow for traces that are slow or
    broken together (see `shares`).

    Raises InvalidInput for a frame without the columns that are needed, NotMeasured for one without spans.
    Source: the OpenTelemetry Collector's service graph connector, for pairing by parent and virtual nodes by peer.
    """
    tree = grow(spans, "service_graph")
    calls = calls_of(tree)
    group = neighbours(tree, spans["start_ns"].to_numpy())
    edges = _edges(tree, calls, group, level)
    entry = tree.root & ~fragments(tree).root
    visits, requests = _visits(tree, calls, entry, spans["end_ns"].to_numpy())
    return ServiceGraph(
        nodes=_nodes(tree, edges, entry),
        edges=edges,
        visits=visits,
        requests=requests,
        level=level,
        notes=tuple(_notes(tree, calls)),
    )


def calls_of(tree: Tree) -> Calls:
    """All calls between different services."""
    child = np.flatnonzero(tree.crosses)
    above = tree.parent[child]
    row = np.where(tree.calls[above], above, child)
    seen = pd.DataFrame(
        {
            "row": row,
            "caller": tree.service[above],
            "callee": tree.service[child],
            "sync": ~tree.follows[child],
            "from_caller": row != child,
            "from_callee": True,
        }
    ).drop_duplicates(["row", "callee", "sync"])
    asks = np.zeros(len(tree.parent), dtype=bool)
    inner = tree.calls & (tree.parent >= 0)
    asks[tree.parent[inner]] = True  # what wraps another call span is not counted twice
    alone = np.flatnonzero(tree.calls & ~tree.answered & ~asks & (tree.peer != "") & (tree.peer != tree.service))
    unseen = pd.DataFrame(
        {
            "row": alone,
            "caller": tree.service[alone],
            "callee": tree.peer[alone],
            "sync": (tree.kind[alone] != "producer") & ~tree.follows[alone],
            "from_caller": True,
            "from_callee": False,
        }
    )
    both = pd.concat([seen, unseen], ignore_index=True)
    return Calls(
        row=both["row"].to_numpy(dtype=np.int64),
        caller=both["caller"].to_numpy(dtype=object),
        callee=both["callee"].to_numpy(dtype=object),
        sync=both["sync"].to_numpy(dtype=bool),
        from_caller=both["from_caller"].to_numpy(dtype=bool),
        from_callee=both["from_callee"].to_numpy(dtype=bool),
    )


def _edges(tree: Tree, calls: Calls, group: Integers, level: float) -> pd.DataFrame:
    kinds = np.where(calls.sync, "sync", "async")
    keys = pd.DataFrame({"caller": calls.caller, "callee": calls.callee, "kind": kinds})
    rows = []
    for name, places in keys.groupby(["caller", "callee", "kind"], sort=True).indices.items():
        spans = calls.row[places]
        weight, trace, seconds = tree.weight[spans], tree.trace[spans], tree.seconds[spans]
        failed = weight * tree.error[spans]
        latency = {title: quantile(seconds, weight, q, trace, group, level) for title, q in QUANTILES.items()}
        rows.append(
            {
                **dict(zip(keys, name, strict=True)),  # type: ignore[call-overload]
                "calls": float(weight.sum()),
                "spans": len(spans),
                "seen": _seen(calls.from_caller[places], calls.from_callee[places]),
                "errors": float(failed.sum()),
                "error_share": share(failed, weight, trace, group, level),
                **latency,
            }
        )
    return pd.DataFrame(rows, columns=[*keys, "calls", "spans", "seen", "errors", "error_share", *QUANTILES])


def _seen(from_caller: Mask, from_callee: Mask) -> str:
    if not from_callee.any():
        return "caller"
    if not from_caller.any():
        return "callee"
    return "both" if bool((from_caller & from_callee).all()) else "partly"


def _nodes(tree: Tree, edges: pd.DataFrame, entry: Mask) -> pd.DataFrame:
    places, services = pd.factorize(tree.service, sort=True)
    entries = np.bincount(places, weights=tree.weight * entry)
    own = pd.DataFrame({"service": services, "seen": True, "spans": np.bincount(places), "entries": entries})
    others = sorted(set(edges["callee"]) - set(services))
    unseen = pd.DataFrame({"service": others, "seen": False, "spans": 0, "entries": 0.0})
    return pd.concat([own, unseen], ignore_index=True) if others else own


def _visits(tree: Tree, calls: Calls, entry: Mask, end_ns: Integers) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which services requests come to; and the requests themselves, one an entry."""
    roots = pd.DataFrame({"operation": tree.operation, "entry": tree.service, "weight": tree.weight})[entry]
    sums = roots.assign(square=roots["weight"] ** 2).groupby(["operation", "entry"], sort=True).sum()
    requests = sums.assign(independent=sums["weight"] ** 2 / sums["square"]).drop(columns="square")
    requests = requests.rename(columns={"weight": "requests"}).reset_index()
    request = _requests(tree, entry)
    known = np.flatnonzero(request >= 0)
    waited = tree.waited.copy()
    waited[known] &= tree.whole[known] | (end_ns[tree.top[known]] <= end_ns[request[known]])
    unseen = ~calls.from_callee
    there = pd.DataFrame(
        {
            "top": np.concatenate([request, request[calls.row[unseen]]]),
            "service": np.concatenate([tree.service, calls.callee[unseen]]),
            "waiting": np.concatenate([waited, waited[calls.row[unseen]] & calls.sync[unseen]]),
        }
    )
    there = there[there["top"] >= 0]
    once = there.groupby(["top", "service"], sort=False)["waiting"].any().reset_index()
    top = once["top"].to_numpy()
    found = pd.DataFrame(
        {
            "operation": tree.operation[top],
            "entry": tree.service[top],
            "service": once["service"],
            "requests": tree.weight[top],
            "waiting": tree.weight[top] * once["waiting"].to_numpy(),
        }
    )
    return found.groupby(VISITS[:3], sort=True)[VISITS[3:]].sum().reset_index(), requests


def _requests(tree: Tree, entry: Mask) -> Integers:
    """By row that of its request's entry, -1 of none that is known.

    What is below an orphan is of its trace's entry where that has one: it is taken to be waited for where it ends
    before that does, as its lost parent is not there to say.
    """
    rows = np.flatnonzero(entry)
    traces, first, count = np.unique(tree.trace[rows], return_index=True, return_counts=True)
    only = np.full(int(tree.trace.max()) + 1, -1, dtype=np.int64)
    only[traces[count == 1]] = rows[first[count == 1]]
    return np.where(tree.whole, np.where(entry[tree.top], tree.top, -1), only[tree.trace])


def _notes(tree: Tree, calls: Calls) -> list[str]:
    notes = []
    unnamed = int((tree.calls & ~tree.answered & (tree.peer == "")).sum())
    if unnamed:
        notes.append(
            f"{plural(unnamed, 'call')} without a callee's span below and without a name of whom they call: they are "
            "no edges. Set peer.service, server.address, db.system.name or messaging.system on them."
        )
    if orphans := int(tree.orphan.sum()):
        notes.append(f"{plural(orphans, 'orphan')} whose caller is not known: their services may be called by more.")
    own = (tree.parent >= 0) & np.isin(tree.kind, ANSWERS) & ~tree.crosses
    if asked := int(tree.calls[tree.parent[own]].sum()):
        notes.append(f"{plural(asked, 'call')} of a service to itself, or over a queue of its own: no edges.")
    return notes
