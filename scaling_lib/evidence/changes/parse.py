"""Parses `git log --numstat`, with or without `-z`, into rows of files changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

FORMAT = "%x1e%H%x1f%aN%x1f%aE%x1f%aI"
COLUMNS = ("commit", "author", "email", "time", "path", "added", "deleted", "binary", "order")
RENAMED = re.compile(r"(.*?)\{(.*?) => (.*?)\}(.*)")
File = tuple[str, int, int, bool]


@dataclass(frozen=True, kw_only=True)
class ParsedLog:
    """rows: see `parse_log`; empty: commits without a file; broken: records that are none of a commit."""

    rows: pd.DataFrame
    empty: int
    broken: list[str]


def parse_log(text: str) -> ParsedLog:
    """A row for each file of each commit, the newest commit first as git writes them.

    Columns: commit, author, email, time (UTC), path (the name that the file has today, renames followed), added,
    deleted (lines; 0 of binary files), binary, order (of the commit, 0 the newest).
    text: of `git log HEAD --numstat -z -M --no-merges --pretty=format:%x1e%H%x1f%aN%x1f%aE%x1f%aI`; without `-z` names
    with unusual letters are in quotes, as git writes them.
    """
    read = _by_nul if "\0" in text else _by_line
    today: dict[str, str] = {}
    commits: list[list[str]] = []
    sizes: list[int] = []
    files: list[File] = []
    broken: list[str] = []
    for record in text.split("\x1e")[1:]:
        head, _, body = record.partition("\n")
        fields = head.rstrip("\0").split("\x1f")
        if len(fields) != 4:
            broken.append(head[:120])
            continue
        before = len(files)
        renames: list[tuple[str, str]] = []
        for path, old, added, deleted, binary in read(body):
            now = today.get(path, path)
            files.append((now, added, deleted, binary))
            if old:
                renames.append((old, now))
        for old, now in renames:  # older commits know the file by its old name
            today[old] = now
        commits.append(fields)
        sizes.append(len(files) - before)
    rows = _frame(commits, sizes, files)
    return ParsedLog(rows=rows, empty=sum(size == 0 for size in sizes), broken=broken)


def _by_nul(body: str) -> Iterator[tuple[str, str, int, int, bool]]:
    """path, old path or "", added, deleted, binary; a rename has an empty path, then two names."""
    parts = iter(body.split("\0"))
    for part in parts:
        added, _, rest = part.lstrip("\n").partition("\t")
        deleted, tab, path = rest.partition("\t")
        if not tab:
            continue
        old = ""
        if not path:
            old, path = next(parts, ""), next(parts, "")
        yield (path, old, *_lines(added, deleted))


def _by_line(body: str) -> Iterator[tuple[str, str, int, int, bool]]:
    for line in body.splitlines():
        fields = line.split("\t")
        if len(fields) != 3:
            continue
        added, deleted, path = fields
        found = RENAMED.fullmatch(path)
        old = ""
        if found:
            start, before, after, end = found.groups()
            old, path = ((start + middle + end).replace("//", "/").lstrip("/") for middle in (before, after))
        elif " => " in path:
            old, _, path = path.partition(" => ")
        yield (path, old, *_lines(added, deleted))


def _lines(added: str, deleted: str) -> tuple[int, int, bool]:
    if added.isdecimal() and deleted.isdecimal():
        return int(added), int(deleted), False
    return 0, 0, True


def _frame(commits: list[list[str]], sizes: list[int], files: list[File]) -> pd.DataFrame:
    heads = pd.DataFrame(commits, columns=["commit", "author", "email", "time"], dtype="str")
    heads["time"] = pd.to_datetime(heads["time"], utc=True, format="ISO8601", errors="coerce").astype(
        "datetime64[us, UTC]"
    )
    heads["order"] = range(len(heads))
    repeated = heads.loc[heads.index.repeat(sizes)].reset_index(drop=True)
    changed = pd.DataFrame(files, columns=["path", "added", "deleted", "binary"])
    changed = changed.astype({"path": "str", "added": "int64", "deleted": "int64", "binary": "bool"})
    return pd.concat([repeated, changed], axis=1)[list(COLUMNS)]
