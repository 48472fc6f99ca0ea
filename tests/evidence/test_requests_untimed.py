"""Requests without a duration: they count for availability, not for latency; nginx' several times are summed."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_system import make

import scaling_lib
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, merge, read_requests
from scaling_lib.slo.latency_table import answered
from scaling_lib.slo.sli import minute_counts

SLOS = "slos: [{kind: availability, target: 99%}, {kind: latency, threshold: 300 ms, target: 90%}]"


def line(minute: int, status: int, took: str, form: str = "log") -> str:
    if form == "csv":
        return f'2026-11-22T10:{minute:02}:00Z,POST,/pay,{status},"{took}"\n'
    if form == "jsonl":
        return f'{{"time": "2026-11-22T10:{minute:02}:00Z", "route": "POST /pay", "status": {status}, "took_s": "{took}"}}\n'
    return f'10.0.0.1 - - [22/Nov/2026:10:{minute:02}:00 +0000] "POST /pay HTTP/1.1" {status} 5 "-" "curl/8" {took}\n'


def text(rows: list[tuple[int, int, str]], form: str = "log") -> str:
    header = "time,method,path,status,duration_s\n" if form == "csv" else ""
    return header + "".join(line(*row, form) for row in rows)


def read(folder: Path, rows: list[tuple[int, int, str]], form: str = "log", **more: object) -> Requests:
    (folder / f"a.{form}").write_text(text(rows, form))
    return read_requests([RequestSource(path=str(folder / f"a.{form}"))], [Threshold(route="/pay", seconds=0.3)])


OUTAGE = [  # ten fast, two slow, then seven that no server answered, and one that the client gave up
    *((minute, 200, "0.100") for minute in range(10)),
    *((minute, 200, "0.500") for minute in (10, 11)),
    *((minute, 502, "-") for minute in range(12, 19)),
    (19, 499, "-"),
]


@pytest.mark.parametrize("form", ["log", "csv", "jsonl"])
def test_an_outage_without_durations_counts(tmp_path: Path, form: str) -> None:
    found = read(tmp_path, OUTAGE, form)
    assert found.counts[["n", "errors", "sum_us", "untimed", "good_300000"]].sum().tolist() == [20, 7, 2_000_000, 1, 10]
    assert found.bins["n"].sum() == 12 and not found.bins["error"].any()
    (source,) = found.quality
    assert (source.rows, source.rejected, source.gaps) == (20, (), ())
    note = "8 of 20 requests (40%) have no duration but '-': they count for availability, and are left out of latency"
    assert note in source.notes
    assert found.duration_known and found.status_known


def test_both_slos_of_an_outage(tmp_path: Path) -> None:
    make(
        tmp_path,
        f"journeys: [{{name: pay, route: POST /pay, {SLOS}}}]\nevidence: {{requests: [a.log]}}\n",
        a__log=text(OUTAGE),
    )
    system = scaling_lib.open(tmp_path)
    available, fast = (minute_counts(system, slo)[0].sum().to_dict() for slo in system.slos())
    assert available == {"total": 20, "bad": 7}
    assert fast == {"total": 12, "bad": 2}  # of those that were answered and timed: 8 say nothing of how fast
    _, remarks = answered(system.requests().select("POST /pay"), ())
    assert remarks == ["1 answered request without a duration, left out"]


def test_a_journey_whose_answered_requests_carry_no_duration_has_no_latency(tmp_path: Path) -> None:
    rows = [*((minute, 200, "-") for minute in range(4)), (4, 502, "0.010")]
    other = text([(minute, 200, "0.100") for minute in range(9)]).replace("/pay", "/other")
    make(
        tmp_path,
        f"journeys: [{{name: pay, route: POST /pay, {SLOS}}}]\nevidence: {{requests: [a.log]}}\n",
        a__log=text(rows) + other,
    )
    system = scaling_lib.open(tmp_path)
    available, latency = system.slos()
    assert minute_counts(system, available)[0].sum().to_dict() == {"total": 5, "bad": 1}
    with pytest.raises(NotMeasured, match="no request that was answered carries a duration"):
        minute_counts(system, latency)


def test_files_with_and_without_such_requests_add(tmp_path: Path) -> None:
    whole, cache = [(minute, 200, "0.100") for minute in range(10)], tmp_path / "cache"
    (tmp_path / "a.log").write_text(text(whole))
    (tmp_path / "b.log").write_text(text(OUTAGE))
    for _ in range(2):  # read, and from what was kept
        found = read_requests([RequestSource(path=str(tmp_path / "*.log"))], cache=cache)
        assert found.counts[["n", "untimed"]].sum().tolist() == [30, 1]
        assert not found.counts["untimed"].hasnans
        assert any(note.startswith("8 of 30 requests (26.7%)") for note in found.quality[0].notes)
    one, other = (read_requests([RequestSource(path=str(tmp_path / name))]) for name in ("a.log", "b.log"))
    assert "untimed" not in one.counts
    assert merge(one, other).counts[["n", "untimed"]].sum().tolist() == [30, 1]


def test_a_log_of_which_most_requests_carry_no_duration(tmp_path: Path) -> None:
    """A cache answers most: nginx has no time of an upstream then."""
    found = read(tmp_path, [*((minute, 200, "-") for minute in range(30)), *OUTAGE[:12]])
    assert found.counts[["n", "untimed"]].sum().tolist() == [42, 30]


TRIED = [
    ("2.000, 0.010", 2.01),
    ("0.001, 0.002, 0.003", 0.006),
    ("0.100 : 0.020", 0.12),
    ("-, 0.010", 0.01),
    ("0.010, -", 0.01),
]


@pytest.mark.parametrize("form", ["log", "csv", "jsonl", "quoted"])
@pytest.mark.parametrize(("took", "seconds"), TRIED)
@pytest.mark.parametrize("times", [1, 9])
def test_the_times_of_all_servers_that_were_tried_are_summed(
    tmp_path: Path, form: str, took: str, seconds: float, times: int
) -> None:
    field = f'"{took}"' if form == "quoted" else took
    rows = [(0, 200, "0.050"), (1, 200, "0.050"), *((2, 200, field) for _ in range(times))]
    found = read(tmp_path, rows, "log" if form == "quoted" else form)
    assert found.counts.set_index("minute")["sum_us"].tolist() == [50_000, 50_000, times * round(seconds * 1e6)]
    assert any("servers that were tried" in note and took in note for note in found.quality[0].notes)
    assert found.quality[0].rejected == ()


def test_a_time_before_that_of_the_servers_is_the_request_s_own(tmp_path: Path) -> None:
    found = read(tmp_path, [(0, 200, "0.050 0.049"), (1, 200, "2.011 2.000, 0.010")])
    assert found.counts["sum_us"].tolist() == [50_000, 2_011_000]
    assert not any("tried" in note for note in found.quality[0].notes)


def test_no_server_at_all_was_tried_with_success(tmp_path: Path) -> None:
    found = read(tmp_path, [(0, 200, "0.050"), (1, 200, "0.050"), (2, 502, "-, -")])
    assert found.counts[["n", "errors", "sum_us"]].sum().tolist() == [3, 1, 100_000]
