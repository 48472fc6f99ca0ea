"""Spans that are wrong: each kind is found, counted, and said with an example; the rest is used."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pyarrow as pa
import pytest
from test_spans import TRACE, T, note, otlp, read, span, zipkin

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.spans import SpanSource, read_spans
from scaling_lib.evidence.spans.otlp import Unsound, _taken_apart, read_values


def rejected(quality: Quality) -> dict[str, int]:
    return {each.reason: each.rows for each in quality.rejected}


def test_what_does_not_fit_its_parent(tmp_path):
    found = read(
        tmp_path,
        otlp(
            span("a", 100, 200),
            span("b", 210, 260, "a"),  # outside
            span("c", 190, 201, "a"),  # reaches beyond
            span("d", 99, 101, "a"),  # reaches beyond
            span("e", 100, 200, "a"),  # within
            span("f", 200, 200, "a"),  # lasts 0, on the edge: within
            span("1", 200, 210, "a"),  # touches the edge: outside
            span("2", 90, 99, "a"),  # outside
            span("3", 0, 300, "a"),  # reaches beyond on both sides
        ),
    )
    assert ": 3, such as 'b' of 'shop'" in note(found.quality[0], "spans wholly outside")
    assert ": 3, such as 'c' of 'shop'" in note(found.quality[0], "spans that reach beyond")
    assert len(found.frame) == 9


def test_orphans_and_roots(tmp_path):
    alone = span("d", 0, 9, "f") | {"traceId": "f" * 32}
    found = read(tmp_path, otlp(span("a", 0, 9), span("b", 0, 9), span("c", 0, 9, "e"), alone))
    quality = found.quality[0]
    assert ": 2, such as 'c'" in note(quality, "orphans")
    assert ": 1, such as 'a'" in note(quality, "traces with several roots")
    assert ": 1, such as 'd'" in note(quality, "traces without their root")


def test_circles_become_roots(tmp_path):
    """a and b are each other's parent, c is its own; d hangs on b."""
    found = read(tmp_path, otlp(span("a", 0, 9, "b"), span("b", 0, 9, "a"), span("c", 0, 9, "c"), span("d", 1, 2, "b")))
    assert found.frame["parent_id"].tolist() == ["", "", "", "b" * 16]
    assert ": 3, such as 'a'" in note(found.quality[0], "spans that are their own ancestors")


def test_roots_made_of_circles_follow_nobody(tmp_path):
    """Two consumers, each the other's parent, and a span that links to itself."""
    itself = span("c", 0, 9, links=[{"traceId": TRACE, "spanId": "c" * 16}])
    found = read(tmp_path, otlp(span("a", 0, 9, "b", kind=5), itself), otlp(span("b", 0, 9, "a", kind=5), service="x"))
    assert found.frame["parent_id"].tolist() == ["", "", ""]
    assert found.frame["follows"].tolist() == [False, False, False]
    assert not note(found.quality[0], "spans that follow their parent")


def test_only_servers_that_start_before_a_client_show_skew(tmp_path):
    """Of three servers that start before their parents, one has a client as such; a client that is early is none."""
    spans = [
        span("a", 100, 900, kind=3),
        span("b", 40, 800, "a", kind=2),
        span("c", 10, 800, "b", kind=2),
        span("d", 100, 900, kind=4),
        span("e", 0, 800, "d", kind=2),
        span("f", 50, 800, "a", kind=3),
    ]
    quality = read(tmp_path, otlp(*spans)).quality[0]
    assert "by up to 0.06 µs: 1, such as 'b'" in note(quality, "clock skew")


def test_a_long_chain_is_no_circle(tmp_path):
    spans = [
        span("a", 0, 9) | {"spanId": f"{k + 1:016x}", "parentSpanId": f"{k:016x}" if k else ""} for k in range(5000)
    ]
    found = read(tmp_path, otlp(*spans))
    assert (found.frame["parent_id"] == "").sum() == 1
    assert not found.quality[0].notes


def test_doubles_and_clashes(tmp_path):
    found = read(
        tmp_path,
        otlp(span("a", 0, 9), span("b", 0, 5, "a"), span("a", 0, 9)),
        otlp(span("b", 0, 7, "a"), span("b", 1, 6, "a"), service="other"),
    )
    assert (found.frame["end_ns"] - T).tolist() == [9, 7]  # the longest stays
    assert rejected(found.quality[0]) == {
        "a double: the same span again": 1,
        "of the same id as another span of its trace that lasts as long or longer": 2,
    }
    assert found.quality[0].rejected[0].examples == (f"'a' of 'shop' (trace {TRACE}, span {'a' * 16})",)


def test_one_id_in_two_traces_is_no_double(tmp_path):
    found = read(tmp_path, otlp(span("a", 0, 9), span("a", 0, 9) | {"traceId": "1" * 32}))
    assert len(found.frame) == 2
    assert not found.quality[0].rejected


def test_times_that_cannot_be(tmp_path):
    found = read(
        tmp_path,
        otlp(
            span("a", 0, 100),
            span("b", 50, 40, "a"),
            span("c", 0, 0, "a") | {"endTimeUnixNano": None},
            span("d", 0, 0, "a") | {"startTimeUnixNano": ""},
            span("e", 0, 0, "a") | {"startTimeUnixNano": "0"},
            span("f", 0, 0, "a") | {"startTimeUnixNano": "-5"},
            span("1", 0, 0, "a") | {"startTimeUnixNano": "9" * 30},
            span("2", 0, 90_000 * 10**9),
        ),
    )
    assert found.frame["operation"].tolist() == ["a", "b", "c", "2"]
    assert (found.frame["end_ns"] - found.frame["start_ns"]).tolist() == [100, 0, 0, 90_000 * 10**9]
    quality = found.quality[0]
    assert rejected(quality) == {
        "no start time that can be read": 3,
        "a time before 1970 or beyond what 64 bits of nanoseconds hold": 1,
    }
    assert ": 1, such as 'b'" in note(quality, "spans that end before they start")
    assert ": 1, such as 'c'" in note(quality, "spans without end or duration")
    assert ": 1, such as '2'" in note(quality, "spans that last more than a day")


@pytest.mark.parametrize(("unit", "size"), [("us", 10**3), ("ms", 10**6), ("s", 10**9)])
def test_wrong_units_are_recognised(tmp_path, unit, size):
    spans = [
        span("a", 0, 0) | {"startTimeUnixNano": str(T // size), "endTimeUnixNano": str(T // size + 7)},
        span("b", 0, 0, "a") | {"startTimeUnixNano": str(T // size + 1), "endTimeUnixNano": str(T // size + 3)},
    ]
    found = read(tmp_path, otlp(*spans))
    assert (found.frame["start_ns"] - T).tolist() == [0, size]
    assert (found.frame["end_ns"] - T).tolist() == [7 * size, 3 * size]
    assert f"times in {unit}, not in ns as the format has it, converted: 2" in note(
        found.quality[0], "spans with times"
    )


def test_a_few_spans_in_another_unit(tmp_path):
    odd = span("c", 0, 0, "a") | {"startTimeUnixNano": T // 10**6, "endTimeUnixNano": T // 10**6 + 2}
    found = read(tmp_path, otlp(span("a", 0, 10**9), span("b", 0, 5, "a"), odd))
    assert (found.frame["start_ns"] - T).tolist() == [0, 0, 0]
    assert (found.frame["end_ns"] - T).tolist() == [10**9, 5, 2 * 10**6]
    assert "converted: 1, such as 'c'" in note(found.quality[0], "spans with times in ms")


def test_nanoseconds_in_zipkin_and_a_unit_by_name(tmp_path):
    found = read(tmp_path, [zipkin("a", 0, 50) | {"timestamp": T}])
    assert found.frame["end_ns"].tolist() == [T + 50]
    assert "times in ns, not in us" in note(found.quality[0], "spans with times")
    named = read(tmp_path, [zipkin("a", 0, 50)], time_unit="ns")  # what is named is never doubted
    assert (named.frame["end_ns"] - named.frame["start_ns"]).tolist() == [50]
    assert note(named.quality[0], "spans that start outside of the years 2000 to 2100 in any unit")


def test_times_that_are_not_since_1970_stay(tmp_path):
    found = read(tmp_path, otlp(span("a", -T, 100 - T), span("b", 10 - T, 70 - T, "a")))
    assert found.frame["start_ns"].tolist() == [0, 10]
    assert found.frame["end_ns"].tolist() == [100, 70]
    assert ": 2, such as 'a'" in note(
        found.quality[0], "spans that start outside of the years 2000 to 2100 in any unit"
    )


def test_coarse_times(tmp_path):
    spans = [
        span("a", 0, 10**6 * (k % 3 == 0)) | {"spanId": f"{k + 1:016x}", "traceId": f"{k + 1:032x}"} for k in range(30)
    ]
    found = read(tmp_path, otlp(*spans))
    assert ": 30" in note(found.quality[0], "spans with whole milliseconds")
    assert ": 20" in note(found.quality[0], "spans that last 0, more than half")


def test_ids(tmp_path):
    found = read(
        tmp_path,
        otlp(
            span("a", 0, 9) | {"traceId": TRACE.upper(), "spanId": "A" * 16},
            span("b", 0, 9, "a") | {"spanId": "b" * 15},
            span("c", 1, 2) | {"parentSpanId": "0" + "b" * 15},
            span("d", 1, 2) | {"spanId": "0" * 16},
            span("e", 1, 2) | {"traceId": None},
            span("f", 1, 2) | {"spanId": 12345678901234567890},
            span("1", 1, 2) | {"spanId": "3q2+7w==", "parentSpanId": "0" * 16},
        ),
    )
    assert found.frame["span_id"].tolist() == [
        "a" * 16,
        "0" + "b" * 15,
        "c" * 16,
        "12345678901234567890".zfill(32),
        "3q2+7w==",
    ]
    assert found.frame["parent_id"].tolist() == ["", "a" * 16, "0" + "b" * 15, "", ""]
    assert set(found.frame["trace_id"]) == {TRACE}
    quality = found.quality[0]
    assert rejected(quality) == {"no trace id or span id (missing, or zeros only)": 2}
    assert ": 1, such as 3q2+7w==" in note(quality, "ids that are not hexadecimal")
    assert note(quality, "ids in capitals or without leading zeros")
    assert not note(quality, "orphans")


def test_broken_lines_are_counted_and_the_rest_is_used(tmp_path):
    good = [json.dumps(otlp(span(each, 0, 9))) for each in "abc"]
    found = read(tmp_path, good[0], "{broken", good[1], "", '{"resourceLogs": []}', "[1, 2", "17", good[2])
    assert found.frame["operation"].tolist() == ["a", "b", "c"]
    quality = found.quality[0]
    assert rejected(quality) == {
        "a line that is not JSON": 2,
        "a line without spans (logs, metrics or another format)": 2,
    }
    assert quality.rejected[0].examples == ("line 2: {broken", "line 6: [1, 2")
    assert not quality.problem


def test_a_broken_first_line(tmp_path):
    found = read(tmp_path, "oops", otlp(span("a", 0, 9)))
    assert len(found.frame) == 1
    assert rejected(found.quality[0]) == {"a line that is not JSON": 1}


def test_lines_that_are_cut(tmp_path):
    """Of the last line the first two spans are whole."""
    text = (
        json.dumps(otlp(span("a", 0, 9))) + "\n" + json.dumps(otlp(span("b", 0, 9), span("c", 0, 9), span("d", 0, 9)))
    )
    end = text.index('"name": "d"')
    (tmp_path / "cut.jsonl").write_text(text[:end])
    found = read_spans([SpanSource(path=str(tmp_path / "cut.jsonl"))])
    assert found.frame["operation"].tolist() == ["a", "b", "c"]
    assert found.frame["service"].tolist() == ["shop"] * 3
    assert "cut.jsonl: line 2 breaks off: the whole spans before byte" in found.quality[0].problem
    assert "are lost" in found.quality[0].problem


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
@pytest.mark.parametrize("form", ["otlp", "jaeger", "zipkin"])
def test_documents_that_are_cut(tmp_path, form, kept):
    own = "abcd"
    documents: dict[str, Any] = {
        "otlp": otlp(*(span(each, 0, 9) for each in own)),
        "jaeger": {
            "data": [
                {
                    "traceID": TRACE,
                    "spans": [
                        {
                            "traceID": TRACE,
                            "spanID": each * 16,
                            "operationName": each,
                            "startTime": T // 1000,
                            "duration": 1,
                        }
                        for each in own
                    ],
                    "processes": {},
                }
            ]
        },
        "zipkin": [zipkin(each, 0, 9) for each in own],
    }
    text = json.dumps(documents[form], indent=1)
    end = text.index(f'"{own[kept]}"')  # in the middle of a span
    (tmp_path / "cut.json").write_text(text[:end])
    source = SpanSource(path=str(tmp_path / "cut.json"))
    if not kept:
        with pytest.raises(BrokenEvidence, match=r"cut\.json.*nothing of its .* bytes is whole"):
            read_spans([source])
        return
    found = read_spans([source])
    assert found.frame["operation"].tolist() == list(own[:kept])
    assert "breaks off" in found.quality[0].problem


def test_a_gzip_that_is_cut_or_damaged(tmp_path):
    lines = [json.dumps(otlp(span("a", k, k + 9) | {"spanId": f"{k + 1:016x}"})) for k in range(20_000)]
    packed = gzip.compress("\n".join(lines).encode())
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    found = read_spans([SpanSource(path=str(tmp_path / "cut.gz"))])
    assert 5_000 < len(found.frame) < 15_000
    assert (found.frame["start_ns"] - T).tolist() == list(range(len(found.frame)))
    assert f"breaks off after {len(packed) // 2:,} bytes" in found.quality[0].problem
    half = len(packed) // 2
    (tmp_path / "bad.gz").write_bytes(packed[:half] + b"\xff" * 4000 + packed[half + 4000 :])
    found = read_spans([SpanSource(path=str(tmp_path / "bad.gz"))])
    assert 0 < len(found.frame) < 20_000
    assert "damaged" in found.quality[0].problem


def test_gzips_one_after_another(tmp_path):
    whole = b"".join(gzip.compress(json.dumps(otlp(span(each, 0, 9))).encode() + b"\n") for each in "abc")
    (tmp_path / "many.gz").write_bytes(whole + b"\0" * 512)
    found = read_spans([SpanSource(path=str(tmp_path / "many.gz"))])
    assert found.frame["operation"].tolist() == ["a", "b", "c"]
    assert not found.quality[0].problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"time,service\n1,a\n", "found 'time,service'.*expected OTLP"),
        (b"<html>", "found '<html>'"),
        (b'{"status": "success", "data": {"result": []}}', "expected OTLP"),
        (b"[]", "holds no span"),
        (b"[" * 900 + b"]" * 900, "expected OTLP"),
        (b'{"data": ' + b"[" * 900 + b"]" * 900 + b"}", "expected OTLP"),
        (b"PAR1 nothing else", "cannot be read"),
        (b"PK\x03\x04....", "is a zip archive"),
        (b"\x00\xff\xfe binary", "expected OTLP"),
        (b'{"resourceSpans": []}', "found no span at all"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x"}]}]}]}', "no usable span.*no trace id"),
    ],
)
def test_files_without_spans_are_said(tmp_path, content, said):
    (tmp_path / "spans.json").write_bytes(content)
    with pytest.raises(BrokenEvidence, match=f"(?s){said}"):
        read_spans([SpanSource(path=str(tmp_path / "spans.json"))])


def test_a_file_of_another_format_and_a_good_one(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([zipkin("a", 0, 9)]))
    (tmp_path / "b.json").write_text(json.dumps(otlp(span("b", 0, 9))))
    found = read_spans([SpanSource(path=str(tmp_path / "*.json"), format="otlp")])
    assert found.frame["operation"].tolist() == ["b"]
    assert "a.json: looks like zipkin; expected otlp" in found.quality[0].problem


def test_values_one_behind_another(tmp_path):
    """Two a line, three of which the last is cut, and something else behind a whole one: what is whole is read."""
    good = [json.dumps(otlp(span(each, 0, 9))) for each in "abcdef"]
    lines = [good[0] + good[1], f"{good[2]} {{broken", good[3] + good[4] + good[5][:40]]
    (tmp_path / "two.jsonl").write_text("\n".join(lines))
    found = read_spans([SpanSource(path=str(tmp_path / "two.jsonl"))])
    assert found.frame["operation"].tolist() == list("abcde")
    assert rejected(found.quality[0]) == {"the rest of a line, behind values that are used, that is not JSON": 1}
    assert found.quality[0].rejected[0].examples == (f"line 2, byte {len(good[2]) + 2:,}: {{broken",)
    whole = len(good[3] + good[4])
    assert f"line 3 breaks off: the whole spans before byte {whole:,} are used, the other 40 bytes" in (
        found.quality[0].problem
    )


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("form", ["otlp", "zipkin"])
def test_documents_one_behind_another(tmp_path, form, indent, between):
    """Of the third the first span is whole; positions are bytes, also behind letters that take several."""
    made: list[Any] = [otlp(*(span(each, 0, 9) | {"é" * 99: "é"} for each in own)) for own in ("ab", "c", "de")]
    if form == "zipkin":
        made = [[zipkin(each, 0, 9, tags={"é": "é" * 99}) for each in own] for own in ("ab", "c", "de")]
    text = between.join(json.dumps(each, indent=indent, ensure_ascii=False) for each in made)
    (tmp_path / "three").write_text(text)
    source = SpanSource(path=str(tmp_path / "three"))
    found = read_spans([source])
    assert found.frame["operation"].tolist() == list("abcde")
    assert not found.quality[0].problem
    assert not found.quality[0].rejected
    (tmp_path / "three").write_text(text[: text.rindex('"e"')])
    found = read_spans([source])
    assert found.frame["operation"].tolist() == list("abcd")
    assert "breaks off: the whole spans before byte" in found.quality[0].problem


def test_the_older_name_of_scopes(tmp_path):
    """It counts where the newer one is absent or empty, whichever parser reads the line."""
    older = {"instrumentationLibrarySpans": [{"spans": [span("b", 0, 9)]}]}
    newer = {"scopeSpans": [{"spans": [span("a", 0, 9)]}]}
    for place, more in enumerate([{"scopeSpans": []}, {"scopeSpans": None}, {}]):
        found = read(tmp_path, {"resourceSpans": [newer, older | more]}, name=f"{place}.json")
        assert found.frame["operation"].tolist() == ["a", "b"]
    both = read(tmp_path, {"resourceSpans": [older | newer]}, name="both.json")  # the same spans, said twice
    assert both.frame["operation"].tolist() == ["a"]


@pytest.mark.parametrize("hostile", [0, "1", [], {}, [{}], [None], None], ids=repr)
def test_both_parsers_agree_on_what_arrow_takes(hostile):
    """Whatever a field holds: what Arrow does not refuse, it reads as the mending does."""
    attributes, links = [text_value_of("peer.service")], [{"traceId": TRACE, "spanId": "a" * 16}]
    whole = otlp(span("b", 0, 9, traceState="ot=th:8", kind=3, status={"code": 2}, links=links, attributes=attributes))
    whole["resourceSpans"][0]["instrumentationLibrarySpans"] = None
    taken = 0
    for changed in variants(whole, hostile):
        data = json.dumps(changed).encode()
        try:
            fast = _taken_apart(data, 1)
        except (Unsound, pa.ArrowException):
            continue
        slow = read_values([changed])
        taken += 1
        assert fast.rows.to_pylist() == slow.rows.to_pylist(), changed
        assert (fast.attributes, fast.remarks, ()) == (slow.attributes, slow.remarks, slow.rejected), changed
    assert taken


HOSTILE: list[Any] = [
    None,
    True,
    -1,
    1.5,
    10**30,
    "",
    "\x00\x1b[31m",
    "\ud800",
    "17",
    [],
    {},
    [[]],
    [None],
    {"a": None},
    [{}],
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
def test_no_value_of_any_field_breaks_the_reading(tmp_path, hostile):
    """Each field in turn is something else; the good span beside it is there, and all are accounted for."""
    whole = otlp(
        span(
            "b",
            0,
            9,
            traceState="ot=th:8",
            kind=3,
            status={"code": 2},
            links=[{"traceId": TRACE, "spanId": "a" * 16}],
            attributes=[text_value_of("peer.service")],
        )
    )
    jaeger = {
        "traceID": TRACE,
        "spanID": "b" * 16,
        "operationName": "b",
        "references": [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": "a" * 16}],
        "startTime": T // 1000,
        "duration": 5,
        "tags": [{"key": "error", "value": True}],
        "processID": "p",
    }
    for place, changed in enumerate(variants(whole, hostile)):
        found = read(tmp_path, otlp(span("a", 0, 100)), changed, name=f"o{place}.json")
        assert "a" in found.frame["operation"].tolist()
    for place, changed in enumerate(variants(jaeger, hostile)):
        good = jaeger | {"spanID": "a" * 16, "operationName": "a", "references": []}
        trace = {"traceID": TRACE, "spans": [good, changed], "processes": {"p": {"serviceName": hostile}}}
        found = read(tmp_path, {"data": [trace]}, name=f"j{place}.json")
        assert len(found.frame) + found.quality[0].rejected_rows == 2
    full = zipkin("b", 0, 9, "a", kind="CLIENT", shared=True, tags={"error": "x"}, remoteEndpoint={"serviceName": "x"})
    for place, changed in enumerate(variants(full, hostile)):
        found = read(tmp_path, [zipkin("a", 0, 9), changed], name=f"z{place}.json")
        assert len(found.frame) + found.quality[0].rejected_rows in (1, 2, 3)


def text_value_of(key: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": "x"}}


def variants(value: Any, hostile: Any) -> list[Any]:
    """The value with each of its parts, in turn, replaced."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, part in parts:
        for changed in [hostile, *variants(part, hostile)]:
            copy = dict(value) if isinstance(value, dict) else list(value)
            copy[key] = changed
            found.append(copy)
    return found


def test_control_characters_are_kept_and_shown_harmlessly(tmp_path):
    name = "GET \x1b[31m\x00<script>"
    found = read(tmp_path, otlp(span("a", 0, 9) | {"name": name}, span("b", 9, 0) | {"name": name}))
    assert found.frame["operation"].tolist() == [name, name]
    assert all(each.isprintable() for each in found.quality[0].notes)


def test_megabytes_and_depth_take_no_time(tmp_path):
    deep = "[" * 200_000 + "]" * 200_000
    line = json.dumps(otlp(span("b", 0, 9) | {"name": "n" * 3_000_000, "spanId": "b" * 100_000}))
    start = time.monotonic()
    found = read(tmp_path, otlp(span("a", 0, 9)), f'{{"x": {deep}}}', line, '{"a":' * 50_000, '"' + "\\" * 500_000)
    assert [len(each) for each in found.frame["operation"]] == [1, 3_000_000]
    assert found.quality[0].rejected_rows == 3
    assert all(len(text) < 400 for text in found.quality[0].notes)
    assert time.monotonic() - start < 60  # it ends


def test_numbers_for_texts_and_texts_for_numbers(tmp_path):
    found = read(tmp_path, otlp(span("a", 0, 9) | {"kind": "2", "startTimeUnixNano": T, "endTimeUnixNano": float(T)}))
    assert found.frame["kind"].tolist() == ["server"]
    assert found.frame["start_ns"].tolist() == [T]
    assert found.frame["end_ns"].tolist() == [T]
    broken = json.dumps(otlp(span("b", 0, 9))).replace('"name"', '"x": NaN, "name"')
    assert len(read(tmp_path, broken, name="nan.json").frame) == 1


def test_a_sampling_threshold_that_cannot_be_read(tmp_path):
    states = ["ot=th:0", "ot=th:8", "ot=th:zz", "ot=th:" + "f" * 15, "other=1", "ot=rv:aa", "ot=p:63", "ot=p:x"]
    spans = [span("a", 0, 9) | {"spanId": f"{k + 1:016x}", "traceState": each} for k, each in enumerate(states)]
    found = read(tmp_path, otlp(*spans))
    assert found.frame["weight"].tolist() == [1, 2, 1, 1, 1, 1, 1, 1]
    assert ": 4" in note(found.quality[0], "spans with a sampling threshold that cannot be read")
    assert ": 6" in note(found.quality[0], "spans without a sampling weight while others have one")


def test_weights_that_are_said(tmp_path):
    """The older p-value p is a weight of 2^p; a weight of 1 that is said is one, and no bias."""
    states = ["ot=p:3;r:5", "x=y,ot=r:9;p:0", "ot=th:0", "ot=p:7;th:c", "ot=p:62"]
    spans = [span("a", 0, 9) | {"spanId": f"{k + 1:016x}", "traceState": each} for k, each in enumerate(states)]
    found = read(tmp_path, otlp(*spans))
    assert found.frame["weight"].tolist() == [8, 1, 1, 4, 2.0**62]
    assert ": 3" in note(found.quality[0], "sampled spans, of which each stands for 4 to")
    assert not note(found.quality[0], "spans without a sampling weight")
    assert not note(found.quality[0], "spans with a sampling threshold")
