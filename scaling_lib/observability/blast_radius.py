"""What fails with a service: who calls it, directly or not, and which share of the requests needs it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.observability.condensed import condense
from scaling_lib.observability.graph import ServiceGraph
from scaling_lib.stats import Estimate, proportion_interval
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True, eq=False)
class BlastRadius:
    """What a failure of `service` reaches, as far as the traces show.

    ring: the services that call each other with it, itself among them; dependants: those that wait for it, directly or
        through others, the ring's among them; direct: those of them that call it.
    waiting: share of all requests that wait for it; touched: that come to it at all, also behind a queue.
    at_most: share of the requests that enter at it or at a dependant, or of an operation of which some wait for it:
        what it would be if every one needed it.
    operations: by operation and entry: requests, waiting (an Estimate), the largest number of requests hit first.
    No fallback is known of: a caller that answers without it is counted as hit.
    """

    service: str
    ring: tuple[str, ...]
    dependants: tuple[str, ...]
    direct: tuple[str, ...]
    waiting: Estimate
    touched: Estimate
    at_most: Estimate
    operations: pd.DataFrame


def blast_radius(graph: ServiceGraph, service: str) -> BlastRadius:
    """The blast radius of a service of the graph, or of a callee that is seen from its callers only.

    Intervals are Wilson's, of as many independent requests as the sampling weights leave.
    Raises InvalidInput for a service that is not in the graph.
    """
    services = list(graph.nodes["service"])
    if service not in services:
        raise InvalidInput(
            f"blast_radius: found no service {service!r} in the graph; expected one of {listing(services, 12)}."
        )
    waits = graph.edges[graph.edges["kind"] == "sync"]
    condensed = condense(services, waits)
    place = condensed.ring_of[service]
    ring = condensed.rings[place]
    above = [name for each in sorted(condensed.callers_of(place)) for name in condensed.rings[each]]
    dependants = sorted({*above, *ring} - {service})
    direct = sorted(set(waits.loc[waits["callee"] == service, "caller"]) - {service})
    here = graph.visits[graph.visits["service"] == service]
    operations = graph.requests.merge(here[["operation", "entry", "waiting"]], "left", ["operation", "entry"])
    operations["waiting"] = operations["waiting"].fillna(0.0)
    total = float(operations["requests"].sum())
    hit = operations["waiting"]
    through = operations["entry"].isin([service, *dependants]) | (hit > 0)
    shares = [
        _share(part, requests, independent, graph.level)
        for part, requests, independent in zip(hit, operations["requests"], operations["independent"], strict=True)
    ]
    independent = _independent(operations)
    return BlastRadius(
        service=service,
        ring=ring,
        dependants=tuple(dependants),
        direct=tuple(direct),
        waiting=_share(float(hit.sum()), total, independent, graph.level),
        touched=_share(float(here["requests"].sum()), total, independent, graph.level),
        at_most=_share(float(operations.loc[through, "requests"].sum()), total, independent, graph.level),
        operations=operations.assign(waiting=pd.Series(shares, dtype=object), hit=hit)
        .sort_values(["hit", "operation"], ascending=[False, True], ignore_index=True)
        .drop(columns=["hit", "independent"]),
    )


def _independent(operations: pd.DataFrame) -> float:
    """Requests that all of them are worth: their sum squared over the sum of the squared weights (Kish)."""
    squares = (operations["requests"] ** 2 / operations["independent"]).sum()
    return float(operations["requests"].sum() ** 2 / squares) if squares > 0 else 0.0


def _share(part: float, whole: float, independent: float, level: float) -> Estimate:
    return proportion_interval(min(part / whole, 1.0) * independent if whole else 0.0, independent, level)
