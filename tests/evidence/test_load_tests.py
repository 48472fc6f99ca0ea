"""Load tests of each format, made by hand: the figures are worked out here, not by the readers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hlog_files import hlog

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.load_tests import LoadSource, LoadTests, read_load_tests

ROOT = Path(__file__).resolve().parents[2]
SPELLS = ROOT / "data" / "shop" / "recorded" / "spells"
PUBLIC = ROOT.parent / "shared" / "data" / "loadtests"
K6 = (
    "metric_name,timestamp,metric_value,check,error,error_code,group,method,name,proto,scenario,status,subproto,"
    "tls_version,url,extra_tags"
)
JTL = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,"
    "grpThreads,allThreads,URL,Latency,IdleTime,Connect"
)
T0 = 1_700_000_000  # 2023-11-14T22:13:20Z


def read(file: Path, text: str | bytes, **options: object) -> LoadTests:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_load_tests([LoadSource(path=str(file), **options)])


def together(tests: LoadTests) -> pd.DataFrame:
    return tests.samples[tests.samples["name"] == ""].reset_index(drop=True)


def k6_row(metric: str, second: int, value: float, **tags: str) -> str:
    where = K6.split(",")
    row = (
        dict.fromkeys(where, "")
        | tags
        | {"metric_name": metric, "timestamp": str(T0 + second), "metric_value": f"{value:.6f}"}
    )
    return ",".join(row[name] for name in where)


def k6_rows() -> list[str]:
    ok = {"method": "GET", "name": "http://shop/orders/17?x=1", "status": "200", "scenario": "default"}
    bad = {"method": "POST", "name": "checkout", "status": "500", "scenario": "default"}
    return [
        k6_row("http_reqs", 0, 1, **ok),
        k6_row("http_req_duration", 0, 100, **ok),
        k6_row("http_req_failed", 0, 0, **ok),
        k6_row("http_req_duration", 0, 250.5, **bad),
        k6_row("http_req_failed", 0, 1, **bad),
        k6_row("vus", 0, 2),
        k6_row("http_req_duration", 2, 40, **ok),
        k6_row("http_req_failed", 2, 0, **ok),
        k6_row("vus", 1, 3),
        k6_row("vus", 2, 4),
    ]


def check_k6(tests: LoadTests, format_: str) -> None:
    rows = together(tests)
    assert list(rows["requests"]) == [2, 0, 1] and list(rows["errors"]) == [1, 0, 0]
    assert list(rows["sum_us"]) == [350_500, 0, 40_000] and list(rows["users"]) == [2, 3, 4]
    assert rows["time"].iloc[0] == pd.Timestamp("2023-11-14T22:13:20Z") and set(rows["interval_s"]) == {1.0}
    named = tests.samples[tests.samples["name"] != ""]
    assert named.groupby("name", observed=True)["requests"].sum().to_dict() == {
        "GET /orders/{id}": 2,
        "POST checkout": 1,
    }
    assert tests.bins["n"].sum() == 3 and tests.bins["sum_us"].sum() == 390_500
    (test,), (quality,) = tests.tests, tests.quality
    assert (test.generator, test.percentiles, test.dropped_iterations) == ("k6", "bins", 0)
    assert (quality.format, quality.rejected, quality.problem, quality.notes) == (format_, (), "", ())


def test_k6_csv(tmp_path):
    tests = read(tmp_path / "a.csv", "\n".join([K6, *k6_rows()]))
    check_k6(tests, "k6-csv")
    assert (tests.tests[0].load, tests.tests[0].test) == ("closed", "a")
    check_k6(read(tmp_path / "a.gz", gzip.compress("\n".join([K6, *k6_rows()]).encode())), "k6-csv")


def test_k6_csv_of_today_with_columns_in_another_order(tmp_path):
    """expected_response decides what failed; extra columns, and other time formats, do not matter."""
    text = (
        "extra,metric_value,expected_response,timestamp,metric_name,status,url,method\n"
        "x,12.5,true,1700000000123,http_req_duration,404,http://shop/a,GET\n"
        "x,7.5,false,1700000000999,http_req_duration,200,http://shop/a,GET\n"
    )
    rows = together(read(tmp_path / "a.csv", text))
    assert (list(rows["requests"]), list(rows["errors"]), list(rows["sum_us"])) == ([2], [1], [20_000])
    assert np.isnan(rows["users"]).all()
    written = text.replace("1700000000123", "2023-11-14T23:13:20.123+01:00").replace(
        "1700000000999", "2023-11-14T22:13:20.999Z"
    )
    again = read(tmp_path / "b.csv", written)
    assert list(together(again)["time"]) == list(rows["time"]) and again.tests[0].load == "unknown"


def test_k6_json(tmp_path):
    lines = [
        '{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time"},"metric":"http_req_duration"}'
    ]
    for row in k6_rows():
        cells = dict(zip(K6.split(","), row.split(","), strict=True))
        second = pd.Timestamp(int(cells["timestamp"]), unit="s").isoformat() + ".25Z"
        tags = {name: cells[name] for name in ("method", "name", "status", "scenario") if cells[name]}
        data = {"time": second, "value": float(cells["metric_value"]), "tags": tags or None}
        lines.append(json.dumps({"metric": cells["metric_name"], "type": "Point", "data": data}))
    check_k6(read(tmp_path / "a.json", "\n".join(lines) + "\n"), "k6-json")


def test_k6_that_dropped_iterations_was_open_and_lacked_users(tmp_path):
    rows = [
        k6_row("http_req_duration", second, 20, method="GET", name="a", status="200", scenario="peak")
        for second in range(20)
    ]
    dropped = [k6_row("dropped_iterations", 5, 3), k6_row("dropped_iterations", 9, 4)]
    (test,) = read(tmp_path / "a.csv", "\n".join([K6, *rows, *dropped])).tests
    assert (test.load, test.dropped_iterations) == ("open", 7)
    assert [(sign.kind, sign.count) for sign in test.signs] == [("saturated generator", 7)]
    last = [k6_row("dropped_iterations", 19, 1)]  # what an executor of iterations drops when its time is over
    (test,) = read(tmp_path / "b.csv", "\n".join([K6, *rows, *last])).tests
    assert (test.load, test.dropped_iterations) == ("unknown", 1)


def jtl_row(
    at_ms: int,
    elapsed: object,
    label: str = "home",
    code: str = "200",
    success: str = "true",
    threads: object = 4,
    message: str = "OK",
) -> str:
    return (
        f"{at_ms},{elapsed},{label},{code},{message},TG 1-1,text,{success},,10,5,{threads},{threads},http://shop/,1,0,0"
    )


def test_jmeter(tmp_path):
    """A sample counts when it was answered: its start plus what it took."""
    at = T0 * 1000
    rows = [
        jtl_row(at + 100, 50),
        jtl_row(at + 900, 300),  # answered in the next second
        jtl_row(at + 1500, 20, "cart", "500", "false", 5),
        jtl_row(
            at + 100,
            420,
            "visit",
            "200",
            "true",
            4,
            '"Number of samples in transaction : 2, number of failing samples : 0"',
        ),
    ]
    tests = read(tmp_path / "a.jtl", "\n".join([JTL, *rows]) + "\n")
    all_ = together(tests)
    assert list(all_["requests"]) == [1, 2] and list(all_["errors"]) == [0, 1]
    assert list(all_["sum_us"]) == [50_000, 320_000]
    assert list(all_["users"]) == [4, 5]  # the mean of 4 and 5, to a whole number
    (test,) = tests.tests
    assert (test.load, test.generator, test.apart) == ("closed", "jmeter", ("visit (transaction)",))
    assert test.start == pd.Timestamp("2023-11-14T22:13:20.100Z") and test.end == pd.Timestamp(
        "2023-11-14T22:13:21.520Z"
    )
    assert tests.bins_of("a")["n"].sum() == 3 and len(tests.bins) == 4
    assert "visit (transaction): whose samples" in tests.quality[0].notes[0]
    (bare,) = read(tmp_path / "b.jtl", "\n".join(rows[:3])).quality
    assert bare.notes == ("no header: read as the columns that JMeter writes by default",)
    assert list(together(read(tmp_path / "b.jtl", "\n".join(rows[:3])))["requests"]) == [1, 2]


def test_jmeter_with_fewer_columns_and_other_forms(tmp_path):
    old = (
        "timeStamp|time|elapsed|label|responseCode\n"
        + f"{T0 * 1000}|x|30|a|200\n{T0 * 1000 + 5}|x|40|a|Non HTTP response code: java.net.SocketException\n"
    )
    tests = read(tmp_path / "a.jtl", old)
    assert together(tests)["errors"].sum() == 1 and np.isnan(together(tests)["users"]).all()
    assert any("no allThreads" in note for note in tests.quality[0].notes)
    dated = (
        "timeStamp,elapsed,label,success,responseMessage\n" + '2023/11/14 22:13:20.500,30,"a, b",true,"two\nlines"\n'
    )
    tests = read(tmp_path / "b.jtl", dated, time_zone="America/New_York")
    assert together(tests)["time"].iloc[0] == pd.Timestamp("2023-11-15T03:13:20Z")
    assert set(tests.samples["name"]) == {"", "a, b"}


def vegeta_line(seq: int, at_s: float, latency_ms: float, code: int = 200, error: str = "") -> str:
    at = pd.Timestamp(round((T0 + at_s) * 1e9), unit="ns").isoformat() + "Z"
    return json.dumps(
        {"attack": "big", "seq": seq, "code": code, "timestamp": at, "latency": round(latency_ms * 1e6), "bytes_out": 0,
         "bytes_in": 9, "error": error, "method": "GET", "url": f"http://shop/items/{seq}"}
    )  # fmt: skip


def test_vegeta(tmp_path):
    lines = [vegeta_line(0, 0, 10), vegeta_line(1, 0.5, 700.25, 503, "503"), vegeta_line(3, 1.0, 30)]
    tests = read(tmp_path / "a.json", "\n".join(lines))
    rows = together(tests)
    assert (list(rows["requests"]), list(rows["errors"]), list(rows["sum_us"])) == ([1, 2], [0, 1], [10_000, 730_250])
    assert set(tests.samples["name"]) == {"", "GET /items/{id}"} and tests.tests[0].load == "open"
    assert tests.quality[0].notes == ("1 request missing from the attack's own numbering: the file is not whole",)


def test_hlog(tmp_path):
    text = hlog(
        [
            ("read", 0.0, 1.0, {2_000_000: 90, 50_000_000: 10}),
            ("write", 0.0, 1.0, {8_000_000: 5}),
            ("read", 1.0, 1.0, {3_000_000: 50}),
        ]
    )
    tests = read(tmp_path / "a.hlog", text)
    rows = together(tests)
    assert list(rows["requests"]) == [105, 50] and list(rows["throughput"]) == [105, 50] and rows["errors"].isna().all()
    assert rows["sum_us"].to_numpy() == pytest.approx([90 * 2e3 + 10 * 50e3 + 5 * 8e3, 150e3], rel=1e-3)
    assert rows["time"].iloc[1] == pd.Timestamp(T0 + 1, unit="s", tz="UTC")
    assert tests.quantile(0.5, "a", "write").value == pytest.approx(0.008, rel=0.011)
    assert tests.quantile(0.95, "a", "read").value == pytest.approx(0.050, rel=0.011)
    assert (tests.tests[0].load, tests.tests[0].generator) == ("unknown", "hdrhistogram")
    other = read(tmp_path / "b.hlog", text, duration_unit="us")
    assert other.quantile(0.95, "b", "read").value == pytest.approx(50.0, rel=0.011)


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_hlog_agrees_with_the_values_it_was_made_of(tmp_path, digits):
    values = np.floor(np.random.default_rng(digits).lognormal(16, 1.5, 4000)).astype("int64")
    tests = read(tmp_path / "a.hlog", hlog([("", 0.0, 1.0, {int(value): 1 for value in np.unique(values)})], digits))
    for q in (0.1, 0.5, 0.9, 0.99):
        exact = np.quantile(np.unique(values), q, method="inverted_cdf") / 1e9
        assert tests.quantile(q, "a").value == pytest.approx(exact, rel=0.01 + 10.0**-digits)


def test_locust_history_against_the_access_log():
    """Of the recorded test: Locust's total is the number of lines that the gateway logged."""
    with gzip.open(SPELLS / "access.log.gz", "rt") as log:
        lines = log.read().splitlines()
    tests = read_load_tests([LoadSource(path=str(SPELLS / "locust_stats_history.csv"), origin="recorded")])
    rows = together(tests)
    assert rows["requests"].sum() == len(lines) == 38_327
    assert rows["errors"].sum() == sum(int(line.split('" ')[1][:3]) >= 400 for line in lines)
    named = tests.samples[tests.samples["name"] == "POST /checkout"]
    assert named["requests"].sum() == sum('"POST /checkout ' in line for line in lines)
    assert rows["sum_us"].sum() / rows["requests"].sum() == pytest.approx(15_345.58, abs=0.01)  # as Locust's last row
    (test,) = tests.tests
    assert (test.load, test.percentiles, test.window_s, test.interval_s) == ("closed", "windows", 10.0, 1.0)
    assert tests.quality[0].rejected == () and tests.quality[0].problem == ""
    assert set(rows["users"]) == {20.0, 40.0, 60.0}  # as the column User Count has them


LOCUST = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,100%,Total Request Count,Total Failure Count,"
    "Total Median Response Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,"
    "Total Average Content Size"
)


def locust_row(
    second: int,
    users: int,
    total: int,
    failed: int,
    mean: float,
    p: str = "N/A,N/A,N/A,N/A",
    name: str = ",Aggregated",
    slowest: float = 30.0,
) -> str:
    return f"{T0 + second},{users},{name},1.0,0.0,{p},{total},{failed},10,{mean},1.5,{slowest},0.0"


def test_locust_totals_are_differenced(tmp_path):
    rows = [
        locust_row(0, 0, 0, 0, 0.0),
        locust_row(1, 5, 4, 1, 10.0, "9,12,20,20", "GET,/a"),
        locust_row(1, 5, 4, 1, 10.0, "9,12,20,20"),
        locust_row(3, 5, 10, 1, 16.0, "11,31,41,41", "GET,/a"),
        locust_row(3, 5, 10, 1, 16.0, "11,31,41,41"),
    ]
    tests = read(tmp_path / "x_stats_history.csv", "\n".join([LOCUST, *rows]))
    found = together(tests)
    assert tests.tests[0].test == "x"
    assert list(found["requests"]) == [4, 6] and list(found["errors"]) == [1, 0] and list(found["interval_s"]) == [1, 2]
    assert list(found["throughput"]) == [4, 3]
    assert list(found["sum_us"]) == [40_000, 120_000]  # 4 x 10 ms, then 10 x 16 - 4 x 10 ms
    assert list(found["p95_s"]) == [0.012, 0.031] and list(found["p50_s"]) == [0.009, 0.011]
    assert list(tests.samples[tests.samples["name"] == "GET /a"]["requests"]) == [4, 6]


def test_locust_without_full_history_has_percentiles_of_the_whole_test_only(tmp_path):
    rows = [
        locust_row(second, 5, 10 * second, 0, 9.0, "8,20,28,30" if second else "N/A,N/A,N/A,N/A", slowest=29.6)
        for second in range(8)
    ]
    tests = read(tmp_path / "x.csv", "\n".join([LOCUST, *rows]))
    assert tests.tests[0].percentiles == "cumulative" and tests.tests[0].window_s == 0
    assert tests.samples[["p50_s", "p95_s", "p99_s"]].isna().all(axis=None)
    assert "of the whole test so far" in tests.quality[0].notes[0]


def test_locust_says_what_its_rows_are_and_what_averages_do_not_give(tmp_path):
    """Of six rows the first begins no interval; averages in whole milliseconds, or none, give no sum of durations."""
    rows = [locust_row(second, 5, 10 * second, 0, 9.5) for second in range(6)]
    tests = read(tmp_path / "x.csv", "\n".join([LOCUST, *rows]))
    (quality,) = tests.quality
    assert quality.rows == len(tests.samples) == 5
    assert quality.notes == (
        "percentiles are of the whole test so far, not of an interval: not used; `locust "
        "--csv-full-history` writes current ones",
    )
    assert tests.samples["sum_us"].sum() == 50 * 9_500
    assert not any("Average" in note for note in quality.notes)
    for header, row, says in (
        (LOCUST, ",9,1.5,", "Total Average Response Time has no decimals"),
        (LOCUST.replace("Total Average Response Time", "x"), ",9.5,1.5,", "no Total Average Response Time"),
    ):
        tests = read(tmp_path / "y.csv", "\n".join([header, *(each.replace(",9.5,1.5,", row) for each in rows)]))
        assert tests.samples["sum_us"].isna().all() and tests.samples["requests"].sum() == 50
        assert [note for note in tests.quality[0].notes if note.startswith(says)]


def test_locust_tests_appended_and_totals_reset(tmp_path):
    first = [locust_row(second, 5, 10 * second, 0, 9.5) for second in range(4)]
    later = [locust_row(500 + second, 3, 7 * second, 0, 9.5) for second in range(3)]
    tests = read(tmp_path / "x.csv", "\n".join([LOCUST, *first, LOCUST, *later]))
    assert [test.test for test in tests.tests] == ["x (1)", "x (2)"]
    sums = together(tests).groupby("test", observed=True)["requests"].sum()
    assert list(sums) == [30, 14]
    assert tests.quality[0].rejected[0].reason == "the header again: several files in one"
    reset = [*first, locust_row(4, 5, 6, 0, 9.5), locust_row(5, 5, 16, 0, 9.5)]  # --reset-stats
    tests = read(tmp_path / "y.csv", "\n".join([LOCUST, *reset]))
    assert len(tests.tests) == 1 and together(tests)["requests"].sum() == 30 + 6 + 10
    assert any("reset 1 time" in note for note in tests.quality[0].notes)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"the public data are not at {PUBLIC}")
def test_plain_tables_of_the_public_data():
    tests = read_load_tests([LoadSource(path=str(PUBLIC / f"{name}.csv")) for name in ("raytracer", "specsdm91")])
    rows = tests.samples[tests.samples["test"] == "raytracer"]
    assert list(rows["users"]) == [1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64]
    assert list(rows["throughput"]) == [20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310]
    rows = tests.samples[tests.samples["test"] == "specsdm91"]
    assert list(rows["throughput"]) == [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2]
    assert rows["requests"].isna().all() and rows["interval_s"].isna().all()
    source = LoadSource(path=str(PUBLIC / "oracledb.csv"), columns={"users": "db_time", "throughput": "txn_rate"})
    oracle = read_load_tests([source])
    assert len(oracle.samples) == 360 and oracle.tests[0].interval_s == 120
    assert oracle.samples["users"].iloc[0] == 0.311985


def test_simulated_histories_follow_their_law(tmp_path):
    """The demo's throughput at each level is its law's, within its scatter of 2% over 20 s: 4 standard errors."""
    from scaling_lib.demo.load import LEVELS, load_files, throughput
    from scaling_lib.demo.plan import END, SEED, make_plan

    files, truth = load_files(make_plan(services=3, days=90, seed=SEED, end=END))
    for path, text in files.items():
        (tmp_path / Path(path).name).write_text(text)
    tests = read_load_tests([LoadSource(path=str(tmp_path / "*.csv"), origin="simulated")])
    assert len(tests.tests) == len(truth["services"]) == 3
    for law in truth["services"]:
        rows = together(tests)
        rows = rows[rows["test"] == f"{law['service']}"]
        by_level = rows.groupby("users")["throughput"].mean()
        for users in LEVELS:
            assert by_level[users] == pytest.approx(
                throughput(law, users), rel=4 * 0.02 / np.sqrt(19) + 0.5 / throughput(law, users)
            )
    assert {test.percentiles for test in tests.tests} == {"windows"}


def test_two_runs_in_one_file_are_two_tests(tmp_path):
    at = T0 * 1000
    rows = [jtl_row(at + 100 * place, 20) for place in range(50)] + [
        jtl_row(at + 300_000 + 100 * place, 20) for place in range(30)
    ]
    tests = read(tmp_path / "a.jtl", "\n".join([JTL, *rows[:50], JTL, *rows[50:]]))
    assert [test.test for test in tests.tests] == ["a (1)", "a (2)"]
    assert list(together(tests).groupby("test", observed=True)["requests"].sum()) == [50, 30]
    assert any("read as 2 tests" in note for note in tests.quality[0].notes)
    assert tests.quality[0].rejected[0].rows == 1


def test_a_long_test_has_longer_intervals(tmp_path):
    rows = [jtl_row(T0 * 1000 + 1000 * second, 20) for second in range(0, 3 * 3600, 5)]
    tests = read(tmp_path / "a.jtl", "\n".join([JTL, *rows]))
    assert tests.tests[0].interval_s == 10 and set(together(tests)["requests"]) == {2.0}


def test_a_stall_of_closed_load_is_a_sign_of_coordinated_omission(tmp_path):
    """Five users, 20 ms an answer; for 3 s the server answers nobody, and the five that wait are all that is seen."""
    at = T0 * 1000
    rows = [jtl_row(at + 20 * step, 20, threads=5) for step in range(500) for _ in range(5)]
    rows += [jtl_row(at + 10_000, 3000, threads=5) for _ in range(5)]
    rows += [jtl_row(at + 13_000 + 20 * step, 20, threads=5) for step in range(500) for _ in range(5)]
    (test,) = read(tmp_path / "a.jtl", "\n".join([JTL, *rows])).tests
    (sign,) = test.signs
    assert (sign.kind, sign.count) == ("coordinated omission", 1)
    assert "no request was started for 3 s from 22:13:30 UTC on, while 5 under way took about 3 s each" in sign.evidence
    (calm,) = read(tmp_path / "b.jtl", "\n".join([JTL, *rows[:2500]])).tests
    assert calm.signs == ()
    (test,) = read(tmp_path / "c.jtl", "\n".join([JTL, *rows]), load="open").tests
    assert [sign.kind for sign in test.signs] == ["saturated generator"]


def test_a_stall_of_locust_shows_in_its_totals(tmp_path):
    """20 users at 100 requests a second of 10 ms; 4 s without an answer, then the 20 that waited 4 s each."""
    total, weighted, rows = 0, 0.0, [locust_row(0, 20, 0, 0, 0.0)]
    for second in range(1, 31):
        if second not in (11, 12, 13, 14):
            total += 100
            weighted += 100 * 10.0 + (20 * 4000.0 if second == 15 else 0)
        rows.append(locust_row(second, 20, total, 0, weighted / total if total else 0.0))
    (test,) = read(tmp_path / "a.csv", "\n".join([LOCUST, *rows])).tests
    (sign,) = test.signs
    assert (sign.kind, sign.count) == ("coordinated omission", 1) and "no answer for 4 s from 22:13:30" in sign.evidence


def test_errors_of_the_generator_itself_are_a_sign(tmp_path):
    lines = [vegeta_line(seq, seq / 10, 5, 0, "dial tcp: socket: too many open files") for seq in range(4)]
    lines += [vegeta_line(seq, seq / 10, 5) for seq in range(4, 40)]
    (test,) = read(tmp_path / "a.json", "\n".join(lines)).tests
    assert [(sign.kind, sign.count) for sign in test.signs] == [("saturated generator", 4)]


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_quantiles_of_any_stretch_are_within_one_percent(tmp_path, q):
    random = np.random.default_rng(7)
    start, took = np.sort(random.integers(0, 60_000, 5000)), np.floor(random.lognormal(4, 1, 5000)).astype(int) + 1
    rows = [jtl_row(T0 * 1000 + int(a), int(b)) for a, b in zip(start, took, strict=True)]
    tests = read(tmp_path / "a.jtl", "\n".join([JTL, *rows]))
    assert tests.quantile(q, "a").value == pytest.approx(np.quantile(took, q, method="inverted_cdf") / 1000, rel=0.01)
    from scaling_lib.evidence.cells import bin_quantile

    ended = (start + took) // 1000
    inside = (ended >= 20) & (ended < 40)
    times = tests.bins["time"]
    chosen = tests.bins[
        (times >= pd.Timestamp(T0 + 20, unit="s", tz="UTC")) & (times < pd.Timestamp(T0 + 40, unit="s", tz="UTC"))
    ]
    assert chosen["n"].sum() == inside.sum()
    assert bin_quantile(chosen, q)[0] == pytest.approx(
        np.quantile(took[inside], q, method="inverted_cdf") / 1000, rel=0.01
    )


def test_what_was_read_is_kept(tmp_path):
    file = tmp_path / "a.jtl"
    file.write_text("\n".join([JTL, *(jtl_row(T0 * 1000 + step, 20) for step in range(100)), "broken"]))
    source = LoadSource(path=str(file), expected_interval_s=0.02, origin="recorded")
    first, again = (read_load_tests([source], cache=tmp_path / "cache") for _ in range(2))
    assert len(list((tmp_path / "cache" / "load").iterdir())) == 1
    pd.testing.assert_frame_equal(first.samples, again.samples)
    pd.testing.assert_frame_equal(first.bins, again.bins)
    assert first.tests == again.tests and first.quality == again.quality
    (next((tmp_path / "cache" / "load").iterdir()) / "about.json").write_text("{}")
    assert read_load_tests([source], cache=tmp_path / "cache").tests == first.tests
    file.write_text("\n".join([JTL, jtl_row(T0 * 1000, 20)]))
    assert read_load_tests([source], cache=tmp_path / "cache").samples["requests"].sum() == 2


def test_copies_are_read_once_and_names_stay_apart(tmp_path):
    text = "\n".join([JTL, jtl_row(T0 * 1000, 20)])
    for name, content in (("one", text), ("two", text + "\n" + jtl_row(T0 * 1000, 30)), ("three", text)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.jtl").write_text(content)
    tests = read_load_tests([LoadSource(path=str(tmp_path / "*" / "run.jtl"))])
    assert sorted(test.test for test in tests.tests) == ["one/run", "two/run"]
    assert set(tests.samples["test"]) == set(tests.bins["test"]) == {"one/run", "two/run"}
    assert any("copies of another file" in note for note in tests.quality[0].notes)
    with pytest.raises(KeyError):
        tests.test("run")


@pytest.mark.parametrize(
    "options",
    [
        {"format": "gatling"},
        {"duration_unit": "min"},
        {"load": "half"},
        {"columns": {"p99": "x"}},
        {"expected_interval_s": 0.0},
    ],
)
def test_options_that_are_not_allowed(options):
    with pytest.raises(InvalidInput, match=r"a\.csv: found "):
        LoadSource(path="a.csv", **options)
