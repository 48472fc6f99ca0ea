"""Bad input: what is refused says why and what to do, and what is rejected is counted with examples."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.requests import RequestSource, read_requests

HEADER = "time,service,route,status,duration_ms\n"
GOOD = "".join(f"2025-11-03T10:{i:02}:00Z,web,/a,200,12.5\n" for i in range(50))
LOG = "".join(
    f'10.0.0.1 - - [03/Nov/2025:10:{i:02}:00 +0100] "GET /orders/7 HTTP/1.1" 200 512 "-" "curl/8" 0.123\n'
    for i in range(50)
)
JSON = "".join(f'{{"time": "2025-11-03T10:{i:02}:00Z", "path": "/a", "status": 200}}\n' for i in range(50))


def quality(folder: Path, name: str, content: bytes | str, **options: Any) -> Quality:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_requests([RequestSource(path=str(file), **options)]).quality[0]


def reasons(found: Quality) -> dict[str, int]:
    return {reject.reason: reject.rows for reject in found.rejected}


MANY = HEADER + "".join(f"2025-11-03T10:00:00Z,w,/a,200,{i * 37 % 1009}\n" for i in range(50_000))
PACKED = gzip.compress(MANY.encode(), mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("empty.csv", "", {}, "is empty"),
        ("blank.log", "\n\n  \n", {}, "is empty"),
        ("columns.csv", "a,b,c\n1,2,3\n", {}, "a, b and c"),
        ("header.csv", HEADER, {}, "found no request at all"),
        (
            "times.csv",
            HEADER + GOOD.replace("2025-11-03T10", "yester"),
            {},
            "time cannot be read (50), such as 'yester",
        ),
        ("cut.csv.gz", PACKED[: len(PACKED) // 2], {}, "cut short"),
        ("stump.csv.gz", PACKED[:20], {}, "expected a whole file"),
        ("array.jsonl", '[{"time": 1}]\n', {}, "JSON array"),
        ("binary.log", bytes(range(256)) * 40, {}, "binary"),
        ("prose.log", "hello\nworld\n", {}, "line 1: found 'hello'"),
        ("parquet.parquet", b"PAR1 and then nothing", {}, "cannot be read"),
        ("unit.csv", "time,route,duration\n2025-11-03T10:00:00Z,/a,5\n", {}, "duration_unit"),
        ("format.csv", HEADER + GOOD, {"format": "combined"}, "looks like csv; expected combined"),
        ("named.csv", HEADER + GOOD, {"columns": {"path": "uri"}}, "no column 'uri'"),
        ("broken.jsonl", '{"a": \n{"b"\n', {}, "no line that is a JSON object"),
    ],
    ids=range(15),
)
def test_refused(tmp_path: Path, name: str, content: bytes | str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(BrokenEvidence) as caught:
        quality(tmp_path, name, content, **options)
    message = str(caught.value)
    assert words in message
    assert name in message
    assert "\n" not in message
    assert len(message) < 700


def test_some_times_cannot_be_read(tmp_path: Path) -> None:
    found = quality(
        tmp_path, "a.csv", HEADER + GOOD + "yesterday,web,/a,200,5\n" + "1066-10-14T09:00:00Z,web,/a,200,5\n"
    )
    assert found.rows == 50
    assert reasons(found) == {"time cannot be read": 1, "time is before 1990 or after 2100": 1}
    assert "yesterday" in found.rejected[0].examples[0]


def test_impossible_durations(tmp_path: Path) -> None:
    odd = ("NaN", "-3", "1e300", "inf", "", "999999999999", "abc")
    found = quality(
        tmp_path, "a.csv", HEADER + GOOD + "".join(f"2025-11-03T10:00:00Z,web,/a,200,{each}\n" for each in odd)
    )
    assert found.rows == 53  # a request without a duration is one: "NaN", "" and "abc"
    assert reasons(found) == {"duration is negative": 1, "duration is over a day": 3}
    assert any(note.startswith("3 of 53 requests (5.66%) have no duration") for note in found.notes)


def test_impossible_statuses(tmp_path: Path) -> None:
    odd = ("abc", "0", "999")
    found = quality(
        tmp_path, "a.csv", HEADER + GOOD + "".join(f"2025-11-03T10:00:00Z,web,/a,{each},5\n" for each in odd)
    )
    assert reasons(found) == {"status is no HTTP status (100 to 599)": 2, "status is not a number": 1}


def test_a_unit_that_is_likely_wrong_is_said(tmp_path: Path) -> None:
    content = "time,route,duration\n" + "".join(f"2025-11-03T10:00:00Z,/a,{12000 + i}\n" for i in range(50))
    assert "duration_unit" in " ".join(quality(tmp_path, "a.csv", content, duration_unit="s").notes)
    assert "duration_unit" not in " ".join(quality(tmp_path, "a.csv", content, duration_unit="us").notes)


@pytest.mark.parametrize("day", ["20.10.2026", "10.20.2026", "20/10/2026", "10/20/2026", "1.2.2026", "20-10-2026"])
def test_dates_that_could_be_day_or_month_first_are_refused_with_the_forms_that_are_read(
    tmp_path: Path, day: str, pytestconfig: pytest.Config
) -> None:
    with pytest.raises(BrokenEvidence) as caught:
        quality(tmp_path, "a.csv", "time,route\n" + f"{day} 02:00:05,/a\n" * 9)
    message = str(caught.value)
    assert f"time cannot be read (9), such as '{day} 02:00:05" in message
    assert "Name the right columns" not in message
    readme = (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")
    for form in ("2026-10-20T02:00:05Z", "2026-10-20 02:00:05+02:00", "20/Oct/2026:02:00:05 +0200"):
        assert form in message and f"`{form}`" in readme
        (tmp_path / "fine.csv").write_text(f"time,route\n{form},/a\n")
        (at,) = read_requests([RequestSource(path=str(tmp_path / "fine.csv"))]).counts["minute"]
        assert f"{at:%Y-%m-%d %H:%M}" == ("2026-10-20 02:00" if form.endswith("Z") else "2026-10-20 00:00")


def test_a_file_of_which_every_row_is_rejected_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "b.csv").write_text("time,route\n" + "20.10.2026 02:00:05,/a\n" * 9)
    for kept in (None, tmp_path / "cache", tmp_path / "cache"):  # read, kept, and read from what was kept
        found = read_requests([RequestSource(path=str(tmp_path / name)) for name in ("b.csv", "a.log")], cache=kept)
        assert found.counts["n"].sum() == 50
        assert [(each.rows, each.rejected_rows) for each in found.quality] == [(0, 9), (50, 0)]
        assert "b.csv: found no usable request; rejected: time cannot be read (9)" in found.quality[0].problem
        assert found.quality[1].problem == ""


MS = "half of the response times are {} or more, all whole numbers: that looks like milliseconds"


@pytest.mark.parametrize(
    ("middle", "options", "told"),
    [
        (88, {}, True),  # as seconds, half would take a minute and a half
        (6, {}, True),
        (5, {}, False),
        (2, {}, False),  # a slow report, by Apache's %T
        (88, {"duration_unit": "ms"}, False),
        (88, {"duration_unit": "s"}, False),
    ],
)
def test_whole_milliseconds_in_a_log_are_not_taken_for_seconds_in_silence(
    tmp_path: Path, middle: int, options: dict[str, str], told: bool
) -> None:
    took = [middle - 2, middle, middle + 40] * 16 + [middle, middle]  # the median of the 50 is the middle one
    lines = [line.replace(" 0.123", f" {each}") for line, each in zip(LOG.splitlines(), took, strict=True)]
    notes = " ".join(quality(tmp_path, "a.log", "\n".join(lines) + "\n", **options).notes)
    assert (MS.format(middle) in notes) is told
    assert ("write `duration_unit: ms`" in notes) is told


@pytest.mark.parametrize(("value", "told"), [("88", True), ("0.088", False), ("88.5", False)])
def test_a_column_named_as_nginx_names_it_is_looked_at_too(tmp_path: Path, value: str, told: bool) -> None:
    content = "time,route,request_time\n" + f"2025-11-03T10:00:00Z,/a,{value}\n" * 20
    assert (MS.format(88) in " ".join(quality(tmp_path, "a.csv", content).notes)) is told


def test_binary_lines_in_a_log(tmp_path: Path) -> None:
    found = quality(
        tmp_path, "a.log", LOG.encode() + b"\x16\x03\x01\x02\x00\x01\xfc\xff garbage \xc3\x28\n" + LOG.encode()
    )
    assert found.rows == 100
    assert found.rejected_rows == 1
    assert "line 51" in found.rejected[0].examples[0]


def test_invalid_utf8_in_csv(tmp_path: Path) -> None:
    found = quality(
        tmp_path, "a.csv", (HEADER + GOOD).encode() + b"2025-11-03T10:00:00Z,web,/\xff\xfe,200,5\n" + GOOD.encode()
    )
    assert (found.rows, found.rejected_rows) == (100, 1)
    assert "line 52" in found.rejected[0].examples[0]


def test_ragged_lines(tmp_path: Path) -> None:
    found = quality(tmp_path, "a.csv", HEADER + GOOD + "2025-11-03T10:00:00Z,web,/a\n" + GOOD)
    assert (found.rows, found.rejected_rows) == (100, 1)


def test_requests_that_are_none(tmp_path: Path) -> None:
    found = quality(tmp_path, "a.log", LOG + LOG.splitlines()[0].replace("GET /orders/7 HTTP/1.1", "-") + "\n")
    assert reasons(found) == {"no path or route": 1}


def test_json_lines_that_are_no_objects_or_lack_keys(tmp_path: Path) -> None:
    odd = '{"time": "2025-11-03T10:00:00Z", "status": 200}\nnot json\n[1]\n{"a": 1\n\n'
    found = quality(tmp_path, "a.jsonl", JSON + odd + JSON.replace("}", ', "deep": {"a": [1, {"b": 2}]}}'))
    assert found.rows == 100
    assert reasons(found) == {"not a JSON object": 3, "no path or route": 1}
    assert "line 52: not json" in found.rejected[0].examples


@pytest.mark.parametrize("form", ["csv", "log", "jsonl"])
@pytest.mark.parametrize(("size", "used"), [(5_000_000, 101), (12_000_000, 100)])
def test_enormous_lines(tmp_path: Path, form: str, size: int, used: int) -> None:
    whole = {"csv": HEADER + GOOD, "log": LOG, "jsonl": JSON}[form]
    last = whole.splitlines()[-1]
    old = {"csv": "/a", "log": "curl/8", "jsonl": "/a"}[form]
    rest = whole if form != "csv" else GOOD
    content = whole + last.replace(old, "/" + "x" * size) + "\n" + rest
    found = quality(tmp_path, f"a.{form}", content)
    assert found.rows == used
    assert found.rejected_rows == 101 - used


def test_a_column_named_twice_is_said(tmp_path: Path) -> None:
    found = quality(tmp_path, "a.csv", "time,route,status,status\n2025-11-03T10:00:00Z,/a,200,500\n")
    assert "status more than once" in " ".join(found.notes)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(BrokenEvidence, match="no file is there"):
        read_requests([RequestSource(path=str(tmp_path / "*.nothing"))])
    with pytest.raises(BrokenEvidence, match="is a folder"):
        read_requests([RequestSource(path=str(tmp_path))])


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    file = tmp_path / "a.csv"
    file.write_text(HEADER + GOOD)
    file.chmod(0)
    with pytest.raises(BrokenEvidence, match="Permission denied"):
        read_requests([RequestSource(path=str(file))])


def test_one_bad_file_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + GOOD)
    (tmp_path / "b.csv").write_text("")
    (tmp_path / "c.csv").write_text(HEADER + GOOD.replace("T10", "T11"))
    (found,) = read_requests([RequestSource(path=str(tmp_path / "*.csv"))]).quality
    assert found.rows == 100
    assert "b.csv: is empty" in found.problem


@pytest.mark.parametrize("rows", [100, 60_000])  # within and beyond what is looked at to tell the form
def test_rows_with_more_fields_than_the_header_names(tmp_path: Path, rows: int) -> None:
    """A comma in a path without quotes shifts the fields behind it: such a row is rejected and shown."""
    many = "".join(f"2025-11-03T10:{i // 60 % 60:02d}:{i % 60:02d}Z,/a,200,5\n" for i in range(rows))
    extra = "2025-11-03T10:00:00Z,/a,b,200,5\n2025-11-03T10:00:00Z,/a,200,5,more,and more\n"
    (tmp_path / "a.csv").write_text("time,path,status,duration_ms\n" + many + extra + many)
    (found,) = read_requests([RequestSource(path=str(tmp_path / "a.csv"))]).quality
    assert found.rows == 2 * rows and found.rejected_rows == 2
    assert any("/a,b,200,5" in example.replace(", ", ",") for each in found.rejected for example in each.examples)


CUTS = {  # how a line may break off, or be spoiled: each leaves a quote open
    "request": LOG.splitlines()[7].partition("/7")[0],
    "agent": LOG.splitlines()[7].partition("rl/8")[0],
    "runs into the next": LOG.splitlines()[7].partition("/7")[0] + LOG.splitlines()[8],
    "in the path": LOG.splitlines()[7].replace("/7 ", '/7" '),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("where", [1, 25, 49, 50])
@pytest.mark.parametrize("cut", CUTS)
def test_one_line_of_a_log_that_leaves_a_quote_open_is_one_row(
    tmp_path: Path, cut: str, where: int, packed: bool, ends: str
) -> None:
    lines = LOG.splitlines()
    lines.insert(where, CUTS[cut])
    content = (ends.join(lines) + (ends if where < 50 else "")).encode()
    file = tmp_path / "a.log"
    file.write_bytes(gzip.compress(content) if packed else content)
    requests = read_requests([RequestSource(path=str(file))])
    assert len(requests.counts) == 50 and (requests.counts["sum_us"] == 123_000).all()
    assert requests.counts["route"].unique().tolist() == ["GET /orders/{id}"]
    (found,) = requests.quality
    assert found.rows + found.rejected_rows == 51 and found.problem == ""
    if where < 50:  # at the end of a file, the line is read as far as it goes
        assert found.rejected_rows == 1
    if where < 50 and cut in ("request", "agent"):
        assert reasons(found) == {"a quote is left open": 1}
        assert found.rejected[0].examples == (f"line {where + 1}: {CUTS[cut][:120]}",)


def test_a_log_with_such_a_line_is_read_as_one_without(tmp_path: Path) -> None:
    """Escaped quotes, lists of times and bytes that are no text are as they are in a log that closes all quotes."""
    more = LOG.replace("curl/8", 'a \\"b\\" c').replace("0.123", '"10.1.1.1" 0.100, 0.023') + LOG
    spoiled = more.encode() + b"\x16\x03\x01\xfc\xff garbage \xc3\x28\n"
    whole = quality(tmp_path, "a.log", spoiled)
    cut = quality(tmp_path, "b.log", spoiled + CUTS["request"].encode())
    assert (whole.rows, cut.rows) == (100, 100) and whole.notes == cut.notes
    assert (whole.rejected_rows, cut.rejected_rows) == (1, 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("rows", [50, 40_000])  # within and beyond what the engine looks at to tell the form
@pytest.mark.parametrize("bad", ['"/a', '"/a,200,5'])
def test_one_row_of_a_table_that_leaves_a_quote_open_is_one_row(
    tmp_path: Path, bad: str, rows: int, delimiter: str
) -> None:
    many = GOOD.replace("/a", '"/a ""b"""') * (rows // 50)
    content = HEADER + many + f"2025-11-03T10:00:00Z,web,{bad}\n" + many
    requests_of = quality(tmp_path, "a.csv", content.replace(",", delimiter))
    assert (requests_of.rows, requests_of.rejected_rows, requests_of.problem) == (2 * rows, 1, "")
    assert bad.replace(",", delimiter)[:3] in requests_of.rejected[0].examples[0]
