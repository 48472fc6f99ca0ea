"""Requests of many files are kept together until anything changes, and are then as if read anew."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

import scaling_lib.evidence.requests.kept_whole as kept_whole
import scaling_lib.evidence.requests.read as reading
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, read_requests

TWO = [Threshold(route="/a", seconds=0.1)]


def write(folder: Path, name: str, first_minute: int, rows: int = 30) -> None:
    """A request a minute of every third minute, each tenth an error, and one row that cannot be read."""
    times = pd.Timestamp("2026-03-02T10:00Z") + pd.to_timedelta([first_minute + 3 * n for n in range(rows)], unit="min")
    lines = [f"{time:%Y-%m-%dT%H:%M:%SZ},/a,{500 if n % 10 == 0 else 200},0.05" for n, time in enumerate(times)]
    lines.append(f"{times[-1]:%Y-%m-%dT%H:%M:%SZ},/a,200,-1")
    (folder / name).write_text("\n".join(["time,path,status,duration_s", *lines]) + "\n")


def same(one: Requests, other: Requests) -> None:
    for table in ("counts", "bins"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))
    for field in ("quality", "without_status", "without_duration"):
        assert getattr(one, field) == getattr(other, field), field


@pytest.fixture
def sources(tmp_path: Path) -> list[RequestSource]:
    write(tmp_path, "a.csv", 0)
    write(tmp_path, "b.csv", 600)
    (tmp_path / "c.csv").write_text("time,path\n2026-03-03T00:00:00Z,/other\n2026-03-03T00:01:00Z,/other\n")
    return [RequestSource(path=str(tmp_path / "*.csv"), origin="recorded")]


def test_what_is_kept_is_what_was_read(tmp_path, sources, monkeypatch):
    fresh, first = read_requests(sources, TWO), read_requests(sources, TWO, cache=tmp_path / "cache")
    entry = fresh.quality[0]
    assert (entry.rows, entry.rejected_rows, entry.origin) == (62, 2, "recorded")
    assert entry.gaps
    assert entry.notes
    assert fresh.without_status
    monkeypatch.setattr(reading, "read_sources", None)  # from now on nothing is read
    kept = read_requests(sources, TWO, cache=tmp_path / "cache")
    same(first, fresh)
    same(kept, fresh)
    assert kept.select("/a").counts["n"].sum() == 60


@pytest.mark.parametrize(
    "change", ["a file", "another file", "none left but one", "the question", "the reader", "the cache"]
)
def test_any_change_is_seen(tmp_path, sources, monkeypatch, change):
    cache, asked = tmp_path / "cache", TWO
    read_requests(sources, asked, cache=cache)
    if change == "a file":
        write(tmp_path, "a.csv", 0, rows=40)
    elif change == "another file":
        write(tmp_path, "d.csv", 5000)
    elif change == "none left but one":
        for name in ("b.csv", "c.csv"):
            (tmp_path / name).unlink()
    elif change == "the question":
        asked = [Threshold(route="/a", seconds=0.01)]
    elif change == "the reader":
        monkeypatch.setattr(kept_whole, "_reader", lambda: "another")
    else:
        for table in cache.glob("requests together/*/counts.parquet"):
            table.write_bytes(b"broken")
    same(read_requests(sources, asked, cache=cache), read_requests(sources, asked))
    same(read_requests(sources, asked, cache=cache), read_requests(sources, asked))
    assert len(list((cache / "requests together").iterdir())) == 1 + (change == "the question")


def test_what_could_not_be_read_is_tried_again(tmp_path, sources):
    cache, bad = tmp_path / "cache", tmp_path / "bad.csv"
    bad.write_text("nothing,of\nuse,here\n")
    before = bad.stat()
    assert read_requests(sources, TWO, cache=cache).quality[0].problem
    assert not (cache / "requests together").exists()
    bad.write_text("time,path\n2026-03-04T00:00Z,/b")
    os.utime(bad, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read_requests(sources, TWO, cache=cache).quality[0].rows >= 62
