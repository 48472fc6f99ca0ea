"""The spans of a file as Parquet, kept until the file, what is asked of it, or the reading changes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scaling_lib.evidence.span_files import SpanFile
from scaling_lib.evidence.span_part import Counted, Part
from scaling_lib.evidence.span_source import SpanSource

VERSION = 1  # of the reading: what an earlier one kept is not used


def kept(cache: Path | None, file: Path, source: SpanSource, read: Callable[[], SpanFile]) -> SpanFile:
    """The file's spans from the cache, or read and kept there. A cache that cannot be used is no error."""
    if cache is None:
        return read()
    stat = file.stat()
    asked = [VERSION, str(file.resolve()), stat.st_size, stat.st_mtime_ns, asdict(source)]
    name = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]
    folder = cache / "spans" / name
    try:
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        found = read()
        _write(folder, found)
        return found


def _read(folder: Path) -> SpanFile:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    part = Part(
        rows=pq.read_table(folder / "spans.parquet").unify_dictionaries().combine_chunks(),
        attributes={(each[0], each[1], each[2], each[3]): each[4] for each in about["attributes"]},
        rejected=tuple(Counted(**each | {"examples": tuple(each["examples"])}) for each in about["rejected"]),
        remarks=tuple(Counted(**each | {"examples": tuple(each["examples"])}) for each in about["remarks"]),
        problem=about["problem"],
    )
    return SpanFile(format=about["format"], part=part, notes=tuple(about["notes"]))


def _write(folder: Path, found: SpanFile) -> None:
    """Written aside and renamed, so that no run ever reads a half."""
    part = found.part
    about = {
        "format": found.format,
        "notes": found.notes,
        "attributes": [[*key, count] for key, count in part.attributes.items()],
        "rejected": [asdict(each) for each in part.rejected],
        "remarks": [asdict(each) for each in part.remarks],
        "problem": part.problem,
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
            made = Path(aside) / "spans"
            made.mkdir()
            pq.write_table(part.rows, made / "spans.parquet")
            (made / "about.json").write_text(json.dumps(about), encoding="utf-8")
            if folder.exists():  # a broken one
                folder.replace(Path(aside) / "broken")
            made.replace(folder)
    except OSError:
        return
