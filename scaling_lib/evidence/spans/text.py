"""Text files of spans: unpacked in blocks of whole lines, parsed, and rescued as far as they are whole."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any

import orjson

from scaling_lib.evidence.files import GZIP
from scaling_lib.evidence.spans.part import Counted, shown
from scaling_lib.words import number

BLOCK = 4 << 20  # bytes, of lines that are parsed together
PACKED = 1 << 17  # bytes of a gzip that are unpacked at once
NOT_JSON = "a line that is not JSON"
REST = "the rest of a line, behind values that are used, that is not JSON"
WHITE = tuple(" \t\r\n")
DECODER = json.JSONDecoder()
ELEMENTS = (b'"spans"', b'"resourceSpans"', b'"scopeSpans"', b'"data"', b"")  # arrays whose elements stand alone
TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
OPENERS = {b"{": b"}", b"[": b"]"}


@dataclass(frozen=True)
class Block:
    """Whole lines, the number of the first, how many there are, and whether the file ends with them."""

    data: bytes
    line: int
    lines: int
    last: bool


@dataclass
class TextFile:
    """A file of text, packed or not; `damage` says, once it was read, where its gzip breaks off."""

    path: Path
    damage: str = ""

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """The file in blocks of some `size` bytes; a line longer than that is one block."""
        line = 1
        with self._open() as text:
            data = _lines(text, size)
            while following := _lines(text, size):
                lines = data.count(b"\n")
                yield Block(data, line, lines, False)
                line += lines
                data = following
        yield Block(data, line, data.count(b"\n") + (data[-1:] not in (b"", b"\n")), True)

    def _open(self) -> BufferedReader:
        raw = self.path.open("rb")
        if raw.peek(2)[:2] != GZIP:
            return raw
        return BufferedReader(_Stream(self._unpacked(raw), raw), PACKED)

    def _unpacked(self, raw: BufferedReader) -> Iterator[bytes]:
        """One gzip after another, as far as they are whole: what was unpacked before the damage is kept."""
        total, made = self.path.stat().st_size, 0
        unpack: Any = zlib.decompressobj(wbits=31)
        while piece := raw.read(PACKED):
            while piece:
                if unpack is None:
                    if not piece.strip(b"\0"):  # padding behind the last gzip
                        break
                    unpack = zlib.decompressobj(wbits=31)
                try:
                    out = unpack.decompress(piece)
                except zlib.error:
                    self.damage = (
                        f"its gzip is damaged near byte {raw.tell() - len(piece):,} of {total:,}: the {made:,} bytes "
                        "unpacked before that are used, what comes after is lost"
                    )
                    return
                made += len(out)
                yield out
                piece, unpack = (unpack.unused_data, None) if unpack.eof else (b"", unpack)
        if unpack is not None:
            self.damage = (
                f"its gzip breaks off after {total:,} bytes: the {made:,} bytes unpacked from them are used, what came "
                "after is lost"
            )


class _Stream(RawIOBase):
    """Pieces that are made from a file, as a file."""

    def __init__(self, pieces: Iterator[bytes], raw: BufferedReader) -> None:
        self._pieces = pieces
        self._raw = raw
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _lines(text: BufferedReader, size: int) -> bytes:
    """Some `size` bytes, and what the last line has more."""
    data = text.read(size)
    return data if data.endswith(b"\n") else data + text.readline()


def parsed(block: Block) -> tuple[list[Any], list[Counted], str]:
    """The values of a block's lines, the lines that are not JSON, and what was lost of a last line that is cut."""
    values, bad, problem = [], [], ""
    lines = block.data.split(b"\n")
    for place, line in enumerate(lines):
        if not line.strip():
            continue
        found, end = values_of(line)
        where = f"line {block.line + place}"
        if end < len(line) and block.last and place == len(lines) - 1:
            found, lost = rescued(line)
            problem = f"{where} breaks off: {lost}"
        elif end < len(line) and found:
            bad.append(Counted(what=REST, rows=1, examples=(f"{where}, byte {end + 1:,}: {shown(line[end:][:200])}",)))
        elif end < len(line):
            bad.append(Counted(what=NOT_JSON, rows=1, examples=(f"{where}: {shown(line[:200])}",)))
        values += found
    return values, bad, problem


def values_of(data: bytes) -> tuple[list[Any], int]:
    """The JSON values that stand one behind another, and where the first that is not whole begins; else the length."""
    value = load(data)
    if value is not None:
        return [value], len(data)
    characters = data.decode("latin-1")  # one a byte: only the ends of values are looked for
    values: list[Any] = []
    at = _after_white(characters, 0)
    while characters[at : at + 1] in ("{", "["):
        try:
            _, end = DECODER.raw_decode(characters, at)
        except (ValueError, RecursionError):
            break
        values.append(load(data[at:end]))
        at = _after_white(characters, end)
    return values, at


def _after_white(characters: str, at: int) -> int:
    while characters[at : at + 1] in WHITE:
        at += 1
    return at


def load(data: bytes) -> Any:
    """A JSON value, None where it is none; also what strict JSON does not allow and some write, such as NaN."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if not data.rstrip().endswith((b"}", b"]")):
            return None
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def rescued(data: bytes) -> tuple[list[Any], str]:
    """The whole values of JSON that breaks off, and what is whole of the next, all that was open closed behind it.

    Also in words: how much was lost, "" where nothing was.
    """
    values, done = values_of(data)
    rest = data[done:]
    cut, closers = _last_whole(rest[: _damage(rest)])
    value = load(rest[:cut] + closers) if cut else None
    if value is not None:
        values.append(value)
        done += cut
    if done == len(data):
        return values, ""
    if not values:
        return values, f"nothing of its {number(len(data))} bytes is whole"
    lost = len(data) - done
    return (
        values,
        f"the whole spans before byte {done:,} are used, the other {lost:,} bytes ({lost / len(data):.1%}) are lost",
    )


def _damage(data: bytes) -> int:
    """The byte from which on a JSON value cannot be read."""
    try:
        return DECODER.raw_decode(data.decode("latin-1"))[1]
    except json.JSONDecodeError as error:
        return error.pos
    except RecursionError:
        return 0


def _last_whole(data: bytes) -> tuple[int, bytes]:
    """The end of the last whole element of an array that holds spans or what holds them, and what closes the rest."""
    stack: list[tuple[bytes, bytes]] = []  # what closes it, and the key it stands under
    key, cut, closers = b"", 0, b""
    for match in TOKEN.finditer(data):
        token = match[0]
        if token in OPENERS:
            stack.append((OPENERS[token], key))
            key = b""
        elif token == b'"':  # a text that never ends
            break
        elif token[:1] == b'"':
            key = token
        else:
            if not stack or stack[-1][0] != token:
                break
            stack.pop()
            key = b""
            if token == b"}" and stack and stack[-1][0] == b"]" and stack[-1][1] in ELEMENTS:
                cut, closers = match.end(), b"".join(closer for closer, _ in reversed(stack))
    return cut, closers
