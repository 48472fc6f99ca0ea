"""Requests by version: the field is found in logs and tables, and what cannot be read is said."""

import gzip
import re
from pathlib import Path

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.requests import RequestSource
from scaling_lib.evidence.requests.versions import read_versions

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
LOG = SHOP / "recorded" / "canary" / "canary" / "access.log.gz"
LINE = '1.2.3.4 - - [25/Nov/2026:15:14:{:02} +0000] "{} HTTP/1.1" {} 5 "-" "agent 1.0" "{}" 0.{:03}\n'


def read(path, versions=("2", "1"), route="", **options):
    return read_versions([RequestSource(path=str(path), **options)], versions, route=route)


def test_every_order_of_the_recorded_canary():
    text = gzip.decompress(LOG.read_bytes()).decode()
    orders = [line for line in text.splitlines() if '"POST /checkout' in line]
    found = read(LOG, ("1.1.0", "1.0.0"), "POST /checkout").frame
    assert len(found) == len(orders)
    for version in ("1.1.0", "1.0.0"):
        own = [line for line in orders if f'"{version}"' in line]
        rows = found[found["version"] == version]
        assert len(rows) == len(own)
        assert (rows["status"] >= 500).sum() == sum('" 500 ' in line for line in own)
        assert rows["seconds"].sum() == pytest.approx(sum(float(re.search(r"[\d.]+$", line)[0]) for line in own))
    assert found["time"].is_monotonic_increasing and str(found["time"].dt.tz) == "UTC"


def test_routes_and_other_versions_are_left_out(tmp_path):
    lines = [
        LINE.format(1, "GET /a/17", 200, "2", 10),
        LINE.format(2, "GET /a/18", 500, "1", 20),
        LINE.format(3, "GET /b", 200, "2", 30),
        LINE.format(4, "GET /a/19", 200, "3", 40),
    ]
    (tmp_path / "a.log").write_text("".join(lines), encoding="utf-8")
    frame = read(tmp_path / "a.log", route="GET /a/{id}").frame
    assert frame[["version", "status", "seconds"]].to_numpy().tolist() == [["2", 200, 0.01], ["1", 500, 0.02]]
    assert len(read(tmp_path / "a.log").frame) == 3


def test_tables_without_status_or_duration(tmp_path):
    (tmp_path / "a.csv").write_text(
        "time,path,build\n2026-11-25T10:00:00Z,/a,2\n2026-11-25T10:00:01Z,/a,1\nyesterday,/a,1\n", encoding="utf-8"
    )
    found = read(tmp_path / "a.csv")
    assert found.frame["version"].tolist() == ["2", "1"]
    assert found.frame[["status", "seconds"]].isna().all(axis=None)
    assert found.quality[0].rejected_rows == 1
    assert read(tmp_path / "a.csv", columns={"version": "build"}).frame["version"].tolist() == ["2", "1"]
    with pytest.raises(BrokenEvidence, match="no field 'release'"):
        read(tmp_path / "a.csv", columns={"version": "release"})


def test_what_has_no_version_is_said(tmp_path):
    (tmp_path / "a.log").write_text(LINE.format(1, "GET /a", 200, "7", 10) * 3, encoding="utf-8")
    with pytest.raises(BrokenEvidence, match="no field of any line is 2 and 1"):
        read(tmp_path / "a.log")
    with pytest.raises(BrokenEvidence, match=r"none\.log"):
        read(tmp_path / "none.log")
