"""The trees that spans make: who blocks whom, and what in them does not fit together.

A span does not block its parent where its only reference to it is FOLLOWS_FROM (Jaeger) or a link into the same trace
(OTLP), which the readers say, and where it consumes the parent's message: a consumer, unless its parent is of its own
service and no producer (a loop that polls, and waits for it). Clocks are not corrected: what they did is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scaling_lib.span_keys import Keys, codes, parent_rows
from scaling_lib.words import duration

CIRCLE = "spans that are their own ancestors, taken as roots"
FOLLOWS = "spans that follow their parent without blocking it (FOLLOWS_FROM, a link, or a consumer of its message)"
ORPHAN = "orphans: spans with a parent that is not here, each a further root"
OUTSIDE = "spans wholly outside of their parent, whose critical path leaves them out"
CLIPPED = "spans that reach beyond their parent, clipped to it on the critical path"
SKEWED = "clock skew, not corrected: servers that start before their client, by up to {most}"
SEVERAL = "traces with several roots, each a tree of its own"
ROOTLESS = "traces without their root, only with orphans"
WEIGHTED = "sampled spans, of which each stands for {of}"
MIXED = "spans without a sampling weight while others have one, counted as 1, so that shares may be biased"

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fact:
    """Something that holds for some rows."""

    what: str
    rows: Mask


def grown(table: pa.Table, found: Keys) -> tuple[pa.Table, list[Fact]]:
    """The spans with `follows` decided and circles cut, and what was found in their trees. No two spans have one id."""
    parents = parent_rows(found)
    circle = _circles(parents)
    orphan = (found.parent >= 0) & (parents < 0)
    parents[circle] = -1
    child = parents >= 0
    at = np.where(child, parents, 0)

    kind = {name: _is(table["kind"], name) for name in ("server", "client", "producer", "consumer")}
    services = codes(table["service"])
    own_loop = child & (services[at] == services) & ~kind["producer"][at]
    follows = table["follows"].to_numpy() | (kind["consumer"] & (found.parent >= 0) & ~own_loop)
    follows &= ~circle

    start, end = (table[name].to_numpy() for name in ("start_ns", "end_ns"))
    blocks = child & ~follows
    outside = blocks & _outside(start, end, start[at], end[at])
    early = child & kind["server"] & kind["client"][at] & (start < start[at])
    most = int((start[at] - start)[early].max()) / 1e9 if early.any() else 0
    facts = [
        Fact(CIRCLE, circle),
        Fact(FOLLOWS, follows),
        Fact(ORPHAN, orphan),
        Fact(OUTSIDE, outside),
        Fact(CLIPPED, blocks & ~outside & ((start < start[at]) | (end > end[at]))),
        Fact(SKEWED.format(most=duration(most)), early),
        *_roots(codes(table["trace_id"]), parents < 0, orphan),
    ]
    return _with(table, parent_id=_cut(table, circle), follows=pa.array(follows)), facts


def weight_facts(weights: npt.NDArray[np.float64]) -> Iterator[Fact]:
    """What the sampling weights of spans are; of those that say none it is not a number."""
    weighted = weights > 1
    if weighted.any():
        few, many = weights[weighted].min(), weights[weighted].max()
        of = f"{few:g}" if few == many else f"{few:g} to {many:g}"
        yield Fact(WEIGHTED.format(of=of), weighted)
        yield Fact(MIXED, np.isnan(weights))


def _circles(parents: npt.NDArray[np.int64]) -> Mask:
    """Which spans are their own ancestors: jumping to the parent's parent and on, doubling, only circles never end."""
    circle = np.zeros(len(parents), dtype=bool)
    if not len(parents):
        return circle
    up = np.where(parents < 0, np.arange(len(parents)), parents)
    steps = 1
    while steps < 2 * len(parents):
        if (parents[up] < 0).all():
            return circle
        up = up[up]
        steps *= 2
    circle[up[parents[up] >= 0]] = True
    return circle


def _outside(
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    begin: npt.NDArray[np.int64],
    finish: npt.NDArray[np.int64],
) -> Mask:
    """Whether nothing of a span is within the parent's time; one that lasts 0 may lie on its edge."""
    apart = (end < begin) | (start > finish)
    touches = (end > start) & ((end <= begin) | (start >= finish))
    return np.asarray(apart | touches)


def _roots(traces: npt.NDArray[np.int32], root: Mask, orphan: Mask) -> Iterator[Fact]:
    """Traces with more than one root, and with none but orphans; the first root of each stands for it."""
    places = np.flatnonzero(root)
    named, first, counts = np.unique(traces[places], return_index=True, return_counts=True)
    whole = np.isin(named, traces[root & ~orphan])
    for what, chosen in ((SEVERAL, counts > 1), (ROOTLESS, ~whole)):
        mask = np.zeros(len(root), dtype=bool)
        mask[places[first[chosen]]] = True
        yield Fact(what, mask)


def _is(column: pa.ChunkedArray, label: str) -> Mask:
    code = column.combine_chunks().dictionary.index(label).as_py()
    return np.asarray(codes(column) == code)


def _cut(table: pa.Table, circle: Mask) -> pa.ChunkedArray | pa.Array:
    parents = table["parent_id"]
    return pc.if_else(pa.array(circle), "", parents) if circle.any() else parents


def _with(table: pa.Table, **columns: pa.ChunkedArray | pa.Array) -> pa.Table:
    for name, column in columns.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
    return table
