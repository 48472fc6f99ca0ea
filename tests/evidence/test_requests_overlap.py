"""Copies of a log that was rotated meanwhile: the requests that two files share are counted twice, which is said."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from scaling_lib.evidence.requests import RequestSource, read_requests


def lines(seed: int, first: int, last: int, *, a_minute: int = 20, took: bool = True) -> list[str]:
    """Requests of the minutes from `first` to before `last`, the same for the same seed and minute."""
    made = []
    for minute in range(first, last):
        chance = random.Random(f"{seed} {minute}")
        for second in sorted(chance.randrange(60) for _ in range(a_minute)):
            path, status = chance.choice(["/a", "/b", "/c"]), chance.choice([200] * 30 + [500])
            end = f" {chance.random():.3f}" if took else ""
            made.append(
                f"10.0.0.{chance.randrange(200)} - - [22/Nov/2026:{10 + minute // 60}:{minute % 60:02}:{second:02} +0000] "
                f'"GET {path} HTTP/1.1" {status} 5 "-" "curl/8"{end}'
            )
    return made


def notes(folder: Path, **files: list[str]) -> list[str]:
    for name, content in files.items():
        (folder / f"{name}.log").write_text("\n".join(content) + "\n")
    for _ in range(2):  # read, and from what was kept
        found = read_requests([RequestSource(path=str(folder / "*.log"))], cache=folder / "cache").quality[0].notes
    return [note for note in found if "counted twice" in note]


@pytest.mark.parametrize("took", [True, False])
def test_what_two_files_share_is_said(tmp_path: Path, took: bool) -> None:
    """Minutes 30 to 49 are in both, and half of minute 50 in one: 20 minutes of 20 requests."""
    old, new = lines(1, 0, 51, took=took)[:-10], lines(1, 30, 90, took=took)
    (note,) = notes(tmp_path, a=new, b=old)
    assert note.startswith(
        f"{tmp_path}/a.log and {tmp_path}/b.log hold the same 400 requests in 20 minutes from 2026-11-22 10:30 to "
        "2026-11-22 10:50 UTC, which are counted twice"
    )


def test_files_one_after_the_other_share_nothing(tmp_path: Path) -> None:
    whole = lines(1, 0, 90)
    assert notes(tmp_path, a=whole[:1005], b=whole[1005:]) == []  # the minute they meet in is in both, in parts


@pytest.mark.parametrize(("a_minute", "took"), [(1, True), (20, True), (20, False)])
def test_two_servers_of_the_same_time_share_nothing(tmp_path: Path, a_minute: int, took: bool) -> None:
    of = {f"s{seed}": lines(seed, 0, 240, a_minute=a_minute, took=took) for seed in range(4)}
    assert notes(tmp_path, **of) == []


def test_idle_servers_that_answer_the_same_probes_share_nothing(tmp_path: Path) -> None:
    probe = '10.0.0.1 - - [22/Nov/2026:10:{:02}:30 +0000] "GET /healthz HTTP/1.1" 200 2 "-" "probe" 0.000'
    a, b = ([probe.format(minute).replace("0.1 ", f"0.{server} ") for minute in range(60)] for server in (1, 2))
    assert notes(tmp_path, a=a, b=b) == []


def test_many_files_are_not_listed_pair_by_pair(tmp_path: Path) -> None:
    files = {f"f{place}": lines(1, place, 30 + place) for place in range(6)}
    for name, content in files.items():
        (tmp_path / f"{name}.log").write_text("\n".join(content) + "\n")
    found = read_requests([RequestSource(path=str(tmp_path / "*.log"))]).quality[0].notes
    assert sum("counted twice" in note for note in found) == 3
    assert any(note.startswith("so do") and note.endswith("of files") for note in found)
