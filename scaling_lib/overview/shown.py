"""The ledger as a reader meets it: whole as data, and short on a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pandas as pd

from scaling_lib.evidence.quality import Quality
from scaling_lib.ledger import Ledger
from scaling_lib.words import plural, same_words, told_once

EVIDENCE_CAPTION = (
    "Each source, what was read and what was not. Origin: recorded or simulated, as assessment.yaml says; not said "
    "where it does not. Below a source: its gaps and remarks; in the data they have the ids of traces and spans."
)
EVIDENCE_BELOW = ("gaps", "remarks")
NO_REJECTS = "Every row that was read is counted: none was rejected. Rejected rows would stand here with their reasons."
NO_TRAFFIC = "No requests: access logs or tables of requests would fill this table with their routes."
SECOND = timedelta(seconds=1)
IDS = re.compile(r"\s*\((?:trace|span) [0-9a-f]{8,}[^()]*\)")


def evidence_table(ledger: Ledger) -> pd.DataFrame:
    """The ledger's table with the origin beside each source, and its times to the second, rounded outwards."""
    table = ledger.table()
    first = ["evidence", "origin", "source"]
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    blank = [pd.NaT] * (len(table) - len(ledger.sources))  # kinds that are absent or broken stand last, without a time
    starts = [pd.Timestamp(each.start).floor("s") if each.start else pd.NaT for each in ledger.sources]
    ends = [pd.Timestamp(each.end).ceil("s") if each.end else pd.NaT for each in ledger.sources]
    times = {"from": [*starts, *blank], "to": [*ends, *blank]}
    return table.assign(**{name: pd.to_datetime(pd.Series(column), utc=True) for name, column in times.items()})


def evidence_shown(ledger: Ledger) -> pd.DataFrame:
    """The same for a page: one column of times, no ids of traces, and what is said of several files said once."""
    table = evidence_table(ledger)
    times = [
        period(start.to_pydatetime(), end.to_pydatetime()).replace(" to ", "\nto ")
        if pd.notna(start) and pd.notna(end)
        else ""
        for start, end in zip(table["from"], table["to"], strict=True)
    ]
    remarks = [told_once(IDS.sub("", text)).replace(".; ", "; ") for text in table["remarks"]]
    table = table.assign(remarks=remarks).drop(columns=["from", "to"])
    table.insert(list(table.columns).index("rejected") + 1, "time (UTC)", times)
    whole = ["broken" if quality.problem else "" for quality in ledger.sources]
    kinds = [*whole, *[""] * (len(table) - len(whole))]
    rows = [_as_one(list(same)) for _, same in groupby(zip(kinds, table.to_dict("records"), strict=True), key=_alike)]
    return pd.DataFrame(rows, columns=table.columns).astype(table.dtypes.to_dict())


def _alike(row: tuple[str, dict[Any, Any]]) -> object:
    """Broken sources of one kind whose messages say the same are alike; every other row is one of its own."""
    broken, cells = row
    return (cells["evidence"], cells["origin"], same_words(str(cells["remarks"]))) if broken else id(cells)


def _as_one(same: Sequence[tuple[str, dict[Any, Any]]]) -> dict[Any, Any]:
    rows = [cells for _, cells in same]
    if len(rows) == 1:
        return rows[0]
    sums = {name: sum(row[name] for row in rows) for name in ("rows", "rejected")}
    told = told_once(" ".join(str(row["remarks"]) for row in rows))
    return rows[0] | sums | {"source": f"{rows[0]['source']} and {plural(len(rows) - 1, 'other')}", "remarks": told}


def stretches(quality: Quality) -> list[dict[str, object]]:
    """The stretches between a source's gaps."""
    if quality.start is None or quality.end is None:
        return []
    starts = [quality.start, *(gap.end for gap in quality.gaps)]
    ends = [*(gap.start for gap in quality.gaps), quality.end]
    return [
        {
            "kind": quality.kind,
            "source": quality.source,
            "start": pd.Timestamp(start),
            "end": pd.Timestamp(end),
            "label": period(start, end),
        }
        for start, end in zip(starts, ends, strict=True)
    ]


def period(start: datetime, end: datetime) -> str:
    """`2026-11-24 01:50 to 02:02:56`: to the second, rounded outwards; one date once, no seconds of 0."""
    first, last = start.replace(microsecond=0), whole_second(end)
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"{first:%Y-%m-%d} {_clock(first)} to {day}{_clock(last)}"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def whole_second(end: datetime) -> datetime:
    """The end of a range, rounded up to the second."""
    return end.replace(microsecond=0) + (SECOND if end.microsecond else timedelta())
