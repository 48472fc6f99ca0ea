from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from scaling_lib import figures
from scaling_lib.names import TABLE_MIME
from scaling_lib.stats import Estimate
from scaling_lib.tables import MOST_ROWS, encode, to_html


def html(frame, units=None):
    return to_html(pd.DataFrame(frame), "", units or {})


def test_text_is_escaped_in_cells_headers_and_caption():
    made = to_html(pd.DataFrame({"<a>": ["<script>"]}), "<c>", {})
    assert "<script>" not in made and "<a>" not in made and "<c>" not in made
    assert "&lt;script&gt;" in made


@pytest.mark.parametrize(
    ("column", "value", "unit", "head", "cell"),
    [
        ("wait_s", 0.4123, None, "wait", "412 ms"),
        ("wait", 0.4123, "s", "wait", "412 ms"),
        ("sli", 0.99921, "fraction", "sli", "99.921%"),
        ("size_bytes", 12345, None, "size (bytes)", "12,345"),
        ("load", 212.4, "requests/s", "load (requests/s)", "212"),
        ("factor", 3.0, "x", "factor", "3x"),
        ("rows_read", 482312, None, "rows read", "482,312"),
    ],
)
def test_numbers_are_read_with_their_unit(column, value, unit, head, cell):
    made = html({column: [value]}, {column: unit} if unit else None)
    assert f'<th scope="col" class="number">{head}</th>' in made
    assert f'<td class="number" data-sort="{float(value)!r}">{cell}</td>' in made


def test_times_are_utc_and_said_once():
    made = html({"start": pd.to_datetime(["2026-01-01T01:00+01:00"])})
    assert '<th scope="col">start (UTC)</th>' in made and ">2026-01-01 00:00</td>" in made


def test_missing_estimates_and_flags():
    frame = {"p99": [Estimate(0.4, 0.3, 0.5, unit="s"), None], "n": [1.0, math.nan], "ok": [True, False]}
    made = html(frame)
    assert '400 ms <span class="range">(300 ms to 500 ms)</span>' in made
    assert '<td class="number" data-sort="">–</td>' in made
    assert "<td>yes</td>" in made
    coded = encode(pd.DataFrame(frame), "t")
    assert [(column["name"], column["type"], column["unit"]) for column in coded["columns"]] == [
        ("p99", "number", "s"), ("p99_low", "number", "s"), ("p99_high", "number", "s"), ("n", "number", ""),
        ("ok", "boolean", ""),
    ]  # fmt: skip
    assert coded["data"][0] == [0.4, None]
    json.dumps(coded, allow_nan=False)


def test_the_unit_of_an_estimate_is_said_once():
    frame = {"load": [Estimate(212, 200, 225, unit="requests/s")]}
    assert '>212 requests/s <span class="range">(200 to 225)</span></td>' in html(frame)
    made = html(frame, {"load": "requests/s"})
    assert ">load (requests/s)</th>" in made and '>212 <span class="range">(200 to 225)</span></td>' in made


def test_lines_in_a_cell_stand_below_each_other():
    made = html({"time": ["2026-08-26 00:00\nto 2026-11-24 00:00"]})
    assert '<td class="short">2026-08-26 00:00<br>to 2026-11-24 00:00</td>' in made


def test_a_named_index_is_data_and_a_bare_one_is_not():
    named = pd.DataFrame({"n": [1]}, index=pd.Index(["a"], name="route"))
    assert [column["name"] for column in encode(named, "t")["columns"]] == ["route", "n"]
    assert [column["name"] for column in encode(pd.DataFrame({"n": [1]}), "t")["columns"]] == ["n"]


def test_the_caption_stands_before_the_box_that_scrolls():
    made = to_html(pd.DataFrame({"a": [1]}), "How to read it.", {})
    assert made.startswith('<p class="caption">How to read it.</p><div class="table"><table><thead>')


def test_remarks_stand_below_their_row_where_there_are_any_and_stay_a_column_of_the_data():
    frame = pd.DataFrame({"slo": ["a", "b"], "remarks": ["<b>thin", ""], "share": [0.5, 0.25], "format": ["log", None]})
    made = to_html(frame, "", {"share": "fraction"}, below=("format", "remarks", "absent"))
    row, below, other = (
        made.split("<tbody>")[1].removesuffix("</tbody></table></div>").removesuffix("</tr>").split("</tr>")
    )
    assert "remarks" not in made and 'data-sort="0.5">50%</td>' in row and 'data-sort="0.25">25%</td>' in other
    assert below == '<tr class="below"><td colspan="2"><div>log; &lt;b&gt;thin</div></td>'
    assert [column["name"] for column in encode(frame, "t")["columns"]] == ["slo", "remarks", "share", "format"]
    assert '<th scope="col">remarks' not in to_html(frame, "", {}) and "remarks" in to_html(frame, "", {}, below=())


@pytest.mark.parametrize(("length", "width"), [(12, "short"), (13, ""), (25, "wide"), (41, "long")])
def test_columns_of_text_are_as_wide_as_their_longest_cell_asks(length, width):
    made = html({"a": ["x" * length, "y"], "at": pd.to_datetime(["2026-01-01"] * 2)})
    assert made.count(f'<td class="{width}">' if width else "<td>") == 2 and made.count('<td class="time"') == 2


def test_long_tables_say_that_they_are_cut_and_their_data_are_not():
    frame = pd.DataFrame({"n": range(1000)})
    assert to_html(frame, "", {}).count("<tr>") == MOST_ROWS + 1
    assert "The first 200 of 1,000 rows." in to_html(frame, "", {})
    assert len(encode(frame, "t")["data"][0]) == 1000


def test_in_place_of_an_empty_table_stands_a_sentence():
    frame = pd.DataFrame({"reason": []})
    for shown, said in (
        (figures.table(frame, "rejected", empty="None was <rejected>."), "None was &lt;rejected&gt;."),
        (
            figures.table(frame, "exclusions", "What each exclusion changes. More of it."),
            "What each exclusion changes: none.",
        ),
        (figures.table(frame, "known-incidents"), "Known incidents: none."),
    ):
        assert shown._repr_mimebundle_()[0]["text/html"] == f'<p class="nothing">{said}</p>'
        assert TABLE_MIME not in shown.bundle


def test_the_data_beside_a_table_may_be_more_than_the_page_shows():
    whole = pd.DataFrame({"span": ["0c7b435783", "f2"], "seconds": [1, 2]})
    shown = figures.table(whole[["seconds"]], "t", data=whole)
    assert "0c7b" not in shown.bundle["text/html"] and shown.bundle[TABLE_MIME]["data"][0] == ["0c7b435783", "f2"]
