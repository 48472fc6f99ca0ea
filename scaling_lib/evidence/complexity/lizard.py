"""Functions of lizard's CSV, with its head (`-V`) or without."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.row_files import FileRows, rejected

COLUMNS = ("NLOC", "CCN", "token", "PARAM", "length", "location", "file", "function", "long_name", "start", "end")
NUMBERS = ("NLOC", "CCN", "start")
EXPORT = "lizard --csv > lizard.csv"


def functions(file: Path) -> FileRows:
    """A row a function: path, function, lines, complexity, start. Raises BrokenEvidence for what is no such CSV."""
    try:
        lines = [row for row in csv.reader(file.read_text(encoding="utf-8-sig").splitlines()) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BrokenEvidence(
            f"{file}: cannot be read as lizard's CSV ({error}); write it again: `{EXPORT}`."
        ) from error
    named = [name.strip() for name in lines[0]] if lines else []
    has_head = "NLOC" in named
    head = named if has_head else list(COLUMNS)
    if missing := [name for name in ("NLOC", "CCN", "file", "function") if name not in head]:
        raise BrokenEvidence(
            f"{file}: found no column {missing[0]} among {', '.join(named)}; expected {','.join(COLUMNS)}, as "
            f"`{EXPORT}` writes."
        )
    whole = [row for row in lines[has_head:] if len(row) == len(head)]
    if not whole:
        raise BrokenEvidence(
            f"{file}: found no row of {len(head)} values, the first is {','.join(lines[0])[:80]!r}; expected "
            f"{','.join(COLUMNS)}, as `{EXPORT}` writes."
        )
    table = pd.DataFrame(whole, columns=head)
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in NUMBERS if name in table}
    good = numbers["NLOC"].ge(0) & numbers["CCN"].ge(0) & (table["file"] != "")
    frame = pd.DataFrame(
        {
            "part": "function",
            "path": table["file"].str.replace("\\", "/", regex=False).str.removeprefix("./"),
            "function": table["function"],
            "lines": numbers["NLOC"],
            "complexity": numbers["CCN"],
            "start": numbers["start"].fillna(0) if "start" in numbers else 0,
        }
    )
    ragged = [",".join(row) for row in lines[has_head:] if len(row) != len(head)]
    return FileRows(
        format="lizard",
        frame=frame[good],
        rejected=(
            *rejected("another number of values than its head", ragged),
            *rejected("no numbers where they are expected", table[~good].to_dict("records")),
        ),
    )
