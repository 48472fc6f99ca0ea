"""Ids of traces and spans in one form: hexadecimal ones in lower case and full length, others as they are."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scaling_lib.evidence.spans.part import MOST_EXAMPLES, Counted, shown
from scaling_lib.span_keys import WIDTHS, is_plain, pieces

HEX = re.compile("[0-9a-fA-F]+")
SHORTEST = 9  # hexadecimal digits: a shorter id lost no zeros in front, it was made by hand
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
