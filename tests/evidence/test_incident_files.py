"""Incidents of PagerDuty, Opsgenie and tables; and what is none."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.incidents import COLUMNS, IncidentSource, read_incidents

PAGERDUTY = (
    "id,created_at,description,seconds_to_first_ack,seconds_to_resolve,service_name,urgency\n"
    "Q2,2026-10-02T10:00:00Z,slow,60,3600,cart,high\nQ1,2026-10-01T10:00:00Z,down,30,,cart,low\n"
)


def read(tmp_path, content, name="i.csv", **source):
    (tmp_path / name).write_text(content)
    return read_incidents([IncidentSource(path=str(tmp_path / name), **source)])


def test_pagerdutys_seconds_become_times_and_the_start_stays_unknown(tmp_path):
    found = read(tmp_path, PAGERDUTY)
    assert tuple(found.frame.columns) == COLUMNS
    assert found.frame["id"].tolist() == ["Q1", "Q2"]
    last = found.frame.iloc[1]
    assert last["acknowledged"] == pd.Timestamp("2026-10-02T10:01:00Z")
    assert last["resolved"] == pd.Timestamp("2026-10-02T11:00:00Z")
    assert found.frame["started"].isna().all()
    assert pd.isna(found.frame["resolved"].iloc[0])
    notes = found.quality[0].notes
    assert "no incident says when the fault began" in notes[0]
    assert "1 incident not resolved" in notes[1]
    assert found.quality[0].format == "PagerDuty"


def test_the_older_name_of_the_time_is_known(tmp_path):
    assert len(read(tmp_path, PAGERDUTY.replace("created_at", "created_on")).frame) == 2


def test_opsgenies_times_of_impact(tmp_path):
    item = {
        "id": "a",
        "message": "down",
        "impactStartDate": "2026-10-01T10:00:00Z",
        "impactDetectDate": "2026-10-01T10:05:00Z",
        "impactEndDate": "2026-10-01T11:00:00Z",
        "priority": "P1",
    }
    (row,) = read(tmp_path, json.dumps({"data": [item]}), "i.json").frame.to_dict("records")
    assert (row["started"], row["detected"]) == (
        pd.Timestamp("2026-10-01T10:00:00Z"),
        pd.Timestamp("2026-10-01T10:05:00Z"),
    )
    assert (row["title"], row["urgency"]) == ("down", "P1")


def test_names_of_its_own_and_the_same_incident_twice(tmp_path):
    text = "nr,when,over\n1,2026-10-01,2026-10-02\n1,2026-10-01,2026-10-03\n2,2026-10-05,2026-10-04\n3,soon,\n"
    found = read(tmp_path, text, columns={"id": "nr", "detected": "when", "resolved": "over"})
    assert found.frame["resolved"].tolist() == [pd.Timestamp("2026-10-03", tz="UTC")]
    reasons = {each.reason: each.rows for each in found.quality[0].rejected}
    assert reasons == {"resolved before it began": 1, "no time that can be read": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("i.json", "[3]", "no list of incidents"),
        ("i.json", '{"a": 1}', "no list of incidents"),
        ("i.csv", "a,b\n1,2\n", "no time that can be read among the columns a, b"),
        ("i.csv", "created_at,service\n", "found no row"),
        ("i.csv", "a,b\n1,2,3,4\n1,2,3,4,5,6\n", "cannot be read as CSV"),
    ],
)
def test_what_is_no_incident(tmp_path, name, content, said):
    with pytest.raises(BrokenEvidence, match=said):
        read(tmp_path, content, name)
