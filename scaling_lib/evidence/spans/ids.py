"""Ids of traces and spans in one form: hexadecimal ones in lower case and full length, others as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scaling_lib.evidence.spans.part import MOST_EXAMPLES, Counted, shown

HEX = re.compile("[0-9a-fA-F]+")
SHORTEST = 9  # hexadecimal digits: a shorter id lost no zeros in front, it was made by hand
WIDTHS = (16, 32)
PIECE = 1 << 13  # ids
REWRITTEN = "ids in capitals or without leading zeros, written in lower case and full length"
NOT_HEX = "ids that are not hexadecimal, kept as they are"


def tidy_label(column: pa.ChunkedArray, remarks: list[Counted]) -> pa.DictionaryArray:
    """Trace ids in one form; null where there is none. Adds to `remarks` what was found."""
    column = column.combine_chunks()
    old = column.dictionary
    new = tidy_ids(old, [])
    if not new.equals(old):
        counts = np.bincount(column.indices.drop_null().to_numpy(), minlength=len(old))
        _remark(old.to_pylist(), new.to_pylist(), counts.tolist(), remarks)
        again = new.dictionary_encode()
        column = pa.DictionaryArray.from_arrays(again.indices.take(column.indices), again.dictionary)
    return column


def tidy_ids(column: pa.ChunkedArray | pa.Array, remarks: list[Counted]) -> pa.Array:
    """Ids in one form; null where there is none, or zeros only. Adds to `remarks` what was found."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    given = column.filter(pc.greater(pc.binary_length(column), 0))
    if any(all(is_plain(piece, width) for piece in pieces(given)) for width in WIDTHS):
        return column
    old = column.to_pylist()
    new = [_tidy(each) for each in old]
    _remark(old, new, [1] * len(old), remarks)
    return pa.array(new, pa.string())


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


def _tidy(value: str | None) -> str | None:
    if not value:
        return None
    if len(value) < SHORTEST or len(value) > WIDTHS[-1] or not HEX.fullmatch(value):
        return value
    full = value.lower().rjust(next(width for width in WIDTHS if len(value) <= width), "0")
    return full if full.strip("0") else None


def _remark(old: list[str | None], new: list[str | None], counts: list[int], remarks: list[Counted]) -> None:
    for what, hits in (
        (REWRITTEN, [k for k, (a, b) in enumerate(zip(old, new, strict=True)) if b is not None and a != b]),
        (NOT_HEX, [k for k, each in enumerate(new) if each is not None and not HEX.fullmatch(each)]),
    ):
        if rows := sum(counts[k] for k in hits):
            remarks.append(
                Counted(what=what, rows=rows, examples=tuple(shown(old[hit]) for hit in hits[:MOST_EXAMPLES]))
            )
