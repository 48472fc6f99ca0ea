"""Files of evidence before their format is known: which there are, and how they begin."""

from __future__ import annotations

import glob
import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

from scaling_lib.errors import BrokenEvidence

HEAD = 65_536
GZIP = b"\x1f\x8b"
RESCUE = "copy it again, or rescue what is whole with `gzip -dc FILE > rescued` and give that."


def files_of(path: str) -> list[Path]:
    """The files that a path or glob (`**` too) names, in the order of their names."""
    names = [path] if Path(path).is_file() else sorted(glob.glob(path, recursive=True))  # noqa: PTH207
    return [Path(name) for name in names if Path(name).is_file()]


def path_problems(path: str, files: Sequence[Path]) -> list[str]:
    """What is wrong with a path that gave these files; nothing where there are some."""
    if Path(path).is_dir():
        return [f"{path}: is a folder; expected files. Write {path}/* in assessment.yaml."]
    if not files:
        return [f"{path}: no file is there; expected at least one. Mend the path in assessment.yaml."]
    return []


def head_of(file: Path) -> tuple[bytes, bool]:
    """The first bytes of a file, unpacked, and whether it is gzipped; BrokenEvidence where that fails."""
    try:
        with file.open("rb") as raw:
            head = raw.read(HEAD)
        if not head.startswith(GZIP):
            return head, False
        with gzip.open(file) as packed:
            return packed.read(HEAD), True
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenEvidence(
            f"{file}: cannot be read or unpacked ({error}); expected a whole file. None of it is used: {RESCUE}"
        ) from error
