"""Spans of Parquet in the canonical columns; of those that are absent a note says what is taken instead."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.spans.part import KINDS, ROWS, Counted, Part, together, whole
from scaling_lib.words import listing

NEEDED = ("trace_id", "span_id", "parent_id", "service", "operation", "start_ns", "end_ns")
OPTIONAL = {
    "kind": "no span has a kind: client and server are not told apart",
    "error": "no column error: no span counts as failed",
}
FILE_NAMES = {"start": "start_ns", "end": "end_ns"}
FLOATS = "times in floating point, exact to some 100 ns at most"


def read_parquet(file: Path) -> tuple[Part, tuple[str, ...]]:
    """The spans of a file, and notes on the columns that it lacks.

    Raises BrokenEvidence where it cannot be read, or lacks a needed column.
    """
    try:
        opened = pq.ParquetFile(file)
        names = opened.schema_arrow.names
        if missing := [name for name in NEEDED if name not in names]:
            raise BrokenEvidence(
                f"{file}: found the columns {listing(names, 12)}, without {listing(missing)}; expected spans with "
                f"{', '.join(NEEDED)}, and kind, error, peer, follows and weight where they are known. Rename the "
                "columns, or mend the path in assessment.yaml."
            )
        known = [name for name in names if name in {*NEEDED, *OPTIONAL, "peer", "follows", "weight"}]
        parts = [_part(pa.Table.from_batches([batch])) for batch in opened.iter_batches(1 << 18, columns=known)]
        for part in parts:
            part.rows.validate(full=True)  # a text that is no Unicode is found here, and not where it is shown
    except (pa.ArrowException, OSError, ValueError) as error:
        words = " ".join(str(error).split())[:300]
        raise BrokenEvidence(f"{file}: cannot be read: {words}; expected spans as Parquet. Copy it again.") from None
    notes = tuple(note for name, note in OPTIONAL.items() if name not in names)
    return together(parts, ROWS), notes


def _part(table: pa.Table) -> Part:
    remarks = []
    columns = {}
    for field in ROWS:
        name = FILE_NAMES.get(field.name, field.name)
        if name == "state":
            columns[name] = _weights(table)
        elif name not in table.column_names:
            default = {"kind": KINDS[0], "peer": "", "error": False, "follows": False}[name]
            columns[field.name] = pa.array([default] * len(table), pa.scalar(default).type)
        else:
            column = table[name].combine_chunks()
            if pa.types.is_floating(column.type) and field.type == pa.int64():
                remarks.append(Counted(what=FLOATS, rows=len(column)))
            columns[field.name] = _as(column, field.type)
    arrays = [
        columns[field.name].dictionary_encode() if pa.types.is_dictionary(field.type) else columns[field.name]
        for field in ROWS
    ]
    return Part(rows=pa.table(arrays, schema=ROWS), remarks=tuple(remarks))


def _as(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The column in the wanted type, value by value where they are mixed; what cannot be is null."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type) and wanted == pa.int64():
        column = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
    plain = pa.string() if pa.types.is_dictionary(wanted) else wanted
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, None)
    try:
        if pa.types.is_fixed_size_binary(column.type) or (pa.types.is_floating(column.type) and plain == pa.string()):
            raise pa.ArrowInvalid
        made = column.cast(plain)
    except pa.ArrowException:
        values = column.to_pylist()
        made = pa.array([whole(each) if plain == pa.int64() else _plain(each, plain) for each in values], plain)
    return made.fill_null(False) if plain == pa.bool_() else made


def _plain(value: object, wanted: pa.DataType) -> object:
    """A value as text, bytes in hexadecimal; or whether it says yes."""
    if value is None:
        return None
    if wanted == pa.bool_():
        return str(value).lower() in ("true", "1", "error")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.hex() if isinstance(value, bytes) else str(value)


def _weights(table: pa.Table) -> pa.Array:
    """Weights of a column of its own, in the form a tracestate has them for the rest of the reading."""
    if "weight" not in table.column_names:
        return pa.array([""] * len(table), pa.string())
    return pc.binary_join_element_wise(
        "weight=", _as(table["weight"].combine_chunks(), pa.float64()).cast(pa.string()), ""
    )
