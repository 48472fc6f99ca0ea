"""Latency quantiles: intervals that hold where slow requests come together, exclusions, and how durations are kept."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from small_system import START, csv_of, make, minute, query_range, spell

import scaling_lib
from scaling_lib import slo
from scaling_lib.evidence.cells import GAMMA

JOURNEY = (
    "journeys: [{name: pay, route: /pay, slos: [{kind: latency, threshold: 300 ms, target: 99%}]}]\n"
    "evidence: {requests: [requests.csv]}\n"
)
HOUR = pd.Timestamp("2026-11-02T00:00Z")


def cells(minutes, latencies) -> pd.DataFrame:
    bins = np.floor(np.log(latencies * 1e6) / np.log(GAMMA)).astype(int)
    table = pd.DataFrame({"hour": HOUR + pd.to_timedelta(minutes // 60, unit="h"), "bin": bins, "n": 1})
    return table.groupby(["hour", "bin"], as_index=False)["n"].sum()


def slow_spells(random, length: int, every: float, lasting: float) -> np.ndarray:
    """Which minutes are slow: spells of `lasting` minutes on average, `every` so many minutes (two-state Markov)."""
    slow, at, now = np.zeros(length, dtype=bool), 0, bool(random.random() < lasting / (lasting + every))
    while at < length:
        stays = 1 + int(random.exponential(lasting if now else every))
        slow[at : at + stays] = now
        at, now = at + stays, not now
    return slow


def test_intervals_hold_where_slow_requests_come_in_spells(random):
    """A week; half an hour of five times slower requests every ten hours. The truth is from 600 weeks together."""
    weeks = [slow_spells(random, 7 * 1440, 600, 30) for _ in range(600)]
    share = np.mean([week.mean() for week in weeks])
    usual, slow = (np.exp(random.normal(math.log(middle), 0.4, 400_000)) for middle in (0.1, 0.5))
    together = np.concatenate([usual[: round(400_000 * (1 - share))], slow[: round(400_000 * share)]])
    held = {"clustered": [], "independent": []}
    for week in weeks[:60]:
        minutes = np.repeat(np.arange(len(week)), 5)
        latencies = np.exp(random.normal(np.log(np.where(week[minutes], 0.5, 0.1)), 0.4))
        table = cells(minutes, latencies)
        for q in (0.95, 0.99):
            truth = np.quantile(together, q)
            for name, frame in (("clustered", table), ("independent", table.assign(hour=HOUR))):
                found = slo.clustered_quantile(frame, q).estimate
                held[name].append(math.isnan(found.low) or found.low <= truth <= found.high)
    assert np.mean(held["clustered"]) >= 0.9 and np.mean(held["independent"]) <= 0.4


def test_independent_requests_keep_the_narrow_interval(random):
    latencies = np.exp(random.normal(math.log(0.1), 0.4, 48 * 300))
    found = slo.clustered_quantile(cells(np.repeat(np.arange(48 * 60), 5), latencies), 0.95)
    truth = 0.1 * math.exp(0.4 * 1.6449)
    assert found.estimate.low <= truth <= found.estimate.high < 1.12 * found.estimate.low
    assert found.rests_on == "from 48 hours"


def test_slow_hours_show_where_all_slow_requests_took_the_same():
    """Ten slow hours of 100, one beside the other, in each request of which took "1 s": p95 is 1 s, in the last bin."""
    minutes = np.repeat(np.arange(100 * 60), 5)
    slow = (minutes // 60 >= 40) & (minutes // 60 < 50)
    found = slo.clustered_quantile(cells(minutes, np.where(slow, 1.0, 0.05)), 0.95)
    assert found.estimate.value == pytest.approx(1.0, rel=0.02)
    assert math.isnan(found.estimate.low) or found.estimate.low < 0.06  # a second such stretch, or none, is as likely


def table_of(folder, minutes, more: str = "", yaml: str = JOURNEY):
    return slo.latency_table(scaling_lib.open(make(folder, yaml + more, requests__csv=csv_of(minutes)))).iloc[0]


def test_a_route_that_no_request_has_is_said(tmp_path):
    row = table_of(tmp_path, spell("GET /pay"), yaml=JOURNEY.replace("/pay", "/buy"))
    assert row["remarks"].startswith("not measured: no request matches '/buy'") and row["threshold"] == "300 ms"
    folder = make(tmp_path, JOURNEY.replace("/pay", "/buy"), requests__csv=csv_of(spell("GET /pay")))
    starters = slo.starter_table(scaling_lib.open(folder))
    assert (starters["proposal"].str.startswith("none: not measured, no request matches '/buy'")).all()


def test_a_log_that_cannot_be_read_is_said_for_every_journey(tmp_path):
    yaml = JOURNEY.replace("]}]\n", "]}, {name: cart, route: /cart}, {name: all, steps: [pay, cart]}]\n")
    table = slo.latency_table(scaling_lib.open(make(tmp_path, yaml, requests__csv="\x00 no log\n")))
    assert table["journey"].tolist() == ["pay", "cart"]
    assert (
        table["remarks"].str.startswith("not measured: ").all() and table["remarks"].str.contains("requests.csv").all()
    )


def test_requests_without_durations_are_said(tmp_path):
    folder = make(tmp_path, JOURNEY, requests__csv="time,path,status\n2026-11-23T10:00:00Z,/pay,200\n")
    (row,) = slo.latency_table(scaling_lib.open(folder)).to_dict("records")
    assert "carry no duration" in row["remarks"]


def test_one_hour_without_a_slow_request_says_that_independence_is_assumed(tmp_path):
    row = table_of(tmp_path, spell("GET /pay"))
    assert row["the intervals"] == "independent" and "too narrow where slow ones" in slo.LATENCY_CAPTION
    assert row["p99"].low <= 0.05 <= row["p99"].high


def test_one_slow_spell_of_an_hour_gives_no_interval(tmp_path):
    row = table_of(tmp_path, spell("GET /pay", slow=100, length=5))
    assert row["p99"].value == pytest.approx(0.9, rel=0.01) and math.isnan(row["p99"].low)
    assert row["the intervals"] == "none: too few separate slow spells"


def test_an_hour_of_many_slow_minutes_is_told_by_its_minutes(tmp_path, random):
    minutes = [
        minute("GET /pay", 100, slow=int(random.binomial(100, 0.3 if random.random() < 0.3 else 0))) for _ in range(240)
    ]
    row = table_of(tmp_path, minutes)
    assert row["the intervals"] == "roughly, from 240 minutes"


HOURS = [minute("GET /pay", 20, **({"slow": 20} if 120 <= at < 180 else {})) for at in range(240)]  # the third is slow


@pytest.mark.parametrize(
    ("first", "last", "answered", "said"),
    [
        ("12:00", "13:00", 3600, ""),
        ("11:59", "13:01", 3600, "2 hours partly excluded, counted whole"),
        ("12:00", "12:30", 4800, "1 hour partly excluded, counted whole"),
    ],
)
def test_whole_hours_are_excluded_and_parts_are_said(tmp_path, first, last, answered, said):
    more = f"exclusions: [{{start: 2026-11-23T{first}:00Z, end: 2026-11-23T{last}:00Z, reason: maintenance}}]\n"
    row = table_of(tmp_path, HOURS, more)
    assert row["answered"] == answered and said in row["remarks"]
    assert (row["p99"].value < 0.1) == (answered == 3600)


def test_an_hour_all_of_whose_traffic_is_excluded_is_left_out(tmp_path):
    more = "exclusions: [{start: 2026-11-23T11:30:00Z, end: 2026-11-23T11:40:00Z, reason: maintenance}]\n"
    hours = [*HOURS[:60], *([[]] * 30), *([minute("GET /pay", 20, slow=20)] * 10)]
    assert table_of(tmp_path, hours, more)["answered"] == 1200


def test_an_exclusion_of_another_journey_leaves_the_latency_alone(tmp_path):
    yaml = JOURNEY.replace("]}]\n", "]}, {name: cart, route: /cart}]\n")
    more = "exclusions: [{start: 2026-11-23T12:00:00Z, end: 2026-11-23T13:00:00Z, reason: x, journeys: [cart]}]\n"
    assert table_of(tmp_path, HOURS, more, yaml)["answered"] == 4800


def test_starters_leave_exclusions_out(tmp_path):
    minutes = spell("GET /pay", errors=100, length=10, minutes=240)
    more = "exclusions: [{start: 2026-11-23T10:30:00Z, end: 2026-11-23T10:40:00Z, reason: maintenance}]\n"
    found = [
        slo.starter_table(scaling_lib.open(make(tmp_path / name, JOURNEY + text, requests__csv=csv_of(minutes)))).iloc[
            0
        ]
        for name, text in (("all", ""), ("without", more))
    ]
    assert found[0]["proposal"].startswith("none: ") and found[1]["proposal"] == "99.95% without error"
    assert found[1]["history gave"].value == 1 and "23,000 requests" in found[1]["rests on"]


def test_the_histogram_leaves_exclusions_out(tmp_path):
    counts = {"0.1": 100, "0.3": 100, "+Inf": 100}
    slow = {"0.1": 0, "0.3": 0, "+Inf": 100}  # from minute 30 to 40
    series = {
        ("b", (("instance", "a"), ("le", edge))): np.cumsum(
            [0] + [slow[edge] if 30 <= at < 40 else counts[edge] for at in range(60)]
        ).tolist()
        for edge in counts
    }
    yaml = (
        "journeys: [{name: pay, metrics: {total: r, buckets: b}, slos: [{kind: latency, threshold: 300 ms,"
        " target: 99%}]}]\nevidence: {metrics: [m.json]}\n"
    )
    more = (
        "exclusions: [{start: 2026-11-23T10:30:00Z, end: 2026-11-23T10:36:00Z, reason: maintenance},"
        " {start: 2026-11-23T10:34:00Z, end: 2026-11-23T10:40:00Z, reason: maintenance}]\n"
    )
    found = [
        slo.histogram_table(scaling_lib.open(make(tmp_path / name, yaml + text, m__json=query_range(series)))).iloc[0]
        for name, text in (("all", ""), ("without", more))
    ]
    assert [row["share within"].value for row in found] == pytest.approx([50 / 60, 1])


@pytest.mark.parametrize(("unit", "one_s"), [("s", 1.0), ("ms", 0.001)])
def test_whole_seconds_and_milliseconds_give_no_finer_figures(tmp_path, unit, one_s):
    lines = [f"time,path,status,duration_{unit}"]
    lines += [
        f"{START + timedelta(seconds=at):%Y-%m-%dT%H:%M:%SZ},/pay,200,{(1, 1, 2, 3)[at % 4]}" for at in range(3000)
    ]
    made = make(tmp_path, JOURNEY, requests__csv="\n".join(lines) + "\n")
    row = slo.latency_table(scaling_lib.open(made)).iloc[0]
    assert row["p95"].value == pytest.approx(3 * one_s, rel=1e-9)
    assert row["p95"].low <= 2.5 * one_s and row["p95"].high >= 4 * one_s  # rounded or cut
    assert f"whole {'seconds' if one_s == 1 else 'ms'}" in row["remarks"]


def test_the_slow_ones_are_those_nearest_to_the_tail():
    """96% take 0.5 s at most, 40% just that; the 4% beyond come in twelve hours: p95 may as well be theirs."""
    parts = []
    for hour in range(48):
        slow = 16 if hour % 12 in (3, 4, 5) else 0
        latencies = np.repeat([0.1, 0.5, 2.0], [60, 40 - slow, slow])
        parts.append(cells(np.full(len(latencies), hour * 60), latencies))
    found = slo.clustered_quantile(pd.concat(parts, ignore_index=True), 0.95).estimate
    assert found.value == pytest.approx(0.5, rel=0.02) and found.high > 1.9
