"""The files of all sources of one kind, each read once, whatever names and copies it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.copies import copies
from scaling_lib.evidence.files import files_of, path_problems
from scaling_lib.evidence.progress import progress
from scaling_lib.words import listing


class Source(Protocol):
    """Where evidence is, and what is asked of it."""

    @property
    def path(self) -> str:
        """A file or glob."""


AnySource = TypeVar("AnySource", bound=Source)
Read = TypeVar("Read")


@dataclass(frozen=True, kw_only=True)
class ReadSource(Generic[AnySource, Read]):
    """What was read of one source.

    read: what each file gave, in the order of their names; problems: why a file gave nothing, or that there is none;
    notes: which files were left out, as another one holds the same.
    """

    source: AnySource
    read: list[Read] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_sources(
    sources: Iterable[AnySource], read: Callable[[Path, AnySource], Read]
) -> list[ReadSource[AnySource, Read]]:
    """Read every file of every source; a file reached twice, and files of the same content, are read once.

    read: what one file gives; it raises BrokenEvidence where the file cannot be read, which is a problem of its source,
    and the same content is tried again where another source has it.
    """
    found = [(source, files_of(source.path)) for source in sources]
    doubles = copies(dict.fromkeys(file.resolve() for _, files in found for file in files))
    seen: dict[Path, Path] = {}  # what was read, by the first file with its content
    return [_read(source, files, doubles, seen, read) for source, files in found]


def _read(
    source: AnySource,
    files: Sequence[Path],
    doubles: Mapping[Path, Path],
    seen: dict[Path, Path],
    read: Callable[[Path, AnySource], Read],
) -> ReadSource[AnySource, Read]:
    one: ReadSource[AnySource, Read] = ReadSource(source=source, problems=path_problems(source.path, files))
    again, copied = [], []
    for file in progress(files, f"Reading {Path(source.path).name}", "file"):
        own = file.resolve()
        content = doubles.get(own, own)
        if seen.get(content) == own:
            again.append(file.name)
        elif content in seen:
            copied.append(f"{file.name} ({seen[content].name})")
        else:
            try:
                one.read.append(read(file, source))
                seen[content] = own
            except BrokenEvidence as error:
                one.problems.append(str(error))
    if again:
        one.notes.append(f"{listing(again)}: given more than once, counted once")
    if copied:
        one.notes.append(f"left out as copies of another file (in brackets), counted once: {listing(copied)}")
    return one
