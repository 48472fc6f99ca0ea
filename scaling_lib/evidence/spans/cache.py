"""The spans of a file as Parquet, kept until the file, what is asked of it, or the reading changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pyarrow.parquet as pq

from scaling_lib.evidence.kept import kept
from scaling_lib.evidence.spans.files import SpanFile
from scaling_lib.evidence.spans.part import Counted, Part
from scaling_lib.evidence.spans.source import SpanSource

VERSION = 2  # of the reading: what an earlier one kept is not used


def kept_spans(cache: Path | None, file: Path, source: SpanSource, read: Callable[[], SpanFile]) -> SpanFile:
    """The file's spans from the cache, or read and kept there. A cache that cannot be used is no error."""
    asked = [VERSION, asdict(source)]
    return kept(cache and cache / "spans", file, asked, read=read, load=_load, save=_save)


def _load(folder: Path) -> SpanFile:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    part = Part(
        rows=pq.read_table(folder / "spans.parquet").unify_dictionaries().combine_chunks(),
        attributes={(each[0], each[1], each[2], each[3]): each[4] for each in about["attributes"]},
        rejected=tuple(Counted(**each | {"examples": tuple(each["examples"])}) for each in about["rejected"]),
        remarks=tuple(Counted(**each | {"examples": tuple(each["examples"])}) for each in about["remarks"]),
        problem=about["problem"],
    )
    return SpanFile(format=about["format"], part=part, notes=tuple(about["notes"]))


def _save(found: SpanFile, folder: Path) -> None:
    part = found.part
    about = {
        "format": found.format,
        "notes": found.notes,
        "attributes": [[*key, count] for key, count in part.attributes.items()],
        "rejected": [asdict(each) for each in part.rejected],
        "remarks": [asdict(each) for each in part.remarks],
        "problem": part.problem,
    }
    pq.write_table(part.rows, folder / "spans.parquet")
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
