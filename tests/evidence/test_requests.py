"""Requests from good files of every form, and from the public and the recorded data."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, merge, read_requests
from scaling_lib.evidence.routes import OTHER

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SCALING_SHARED", ROOT.parent / "shared"))


def read(folder: Path, name: str, content: bytes | str, **options: Any) -> Requests:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_requests([RequestSource(path=str(file), **options)])


def log(minute: int, request: str = "GET /orders/7 HTTP/1.1", status: int = 200, extra: str = " 0.250") -> str:
    return f'10.0.0.1 - - [03/Nov/2025:10:{minute:02}:30 +0100] "{request}" {status} 512 "-" "curl/8"{extra}\n'


LOG = "".join(log(minute) for minute in range(10))
CSV = "time,service,route,status,duration_ms\n" + "".join(
    f"2025-11-03T09:{minute:02}:30Z,shop,/orders,200,250\n" for minute in range(10)
)
JSON = "".join(
    json.dumps({"time": f"2025-11-03T09:{minute:02}:30Z", "path": "/orders/7", "status": 200, "duration_ms": 250})
    + "\n"
    for minute in range(10)
)


def same_ten(found: Requests) -> None:
    assert found.quality[0].rows == 10
    assert found.quality[0].problem == ""
    assert found.quality[0].rejected == ()
    assert str(found.counts["minute"].iloc[0]) == "2025-11-03 09:00:00+00:00"
    assert str(found.counts["minute"].iloc[-1]) == "2025-11-03 09:09:00+00:00"
    assert list(found.counts["sum_us"]) == [250_000] * 10
    assert found.status_known
    assert found.duration_known
    assert found.quantile(0.5).value == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log", LOG),
        ("csv", CSV),
        ("jsonl", JSON),
        ("log.gz", gzip.compress(LOG.encode())),
        ("gzip-under-another-name.log", gzip.compress(LOG.encode())),
        ("it's.csv", CSV),
        ("crlf.csv", CSV.replace("\n", "\r\n")),
        ("crlf.log", LOG.replace("\n", "\r\n")),
        ("crlf.jsonl", JSON.replace("\n", "\r\n")),
        ("bom.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("bom.jsonl", b"\xef\xbb\xbf" + JSON.encode()),
        ("semicolons.csv", CSV.replace(",", ";")),
        ("tabs.csv", CSV.replace(",", "\t")),
        ("quoted.csv", CSV.replace("shop", '"the ""shop"", here"')),
        ("no-last-newline.csv", CSV.rstrip()),
        ("agents.log", LOG.replace('"curl/8"', '"a \\"quoted\\" agent"')),
        ("ipv6.log", LOG.replace("10.0.0.1", "2001:db8::1")),
        ("named.log", LOG.replace(" 0.250", " rt=0.250")),
        ("upstream.log", LOG.replace(" 0.250", " 0.250 0.249")),
        ("piped.log", LOG.replace(" 0.250", ' "10.1.2.3" 0.250 1')),
        ("apache-d.log", LOG.replace(" 0.250", " 250000")),
    ],
    ids=range(21),
)
def test_ten_requests_in_every_form(tmp_path: Path, name: str, content: bytes | str) -> None:
    same_ten(read(tmp_path, name, content))


def test_parquet_under_another_name(tmp_path: Path) -> None:
    minutes = pd.date_range("2025-11-03T09:00:30", periods=10, freq="min", tz="UTC")
    frame = pd.DataFrame({"time": minutes, "route": "/orders", "status": 200, "duration_us": 250_000})
    frame.to_parquet(tmp_path / "requests.csv")
    same_ten(read_requests([RequestSource(path=str(tmp_path / "requests.csv"))]))


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_parquet_times_and_units(tmp_path: Path, unit: str, zone: str | None) -> None:
    times = pd.date_range("2025-11-03T09:00:30", periods=3, freq="min", tz="UTC")
    times = (times.tz_convert(zone) if zone else times.tz_localize(None)).as_unit(unit)
    pd.DataFrame({"time": times, "route": "/orders"}).to_parquet(tmp_path / "a.parquet")
    found = read_requests([RequestSource(path=str(tmp_path / "a.parquet"))])
    assert str(found.counts["minute"].iloc[0]) == "2025-11-03 09:00:00+00:00"


@pytest.mark.parametrize(("name", "factor"), [("seconds", 1), ("milli", 10**3), ("micro", 10**6), ("nano", 10**9)])
def test_epoch_times(tmp_path: Path, name: str, factor: int) -> None:
    content = "time,route\n" + "".join(f"{(1762164000 + 60 * i) * factor},/a\n" for i in range(5))
    found = read(tmp_path, "a.csv", content)
    assert str(found.counts["minute"].iloc[0]) == "2025-11-03 10:00:00+00:00"
    assert any(f"{name}" in note for note in found.quality[0].notes)


def test_mixed_offsets_are_brought_to_utc_and_said(tmp_path: Path) -> None:
    times = ["2025-11-03T10:00:00+01:00", "2025-11-03T10:00:00+0100", "2025-11-03T09:00:00Z", "2025-11-03 09:00:00"]
    found = read(tmp_path, "a.csv", "time,route\n" + "".join(f"{time},/a\n" for time in times))
    assert found.counts["n"].tolist() == [4]
    notes = " ".join(found.quality[0].notes)
    assert "+01:00" in notes
    assert "some times carry no offset: read as UTC" in notes


def test_naive_times_over_the_end_of_summer_time(tmp_path: Path) -> None:
    content = "time,route\n2025-10-26 01:30:00,/a\n2025-10-26 03:30:00,/a\n"
    there = read(tmp_path, "a.csv", content, time_zone="Europe/Berlin").counts["minute"]
    assert [f"{minute:%d %H:%M}" for minute in there] == ["25 23:30", "26 02:30"]
    assert [f"{minute:%d %H:%M}" for minute in read(tmp_path, "a.csv", content).counts["minute"]] == [
        "26 01:30",
        "26 03:30",
    ]


def clocks(found: Requests) -> list[str]:
    return [note for note in found.quality[0].notes if "local times" in note]


def local_rows(day: str, hours: list[int], form: str = "{}") -> str:
    times = [form.format(f"{day} {hour:02}:{minute:02}:00") for hour in hours for minute in range(60)]
    return "time,route\n" + "".join(f"{time},/a\n" for time in times)


def test_the_hour_that_came_twice_is_said_with_its_gap(tmp_path: Path) -> None:
    """Berlin, 2026-10-25: 03:00 summer time (01:00 UTC) became 02:00, so 02:00 to 03:00 came twice."""
    content = local_rows("2026-10-25", [0, 1, 2, 2, 3, 4])
    found = read(tmp_path, "a.csv", content, time_zone="Europe/Berlin")
    assert clocks(found) == [
        "120 rows have local times from 2026-10-25 02:00 to 03:00, which Europe/Berlin had twice: all are read as the "
        "second time, 2026-10-25 01:00 to 02:00 UTC, so a gap at 2026-10-25 00:00 to 01:00 UTC is of the clocks, no "
        "outage, and the stretch after it holds the requests of both; write times with an offset, or in UTC"
    ]
    assert len(found.counts) == 300 and found.counts["n"].sum() == 360  # 22:00 to 04:00 UTC, an hour of it empty
    (gap,) = found.quality[0].gaps
    assert [f"{time:%d %H:%M}" for time in (gap.start, gap.end)] == ["25 00:00", "25 01:00"]
    doubled = found.counts.set_index("minute")["n"]
    assert doubled[doubled == 2].index.tolist() == list(pd.date_range("2026-10-25 01:00Z", periods=60, freq="min"))


def test_the_hour_that_never_was_is_said(tmp_path: Path) -> None:
    """Berlin, 2026-03-29: 02:00 winter time (01:00 UTC) became 03:00."""
    found = read(tmp_path, "a.csv", local_rows("2026-03-29", [1, 2, 4]), time_zone="Europe/Berlin")
    assert clocks(found) == [
        "60 rows have local times from 2026-03-29 02:00 to 03:00, which Europe/Berlin never had: read as 2026-03-29 "
        "01:00 to 02:00 UTC; is the `time_zone` right?"
    ]
    hours = found.counts.groupby(found.counts["minute"].dt.hour)["n"].sum()
    assert hours.to_dict() == {0: 60, 1: 60, 2: 60}


@pytest.mark.parametrize(
    ("content", "zone"),
    [
        (local_rows("2026-10-25", [0, 1, 2, 2, 3], "{}+01:00"), "Europe/Berlin"),  # they say which
        (local_rows("2026-10-25", [0, 1, 3, 4]), "Europe/Berlin"),
        (local_rows("2026-10-26", [1, 2, 3]), "Europe/Berlin"),
        (local_rows("2026-10-25", [0, 1, 2, 3]), "UTC"),
        (local_rows("2026-10-25", [0, 1, 2, 3]), ""),
        (local_rows("2026-10-25", [0, 1, 2, 3]), "Asia/Kolkata"),
        ("time,route\n" + "1792893600,/a\n" * 9, "Europe/Berlin"),
        (LOG, "Europe/Berlin"),
    ],
)
def test_nothing_is_said_of_clocks_where_nothing_is_unsure(tmp_path: Path, content: str, zone: str) -> None:
    assert clocks(read(tmp_path, "a.csv", content, time_zone=zone)) == []


def test_clocks_in_parquet_and_by_half_an_hour(tmp_path: Path) -> None:
    """Lord Howe, 2026-04-05: 02:00 (+11:00, 15:00 UTC of the day before) became 01:30 (+10:30)."""
    times = pd.date_range("2026-04-05 00:00", "2026-04-05 04:00", freq="10min", inclusive="left")
    pd.DataFrame({"time": times, "route": "/a"}).to_parquet(tmp_path / "a.parquet")
    source = RequestSource(path=str(tmp_path / "a.parquet"), time_zone="Australia/Lord_Howe")
    (note,) = clocks(read_requests([source]))
    assert note.startswith(
        "3 rows have local times from 2026-04-05 01:30 to 02:00, which Australia/Lord_Howe had twice"
    )
    assert "the second time, 2026-04-04 15:00 to 15:30 UTC, so a gap at 2026-04-04 14:30 to 15:00 UTC" in note


def test_apache_seconds_and_no_response_time(tmp_path: Path) -> None:
    found = read(tmp_path, "t.log", LOG.replace(" 0.250", " 2"))
    assert found.counts["sum_us"].tolist() == [2_000_000] * 10
    assert "seconds" in " ".join(found.quality[0].notes)
    bare = read(tmp_path, "bare.log", LOG.replace(" 0.250", ""))
    assert not bare.duration_known
    assert "latency is not measured" in " ".join(bare.quality[0].notes)
    with pytest.raises(NotMeasured):
        bare.quantile(0.5)


def test_given_columns_even_strange_ones(tmp_path: Path) -> None:
    content = '"ti""me; DROP TABLE raw; --","ro\'ute",status\n2025-11-03T10:00:00Z,/it\'s/a,200\n'
    names = {"time": 'ti"me; DROP TABLE raw; --', "route": "ro'ute"}
    assert read(tmp_path, "a.csv", content, columns=names).counts["route"].tolist() == ["/it's/a"]
    line = json.dumps({'ti"me': 1762164000, "$.path": "/a", "http": {"code": "503"}, "took_ms": "3.5"}) + "\n"
    names = {"time": 'ti"me', "path": "$.path", "status": "http.code"}
    found = read(tmp_path, "a.jsonl", line * 2, columns=names).counts
    assert found[["n", "errors", "sum_us"]].values.tolist() == [[2, 2, 7000]]


def test_select_by_route_method_and_service(tmp_path: Path) -> None:
    lines = log(0) + log(1, "POST /orders/7 HTTP/1.1") + log(2, "GET /health HTTP/1.1")
    found = read(tmp_path, "a.log", lines, service="shop")
    assert found.select("/orders/{id}").counts["n"].sum() == 2
    assert found.select("POST /orders/{id}").counts["n"].sum() == 1
    assert found.select("*", "shop").counts["n"].sum() == 3
    assert found.select("*", "other").counts.empty
    assert found.select("POST /orders/{id}").bins["n"].sum() == 1


def test_several_sources_and_globs(tmp_path: Path) -> None:
    for day in ("a", "b"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "x.log").write_text(LOG.replace("curl", day))
    (tmp_path / "c.csv").write_text(CSV)
    sources = [RequestSource(path=str(tmp_path / "**" / "*.log")), RequestSource(path=str(tmp_path / "c.csv"))]
    found = read_requests(sources, [Threshold(route="*", seconds=0.1)])
    assert [entry.rows for entry in found.quality] == [20, 10]
    assert found.counts["n"].sum() == 30
    assert found.counts["good_100000"].sum() == 0


def test_a_silence_is_a_gap(tmp_path: Path) -> None:
    lines = "".join(log(minute) for minute in (*range(10), *range(40, 50)))
    (gap,) = read(tmp_path, "a.log", lines).quality[0].gaps
    assert f"{gap.start:%H:%M} {gap.end:%H:%M}" == "09:10 09:40"


def test_recorded_access_log_equals_a_count_line_by_line() -> None:
    files = sorted(ROOT.glob("data/shop/recorded/**/*access*"))
    if not files:
        pytest.skip("data/shop holds no access log")
    file = files[0]
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as text:
        lines = [line for line in text if line.strip()]
    pattern = re.compile(r'\[[^\]]*:(\d\d:\d\d):\d\d [^\]]*\] "[^"]*" (\d{3}) ')
    hits = [match.groups() for match in map(pattern.search, lines) if match]
    found = read_requests([RequestSource(path=str(file))])
    assert found.counts["n"].sum() + found.quality[0].rejected_rows == len(lines)
    assert found.counts["n"].sum() == len(hits)
    assert found.counts["errors"].sum() == sum(status >= "500" for _, status in hits)
    minutes = Counter(minute for minute, _ in hits)
    assert sorted(found.counts.groupby("minute")["n"].sum()) == sorted(minutes.values())


def test_train_ticket_root_spans_are_requests() -> None:
    file = SHARED / "data" / "train-ticket" / "spans.parquet"
    if not file.exists():
        pytest.skip("the public spans of Train Ticket are not here")
    found = read_requests([RequestSource(path=str(file))])
    spans = pd.read_parquet(file)
    roots = spans[spans["parent_id"].isna() | (spans["parent_id"] == "")]
    assert found.counts["n"].sum() + found.quality[0].rejected_rows == len(roots)
    assert found.counts["sum_us"].sum() == ((roots["end_ns"] - roots["start_ns"]) // 1000).sum()
    by_service = found.counts.groupby("service", observed=True)["n"].sum()
    assert by_service.to_dict() == roots.groupby("service").size().to_dict()


@pytest.mark.parametrize("files", [1, 2])
def test_a_named_route_is_never_counted_as_other(tmp_path: Path, files: int) -> None:
    """300 routes a day, other ones each day: a quiet route of a journey without a threshold keeps its failures."""
    for day in range(2):
        lines = [
            f"2025-11-0{day + 3}T09:00:00Z,/page-{chr(97 + n // 26)}{chr(97 + n % 26)}-{'xy'[day]},200\n" * 2
            for n in range(300)
        ]
        lines += [f"2025-11-0{day + 3}T09:00:00Z,/pay,503\n"] * (10 if day else 1)
        name = tmp_path / f"{day if files == 2 else 0}.csv"
        with name.open("a") as out:
            out.write(("" if name.stat().st_size else "time,route,status\n") + "".join(lines))
    found = read_requests([RequestSource(path=str(tmp_path / "*.csv"))], named=["/pay"])
    assert found.select("/pay").counts["errors"].tolist() == [1, 10]
    assert found.counts["route"].nunique() == 201  # the 200 that stay, and the others together
    assert found.select("(other)").counts["n"].sum() == 2 * (600 - 199)
    assert found.counts["n"].sum() == 1211
    assert found.select("*").counts["n"].sum() == 1211
    assert "401 rare routes are counted together as (other)" in found.quality[0].notes


def test_a_file_reached_twice_is_counted_once_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    found = read_requests([RequestSource(path=str(tmp_path / name)) for name in ("*.csv", "a.csv")])
    assert [entry.rows for entry in found.quality] == [10, 0]
    assert found.counts["n"].sum() == 10
    assert found.quality[0].notes == ("link.csv: given more than once, counted once",)
    assert found.quality[1].notes == ("a.csv: given more than once, counted once",)


def test_files_of_the_same_content_are_counted_once_and_said(tmp_path: Path) -> None:
    """Of the same size: a copy, a packed copy, and one that differs; in another source: one more copy."""
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "b.log").write_text(LOG)
    (tmp_path / "c.log").write_text(LOG.replace(":10:", ":11:"))
    (tmp_path / "d.log.gz").write_bytes(gzip.compress(LOG.encode()))
    (tmp_path / "old.txt").write_text(LOG)
    found = read_requests([RequestSource(path=str(tmp_path / name)) for name in ("*.log*", "old.txt")])
    assert [entry.rows for entry in found.quality] == [20, 0]
    assert found.counts["n"].sum() == 20
    said = "left out as copies of another file (in brackets), counted once: "
    assert found.quality[0].notes[-1] == said + "b.log (a.log) and d.log.gz (a.log)"
    assert found.quality[1].notes[-1] == said + "old.txt (a.log)"


def test_a_copy_is_read_where_the_first_could_not_be(tmp_path: Path) -> None:
    content = "when,route\n2025-11-03T09:00:00Z,/a\n"
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(content)
    wrong, right = RequestSource(path=str(tmp_path / "a.csv")), {"columns": {"time": "when"}}
    others = [RequestSource(path=str(tmp_path / name), **right) for name in ("b.csv", "c.csv")]
    found = read_requests([wrong, *others])
    assert [entry.rows for entry in found.quality] == [0, 1, 0]
    assert "a.csv" in found.quality[0].problem


def test_merging_keeps_the_cap_on_routes(tmp_path: Path) -> None:
    """Two halves of 150 routes each: 200 are kept, the busiest and the named one, and nothing is lost."""
    halves = []
    for first in (0, 150):
        lines = "".join(
            f"2025-11-03T10:{minute:02d}:00Z,/route-{chr(97 + place // 26)}{chr(97 + place % 26)},200,5\n"
            for place in range(first, first + 150)
            for minute in range(1 + place % 3)
        )
        (tmp_path / "half.csv").write_text("time,path,status,duration_ms\n" + lines)
        halves.append(read_requests([RequestSource(path=str(tmp_path / "half.csv"))]))
    rare = "/route-aa"  # one request
    whole = merge(*halves, named=[rare])
    routes = set(whole.counts["route"])
    assert len(routes) == 201 and {OTHER, rare} <= routes
    assert whole.counts["n"].sum() == whole.bins["n"].sum() == sum(half.counts["n"].sum() for half in halves)
