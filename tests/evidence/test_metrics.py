"""Metrics from query_range files: what is read, refused, selected and counted."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import BrokenEvidence, InvalidInput, NotMeasured
from scaling_lib.evidence.metrics import Metrics, MetricSource, labels_of, read_metrics
from scaling_lib.evidence.metrics.query_range import canonical, metric_frame

T0 = 1_700_000_040  # a whole minute: 2023-11-14 22:14 UTC


def series(name: str, points: list[tuple[float, str]], **labels: str) -> dict:
    return {"metric": {"__name__": name} | labels, "values": [list(point) for point in points]}


def per_minute(values: list[float | str | None], first: int = T0) -> list[tuple[float, str]]:
    return [(first + 60 * i, str(value)) for i, value in enumerate(values) if value is not None]


def answer(*entries: dict, **more: object) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": list(entries)}} | more).encode()


def read(tmp_path: Path, *entries: dict) -> Metrics:
    (tmp_path / "metrics.json").write_bytes(answer(*entries))
    return read_metrics([MetricSource(path=str(tmp_path / "metrics.json"))])


def test_the_canonical_frame(tmp_path: Path) -> None:
    metrics = read(
        tmp_path,
        series("up", [(T0 + 60.5, "1"), (T0, "0")], job="b", instance="x", empty=""),
        series("pool", [(T0, "NaN"), (T0 + 60, "+Inf"), (T0 + 120, "-Inf"), (T0 + 180, "1e+06")]),
    )
    frame = metrics.frame
    assert list(frame.columns) == ["time", "metric", "labels", "value"]
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    assert frame["metric"].tolist() == ["pool"] * 4 + ["up"] * 2
    assert frame["labels"].tolist()[-1] == '{"instance": "x", "job": "b"}'  # an empty label is none
    assert frame["value"].tolist()[1:] == [np.inf, -np.inf, 1e6, 0.0, 1.0]
    assert np.isnan(frame["value"].iloc[0])
    assert frame["time"].iloc[-1] == pd.Timestamp(T0 + 60.5, unit="s", tz="UTC")
    (quality,) = metrics.quality
    assert (quality.rows, quality.problem, quality.format) == (6, "", "query_range")
    assert quality.start == datetime(2023, 11, 14, 22, 14, tzinfo=UTC)


def test_names_where_the_answer_has_none(tmp_path: Path) -> None:
    (tmp_path / "error_ratio.v1.json.gz").write_bytes(
        gzip.compress(answer({"metric": {"code": "5"}, "values": [[T0, "1"]]}))
    )
    metrics = read_metrics([MetricSource(path=str(tmp_path / "*.json.gz"))])
    assert metrics.frame["metric"].tolist() == ["error_ratio"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "found nothing"),
        (b" \n", "found nothing"),
        (answer(series("x", [(T0, "1")]))[:-9], "breaks off"),
        (b"time,value\n1,2\n", "not JSON"),
        (b"<html></html>", "HTML"),
        (b"[1, 2]", "other JSON"),
        (b'{"spans": []}', "JSON with spans"),
        (b'{"status":"error","errorType":"bad_data","error":"1:5: parse error"}', "1:5: parse error"),
        (b'{"status":"success","data":{"resultType":"vector","result":[]}}', "'vector'"),
        (b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}', "'scalar'"),
        (b'{"status":"success","data":{"resultType":"matrix","result":{}}}', "data.result"),
        (b'{"status":"success","data":{"resultType":"matrix","result":[7]}}', "data.result[0]"),
        (b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":1},"values":[]}]}}', "result[0]"),
        (b'{"status":"success"}', "None"),
        (answer(), "without a single point"),
        (gzip.compress(answer(series("x", [(T0, "1")])))[:-12], "gzip"),
        (b"\x1f\x8bnonsense", "gzip"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(BrokenEvidence) as caught:
        read_metrics([MetricSource(path=str(tmp_path / "bad.json"))])
    assert expected in str(caught.value)
    assert "bad.json" in str(caught.value)
    (tmp_path / "good.json").write_bytes(answer(series("up", [(T0, "1")])))
    metrics = read_metrics([MetricSource(path=str(tmp_path / "*.json"), origin="recorded")])
    assert len(metrics.frame) == 1  # one bad file does not take the others with it
    assert expected in metrics.quality[0].problem
    assert metrics.quality[1].problem == ""
    assert metrics.quality[1].origin == "recorded"


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BrokenEvidence, match="no file is there"):
        read_metrics([MetricSource(path=str(tmp_path / "*.json"))])
    with pytest.raises(BrokenEvidence, match="is a folder"):
        read_metrics([MetricSource(path=str(tmp_path))])
    assert read_metrics([]).frame.empty


def test_points_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    values = [[T0, "1"], [T0 + 60, 2], [T0 + 120, "x"], ["noon", "1"], [T0 + 180], [-5, "1"], [T0 + 240, "5"]]
    metrics = read(tmp_path, {"metric": {"__name__": "up"}, "values": values})
    assert metrics.frame["value"].tolist() == [1, 5]
    assert {reject.reason: reject.rows for reject in metrics.quality[0].rejected} == {
        "value is not a string": 1,
        "value is not a number": 1,
        "time is not in unix seconds": 2,
        "not a pair of time and value": 1,
    }
    assert "noon" in str(metrics.quality[0].rejected)


def test_overlaps_are_merged_and_contradictions_told(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(answer(series("up", per_minute([1, 2, 3]))))
    (tmp_path / "2.json").write_bytes(answer(series("up", per_minute([9, 3, 4], T0 + 60))))
    metrics = read_metrics([MetricSource(path=str(tmp_path / "*.json"))])
    assert metrics.frame["value"].tolist() == [1, 2, 3, 4]  # the first one read stays
    assert "1 point contradict" in metrics.quality[-1].notes[-1]
    again = read(tmp_path, series("up", per_minute([1, "NaN"])), series("up", per_minute([1, "NaN"])))
    assert again.quality[0].notes == ()


def test_warnings_and_native_histograms_are_told(tmp_path: Path) -> None:
    native = {"metric": {"__name__": "took"}, "histograms": [[T0, {"count": "1"}]]}
    (tmp_path / "a.json").write_bytes(answer(series("up", [(T0, "1")]), native, warnings=["a store was away"]))
    (quality,) = read_metrics([MetricSource(path=str(tmp_path / "a.json"))]).quality
    assert "Prometheus says: a store was away" in quality.notes
    assert any("native histograms" in note for note in quality.notes)


def test_gaps_in_the_ledger(tmp_path: Path) -> None:
    points = per_minute([1, 2, 3, None, None, 6, 7, None, 9])
    (quality,) = read(tmp_path, series("up", points), series("other", points[:2])).quality
    assert [(gap.start.minute, gap.end.minute) for gap in quality.gaps] == [(16, 19), (20, 22)]


SELECTED = [
    ("http", 6),
    ('http{code="500"}', 2),
    ('http{code!="500"}', 4),
    ('http{code=~"5.."}', 2),
    ('http{code=~"5"}', 0),  # anchored
    ('http{code!~"5..|2.."}', 2),
    ('http{path="/a b\\"c"}', 2),
    ("http{path='/a b\"c'}", 2),
    ('http{path=`/a b"c`,}', 2),
    ('http{absent=""}', 6),
    ('http{absent!=""}', 0),
    ('http{code=~".+"}', 4),
    ('{__name__="http",code=""}', 2),
    ('{__name__=~"ht.*", code="200"}', 2),
    ('{"http", code="200"}', 2),
    (' http { code = "200" , } ', 2),
    ("nothing", 0),
]


@pytest.mark.parametrize(("selector", "rows"), SELECTED)
def test_selectors(tmp_path: Path, selector: str, rows: int) -> None:
    two = [(T0, "1"), (T0 + 60, "2")]
    metrics = read(
        tmp_path, series("http", two, code="200"), series("http", two, code="500"), series("http", two, path='/a b"c')
    )
    assert len(metrics.select(selector)) == rows


@pytest.mark.parametrize(
    "selector",
    ["", "{}", '{a=""}', '{a=~".*"}', "rate(x[5m])", "x[5m]", "x{a=1}", 'x{a="1"', 'x{a="1" b="2"}', 'x{a=~"("}',
     'x{a=~"(?<=b)c"}', "x{", 'x{a~"b"}', "x y", "5"],
)  # fmt: skip
def test_what_is_no_selector(tmp_path: Path, selector: str) -> None:
    metrics = read(tmp_path, series("x", [(T0, "1")], a="1"))
    with pytest.raises(InvalidInput, match="Selector"):
        metrics.select(selector)


@pytest.mark.parametrize("stored", ["1", "1.0"])
@pytest.mark.parametrize("asked", ['le="1"', 'le="1.0"', 'le=~"1"', 'le=~"1.0|2"'])
def test_one_bucket_written_in_two_ways(tmp_path: Path, stored: str, asked: str) -> None:
    metrics = read(tmp_path, series("b", [(T0, "1")], le=stored), series("b", [(T0, "1")], le="10"))
    assert len(metrics.select(f"b{{{asked}}}")) == 1
    assert len(metrics.select('b{le!="1"}')) == 1


def test_near_edges_are_different_buckets(tmp_path: Path) -> None:
    metrics = read(tmp_path, series("b", [(T0, "1")], le="0.12345678"), series("b", [(T0, "1")], le="0.12345679"))
    assert len(metrics.select('b{le="0.12345678"}')) == 1


def test_increase_with_a_reset_and_a_gap(tmp_path: Path) -> None:
    counter = per_minute([5, 15, 25, 3, 13, None, None, None, 43, 53])
    counts = read(tmp_path, series("c", counter)).increase("c")
    assert counts.index[0] == pd.Timestamp(T0, unit="s", tz="UTC")
    assert counts.index.freqstr == "min"
    np.testing.assert_array_equal(counts, [10, 10, 3, 10, np.nan, np.nan, np.nan, np.nan, 10])


def test_increase_is_summed_over_series_and_a_late_series_began_at_zero(tmp_path: Path) -> None:
    metrics = read(
        tmp_path,
        series("c", per_minute([100, 110, 120, 130, 140]), job="j", instance="a", code="200"),
        series("c", per_minute([None, None, 4, 5, 5]), job="j", instance="a", code="500"),  # 4 at once, at 22:15
        series("c", per_minute([None, None, 70, 75, 80]), job="j", instance="b", code="200"),  # a new server: unknown
    )
    assert metrics.increase("c").tolist() == [10, 14, 16, 15]
    assert metrics.increase('c{code="500"}').tolist() == [0, 4, 1, 0]


def test_a_server_that_is_away_while_others_are_measured(tmp_path: Path) -> None:
    metrics = read(
        tmp_path,
        series("c", per_minute([0, 10, 20, 30, 40, 50]), instance="a"),
        series("c", per_minute([0, 6, None, None, 24, 30]), instance="b"),
    )
    assert metrics.increase("c").tolist() == [16] * 5  # b's counter went on: 18 in 3 minutes
    np.testing.assert_array_equal(metrics.increase('c{instance="b"}'), [6, np.nan, np.nan, np.nan, 6])


def test_errors_that_never_happened(tmp_path: Path) -> None:
    metrics = read(tmp_path, series("c", per_minute([0, 10, 20, None, None, 50, 60]), code="200", job="j"))
    zero = [0, 0, np.nan, np.nan, np.nan, 0]
    np.testing.assert_array_equal(metrics.increase('c{code=~"5.."}'), zero)
    np.testing.assert_array_equal(metrics.increase('c{code=~"5.."}', among="c"), zero)
    for wrong in ('c{cod=~"5.."}', "d", '{code="500"}'):
        with pytest.raises(NotMeasured):
            metrics.increase(wrong)


def test_errors_are_measured_where_all_requests_are(tmp_path: Path) -> None:
    metrics = read(
        tmp_path,
        series("c", per_minute([0, 10, 20, 30, 40]), instance="b", code="200"),
        series("c", per_minute([0, 1, 2]), instance="a", code="500"),  # server a ends
    )
    assert metrics.increase('c{code="500"}').tolist() == [1, 1]
    assert metrics.increase('c{code="500"}', among="c").tolist() == [1, 1, 0, 0]


def test_steps_that_samples_do_not_fall_on(tmp_path: Path) -> None:
    points = [(T0 + 15 + 15 * i, str(3 * i)) for i in range(16)]  # every 15 s from :15, 12 a minute
    assert read(tmp_path, series("c", points)).increase("c").tolist() == [12, 12, 12]
    assert read(tmp_path, series("c", points)).increase("c", step="30s").tolist() == [6] * 7
    shifted = [(T0 + 10 + 60 * i, str(60 * i)) for i in range(4)]
    assert read(tmp_path, series("c", shifted)).increase("c").tolist() == [60, 60]


def test_steps_are_never_finer_than_the_samples(tmp_path: Path) -> None:
    points = [(1_700_000_100 + 300 * i, str(50 * i)) for i in range(5)]
    counts = read(tmp_path, series("c", points)).increase("c")
    assert counts.tolist() == [50] * 4
    assert counts.index.freqstr == "5min"


@pytest.mark.parametrize("values", [[], [7], ["NaN", "NaN"], [7, "NaN"]])
def test_too_little_to_count(tmp_path: Path, values: list[float | str]) -> None:
    metrics = read(tmp_path, series("c", per_minute(values)), series("other", [(T0, "1")]))
    if values:
        assert metrics.increase("c").empty
    else:
        with pytest.raises(NotMeasured):
            metrics.increase("c")


def test_a_constant_counter_and_wrong_steps(tmp_path: Path) -> None:
    metrics = read(tmp_path, series("c", per_minute([7, 7, 7])))
    assert metrics.increase("c").tolist() == [0, 0]
    for step in ("0s", "-1min", "soon"):
        with pytest.raises(InvalidInput, match="Step"):
            metrics.increase("c", step=step)


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(st.lists(st.integers(0, 1000), min_size=4, max_size=4), min_size=2, max_size=5),
    restarts=st.lists(st.integers(0, 3), min_size=5, max_size=5),
)
def test_nothing_is_lost_or_invented(steps: list[list[int]], restarts: list[int]) -> None:
    """The increases of counters that restart are what was put in, minute by minute."""
    bag = {}
    for number, own in enumerate(steps):
        value, values = 10_000, [10_000]
        for minute, more in enumerate(own):
            value = more if minute == restarts[number] else value + more  # a restarted counter holds what came after
            values.append(value)
        times = (np.arange(5) * 60 + T0) * 1_000_000
        bag["c", canonical({"instance": str(number)})] = (times, np.array(values, dtype=float))
    counts = Metrics(frame=metric_frame(bag)).increase("c")
    assert counts.tolist() == [sum(own[minute] for own in steps) for minute in range(4)]


def test_a_histogram_with_a_reset(tmp_path: Path) -> None:
    entries = [
        series("b", per_minute(values), le=edge, instance=name)
        for name, scale in (("a", 1), ("b", 10))
        for edge, values in (
            ("0.1", [scale * v for v in (10, 20, 2)]),
            ("1.0" if name == "a" else "1", [scale * v for v in (20, 40, 4)]),
            ("+Inf", [scale * v for v in (30, 60, 6)]),
        )
    ]
    metrics = read(tmp_path, *entries)
    assert metrics.histogram("b") == {0.1: 12 * 11, 1.0: 24 * 11, np.inf: 36 * 11}
    minute = datetime.fromtimestamp(T0 + 60, UTC)
    assert metrics.histogram('b{instance="a"}', end=minute) == {0.1: 10, 1.0: 20, np.inf: 30}
    assert metrics.histogram('b{instance="a"}', start=minute) == {0.1: 2, 1.0: 4, np.inf: 6}
    assert metrics.histogram('b{instance=~"c+"}') == {0.1: 0, 1.0: 0, np.inf: 0}


def test_what_is_no_histogram(tmp_path: Path) -> None:
    metrics = read(tmp_path, series("c", per_minute([1, 2]), code="200"))
    with pytest.raises(InvalidInput, match="_bucket"):
        metrics.histogram("c")
    with pytest.raises(NotMeasured, match="it has: c"):
        metrics.histogram("b")
    buckets = read(tmp_path, series("b", per_minute([1, 2]), le="1"))
    with pytest.raises(InvalidInput, match="time zone"):
        buckets.histogram("b", start=datetime(2026, 1, 1))


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=4))
def test_labels_come_back(labels: dict[str, str]) -> None:
    expected = {key: value for key, value in labels.items() if value and key != "__name__"}
    assert dict(labels_of(canonical(labels))) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "one of them"),
        ({"path": "a", "url": "http://b"}, "one of them"),
        ({"url": "http://u:secret@h"}, "no queries"),
        ({"url": "localhost:9090", "queries": {"a": "b"}}, "such as http"),
        ({"url": "http://u:secret@h:port", "queries": {"a": "b"}}, "not a URL"),
        ({"url": "http://h", "queries": {"a": "b"}, "user": "u"}, "password_env"),
        ({"url": "http://h", "queries": {"a": "b"}, "user": "u", "password_env": "P", "token_env": "T"}, "both"),
        ({"url": "http://h", "queries": {"a": "b"}, "step_s": 0}, "step_s"),
        ({"url": "http://h", "queries": {"a": "b"}, "start": datetime(2026, 1, 1)}, "time zone"),
    ],
)
def test_sources_that_say_too_little(given: dict, expected: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        MetricSource(**given)
    assert expected in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_source_never_shows_its_secrets() -> None:
    source = MetricSource(url="https://u:secret@h/prom/?key=word#x", queries={"a": "b"})
    assert repr(source) == "MetricSource('https://h/prom/')"
    for url in (
        "u:secret@h:9090",
        "https://u:sec/ret@h",
        "secret@h",
        "ftp://u:secret@h",
        "u:secret@h?key=secret",
        "http://u:sec?ret@h/secret",
    ):
        with pytest.raises(InvalidInput) as caught:
            MetricSource(url=url, queries={} if url.startswith("http:") else {"a": "b"})
        assert "sec" not in str(caught.value)
    source = MetricSource(url="https://u:sec@ret@h/prom", queries={"a": "b"})
    assert repr(source) == "MetricSource('https://h/prom')"


def test_a_range_shorter_than_a_step_and_a_ca_file_that_is_none(tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)
    source = {"url": "http://127.0.0.1:9", "queries": {"a": "b"}}
    with pytest.raises(InvalidInput, match="no whole step"):
        read_metrics([MetricSource(**source, start=at, end=at.replace(second=20))])
    (tmp_path / "ca.pem").write_text("no certificate")
    for file, expected in (("ca.pem", "not a PEM"), ("none.pem", "No such file")):
        with pytest.raises(InvalidInput, match=expected):
            read_metrics([MetricSource(**source, ca_file=str(tmp_path / file))])
