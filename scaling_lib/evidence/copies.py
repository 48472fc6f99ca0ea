"""Files that hold what another one already holds, such as a log and its copy, or a log and the same log packed."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path

from scaling_lib.evidence.files import GZIP


def copies(files: Iterable[Path]) -> dict[Path, Path]:
    """Each file that has the content of an earlier one, to that one; what is gzipped is compared unpacked.

    Only files of the same size are read. Empty files, and files that cannot be read, are no copies.
    """
    by_size: dict[int, list[Path]] = {}
    for file in files:
        try:
            by_size.setdefault(_unpacked_size(file), []).append(file)
        except OSError:
            continue
    first: dict[bytes, Path] = {}
    found: dict[Path, Path] = {}
    for alike in (group for size, group in by_size.items() if size and len(group) > 1):
        for file in alike:
            try:
                earlier = first.setdefault(_digest(file), file)
            except OSError:
                continue
            if earlier != file:
                found[file] = earlier
    return found


def _unpacked_size(file: Path) -> int:
    """Bytes; of a gzip as its last four bytes say, which is enough to tell what may be equal."""
    with file.open("rb") as raw:
        packed = raw.read(2) == GZIP
        size = raw.seek(0, 2)
        if not packed or size < 18:  # as long as the shortest gzip
            return size
        raw.seek(-4, 2)
        return int.from_bytes(raw.read(4), "little")


def _digest(file: Path) -> bytes:
    with file.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        if packed:
            try:
                with gzip.open(raw) as content:
                    return hashlib.file_digest(content, "sha256").digest()
            except (EOFError, zlib.error, gzip.BadGzipFile):  # cut short: its copies are, too
                raw.seek(0)
        return hashlib.file_digest(raw, "sha256").digest()
