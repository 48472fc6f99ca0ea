"""Registers of debt; and what is none."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
import yaml

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.debt import COLUMNS, DebtSource, read_debt

SHOP = Path(__file__).parents[2] / "data" / "shop"
HEAD = "id,title,paths,service,owner,kind,opened,principal_h_p10,principal_h_p50,principal_h_p90,interest_h_qtr_p10,interest_h_qtr_p50,interest_h_qtr_p90,status,links\n"


def read(tmp_path, text, **rest):
    (tmp_path / "debt.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_debt([DebtSource(path=str(tmp_path / "debt.csv"), **rest)])


def test_the_shop():
    found = read_debt([DebtSource(path=str(SHOP / "simulated" / "people" / "debt.csv"))]).frame
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text())["simulated"]["debt"]
    assert tuple(found.columns) == COLUMNS
    assert found["open"].sum() == truth["open"] and found.loc[~found["open"], "id"].tolist() == truth["repaid"]
    assert found.loc[found["open"], "principal_h_p50"].sum() == truth["open_principal_h_p50"]
    assert found.loc[found["open"], "interest_h_qtr_p50"].sum() == truth["open_interest_h_qtr_p50"]
    assert found.loc[1, "paths"] == ("services/checkout/messages.py", "platform/contracts.py")


def test_hours_may_be_left_out_and_bad_ones_are_rejected(tmp_path):
    found = read(
        tmp_path,
        HEAD
        + "A,One,a.py,,,,2026-01-01,,,,,,,open,\n"
        + "B,Two,,,,,,3,2,5,,,,open,\n"  # the median below the 10%
        + "C,Three,,,,,,1,2,,,,,open,\n"  # one is absent
        + "D,Four,,,,,,1,2,x,,,,open,\n"
        + ",Five,,,,,,,,,,,,open,\n"
        + "A,One again,b.py; c/*,,,,no date,1,2,3,0,0,1,Done,\n",
    )
    (row,) = found.frame.to_dict("records")
    assert row["title"] == "One again" and row["paths"] == ("b.py", "c/*") and not row["open"]
    assert row["principal_h_p90"] == 3 and row["interest_h_qtr_p10"] == 0 and pd.isna(row["opened"])
    reasons = {each.reason: each.rows for each in found.quality[0].rejected}
    assert sorted(reasons.values()) == [1, 3]
    alone = read(tmp_path, HEAD + "A,One,a.py,,,,,,,,,,,open,\n").frame
    assert math.isnan(alone.loc[0, "principal_h_p50"])


def test_columns_by_other_names(tmp_path):
    found = read(tmp_path, "Key;Summary\nX-1;Old basket\n", columns={"id": "Key", "title": "Summary"})
    assert found.frame[["id", "title", "open"]].to_numpy().tolist() == [["X-1", "Old basket", True]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as CSV"),
        (b"id,title\nA,caf\xe9\n", "cannot be read as CSV"),
        (b"key,title\nA,b\n", "found no column id"),
        (b"id,title\n", "found no row"),
    ],
)
def test_what_is_none_is_named(tmp_path, content, said):
    with pytest.raises(BrokenEvidence, match=said):
        read(tmp_path, content)
