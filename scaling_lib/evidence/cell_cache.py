"""The cells of a file, kept until the file, what is asked of it, or the reduction changes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.reduce import VERSION, Reduced
from scaling_lib.evidence.request_source import RequestSource, Threshold


def kept(
    cache: Path | None,
    file: Path,
    source: RequestSource,
    thresholds: Sequence[Threshold],
    named: Sequence[str],
    reduce: Callable[[], Reduced],
) -> Reduced:
    """The file's cells from the cache, or reduced and kept there. A cache that cannot be used is no error."""
    if cache is None:
        return reduce()
    stat = file.stat()
    asked = [
        VERSION,
        str(file.resolve()),
        stat.st_size,
        stat.st_mtime_ns,
        asdict(source),
        [asdict(t) for t in thresholds],
        list(named),
    ]
    name = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:32]
    folder = cache / "requests" / name
    try:
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError):
        reduced = reduce()
        _write(folder, reduced)
        return reduced


def _read(folder: Path) -> Reduced:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return Reduced(
        **about
        | {
            "rejected": tuple(
                Rejected(**entry | {"examples": tuple(entry["examples"])}) for entry in about["rejected"]
            ),
            "notes": tuple(about["notes"]),
            "counts": pd.read_parquet(folder / "counts.parquet"),
            "bins": pd.read_parquet(folder / "bins.parquet"),
        }
    )


def _write(folder: Path, reduced: Reduced) -> None:
    """Written aside and renamed, so that no run ever reads a half."""
    about = {
        "format": reduced.format,
        "rejected": [asdict(entry) for entry in reduced.rejected],
        "notes": list(reduced.notes),
        "status_known": reduced.status_known,
        "duration_known": reduced.duration_known,
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
            made = Path(aside) / "cells"
            made.mkdir()
            reduced.counts.to_parquet(made / "counts.parquet", index=False)
            reduced.bins.to_parquet(made / "bins.parquet", index=False)
            (made / "about.json").write_text(json.dumps(about), encoding="utf-8")
            if folder.exists():  # a broken one
                folder.replace(Path(aside) / "broken")
            made.replace(folder)
    except OSError:
        return
