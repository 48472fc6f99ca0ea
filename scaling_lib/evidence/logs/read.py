"""Reads logs: one row a line, with its time, its service and the id of its trace."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.files import head_of
from scaling_lib.evidence.formats import LogFormat, Origin
from scaling_lib.evidence.logs.lines import Line, reader, recognise
from scaling_lib.evidence.quality import Quality, Rejected
from scaling_lib.evidence.sources import ReadSource, read_sources
from scaling_lib.words import percent

COLUMNS = ("time", "service", "trace_id")
EXAMPLES, EXAMPLE = 3, 120  # of rejected lines, and characters of each


@dataclass(frozen=True, kw_only=True)
class LogSource:
    """Files of logs, plain or gzipped.

    path: a file or glob. format: "" is to recognise each file by its first line. service: of lines that name none.
    """

    path: str
    format: LogFormat = ""
    service: str = ""
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Logs:
    """Lines of logs.

    frame: `time` (UTC, NaT where a line has none that can be read), `service` ("" where nothing names it), `trace_id`
    (lower case, without dashes; "" where the line carries none), in the order of the files.
    quality: one entry a source.
    """

    frame: pd.DataFrame
    quality: tuple[Quality, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _File:
    format: str
    lines: list[Line]
    rejected: int
    examples: list[str]
    problem: str


def read_logs(sources: Sequence[LogSource]) -> Logs:
    """Read every line of every source; blank lines are none. Lines that are not of their format are rejected.

    A gzip that breaks off is read as far as it is whole, and named as a problem.
    Raises BrokenEvidence where not a single line can be read.
    """
    found = read_sources(sources, _read)
    quality = tuple(_quality(each) for each in found)
    lines = [line for each in found for file in each.read for line in file.lines]
    if not lines:
        problems = " ".join(each.problem for each in quality if each.problem)
        raise BrokenEvidence(problems or f"{sources[0].path}: found no line of a log that can be read; expected some.")
    return Logs(frame=_frame(lines), quality=quality)


def _read(file: Path, source: LogSource) -> _File:
    head, packed = head_of(file)
    first = next((line for line in head.decode("utf-8", "replace").splitlines() if line.strip()), "")
    form = source.format or recognise(first)
    read = reader(form)
    lines: list[Line] = []
    examples: list[str] = []
    rejected, damage = 0, [""]
    for text in _texts(file, packed, damage):
        if not text.strip():
            continue
        line = read(text)
        if line is None:
            rejected += 1
            examples += [text.strip()[:EXAMPLE]] if len(examples) < EXAMPLES else []
        else:
            lines.append(line if line.service else line._replace(service=source.service))
    return _File(format=form, lines=lines, rejected=rejected, examples=examples, problem=damage[0])


def _texts(file: Path, packed: bool, damage: list[str]) -> Iterator[str]:
    """The lines of a file; where it breaks off, `damage` says so."""
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8", errors="replace")
            if packed
            else file.open(encoding="utf-8", errors="replace")
        ) as text:
            yield from text
    except (OSError, EOFError, zlib.error) as error:
        damage[0] = f"{file}: breaks off or is damaged ({error}); what is before that is used. Copy it again."


def _frame(lines: Sequence[Line]) -> pd.DataFrame:
    seconds, services, traces = zip(*lines, strict=True)
    known = np.array(seconds, dtype=np.float64)
    micros = np.where(np.isfinite(known), np.round(np.nan_to_num(known) * 1e6), np.iinfo(np.int64).min)
    time = pd.DatetimeIndex(micros.astype(np.int64).view("datetime64[us]")).tz_localize("UTC")
    return pd.DataFrame(
        {"time": time, "service": pd.Series(services, dtype="str"), "trace_id": pd.Series(traces, dtype="str")}
    )


def _quality(found: ReadSource[LogSource, _File]) -> Quality:
    lines = [line for file in found.read for line in file.lines]
    times = [line.time for line in lines if line.time == line.time]
    with_id = sum(bool(line.trace) for line in lines)
    rejected = sum(file.rejected for file in found.read)
    examples = [example for file in found.read for example in file.examples][:EXAMPLES]
    notes = [*found.notes]
    if lines:
        notes.append(f"{percent(with_id / len(lines))} of the lines carry a trace id")
    if without := len(lines) - len(times):
        notes.append(f"{percent(without / len(lines))} of the lines have no time that can be read")
    return Quality(
        kind="logs",
        source=found.source.path,
        format=", ".join(sorted({file.format for file in found.read})),
        rows=len(lines),
        start=datetime.fromtimestamp(min(times), UTC) if times else None,
        end=datetime.fromtimestamp(max(times), UTC) if times else None,
        rejected=(Rejected(reason="not a line of its format", rows=rejected, examples=tuple(examples)),)
        if rejected
        else (),
        origin=found.source.origin,
        problem=" ".join([*found.problems, *(file.problem for file in found.read if file.problem)]),
        notes=tuple(notes),
    )
