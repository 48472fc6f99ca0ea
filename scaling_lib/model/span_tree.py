"""The trees of spans: of each span its trace, the rows of its parent and of the topmost span, and who waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.span_keys import Keys, keys, parent_rows
from scaling_lib.words import listing, plural

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Texts = NDArray[np.object_]

JOINED = ("trace_id", "span_id", "parent_id")
CALLS = ("client", "producer")  # kinds of spans that ask another service for something
COMPLETE = ("trace_id", "span_id", "start_ns", "end_ns")  # of those that are needed, these have no gaps


@dataclass(frozen=True, kw_only=True, eq=False)
class SpanTree:
    """Arrays by row of the spans.

    trace: a number for each trace. parent: its row, -1 without one here; a span that names itself has none.
    root: whether it has none; orphan: those roots whose parent is missing. Spans in a circle are below no root.
    follows: whether its parent is here and does not wait for it, as the frame says.
    """

    trace: Integers
    parent: Integers
    root: Mask
    orphan: Mask
    follows: Mask

    @cached_property
    def above(self) -> Integers:
        """As parent, of roots their own row."""
        return np.where(self.root, np.arange(len(self.parent)), self.parent)

    @property
    def blocks(self) -> Integers:
        """As parent, -1 too of those that it does not wait for."""
        return np.where(self.follows, -1, self.parent)


def span_tree(spans: pd.DataFrame, asked_by: str, needs: Sequence[str] = ()) -> SpanTree:
    """The trees of a canonical frame of spans; follows may be absent, and parent_id be missing or "" of roots.

    needs: columns that the asker needs besides the three ids; asked_by: its name, with which an error begins.
    Of spans with one id in one trace the first is the parent of their children.
    Raises InvalidInput without a column that is needed, or where an id of a trace or span, or a time, is missing.
    """
    if not isinstance(spans, pd.DataFrame):
        raise InvalidInput(
            f"{asked_by}: found spans of type {type(spans).__name__}; expected the canonical frame of them."
        )
    if missing := [name for name in dict.fromkeys([*JOINED, *needs]) if name not in spans]:
        raise InvalidInput(f"{asked_by}: found no column {listing(missing)}; expected the canonical frame of spans.")
    for name in COMPLETE:
        if name in (*JOINED, *needs) and (broken := int(spans[name].isna().sum())):
            raise InvalidInput(
                f"{asked_by}: found {plural(broken, 'span')} without {name}; expected one of every span. Read the "
                "spans with `evidence.spans.read_spans`, which leaves out and counts what cannot be used."
            )
    trace, labels = pd.factorize(spans["trace_id"])
    found = _keys(spans, trace, len(labels))
    parent = parent_rows(found)
    parent[parent == np.arange(len(parent))] = -1
    root = parent < 0
    follows = spans["follows"].to_numpy(dtype=bool) if "follows" in spans else np.zeros(len(spans), dtype=bool)
    return SpanTree(
        trace=trace.astype(np.int64),
        parent=parent,
        root=root,
        orphan=root & (found.parent >= 0) & (found.parent != found.own),
        follows=follows & ~root,
    )


def topmost(above: Integers, apart: Mask) -> tuple[Integers, Mask]:
    """By row that of the topmost span, and whether the row itself or any between is `apart` (from its parent).

    above: the row of each one's parent, of roots their own. In a circle there is no topmost span: one of it is given.
    """
    up, behind = above.copy(), apart.copy()
    for _ in range(len(above).bit_length() + 1):  # the way doubles in each round
        if bool((up == up[up]).all()):
            break
        behind |= behind[up]
        up = up[up]
    return up, behind


def texts(spans: pd.DataFrame, name: str) -> Texts:
    """A column of labels as texts, "" where it or a label is missing; each label is one object: fast to compare."""
    if name not in spans:
        return np.full(len(spans), "", dtype=object)
    codes, labels = pd.factorize(spans[name])
    return np.asarray(np.array([*(str(label) for label in labels), ""], dtype=object)[codes])


def column(spans: pd.DataFrame, name: str, default: object) -> NDArray[np.object_]:
    """A column that may be absent."""
    return spans[name].to_numpy() if name in spans else np.full(len(spans), default)


def _keys(spans: pd.DataFrame, trace: NDArray[np.intp], traces: int) -> Keys:
    labels = pa.DictionaryArray.from_arrays(trace.astype(np.int32), pa.array(range(traces), pa.int32()))
    ids = {name: _strings(spans[name]) for name in ("span_id", "parent_id")}
    return keys(pa.table({"trace_id": labels, **ids}))


def _strings(ids: pd.Series[str]) -> pa.ChunkedArray:
    """The ids as Arrow's texts, "" where one is missing."""
    given = pa.array(ids.astype("str"))
    whole = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    return pa.chunked_array([whole.cast(pa.string()).fill_null("")])
