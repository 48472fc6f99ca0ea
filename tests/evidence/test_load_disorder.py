"""Load tests in disorder: rows twice, out of order, of other times, runs appended: counted and said, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hlog_files import hlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.load_tests import LoadSource, LoadTests, read_load_tests
from scaling_lib.evidence.load_tests.levels import levels
from scaling_lib.evidence.load_tests.parts import ALL

T0 = 1_700_000_000
HEADER = (
    "Timestamp,User Count,Type,Name,50%,95%,99%,100%,Total Request Count,Total Failure Count,"
    "Total Average Response Time,Total Max Response Time"
)
NAMES = ("GET,/a", "POST,/b", ",Aggregated")


def row(second: float, users: int, name: str, total: int) -> str:
    return f"{T0 + second},{users},{name},10,20,30,40,{total},0,12.5,40.5"


def run(seconds: int, users: int, *, rate: int = 3, first: int = 0, together: bool = True) -> list[str]:
    """A row a second for each name, and for all together: twice `rate` requests a second."""
    names = NAMES if together else NAMES[:-1]
    return [
        row(first + second, users, name, rate * second * (2 if name == NAMES[-1] else 1))
        for second in range(seconds)
        for name in names
    ]


def read(file: Path, rows: list[str]) -> LoadTests:
    file.write_text("\n".join([HEADER, *rows]) + "\n")
    return read_load_tests([LoadSource(path=str(file))])


def rejected(tests: LoadTests) -> dict[str, int]:
    return {each.reason: each.rows for each in tests.quality[0].rejected}


def requests(tests: LoadTests, name: str = ALL) -> float:
    return float(tests.samples.loc[tests.samples["name"] == name, "requests"].sum())


def test_rows_that_are_there_twice_count_once_and_are_said(tmp_path: Path) -> None:
    rows = run(20, 5)
    tests = read(tmp_path / "x.csv", [*rows[:30], *rows[27:30], *rows[30:]])  # a second written twice
    assert (requests(tests), requests(tests, "GET /a")) == (6 * 19, 3 * 19)
    assert rejected(tests) == {"the same second again: the last one counts": 3}
    first = 3  # rows of which nobody knows since when: no interval
    assert tests.quality[0].rows + tests.quality[0].rejected_rows + first == len(rows) + 3
    one_name = [*rows[:27], rows[27], *rows[27:]]  # a name twice in one second
    tests = read(tmp_path / "y.csv", one_name)
    assert requests(tests, "GET /a") == 3 * 19
    assert rejected(tests) == {"the same second again: the last one counts": 1}


def test_a_second_out_of_order_is_no_other_test(tmp_path: Path) -> None:
    rows = run(20, 5)
    late = [*rows[:30], *rows[33:45], *rows[30:33], *rows[45:]]  # the eleventh second after the fifteenth
    tests = read(tmp_path / "x.csv", late)
    assert [test.test for test in tests.tests] == ["x"]
    assert requests(tests) == 6 * 19
    assert rejected(tests) == {"time goes back": 3}
    assert len(levels(tests, least_s=5)) == 3


def test_rows_of_a_name_at_another_time_are_left_out(tmp_path: Path) -> None:
    rows = run(20, 5)
    rows[30] = row(3, 5, NAMES[0], 30)
    tests = read(tmp_path / "x.csv", rows)
    assert requests(tests, "GET /a") == 3 * 19  # the totals go on
    assert rejected(tests) == {"another time than the row of all together after it": 1}
    tests = read(tmp_path / "y.csv", [*run(20, 5), row(20, 5, NAMES[0], 60)])
    assert rejected(tests) == {"no row of all together comes after it": 1}
    assert requests(tests, "GET /a") == 3 * 19


@pytest.mark.parametrize("between", [[HEADER], []])
def test_two_runs_in_one_file_are_two_tests(tmp_path: Path, between: list[str]) -> None:
    tests = read(tmp_path / "x.csv", [*run(20, 5), *between, *run(30, 8, first=100)])
    assert [test.test for test in tests.tests] == ["x (1)", "x (2)"]
    assert requests(tests) == 6 * 19 + 6 * 29
    earlier = read(tmp_path / "y.csv", [*run(20, 5, first=100), *between, *run(30, 8)])  # the later run first
    assert [test.test for test in earlier.tests] == ["y (1)", "y (2)"]
    assert requests(earlier) == 6 * 19 + 6 * 29
    assert set(levels(earlier)["users"]) == {5, 8}


def test_a_log_of_histograms_that_is_there_twice(tmp_path: Path) -> None:
    lines = [("read", float(second), 1.0, {2_000_000: 50}) for second in range(40)]
    (tmp_path / "a.hlog").write_text(hlog([*lines, *lines[10:12], ("write", 5.0, 1.0, {9_000_000: 1})]))
    tests = read_load_tests([LoadSource(path=str(tmp_path / "a.hlog"))])
    assert "2 lines of the same tag and time as another: counted together" in tests.quality[0].notes
    assert (requests(tests), requests(tests, "read"), requests(tests, "write")) == (2101, 2100, 1)
    found = levels(tests)
    assert len(found)
    assert not found.duplicated(["test", "name", "level"]).any()


@st.composite
def disorder(draw: st.DrawFn) -> list[str]:
    """One to three runs, one after the other, of which rows are there twice, elsewhere, of another time, or gone."""
    rows: list[str] = []
    first, together = 0, draw(st.booleans())
    for _ in range(draw(st.integers(1, 3))):
        if rows and draw(st.booleans()):
            rows.append(HEADER)
        seconds = draw(st.integers(2, 30))
        rows += run(seconds, draw(st.integers(0, 3)), rate=draw(st.integers(0, 4)), first=first, together=together)
        first += draw(st.sampled_from([0, 1, seconds, seconds + 5, seconds + 600]))
    for _ in range(draw(st.integers(0, 8))):
        at, to = (draw(st.integers(0, len(rows) - 1)) for _ in range(2))
        change = draw(st.sampled_from(["twice", "moved", "other time", "gone", "other total", "swapped names"]))
        fields = rows[at].split(",")
        if change == "twice":
            rows.insert(to, rows[at])
        elif change == "moved":
            rows.insert(to, rows.pop(at))
        elif change == "gone" and len(rows) > 2:
            rows.pop(at)
        elif fields[0] != "Timestamp":
            place, values = {
                "other time": (0, [str(T0 + draw(st.integers(-20, 40)) + draw(st.sampled_from([0, 0.5])))]),
                "swapped names": (3, ["/a", "/b", "Aggregated", ""]),
            }.get(change, (8, [str(draw(st.integers(0, 200)))]))
            fields[place] = draw(st.sampled_from(values))
            rows[at] = ",".join(fields)
    return rows


@settings(
    max_examples=60,
    report_multiple_bugs=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(rows=disorder())
def test_any_disorder_gives_levels_or_one_clear_error(tmp_path: Path, rows: list[str]) -> None:
    try:
        tests = read(tmp_path / "x_stats_history.csv", rows)
    except BrokenEvidence as error:
        assert len(str(error)) < 3000
        return
    found = tests.samples
    assert not found.duplicated(["test", "name", "time"]).any()
    assert (found["interval_s"] > 0).all()
    assert (found["requests"] >= 0).all()
    for test in tests.tests:  # no interval of a name overlaps its next one
        for _, own in found[found["test"] == test.test].groupby("name", observed=True):
            ends = own["time"].astype("int64") / 1e6 + own["interval_s"]
            assert (own["time"].astype("int64").to_numpy()[1:] / 1e6 >= ends.to_numpy()[:-1] - 1e-6).all()
    rows_of_levels = levels(tests, least_s=2.0)
    assert not rows_of_levels.duplicated(["test", "name", "level"]).any()
