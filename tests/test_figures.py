from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib import figures
from scaling_lib.names import PLOTLY_MIME, TABLE_MIME


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(figures, "_slots", {})


def test_the_template_is_small():
    assert len(json.dumps(figures.TEMPLATE)) < 700
    assert len(figures.figure("t").to_json()) < 1_000


def test_named_entities_take_the_palette_in_their_order():
    figures.name_entities(["checkout", "browse"])
    assert [figures.colour("checkout"), figures.colour("browse")] == list(figures.PALETTE[:2])
    assert figures.colour("checkout") == figures.PALETTE[0]


@given(st.lists(st.text(max_size=8), max_size=len(figures.PALETTE), unique=True))
def test_up_to_seven_entities_never_share_a_colour(names):
    figures._slots.clear()
    assert len({figures.colour(name) for name in names}) == len(names)
    assert [figures.colour(name) for name in names] == [figures.colour(name) for name in names]


def test_more_entities_than_colours_still_get_one():
    assert {figures.colour(str(number)) for number in range(30)} == set(figures.PALETTE)


def test_times_are_utc_text_as_short_as_they_can_be():
    assert figures.utc(pd.date_range("2026-01-01", periods=2, freq="h", tz="Europe/Paris")) == [
        "2025-12-31T23:00",
        "2026-01-01T00:00",
    ]
    assert figures.utc(["2026-01-01T00:00:01.5"]) == ["2026-01-01T00:00:01.500"]
    assert figures.utc([]) == []


def test_a_band_breaks_where_an_end_is_unknown():
    drawn = figures.band(figures.figure("t"), [1, 2, 3, 4], [1, np.nan, 3, 3], [2, 2, 4, 5], color="#0072B2")
    assert [list(trace.x) for trace in drawn.data] == [[1, 1], [3, 4, 4, 3]]
    assert [list(trace.y) for trace in drawn.data] == [[1, 2], [3, 3, 5, 4]]
    assert not figures.band(figures.figure("t"), [], [], [], color="#0072B2").data


def test_thresholds_and_spans_carry_their_label():
    drawn = figures.threshold(figures.figure("t"), 0.3, "target <300 ms")
    figures.threshold(drawn, 5, "limit", axis="x")
    figures.span(drawn, pd.Timestamp("2026-01-01T01:00+01:00"), pd.Timestamp("2026-01-01T00:30Z"), "spell")
    assert [shape.label.text for shape in drawn.layout.shapes] == ["target &lt;300 ms", "limit", "spell"]
    assert (drawn.layout.shapes[0].y0, drawn.layout.shapes[1].x0) == (0.3, 5)
    assert (drawn.layout.shapes[2].x0, drawn.layout.shapes[2].x1) == ("2026-01-01T00:00", "2026-01-01T00:30")


def test_a_direct_label_stands_at_its_point_on_a_log_axis_too():
    drawn = figures.figure("t").update_xaxes(type="log")
    figures.direct_label(drawn, 1000, 5, "checkout")
    assert (drawn.layout.annotations[0].x, drawn.layout.annotations[0].y) == (3, 5)


def test_show_carries_figure_table_name_and_caption():
    drawn = figures.figure("p99 <leaves> its target").add_scatter(x=[1], y=[2])
    data, said = figures.show(drawn, pd.DataFrame({"a": [1]}), caption="How to read it.")._repr_mimebundle_()
    assert data["text/plain"] == "p99 <leaves> its target"
    assert data[PLOTLY_MIME]["data"][0]["x"] == [1]
    assert data[TABLE_MIME]["data"] == [[1]]
    assert said == {"scaling": {"name": "p99-leaves-its-target", "caption": "How to read it."}}
    json.dumps(data, allow_nan=False)


def test_a_long_title_is_wrapped_in_the_figure_and_whole_in_its_text():
    title = "p99 leaves its target " * 10
    drawn = figures.figure(title)
    assert "<br>" in drawn.layout.title.text
    assert figures.show(drawn).text == title.strip()


def test_show_without_a_table_or_a_title():
    assert TABLE_MIME not in figures.show(figures.figure("t"))._repr_mimebundle_()[0]
    with pytest.raises(ValueError, match="no title"):
        figures.show(figures.figure(""))


def test_nothing_says_why_and_passes_through_show():
    shown = figures.show(figures.nothing("No <incident> is given."))
    assert shown._repr_mimebundle_()[0] == {
        "text/plain": "No <incident> is given.",
        "text/html": '<p class="nothing">No &lt;incident&gt; is given.</p>',
    }
