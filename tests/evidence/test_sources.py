"""Sources: every content is read once, and what was left out or failed is said with the source it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.sources import read_sources


@dataclass(frozen=True)
class Place:
    path: str
    forbidden: str = ""


def content(file: Path, source: Place) -> str:
    text = file.read_text(encoding="utf-8")
    if source.forbidden and source.forbidden in text:
        raise BrokenEvidence(f"{file.name}: found {source.forbidden!r}; expected none.")
    return text


def write(folder: Path, **contents: str) -> None:
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_same_files_and_copies_are_read_once_over_all_sources(tmp_path):
    write(tmp_path, a="one", b="two", c="one")
    (tmp_path / "d").symlink_to(tmp_path / "b")
    first, second = read_sources([Place(str(tmp_path / "*")), Place(str(tmp_path / "b"))], content)
    assert first.read == ["one", "two"]
    assert first.notes == [
        "d: given more than once, counted once",
        "left out as copies of another file (in brackets), counted once: c (a)",
    ]
    assert (second.read, second.notes) == ([], ["b: given more than once, counted once"])
    assert first.problems == second.problems == []


def test_what_one_source_cannot_read_another_may(tmp_path):
    write(tmp_path, a="one", b="two")
    sources = [Place(str(tmp_path / "*"), forbidden="one"), Place(str(tmp_path / "a")), Place(str(tmp_path / "a"))]
    first, second, third = read_sources(sources, content)
    assert (first.read, first.problems) == (["two"], ["a: found 'one'; expected none."])
    assert (second.read, second.notes, second.problems) == (["one"], [], [])
    assert (third.read, third.notes) == ([], ["a: given more than once, counted once"])


def test_paths_without_files_are_problems_of_their_source(tmp_path):
    write(tmp_path, a="one")
    folder, absent, whole = read_sources(
        [Place(str(tmp_path)), Place(str(tmp_path / "absent*")), Place(str(tmp_path / "a"))], content
    )
    assert ["is a folder" in folder.problems[0], "no file is there" in absent.problems[0]] == [True, True]
    assert (whole.source.path, whole.read, whole.problems) == (str(tmp_path / "a"), ["one"], [])
    assert read_sources([], content) == []
