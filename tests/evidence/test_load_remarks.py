"""What is said of load tests: rows that are requests, the unit of Vegeta's latencies, signs, and users nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.load_tests import LoadSource, LoadTests, read_load_tests
from scaling_lib.ledger import Ledger

T0 = 1_700_000_000
K6 = "metric_name,timestamp,metric_value,method,name,scenario,status"


def k6(metric: str, second: float, value: float) -> str:
    tags = "GET,http://shop/a,ramp,200" if metric == "http_req_duration" else ",,ramp,"
    return f"{metric},{T0 + second:.0f},{value},{tags}"


def vegeta(second: int, latency: object) -> str:
    return f'{{"code": 200, "timestamp": "2023-11-14T22:13:{second:02}Z", "latency": {latency}, "method": "GET", "url": "/a"}}'


def read(file: Path, lines: list[str], **options: object) -> LoadTests:
    file.write_text("\n".join(lines) + "\n")
    return read_load_tests([LoadSource(path=str(file), **options)])


def test_rows_are_requests_not_intervals(tmp_path: Path) -> None:
    """Of 600 requests in half a minute one line is cut: 1 of 601, not 1 of 30 intervals."""
    requests = [k6("http_req_duration", at / 20, 25) for at in range(600)]
    for _ in range(2):  # read, and from what was kept
        file = tmp_path / "a.csv"
        file.write_text("\n".join([K6, *requests[:300], requests[0][:30], *requests[300:]]))
        (found,) = read_load_tests([LoadSource(path=str(file))], cache=tmp_path / "cache").quality
        assert (found.rows, found.rejected_rows) == (600, 1)


def test_sixty_requests_of_vegeta_are_sixty_rows(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "a.json", [vegeta(at, 50_000_000) for at in range(60)]).quality
    assert found.rows == 60


@pytest.mark.parametrize(("latency", "unit"), [(0.05, "s"), (50, "ms"), (50.5, "ms"), (0.000_5, "s"), (505.5, "us")])
def test_latencies_that_are_no_nanoseconds_are_refused_until_their_unit_is_said(
    tmp_path: Path, latency: float, unit: str
) -> None:
    lines = [vegeta(at, latency) for at in range(10)]
    with pytest.raises(BrokenEvidence, match=rf"such as {latency} in 10 of 10 requests.*`duration_unit`"):
        read(tmp_path / "a.json", lines)
    tests = read(tmp_path / "a.json", lines, duration_unit=unit)
    seconds = latency * {"s": 1, "ms": 1e-3, "us": 1e-6}[unit]
    assert tests.quantile(0.5, "a").value == pytest.approx(seconds, rel=0.011)


def test_latencies_of_a_microsecond_are_not_told_to_three_digits(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "a.json", [vegeta(at, 1_000) for at in range(10)]).quality
    assert "half of the requests took 1 us or less: if that cannot be, the unit is wrong" in found.notes


def test_signs_and_unknown_users_stand_in_the_remarks(tmp_path: Path) -> None:
    rows = [k6("http_req_duration", at / 20, 25) for at in range(600)]
    tests = read(tmp_path / "a.csv", [K6, *rows, k6("dropped_iterations", 5, 300)])
    dropped = (
        "saturated generator: 300 iterations dropped for want of a free virtual user: less load was sent than planned"
    )
    (found,) = tests.quality
    assert dropped in found.notes and "no vus: the users are not known" in found.notes
    ledger = Ledger.of({"load tests": tests.quality}, {}, has_slos=False)
    assert dropped in ledger.text() and dropped in ledger.table()["remarks"].iloc[0]
    calm = read(tmp_path / "b.csv", [K6, *rows, *(k6("vus", at, 3) for at in range(30))]).quality[0].notes
    assert not any("generator" in note or "vus" in note for note in calm)


def test_signs_of_several_tests_name_theirs(tmp_path: Path) -> None:
    first = [k6("http_req_duration", at / 20, 25) for at in range(600)]
    second = [k6("http_req_duration", 600 + at / 20, 25) for at in range(600)]
    notes = read(tmp_path / "a.csv", [K6, *first, *second, k6("dropped_iterations", 605, 4)]).quality[0].notes
    assert [note.partition(" iterations")[0] for note in notes if "dropped" in note] == [
        "a (2): saturated generator: 4"
    ]
