"""Teams, owners, runbooks and the debt register, held to the truth and to the other files."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatch

import pytest
import yaml


@pytest.fixture(scope="module")
def paths(shop) -> set[str]:
    """The files at the end of the history."""
    there: set[str] = set()
    for commit in shop.log:
        for change in commit.changes:
            there.discard(change.old)
            there.add(change.path)
    return there


@pytest.fixture(scope="module")
def runbooks(shop) -> dict[str, dict]:
    """The head of each page by its name."""
    prefix = "people/runbooks/"
    texts = {path.removeprefix(prefix): text for path, text in shop.demo.texts.items() if path.startswith(prefix)}
    return {name.removesuffix(".md"): yaml.safe_load(text.split("---\n")[1]) for name, text in texts.items()}


def owners(codeowners: str, path: str) -> list[str]:
    """Those of the last rule that matches; only the forms that this file has: a folder, a file, an ending."""
    found: list[str] = []
    for line in codeowners.splitlines():
        pattern, *named = line.split("#")[0].split() or [""]
        anchored = pattern.lstrip("/")
        if pattern.endswith("/"):
            hit = path.startswith(anchored)
        else:
            hit = (
                path == anchored if pattern.startswith("/") else bool(pattern) and fnmatch(path.split("/")[-1], pattern)
            )
        found = named if hit else found
    return found


def test_every_service_has_a_team_and_every_team_three_people(shop):
    teams = yaml.safe_load(shop.demo.texts["people/teams.yaml"])["teams"]
    assert {team["name"]: team["services"] for team in teams} == shop.truth["teams"]
    owned = [service for team in teams for service in team["services"]]
    assert sorted(owned) == sorted(service["name"] for service in shop.truth["services"])
    assert all(len(team["members"]) == 3 for team in teams)
    emails = [email for team in teams for member in team["members"] for email in member["emails"]]
    assert len(set(emails)) == len(emails) and all(email.endswith("example.com") for email in emails)


def test_code_owners(shop, paths):
    told, text = shop.truth["codeowners"], shop.demo.texts["people/CODEOWNERS"]
    assert sorted(path for path in paths if not owners(text, path)) == told["without_owner"]
    island = told["overridden"]["path"]
    assert owners(text, island) == [f"@example/{told['overridden']['owner']}"]
    assert island == shop.truth["code"]["knowledge_island"]["path"]
    for service in shop.truth["services"]:
        assert owners(text, f"services/{service['name']}/app.py") == [f"@example/{service['team']}"]


def test_one_incident_has_no_runbook(shop, runbooks):
    told = shop.truth["runbooks"]
    covered = {name for head in runbooks.values() for name in head["incidents"]}
    happened = set(shop.incidents["description"])
    assert covered < happened
    assert sorted(happened - covered) == told["incidents_without_one"]


def test_a_runbook_is_old_and_was_never_tried(shop, runbooks):
    told = shop.truth["runbooks"]
    end = datetime.fromisoformat(shop.truth["end"]).date()
    age = {name: (end - datetime.fromisoformat(head["reviewed"]).date()).days for name, head in runbooks.items()}
    assert [name for name in runbooks if age[name] > told["older_than_days"]] == told["old"]
    assert [name for name, head in runbooks.items() if head["tried"] is None] == told["never_tried"]
    assert len(told["old"]) == len(told["never_tried"]) == 1


def test_the_debt_register(shop, paths):
    table, told = shop.demo.tables["people/debt.csv"], shop.truth["debt"]
    assert ",".join(table.columns) == (
        "id,title,paths,service,owner,kind,opened,principal_h_p10,principal_h_p50,principal_h_p90,"
        "interest_h_qtr_p10,interest_h_qtr_p50,interest_h_qtr_p90,status,links"
    )
    for part in ("principal_h", "interest_h_qtr"):
        low, middle, high = (table[f"{part}_p{q}"] for q in (10, 50, 90))
        assert ((low <= middle) & (middle < high)).all()
    open_ = table[table["status"] == "open"]
    assert (len(open_), list(table.loc[table["status"] == "repaid", "id"])) == (told["open"], told["repaid"])
    assert open_["principal_h_p50"].sum() == told["open_principal_h_p50"]
    assert open_["interest_h_qtr_p50"].sum() == told["open_interest_h_qtr_p50"]
    gone = [
        row.id
        for row in table.itertuples()
        if not any(fnmatch(path, pattern) for pattern in row.paths.split(";") for path in paths)
    ]
    assert gone == told["files_gone"]
    hotspot = shop.truth["code"]["hotspot"]["path"]
    assert list(table.loc[table["paths"] == hotspot, "id"]) == [told["at_the_hotspot"]]
    teams = set(shop.truth["teams"])
    assert set(table["owner"]) <= teams
