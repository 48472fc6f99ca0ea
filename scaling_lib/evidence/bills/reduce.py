"""A bill's rows reduced to cells in the engine: what is the same is added up before a single text is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import orjson
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.bills.columns import NOTHING, BillColumns, bill_columns
from scaling_lib.evidence.engine import LINES, connect
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.row_columns import utc
from scaling_lib.evidence.row_files import rejected
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import listing, plural

MONEY = ("effective", "billed", "listed", "contracted")
KEYS = ("day", "account", "service", "category", "tag", "currency")
CATEGORIES = {"usage": "Usage", "purchase": "Purchase", "tax": "Tax", "credit": "Credit", "adjustment": "Adjustment"}
DAY_US = 86_400_000_000
FEW = 100  # rows: fewer may happen to be whole cents
MOST_RESOURCES = 50
MOST_DAYS = 400  # that one charge is spread over: a year's is


@dataclass(frozen=True, kw_only=True, eq=False)
class BillFile:
    """What one file gave. cells, resources: see `Bills`; notes: what a reader should know."""

    file: Path
    format: str
    cells: pd.DataFrame
    resources: pd.DataFrame
    rows: int
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]


def reduce_bill(file: Path, tags: Sequence[str]) -> BillFile:
    """Read one file. tags: the keys that say whose a cost is, first found first."""
    engine = connect()
    try:
        table = _table(file)
        types = {str(name): str(kind) for name, kind, *_ in engine.sql(f"DESCRIBE SELECT * FROM {table}").fetchall()}
        columns = bill_columns(file, types)
        groups = engine.sql(_grouped(table, columns)).df()
        return _cells(file, columns, groups, tags)
    except duckdb.Error as error:
        raise BrokenEvidence(
            f"{file}: cannot be read as a table ({str(error).splitlines()[0][:200]}); expected a whole CSV or Parquet "
            "file. Export the bill again."
        ) from error
    finally:
        engine.close()


def _table(file: Path) -> str:
    if file.suffix.lower() in (".parquet", ".pq"):
        return f"read_parquet({literal(str(file))})"
    return f"read_csv({literal(str(file))}, header = true, all_varchar = true, quote = '\"', escape = '\"', {LINES})"


def _grouped(table: str, columns: BillColumns) -> str:
    """Texts as they stand, amounts in decimals: 5 million rows become some thousand before anything is parsed."""
    texts = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.texts.items())
    money = ", ".join(f"{sql} AS {name}" for name, sql in columns.money.items())
    keys = ", ".join(quoted(name) for name in columns.texts if name != "resource")
    own = "coalesce(effective, billed)"
    sums = ", ".join(
        f"{_micro(own if name == 'effective' else name)} AS {name}, "
        f"count({own if name == 'effective' else name}) AS {name}_rows"
        for name in MONEY
    )
    # One resource stands for its group: of what has no tag, somebody has to be told a name.
    return f"""
        SELECT {keys}, {own} IS NULL AS costless, count(*) AS n, {sums},
            count(effective) AS told, count_if({own} <> round({own}, 2)) AS fine,
            {_micro(f"greatest({own}, 0)")} AS gross, min(resource) AS resource
        FROM (SELECT {texts}, {money} FROM {table})
        GROUP BY ALL"""


def _micro(amount: str) -> str:
    """The sum in whole millionths; exact, as decimals are added."""
    return f"CAST(coalesce(round(sum({amount}), 6), 0) * 1000000 AS BIGINT)"


def _cells(file: Path, columns: BillColumns, groups: pd.DataFrame, tags: Sequence[str]) -> BillFile:
    cleaned = {name: _cleaned(groups[name]) for name in columns.texts if name not in ("tags", "resource")}
    start, end = (utc(cleaned.pop(name)) for name in ("start", "end"))
    category = cleaned["category"].str.lower().map(CATEGORIES).fillna(cleaned["category"].replace("", "Usage"))
    owners = {text: _owner(text, tags) for text in groups["tags"].unique()}
    cleaned["category"] = category
    frame = groups.assign(**cleaned, start=start, end=end, tag=groups["tags"].map(owners))
    lost, costless = frame["start"].isna(), frame["costless"].astype(bool)
    bad = [
        *_rejected("no charge period that can be read", frame[lost]),
        *_rejected("no cost that can be read", frame[~lost & costless]),
    ]
    used = frame[~lost & ~costless].reset_index(drop=True)
    daily = _spread(used)
    money = [*MONEY, *(f"{name}_rows" for name in MONEY), "gross"]
    cells = daily.groupby(list(KEYS), as_index=False, observed=True)[money].sum()
    named = used[used["category"] == "Usage"].groupby(["service", "tag", "resource"])[["gross"]].sum().reset_index()
    return BillFile(
        file=file,
        format=columns.format,
        cells=cells.rename(columns={"effective_rows": "n"}),
        resources=named.nlargest(MOST_RESOURCES, "gross").reset_index(drop=True),
        rows=int(used["effective_rows"].sum()),
        rejected=tuple(bad),
        notes=tuple(_notes(columns, used)),
    )


def _cleaned(texts: pd.Series) -> pd.Series:
    plain = texts.astype(str).str.strip()
    return plain.where(~plain.str.lower().isin(NOTHING.strip("()").replace("'", "").split(", ")), "")


def _owner(text: str, keys: Sequence[str]) -> str:
    """Whose a cost is: the value of the first of the keys that its tags have; "" for none."""
    try:
        found = orjson.loads(text) if text.strip().startswith(("{", "[")) else {}
    except orjson.JSONDecodeError:
        return ""
    if isinstance(found, list):
        found = {each.get("key"): each.get("value") for each in found if isinstance(each, dict)}
    own = {str(key).lower().rpartition(":")[2]: str(value or "").strip() for key, value in found.items()}
    return next((own[key.lower()] for key in keys if own.get(key.lower())), "")


def _rejected(reason: str, frame: pd.DataFrame) -> tuple[Rejected, ...]:
    if frame.empty:
        return ()
    told = rejected(reason, [f"{row.service} {row.category} {row.n} rows" for row in frame.itertuples()])
    return (replace(told[0], rows=int(frame["n"].sum())),)


def _spread(frame: pd.DataFrame) -> pd.DataFrame:
    """Usage charged for longer than a day, spread over its days to the millionth; other charges at their start."""
    first = frame["start"].dt.floor("D")
    lasts = (frame["end"] - first).dt.total_seconds() / 86400
    days = np.where(frame["category"] == "Usage", np.ceil(lasts.fillna(1.0).to_numpy() - 1e-9), 1.0)
    days = np.clip(days, 1, MOST_DAYS).astype(np.int64)
    rows = np.repeat(np.arange(len(frame)), days)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(days) - days, days)
    many, spread = days[rows], frame.iloc[rows].reset_index(drop=True)
    for name in (*MONEY, "gross"):
        whole = spread[name].to_numpy(dtype=np.int64)
        spread[name] = whole // many + (place < whole % many)
    for name in MONEY:
        spread[f"{name}_rows"] = np.where(place == 0, spread[f"{name}_rows"], 0)
    return spread.assign(day=first.iloc[rows].reset_index(drop=True) + pd.to_timedelta(place, unit="D"))


def _notes(columns: BillColumns, used: pd.DataFrame) -> list[str]:
    notes = []
    total = int(used["effective_rows"].sum())
    if columns.absent:
        notes.append(f"no column of {listing([f'{name} cost' for name in columns.absent])}")
    fallen = int((used["effective_rows"] - used["told"]).sum())
    if fallen and "effective" not in columns.absent:
        notes.append(f"{plural(fallen, 'row')} without an effective cost: their billed cost is taken")
    elif "effective" in columns.absent:
        notes.append("billed cost is taken for effective cost: upfront payments stand where they were paid")
    if total >= FEW and not int(used["fine"].sum()):
        notes.append("every cost is rounded to cents: small rows are lost, and rates of savings from it are not exact")
    for name in ("listed", "contracted"):
        missing = int((used["effective_rows"] - used[f"{name}_rows"]).sum())
        if name not in columns.absent and missing:
            notes.append(f"{plural(missing, 'row')} without a {name} cost")
    corrected = used[used["kind"].str.lower() == "correction"]
    if len(corrected):
        notes.append(f"{plural(int(corrected['n'].sum()), 'row')} correct an earlier bill")
    return notes
