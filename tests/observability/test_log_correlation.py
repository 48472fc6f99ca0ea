"""Logs held against traces, with intervals that hold for lines that come together."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from made_spans import BROWSE, frame

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.observability import log_correlation

START = pd.Timestamp("1970-01-01T00:00:00Z")  # of the traces that are made


def lines(*rows: tuple[float, str, str]) -> pd.DataFrame:
    """Seconds since the first trace, service, trace id."""
    time = pd.DatetimeIndex([START + pd.Timedelta(seconds=at) if at == at else pd.NaT for at, _, _ in rows], tz="UTC")
    return pd.DataFrame({"time": time, "service": [row[1] for row in rows], "trace_id": [row[2] for row in rows]})


def test_shares_by_service():
    spans = frame(BROWSE, count=10).assign(trace_id=lambda each: each["trace_id"].str.replace("0-", "ab" * 15 + "0"))
    own = spans["trace_id"].unique()
    made = lines(
        *[(k, "a", own[k]) for k in range(6)],
        *[(k, "a", "f" * 32) for k in range(2)],
        (3, "a", ""),
        (4000, "a", "e" * 32),  # of a minute without spans
        (1, "", own[1]),
        (2, "b", ""),
    )
    found = log_correlation(made, spans, services=["a", "b", "c"])
    table = found.services.set_index("service")
    assert table.index.tolist() == ["a", "(not named)", "b", "c"]
    assert table["lines"].tolist() == [10, 1, 1, 0]
    assert table.loc["a", "with_id"].value == pytest.approx(0.9)
    assert (table.loc["a", "compared"], table.loc["a", "found"].value) == (8, pytest.approx(0.75))
    assert table.loc["b", "with_id"].value == 0 and math.isnan(table.loc["b", "found"].value)
    assert math.isnan(table.loc["c", "with_id"].value)
    assert found.kept == 1


def test_ids_of_64_bits_are_the_lower_half():
    spans = frame(BROWSE).assign(trace_id="0af7651916cd43dd8448eb211c80319c")
    made = lines((0, "a", "8448eb211c80319c"), (0, "a", "0af7651916cd43dd"))
    (row,) = log_correlation(made, spans).services.to_dict("records")
    assert row["found"].value == pytest.approx(0.5)


def test_kept_is_that_of_the_time_of_the_lines():
    spans = frame(BROWSE, BROWSE, count=1, weights=(1.0, 8.0))
    later = spans["trace_id"] == "1-0"
    spans.loc[later, ["start_ns", "end_ns"]] += 30 * 10**9
    assert log_correlation(lines((1, "a", "")), spans).kept == 1
    assert log_correlation(lines((31, "a", "")), spans).kept == pytest.approx(1 / 8)
    assert log_correlation(lines((1, "a", ""), (31, "a", "")), spans).kept == pytest.approx((1 + 1 / 8) / 2)
    assert math.isnan(log_correlation(lines((4000, "a", "")), spans).kept)


def test_lines_without_a_time_are_compared():
    made = lines((math.nan, "a", "00"), (math.nan, "a", "ffffffffffffffff"))
    (row,) = log_correlation(made, frame(BROWSE)).services.to_dict("records")
    assert (row["compared"], row["found"].value) == (2, pytest.approx(0.5))


def test_without_spans_the_ids_are_counted_alone():
    (row,) = log_correlation(lines((0, "a", "ab" * 16))).services.to_dict("records")
    assert row["with_id"].value == 1 and math.isnan(row["found"].value)


def test_what_cannot_be_is_said():
    with pytest.raises(NotMeasured, match="no line"):
        log_correlation(lines())
    with pytest.raises(InvalidInput, match="no column trace_id"):
        log_correlation(pd.DataFrame({"time": [], "service": []}))


def test_intervals_hold_for_lines_that_come_together():
    """Of 150 runs; each stretch of 20 s has an id in all of its lines or in none. The docstring has the long form."""
    rng = np.random.default_rng(20261125)
    truth, hits = 0.7, 0
    for _ in range(150):
        stretches = rng.random(60) < truth
        rows = [(20.0 * k + 2 * j, "a", "ab" * 16 if has else "") for k, has in enumerate(stretches) for j in range(10)]
        (row,) = log_correlation(lines(*rows)).services.to_dict("records")
        hits += row["with_id"].low <= truth <= row["with_id"].high
    assert 0.91 <= hits / 150 <= 1
