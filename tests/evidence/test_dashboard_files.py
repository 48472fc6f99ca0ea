"""Dashboards of Grafana, exported or from its interface; and what is none."""

from __future__ import annotations

import json

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.dashboards import DashboardSource, read_dashboards


def panel(*expressions: str, **more):
    return {"type": "timeseries", "targets": [{"expr": each, "refId": "A"} for each in expressions], **more}


def read(tmp_path, document, **more):
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / "d.json").write_text(text, encoding="utf-8")
    return read_dashboards([DashboardSource(path=str(tmp_path / "d.json"), **more)])


def texts(found):
    return [each.text for each in found.dashboards[0].selectors]


def test_panels_in_rows_old_and_new(tmp_path):
    new = {"title": "One", "panels": [panel("sum(rate(a[$__rate_interval]))"), {"type": "row", "panels": [panel("b")]}]}
    found = read(tmp_path, new)
    assert texts(found) == ["a", "b"] and found.dashboards[0].panels == 2
    assert texts(read(tmp_path, {"title": "Two", "rows": [{"panels": [panel('c{d="$e"}')]}]})) == ['c{d="$e"}']


@pytest.mark.parametrize(
    ("document", "owner"),
    [
        ({"panels": [], "tags": ["slo", "team:edge"]}, "edge"),
        ({"panels": [], "tags": ["team-edge"]}, "team-edge"),
        ({"dashboard": {"panels": []}, "meta": {"folderTitle": "team-goods"}}, "team-goods"),
        ({"dashboard": {"panels": []}, "meta": {"folderTitle": "General"}}, "given"),
        ({"panels": []}, "given"),
    ],
)
def test_whose_it_is(tmp_path, document, owner):
    assert read(tmp_path, document, team="given").dashboards[0].owner == owner


def test_variables_with_a_written_list(tmp_path):
    listed = [
        {"name": "service", "type": "custom", "query": "a, One : b"},
        {"name": "route", "type": "query", "query": "label_values(x, route)"},
    ]
    found = read(tmp_path, {"panels": [], "templating": {"list": listed}})
    assert found.dashboards[0].values == {"service": ("a", "b"), "route": ()}


def test_queries_of_other_databases_and_broken_ones_are_counted_or_passed(tmp_path):
    found = read(
        tmp_path, {"title": "T", "panels": [panel("a{b="), {"targets": [{"rawSql": "SELECT 1"}, 3]}, panel("c")]}
    )
    assert texts(found) == ["c"]
    assert found.quality[0].notes == ("T: 1 query that could not be read",)


@pytest.mark.parametrize(
    ("document", "said"), [("{", "no JSON"), ("[]", "found list"), ("{}", "without panels"), ({"panels": 3}, "panels")]
)
def test_bad_files_are_named(tmp_path, document, said):
    with pytest.raises(BrokenEvidence) as error:
        read(tmp_path, document)
    assert "d.json" in str(error.value) and said in str(error.value)
