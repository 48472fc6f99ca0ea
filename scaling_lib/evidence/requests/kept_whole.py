"""The requests of many files put together, kept until a file, what is asked, or their reader changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache as once
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd
import pyarrow as pa

from scaling_lib import words
from scaling_lib.evidence.files import files_of
from scaling_lib.evidence.kept import put
from scaling_lib.evidence.quality import Gap, Quality, Rejected
from scaling_lib.evidence.requests.source import RequestSource


class Whole(Protocol):
    """Requests of all sources."""

    @property
    def counts(self) -> pd.DataFrame:
        """Cells of minutes."""

    @property
    def bins(self) -> pd.DataFrame:
        """Cells of hours."""

    @property
    def quality(self) -> tuple[Quality, ...]:
        """One entry a source."""

    @property
    def without_status(self) -> frozenset[tuple[str, str]]:
        """The (service, route) that lack it."""

    @property
    def without_duration(self) -> frozenset[tuple[str, str]]:
        """The (service, route) that lack it."""


Requests = TypeVar("Requests", bound=Whole)


def kept_whole(
    cache: Path | None,
    sources: Sequence[RequestSource],
    asked: Sequence[object],
    *,
    read: Callable[[], Requests],
    make: Callable[..., Requests],
) -> Requests:
    """What was kept of all files of the sources, or is read now and kept.

    asked: all that the result depends on beside them; make: from the fields of `Whole` by name.
    Of the same sources and questions only the last state is kept. Nothing is kept of a single file, whose own cells
    are, or where something could not be read: it may be readable next time.
    """
    files = [file for source in sources for file in files_of(source.path)]
    if cache is None or len(files) < 2:
        return read()
    question = json.dumps([[asdict(each) for each in sources], list(asked)], sort_keys=True, default=str)
    folder = cache / "requests together" / hashlib.sha256(question.encode()).hexdigest()[:32]
    try:
        state = json.loads(json.dumps([_reader(), [_state(file) for file in files]]))
        return make(**_load(folder, state))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        found = read()
    if not any(each.problem for each in found.quality):
        put(folder, lambda made: _save(found, state, made))
    return found


def _state(file: Path) -> tuple[str, int, int]:
    stat = file.stat()
    return str(file.resolve()), stat.st_size, stat.st_mtime_ns


@once
def _reader() -> str:
    """A digest of the code that reads: a change of it, be it of words in a remark, is a change of the result."""
    own = Path(__file__).parent
    code = [*own.glob("*.py"), *own.parent.glob("*.py"), Path(words.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(code))).hexdigest()


def _load(folder: Path, state: object) -> dict[str, Any]:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    if about["state"] != state:
        raise ValueError("kept of another state of the files")
    return {
        "counts": pd.read_parquet(folder / "counts.parquet"),
        "bins": pd.read_parquet(folder / "bins.parquet"),
        "quality": tuple(_quality(each) for each in about["quality"]),
        **{name: frozenset(map(tuple, about[name])) for name in ("without_status", "without_duration")},
    }


def _quality(about: dict[str, Any]) -> Quality:
    def time(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    return Quality(
        **about
        | {
            "start": time(about["start"]),
            "end": time(about["end"]),
            "rejected": tuple(Rejected(**each | {"examples": tuple(each["examples"])}) for each in about["rejected"]),
            "gaps": tuple(Gap(**{edge: datetime.fromisoformat(gap[edge]) for edge in gap}) for gap in about["gaps"]),
            "notes": tuple(about["notes"]),
        }
    )


def _save(found: Whole, state: object, folder: Path) -> None:
    about = {
        "state": state,
        "quality": [asdict(each) for each in found.quality],
        "without_status": sorted(found.without_status),
        "without_duration": sorted(found.without_duration),
    }
    found.counts.to_parquet(folder / "counts.parquet", index=False)
    found.bins.to_parquet(folder / "bins.parquet", index=False)
    (folder / "about.json").write_text(json.dumps(about, default=datetime.isoformat), encoding="utf-8")
