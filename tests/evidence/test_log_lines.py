"""Logs in JSON lines, logfmt and text: time, service and trace id of each line; and what is no line."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.logs import LogSource, read_logs
from scaling_lib.evidence.logs.lines import reader, recognise

ID = "0af7651916cd43dd8448eb211c80319c"
AT = pd.Timestamp("2026-11-25T15:20:43Z")


@pytest.mark.parametrize(
    ("line", "service", "trace"),
    [
        (f'{{"time":"2026-11-25T15:20:43Z","service":"a","trace_id":"{ID}"}}', "a", ID),
        (f'{{"@timestamp":"2026-11-25T16:20:43.000+01:00","service":{{"name":"a"}},"trace":{{"id":"{ID}"}}}}', "a", ID),
        (f'{{"ts":1795620043.0,"app":"a","traceparent":"00-{ID}-b7ad6b7169203331-01"}}', "a", ID),
        (f'{{"timestamp":1795620043000,"service.name":"a","traceId":"{ID.upper()}"}}', "a", ID),
        ('{"timestamp":1795620043000000000,"service":"a","dd.trace_id":"1234567890123456789"}', "a", "1234567890123456789"),
        ('{"time":"2026-11-25T15:20:43Z","service":"a","trace_id":"00000000000000000000000000000000"}', "a", ""),
        ('{"time":"2026-11-25T15:20:43Z","service":"a","trace_id":"n/a"}', "a", ""),
        ('{"time":"2026-11-25T15:20:43Z","service":"a","msg":"nothing"}', "a", ""),
        (f'time=2026-11-25T15:20:43Z level=info service=a trace_id={ID} msg="took \\"long\\""', "a", ID),
        ('time=2026-11-25T15:20:43Z level=info service=a msg="trace_id=0af7651916cd43dd"', "a", ""),
        (f"2026-11-25T15:20:43Z INFO trace_id={ID} hello", "", ID),
        (f"2026-11-25 15:20:43,000 INFO [traceId: {ID}] hello", "", ID),
        (f'127.0.0.1 - - [25/Nov/2026:15:20:43 +0000] "GET /a HTTP/1.1" 200 1 "00-{ID}-b7ad6b7169203331-01"', "", ID),
        ('127.0.0.1 - - [25/Nov/2026:15:20:43 +0000] "GET /a HTTP/1.1" 200 971 "-" "agent" 0.041855', "", ""),
    ],
)  # fmt: skip
def test_forms_of_lines(line, service, trace):
    found = reader(recognise(line))(line)
    assert (found.service, found.trace) == (service, trace)
    assert pd.Timestamp(found.time, unit="s", tz="UTC") == AT


@pytest.mark.parametrize(
    "time", ['"1e999"', '"never"', "null", "true", "-5", "12", "[]", '{"a": 1}', '"2026-13-01T00:00:00Z"']
)
def test_what_is_no_time_is_none(time):
    assert pd.isna(reader("jsonl")(f'{{"time": {time}, "service": "a"}}').time)


def read(tmp_path, content: str | bytes, name="a.log", **more):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_logs([LogSource(path=str(tmp_path / name), **more)])


def test_rejected_lines_are_counted_and_blank_ones_are_none(tmp_path):
    found = read(tmp_path, f'{{"service":"a","trace_id":"{ID}"}}\n\nnot json\n[1]\n{{"service":"a"}}\n')
    assert found.frame["trace_id"].tolist() == [ID, ""]
    assert found.frame["time"].isna().all()
    (quality,) = found.quality
    assert (quality.rows, quality.format, quality.start) == (2, "jsonl", None)
    assert (quality.rejected[0].rows, quality.rejected[0].examples) == (2, ("not json", "[1]"))
    assert quality.notes == ("50% of the lines carry a trace id", "100% of the lines have no time that can be read")


def test_the_source_names_the_service_where_the_line_does_not(tmp_path):
    found = read(tmp_path, "2026-11-25T15:20:43Z hello\n", service="gateway")
    assert found.frame["service"].tolist() == ["gateway"]
    assert found.quality[0].start == AT


def test_a_format_that_is_named_is_not_guessed(tmp_path):
    found = read(tmp_path, f'{{"trace_id": "{ID}"}}\n', format="text")
    assert found.quality[0].format == "text" and found.frame["trace_id"].tolist() == [ID]


def test_a_gzip_that_breaks_off_is_read_as_far_as_it_is_whole(tmp_path):
    whole = gzip.compress("".join(f"2026-11-25T15:20:43Z line {number:06d}\n" for number in range(20_000)).encode())
    found = read(tmp_path, whole[: len(whole) - 200], "a.log.gz")
    assert 0 < len(found.frame) < 20_000
    assert "breaks off" in found.quality[0].problem


@pytest.mark.parametrize(
    ("content", "said"), [("", "no line of a log"), ("\n \n", "no line"), ("{broken\n", "no line")]
)
def test_nothing_to_read_is_said(tmp_path, content, said):
    with pytest.raises(BrokenEvidence, match=said):
        read(tmp_path, content)


def test_bytes_that_are_no_text_are_read_past(tmp_path):
    assert len(read(tmp_path, b"2026-11-25T15:20:43Z \xff\xfe\n").frame) == 1
