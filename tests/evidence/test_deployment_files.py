"""Deployments of GitHub and of tables; and what is none."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.deployments import COLUMNS, DeploymentSource, read_deployments


def deployment(number: int, minute: int = 0, **other: object) -> dict[str, object]:
    fixed = {"id": number, "sha": f"sha{number}", "task": "deploy", "environment": "production"}
    return {**fixed, "created_at": f"2026-10-01T10:{minute:02d}:00Z", "payload": {"service": "cart"}, **other}


def status(number: int, state: str, minute: int) -> dict[str, object]:
    place = f"https://git.example.com/repos/a/b/deployments/{number}"
    return {"state": state, "created_at": f"2026-10-01T11:{minute:02d}:00Z", "deployment_url": place}


def read(tmp_path, *contents: object, **source):
    for number, content in enumerate(contents):
        (tmp_path / f"part-{number}.json").write_text(json.dumps(content))
    return read_deployments([DeploymentSource(path=str(tmp_path / "part-*.json"), **source)])


def test_githubs_deployments_take_their_last_status(tmp_path):
    found = read(
        tmp_path,
        [deployment(2, 5), deployment(1), deployment(3, 9, environment="staging", payload="")],
        [status(1, "in_progress", 1), status(1, "success", 2), status(1, "inactive", 30), status(2, "failure", 7)],
    ).frame
    assert tuple(found.columns) == COLUMNS
    assert found["id"].tolist() == ["1", "2", "3"]
    assert found["state"].tolist() == ["success", "failure", "unfinished"]
    assert found["finished"].tolist()[:2] == [
        pd.Timestamp("2026-10-01T11:02:00Z"),
        pd.Timestamp("2026-10-01T11:07:00Z"),
    ]
    assert found["finished"].isna().tolist() == [False, False, True]
    assert found["production"].tolist() == [True, True, False]
    assert found["service"].tolist() == ["cart", "cart", ""]


def test_releases_count_where_no_deployment_is_given(tmp_path):
    release = {"tag_name": "v1", "target_commitish": "abc", "draft": False, "prerelease": False}
    times = {"created_at": "2026-10-01T10:00:00Z", "published_at": "2026-10-01T10:30:00Z"}
    alone = read(tmp_path, [{**release, **times}, {**release, **times, "tag_name": "v2", "draft": True}])
    assert alone.frame["id"].tolist() == ["v1"]
    assert read(tmp_path, [{**release, **times}], [deployment(1)]).frame["id"].tolist() == ["1"]


def test_a_table_with_names_of_its_own(tmp_path):
    (tmp_path / "d.csv").write_text(
        "Deployed At;App;Result;env\n2026-10-01 10:00;cart;Succeeded;production\n"
        "1790000000;pay;failed;prod-eu\nyesterday;pay;ok;live\n2026-10-02T01:00:00+02:00;pay;rolling;test\n"
    )
    found = read_deployments([DeploymentSource(path=str(tmp_path / "d.csv"), columns={"created": "Deployed At"})])
    assert found.frame["state"].tolist() == ["failure", "success", "unfinished"]
    assert found.frame["production"].tolist() == [True, True, False]
    assert found.frame["created"].iloc[2] == pd.Timestamp("2026-10-01T23:00:00Z")
    assert found.quality[0].rejected_rows == 1
    assert "yesterday" in found.quality[0].rejected[0].examples[0]


def test_states_that_are_not_given_are_said_to_be_taken_for_success(tmp_path):
    (tmp_path / "d.csv").write_text("time\n2026-10-01\n2026-10-02\n")
    found = read_deployments([DeploymentSource(path=str(tmp_path / "d.csv"), service="cart")])
    assert found.frame["state"].tolist() == ["success", "success"]
    assert found.frame["service"].tolist() == ["cart", "cart"]
    assert found.quality[0].notes == ("no state is given: all 2 deployments are taken to have succeeded",)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.json", "{", "cannot be read as JSON"),
        ("d.json", '{"a": 1}', "no list of deployments"),
        ("d.json", "[1]", "no list of deployments"),
        ("d.json", "[]", "found no column created"),
        ("d.csv", "a,b\n1,2\n", "found no column created"),
        ("d.csv", "", "cannot be read as CSV"),
        ("d.csv", "created\nnever\n", "no time that can be read"),
    ],
)
def test_what_is_no_deployment(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(BrokenEvidence, match=said):
        read_deployments([DeploymentSource(path=str(tmp_path / name))])
