"""Reads bills in FOCUS and AWS' Cost and Usage Reports into one table of costs a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.bills.columns import EXPECTED
from scaling_lib.evidence.bills.overlaps import without_doubles
from scaling_lib.evidence.bills.reduce import KEYS, BillFile, reduce_bill
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.sources import ReadSource, read_sources
from scaling_lib.words import listing, number

MICRO = 1_000_000
TAGS = ("service", "team", "owner", "application", "app", "project", "component", "cost-center", "costcenter")


@dataclass(frozen=True, kw_only=True)
class BillSource:
    """Files of a bill. path: a file or glob; tags: the keys that say whose a cost is, first found first."""

    path: str
    tags: tuple[str, ...] = TAGS
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Bills:
    """What was paid, in whole millionths of the currency.

    cells: a row a day, account, service, category, tag and currency: day (UTC), category (Usage, Purchase, Tax, Credit,
        Adjustment), tag (whose it is, "" for nobody's), effective, billed, listed, contracted and gross (the positive
        part of effective) as int64; n, billed_rows, listed_rows and contracted_rows: how many rows tell each.
    resources: the largest of the usage: service, tag, resource, gross; one stands for others of its service and tag.
    quality: one entry a source.
    """

    cells: pd.DataFrame
    resources: pd.DataFrame
    quality: tuple[Quality, ...] = ()

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies, that of the most gross cost first."""
        sums = self.cells.groupby("currency")["gross"].sum().sort_values(ascending=False, kind="stable")
        return tuple(map(str, sums.index))

    def of(self, currency: str = "") -> pd.DataFrame:
        """The cells of one currency, by default that of the most cost: currencies are never added."""
        return self.cells[self.cells["currency"] == (currency or self.currencies[0])].reset_index(drop=True)


def read_bills(sources: Sequence[BillSource]) -> Bills:
    """Read every file of every source. Raises BrokenEvidence where none gives a row that can be used."""
    found = read_sources(sources, _read)
    files = [file for each in found for file in each.read]
    kept, notes = without_doubles(files)
    cells = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=[*KEYS, "effective"])
    if cells.empty:
        problems = " ".join(problem for each in found for problem in each.problems)
        raise BrokenEvidence(
            problems or f"{', '.join(each.path for each in sources)}: found no row with a cost; expected {EXPECTED}."
        )
    keys = list(KEYS)
    money = [name for name in cells.columns if name not in keys]
    cells = cells.groupby(keys, as_index=False, observed=True)[money].sum().sort_values(keys, ignore_index=True)
    resources = pd.concat([each.resources for each in files]).groupby(["service", "tag", "resource"])[["gross"]].max()
    largest = resources.sort_values("gross", ascending=False, kind="stable").reset_index()
    places = {id(file): place for place, file in enumerate(files)}
    quality = [
        _quality(each, [note for file in each.read for note in notes.get(places[id(file)], [])]) for each in found
    ]
    quality[-1] = _with_notes(quality[-1], _whole_notes(cells))
    return Bills(cells=cells, resources=largest, quality=tuple(quality))


def _read(file: Path, source: BillSource) -> BillFile:
    return reduce_bill(file, source.tags)


def _quality(found: ReadSource[BillSource, BillFile], doubles: Sequence[str]) -> Quality:
    days = pd.DatetimeIndex([day for each in found.read for day in each.cells["day"].unique()])
    notes = [note for each in found.read for note in each.notes]
    return Quality(
        kind="bills",
        source=found.source.path,
        format=", ".join(sorted({each.format for each in found.read})),
        rows=sum(each.rows for each in found.read),
        start=days.min().to_pydatetime() if len(days) else None,
        end=(days.max() + pd.Timedelta(days=1)).to_pydatetime() if len(days) else None,
        rejected=tuple(reject for each in found.read for reject in each.rejected),
        origin=found.source.origin,
        problem=" ".join(found.problems),
        notes=(*found.notes, *dict.fromkeys(notes), *doubles),
    )


def _with_notes(quality: Quality, notes: Sequence[str]) -> Quality:
    return replace(quality, notes=(*quality.notes, *notes))


def _whole_notes(cells: pd.DataFrame) -> list[str]:
    """What is told of all files together: currencies, months that are not whole, services below nothing."""
    notes = []
    sums = cells.groupby("currency")["gross"].sum().sort_values(ascending=False)
    if len(sums) > 1:
        said = [f"{number(value / MICRO)} {name or '(no currency)'}" for name, value in sums.items()]
        notes.append(f"currencies are mixed ({listing(said)}): each is told apart, and {sums.index[0]} is looked at")
    days = pd.DatetimeIndex(cells.loc[cells["category"] == "Usage", "day"].unique()).sort_values()
    for day, word in ((days[0], "from"), (days[-1], "until")) if len(days) else ():
        whole = day.day == 1 if word == "from" else (day + pd.Timedelta(days=1)).day == 1
        if not whole:
            notes.append(f"{day:%Y-%m} is not whole: {word} {day:%Y-%m-%d}")
    net = cells.groupby("service")["effective"].sum()
    if len(below := net[net < 0]):
        notes.append(
            f"less than nothing was paid for {listing([str(name) for name in below.index])}: credits or refunds"
        )
    return notes
