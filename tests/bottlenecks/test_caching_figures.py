"""What the figure and the table of the recorded cache say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scaling_lib.bottlenecks.caching_figures import caching_table, miss_ratio_figure
from scaling_lib.model.caching import miss_ratio_curve

KEYS = pd.read_csv(Path(__file__).parents[2] / "data/shop/recorded/cache/keys.csv.gz")["product"]


def test_the_figure_says_what_the_cache_missed_and_what_twice_its_size_would():
    curve = miss_ratio_curve(KEYS)
    figure = miss_ratio_figure(curve, 150)
    # 26,470 - 9,402 misses, as recorded
    assert figure.layout.title.text.startswith("150 entries miss 64.5% of look-ups, twice as many ")
    line, mark = figure.data
    assert line.x[0] == 1 and line.x[-1] == curve.compulsory and list(line.y) == sorted(line.y, reverse=True)
    assert mark.y[0] == pytest.approx(100 * (26470 - 9402) / 26470)
    assert "keys 7.47% of look-ups miss" in miss_ratio_figure(curve).layout.title.text  # 1,977 of 26,470


def test_the_table_has_a_row_a_size_and_says_where_the_trace_is_too_short():
    table = caching_table(miss_ratio_curve(KEYS), [150, 1977], 240.0, 0.001, 0.005).set_index("entries")
    assert table.loc["150", "hit_ratio"].startswith("35.5%")
    assert table.loc["150", "origin_per_s"].startswith("155 ") and table.loc["150", "saved_per_s"] == "2.4 requests/s"
    short = caching_table(miss_ratio_curve(KEYS[:500]), [2, 400], 240.0, 0.001, 0.005).set_index("entries")
    assert (short.loc["400"] == "not measured").all() and short.loc["2", "hit_ratio"] != "not measured"
