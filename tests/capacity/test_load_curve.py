"""The load curve: the shop's tests against their truth, published laws, ends of the tested range, refusals."""

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from load_simulated import TRUE_KNEE, TRUE_LIMIT, knee_coverage

import scaling_lib
from scaling_lib.capacity import knee, load_curve, load_within_slo, plateau
from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.evidence.load_tests import LoadSource, LoadTest, LoadTests, Sign, read_load_tests
from scaling_lib.evidence.load_tests.levels import levels
from scaling_lib.evidence.load_tests.parts import OMISSION, as_bins, as_samples
from scaling_lib.evidence.slos import SLO
from scaling_lib.model.calibration import from_load_test

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
THINK_S = (0.4 + 1.2) / 2  # data/shop/lab/shoppers.py: uniform
RAYTRACER = ([1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64], [20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310])
SPECSDM91 = ([1, 18, 36, 72, 108, 144, 216], [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2])


@cache
def truth(*keys):
    found = yaml.safe_load((SHOP / "truth.yaml").read_text())
    for key in keys:
        found = found[key]
    return found


@cache
def shop():
    return scaling_lib.open(SHOP)


@cache
def curve(name):
    return load_curve(shop().load_tests(), name, metrics=shop().load_metrics(), resources=shop().resources)


def of_table(folder, users, throughput, **more):
    rows = "\n".join(f"{n},{x}" for n, x in zip(users, throughput, strict=True))
    (folder / "curve.csv").write_text(f"users,throughput\n{rows}\n")
    tests = read_load_tests([LoadSource(path=str(folder / "curve.csv"), **more)])
    return load_curve(tests, tests.tests[0].test)


def asymptotes(users, demand_s, think_s=0.8):
    """Throughput and mean duration on the two asymptotes, as a frame of levels."""
    count = np.asarray(users, dtype=float)
    served = np.minimum(count / (demand_s + think_s), 1 / demand_s)
    return pd.DataFrame({"level": np.arange(1, len(count) + 1), "users": count, "throughput": served})


def test_the_shops_test_passes_every_check():
    assert {check.status for check in curve("load/locust").checks} == {"passed"}
    assert not curve("load/locust").refused


def test_the_shops_plateau_is_what_was_recorded():
    rates = {each["users"]: each["requests_per_s"] for each in truth("load", "levels")}
    found = curve("load/locust").plateau
    assert found.reached
    assert found.throughput.low <= np.mean([rates[users] for users in (350, 400, 480, 600)]) <= found.throughput.high
    assert found.throughput.high < 1.1 * found.throughput.low
    assert found.levels == (9, 10, 11, 12)
    assert not found.falls


def test_the_shops_knee_is_that_of_the_labs_own_constants():
    rows = truth("load", "levels")
    limit = np.mean([each["requests_per_s"] for each in rows if each["users"] >= 350])
    by_hand = limit * (rows[0]["mean_ms"] / 1000 + THINK_S)
    found = curve("load/locust").knee
    assert found.outcome == "within the tested range"
    assert found.users.low <= by_hand <= found.users.high
    assert found.think_time.low <= THINK_S <= found.think_time.high
    # Of the processor's own demand: it can be had to 95%, what one request takes of it is used / rate.
    used = [
        each["processors_used"]["host of services"] / each["requests_per_s"] for each in rows if each["users"] >= 350
    ]
    demand = np.mean(used) / truth("load", "limited_by", "used")
    assert found.users.value == pytest.approx((rows[0]["mean_ms"] / 1000 + THINK_S) / demand, rel=0.03)


def test_what_saturated_is_named_with_its_use_at_each_level():
    for name, keys, resource, host in (
        ("load/locust", ("load", "levels"), "processor of the services", "host of services"),
        ("before/locust", ("bottleneck", "before"), "processor of the database", "host of database"),
    ):
        found = curve(name)
        assert (found.limiting.outcome, found.limiting.resource) == ("found", resource)
        own = found.utilization[found.utilization["resource"] == resource].set_index("level")["utilization"]
        recorded = [each["processors_used"][host] for each in truth(*keys)]
        assert own.tolist() == pytest.approx(recorded, abs=0.02)
    assert "disk of the database" in curve("load/locust").unmeasured


def test_the_law_is_fitted_against_requests_in_flight_and_says_so():
    found = curve("load/locust")
    assert found.axis == "requests in flight"
    assert "Little" in found.axis_sentence
    flight = [each["requests_per_s"] * each["mean_ms"] / 1000 for each in truth("load", "levels")]
    assert found.levels["in_flight"].tolist()[6:] == pytest.approx(flight[6:], rel=0.2)
    # It flattens and does not fall: no peak is claimed, and the limit holds the plateau.
    assert found.peak.state in ("not identified", "none")
    assert found.peak_users is None
    assert found.peak.throughput.low <= 394 <= found.peak.throughput.high


def test_after_the_fix_the_throughput_only_rises_and_no_highest_is_claimed():
    found = curve("after/locust")
    assert (found.plateau.state, found.knee.outcome) == ("beyond the measured range", "not reached")
    assert math.isnan(found.plateau.throughput.value)
    assert math.isnan(found.knee.users.value)
    assert found.plateau.throughput.low <= truth("bottleneck", "after")[-1]["requests_per_s"]
    assert found.knee.users.high == math.inf
    assert 280 < found.knee.users.low < 330  # the limit is not below what was seen
    assert found.peak.state == "beyond the measured range"
    assert found.peak_users is None
    assert found.limiting.outcome == "not reached"


def test_before_the_fix_the_knee_lies_at_a_third_of_the_users():
    rows = truth("bottleneck", "before")
    limit = np.mean([each["requests_per_s"] for each in rows if each["users"] >= 160])
    found = curve("before/locust").knee
    assert found.users.low <= limit * (rows[0]["mean_ms"] / 1000 + THINK_S) <= found.users.high


def test_three_loads_of_the_spells_fit_no_law():
    found = curve("spells/locust")
    assert {check.name for check in found.failed} == {"levels", "steady", "errors"}
    assert found.fit is None
    assert "3 loads" in found.refused["fit"]
    assert found.plateau.state == "beyond the measured range"
    assert found.limiting.outcome == "not measured"


def test_published_figures_of_the_law(tmp_path):
    found = of_table(tmp_path, *SPECSDM91)
    assert found.axis == "users"
    assert "not known" in found.axis_sentence
    assert found.peak.value == pytest.approx(96.519, rel=1e-3)
    assert found.peak.throughput.value == pytest.approx(1883.90, rel=1e-4)
    assert found.peak.state == "within the measured range"
    assert found.peak_users.value == found.peak.value
    assert found.plateau.levels == (4, 5, 6)  # 1853.2, 1828.9 and 1775.0 are within 5% of the highest
    assert found.plateau.throughput.value == pytest.approx((1853.2 + 1828.9 + 1775.0) / 3)
    assert found.plateau.falls  # 1702.2 is 8% below
    assert found.knee.users.value == pytest.approx((1853.2 + 1828.9 + 1775.0) / 3 / 64.9)  # one user alone: 64.9/s


@pytest.mark.parametrize("wrong", ["x", None, math.nan, [], math.inf])
def test_levels_limits_and_slos_that_cannot_be_are_refused(wrong):
    tests, test = shop().load_tests(), shop().load_tests().test("load/locust")
    with pytest.raises(InvalidInput):
        load_curve(tests, test.test, level=wrong)
    with pytest.raises(InvalidInput):
        levels(tests, level=wrong)
    with pytest.raises(InvalidInput):
        levels(tests, least_s=wrong)
    with pytest.raises(InvalidInput):
        load_within_slo(tests, test, pd.DataFrame(), wrong)
    if wrong is not None:
        with pytest.raises(InvalidInput, match="generator_limit"):
            load_curve(tests, test.test, generator_limit=wrong)


def test_a_throughput_that_only_rises_has_no_peak(tmp_path):
    found = of_table(tmp_path, *RAYTRACER)
    assert found.peak.state in ("none", "not identified")
    assert found.peak_users is None
    assert found.plateau.state == "beyond the measured range"
    assert found.plateau.throughput.low == 310
    assert "beyond the measured range" in found.plateau.sentence


def test_a_throughput_that_only_falls_has_no_highest(tmp_path):
    found = of_table(tmp_path, [10, 20, 40, 80, 160], [100, 80, 60, 40, 20])
    assert found.peak.state == "below the measured range"
    assert found.plateau.state == "below the measured range"
    assert math.isnan(found.plateau.throughput.value)
    assert found.plateau.throughput.low == 100


@pytest.mark.parametrize("users", [[10, 20], [10, 10, 20, 20], [30] * 6])
def test_two_loads_or_equal_ones_are_refused(tmp_path, users):
    found = of_table(tmp_path, users, [100 + place for place in range(len(users))])
    assert found.fit is None
    assert found.plateau is None
    assert {"fit", "plateau", "knee"} <= set(found.refused)
    assert next(check for check in found.checks if check.name == "levels").status == "failed"


@pytest.mark.parametrize(("column", "value"), [("throughput", 0.0), ("throughput", -3.0), ("throughput", math.nan),
                                               ("users", 0.0), ("users", -1.0), ("users", math.inf)])  # fmt: skip
def test_figures_that_cannot_be_are_refused(column, value):
    frame = asymptotes([10, 20, 40, 80, 160], 0.01)
    frame.loc[2, column] = value
    with pytest.raises(InvalidInput, match="above 0"):
        plateau(frame)


def test_samples_of_a_run_do_not_make_their_luckiest_one_the_plateau():
    random = np.random.default_rng(11)
    users = np.sort(random.uniform(10, 200, 360))
    served = np.minimum(users, 100) * np.exp(0.15 * random.standard_normal(360))
    frame = pd.DataFrame({"level": range(1, 361), "users": users, "throughput": served})
    found = plateau(frame)
    assert served.max() > 140
    assert found.reached
    true = 100 * math.exp(0.15**2 / 2)  # the mean of such noise
    assert found.throughput.low <= true <= found.throughput.high
    assert found.throughput.high < 1.2 * found.throughput.low
    assert len(found.levels) >= 120


def test_levels_of_the_same_users_count_as_one():
    frame = pd.DataFrame({"level": [1, 2, 3, 4], "users": [10, 40, 20, 40], "throughput": [50.0, 104.0, 98.0, 96.0]})
    found = plateau(frame)
    assert found.levels == (3, 2, 4)
    assert found.throughput.value == pytest.approx((98 + (104 + 96) / 2) / 2)


def test_a_limit_that_a_law_extrapolates_is_said_to_be():
    # alpha 0.03, beta 0.0005, gamma 20: the peak is at sqrt(0.97 / 0.0005) = 44.0 users, with 272 requests/s.
    users = np.array([1, 2, 4, 8, 12, 16, 20.0])
    served = 20 * users / (1 + 0.03 * (users - 1) + 0.0005 * users * (users - 1))
    frame = pd.DataFrame({"level": range(1, 8), "users": users, "throughput": served, "mean_s": users / served - 0.04})
    top = math.sqrt(0.97 / 0.0005)
    limit = 20 * top / (1 + 0.03 * (top - 1) + 0.0005 * top * (top - 1))
    found = knee(plateau(frame), from_load_test(frame), frame)
    assert found.outcome == "extrapolated"
    assert "extrapolated" in found.sentence
    assert found.users.value == pytest.approx(limit * 0.05, rel=0.01)  # 1 / gamma is work and thinking at one user


def test_a_plateau_needs_three_loads_and_its_columns():
    with pytest.raises(NotEnoughData):
        plateau(asymptotes([10, 20], 0.01))
    with pytest.raises(InvalidInput, match="users"):
        plateau(asymptotes([10, 20, 30], 0.01).drop(columns="users"))


def test_users_who_never_pause_are_the_load_themselves(tmp_path):
    # k6 points of users who ask again at once: 10 ms each, so that users = throughput x duration.
    rows = ["metric_name,timestamp,metric_value,expected_response,status,url,name,method"]
    start = 1_800_000_000
    for place, users in enumerate((1, 2, 4, 8)):
        for second in range(30):
            at = start + 30 * place + second
            rows.append(f"vus,{at},{users},,,,,")
            took = 10 * max(1, users / 4)  # four servers
            rows += [f"http_req_duration,{at},{took},true,200,http://a/,a,GET"] * round(users * 1000 / took)
    (tmp_path / "k6.csv").write_text("\n".join(rows) + "\n")
    tests = read_load_tests([LoadSource(path=str(tmp_path / "k6.csv"), load="closed")])
    found = load_curve(tests, tests.tests[0].test)
    assert found.axis == "users"
    assert "do not pause" in found.axis_sentence
    assert found.fit.predict(4).value == pytest.approx(400, rel=0.1)
    slo = SLO(name="fast", kind="latency", threshold_s=0.015, target=0.99)
    within = load_within_slo(tests, found.test, levels(tests), slo, route="GET a")
    assert within.figure == "share within 15 ms"
    assert within.capacity.between == (4, 8)  # 10 ms at four users, 20 ms at eight
    assert (within.capacity.low, within.capacity.high) == (4, 8)


def test_the_load_within_the_slo_of_the_shops_orders():
    tests = shop().load_tests()
    slo = next(each for each in shop().slos() if each.name == "checkout latency")
    every = levels(tests)
    found = load_within_slo(tests, tests.test("load/locust"), every, slo, route="POST /checkout")
    assert (found.figure, found.names) == ("p99", ("POST /checkout",))
    own = every[(every["test"] == "load/locust") & (every["name"] == "POST /checkout")].set_index("users")["p99_s"]
    last_within = max(users for users in own.index if own[:users].max() <= 0.3)
    assert found.capacity.between[0] == last_within
    assert last_within < found.capacity.value < found.capacity.between[1]
    rates = {each["users"]: each["requests_per_s"] for each in truth("load", "levels")}
    assert rates[last_within] * 0.97 < found.requests.value < 1.03 * max(rates.values())
    assert found.requests.low <= found.requests.value <= found.requests.high
    before = load_within_slo(tests, tests.test("before/locust"), every, slo, route="POST /checkout")
    assert before.capacity.value < 0.5 * found.capacity.value
    assert math.isnan(before.capacity.low)
    assert any("too short" in note for note in before.notes)


def test_an_slo_that_the_test_cannot_answer_is_refused():
    tests = shop().load_tests()
    test, every = tests.test("load/locust"), levels(tests)
    slo = SLO(name="s", kind="latency", threshold_s=0.3, target=0.99)
    with pytest.raises(NotMeasured, match="sent no request"):
        load_within_slo(tests, test, every, slo, route="GET /nothing")
    with pytest.raises(NotMeasured, match="up to p99"):
        load_within_slo(tests, test, every, SLO(name="s", kind="latency", threshold_s=0.3, target=0.999))
    with pytest.raises(InvalidInput, match="of latency"):
        load_within_slo(tests, test, every, SLO(name="s", target=0.99))
    strict = load_within_slo(tests, test, every, SLO(name="s", kind="latency", threshold_s=0.3, target=0.9))
    assert strict.figure == "p95"
    assert any("less strict" in note for note in strict.notes)


def test_requests_that_a_stall_left_out_count_against_the_slo():
    # One user, a request each 10 ms of 1 ms; at the second level one of them took 10 s, and 999 were not sent meanwhile.
    start = pd.Timestamp("2026-11-01", tz="UTC")
    place = {each: math.floor(math.log(each) / math.log(1.02)) for each in (1_000, 10_000_000)}
    bins = as_bins(
        {
            "test": "t", "name": "GET /a", "time": [start, start + pd.Timedelta(minutes=1)] * 2, "error": False,
            "bin": [place[1_000], place[1_000], place[10_000_000], place[10_000_000]], "n": [2000, 2000, 0, 1],
            "sum_us": [2_000_000, 2_000_000, 0, 10_000_000],
        }
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "test": "t", "name": "GET /a", "level": [1, 2], "users": [1.0, 2.0], "throughput": [100.0, 100.0],
            "start": [start, start + pd.Timedelta(minutes=1)], "throughput_low": 99.0, "throughput_high": 101.0,
            "end": [start + pd.Timedelta(minutes=1), start + pd.Timedelta(minutes=2)],
        }
    )  # fmt: skip
    every = pd.concat([frame, frame.assign(name="")])
    facts = LoadTest(
        test="t", file="t", generator="k6", load="closed", why="", percentiles="bins", interval_s=60.0,
        signs=(Sign(kind=OMISSION, evidence="a stall", count=1),),
    )  # fmt: skip
    slo = SLO(name="s", kind="latency", threshold_s=0.3, target=0.99)

    def within(test):
        tests = LoadTests(samples=as_samples({"test": []}), bins=bins, tests=(test,), quality=())
        return load_within_slo(tests, test, every, slo, route="GET /a")

    assert within(facts).capacity.state == "not reached within the tested range"  # 1 of 2,001 was slow
    put_back = within(replace(facts, expected_interval_s=0.01))  # with 999 of 10 s down to 10 ms, a third is
    assert put_back.capacity.between == (1, 2)
    assert any("put back" in note for note in put_back.notes)


def test_an_open_test_without_users_gives_a_lower_bound_and_no_knee(tmp_path):
    rows, random = [], np.random.default_rng(3)
    for place, rate in enumerate((20, 40, 80, 120, 160)):
        for at in np.sort(random.uniform(30 * place, 30 * place + 30, 30 * rate)):
            took = 5_000_000 + rate * 50_000
            rows.append(
                f'{{"attack":"a","seq":{len(rows)},"code":200,"timestamp":"{pd.Timestamp("2026-11-01", tz="UTC") + pd.Timedelta(seconds=at):%Y-%m-%dT%H:%M:%S.%fZ}",'
                f'"latency":{took},"bytes_out":0,"bytes_in":9,"error":"","method":"GET","url":"http://a/x"}}'
            )
    (tmp_path / "vegeta.json").write_text("\n".join(rows) + "\n")
    tests = read_load_tests([LoadSource(path=str(tmp_path / "vegeta.json"))])
    found = load_curve(tests, tests.tests[0].test)
    assert found.test.load == "open"
    assert found.axis == "requests in flight"
    assert found.plateau.state == "beyond the measured range"
    assert 145 < found.plateau.throughput.low <= 160
    assert "knee" in found.refused
    assert found.knee is None
    slo = SLO(name="s", kind="latency", threshold_s=0.01, target=0.99)  # 5 ms + 0.05 ms a request/s: 10 ms at 100/s
    within = load_within_slo(tests, found.test, levels(tests), slo)
    assert within.capacity.unit == "requests/s"
    assert within.capacity.between == (pytest.approx(80, rel=0.06), pytest.approx(120, rel=0.06))


@pytest.mark.slow
def test_the_intervals_of_plateau_and_knee_hold_the_truth():
    """One server, users who think: limit 100/s, knee 81. Long form (bench_load_curve.py, 150 tests): 0.99 and 0.98."""
    assert (100, pytest.approx(81)) == (TRUE_LIMIT, TRUE_KNEE)
    limit, bend = knee_coverage(np.random.default_rng(20_261_125), (10, 20, 40, 60, 80, 100, 120, 160), 30, 60)
    assert limit["known"] >= 0.9
    assert limit["coverage"] >= 0.93
    assert bend["coverage"] >= 0.93
    assert bend["width"] < 0.15
