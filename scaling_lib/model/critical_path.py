"""The critical path of traces: which spans a request waited for, how long for each alone, and what would be saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.model.callees import callees
from scaling_lib.model.critical_path_walk import Walked, walk
from scaling_lib.model.span_tree import SpanTree, span_tree
from scaling_lib.words import listing

By = Literal["operation", "service", "edge", "span"]
Integers = NDArray[np.int64]

NEEDED = ("service", "operation", "start_ns", "end_ns")
ARROW = " -> "
ASYNCHRONOUS = "spans that their parent does not wait for, with what is below them"
ORPHAN = "orphans: their parent is missing, each is a root of its own"
SEVERAL = "further roots of a trace, each with a path of its own"
OUTSIDE = "spans of which nothing is within their parent, and spans below them"
CLIPPED = "spans that reach beyond their parent, of which the part within is counted"
CIRCLE = "spans that are their own ancestors, and spans below them"


@dataclass(frozen=True, kw_only=True, eq=False)
class CriticalPath:
    """What the roots waited for.

    spans: a row a span, in the order given: trace_id, span_id, service, operation; callee, whom a call calls ("" of
        other spans); root, the row of its root in `by_root` (-1 of spans on no root's tree); on_path; exclusive_ns, its
        time on the path without that of its children on the path; drag_ns, by how much the root would be shorter
        without it (0 off the path); slack_ns, by how much later it may start than at the earliest without making the
        root longer (0 on the path, NaN on no root's tree).
    by_root: a row a root: trace_id, span_id, service, operation, duration_s, start_ns, weight (how many traces of the
        system it stands for), spans (on its tree, itself included), orphan (whether its parent is missing).
    ambiguity: what the path leaves out or cuts: a row a reason, with spans and their own seconds, 0 without any.
    """

    spans: pd.DataFrame
    by_root: pd.DataFrame
    ambiguity: pd.DataFrame

    def exclusive(self, by: By = "operation", *, journey: str | None = None) -> pd.Series[float]:
        """Seconds on critical paths by name, most first; they add up to the durations of the roots.

        by: operation and span are the span's own. service: whose time it is; what of a call its callee's span does not
            cover (the network, waiting to be taken on) is the callee's. edge: that is apart, as "caller -> callee", and
            a service's own work under its name.
        journey: of the roots with this operation alone, orphans left out; None: of all roots, also of orphans.
        Each root counts as often as its weight says.
        """
        return self._sums("exclusive_ns", by, journey)

    def drag(self, by: By = "operation", *, journey: str | None = None) -> pd.Series[float]:
        """Seconds that the roots would be shorter without each name's spans, taken one by one; see `exclusive`."""
        return self._sums("drag_ns", by, journey)

    def share(self, by: By = "operation", *, journey: str | None = None) -> pd.Series[float]:
        """As `exclusive`, as fractions of the durations of the roots."""
        seconds = self.exclusive(by, journey=journey)
        total = float(seconds.sum())
        return seconds / total if total > 0 else seconds

    def _sums(self, amount: str, by: By, journey: str | None) -> pd.Series[float]:
        if by not in get_args(By):
            raise InvalidInput(f"critical_path: found by={by!r}; expected one of {listing(get_args(By))}.")
        rows = np.flatnonzero(self.spans["on_path"].to_numpy())
        root = self.spans["root"].to_numpy()[rows]
        if journey is not None:
            named = (self.by_root["operation"].astype("str") == journey).to_numpy()
            wanted = named & ~self.by_root["orphan"].to_numpy()
            if not wanted.any():
                known = sorted(set(self.by_root["operation"].astype("str")[~self.by_root["orphan"]]))
                raise InvalidInput(f"critical_path: no root has the operation {journey!r}; they are {listing(known)}.")
            rows, root = rows[wanted[root]], root[wanted[root]]
        seconds = self.spans[amount].to_numpy()[rows] / 1e9 * self.by_root["weight"].to_numpy()[root]
        codes, names = self._names(rows, by)
        sums = np.bincount(codes, weights=seconds, minlength=len(names))
        found = pd.Series(sums, index=pd.Index(names, name=by), name="seconds", dtype=np.float64)
        return found.sort_values(ascending=False, kind="stable")

    def _names(self, rows: Integers, by: By) -> tuple[Integers, NDArray[np.object_]]:
        if by in ("operation", "span"):
            codes, names = pd.factorize(self.spans["operation" if by == "operation" else "span_id"].iloc[rows])
            return codes.astype(np.int64), np.asarray(names.astype(str), dtype=object)
        service, services = pd.factorize(self.spans["service"].iloc[rows])
        callee, called = pd.factorize(self.spans["callee"].iloc[rows])
        pairs, own = np.unique(service.astype(np.int64) * len(called) + callee, return_inverse=True)
        texts = [(str(services[pair // len(called)]), str(called[pair % len(called)])) for pair in pairs]
        if by == "edge":
            given = [f"{one}{ARROW}{other}" if other else one for one, other in texts]
        else:
            given = [other or one for one, other in texts]
        different, code = np.unique(np.array(given, dtype=object), return_inverse=True)
        return code[own].astype(np.int64), different


def critical_path(spans: pd.DataFrame, *, overlap_tolerance_s: float = 0.0) -> CriticalPath:
    """The critical path of every root, its exclusive times, drag and slack.

    spans: the canonical frame, see `evidence.spans`, of whole traces; kind, peer, follows and weight may be absent.
    overlap_tolerance_s: siblings that overlap by no more than this, in seconds, are taken to run one after another,
        and the earlier one to end where the later one starts: for clocks that are a little off.

    Children are clipped to their parent; of one that lasts 0 then, nothing is left, nor of what is below it. A parent
    waits for the child that ends last, and before it for the last sibling that ended when that one started, and so on;
    of those that end together for the one that started first, then for the smaller span id. What follows (is
    asynchronous) blocks nobody; what it and what is below it take is in `ambiguity`, and on no path. Exclusive times
    on a root's path sum to its duration. Every root, also an orphan, has a path of its own.

    Drag is that of Devaux: the smaller of a span's duration and the least float of those that run beside it under one
    parent, and never more than its parent's; float is how much later one could end before it were waited for. What
    starts after a span moves up with it, the parent's own work stays as long as it is. Drags of spans below one another
    are the same time, and do not add up.

    Raises InvalidInput for a frame without the columns that are needed, or without ids or times.
    Measured (tests/benchmarks/bench_critical_path.py): 5,000,000 spans, 20 a trace, 5.2 s of CPU and 1.6 GB at most,
    the frame included (6.9 s and 2.0 GB with plain strings, 7.9 s in shuffled rows); 500,000 spans 0.38 s.
    Sources: Devaux, Total Project Control (1999), for drag; Zhang and others, CRISP, USENIX ATC (2022), for the path.
    """
    if not 0 <= overlap_tolerance_s < np.inf:
        raise InvalidInput(
            f"critical_path: found overlap_tolerance_s {overlap_tolerance_s}; expected seconds, 0 or more, such as "
            "0.001."
        )
    tree = span_tree(spans, "critical_path", NEEDED)
    roots = np.flatnonzero(tree.root)
    blocking = tree.blocks
    start, end = (spans[name].to_numpy(dtype=np.int64) for name in ("start_ns", "end_ns"))

    def ranks(rows: Integers) -> Integers:
        return pd.factorize(spans["span_id"].iloc[rows], sort=True)[0].astype(np.int64)

    walked = walk(start, end, blocking, roots, ranks=ranks, tolerance=round(overlap_tolerance_s * 1e9))
    number = np.full(len(spans) + 1, -1, dtype=np.int64)
    number[roots] = np.arange(len(roots))
    root = number[walked.root]
    table = pd.DataFrame(
        {
            **{name: spans[name].array for name in ("trace_id", "span_id", "service", "operation")},
            "callee": callees(spans, tree, blocking),
            "root": root,
            "on_path": walked.on_path,
            "exclusive_ns": walked.exclusive,
            "drag_ns": walked.drag,
            "slack_ns": np.where(root >= 0, walked.slack, np.nan),
        }
    )
    weight = spans["weight"].to_numpy(dtype=np.float64) if "weight" in spans else np.ones(len(spans))
    by_root = pd.DataFrame(
        {
            **{name: spans[name].array[roots] for name in ("trace_id", "span_id", "service", "operation")},
            "duration_s": np.maximum(end - start, 0)[roots] / 1e9,
            "start_ns": start[roots],
            "weight": weight[roots],
            "spans": np.bincount(root[root >= 0], minlength=len(roots)),
            "orphan": tree.orphan[roots],
        }
    )
    return CriticalPath(spans=table, by_root=by_root, ambiguity=_ambiguity(tree, walked, end - start))


def _ambiguity(tree: SpanTree, walked: Walked, length: Integers) -> pd.DataFrame:
    """How much of the spans is not told apart by the path."""
    rows = [
        (what, int(mask.sum()), float(np.maximum(length[mask], 0).sum()) / 1e9) for what, mask in _reasons(tree, walked)
    ]
    return pd.DataFrame(rows, columns=["what", "spans", "seconds"]).set_index("what")


def _reasons(tree: SpanTree, walked: Walked) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    behind, circle, outside = _above(tree, walked)
    roots = np.flatnonzero(tree.root)
    further = np.zeros(len(tree.root), dtype=bool)
    further[roots[pd.Series(tree.trace[roots]).duplicated().to_numpy()]] = True
    yield ASYNCHRONOUS, behind
    yield ORPHAN, tree.orphan
    yield SEVERAL, further
    yield OUTSIDE, outside
    yield CLIPPED, walked.clipped
    yield CIRCLE, circle


def _above(tree: SpanTree, walked: Walked) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Of the spans on no root's tree: those below one that follows, those in a circle, and the rest, outside."""
    rows = np.flatnonzero(walked.root < 0)
    place = np.full(len(tree.parent) + 1, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    up = place[tree.parent[rows]]  # place[-1] is -1, too
    behind = tree.follows[rows]
    for _ in range(len(rows).bit_length() + 1):  # the way doubles in each round
        if not bool((up >= 0).any()):
            break
        behind = behind | (behind[up] & (up >= 0))
        up = np.where(up >= 0, up[up], -1)
    found = [np.zeros(len(tree.parent), dtype=bool) for _ in range(3)]
    found[0][rows[behind]] = True
    found[1][rows[(up >= 0) & ~behind]] = True
    found[2][rows[(up < 0) & ~behind]] = True
    return found[0], found[1], found[2]
