"""What a decision rested on, so that it can be told later whether that is still the same: files and their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scaling_lib.assessment import Assessment
from scaling_lib.evidence.files import files_of
from scaling_lib.reading import FILE_NAME

USED = ("requests", "metrics", "spans", "load_tests", "slos", "alerts", "deployments", "changes")
BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """Files of one kind of evidence under one path or glob of the assessment.

    sha256: of all of them in the order of their names, "" where it is no file (a server, a repository).
    """

    kind: str
    path: str
    files: int
    sha256: str


def fingerprints(system: Assessment) -> tuple[Fingerprint, ...]:
    """Of the assessment itself and of all evidence that step 06 rests on.

    Paths are those that assessment.yaml names, and none that anything else does.
    """
    return tuple(_fingerprint(kind, system.folder, path) for kind, path in _places(system))


def _places(system: Assessment) -> Iterator[tuple[str, str]]:
    yield "assessment", FILE_NAME
    for kind in USED:
        for entry in getattr(system.config.evidence, kind):
            yield kind.replace("_", " "), entry.path or entry.url
            for beside in getattr(entry, "metrics", ()):
                yield "load metrics", beside.path or beside.url


def _fingerprint(kind: str, folder: Path, path: str) -> Fingerprint:
    files = [] if "://" in path else files_of(str(folder / path))
    if not files:
        return Fingerprint(kind=kind, path=path, files=0, sha256="")
    found = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            while block := content.read(BLOCK):
                found.update(block)
    return Fingerprint(kind=kind, path=path, files=len(files), sha256=found.hexdigest())
