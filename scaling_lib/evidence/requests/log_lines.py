"""Logs and tables in which some line leaves a quote open: each line by itself, so that only that one is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from scaling_lib.evidence.engine import LINES, one
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.sql import literal, quoted

FIELD = r'"(?:[^"\\]|\\.)*"|\S+'  # as the engine's reader splits them: by blanks, outside of quotes
MAY_BE_QUOTED = (5, *range(8, 16))  # fields of a log line: the request, the referer, and what follows


def runs_on(engine: duckdb.DuckDBPyConnection) -> bool:
    """Whether some row of the table `raw` was read over the end of its line."""
    tests = " OR ".join(f"contains(f{place:02}, chr(10))" for place in MAY_BE_QUOTED)
    return bool(one(engine, f"SELECT coalesce(bool_or({tests}), FALSE) FROM raw")[0])


def split_lines(
    engine: duckdb.DuckDBPyConnection, file: Path, pack: str, names: Sequence[str], delimiter: str = ""
) -> Callable[[], tuple[Rejected, ...]]:
    """Make the table `raw` of the fields of each line that closes its quotes; returns what tells of the others.

    Slower than the engine's own reader of such files, which gives up at the first of those others.
    delimiter: of a table, whose first line names its columns; "" for a log.
    """
    bare = "text" if delimiter else "regexp_replace(text, '\\\\.', '', 'g')"
    quotes = f"length({bare}) - length(replace({bare}, '\"', ''))"
    engine.execute(
        f"CREATE TEMP TABLE lines AS SELECT line, text, ({quotes}) % 2 = 0 AS closed FROM "
        "(SELECT row_number() OVER () AS line, rtrim(text, chr(13)) AS text FROM read_csv("
        f"{literal(str(file))}{pack}, columns => {{'text': 'VARCHAR'}}, delim => '\x01', quote => '', escape => '', "
        "header => false, auto_detect => false, strict_mode => false, store_rejects => true, "
        f"rejects_table => 'unread', rejects_scan => 'unread_scans', {LINES})) WHERE trim(text) <> ''"
    )
    pattern, field, rows = FIELD, "CASE WHEN starts_with({0}, '\"') THEN {0}[2:-2] ELSE {0} END", "closed"
    if delimiter:
        pattern = f'(?:^|{re.escape(delimiter)})("(?:[^"]|"")*"|[^{re.escape(delimiter)}]*)'
        field = f"nullif(replace({field}, '\"\"', '\"'), '')"
        rows = "closed AND line > (SELECT min(line) FROM lines)"
    fields = ", ".join(f"{field.format(f'fields[{place}]')} AS {quoted(name)}" for place, name in enumerate(names, 1))
    engine.execute(
        f"CREATE TEMP TABLE raw AS SELECT {fields} FROM (SELECT regexp_extract_all(text, {literal(pattern)}, "
        f"{int(bool(delimiter))}) AS fields FROM lines WHERE {rows})"
    )

    def lost() -> tuple[Rejected, ...]:
        open_ = engine.sql("SELECT line, left(text, 120) FROM lines WHERE NOT closed ORDER BY line").fetchall()
        unread = engine.sql("SELECT DISTINCT line, left(csv_line, 120) FROM unread ORDER BY line").fetchall()
        return tuple(
            Rejected(reason=reason, rows=len(rows), examples=tuple(f"line {line}: {text}" for line, text in rows[:3]))
            for reason, rows in (("a quote is left open", open_), ("cannot be parsed", unread))
            if rows
        )

    return lost
