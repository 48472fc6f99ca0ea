"""Copies: found by content whatever their names, never where the content differs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from scaling_lib.evidence.copies import copies


def files(folder: Path, **contents: bytes) -> list[Path]:
    made = [folder / name for name in contents]
    for file, content in zip(made, contents.values(), strict=True):
        file.write_bytes(content)
    return made


def test_copies_plain_and_packed(tmp_path: Path) -> None:
    packed = gzip.compress(b"abc" * 50, mtime=0)
    a, b, c, d, e = files(
        tmp_path, a=b"abc" * 50, b=b"abd" * 50, c=b"abc" * 50, d=packed, e=gzip.compress(b"abc" * 50, mtime=1)
    )
    assert copies([a, b, c, d, e]) == {c: a, d: a, e: a}
    assert copies([d, e]) == {e: d}
    assert copies([a, b]) == {}


def test_damaged_packed_files_are_compared_as_they_are(tmp_path: Path) -> None:
    cut = gzip.compress(bytes(range(256)) * 9)[:-30]
    a, b, c = files(tmp_path, a=cut, b=cut, c=cut[:-5] + b"\0" + cut[-4:])
    assert copies([a, b, c]) == {b: a}


def test_empty_and_absent_files_are_no_copies(tmp_path: Path) -> None:
    a, b, stump = files(tmp_path, a=b"", b=b"", stump=b"\x1f\x8b")
    assert copies([a, b, stump, tmp_path / "absent"]) == {}


def test_only_files_of_one_size_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = files(tmp_path, a=b"1", b=b"12", c=b"123")
    monkeypatch.setattr("hashlib.file_digest", pytest.fail)
    assert copies(made) == {}
