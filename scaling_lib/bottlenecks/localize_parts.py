"""What requests spend and where they fail, part by part: a service's own work, and the edges between services."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.critical_path import NEEDED, critical_path
from scaling_lib.model.span_tree import CALLS, Integers, Mask, SpanTree, column, span_tree, texts
from scaling_lib.words import plural

FEWEST_TRACES = 2  # one trace says nothing about how traces differ
ALIKE = ["service", "called_by", "called_as"]  # of calls that go to one callee
UNANSWERED = " (without its server's span)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """parts: a row a span: trace (a number), weight, service, callee ("" of own work), operation, seconds, fails.

    requests: traces, each as often as it weighs; traces: how many; start_ns, end_ns: of the window's spans.
    """

    parts: pd.DataFrame
    requests: float
    traces: int
    start_ns: int
    end_ns: int


def windows(normal: pd.DataFrame, faulty: pd.DataFrame) -> tuple[Window, Window]:
    """The parts of each span's time that no child covers, and the spans where an error began.

    A call's uncovered time is its edge's, with the callee's operation. A call without its server's span is its edge's
    with all its time, where calls alike (of the same service, operation and parent's operation) all go to one callee.
    Other time is own work, with the span's operation. An error began where no span that was waited for, at any depth,
    has one. Of spans with one id in one trace the first counts.
    Raises InvalidInput for what is no frame of spans, NotEnoughData with fewer than two traces.
    """
    found = [_parts(spans, f"localize, {name} spans") for spans, name in ((normal, "normal"), (faulty, "faulty"))]
    named, many = _named(pd.concat(found)), len(found[0])
    return _window(named.iloc[:many], normal), _window(named.iloc[many:], faulty)


def _window(parts: pd.DataFrame, spans: pd.DataFrame) -> Window:
    return Window(
        parts=parts,
        requests=float(parts.groupby("trace")["weight"].max().sum()),
        traces=int(parts["trace"].max()) + 1,
        start_ns=int(spans["start_ns"].min()),
        end_ns=int(spans["end_ns"].max()),
    )


def _parts(spans: pd.DataFrame, asked_by: str) -> pd.DataFrame:
    """With, of calls whose callee is not known, lone and the columns of ALIKE besides."""
    if not isinstance(spans, pd.DataFrame):
        raise InvalidInput(f"{asked_by}: found {type(spans).__name__}; expected a canonical frame of spans.")
    if spans.empty:
        raise NotEnoughData(
            f"{asked_by}: found none; expected those of at least {FEWEST_TRACES} traces, better dozens. Check the "
            "window's times, and that its spans were recorded."
        )
    tree = span_tree(spans, asked_by, NEEDED)
    single = ~spans.duplicated(["trace_id", "span_id"]).to_numpy()
    if not single.all():
        spans = spans[single]
        tree = span_tree(spans, asked_by, NEEDED)
    if not tree.trace.any():
        raise NotEnoughData(
            f"{asked_by}: found {plural(1, 'trace')}; expected at least {FEWEST_TRACES}, better dozens: a difference "
            "is measured by how much traces differ by themselves."
        )
    return _rows(spans, tree)


def _rows(spans: pd.DataFrame, tree: SpanTree) -> pd.DataFrame:
    path = critical_path(spans).spans
    service, operation = texts(spans, "service"), texts(spans, "operation")
    callee = texts(path, "callee")
    child = np.flatnonzero(tree.blocks >= 0)
    above = tree.blocks[child]
    leaf = np.bincount(above, minlength=len(spans)) == 0
    inner = operation.copy()
    answers = (callee[above] != "") & (service[child] == callee[above])
    inner[above[answers]] = operation[child[answers]]
    failed = np.array(pd.Series(column(spans, "error", False)).astype("boolean").fillna(False), dtype=bool)
    calls = np.isin(texts(spans, "kind"), CALLS) if "kind" in spans else np.ones(len(spans), dtype=bool)
    return pd.DataFrame(
        {
            "trace": tree.trace,
            "weight": column(spans, "weight", 1.0).astype(np.float64),
            "service": service,
            "callee": callee,
            "operation": inner,
            "seconds": path["exclusive_ns"].to_numpy() / 1e9,
            "fails": failed & ~_passed_on(failed, tree.blocks),
            "lone": leaf & (callee == "") & calls,
            "called_by": np.where(tree.root, "", operation[tree.above]),
            "called_as": operation,
        }
    )


def _passed_on(failed: Mask, blocks: Integers) -> Mask:
    """Whether a span that each one waited for failed, at any depth: a call in between may not say so."""
    found = np.zeros(len(failed), dtype=bool)
    rows = np.flatnonzero(failed)
    while len(rows):
        above = np.unique(blocks[rows])
        rows = above[(above >= 0) & ~found[above]]
        found[rows] = True
    return found


def _named(parts: pd.DataFrame) -> pd.DataFrame:
    """Calls without their server's span get the callee, and its operation, of calls alike."""
    known = parts[parts["callee"] != ""].groupby(ALIKE)[["callee", "operation"]]
    one = (known.nunique() == 1).all(axis=1)
    sure = known.first()[one]
    if sure.empty or not bool(parts["lone"].any()):
        return parts
    place = sure.index.get_indexer(pd.MultiIndex.from_frame(parts[ALIKE]))
    found = parts["lone"].to_numpy() & (place >= 0)
    callee, inner = (sure[name].to_numpy()[place] for name in ("callee", "operation"))
    return parts.assign(
        callee=np.where(found, callee, parts["callee"]),
        operation=np.where(found, inner + UNANSWERED, parts["operation"]),
    )
