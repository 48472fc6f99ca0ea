"""How complex the service graph is: how many parts depend on each other, in how many ways, how deep."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scaling_lib.observability.condensed import condense, pieces
from scaling_lib.observability.graph import ServiceGraph


@dataclass(frozen=True, kw_only=True, eq=False)
class Complexity:
    """Measures of a service graph, in which several edges of a pair count as one.

    services: nodes; edges: pairs of caller and callee; pieces: parts without an edge between them.
    cyclomatic: edges - services + pieces, the independent ways round (0 in a tree): each is a second path by which a
        change or a failure arrives.
    cycles: rings of services that call each other, none of which can start, or fail, alone.
    depth: calls in the longest chain of synchronous calls, rings taken as one: what a request waits for in a row;
        chain: its services, those of a ring together.
    fan: by service fan_out (whom it calls), fan_in (who calls it), most calls first.
    density: edges of those that are possible, a fraction; NaN for a single service.
    """

    services: int
    edges: int
    pieces: int
    cyclomatic: int
    cycles: tuple[tuple[str, ...], ...]
    depth: int
    chain: tuple[tuple[str, ...], ...]
    fan: pd.DataFrame
    density: float


def complexity(graph: ServiceGraph) -> Complexity:
    """The measures of the graph.

    Source: McCabe, A Complexity Measure, IEEE Transactions on Software Engineering 2 (1976), for the cyclomatic number
    (of an undirected graph: the dimension of its space of cycles).
    """
    services = list(graph.nodes["service"])
    pairs = graph.edges[["caller", "callee"]].drop_duplicates()
    parts = pieces(services, pairs)
    waits = condense(services, graph.edges[graph.edges["kind"] == "sync"])
    chain = waits.longest()
    fan = pd.DataFrame(
        {"fan_out": pairs["caller"].value_counts(), "fan_in": pairs["callee"].value_counts()}, index=services
    )
    fan = fan.fillna(0).astype(int).rename_axis("service").reset_index()
    possible = len(services) * (len(services) - 1)
    return Complexity(
        services=len(services),
        edges=len(pairs),
        pieces=parts,
        cyclomatic=len(pairs) - len(services) + parts,
        cycles=tuple(ring for ring in condense(services, pairs).rings if len(ring) > 1),
        depth=max(len(chain) - 1, 0),
        chain=tuple(waits.rings[ring] for ring in chain),
        fan=fan.sort_values(["fan_out", "fan_in", "service"], ascending=[False, False, True], ignore_index=True),
        density=len(pairs) / possible if possible else float("nan"),
    )
