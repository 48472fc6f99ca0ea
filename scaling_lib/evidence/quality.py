"""What was found in one evidence source: rows, time range, gaps, and what was rejected and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """Rows that could not be used, for one reason, with a few examples as they stand in the file."""

    reason: str
    rows: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A stretch without any row, longer than the source's own rhythm explains."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The ledger's line for one source.

    kind: the evidence kind, such as "requests"; source: the file or URL, without secrets; format: as recognised.
    rows: rows that were used; start, end: their time range in UTC, None without a time.
    origin: "recorded", "simulated" or "" as the assessment says.
    problem: why nothing, or not all, of the source could be read; "" when all is well.
    notes: what a reader should know, such as an absent column.
    """

    kind: str
    source: str
    format: str
    rows: int
    start: datetime | None = None
    end: datetime | None = None
    rejected: tuple[Rejected, ...] = ()
    gaps: tuple[Gap, ...] = ()
    origin: str = ""
    problem: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def rejected_rows(self) -> int:
        """How many rows were rejected, for all reasons."""
        return sum(row.rows for row in self.rejected)
