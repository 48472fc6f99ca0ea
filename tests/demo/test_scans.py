"""The scans: two dates each, compared by the rules of their formats."""

from __future__ import annotations

import json
from datetime import datetime

import pytest


@pytest.fixture(scope="module")
def dates(shop) -> list[str]:
    return [date[:10] for date in shop.truth["scans"]["dates"]]


@pytest.fixture(scope="module")
def cloud(shop, dates) -> list[list[dict]]:
    return [json.loads(shop.demo.texts[f"scans/prowler-{date}.ocsf.json"]) for date in dates]


@pytest.fixture(scope="module")
def code(shop, dates) -> list[dict]:
    return [json.loads(shop.demo.texts[f"scans/code-{date}.sarif"]) for date in dates]


def changes(first: set[str], second: set[str]) -> dict[str, set[str]]:
    return {"fixed": first - second, "new": second - first, "remaining": first & second}


def same(told: dict, first: set[str], second: set[str]) -> None:
    assert {key: set(told[key]) for key in ("fixed", "new", "remaining")} == changes(first, second)
    assert all(told[key] for key in ("fixed", "new", "remaining"))


def test_the_scans_are_of_two_dates_before_the_end(shop, cloud, code):
    dates = [datetime.fromisoformat(text) for text in shop.truth["scans"]["dates"]]
    assert dates[0] < dates[1] < datetime.fromisoformat(shop.truth["end"])
    for date, rows, log in zip(dates, cloud, code, strict=True):
        assert {row["time"] for row in rows} == {int(date.timestamp())}
        assert datetime.fromisoformat(log["runs"][0]["invocations"][0]["endTimeUtc"]) == date


def test_the_cloud_scan_has_the_form_of_prowler(cloud):
    for row in (row for rows in cloud for row in rows):
        assert row["status_code"] in ("PASS", "FAIL", "MANUAL")
        assert (row["status"], row["status_id"]) in (("New", 1), ("Suppressed", 3))
        assert row["severity_id"] == {"Critical": 5, "High": 4, "Medium": 3, "Low": 2}[row["severity"]]
        (ids,) = row["unmapped"]["compliance"].values()
        assert ids and row["class_uid"] == 2004 and row["type_uid"] == 2004 * 100 + row["activity_id"]
        assert row["resources"][0]["name"] in row["finding_info"]["uid"]
    first, second = ({row["finding_info"]["uid"] for row in rows} for rows in cloud)
    assert first == second and len(first) == len(cloud[0])


def test_what_changed_in_the_cloud(shop, cloud):
    told = shop.truth["scans"]["cloud"]

    def named(rows: list[dict], *, verdict: str, muted: bool) -> set[str]:
        return {
            f"{row['metadata']['event_code']} {row['resources'][0]['name']}"
            for row in rows
            if row["status_code"] == verdict and (row["status_id"] == 3) == muted
        }

    same(told, *(named(rows, verdict="FAIL", muted=False) for rows in cloud))
    for rows in cloud:
        assert named(rows, verdict="FAIL", muted=True) == set(told["muted"])
        assert named(rows, verdict="MANUAL", muted=False) == set(told["by_hand"])


def test_resources_name_the_service_they_serve(shop, cloud):
    services = {f"service:{service['name']}" for service in shop.truth["services"]}
    assert all(set(row["resources"][0]["labels"]) <= services for rows in cloud for row in rows)


def found(log: dict) -> dict[str, dict]:
    """Results by fingerprint, with the level that counts: a kind other than fail has none, else the rule's default."""
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    results = {}
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] and 0 <= float(rule["properties"]["security-severity"]) <= 10
        kind = result.get("kind", "fail")
        level = "none" if kind != "fail" else result.get("level", rule["defaultConfiguration"]["level"])
        assert result.get("level", level) == level
        (place,) = result["locations"]
        path = place["physicalLocation"]["artifactLocation"]["uri"]
        (mark,) = result["partialFingerprints"].values()
        results[mark] = {
            "name": f"{result['ruleId']} {path}",
            "path": path,
            "line": place["physicalLocation"]["region"]["startLine"],
            "level": level,
            "kind": kind,
            "suppressed": {each["status"] for each in result.get("suppressions", ())},
        }
    assert len(results) == len(run["results"])
    return results


def test_what_changed_in_the_code(shop, code):
    told = shop.truth["scans"]["code"]
    assert all(log["version"] == "2.1.0" for log in code)
    first, second = map(found, code)
    counted = [
        {each["name"] for each in results.values() if each["level"] != "none" and "accepted" not in each["suppressed"]}
        for results in (first, second)
    ]
    same(told, *counted)
    every = first | second
    assert {each["name"] for each in every.values() if "accepted" in each["suppressed"]} == set(told["suppressed"])
    assert {each["name"] for each in every.values() if "rejected" in each["suppressed"]} == set(
        told["suppression_refused"]
    )
    assert {each["name"] for each in every.values() if each["kind"] == "pass"} == set(told["passed"])
    moved = [mark for mark in first.keys() & second.keys() if first[mark]["line"] != second[mark]["line"]]
    assert len(moved) >= 2  # the fingerprint stays where the line does not


def test_findings_are_in_files_of_the_history(shop, code):
    paths = {path for commit in shop.log for path in commit.paths}
    assert {each["path"] for log in code for each in found(log).values()} <= paths
