"""The engine: DuckDB in this process, in UTC, within a limit of memory."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any

import duckdb

LINES = "max_line_size => 8000000, buffer_size => 33554432"  # of CSV and logs: lines of up to 8 MB
MEMORY = "200MB"


def connect(memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """A connection of its own; what does not fit into `memory` is spilled to a temporary folder."""
    # The engine makes the folder when it spills, and removes it; its default lies in the working folder.
    spill = Path(tempfile.gettempdir()) / f"scaling-assessment-{uuid.uuid4().hex}"
    engine = duckdb.connect(
        config={
            "memory_limit": memory,
            "preserve_insertion_order": False,
            "threads": 2,
            "temp_directory": str(spill),
        }
    )
    engine.execute("SET TimeZone = 'UTC'")
    return engine


def one(engine: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The single row of a query."""
    rows: list[tuple[Any, ...]] = engine.sql(query).fetchall()
    return rows[0]
