"""Reads registers of technical debt: CSV, a row an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.row_columns import chosen, read_csv, utc
from scaling_lib.evidence.row_files import FileRows, Rows, read_rows, rejected

POINTS = ("p10", "p50", "p90")
PRINCIPAL = tuple(f"principal_h_{point}" for point in POINTS)
INTEREST = tuple(f"interest_h_qtr_{point}" for point in POINTS)
TEXTS = ("id", "title", "paths", "service", "owner", "kind", "opened", "status", "links")
COLUMNS = ("id", "title", "paths", "service", "owner", "kind", "opened", "open", "links", *PRINCIPAL, *INTEREST)
OVER = ("repaid", "closed", "done", "resolved", "fixed", "wontfix", "accepted")
EXPECTED = (
    f"a register with the columns id,title,paths,service,owner,kind,opened,{','.join(PRINCIPAL + INTEREST)},status"
)


@dataclass(frozen=True, kw_only=True)
class DebtSource:
    """Registers. path: a file or glob; columns: our names to those of the file."""

    path: str
    columns: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = ""


def read_debt(sources: Sequence[DebtSource]) -> Rows:
    """A row an item, see `COLUMNS`; one that is there twice, by its id, counts as it stands last.

    paths: a tuple, with * for anything (the file separates them by ;); opened: UTC, NaT where not said; open: whether
    its status is none of repaid, closed, done, ...; hours to repay, and hours lost a quarter, at 10%, 50% and 90%: all
    three NaN where the register does not say. Points that do not ascend are rejected.
    Raises BrokenEvidence where no file gives an item.
    """
    rows = read_rows("debt", sources, _read, time="opened", expected=EXPECTED)
    frame = rows.frame.drop_duplicates("id", keep="last").sort_values("id", kind="stable")
    return Rows(frame=frame.reset_index(drop=True), quality=rows.quality)


def _read(file: Path, source: DebtSource) -> FileRows:
    table = read_csv(file)
    names = (*TEXTS, *PRINCIPAL, *INTEREST)
    aliases = {name: (source.columns[name],) if name in source.columns else () for name in names}
    texts = chosen(file, table, aliases, ["id", "title"])
    numbers = texts[[*PRINCIPAL, *INTEREST]].apply(pd.to_numeric, errors="coerce")
    no_id = texts["id"] == ""
    broken = ~_ascend(texts, numbers, PRINCIPAL) | ~_ascend(texts, numbers, INTEREST)
    frame = texts.assign(
        paths=texts["paths"].map(lambda each: tuple(part.strip() for part in each.split(";") if part.strip())),
        opened=utc(texts["opened"]),
        open=~texts["status"].str.lower().isin(OVER),
        **{name: numbers[name] for name in numbers},
    )
    return FileRows(
        format="register",
        frame=frame.loc[~no_id & ~broken, list(COLUMNS)],
        rejected=(
            *rejected("no id", table[no_id].to_dict("records")),
            *rejected("hours that do not ascend from 0, or of which some are absent", list(texts.loc[broken, "id"])),
        ),
    )


def _ascend(texts: pd.DataFrame, numbers: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Whether three points ascend from 0, or none is given."""
    low, middle, high = (numbers[name] for name in names)
    none: pd.Series = (texts[list(names)] == "").all(axis=1)
    return none | ((low >= 0) & (low <= middle) & (middle <= high) & (high < np.inf))
