"""Deployments and incidents: what the truth says, worked out anew from the files as GitHub and PagerDuty have them."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

STATES = ["queued", "in_progress", "success"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def deployments(shop):
    """Production deployments in order, each with its statuses in order."""
    rows = json.loads(shop.demo.texts["delivery/deployments.json"])
    statuses = defaultdict(list)
    for status in json.loads(shop.demo.texts["delivery/deployment_statuses.json"]):
        statuses[int(status["deployment_url"].rsplit("/", 1)[1])].append(status)
    for row in rows:
        row["statuses"] = sorted(statuses[row["id"]], key=lambda each: each["created_at"])
    return sorted((row for row in rows if row["production_environment"]), key=lambda row: row["created_at"])


def shipped(deployments):
    return [
        row
        for row in deployments
        if row["task"] == "deploy" and "success" in {each["state"] for each in row["statuses"]}
    ]


def done(row) -> datetime:
    return next(at(each["created_at"]) for each in row["statuses"] if each["state"] == "success")


def test_deployments_have_the_form_of_github(shop, deployments):
    rows = json.loads(shop.demo.texts["delivery/deployments.json"])
    needed = {"id", "sha", "ref", "task", "environment", "created_at", "updated_at", "production_environment"}
    assert all(needed <= set(row) for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["environment"] for row in rows} == {"staging", "production"}
    shas = {commit.sha for commit in shop.log}
    assert all(row["sha"] in shas for row in rows)
    for row in deployments:
        states = [each["state"] for each in row["statuses"]]
        assert states in ([*STATES, "inactive"], STATES, ["queued", "in_progress", "failure"])
    running = [row for row in deployments if row["statuses"][-1]["state"] == "success"]
    assert running == [shipped(deployments)[-1]]  # only the newest has not become inactive


def test_releases_are_the_deployments_that_reached_users(shop, deployments):
    releases = json.loads(shop.demo.texts["delivery/releases.json"])
    assert all(set(each) >= {"tag_name", "draft", "prerelease", "created_at", "published_at"} for each in releases)
    told = [(each["target_commitish"], at(each["published_at"])) for each in releases]
    assert told == [(row["sha"], done(row)) for row in shipped(deployments)]


def test_the_rates_of_delivery(shop, deployments):
    told = shop.truth["deployments"]
    reached = shipped(deployments)
    assert len(reached) == told["to_production_that_succeeded"]
    assert len(reached) / 90 * 7 == pytest.approx(told["a_week"], abs=1e-4)
    failed = [row["id"] for row in deployments if row["statuses"][-1]["state"] == "failure"]
    assert failed == told["failed_before_users"] and len(failed) == 1
    rollbacks = [row for row in deployments if row["task"] == "rollback"]
    assert [row["id"] for row in rollbacks] == told["rollbacks"]
    undone = [max(row["id"] for row in reached if done(row) < at(back["created_at"])) for back in rollbacks]
    assert undone == told["broke_something"]
    assert len(undone) / len(reached) == pytest.approx(told["change_failure_rate"], abs=1e-6)
    earlier = {row["id"]: before["sha"] for before, row in pairwise(reached)}
    assert [back["sha"] for back in rollbacks] == [earlier[each] for each in undone]


def test_lead_time_by_the_place_of_commits_in_the_log(shop, deployments):
    """A deployment ships every commit up to its own that no earlier one shipped; the first one's are left out."""
    place = {commit.sha: number for number, commit in enumerate(shop.log)}
    leads, before = [], None
    for row in shipped(deployments):
        if before is not None:
            new = shop.log[before + 1 : place[row["sha"]] + 1]
            leads += [(done(row) - at(commit.time)).total_seconds() for commit in new]
        before = place[row["sha"]]
    told = shop.truth["deployments"]["lead_time_s"]
    assert len(leads) == told["commits"]
    assert statistics.median(leads) == pytest.approx(told["median"], abs=0.1)
    assert statistics.fmean(leads) == pytest.approx(told["mean"], abs=0.1)


def test_incidents_have_the_form_of_pagerduty(shop):
    table = shop.incidents
    assert ",".join(table.columns) == (
        "id,created_at,description,seconds_to_first_ack,seconds_to_engage,seconds_to_mobilize,seconds_to_resolve,"
        "engaged_seconds,service_id,service_name,urgency"
    )
    assert table["id"].is_unique and set(table["urgency"]) == {"high", "low"}
    assert (table["seconds_to_first_ack"] <= table["seconds_to_engage"]).all()
    assert (table["seconds_to_mobilize"] <= table["seconds_to_resolve"]).all()


def test_incidents_are_those_of_the_truth_from_the_page_on(shop, deployments):
    rows = shop.incidents.to_dict("records")
    for row, told in zip(rows, shop.truth["incidents"], strict=True):
        paged = at(row["created_at"])
        assert paged == at(told["paged"]) >= at(told["start"])
        assert paged + timedelta(seconds=row["seconds_to_resolve"]) == at(told["end"])
        assert (row["description"], row["service_name"]) == (told["name"], told["service"])
        assert (row["urgency"] == "low") == (told["kind"] == "none") == (told["routes"] == [])
    causing = [told for told in shop.truth["incidents"] if told["deployment"]]
    by_id = {row["id"]: row for row in deployments}
    for told in causing:
        row = by_id[told["deployment"]]
        assert timedelta(0) < at(told["start"]) - done(row) < timedelta(minutes=10)
        assert row["payload"]["service"] == told["service"]
    ends = [at(back["statuses"][2]["created_at"]) for back in deployments if back["task"] == "rollback"]
    assert ends == [at(told["end"]) for told in causing]
    recovery = [(at(told["end"]) - at(told["start"])).total_seconds() for told in causing]
    assert recovery == shop.truth["deployments"]["recovery_s"]


@pytest.mark.parametrize("seed", range(30))
def test_incidents_of_any_system_lie_apart_and_inside(small, seed):
    """Also of the shortest history, whose deployments are few."""
    made = small(seed=seed, system=f"service-{seed}")
    times = [(at(told["start"]), at(told["end"])) for told in made.truth["incidents"]]
    assert len(times) == 6
    assert at(made.truth["start"]) < times[0][0] and times[-1][1] <= at(made.truth["end"])
    assert all(end < start for (_, end), (start, _) in pairwise(times))
    told = made.truth["deployments"]
    assert len(set(told["broke_something"] + told["failed_before_users"])) == 3
