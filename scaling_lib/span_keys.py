"""Whole numbers in place of the ids of spans, by which those of one trace find each other, and their parents' rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]
NONE = -1
WIDTHS = (16, 32)  # digits of an id of 64 bits, of one of 128
PIECE = 1 << 13  # ids


@dataclass(frozen=True)
class Keys:
    """One number for each pair of trace and span id: of the spans, and of their parents (-1 where they name none)."""

    own: Rows
    parent: Rows


def keys(table: pa.Table) -> Keys:
    """The keys of spans, from their ids: trace_id a column of labels, span_id and parent_id of texts."""
    named = pc.not_equal(table["parent_id"], "")
    parents = table["parent_id"].filter(named)
    numbers, count = _numbered([*table["span_id"].chunks, *parents.chunks])
    trace = codes(table["trace_id"]).astype(np.int64) * count
    places = np.flatnonzero(named.to_numpy())
    parent = np.full(len(table), NONE, dtype=np.int64)
    parent[places] = trace[places] + numbers[len(table) :]
    return Keys(trace + numbers[: len(table)], parent)


def parent_rows(found: Keys) -> Rows:
    """The row of each span's parent, -1 where it names none or the parent is not here.

    Children of several spans of one key are the first one's.
    """
    own = pd.Index(found.own)
    if own.is_unique:
        return own.get_indexer(pd.Index(found.parent)).astype(np.int64)
    single = np.flatnonzero(~own.duplicated())
    place = pd.Index(found.own[single]).get_indexer(pd.Index(found.parent))
    return np.where(place >= 0, single[place], NONE).astype(np.int64)


def codes(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """The numbers of a column of labels; its labels are the same in all chunks."""
    whole: npt.NDArray[np.int32] = column.combine_chunks().indices.to_numpy()
    return whole


def _numbered(ids: list[pa.StringArray]) -> tuple[Rows, int]:
    """A number from 0 for each different id, and how many there are."""
    few = [piece for chunk in ids for piece in pieces(chunk)]
    if all(is_plain(piece, WIDTHS[0]) for piece in few):  # numbers are found several times as fast as texts
        numbers, different = pd.factorize(np.concatenate([hex_numbers(piece) for piece in few]))
        return numbers, len(different)
    texts = pa.chunked_array(ids, pa.string()).dictionary_encode().combine_chunks()
    return texts.indices.to_numpy().astype(np.int64), len(texts.dictionary)


def pieces(ids: pa.StringArray) -> Iterator[pa.StringArray]:
    """The ids some at a time, so few that what is worked out of them stays near the processor; one, where none is."""
    for at in range(0, max(len(ids), 1), PIECE):
        yield ids.slice(at, PIECE)


def is_plain(ids: pa.StringArray, width: int) -> bool:
    """Whether all are of lower-case digits and of this width, none zeros only; looked up in the bytes at once."""
    if ids.null_count:
        return False
    if not len(ids):
        return True
    _, offsets, _ = ids.buffers()
    lengths = np.diff(np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1])
    if (lengths != width).any():
        return False
    characters = _characters(ids)
    if not ((characters - ord("0") < 10) | (characters - ord("a") < 6)).all():  # bytes: below 0 they begin again
        return False
    words = characters.view(np.uint64).reshape(len(ids), width // 8)
    zeros = np.uint64(int.from_bytes(b"0" * 8, "little"))
    return not (words == zeros).all(axis=1).any()


def hex_numbers(ids: pa.StringArray) -> npt.NDArray[np.uint64]:
    """A number for each plain id of 16 digits: that of its two halves, read from their ends, eight digits at once."""
    if not len(ids):
        return np.zeros(0, dtype=np.uint64)
    digits = _characters(ids).view(np.uint64)
    half = (digits & 0x0F0F0F0F0F0F0F0F) + 9 * ((digits >> 6) & 0x0101010101010101)  # a letter is 9 more than its bits
    half = (half | half >> 4) & 0x00FF00FF00FF00FF
    half = (half | half >> 8) & 0x0000FFFF0000FFFF
    half = (half | half >> 16) & 0x00000000FFFFFFFF
    return np.asarray(half[::2] << 32 | half[1::2])


def _characters(ids: pa.StringArray) -> npt.NDArray[np.uint8]:
    _, offsets, data = ids.buffers()
    bounds = np.frombuffer(offsets, np.int32)
    return np.frombuffer(data, np.uint8)[bounds[ids.offset] : bounds[ids.offset + len(ids)]]
