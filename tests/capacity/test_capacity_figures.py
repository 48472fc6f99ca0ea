"""The figures of step 02: titles with the result's numbers, axes with units, thresholds, and never an empty one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html import unescape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from small_capacity import LEVEL_MINUTES, USERS, served, system
from small_system import HOSTILE, START, make

import scaling_lib
from scaling_lib import capacity, figures
from scaling_lib.figures import Shown

FIGURES = (
    capacity.load_figure,
    capacity.use_figure,
    capacity.slo_figure,
    capacity.demand_figure,
    capacity.headroom_figure,
)
SLOW = {10: 20, 20: 20, 40: 20, 80: 40, 120: 400, 160: 900, 240: 1800}  # ms that every request takes, by users


def locust(name: str) -> str:
    """Its history, a row a second, of levels of five minutes: by users, as `served` and SLOW have it."""
    columns = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,100%,Total Request Count"
    rows = [columns + ",Total Failure Count,Total Average Response Time"]
    total, spent, at = 0, 0.0, START
    for users in USERS:
        for _ in range(60 * LEVEL_MINUTES):
            at += timedelta(seconds=1)
            total += round(served(users))
            spent += round(served(users)) * SLOW[users]
            same = (
                f"{served(users):g},0,{SLOW[users]},{SLOW[users]},{SLOW[users]},{SLOW[users]},{total},0,{spent / total}"
            )
            rows += [
                f"{int(at.timestamp())},{users},GET,{name},{same}",
                f"{int(at.timestamp())},{users},,Aggregated,{same}",
            ]
    return "\n".join(rows) + "\n"


def with_slo(folder, name: str = "pay", threshold: str = "200 ms"):
    """The load test with durations, and a journey that promises some."""
    system(folder, rate=20.0, noise=False, locust_stats_history__csv=locust("/pay"))
    text = (folder / "assessment.yaml").read_text().replace("path: curve.csv", "path: locust_stats_history.csv")
    own = name.replace("'", "''")
    slo = f"{{kind: latency, threshold: {threshold}, target: 99%}}"
    (folder / "assessment.yaml").write_text(text + f"journeys: [{{name: '{own}', route: GET /pay, slos: [{slo}]}}]\n")
    return capacity.assess(scaling_lib.open(folder))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return with_slo(tmp_path_factory.mktemp("slo"))


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    return capacity.assess(scaling_lib.open(make(tmp_path_factory.mktemp("nothing"), "")))


def title(figure) -> str:
    return figures.show(figure).text


def lines(figure) -> dict[str, float]:
    """The dashed lines by their label."""
    return {unescape(shape.label.text): shape.y0 for shape in figure.layout.shapes if shape.type == "line"}


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_has_a_title_units_and_points(result, figure):
    drawn = figure(result)
    assert isinstance(drawn, go.Figure) and drawn.data and all(len(trace.x) for trace in drawn.data)
    assert title(drawn) and "nan" not in title(drawn).lower() and not title(drawn).endswith(".")
    units = ("requests/s", "% of its limit", "ms", "users")
    assert any(unit in drawn.layout.yaxis.title.text for unit in units)


def test_the_load_is_drawn_with_what_has_to_be_carried(result):
    drawn = capacity.load_figure(result)
    assert title(drawn).startswith(
        "Throughput ends at 100 requests/s"
    ) and "10x today's busiest minute is 200/s" in title(drawn)
    found = lines(drawn)
    assert found["today's busiest minute: 20/s"] == pytest.approx(20)
    assert found["10x: 200/s"] == pytest.approx(200)
    (first,) = (value for label, value in found.items() if label.startswith("first limit: "))
    assert first == result.limits[0].rate.value
    (dots,) = [trace for trace in drawn.data if trace.name == "measured"]
    assert list(dots.x) == list(USERS) and list(dots.y) == pytest.approx([served(users) for users in USERS])
    assert drawn.layout.yaxis.range[1] > 200 and drawn.layout.xaxis.title.text == "users"


def test_the_latency_is_drawn_against_its_threshold(result):
    """20 ms up to 40 users, 40 ms at 80 users and 400 ms at 120: 200 ms are passed between 80 and 100 requests/s."""
    drawn = capacity.slo_figure(result)
    (each,) = result.within
    assert 80 < each.requests.value <= 100 and result.limits[0].why == "pay latency is no longer kept"
    assert title(drawn) == f"pay latency is kept up to {each.requests}"
    assert lines(drawn) == {"threshold: 200 ms": pytest.approx(200)}
    (line,) = [trace for trace in drawn.data if trace.name == "pay"]
    assert list(line.y) == pytest.approx([SLOW[users] for users in USERS], rel=0.02)
    assert drawn.layout.yaxis.type == "log" and drawn.layout.xaxis.title.text == "requests/s of all journeys"


def test_an_slo_that_is_never_kept_is_the_first_limit(tmp_path):
    drawn = with_slo(tmp_path, threshold="10 ms")
    first = drawn.limits[0]
    assert "not even at the lightest load" in first.why
    assert (first.rate.value, first.rate.low) == (pytest.approx(10), 0)
    assert "already beyond at the lightest level" in title(capacity.slo_figure(drawn))


def test_an_slo_that_is_always_kept_is_no_limit(tmp_path):
    drawn = with_slo(tmp_path, threshold="5 s")
    assert [each.why for each in drawn.limits] == ["throughput no longer rises"]
    assert "not reached within the tested range" in title(capacity.slo_figure(drawn))


def test_use_is_drawn_against_all_of_it(tmp_path):
    drawn = capacity.use_figure(capacity.assess(scaling_lib.open(system(tmp_path, rate=None))))
    (line,) = drawn.data
    assert list(line.x) == pytest.approx(sorted(served(users) for users in USERS))
    assert list(line.y) == pytest.approx(list(line.x)) and lines(drawn) == {"all of it": 100}  # 10 ms of one processor
    assert title(drawn) == "cpu is 100% in use where throughput no longer rises: it is what saturates"


def test_demand_is_drawn_with_its_limit(tmp_path):
    grown = capacity.assess(scaling_lib.open(system(tmp_path, rate=50.0, growth_a_day=0.01)))
    drawn = capacity.demand_figure(grown)
    dots, *rest = drawn.data
    assert len(dots.x) == 35 and dots.x[-1].startswith("2026-11-22")
    assert dots.y[-1] == pytest.approx(grown.demand.days.iloc[-1])
    (limit,) = lines(drawn).values()
    # 10% of the 100 requests/s are kept free
    assert limit == pytest.approx(90 / grown.demand.peak.minute_ratio, rel=1e-3)
    assert drawn.layout.yaxis.range[1] > limit and rest
    assert f"{grown.runs_out.date:%Y-%m-%d}" in title(drawn) and "a month" in title(drawn)


def test_the_waterfall_ends_at_what_is_left(tmp_path):
    """Of 12 servers for 100 requests/s a domain takes four, a rollout two of the eight that are left: 50, less 20."""
    spread = capacity.assess(
        scaling_lib.open(
            system(
                tmp_path,
                rate=20.0,
                noise=False,
                servers=12,
                resources=", domains: 3, out_in_rollout: 25%, full_at: 100%",
            )
        )
    )
    drawn = capacity.headroom_figure(spread)
    (bars,) = drawn.data
    assert list(bars.x) == ["capacity", "lost failure domain", "rollout", "used at peak", "left"]
    assert list(bars.y) == pytest.approx([100, -100 / 3, -50 / 3, -20, 30])
    assert title(drawn).startswith("2.5x") and title(drawn).endswith("30 requests/s are left")
    why = next(iter(capacity.findings(spread))).why
    assert "What counts of a capacity of 100 requests/s takes 2.5x today's peak" in why


def test_what_takes_next_to_nothing_is_not_drawn(result):
    (bars,) = capacity.headroom_figure(result).data
    assert list(bars.x) == ["capacity", "kept free (assumed)", "used at peak", "left"]


@pytest.mark.parametrize("figure", FIGURES)
def test_nothing_measured_gives_a_calm_sentence(nothing, figure):
    shown = figure(nothing)
    assert isinstance(shown, Shown) and shown.text.endswith(".") and len(shown.text.split()) > 5
    assert "suppl" in shown.text or "takes" in shown.text


@pytest.mark.parametrize("figure", FIGURES)
def test_hostile_names_stay_text(tmp_path, figure):
    drawn = figure(with_slo(tmp_path, name=HOSTILE))
    text = json.dumps(drawn.to_plotly_json(), default=lambda each: np.asarray(each).tolist())
    assert "<script" not in text


def test_a_hostile_journey_is_named_in_the_title(tmp_path):
    assert HOSTILE[:40] in title(capacity.slo_figure(with_slo(tmp_path, name=HOSTILE)))


def test_without_demand_the_load_stands_alone(tmp_path):
    drawn = capacity.load_figure(capacity.assess(scaling_lib.open(system(tmp_path, rate=None))))
    assert title(drawn) == "Throughput ends at 100 requests/s from 120 users on (3 levels)"
    assert list(lines(drawn)) == ["first limit: 100/s"]


def test_a_history_of_no_whole_day_is_no_empty_figure(result):
    short = replace(result, demand=replace(result.demand, days=pd.Series(dtype=float)))
    assert "no whole day" in capacity.demand_figure(short).text
