"""The tables behind figures, taken out of a notebook: Parquet with types, and CSV that no spreadsheet will execute."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TYPES = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(table: dict[str, Any], folder: Path, name: str) -> None:
    """Write a table (the form of `scaling_lib.tables.encode`) as `<name>.parquet` and `<name>.csv`.

    The unit of a column stands in the Parquet field's metadata.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = table["columns"]
    fields = [
        pa.field(column["name"], TYPES[column["type"]], metadata={"unit": column["unit"]} if column["unit"] else None)
        for column in columns
    ]
    arrays = [_array(cells, column["type"]) for column, cells in zip(columns, table["data"], strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), folder / f"{name}.parquet")
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(column["name"]) for column in columns])
        writer.writerows(
            [harmless(cell) if isinstance(cell, str) else cell for cell in row]
            for row in zip(*table["data"], strict=True)
        )


def write_text(text: str, folder: Path, name: str) -> None:
    """Write a text file that a notebook made, such as Prometheus rules."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def harmless(text: str) -> str:
    """Text that a spreadsheet would run as a formula, with an apostrophe before it; numbers stay as they are."""
    if not text.startswith(FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _array(cells: list[Any], kind: str) -> pa.Array:
    if kind == "number":
        return pa.array([None if cell is None else float(cell) for cell in cells], TYPES[kind])
    if kind == "time":
        return pa.array(cells, pa.string()).cast(TYPES[kind])
    return pa.array(cells, TYPES[kind])
