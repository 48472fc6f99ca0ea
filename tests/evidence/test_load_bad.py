"""Broken, foreign and misleading files of load tests: rows are rejected and counted, or one paragraph says what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hlog_files import hlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling_lib.errors import BrokenEvidence, ScalingError
from scaling_lib.evidence.load_tests import LoadSource, LoadTests, read_load_tests
from scaling_lib.evidence.load_tests.levels import levels

T0 = 1_700_000_000
K6 = "metric_name,timestamp,metric_value,check,error,error_code,group,method,name,proto,scenario,status,subproto,tls_version,url,extra_tags"
K6_ROW = "http_req_duration,1700000000,12.5,,,,,GET,http://shop/a,HTTP/1.1,default,200,,,http://shop/a,"
JTL = "timeStamp,elapsed,label,responseCode,success,allThreads"
JTL_ROW = "1700000000000,20,a,200,true,3"
LOCUST = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,100%,Total Request Count,Total Failure Count,Total Average Response Time,Total Max Response Time"
VEGETA_ROW = '{"attack":"","seq":0,"code":200,"timestamp":"2023-11-14T22:13:20.5Z","latency":5000000,"error":"","method":"GET","url":"/a"}'
K6_LINE = '{"type":"Point","metric":"http_req_duration","data":{"time":"2023-11-14T22:13:20.5Z","value":5.5,"tags":{"status":"200","name":"a"}}}'
HIST = "HISTFAAAACR4nJNpmSzMwMDAxAABzFCaEUoz2X+AMIKZAEARAtM="


def locust_rows(count: int) -> list[str]:
    return [f"{T0 + s},5,,Aggregated,1,0,10,20,30,40,{100 * s},0,12.5,40.0" for s in range(count)]


def read(file: Path, content: str | bytes, **options: object) -> LoadTests:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_load_tests([LoadSource(path=str(file), **options)])


def rejected(tests: LoadTests) -> dict[str, int]:
    return {entry.reason: entry.rows for entry in tests.quality[0].rejected}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf \n", "is empty"),
        ("a.bin", bytes(range(256)), "binary data"),
        ("simulation.log", b"\0\0\0\0\x06" + b"3.13.5" + b"\0" * 50, "Gatling's simulation.log"),
        ("simulation.log", b"RUN\tcom.shop.Basic\tbasic\t1700000000000\t \t3.9.5\n", "Gatling's simulation.log"),
        ("a.log", b"REQUEST\t1\t\thome\t1700000000000\t1700000000100\tOK\t \n", "Gatling's simulation.log"),
        ("a.jtl", b'<?xml version="1.0"?><testResults version="1.2">', "output_format=csv"),
        ("a.json", b'{"metrics": {"http_req_duration": {"avg": 1}}, "root_group": {}}', "A summary has no course of time"),
        ("a.json", b'[{"latency": 1}]', "JSON lines of k6 or Vegeta"),
        ("a.json", b'{"latency": ', "JSON lines of k6 or Vegeta"),
        ("a_stats.csv", b"Type,Name,Request Count,Failure Count,Median Response Time\nGET,/a,1,0,3\n", "_stats_history.csv"),
        ("a.csv", b"time,route,duration_ms\n1,2,3\n", "expected the header of Locust's stats history"),
        ("a.csv", b"Timestamp,User Count,Name\n1,2,3\n", "looks like locust, without the column total request count"),
        ("a.jtl", b"elapsed,label\n1,a\n", "looks like jmeter, without the column timestamp"),
        ("a.jtl", b"1700000000000,20,a,200,true\n", "has no header, and 5 fields"),
        ("a.jtl", b"timeStamp,elapsed,label\n1700000000000,2,a\n", "neither success nor responseCode"),
        ("a.csv", f"{K6}\nvus,1700000000,1,,,,,,,,,,,,,\n".encode(), "found no http_req_duration"),
        ("a.csv", (LOCUST + "\n" + locust_rows(1)[0]).encode(), "expected at least two"),
        ("a.csv", (LOCUST + "\nx,y,z\n").encode(), "found no usable row"),
        ("a.csv", b"users,throughput\nmany,lots\n", "expected numbers for users and throughput"),
        ("a.jtl", (JTL + "\n1700000000000,-5,a,200,true,3\n").encode(), "duration is negative (1)"),
        ("a.jtl", (JTL + "\n").encode(), "found no request"),
        ("a.hlog", b"#[StartTime: 1700000000.0 (seconds since epoch)]\n", "no histogram with a value"),
        ("a.hlog", f"#[StartTime: 1700000000.0 (seconds since epoch)]\n1.0,1.0,2.0,{HIST}\n1.0,1.0\n".encode(), "no histogram with a value"),
        ("a.gz", gzip.compress(f"{K6}\n{K6_ROW}\n".encode() * 50)[:-12], "gzip"),
        ("a.gz", b"\x1f\x8b\x08 broken", "gzip"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read_say_what_to_do(tmp_path, name, content, says):
    with pytest.raises(BrokenEvidence) as found:
        read(tmp_path / name, content)
    message = str(found.value)
    assert says in message and name in message and "\n" not in message and 40 < len(message) < 1200


def test_a_folder_nothing_and_a_foreign_format(tmp_path):
    for path, says in ((str(tmp_path), "is a folder"), (str(tmp_path / "*.jtl"), "no file is there")):
        with pytest.raises(BrokenEvidence, match=says):
            read_load_tests([LoadSource(path=path)])
    with pytest.raises(BrokenEvidence, match="No load test is given"):
        read_load_tests([])
    with pytest.raises(BrokenEvidence, match="looks like jmeter; expected k6-csv"):
        read(tmp_path / "a.csv", f"{JTL}\n{JTL_ROW}\n", format="k6-csv")


def test_one_broken_file_does_not_hide_the_others(tmp_path):
    (tmp_path / "a.jtl").write_text(f"{JTL}\n{JTL_ROW}\n")
    (tmp_path / "b.jtl").write_bytes(b"\0\0\0")
    tests = read_load_tests([LoadSource(path=str(tmp_path / "*.jtl"))])
    assert len(tests.tests) == 1 and "b.jtl: holds binary data" in tests.quality[0].problem


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1700000000000,NaN,a,200,true,3", "duration is not a number"),
        ("1700000000000,,a,200,true,3", "duration is not a number"),
        ("1700000000000,-1,a,200,true,3", "duration is negative"),
        ("1700000000000,1e400,a,200,true,3", "duration is not a number"),
        ("1700000000000,86400001,a,200,true,3", "duration is over a day"),
        ("never,5,a,200,true,3", "time cannot be read"),
        ("NaN,5,a,200,true,3", "time cannot be read"),
        ("0,5,a,200,true,3", "time is before 1990 or after 2100"),
        ("99999999999999999999999,5,a,200,true,3", "time cannot be read"),
        ("1700000000000,5,a,200,maybe,3", "success is neither true nor false"),
        ("1700000000000,5,a,200", "cannot be parsed (missing columns)"),
        ("1700000000000,5,a,200,true,3,4,5", "cannot be parsed (too many columns)"),
        (JTL, "the header again: results of several tests in one file"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_used_are_counted_and_shown(tmp_path, row, reason):
    tests = read(tmp_path / "a.jtl", "\n".join([JTL, JTL_ROW, row, JTL_ROW, row, JTL_ROW]) + "\n")
    assert tests.samples[tests.samples["name"] == ""]["requests"].sum() == 3
    assert rejected(tests) == {reason: 2}
    assert tests.quality[0].rejected[0].examples


def test_the_last_line_of_a_test_that_was_stopped(tmp_path):
    for name, content, whole in (
        ("a.jtl", f"{JTL}\n{JTL_ROW}\n{JTL_ROW}\n{JTL_ROW[:20]}", 2),
        ("a.csv", f"{K6}\n{K6_ROW}\n{K6_ROW}\n{K6_ROW[:40]}", 2),
        ("v.json", f"{VEGETA_ROW}\n{VEGETA_ROW[:60]}", 1),
        ("k.json", f"{K6_LINE}\n{K6_LINE}\n{K6_LINE[:70]}", 2),
    ):
        tests = read(tmp_path / name, content)
        assert tests.samples[tests.samples["name"] == ""]["requests"].sum() == whole, name
        assert sum(rejected(tests).values()) == 1, name


def test_times_in_seconds_are_told_from_milliseconds_row_by_row(tmp_path):
    mixed = "\n".join(
        [
            JTL,
            JTL_ROW,
            "1700000001,20,a,200,true,3",
            "1700000001000000,20,a,200,true,3",
            "1700000000,20,a,200,true,3",
            "1700000001000001,20,a,200,true,3",
        ]
    )
    tests = read(tmp_path / "a.jtl", mixed)
    assert list(tests.samples[tests.samples["name"] == ""]["requests"]) == [2, 3]
    assert any(
        "times are numbers in s and us" in note or "times are numbers in us and s" in note
        for note in tests.quality[0].notes
    )


def test_durations_in_another_unit_are_said(tmp_path):
    rows = [f"{T0 * 1000 + place},{250_000},a,200,true,3" for place in range(20)]  # microseconds under ms
    tests = read(tmp_path / "a.jtl", "\n".join([JTL, *rows]))
    assert any(
        "half of the requests took about 4.1" in note and "unit is wrong" in note for note in tests.quality[0].notes
    )
    nanoseconds = VEGETA_ROW.replace("5000000", "5000")
    assert any("took about" in note for note in read(tmp_path / "a.json", nanoseconds).quality[0].notes)


def test_times_out_of_order_are_no_fault_of_single_requests(tmp_path):
    rows = [f"{T0 * 1000 + (place * 7919) % 30_000},20,a,200,true,3" for place in range(1000)]
    a, b = (
        read(tmp_path / name, "\n".join([JTL, *order])) for name, order in (("a.jtl", rows), ("b.jtl", sorted(rows)))
    )
    pd.testing.assert_frame_equal(a.samples.drop(columns="test"), b.samples.drop(columns="test"))


def test_locust_rows_that_cannot_be_used(tmp_path):
    good = locust_rows(10)
    for row, reason in (
        (f"{T0 + 3},5,,Aggregated,1,0,10,20,30,40,NaN,0,12.5,40.0", "Total Request Count is no number from 0 on"),
        (f"{T0 + 3},-5,,Aggregated,1,0,10,20,30,40,5,0,12.5,40.0", "User Count is no number from 0 on"),
        (f"{T0 + 3},5,,Aggregated,1,0,10,20,30,40,5,6,12.5,40.0", "more failures than requests"),
        (f"{1000 * T0},5,,Aggregated,1,0,10,20,30,40,5,0,12.5,40.0", "time is before 1990 or after 2100: expected whole seconds"),
        (f"{T0 + 1},5,,Aggregated,1,0,10,20,30,40,950,0,12.5,40.0", "time goes back"),
        ("x,5", "cannot be parsed (missing columns)"),
    ):  # fmt: skip
        tests = read(tmp_path / "a.csv", "\n".join([LOCUST, *good, row]))
        assert tests.samples["requests"].sum() == 900, reason
        assert rejected(tests) == {reason: 1}
    unknown = [row.replace("10,20,30,40", "N/A,N/A,N/A,N/A") for row in good]
    tests = read(tmp_path / "b.csv", "\n".join([LOCUST, *unknown]))
    assert tests.samples["requests"].sum() == 900 and tests.samples["p99_s"].isna().all()


def test_a_first_row_that_has_counted_already(tmp_path):
    tests = read(tmp_path / "a.csv", "\n".join([LOCUST, *locust_rows(10)[3:]]))
    assert tests.samples["requests"].sum() == 600
    assert "300 requests before the first row: of an unknown time, not used" in tests.quality[0].notes


def test_hlog_lines_that_cannot_be_used(tmp_path):
    text = hlog([("", 0.0, 1.0, {5_000_000: 10}), ("", 1.0, 1.0, {5_000_000: 10})])
    packed = text.splitlines()[-1].rsplit(",", 1)[1]
    bad = [
        f"2.0,1.0,5.0,{packed[:-9]}",
        f"2.0,1.0,5.0,HIST{'A' * 40}",
        f"2.0,0.0,5.0,{packed}",
        f"-1,1.0,5.0,{packed}",
        "junk",
    ]
    tests = read(tmp_path / "a.hlog", text + "\n".join(bad))
    assert tests.bins["n"].sum() == 20 and sum(rejected(tests).values()) == 5
    relative = "\n".join(line for line in text.splitlines() if "Time:" not in line)
    with pytest.raises(BrokenEvidence, match="no StartTime is given"):
        read(tmp_path / "b.hlog", relative)
    micros = text.replace("5.000,HIST", "5000.0,HIST").replace(",5.", ",5003.")
    with pytest.raises(BrokenEvidence, match="duration_unit"):
        read(tmp_path / "c.hlog", micros)


def test_histograms_that_are_packed_well_and_hold_nonsense(tmp_path):
    """Bytes are changed inside, where no checksum sees it: a line is read or rejected, and nothing else happens."""
    import base64
    import random
    import struct
    import zlib

    rng = random.Random(5)
    *head, last = hlog([("", 0.0, 1.0, {5_000: 7, 5_000_000: 10, 10**9: 1})]).splitlines()
    place, packed = last.rsplit(",", 1)
    inside = zlib.decompress(base64.b64decode(packed)[8:])
    lines = []
    for _ in range(200):
        made = bytearray(inside)
        for _ in range(rng.randint(1, 6)):
            made[rng.randrange(len(made))] = rng.randrange(256)
        made = made[: rng.randint(0, len(made))] if rng.random() < 0.3 else made
        short = zlib.compress(bytes(made))
        lines.append(f"{place},{base64.b64encode(struct.pack('>II', 0x1C849314, len(short)) + short).decode()}")
    bomb = zlib.compress(bytes(200_000_000), 9)
    lines.append(f"{place},{base64.b64encode(struct.pack('>II', 0x1C849314, len(bomb)) + bomb).decode()}")
    tests = read(tmp_path / "a.hlog", "\n".join([*head, last, *lines]), duration_unit="ns")
    assert sum(rejected(tests).values()) > 0 and tests.bins["n"].sum() >= 18
    assert rejected(tests)["the histogram is damaged (ValueError)"] > 0


def test_a_plain_table_that_cannot_be_used_in_part(tmp_path):
    tests = read(tmp_path / "a.csv", "load;throughput\n1;10\n0;5\n-3;7\n4;NaN\n5;-1\n6;40\n6;inf\n")
    assert list(tests.samples["users"]) == [1, 6]
    assert rejected(tests) == {"users are not above 0": 2, "throughput is no number": 2, "throughput is negative": 1}
    with pytest.raises(BrokenEvidence, match="expected the header"):
        read(tmp_path / "b.csv", "a,b\n1,2\n", columns={"users": "a", "throughput": "c"})


GOOD = {
    "locust": ("a.csv", "\n".join([LOCUST, *locust_rows(3)]) + "\n"),
    "k6-csv": ("a.csv", f"{K6}\n{K6_ROW}\nvus,1700000000,2,,,,,,,,,,,,,\n"),
    "k6-json": ("a.json", K6_LINE + "\n"),
    "jmeter": ("a.jtl", f"{JTL}\n{JTL_ROW}\n"),
    "vegeta": ("a.json", VEGETA_ROW + "\n"),
    "curve": ("a.csv", "time,users,throughput\n1700000000,1,20\n1700000060,2,35\n"),
}


@st.composite
def mangled(draw: st.DrawFn, whole: bytes) -> bytes:
    """A good file, repeated, with parts cut out, bytes replaced and others put in; maybe packed, maybe cut short."""
    content = bytearray(whole * draw(st.integers(1, 3)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        end = draw(st.integers(at, min(len(content), at + 40)))
        junk = [
            b"\n",
            b'"',
            b",",
            b"\0",
            b"NaN",
            b"-1",
            b"1e400",
            b"9" * 25,
            b"null",
            b"{}",
            b"[",
            b": ",
            b"\xff\xfe",
            b"N/A",
        ]
        content[at:end] = draw(st.one_of(st.binary(max_size=8), st.sampled_from(junk)))
    made = bytes(content)
    if draw(st.booleans()):
        made = gzip.compress(made, mtime=0)
    return made[: draw(st.integers(0, len(made)))] if draw(st.integers(0, 4)) == 0 else made


@pytest.mark.parametrize("format_", [*GOOD, "hlog"])
def test_only_our_own_errors_come_out(tmp_path, format_):
    """And of what is read, nothing is negative, nothing is infinite, and bins add up to the samples."""
    if format_ == "hlog":
        name, text = "a.hlog", hlog([("", 0.0, 1.0, {5_000_000: 10}), ("x", 1.0, 1.0, {9_000_000: 3})])
    else:
        name, text = GOOD[format_]

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(content=mangled(text.encode()))
    def check(content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        try:
            tests = read_load_tests([LoadSource(path=str(tmp_path / name))])
        except ScalingError as error:
            assert len(str(error)) < 3000
            return
        numbers = tests.samples[["throughput", "requests", "errors", "sum_us", "users"]]
        assert not ((numbers < 0) | (numbers == float("inf"))).any(axis=None)
        if len(tests.bins):
            named = tests.samples[tests.samples["name"] != ""]
            assert tests.bins["n"].sum() == named["requests"].sum()
            assert tests.bins["sum_us"].sum() == pytest.approx(named["sum_us"].sum())
        assert {test.test for test in tests.tests} == set(tests.samples["test"])
        levels(tests, least_s=1)

    assert read(tmp_path / name, text).quality[0].format == format_  # the file is good before it is mangled
    check()
