"""Hours that the clocks of a time zone showed twice or skipped, and the times of a file that fall into them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from scaling_lib.evidence.engine import one
from scaling_lib.evidence.requests.columns import Columns
from scaling_lib.evidence.window import parse_zone
from scaling_lib.words import plural

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Change = tuple[datetime, timedelta, timedelta]  # the instant, and the offset before and after it


def clock_notes(engine: duckdb.DuckDBPyConnection, columns: Columns, time_zone: str) -> list[str]:
    """A note for each change of the clocks in which some of the staged rows fall, and how they were read.

    The engine reads a time that came twice as the later one, and one that never was with the offset before.
    """
    if not columns.local or time_zone in ("", "UTC"):
        return []
    first, last = one(engine, "SELECT min(minute), max(minute) FROM requests")
    if first is None:
        return []
    range_ = (EPOCH + timedelta(minutes=first) - DAY, EPOCH + timedelta(minutes=last) + DAY)
    notes = [_note(engine, columns, time_zone, change) for change in _changes(parse_zone(time_zone), *range_)]
    return [note for note in notes if note]


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[Change]:
    """Each change of the zone's offset, found by day and then by halving."""

    def offset(time: datetime) -> timedelta:
        return time.astimezone(zone).utcoffset() or timedelta()

    while first < last:
        before, after = first, first + DAY
        old, new = offset(before), offset(after)
        if old != new:
            while after - before > SECOND:
                middle = before + (after - before) // 2
                before, after = (middle, after) if offset(middle) == old else (before, middle)
            yield after.replace(microsecond=0), old, new
        first += DAY


def _note(engine: duckdb.DuckDBPyConnection, columns: Columns, time_zone: str, change: Change) -> str:
    instant, old, new = change
    low, high = sorted((instant + old, instant + new))
    shown = f"TIMESTAMP '{low:%Y-%m-%d %H:%M:%S}' AND {columns.local} < TIMESTAMP '{high:%Y-%m-%d %H:%M:%S}'"
    count = one(engine, f"SELECT count(*) FROM raw WHERE {columns.where} AND {columns.local} >= {shown}")[0]
    if not count:
        return ""
    hour = f"local times from {low:%Y-%m-%d %H:%M} to {high:%H:%M}"
    rows = f"{plural(count, 'row has', 'rows have')} {hour}, which {time_zone}"
    if new < old:
        taken, left = _utc(low - new, high - new), _utc(low - old, high - old)
        return (
            f"{rows} had twice: all are read as the second time, {taken}, so a gap at {left} is of the clocks, "
            "no outage, and the stretch after it holds the requests of both; write times with an offset, or in UTC"
        )
    return f"{rows} never had: read as {_utc(low - old, high - old)}; is the `time_zone` right?"


def _utc(start: datetime, end: datetime) -> str:
    return f"{start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC"
