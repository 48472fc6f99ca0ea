"""Files that hold rows of one kind: read each once, put together, with what was rejected and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality, Rejected
from scaling_lib.evidence.sources import ReadSource, Source, read_sources

EXAMPLES, EXAMPLE = 3, 120  # of rejected rows, and characters of each


class RowSource(Source, Protocol):
    """Where files of rows are, and whether they were recorded or simulated."""

    @property
    def origin(self) -> Origin:
        """As the assessment says."""


AnyRowSource = TypeVar("AnyRowSource", bound=RowSource)


@dataclass(frozen=True, kw_only=True, eq=False)
class FileRows:
    """What one file gave: its rows, those that could not be used by the reason, and what a reader should know."""

    format: str
    frame: pd.DataFrame
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """The rows of all files, in the order of the sources and files. quality: one entry a source."""

    frame: pd.DataFrame
    quality: tuple[Quality, ...] = ()


def read_rows(
    kind: str,
    sources: Sequence[AnyRowSource],
    read: Callable[[Path, AnyRowSource], FileRows],
    *,
    time: str = "",
    expected: str,
) -> Rows:
    """Read every file of every source into one table with the columns that `read` gives.

    time: the column that the ledger's range is of; expected: what a file should hold, for the error.
    Raises BrokenEvidence where no file gives a row.
    """
    return rows_of(kind, read_sources(sources, read), time=time, expected=expected)


def rows_of(kind: str, found: Sequence[ReadSource[AnyRowSource, FileRows]], *, time: str = "", expected: str) -> Rows:
    """As `read_rows`, of what was read already."""
    quality = tuple(_quality(kind, each, time) for each in found)
    frames = [file.frame for each in found for file in each.read if len(file.frame)]
    if not frames:
        problems = " ".join(each.problem for each in quality if each.problem)
        raise BrokenEvidence(problems or _nothing(quality, expected))
    return Rows(frame=pd.concat(frames, ignore_index=True), quality=quality)


def rejected(reason: str, rows: Sequence[object]) -> tuple[Rejected, ...]:
    """The entry for rows that cannot be used for one reason; none where there are none."""
    if not rows:
        return ()
    return (Rejected(reason=reason, rows=len(rows), examples=tuple(str(row)[:EXAMPLE] for row in rows[:EXAMPLES])),)


def _quality(kind: str, found: ReadSource[AnyRowSource, FileRows], time: str) -> Quality:
    times = pd.concat([file.frame[time] for file in found.read]).dropna() if time and found.read else pd.Series([])
    reasons: dict[str, Rejected] = {}
    for each in (reject for file in found.read for reject in file.rejected):
        old = reasons.get(each.reason, replace(each, rows=0, examples=()))
        examples = (*old.examples, *each.examples)[:EXAMPLES]
        reasons[each.reason] = replace(old, rows=old.rows + each.rows, examples=examples)
    return Quality(
        kind=kind,
        source=found.source.path,
        format=", ".join(sorted({file.format for file in found.read})),
        rows=sum(len(file.frame) for file in found.read),
        start=times.min().to_pydatetime() if len(times) else None,
        end=times.max().to_pydatetime() if len(times) else None,
        rejected=tuple(reasons.values()),
        origin=found.source.origin,
        problem=" ".join(found.problems),
        notes=(*found.notes, *dict.fromkeys(note for file in found.read for note in file.notes)),
    )


def _nothing(quality: Sequence[Quality], expected: str) -> str:
    reasons = [f"{each.reason} ({each.rows:,})" for entry in quality for each in entry.rejected]
    why = f"; rejected: {', '.join(reasons)}" if reasons else ""
    return f"{', '.join(each.source for each in quality)}: found no row that can be used{why}; expected {expected}."
