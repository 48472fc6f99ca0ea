"""What was read from a file of a load test, kept until the file, what is asked of it, or a reader changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pandas as pd

from scaling_lib.evidence.kept import kept
from scaling_lib.evidence.load_tests.parts import LoadTest, Part, Sign
from scaling_lib.evidence.load_tests.source import LoadSource
from scaling_lib.evidence.quality import Rejected

VERSION = 4  # of the readers: parts of another version are not read from the cache


def kept_part(cache: Path | None, file: Path, source: LoadSource, read: Callable[[], Part]) -> Part:
    """The file's part from the cache, or read and kept there. A cache that cannot be used is no error."""
    asked = [VERSION, asdict(source)]
    return kept(cache and cache / "load", file, asked, read=read, load=_load, save=_save)


def _load(folder: Path) -> Part:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return Part(
        format=about["format"],
        samples=pd.read_parquet(folder / "samples.parquet"),
        bins=pd.read_parquet(folder / "bins.parquet"),
        tests=tuple(_test(entry) for entry in about["tests"]),
        rejected=tuple(Rejected(**entry | {"examples": tuple(entry["examples"])}) for entry in about["rejected"]),
        notes=tuple(about["notes"]),
        requests=about["requests"],
    )


def _test(entry: dict[str, object]) -> LoadTest:
    times = {name: datetime.fromisoformat(str(entry[name])) if entry[name] else None for name in ("start", "end")}
    signs = tuple(Sign(**sign) for sign in entry["signs"])  # type: ignore[attr-defined]
    return LoadTest(**entry | times | {"signs": signs, "apart": tuple(entry["apart"])})  # type: ignore


def _save(part: Part, folder: Path) -> None:
    about = {
        "format": part.format,
        "tests": [asdict(test) for test in part.tests],
        "rejected": [asdict(entry) for entry in part.rejected],
        "notes": list(part.notes),
        "requests": part.requests,
    }
    part.samples.to_parquet(folder / "samples.parquet", index=False)
    part.bins.to_parquet(folder / "bins.parquet", index=False)
    (folder / "about.json").write_text(json.dumps(about, default=str), encoding="utf-8")
