"""Files of one source that hold the same requests: copies that were made while a log was rotated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from scaling_lib.evidence.requests.reduce import Reduced
from scaling_lib.words import plural

CELLS = ["service", "route", "n", "errors", "sum_us"]
DIFFERENT = 3  # minutes of different content, and
REQUESTS = 20  # so many requests in them, are no chance
SHARE = 0.5  # of the minutes in which both have traffic: two servers answer the same in a quiet one now and then
MOST = 3  # pairs of files that are named


def overlap_notes(parts: Sequence[Reduced]) -> list[str]:
    """A note for each two files that hold the same requests in some minutes: there these are counted twice.

    A minute is the same where all its cells are: routes, requests, errors, and the sum of their durations to the
    microsecond. So nothing is read again; what is shared of less than three whole minutes is not seen.
    """
    if len({part.file for part in parts}) < 2:
        return []
    minutes = pd.concat([_minutes(part) for part in parts], ignore_index=True)
    first = minutes.groupby(["minute", "content"], sort=False)["file"].transform("first")
    same = minutes.assign(first=first)[first != minutes["file"]]
    found = [note for _, shared in same.groupby(["first", "file"]) for note in _note(minutes, shared)]
    more = [f"so do {plural(len(found) - MOST, 'more pair')} of files"] if len(found) > MOST else []
    return [*found[:MOST], *more]


def _minutes(part: Reduced) -> pd.DataFrame:
    """The minutes of a file: their requests, and a number that tells what is in each."""
    cells = part.counts[["minute", "n"]].assign(content=pd.util.hash_pandas_object(part.counts[CELLS], index=False))
    return cells.groupby("minute", as_index=False)[["n", "content"]].sum().assign(file=part.file)


def _note(minutes: pd.DataFrame, same: pd.DataFrame) -> Iterator[str]:
    different = same.drop_duplicates("content")
    if len(different) < DIFFERENT or different["n"].sum() < REQUESTS:
        return
    first, file = same["first"].iloc[0], same["file"].iloc[0]
    start, end = same["minute"].min(), same["minute"].max()
    between = minutes[minutes["minute"].between(start, end)]
    both = set(between.loc[between["file"] == first, "minute"]) & set(between.loc[between["file"] == file, "minute"])
    if len(same) >= SHARE * len(both):
        until = end + pd.Timedelta(minutes=1)
        yield (
            f"{first} and {file} hold the same {plural(int(same['n'].sum()), 'request')} in "
            f"{plural(len(same), 'minute')} from {start:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC, which are "
            "counted twice: was one copied while it was rotated? Take one out, or cut off what they share"
        )
