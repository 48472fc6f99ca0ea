"""What was read from a file, kept on the disk until the file, what is asked of it, or its reader changes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

Read = TypeVar("Read")


def kept(
    cache: Path | None,
    file: Path,
    asked: Sequence[object],
    *,
    read: Callable[[], Read],
    load: Callable[[Path], Read],
    save: Callable[[Read, Path], None],
) -> Read:
    """What was kept of a file, or is read now and kept.

    cache: the folder of its kind, None to keep nothing; asked: all that the result depends on beside the file, as JSON
    can write it; load, save: from and into a folder. A cache that cannot be read or written is no error.
    """
    if cache is None:
        return read()
    stat = file.stat()
    key = json.dumps([str(file.resolve()), stat.st_size, stat.st_mtime_ns, *asked], sort_keys=True, default=str)
    folder = cache / hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        return load(folder)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        found = read()
        put(folder, lambda made: save(found, made))
        return found


def put(folder: Path, save: Callable[[Path], None]) -> None:
    """Save into a folder, written aside and renamed, so that no run ever reads a half; failing to is no error."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
            made = Path(aside) / "made"
            made.mkdir()
            save(made)
            if folder.exists():  # a broken or an old one
                folder.replace(Path(aside) / "broken")
            made.replace(folder)
    except OSError:
        return
