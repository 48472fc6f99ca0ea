"""One file of spans: recognised, unpacked, read in blocks side by side, and made canonical."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.files import GZIP
from scaling_lib.evidence.spans import jaeger, otlp, zipkin
from scaling_lib.evidence.spans.parquet import read_parquet
from scaling_lib.evidence.spans.part import Part, shown, summed, together
from scaling_lib.evidence.spans.rows import canonical
from scaling_lib.evidence.spans.source import SpanSource
from scaling_lib.evidence.spans.text import Block, TextFile, parsed, rescued, values_of
from scaling_lib.evidence.spans.times import NANOSECONDS

UNITS = {"otlp": "ns", "jaeger": "us", "zipkin": "us", "parquet": "ns"}
READERS: dict[str, Callable[[Iterable[Any]], Part]] = {
    "otlp": otlp.read_values,
    "jaeger": jaeger.read_values,
    "zipkin": zipkin.read_values,
}
HEAD_LINES = 20  # among which there has to be one that says the format
FORMS = (
    "OTLP JSON (resourceSpans), Jaeger JSON (data, or traces with traceID and spans), Zipkin JSON version 2 (traceId "
    "and id) or Parquet"
)
FOREIGN = {b"PK\x03\x04": "a zip archive", b"\x28\xb5\x2f\xfd": "packed with zstd", b"BZh": "packed with bzip2"}


@dataclass(frozen=True, kw_only=True)
class SpanFile:
    """A file's spans in canonical rows, with what was found; notes: of the file as a whole."""

    format: str
    part: Part
    notes: tuple[str, ...] = ()


def read_file(file: Path, source: SpanSource) -> SpanFile:
    """Read a file of spans.

    Raises BrokenEvidence for one that is empty, of no known format or of another than it should be, and InvalidInput
    where the source names an unknown format or unit.
    """
    _check(source)
    try:
        found, part, notes = _read(file, source)
    except OSError as error:
        raise BrokenEvidence(f"{file}: cannot be read ({error.strerror or error}); expected a file of spans.") from None
    part = canonical(part, unit=UNITS[found], time_unit=source.time_unit, service=source.service)
    problem = f"{file}: {part.problem}." if part.problem else ""
    return SpanFile(format=found, part=replace(part, problem=problem), notes=notes)


def _check(source: SpanSource) -> None:
    for what, value, allowed in (
        ("format", source.format, UNITS),
        ("time_unit", source.time_unit, NANOSECONDS),
    ):
        if value and value not in allowed:
            raise InvalidInput(
                f"{source.path}: found the {what} {value!r}; expected one of {', '.join(allowed)}, or none."
            )


def _read(file: Path, source: SpanSource) -> tuple[str, Part, tuple[str, ...]]:
    with file.open("rb") as raw:
        head = raw.read(4)
    if head == b"PAR1":
        _expect(file, source, "parquet")
        return "parquet", *read_parquet(file)
    if not head.startswith(GZIP):
        for start, what in FOREIGN.items():
            if head.startswith(start):
                raise BrokenEvidence(f"{file}: is {what}; expected {FORMS}, plain or gzipped. Unpack it.")
    text = TextFile(file)
    blocks = text.blocks()
    first = next(blocks)
    found = _format_of_lines(first)
    if found:
        _expect(file, source, found)
        part = _in_blocks(found, first, blocks)
    else:
        found, part = _document(file, source, b"".join([first.data, *(block.data for block in blocks)]), text)
    if text.damage:
        part = replace(part, problem=f"{text.damage}. {part.problem}".strip(" ."))
    return found, part, ()


def _format_of_lines(block: Block) -> str:
    """The format of values that stand a line each, or "" where the file is one document, or nothing we know."""
    lines = [line for line in block.data.lstrip(b"\xef\xbb\xbf").split(b"\n", HEAD_LINES)[:HEAD_LINES] if line.strip()]
    if not lines or len(lines[0].strip()) < 3:  # a bracket that opens a document
        return ""
    formats = [_format_of_line(line) if line.strip().endswith((b"}", b"]")) else "" for line in lines]
    found = next((each for each in formats if each), "")
    # The last span of an array that has one a line could be taken for such a line.
    return "" if found == "zipkin" and not formats[0] and formats.count(found) < 2 else found


def _format_of_line(line: bytes) -> str:
    """The format of a line of whole values, mostly of one."""
    values, end = values_of(line)
    return _format(values[0]) if values and end == len(line) else ""


def _format(value: Any) -> str:
    """The format of a parsed value, or ""."""
    if isinstance(value, list):  # of values, or of lists of them
        inner = [each for part in value[:HEAD_LINES] for each in (part[:1] if isinstance(part, list) else [part])]
        return next((found for each in inner if isinstance(each, dict) and (found := _format(each))), "")
    if not isinstance(value, dict):
        return ""
    if "resourceSpans" in value:
        return "otlp"
    if "spans" in value and "traceID" in value:
        return "jaeger"
    if isinstance(value.get("data"), list) and (not value["data"] or _format(value["data"]) == "jaeger"):
        return "jaeger"
    return "zipkin" if "traceId" in value and "id" in value else ""


def _expect(file: Path, source: SpanSource, found: str) -> None:
    if source.format and source.format != found:
        raise BrokenEvidence(
            f"{file}: looks like {found}; expected {source.format}, as assessment.yaml says. "
            "Mend the format or the path."
        )


def _in_blocks(found: str, first: Block, blocks: Iterable[Block]) -> Part:
    """All blocks, some at a time: Arrow works beside the one that unpacks."""
    first = replace(first, data=first.data.removeprefix(b"\xef\xbb\xbf"))

    def read(block: Block) -> Part:
        if found == "otlp":
            return otlp.read_block(block)
        values, bad, problem = parsed(block)
        part = READERS[found](values)
        return replace(part, rejected=summed([*bad, *part.rejected]), problem=problem)

    workers = min(4, os.cpu_count() or 1)
    parts: list[Part] = []
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Part]] = deque()
        for block in _chain(first, blocks):
            waiting.append(pool.submit(read, block))
            if len(waiting) > workers:
                parts.append(waiting.popleft().result())
        parts += [each.result() for each in waiting]
    return together(parts)


def _chain(first: Block, blocks: Iterable[Block]) -> Iterator[Block]:
    yield first
    yield from blocks


def _document(file: Path, source: SpanSource, data: bytes, text: TextFile) -> tuple[str, Part]:
    """The whole file as one JSON document, or several one behind another; what is whole of one that breaks off."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip(b" \t\r\n\0"):
        more = f" ({text.damage})" if text.damage else ""
        raise BrokenEvidence(
            f"{file}: is empty{more}; expected spans. Export it again, or take it out of assessment.yaml."
        )
    values, lost = rescued(data)
    problem = f"it breaks off: {lost}" if lost and data.lstrip()[:1] in (b"{", b"[") else ""
    if values and all(value in ([], {}) for value in values):
        raise BrokenEvidence(f"{file}: holds no span; expected some. Export a stretch with traffic.")
    found = next((each for value in values if (each := _format(value))), "")
    if not found:
        line = next((line for line in data.split(b"\n", HEAD_LINES) if line.strip()), b"")
        why = f"; {problem}" if problem else ""
        raise BrokenEvidence(
            f"{file}, line 1: found {shown(line.strip()[:80])!r}{why}; expected {FORMS}. Export it in one of them."
        )
    _expect(file, source, found)
    if found == "otlp":
        values = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return found, replace(READERS[found](values), problem=problem)
