"""Which sources cover the same stretch of time: only those can be held against each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scaling_lib.evidence.quality import Quality
from scaling_lib.words import duration, listing

MOST_SOURCES = 4  # named of one group
MOST_GROUPS = 6


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Sources that share the stretch from `start` to `end`, and no other source with all of them."""

    sources: tuple[str, ...]
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds()


def overlaps(sources: Iterable[Quality]) -> list[Overlap]:
    """Each largest group of two or more sources that share time, those of most sources first, then the longest.

    Gaps within a source are not looked at. The groups are the maximal cliques of an interval graph (Gilmore and Hoffman
    1964): what is open just before something ends, where something began since the last end.
    """
    timed = [(each.start, each.end, each.source) for each in sources if each.start and each.end]
    found: list[Overlap] = []
    active: list[tuple[datetime, datetime, str]] = []
    for start, end, source in sorted(timed):
        still = [each for each in active if each[1] > start]
        if len(still) < len(active):
            found += _group(active)
        active = [*still, (start, end, source)]
    found += _group(active)
    return sorted(found, key=lambda each: (-len(each.sources), -each.seconds))


def overlaps_text(groups: list[Overlap]) -> str:
    """The groups in words, for a reader who asks which sources can be compared."""
    told = [
        f"{listing(each.sources, MOST_SOURCES)} share {duration(each.seconds)} from {each.start:%Y-%m-%d %H:%M} UTC"
        for each in groups
    ]
    if not told:
        return "No two sources overlap in time."
    more = f"; and {len(told) - MOST_GROUPS} more groups" if len(told) > MOST_GROUPS else ""
    return f"What overlaps, and can be compared: {'; '.join(told[:MOST_GROUPS])}{more}."


def _group(active: list[tuple[datetime, datetime, str]]) -> list[Overlap]:
    if len(active) < 2:
        return []
    start, end = max(each[0] for each in active), min(each[1] for each in active)
    return [Overlap(sources=tuple(each[2] for each in active), start=start, end=end)]
