"""The figures of step 01: the title's numbers are the result's, hostile names stay text, none is ever empty."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import yaml
from small_system import HOSTILE, csv_of, make, spell

import scaling_lib
from scaling_lib import figures, slo
from scaling_lib.figures import Shown
from scaling_lib.slo.figures import MOST_POINTS, _thinned
from scaling_lib.words import percent

FIGURES = (slo.budget_figure, slo.burn_figure, slo.left_figure, slo.detection_figure)


def assessed(folder, minutes, name: str = "pay", target: str = "99%", more: str = "", window: str = "28d"):
    journeys = {"journeys": [{"name": name, "route": "/pay", "slos": [{"target": target, "window": window}]}]}
    yaml_text = yaml.safe_dump(journeys) + "evidence: {requests: [requests.csv]}\n" + more
    return slo.assess(scaling_lib.open(make(folder, yaml_text, requests__csv=csv_of(minutes))))


def title(figure) -> str:
    return figures.show(figure).text


@pytest.fixture(scope="module")
def outage(tmp_path_factory):
    return assessed(tmp_path_factory.mktemp("outage"), spell("GET /pay", errors=100, length=10))


@pytest.fixture(scope="module")
def half_a_day(tmp_path_factory):
    return assessed(tmp_path_factory.mktemp("day"), spell("GET /pay", errors=100, length=10), window="12h")


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_has_a_title_axes_and_points(half_a_day, figure):
    drawn = figure(half_a_day)
    assert isinstance(drawn, go.Figure) and drawn.data
    assert all(len(trace.x) for trace in drawn.data)
    assert title(drawn) and "nan" not in title(drawn).lower()
    assert "," in drawn.layout.xaxis.title.text or "min" in drawn.layout.yaxis.title.text


def test_titles_state_the_results_numbers(outage, half_a_day):
    (each,) = outage.results
    assert each.spent.value == pytest.approx(1000 / 60)
    assert percent(each.spent.value) in title(slo.budget_figure(outage))
    assert "pay availability failed for 10 min from 2026-11-23 10:30" in title(slo.burn_figure(outage))
    over = 1000 / (0.01 * 100 * 12 * 60) - 1
    told = title(slo.left_figure(half_a_day))
    assert (
        f"overspent a whole 12-hour budget by {percent(over)}" in told
        and f"after {percent(1 / 12)} of the window" in told
    )
    # 2% of 28 days in an hour are 13.44 times the 1% that may fail: 13.44% of an hour of nothing but failures
    assert title(slo.detection_figure(outage)) == (
        "pay availability: if every request failed, someone would be called after 8.06 min; "
        "on its spells it took 2 min, early, as less was recorded before than the alert looks back over"
    )


def test_a_budget_that_is_overspent_is_said_so(tmp_path):
    spent = assessed(tmp_path, spell("GET /pay", errors=100, length=10), window="60m")
    assert (
        title(slo.left_figure(spent)) == "pay availability has overspent a whole 1-hour budget by 1,570%"
    )  # 1000 / 60


def test_little_of_a_window_is_not_counted_down(outage):
    shown = slo.left_figure(outage)
    assert isinstance(shown, Shown) and f"at most {percent(60 / (28 * 1440))} of an SLO's window" in shown.text


def test_thresholds_are_drawn(outage, half_a_day):
    def lines(figure):
        return [shape.label.text for shape in figure(half_a_day).layout.shapes if shape.type == "line"]

    assert lines(slo.budget_figure) == ["the whole budget"] and lines(slo.left_figure) == ["the whole budget is spent"]
    assert slo.detection_figure(outage).layout.shapes[0].x0 == pytest.approx(5.6)  # the slower page: 5% in 6 hours


def test_a_wide_interval_does_not_hide_the_others(outage):
    (each,) = outage.results
    assert each.spent.high > 5 * each.spent.value
    assert slo.budget_figure(outage).layout.xaxis.range[1] < 2 * 100 * each.spent.value


def test_what_is_drawn_is_what_was_counted(outage, half_a_day):
    (each,) = outage.results
    point = slo.budget_figure(outage).data[0]
    assert point.x[0] == pytest.approx(100 * each.spent.value)
    assert point.x[0] + point.error_x.array[0] == pytest.approx(100 * each.spent.high)
    burn = slo.burn_figure(outage).data[0]
    assert max(burn.y) == pytest.approx(100) and min(burn.y) == 0.1 and np.sum(np.asarray(burn.y) > 0.1) == 10
    assert burn.customdata[0] == "0 times" and burn.customdata[30] == "100 times"
    left = slo.left_figure(half_a_day).data[0]
    assert left.y[-1] == pytest.approx(100 * (1 - 1000 / 720))
    detected = [trace for trace in slo.detection_figure(outage).data if trace.mode == "markers"]
    assert (detected[0].x[0], detected[0].y[0]) == pytest.approx((100, 2))


def test_a_target_that_was_kept(tmp_path):
    kept = assessed(tmp_path, spell("GET /pay"), window="12h")
    assert title(slo.budget_figure(kept)) == "No SLO has spent its budget; pay availability is nearest, with 0%"
    for figure in (slo.burn_figure, slo.detection_figure):
        assert isinstance(figure(kept), Shown) and "No spell of failure" in figure(kept).text
    assert "100%" in title(slo.left_figure(kept))


@pytest.mark.parametrize(
    "more", ["", "incidents: [{name: i, start: 2026-11-23T10:05:00Z, end: 2026-11-23T10:06:00Z}]\n"]
)
@pytest.mark.parametrize("figure", FIGURES)
def test_one_request_and_an_incident_without_failures(tmp_path, figure, more):
    drawn = figure(assessed(tmp_path, [[("GET /pay", 200, 5)]], more=more))
    assert "nan" not in figures.show(drawn).text.lower()


@pytest.mark.parametrize("figure", FIGURES)
def test_nothing_measured_gives_a_calm_sentence(tmp_path, figure):
    nothing = slo.assess(scaling_lib.open(make(tmp_path, "journeys: [{name: pay, slos: [{target: 99%}]}]\n")))
    shown = figure(nothing)
    assert isinstance(shown, Shown) and shown.text.endswith(".") and len(shown.text.split()) > 5
    assert "pay" in slo.budget_figure(nothing).text


@pytest.mark.parametrize("figure", FIGURES)
def test_five_nines(tmp_path, figure):
    drawn = figure(assessed(tmp_path, spell("GET /pay", errors=100, length=10), target="99.999%", window="12h"))
    assert isinstance(drawn, go.Figure) and "nan" not in title(drawn).lower()


@pytest.mark.parametrize("figure", FIGURES)
def test_hostile_names_stay_text(tmp_path, figure):
    drawn = figure(assessed(tmp_path, spell("GET /pay", errors=100, length=10), name=HOSTILE, window="12h"))
    assert "<script" not in json.dumps(drawn.to_plotly_json(), default=str)
    assert HOSTILE[:40] in title(drawn)


@pytest.mark.parametrize("length", [1, 2, 59, MOST_POINTS, MOST_POINTS + 1, 3 * MOST_POINTS - 1, 40_320])
def test_thinning_keeps_the_last_point_and_the_page_light(length):
    series = pd.Series(np.arange(length, dtype=float))
    thin = _thinned(series)
    assert thin.iloc[-1] == length - 1 and len(thin) <= MOST_POINTS and len(thin) >= min(length, MOST_POINTS // 2)


def test_the_detection_figure_is_of_one_slo_and_so_is_its_title(tmp_path):
    journeys = {"journeys": [
        {"name": "pay", "route": "/pay", "slos": [{"target": "99%"}]},
        {"name": "cart", "route": "/cart", "slos": [{"target": "99%"}]},
    ]}  # fmt: skip
    minutes = [
        [*pay, *cart]
        for pay, cart in zip(
            spell("GET /pay", errors=100, length=10), spell("GET /cart", errors=50, length=10), strict=True
        )
    ]
    yaml_text = yaml.safe_dump(journeys) + "evidence: {requests: [requests.csv]}\n"
    both = slo.assess(scaling_lib.open(make(tmp_path, yaml_text, requests__csv=csv_of(minutes))))
    assert [each.replay.incidents["detected"].all() for each in both.results] == [True, True]
    pay, cart = (each.replay.incidents["delay_s"].iloc[0] for each in both.results)
    drawn = slo.detection_figure(both)
    # after half an hour without failures, 5.6% of all is passed in the 2nd minute of 100%, in the 4th of 50%
    assert (pay, cart) == (120, 240) and title(drawn).endswith(
        "on its spells it took 2 min, early, as less was recorded before than the alert looks back over"
    )
    (dots,) = [trace for trace in drawn.data if trace.mode == "markers"]
    assert (dots.x[0], dots.y[0]) == pytest.approx((100, 2))


def test_a_spell_in_a_long_history_gets_the_stretch_around_it(tmp_path):
    minutes = spell("GET /pay", errors=100, length=10, minutes=900)
    drawn = slo.burn_figure(assessed(tmp_path, minutes, target="99.9%"))
    burn = drawn.data[0]
    assert (burn.x[0], burn.x[-1]) == ("2026-11-23T10:00", "2026-11-23T11:10")  # half an hour before and after
    assert drawn.layout.yaxis.type == "log" and max(burn.y) == pytest.approx(1000)


def test_the_spell_shown_is_one_of_the_last_window(tmp_path):
    minutes = spell("GET /pay", errors=100, length=10, minutes=300)
    minutes[250:255] = [[("GET /pay", 500, 5)] * 50 + [("GET /pay", 200, 5)] * 50] * 5
    drawn = slo.burn_figure(assessed(tmp_path, minutes, window="2h"))
    assert title(drawn) == (
        "pay availability failed for 5 min from 2026-11-23 14:10, the costliest spell of its last 2-hour window"
    )
    assert drawn.data[0].x[0] == "2026-11-23T13:40"


def test_a_bar_that_leaves_the_figure_says_where_it_ends(outage, half_a_day):
    (each,) = outage.results
    (note,) = slo.budget_figure(outage).layout.annotations
    assert note.text == f"to {percent(each.spent.high)} →"
    assert 100 * each.spent.high > slo.budget_figure(outage).layout.xaxis.range[1]


def test_the_label_of_an_empty_budget_stands_away_from_the_lines_names(half_a_day):
    drawn = slo.left_figure(half_a_day)
    assert drawn.layout.shapes[0].label.textposition == "start"
    assert all(note.xanchor == "left" and note.x == drawn.data[0].x[-1] for note in drawn.layout.annotations)


def test_what_is_left_is_counted_from_the_windows_first_minute(tmp_path):
    """All failures lie in the first hour, the window is the second."""
    old = assessed(tmp_path, spell("GET /pay", minutes=120, errors=50, first=10), window="60m")
    assert slo.left_figure(old).data[0].y[-1] == pytest.approx(100)
    assert slo.left_table(old)["pay availability"].iloc[-1] == pytest.approx(1)
