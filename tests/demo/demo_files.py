"""Readers of the simulated files that share nothing with those who write them, nor with the library's own."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Change:
    """A file of a commit in a log; added and deleted are None for a binary file."""

    path: str
    added: int | None
    deleted: int | None
    old: str = ""


@dataclass(frozen=True)
class Commit:
    sha: str
    author: str
    email: str
    time: str
    changes: tuple[Change, ...]

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(change.path for change in self.changes)


def parse_log(text: str) -> list[Commit]:
    """`git log --numstat -z --pretty=format:%x1e%H%x1f%aN%x1f%aE%x1f%aI` by its definition, the oldest first."""
    commits = []
    for record in text.split("\x1e")[1:]:
        head, _, body = record.partition("\n")
        fields = body.split("\0")
        changes = []
        while fields and fields[0]:
            added, deleted, path = fields.pop(0).split("\t")
            old, path = ("", path) if path else (fields.pop(0), fields.pop(0))
            numbers = [None if number == "-" else int(number) for number in (added, deleted)]
            changes.append(Change(path, *numbers, old))
        assert set(fields) <= {""}
        commits.append(Commit(*head.split("\x1f"), tuple(changes)))
    return commits[::-1]


def metric(text: str) -> pd.Series:
    """The only series of a query_range answer, by its times."""
    ((_, series),) = metrics(text)
    return series


def metrics(text: str) -> list[tuple[dict[str, str], pd.Series]]:
    """Labels and values of each series of a query_range answer."""
    found = []
    for each in json.loads(text)["data"]["result"]:
        times, values = zip(*each["values"], strict=True)
        index = pd.to_datetime(times, unit="s", utc=True)
        found.append((each["metric"], pd.Series([float(value) for value in values], index)))
    return found
