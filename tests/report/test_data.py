from __future__ import annotations

import csv
import math

import pandas as pd
import pyarrow.parquet as pq
import pytest

from scaling_lib.report.data import harmless, write_table
from scaling_lib.tables import encode


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-cmd|x", "@x", "\tx", "\r=x"])
def test_a_formula_gets_an_apostrophe(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=b", "-1.5", "+3", "-inf", "x-1"])
def test_numbers_and_plain_text_stay(text):
    assert harmless(text) == text


def test_types_units_and_gaps_survive(tmp_path):
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2026-01-01T01:00+01:00", None], utc=True),
            "n": pd.array([1, None], dtype="Int64"),
            "wait_s": [0.5, math.inf],
            "ok": [True, False],
            "=who": ["é", None],
        }
    )
    write_table(encode(frame, "t"), tmp_path, "t")
    table = pq.read_table(tmp_path / "t.parquet")
    assert [str(field.type) for field in table.schema] == ["timestamp[us, tz=UTC]", "int64", "double", "bool", "string"]
    assert table.schema.field("wait_s").metadata == {b"unit": b"s"}
    assert table.to_pylist()[1] == {"at": None, "n": None, "wait_s": math.inf, "ok": False, "=who": None}
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["at", "n", "wait_s", "ok", "'=who"],
            ["2026-01-01T00:00:00Z", "1", "0.5", "True", "é"],
            ["", "", "inf", "False", ""],
        ]


def test_an_empty_table(tmp_path):
    write_table(encode(pd.DataFrame({"a": pd.Series([], dtype="float64")}), "t"), tmp_path, "t")
    assert pq.read_table(tmp_path / "t.parquet").num_rows == 0
    assert (tmp_path / "t.csv").read_text() == "a\n"
