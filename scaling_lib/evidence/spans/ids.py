"""Ids of traces and spans in one form: hexadecimal ones in lower case and full length, others as they are."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scaling_lib.evidence.spans.part import MOST_EXAMPLES, Counted, shown

HEX = re.compile("[0-9a-fA-F]+")
SHORTEST = 9  # hexadecimal digits: a shorter id lost no zeros in front, it was made by hand
WIDTHS = (16, 32)
REWRITTEN = "ids in capitals or without leading zeros, written in lower case and full length"
NOT_HEX = "ids that are not hexadecimal, kept as they are"
LOWER_HEX = np.zeros(256, dtype=bool)
LOWER_HEX[list(b"0123456789abcdef")] = True


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
    if any(_is_plain(given, width) for width in WIDTHS):
        return column
    old = column.to_pylist()
    new = [_tidy(each) for each in old]
    _remark(old, new, [1] * len(old), remarks)
    return pa.array(new, pa.string())


def _is_plain(ids: pa.StringArray, width: int) -> bool:
    """Whether all are of lower-case digits and of this width, none zeros only; looked up in the bytes at once."""
    if ids.null_count:
        return False
    _, offsets, data = ids.buffers()
    if not len(ids) or data is None:
        return not len(ids)
    bounds = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1]
    if bounds[-1] - bounds[0] != width * len(ids) or (np.diff(bounds) != width).any():
        return False
    characters = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    if not LOWER_HEX[characters].all():
        return False
    words = characters.view(np.uint64).reshape(len(ids), width // 8)
    zeros = np.uint64(int.from_bytes(b"0" * 8, "little"))
    return not (words == zeros).all(axis=1).any()


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
