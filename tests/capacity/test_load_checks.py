"""What has to hold before a load test is believed: each check passes, fails, or says that it does not know."""

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.capacity import load_checks
from scaling_lib.evidence.cells import GAMMA
from scaling_lib.evidence.load_tests import LoadSource, LoadTest, LoadTests, Sign, read_load_tests
from scaling_lib.evidence.load_tests.parts import OMISSION, SATURATED, as_bins, as_samples, no_bins

NAN = math.nan
NAMES = ["workload", "coordinated omission", "dropped iterations", "load generator", "levels", "steady", "errors"]


def a_test(**more):
    facts = {
        "test": "t", "file": "t.csv", "generator": "k6", "load": "closed", "why": "each user waits", "percentiles": "bins",
        "interval_s": 1.0,
    }  # fmt: skip
    return LoadTest(**(facts | more))


def some_levels(users=(10, 20, 40, 80, 160, 240), *, service_s=0.01, think_s=0.8, **more):
    """Levels on the two asymptotes: users / (R + Z), and at most one server's 1 / S, with what users then wait."""
    count = np.asarray(users, dtype=float)
    served = np.minimum(count / (service_s + think_s), 1 / service_s)
    columns = {
        "test": "t", "name": "", "level": np.arange(1, len(count) + 1), "users": count, "throughput": served,
        "mean_s": count / served - think_s, "requests": 30 * served, "errors": 0.0, "steady": True, "remark": "",
    }  # fmt: skip
    frame = pd.DataFrame(columns | more)
    return frame.astype({"steady": "boolean"})


def checked(test=None, levels=None, bins=None, **more):
    test = test or a_test()
    tests = LoadTests(
        samples=as_samples({"test": []}), bins=no_bins() if bins is None else bins, tests=(test,), quality=()
    )
    found = load_checks(tests, test, some_levels() if levels is None else levels, **more)
    assert [each.name for each in found] == NAMES
    return {each.name: each for each in found}


def test_a_good_closed_test_passes_all():
    found = checked(a_test(dropped_iterations=0))
    assert {each.status for each in found.values()} == {"passed"}


def test_how_the_load_was_made():
    assert checked()["workload"].status == "passed"
    assert "closed" in checked()["workload"].sentence
    assert "open" in checked(a_test(load="open"))["workload"].sentence
    assert checked(a_test(load="unknown"))["workload"].status == "not known"


def test_coordinated_omission():
    stall = Sign(kind=OMISSION, evidence="no request was started for 4 s", count=1)
    found = checked(a_test(signs=(stall,)))["coordinated omission"]
    assert found.status == "failed"
    assert found.sentence.startswith("No request was started for 4 s.")
    assert checked(a_test(load="open"))["coordinated omission"].status == "passed"
    unknown = checked(levels=some_levels(mean_s=NAN))["coordinated omission"]
    assert unknown.status == "not known"


def test_omitted_requests_are_put_back_where_the_plan_is_known():
    # HdrHistogram's own example: 10,000 x 1 ms and 1 x 100 s, one each 10 ms: the p99 of 1 ms becomes that of 20,000,
    # of which 9,999 lie evenly from 10 ms to 100 s: the 200th from the top, 100 - 200 x 0.01 = 98 s.
    bins = as_bins(
        {
            "test": "t", "name": "a", "time": pd.Timestamp("2026-11-01", tz="UTC"), "error": False,
            "bin": [math.floor(math.log(each) / math.log(GAMMA)) for each in (1e3, 1e8)], "n": [10_000, 1],
            "sum_us": [10_000_000, 100_000_000],
        }
    )  # fmt: skip
    stall = Sign(kind=OMISSION, evidence="a stall", count=1)
    found = checked(a_test(signs=(stall,), expected_interval_s=0.01), bins=bins)["coordinated omission"]
    assert found.status == "failed"
    after, before = found.sentence.split(" is ")[1].split(" instead of ")
    assert float(after.split(" ")[0]) == pytest.approx(98, rel=0.02)
    assert after.endswith(" s")
    assert float(before.split(" ")[0]) == pytest.approx(1000, rel=0.02)
    assert before.endswith(" µs.")
    untold = checked(a_test(signs=(stall,)), bins=bins)["coordinated omission"]
    assert "expected_interval_s" in untold.sentence


def test_dropped_iterations():
    assert checked(a_test(load="open", dropped_iterations=7))["dropped iterations"].status == "failed"
    assert checked(a_test(load="open", dropped_iterations=0))["dropped iterations"].status == "passed"
    assert checked(a_test(load="open"))["dropped iterations"].status == "not known"
    assert checked()["dropped iterations"].status == "passed"


def test_dropped_iterations_do_not_count_twice():
    sign = Sign(kind=SATURATED, evidence="7 iterations dropped", count=7)
    found = checked(a_test(dropped_iterations=7, signs=(sign,)))
    assert (found["dropped iterations"].status, found["load generator"].status) == ("failed", "passed")


def test_a_generator_that_says_itself_that_it_was_late():
    late = Sign(kind=SATURATED, evidence="9 of 60 rows were written too late", count=9)
    assert checked(a_test(signs=(late,)))["load generator"].status == "failed"


@pytest.mark.parametrize(
    ("generator", "most", "limit", "status"),
    [
        ("locust", 0.5, None, "passed"), ("locust", 0.95, None, "failed"), ("k6", 0.5, None, "passed"),
        ("k6", 1.5, None, "not known"), ("k6", 1.5, 4.0, "passed"), ("k6", 3.8, 4.0, "failed"),
    ],
)  # fmt: skip
def test_the_generators_processors(generator, most, limit, status):
    used = pd.Series([0.1, most, NAN])
    found = checked(a_test(generator=generator), generator=used, generator_limit=limit)["load generator"]
    assert found.status == status


def test_users_who_stay_away_longer_under_heavy_load_show_a_late_generator():
    # The server would answer in 10 ms, but the generator sends at most 100/s: users / 100 - 0.01 s away.
    levels = some_levels(mean_s=0.01)
    found = checked(levels=levels)["load generator"]
    assert found.status == "failed"
    assert "sends late" in found.sentence
    idle = pd.Series(0.1, index=levels["level"])
    assert checked(levels=levels, generator=idle)["load generator"].status == "failed"  # idle, and late all the same


def test_where_nothing_tells_the_generator_is_not_known():
    assert checked(a_test(load="open"))["load generator"].status == "not known"
    assert checked(levels=some_levels(users=(10, 20)))["load generator"].status == "not known"
    assert checked(generator=pd.Series([NAN]), levels=some_levels(mean_s=NAN))["load generator"].status == "not known"


def test_equal_loads_are_one_level():
    assert checked(levels=some_levels(users=(10, 20, 20, 30)))["levels"].status == "failed"
    assert checked(levels=some_levels(users=(50, 50, 50, 50, 50)))["levels"].status == "failed"
    four = checked(levels=some_levels(users=(10, 20, 30, 40)))["levels"]
    assert (four.status, "intervals are wide" in four.sentence) == ("passed", True)
    assert "wide" not in checked()["levels"].sentence


def test_levels_that_had_not_settled():
    levels = some_levels(steady=[True, False, True, True, True, True], remark=["", "rises by 9%", *[""] * 4])
    found = checked(levels=levels)["steady"]
    assert found.status == "failed"
    assert "rises by 9%" in found.sentence
    assert checked(levels=some_levels(steady=None))["steady"].status == "not known"


def test_errors():
    levels = some_levels()
    assert checked(levels=levels.assign(errors=0.011 * levels["requests"]))["errors"].status == "failed"
    assert checked(levels=levels.assign(errors=0.009 * levels["requests"]))["errors"].status == "passed"
    assert checked(levels=levels.assign(errors=NAN))["errors"].status == "not known"


def test_no_level_at_all_passes_nothing():
    found = checked(levels=some_levels(users=()))
    assert {found[name].status for name in ("levels", "steady", "errors")} <= {"failed", "not known"}


def test_a_plain_table_leaves_much_unknown(tmp_path):
    (tmp_path / "curve.csv").write_text("users,throughput\n1,20\n4,78\n8,130\n12,170\n")
    tests = read_load_tests([LoadSource(path=str(tmp_path / "curve.csv"))])
    from scaling_lib.evidence.load_tests.levels import levels

    found = {each.name: each.status for each in load_checks(tests, tests.tests[0], levels(tests))}
    assert found == {
        "workload": "not known", "coordinated omission": "not known", "dropped iterations": "not known",
        "load generator": "not known", "levels": "passed", "steady": "not known", "errors": "not known",
    }  # fmt: skip
