"""Levels of load tests: where they are, what was served in them, and what is said where that is not known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.load_tests import LoadSource, read_load_tests
from scaling_lib.evidence.load_tests.levels import COLUMNS, levels

T0_MS = 1_700_000_000_000
ROOT = Path(__file__).resolve().parents[2]


def closed_test(
    file: Path, users: list[int], seconds: int, took_ms: float, *, slow_start: int = 0, seed: int = 1
) -> Path:
    """A JTL of users who each send as soon as they were answered, in lognormal times of that median; levels in turn.

    slow_start: seconds at the beginning of each level in which answers take three times as long.
    """
    rng = np.random.default_rng(seed)
    lines = ["timeStamp,elapsed,label,success,allThreads"]
    for place, count in enumerate(users):
        start, end = place * seconds * 1000, (place + 1) * seconds * 1000
        for _ in range(count):
            at = float(start + rng.uniform(0, took_ms))
            while at < end:
                slow = 3.0 if at - start < slow_start * 1000 else 1.0
                took = max(1, round(slow * took_ms * float(np.exp(0.3 * rng.standard_normal()))))
                lines.append(f"{T0_MS + round(at)},{took},{'a' if rng.uniform() < 0.7 else 'b'},true,{count}")
                at += took
    file.write_text("\n".join(lines))
    return file


def test_levels_of_constant_users(tmp_path):
    """Throughput of N users is N over the mean time; quantiles are those of the lognormal distribution."""
    file = closed_test(tmp_path / "a.jtl", [2, 5, 10], 30, 40)
    found = levels(read_load_tests([LoadSource(path=str(file))]))
    assert list(found.columns) == COLUMNS
    assert list(found["level"]) == [1, 1, 1, 2, 2, 2, 3, 3, 3] and list(found["name"]) == ["", "a", "b"] * 3
    whole = found[found["name"] == ""]
    mean_s = 0.040 * math.exp(0.3**2 / 2)
    assert list(whole["users"]) == [2, 5, 10] and whole["steady"].all() and (whole["remark"] == "").all()
    for row in whole.itertuples():
        assert row.throughput == pytest.approx(row.users / mean_s, rel=0.04)
        assert row.throughput_low < row.throughput < row.throughput_high
        assert row.mean_s == pytest.approx(mean_s, rel=0.04) and row.mean_s_low <= row.mean_s <= row.mean_s_high
        assert row.p50_s == pytest.approx(0.040, rel=0.05) and row.p50_s_low < row.p50_s < row.p50_s_high
        assert row.p95_s == pytest.approx(0.040 * math.exp(0.3 * 1.645), rel=0.06)
        assert (
            26 <= row.seconds <= 29 and row.errors == 0 and row.requests == pytest.approx(row.throughput * row.seconds)
        )
    parts = found[found["name"] != ""].groupby("level")[["requests", "throughput"]].sum()
    assert parts["requests"].to_numpy() == pytest.approx(whole["requests"].to_numpy())
    assert found[found["name"] == "a"]["requests"].sum() / whole["requests"].sum() == pytest.approx(0.7, abs=0.03)


def test_what_had_not_settled_is_cut_off(tmp_path):
    file = closed_test(tmp_path / "a.jtl", [10, 20], 40, 40, slow_start=8)
    whole = levels(read_load_tests([LoadSource(path=str(file))])).query("name == ''")
    assert list(whole["cut_s"]) == pytest.approx([7, 7], abs=1)  # of eight seconds, one is the edge's
    assert whole["steady"].all()
    assert whole["mean_s"].to_numpy() == pytest.approx(0.040 * math.exp(0.045), rel=0.04)


def test_a_level_that_drifts_is_not_steady(tmp_path):
    lines, at = ["timeStamp,elapsed,label,success,allThreads"], 0.0
    rng = np.random.default_rng(2)
    while at < 60_000:
        took = max(1, round((20 + at / 3000) * float(np.exp(0.1 * rng.standard_normal()))))  # 20 ms to 40 ms
        lines += [f"{T0_MS + round(at)},{took},a,true,4"] * 4
        at += took
    (tmp_path / "a.jtl").write_text("\n".join(lines))
    (row,) = levels(read_load_tests([LoadSource(path=str(tmp_path / "a.jtl"))])).query("name == ''").itertuples()
    assert row.steady is False or row.steady == np.False_
    assert "throughput falls by" in row.remark and "the mean duration rises by" in row.remark


def test_open_load_has_levels_of_its_rate(tmp_path):
    lines, seq = [], 0
    for place, rate in enumerate((50, 100, 200)):
        for request in range(rate * 30):
            at = pd.Timestamp(round(T0_MS * 1e6 + (place * 30 + request / rate) * 1e9), unit="ns").isoformat()
            lines.append(
                f'{{"attack":"a","seq":{seq},"code":200,"timestamp":"{at}Z","latency":5000000,"url":"/x","method":"GET"}}'
            )
            seq += 1
    (tmp_path / "a.json").write_text("\n".join(lines))
    whole = levels(read_load_tests([LoadSource(path=str(tmp_path / "a.json"))])).query("name == ''")
    assert list(whole["throughput"]) == pytest.approx([50, 100, 200], rel=0.001)
    assert (
        whole["users"].isna().all() and whole["steady"].all() and list(whole["seconds"]) == [28, 28, 29]
    )  # the last answers come in a second of their own
    assert whole["p99_s"].to_numpy() == pytest.approx(0.005, rel=0.01)


def test_the_recorded_locust_test_by_other_means():
    """Each level's throughput, from the access log's lines within its time."""
    import gzip

    spells = ROOT / "data" / "shop" / "recorded" / "spells"
    with gzip.open(spells / "access.log.gz", "rt") as log:
        texts = [line.split("[")[1].split("]")[0] for line in log]
    times = pd.to_datetime(pd.Series(texts), format="%d/%b/%Y:%H:%M:%S %z").sort_values()
    whole = levels(read_load_tests([LoadSource(path=str(spells / "locust_stats_history.csv"))])).query("name == ''")
    assert list(whole["users"]) == [20, 40, 60, 40]
    for row in whole.itertuples():
        a, b = (int((times < end).sum()) for end in (row.start, row.end))
        assert row.requests == pytest.approx(b - a, abs=1.5 * row.throughput)  # a second's rounding at either end
        assert row.p99_s >= row.p95_s >= row.p50_s


def test_rows_of_a_plain_table_are_levels(tmp_path):
    (tmp_path / "a.csv").write_text("N,X\n1,20\n4,78\n8,130\n")
    found = levels(read_load_tests([LoadSource(path=str(tmp_path / "a.csv"))]))
    assert list(found["users"]) == [1, 4, 8] and list(found["throughput"]) == [20, 78, 130]
    assert found["throughput_low"].isna().all() and found["seconds"].isna().all() and found["steady"].isna().all()


def test_cumulative_percentiles_are_of_no_level(tmp_path):
    header = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,100%,Total Request Count,Total Failure Count,Total Average Response Time,Total Max Response Time"
    rows = [f"{1_700_000_000 + s},5,,Aggregated,1,0,10,20,30,40,{100 * s},0,12.5,40.0" for s in range(40)]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    (row,) = levels(read_load_tests([LoadSource(path=str(tmp_path / "a.csv"))])).itertuples()
    assert (row.throughput, row.mean_s) == pytest.approx((100, 0.0125)) and math.isnan(row.p99_s)
    assert "percentiles of the whole test so far" in row.remark


@pytest.mark.parametrize(
    ("seconds", "percentiles", "says"),
    [(49, "N/A,N/A,N/A,N/A", "the file gives no percentiles of it"), (8, "9,12,20,20", "shorter than the 10 s")],
)
def test_percentiles_that_are_not_there_and_levels_too_short_for_them(tmp_path, seconds, percentiles, says):
    header = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,100%,Total Request Count,Total Failure Count,Total Average Response Time"
    rows = [
        f"{1_700_000_000 + s},5,{name},1,0,{percentiles},{10 * s},0,12.5"
        for s in range(seconds + 1)
        for name in ("GET,/a", ",Aggregated")
    ]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    found = levels(read_load_tests([LoadSource(path=str(tmp_path / "a.csv"))]), least_s=5)
    assert set(found["seconds"]) == {seconds - 2}
    assert found["p50_s"].isna().all()
    assert found["remark"].str.contains(says).all()


def jtl(file: Path, *answers: tuple[float, float, str, int]) -> pd.DataFrame:
    """The levels of a JTL of answers: seconds from the start at which each came, what it took in ms, name, users."""
    lines = ["timeStamp,elapsed,label,success,allThreads,responseMessage"]
    for at, took, name, users in answers:
        message = "Number of samples in transaction : 2" if name == "visit" else "OK"
        lines.append(f"{T0_MS + round(at * 1000 - took)},{took},{name},true,{users},{message}")
    file.write_text("\n".join(lines))
    return levels(read_load_tests([LoadSource(path=str(file))]))


def test_a_name_without_answers_in_some_seconds_has_a_mean(tmp_path):
    """b is answered each third second, in 40 ms."""
    steady = [(second + 0.5, 20, "a", 3) for second in range(30)]
    seldom = [(second + 0.6, 40, "b", 3) for second in range(0, 30, 3)]
    row = jtl(tmp_path / "a.jtl", *steady, *seldom).set_index("name").loc["b"]
    assert (row["requests"], row["seconds"], row["errors"]) == (9, 28, 0)  # of ten, one is in the second at the edge
    assert row["throughput"] == pytest.approx(9 / 28)
    assert row["mean_s"] == pytest.approx(0.040)


def test_transactions_are_left_out_of_all_together(tmp_path):
    """They take 500 ms, what they are made of 20 ms."""
    samples = [(second + place / 20, 20, "a", 3) for second in range(30) for place in range(10)]
    visits = [(second + 0.6 + place / 20, 500, "visit", 3) for second in range(30) for place in range(5)]
    found = jtl(tmp_path / "a.jtl", *samples, *visits).set_index("name")
    whole, visit = found.loc[""], found.loc["visit (transaction)"]
    assert (whole["requests"], visit["requests"]) == (280, 140)
    assert whole["mean_s"] == pytest.approx(0.020)
    assert whole["p95_s"] == pytest.approx(0.020, rel=0.01)  # not 0.5: a third of all were visits
    assert visit["p50_s"] == pytest.approx(0.500, rel=0.01)


def test_a_stretch_without_users_is_no_level(tmp_path):
    """Users leave after 20 seconds; answers that come after that are of no level."""
    found = jtl(tmp_path / "a.jtl", *((s + 0.5, 20, "a", 4 if s < 20 else 0) for s in range(40)))
    whole = found[found["name"] == ""]
    assert list(whole["users"]) == [4]
    assert list(whole["requests"]) == [18]


def test_a_mean_duration_that_had_not_settled_is_cut_off(tmp_path):
    """Ten answers a second all the time; in the first eight seconds each takes 300 ms, then 20 ms."""
    answers = ((s + 0.35 + k / 20, 300 if s < 8 else 20, "a", 3) for s in range(40) for k in range(10))
    row = jtl(tmp_path / "a.jtl", *answers).set_index("name").loc[""]
    assert (row["cut_s"], row["seconds"], row["mean_s"]) == (7, 31, pytest.approx(0.020))  # one is the edge's


def test_a_level_of_which_half_had_not_settled_is_not_steady(tmp_path):
    """Of the 20 seconds between the edges the first ten are slow: as much as is ever cut off; of 22, it is less."""
    for seconds, steady in ((22, False), (24, True)):
        answers = ((s + 0.35 + k / 20, 300 if s < 11 else 20, "a", 3) for s in range(seconds) for k in range(10))
        row = jtl(tmp_path / f"{seconds}.jtl", *answers).set_index("name").loc[""]
        assert (row["cut_s"], row["seconds"], row["steady"]) == (10, seconds - 12, steady)
        assert ("it had not settled in half of the level" in row["remark"]) != steady


def test_seconds_without_answers_are_no_change_of_the_mean_duration(tmp_path):
    """All answers take 20 ms: one a second at first, then two each second second."""
    answers = [(s + 0.5, 20, "a", 3) for s in range(30)]
    answers += [(s + place, 20, "a", 3) for s in range(30, 60, 2) for place in (0.4, 0.5)] + [(60.5, 20, "a", 3)]
    row = jtl(tmp_path / "a.jtl", *answers).set_index("name").loc[""]
    assert (row["cut_s"], row["seconds"], row["steady"]) == (0, 59, True)
    assert row["remark"] == "too few answers for p95 and p99"


def test_short_tests_and_ramps_have_no_levels(tmp_path):
    lines = ["timeStamp,elapsed,label,success,allThreads"]
    lines += [f"{T0_MS + 100 * place},20,a,true,{place // 20 + 1}" for place in range(600)]  # a user more each 2 s
    (tmp_path / "a.jtl").write_text("\n".join(lines))
    tests = read_load_tests([LoadSource(path=str(tmp_path / "a.jtl"))])
    assert levels(tests).empty and list(levels(tests).columns) == COLUMNS
    short = levels(tests, least_s=1)
    assert short.empty or short["steady"].isna().all()
    for options in ({"level": 1.0}, {"least_s": 0.0}, {"least_s": math.nan}):
        with pytest.raises(InvalidInput, match="levels: found"):
            levels(tests, **options)


@pytest.mark.slow
def test_coverage_of_p95_where_slow_requests_come_together(tmp_path):
    """Answers of 10 ms; in spells of some seconds, a third takes 40 ms or more. The true p95 is from a long run."""
    rng = np.random.default_rng(8)

    def series(seconds: int) -> np.ndarray:
        slow = np.zeros(seconds, dtype=bool)
        for second in range(1, seconds):
            slow[second] = rng.uniform() < (0.7 if slow[second - 1] else 0.1)
        took = 10 * np.exp(0.2 * rng.standard_normal((seconds, 50)))
        late = slow[:, None] & (rng.uniform(size=took.shape) < 1 / 3)
        return np.where(late, 40 * np.exp(0.2 * rng.standard_normal(took.shape)), took)

    truth = float(np.quantile(series(40_000), 0.95)) / 1e3
    hits, runs = 0, 40
    for run in range(runs):
        took = series(120)
        lines = ["timeStamp,elapsed,label,success,allThreads"]
        for second in range(120):
            at = T0_MS + run * 10_000_000 + second * 1000
            lines += [f"{at + 10 * place},{value:.3f},a,true,5" for place, value in enumerate(took[second])]
        file = tmp_path / "a.jtl"
        file.write_text("\n".join(lines))
        (row,) = levels(read_load_tests([LoadSource(path=str(file))])).query("name == ''").itertuples()
        hits += row.p95_s_low <= truth <= row.p95_s_high
    assert hits / runs >= 0.85
