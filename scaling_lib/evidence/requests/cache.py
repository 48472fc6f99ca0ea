"""The cells of a file, kept until the file, what is asked of it, or the reduction changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd

from scaling_lib.evidence.kept import kept
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.requests import cell_files
from scaling_lib.evidence.requests.reduce import VERSION, Reduced
from scaling_lib.evidence.requests.source import RequestSource, Threshold


def kept_cells(
    cache: Path | None,
    file: Path,
    source: RequestSource,
    limits_us: Sequence[int],
    named: Sequence[str],
    reduce: Callable[[], Reduced],
) -> Reduced:
    """The file's cells from the cache, or reduced and kept there. A cache that cannot be used is no error."""
    asked = [VERSION, asdict(source), list(limits_us), list(named)]
    return kept(cache and cache / "requests", file, asked, read=reduce, load=_load, save=_save)


def kept_parts(
    cache: Path | None, file: Path, source: RequestSource, thresholds: Sequence[Threshold]
) -> tuple[Reduced, ...]:
    """The parts of a file of cells from the cache, or read, checked and kept there."""

    def load(folder: Path) -> tuple[Reduced, ...]:
        count = int((folder / "parts").read_text(encoding="utf-8"))
        return tuple(_load(folder / str(number)) for number in range(count))

    def save(parts: tuple[Reduced, ...], folder: Path) -> None:
        for number, part in enumerate(parts):
            (folder / str(number)).mkdir()
            _save(part, folder / str(number))
        (folder / "parts").write_text(str(len(parts)), encoding="utf-8")

    asked = [cell_files.FORMAT, cell_files.VERSION, asdict(source), [asdict(each) for each in thresholds]]
    read = partial(cell_files.read_cells, file, source, thresholds)
    return kept(cache and cache / "requests", file, asked, read=read, load=load, save=save)


def _load(folder: Path) -> Reduced:
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


def _save(reduced: Reduced, folder: Path) -> None:
    about = {
        "format": reduced.format,
        "rejected": [asdict(entry) for entry in reduced.rejected],
        "notes": list(reduced.notes),
        "status_known": reduced.status_known,
        "duration_known": reduced.duration_known,
        "untimed": reduced.untimed,
        "untimed_as": reduced.untimed_as,
    }
    reduced.counts.to_parquet(folder / "counts.parquet", index=False)
    reduced.bins.to_parquet(folder / "bins.parquet", index=False)
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
