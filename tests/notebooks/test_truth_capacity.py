"""Step 02 held to the truth of the example: what limits, where, when, and nothing that was not planted."""

from __future__ import annotations

import gzip
import itertools
import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

import scaling_lib
from scaling_lib import capacity
from scaling_lib.report import run

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "shop"
TRUTH = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))
PLANNED = yaml.safe_load((SHOP / "assessment.yaml").read_text(encoding="utf-8"))
LOAD = TRUTH["load"]
FIRST = {"host of services": "processor of the services", "host of database": "processor of the database"}
LINE = re.compile(r'\[(?P<time>[^]]+)] "')
WEEK = pd.Timedelta(days=7)


def reached_rate() -> float:
    """Requests/s where throughput ends: the mean of the levels that hardly gained on the one before."""
    rates = [each["requests_per_s"] for each in LOAD["levels"]]
    return float(np.mean([rate for before, rate in itertools.pairwise(rates) if rate < 1.05 * before]))


def knee_users() -> float:
    """Where the two asymptotes cross: shoppers think from 0.4 to 1.2 s (data/shop/lab/shoppers.py), and wait a little."""
    return reached_rate() * (0.8 + LOAD["levels"][0]["mean_ms"] / 1000)


def recorded_minutes() -> pd.Series:
    """Requests a minute, plainly from the cells and the access log."""
    cells = pd.read_parquet(SHOP / "simulated" / "requests" / "counts.parquet")
    minutes = cells.groupby("minute")["n"].sum().astype(float)
    with gzip.open(SHOP / "recorded" / "spells" / "access.log.gz", "rt", encoding="utf-8") as lines:
        times = [datetime.strptime(LINE.search(line)["time"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC) for line in lines]
    log = pd.Series(1.0, index=pd.DatetimeIndex(times).floor("min")).groupby(level=0).sum()
    return pd.concat([minutes, log])


def peaks_today() -> tuple[float, float]:
    """The busiest hour and the busiest minute, requests/s: of the last four whole weeks, brought to today."""
    minutes = recorded_minutes()
    hours = minutes.resample("h").agg(["sum", "count"])
    hours = hours.loc[hours["count"] == 60, "sum"]
    end = (hours.index[-1] + pd.Timedelta("1h")).floor("D")
    a_week = (1 + TRUTH["simulated"]["traffic"]["growth_per_month"]) ** (7 / 30.4375)
    of_hour, of_minute = [], []
    for place in range(4):
        first, last = end - (place + 1) * WEEK, end - place * WEEK
        for found, seconds, every in ((of_hour, 3600, hours), (of_minute, 60, minutes)):
            week = every[(every.index >= first) & (every.index < last)]
            found.append(week.max() / seconds * a_week**place)
    return tuple(math.exp(np.mean(np.log(each))) for each in (of_hour, of_minute))


@pytest.fixture(scope="module")
def result():
    return capacity.assess(scaling_lib.open(SHOP))


def test_what_saturates_first(result):
    assert result.curve.limiting.outcome == "found"
    assert result.bottleneck == FIRST[LOAD["limited_by"]["host"]] == result.calibrated.system(1.0).bottleneck()
    used = result.curve.limiting.utilization
    assert abs(used.value - LOAD["limited_by"]["used"]) < 0.02 and used.high - used.low < 0.1
    assert result.migration[0].resource == result.bottleneck and result.migration[0].certainty > 0.95


def test_where_throughput_ends(result):
    """The truth is counted over whole levels, what had not settled included."""
    rate, users = reached_rate(), knee_users()
    plateau, knee = result.curve.plateau.throughput, result.curve.knee.users
    assert plateau.low <= rate <= plateau.high and plateau.value == pytest.approx(rate, rel=0.02)
    assert knee.low <= users <= knee.high
    model = result.calibrated.system(1.0).bounds().saturation
    assert model.low <= rate <= model.high


def test_every_level_is_the_recorders_own(result):
    levels = result.curve.levels
    assert levels["users"].tolist() == [each["users"] for each in LOAD["levels"]]
    assert levels["throughput"].to_numpy() == pytest.approx(
        [each["requests_per_s"] for each in LOAD["levels"]], rel=0.03
    )
    assert not result.curve.failed


def test_demand_today_is_what_the_files_say(result):
    hour, minute = peaks_today()
    assert result.demand.peak.hour.value == pytest.approx(hour, rel=0.005)  # by growth as measured, not as planted
    assert result.peak.value == pytest.approx(minute, rel=0.005)
    assert result.demand.minutes.sum() == recorded_minutes().sum()
    assert result.peak.low <= minute <= result.peak.high


def test_the_growth_that_was_planted(result):
    planted = TRUTH["simulated"]["traffic"]["growth_per_month"]
    assert result.demand.growth_told
    for each in (result.demand, *result.journeys):
        assert each.growth.low <= planted <= each.growth.high
    assert {each.journey for each in result.journeys} == {
        each["name"] for each in PLANNED["journeys"] if "route" in each
    }


def test_the_answer_to_so_many_times(result):
    """A capacity within the load test, ten times today beyond it, and not within a year at 5% a month."""
    _, minute = peaks_today()
    factor = PLANNED["demand"]["factor"]
    assert result.factor == factor and not result.assumed
    assert result.needed.value == pytest.approx(factor * minute, rel=0.005)
    first = result.limits[0]
    assert first.rate.value <= reached_rate() * 1.02 and first.times.high < factor
    # 10% of the processor stays free, and it grows for ten minutes; of what an SLO allows nothing is kept free
    ends = result.decides
    assert ends.why == "throughput no longer rises" and first.counts.value == pytest.approx(
        first.times.value, rel=0.001
    )
    assert result.times.value == pytest.approx(0.9 * ends.times.value, rel=0.001) and result.state == "too little"
    assert result.times.value == result.headroom.factor.value and result.headroom.deductions[2].assumed
    assert first.times.value == pytest.approx(first.rate.value / minute, rel=0.01)
    growth = TRUTH["simulated"]["traffic"]["growth_per_month"]
    year = (1 + growth) ** 12
    ahead = result.demand.ahead
    assert ahead.times.low <= year <= ahead.times.high
    assert year < first.times.low and result.runs_out.date is None
    assert ahead.reached.date is None
    years = math.log(factor) / math.log1p(growth) / 12
    assert ahead.beyond.low <= years <= ahead.beyond.high


def test_limits_are_told_at_todays_mix(result):
    """The load test searched, which no recorded demand does, and paid less often: by the demands 4% to 5% less."""
    demands = result.calibrated.calibration.demands[result.bottleneck]
    today = sum(share * demands[name].value for name, share in result.mix.today.items())
    test = sum(share * demands[name].value for name, share in result.mix.test.items())
    (ends,) = [each for each in result.limits if each.why == "throughput no longer rises"]
    assert ends.rate.value == pytest.approx(result.curve.plateau.throughput.value * test / today, rel=1e-6)
    assert 0.95 < test / today < 0.96 and result.mix.today["checkout"] > result.mix.test["checkout"]


def test_twice_as_much_gains_no_more_than_twice(result):
    """And what it takes then is nine tenths of where throughput ends then, over today's busiest minute."""
    first, then = result.migration[0], result.reliefs[0].times
    assert first.gain.value <= 2 + 1e-9
    assert then.value == pytest.approx(0.9 * first.after.value / result.peak.value, rel=0.001)


def test_an_answer_that_is_yes():
    """Twice today's load is carried by every reading of the load test."""
    result = capacity.assess(scaling_lib.open(SHOP), demand_factor=2)
    assert capacity.headline(result).startswith("Yes: it takes ")
    assert next(iter(capacity.findings(result))).verdict == "ok"


def test_when_the_disk_is_full(result):
    disk = TRUTH["simulated"]["metrics"]["disk"]
    (point,) = [each for each in result.points if each.resource.name == "disk of the database"]
    full = pd.Timestamp(disk["reaches_90_percent"])
    low, _, high = point.time.dates
    day = pd.Timedelta("1D")
    assert low - day <= full <= high + day
    assert point.now.value == pytest.approx(disk["used_share_at_the_end"], abs=0.01)
    assert point.action == "order by" and abs((point.order_by - (full - pd.Timedelta(days=14))) / day) < 2
    assert result.points[0] is point


def test_the_other_test_of_the_same_shop_has_another_bottleneck():
    """Without its index the database is what fills; see the truth of `bottleneck`."""
    before = TRUTH["bottleneck"]["bottleneck"]["before"]
    result = capacity.assess(scaling_lib.open(SHOP), load_test="before/locust")
    assert result.bottleneck == FIRST[before["host"]]
    assert result.calibrated.system(1.0).bottleneck() == FIRST[before["host"]]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> SimpleNamespace:
    out = tmp_path_factory.mktemp("report") / "shop"
    done = run(SHOP, steps=["02"], out=out, deadline_s=240)
    document = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    page = (out / "02_capacity.html").read_text(encoding="utf-8")
    return SimpleNamespace(done=done, findings=document["findings"], steps=document["steps"], page=page)


def test_the_report_says_what_was_planted_and_nothing_else(report, result):
    assert report.done.failed == () and [each["step"] for each in report.steps] == ["02"]
    found = {(each["name"], each["subject"]): each for each in report.findings}
    answer, disk = found["capacity", ""], found["saturation", "disk of the database"]
    assert (answer["verdict"], disk["verdict"]) == ("act", "watch")
    assert {key for key, each in found.items() if each["verdict"] == "act"} == {("capacity", "")}
    assert {key for key, each in found.items() if each["verdict"] == "watch"} == {
        ("saturation", "disk of the database"),
        ("model", ""),  # its mean response near the limit is far off what was measured
    }
    assert found["limit-reached", ""]["verdict"] == "ok"
    for name in FIRST.values():  # neither is near its limit
        assert found["saturation", name]["verdict"] == "ok"
    assert FIRST[LOAD["limited_by"]["host"]] in answer["action"] and FIRST[LOAD["limited_by"]["host"]] in answer["why"]
    day = pd.Timestamp(TRUTH["simulated"]["metrics"]["disk"]["reaches_90_percent"])
    assert any(f"{day + pd.Timedelta(days=off):%Y-%m-%d}" in disk["sentence"] for off in (-1, 0, 1))


def test_the_evidence_tells_what_was_simulated(report):
    (answer,) = [each for each in report.findings if each["name"] == "capacity"]
    origins = [(each["table"], each["origin"]) for each in answer["evidence"]]
    assert origins == [
        ("load tests", "measured"),
        ("load metrics", "measured"),
        ("requests", "measured"),
        ("requests", "simulated"),
    ]
    rows = {each["origin"]: each["rows"] for each in answer["evidence"] if each["table"] == "requests"}
    with gzip.open(SHOP / "recorded" / "spells" / "access.log.gz", "rt") as lines:
        assert rows["measured"] == sum(1 for _ in lines)
    assert "today's simulated busiest minute" in answer["sentence"]
    (grows,) = [each for each in report.findings if each["name"] == "limit-reached"]
    assert grows["sentence"].startswith("By simulated requests the busiest hour grows by ")


def test_the_evidence_is_what_was_used(report):
    """Of the load tests the one: a row a second of Locust's history and each name."""
    (answer,) = [each for each in report.findings if each["name"] == "capacity"]
    rows = {each["table"]: each["rows"] for each in answer["evidence"]}
    history = pd.read_csv(SHOP / "recorded" / "load" / "locust_stats_history.csv")
    assert rows["load tests"] == len(history) - 1  # the first line is before any request
    (disk,) = [each for each in report.findings if each["subject"] == "disk of the database"]
    assert [(each["rows"], each["origin"]) for each in disk["evidence"]] == [(4 * 90, "simulated")]


def test_the_page_answers_in_order(report):
    answer = report.steps[0]["sentence"]
    assert answer.startswith("No: it takes ") and "latency is no longer kept" in answer
    assert (
        f"What saturates first is {FIRST[LOAD['limited_by']['host']]}." in answer
        and "If growth stays as it is, demand does not reach the " in answer
    )
    headings = [
        "The evidence", "Can it take so much?", "What breaks first?", "When does that load come?", "How sure we are",
        "What to do",
    ]  # fmt: skip
    body = report.page[report.page.index("The evidence</h2>") - 40 :]
    places = [body.index(f"{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assert "None.</p>" not in report.page and "Traceback" not in report.page
    for words in ("Throughput ends at", "price (EUR, an hour)", ", assumed", "No autoscaler is described"):
        assert words in report.page
