"""Simulated systems as files: the same evidence gives the same bytes."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scaling_lib.demo.generate import Demo
from scaling_lib.errors import InvalidInput

# What is smallest: times rise evenly, and the high bytes of small counts are all zero.
ENCODINGS = {"minute": "DELTA_BINARY_PACKED", "n": "BYTE_STREAM_SPLIT", "good": "BYTE_STREAM_SPLIT"}


def write(demo: Demo, folder: Path) -> Path:
    """Write a system's evidence into a new folder; raises as `make_folder`."""
    make_folder(folder)
    for path, content in contents(demo).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def make_folder(folder: Path) -> None:
    """Make a new folder; InvalidInput if it is there already, or cannot be made."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise InvalidInput(f"{folder}: is there already, and is never overwritten. Choose another folder.") from error
    except OSError as error:
        raise InvalidInput(f"{folder}: cannot be made ({error.strerror}). Choose another folder.") from error


def contents(demo: Demo) -> dict[str, bytes]:
    """The bytes of each file, by its path."""
    found = {path: _table(table, path) for path, table in demo.tables.items()}
    found |= {path: text.encode() for path, text in demo.texts.items()}
    return {
        path: gzip.compress(content, mtime=0) if path.endswith(".gz") else content
        for path, content in sorted(found.items())
    }


def _table(frame: pd.DataFrame, path: str) -> bytes:
    if not path.endswith(".parquet"):
        return frame.to_csv(index=False, lineterminator="\n").encode()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    encoded = {name: ENCODINGS[name.split("_")[0]] for name in table.column_names if name.split("_")[0] in ENCODINGS}
    target = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(None),
        target,
        compression="zstd",
        compression_level=6,
        use_dictionary=[name for name in table.column_names if name not in encoded],
        column_encoding=encoded or None,
    )
    return target.getvalue()
