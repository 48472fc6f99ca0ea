"""Whole numbers in place of ids, by which spans of the same trace find each other, and their parents' rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from scaling_lib.evidence.spans.ids import WIDTHS, hex_numbers, is_plain, pieces

Rows = npt.NDArray[np.int64]
NONE = -1


@dataclass(frozen=True)
class Keys:
    """One number for each pair of trace and span id: of the spans, and of their parents (-1 where they name none)."""

    own: Rows
    parent: Rows


def keys(table: pa.Table) -> Keys:
    """The keys of spans, from their ids."""
    named = pc.not_equal(table["parent_id"], "")
    parents = table["parent_id"].filter(named)
    numbers, count = _numbered([*table["span_id"].chunks, *parents.chunks])
    trace = codes(table["trace_id"]).astype(np.int64) * count
    places = np.flatnonzero(named.to_numpy())
    parent = np.full(len(table), NONE, dtype=np.int64)
    parent[places] = trace[places] + numbers[len(table) :]
    return Keys(trace + numbers[: len(table)], parent)


def _numbered(ids: list[pa.StringArray]) -> tuple[Rows, int]:
    """A number from 0 for each different id, and how many there are."""
    few = [piece for chunk in ids for piece in pieces(chunk)]
    if all(is_plain(piece, WIDTHS[0]) for piece in few):  # numbers are found several times as fast as texts
        numbers, different = pd.factorize(np.concatenate([hex_numbers(piece) for piece in few]))
        return numbers, len(different)
    texts = pa.chunked_array(ids, pa.string()).dictionary_encode().combine_chunks()
    return texts.indices.to_numpy().astype(np.int64), len(texts.dictionary)


def parent_rows(found: Keys) -> Rows:
    """The row of each span's parent, -1 where it names none or the parent is not here. The spans' own keys differ."""
    return pd.Index(found.own).get_indexer(pd.Index(found.parent)).astype(np.int64)


def codes(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """The numbers of a column of labels; its labels are the same in all chunks."""
    whole: npt.NDArray[np.int32] = column.combine_chunks().indices.to_numpy()
    return whole


def one_trace_id(table: pa.Table) -> tuple[pa.Table, int]:
    """Trace ids of 64 bits that are the lower half of one of 128 bits are the same trace; how many there were.

    Zipkin's libraries pass on either; some services of a trace keep the lower half alone.
    """
    column = table["trace_id"].combine_chunks()
    ids = column.dictionary.to_pylist()
    short = {each for each in ids if len(each) == WIDTHS[0]}
    long: dict[str, str] = {}
    for each in ids if short else ():
        if len(each) == WIDTHS[1] and each[WIDTHS[0] :] in short:
            long[each[WIDTHS[0] :]] = "" if each[WIDTHS[0] :] in long else each
    whole = {low: each for low, each in long.items() if each}
    if not whole:
        return table, 0
    named = pa.array([whole.get(each, each) for each in ids], pa.string()).dictionary_encode()
    merged = pa.DictionaryArray.from_arrays(named.indices.take(column.indices), named.dictionary)
    return table.set_column(table.schema.get_field_index("trace_id"), table.schema.field("trace_id"), merged), len(
        whole
    )
