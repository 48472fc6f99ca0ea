"""Saved query_range answers, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.files import GZIP, files_of, path_problems
from scaling_lib.evidence.metrics.query_range import Answer
from scaling_lib.evidence.metrics.source import MetricSource


def read_files(source: MetricSource) -> list[Answer]:
    """One Answer a file; a file that cannot be read, or is not there, is one with its problem."""
    files = files_of(source.path)
    if problems := path_problems(source.path, files):
        return [Answer(place=source.path, format="query_range", origin=source.origin, problems=problems)]
    return [_answer(file, source.origin) for file in files]


def _answer(file: Path, origin: str) -> Answer:
    answer = Answer(place=str(file), format="query_range", origin=origin)
    try:
        points = answer.series.add(_content(file), str(file), file.name.split(".")[0])
    except BrokenEvidence as error:
        answer.problems.append(str(error))
    else:
        if not points:
            answer.problems.append(
                f"{file}: found an answer without a single point; expected series with values. The query matched "
                "nothing in its range: check its selector, start and end."
            )
    return answer


def _content(file: Path) -> bytes:
    try:
        raw = file.read_bytes()
        return gzip.decompress(raw) if raw.startswith(GZIP) else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenEvidence(
            f"{file}: found a gzip file that breaks off or is damaged ({error}); expected a whole one. Copy it again."
        ) from None
    except OSError as error:
        raise BrokenEvidence(f"{file}: cannot be read ({error.strerror}); expected a query_range file.") from None
