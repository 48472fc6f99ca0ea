"""Files about the code: lizard's CSV, SonarQube's JSON, coverage.xml; and what is none."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.complexity import ComplexitySource, read_complexity
from scaling_lib.evidence.complexity.sonar import minutes

HEAD = "NLOC,CCN,token,PARAM,length,location,file,function,long_name,start,end\n"
ROWS = '12,3,90,1,14,"f@5-18@./a/b.py","./a/b.py","f","f( x, y )",5,18\n7,1,30,0,7,"g@20-26@a/b.py","a/b.py","g","g( )",20,26\n'
ISSUES = {
    "paging": {"pageIndex": 1, "pageSize": 2, "total": 9},
    "issues": [
        {"key": "K1", "rule": "py:S1", "severity": "MAJOR", "component": "shop:a/b.py", "status": "OPEN",
         "effort": "6d 5h", "creationDate": "2026-03-01T10:00:00+0100"},
        {"key": "K2", "component": "shop:a/c.py", "status": "CLOSED", "effort": "5min"},
        {"key": "K3", "component": "shop", "status": "CONFIRMED", "debt": "2h30min"},
        "no issue",
    ],
}  # fmt: skip
MEASURES = {
    "component": {"key": "shop", "measures": [{"metric": "ncloc", "value": "2500"}, {"metric": "alert_status"}]}
}
XML = """<?xml version="1.0" ?><coverage version="7"><sources><source>src</source></sources><packages><package><classes>
<class filename="a.py"><lines><line number="1" hits="2"/><line number="2" hits="0"/><line number="x" hits="1"/></lines></class>
<class filename="a.py"><methods><method><lines><line number="9" hits="1"/></lines></method></methods>
<lines><line number="2" hits="1"/><line number="3" hits="0"/></lines></class>
<class filename="empty.py"><lines/></class></classes></package></packages></coverage>"""


def read(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_complexity([ComplexitySource(path=str(tmp_path / "*"))])


@pytest.mark.parametrize("head", ["", HEAD, "﻿" + HEAD], ids=["no head", "head", "mark"])
def test_lizard_with_and_without_a_head(tmp_path, head):
    found = read(tmp_path, lizard=head + ROWS)
    assert found.functions.to_numpy().tolist() == [["a/b.py", "f", 12, 3, 5], ["a/b.py", "g", 7, 1, 20]]
    assert found.issues.empty and found.coverage.empty and not found.measures
    assert found.quality[0].rows == 2 and found.quality[0].format == "lizard"


def test_all_kinds_together(tmp_path):
    found = read(
        tmp_path, lizard=ROWS, issues=json.dumps(ISSUES), measures=json.dumps(MEASURES), coverage=XML, copy=ROWS + "\n"
    )
    assert len(found.functions) == 2  # the second file has the same functions
    issues = found.issues.set_index("path")
    assert issues["effort_min"].to_dict() == {"a/b.py": 6 * 480 + 5 * 60, "": 150}
    assert issues.loc["a/b.py", "created"] == pd.Timestamp("2026-03-01T09:00:00Z")
    assert found.measures == {"ncloc": 2500}
    assert found.coverage.to_numpy().tolist() == [["src/a.py", 3, 2]]
    notes = " ".join(found.quality[0].notes)
    assert "page of 4 of 9 issues" in notes and "1 issues resolved or closed" in notes
    assert {each.reason: each.rows for each in found.quality[0].rejected} == {
        "no issue": 1, "no number": 1, "no line with hits": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "expected"), [("30min", 30), ("2h", 120), ("6d 5h", 3180), ("1d", 480), ("", None), ("soon", None)]
)
def test_efforts(said, expected):
    assert math.isnan(minutes(said)) if expected is None else minutes(said) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"12,\xe9,90,1", "cannot be read as lizard's CSV"),
        (b"a,b\n1,2\n", "found no row of 11 values"),
        (b"NLOC,CCN,token\n1,2,3\n", "found no column file among NLOC, CCN, token"),
        (HEAD.encode() + b'x,3,90,1,14,"l","a.py","f","f()",5,18\n', "no numbers where they are expected"),
        (b'{"a": 1}', "neither `issues` nor `component.measures`"),
        (b'{"issues": [', "cannot be read as JSON"),
        (b"<coverage>", "cannot be read as XML"),
        (b"<html></html>", "found <html>"),
        (b'<!DOCTYPE c [<!ENTITY a "b">]><coverage/>', "declares entities"),
        (b"<coverage></coverage>", "found no row that can be used"),
    ],
)
def test_what_is_none_is_named(tmp_path, content, said):
    with pytest.raises(BrokenEvidence) as error:
        read(tmp_path, bad=content)
    assert said in str(error.value) and str(tmp_path) in str(error.value)
