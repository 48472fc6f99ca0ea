"""Step 05 on small assessments, and on evidence that is absent, broken or too little."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from small_system import csv_of, make, minute, spell

import scaling_lib
from scaling_lib import rollout
from scaling_lib.errors import InvalidInput
from scaling_lib.rollout.canaries_given import canaries_given

JOURNEY = """journeys:
  - {name: order, route: POST /order, slos: [{kind: availability, target: 99.9%}]}
"""
FIGURES = (
    rollout.canary_figure, rollout.shift_figure, rollout.plans_figure, rollout.delivery_figure, rollout.flags_figure,
)  # fmt: skip
DEPLOYMENTS = "id,service,created,finished,state,environment,task\n"


def deployments(count, *, rolled_back=(), days=2.0):
    rows = []
    for at in range(count):
        time = pd.Timestamp("2026-09-01T10:00Z") + pd.Timedelta(days=days * at)
        rows.append(f"{at},shop,{time:%Y-%m-%dT%H:%M:%SZ},{time:%Y-%m-%dT%H:%M:%SZ},success,production,deploy")
        if at in rolled_back:
            begun, back = time + pd.Timedelta(minutes=30), time + pd.Timedelta(minutes=40)
            rows.append(f"{at}r,shop,{begun:%Y-%m-%dT%H:%M:%SZ},{back:%Y-%m-%dT%H:%M:%SZ},success,production,rollback")
    return DEPLOYMENTS + "\n".join(rows) + "\n"


def shown(result):
    """Everything the notebook shows."""
    for name in rollout.TABLES:
        assert rollout.table(result, name).text
    for draw in FIGURES:
        draw(result)
    return " ".join([rollout.headline(result), *map(str, rollout.findings(result))])


def assessed(folder, yaml, **files):
    return rollout.assess(scaling_lib.open(make(folder / "a", yaml, **files)))


def test_without_any_evidence_it_says_what_to_supply(tmp_path):
    result = assessed(tmp_path, "")
    found = rollout.findings(result)
    assert {each.verdict for each in found} == {"unknown"}
    assert all(each.action or each.why for each in found)
    text = shown(result)
    for words in ("No canary is described", "No deployments are given", "No flags are given", "Not known:"):
        assert words in text
    assert canaries_given(scaling_lib.open(tmp_path / "a")) == ([], False)


def test_an_slo_alone_prices_plans_on_assumptions_that_cap_the_verdict(tmp_path):
    yaml = JOURNEY + "evidence: {requests: [requests.csv]}\n"
    result = assessed(tmp_path, yaml, requests__csv=csv_of([minute("POST /order", 100)] * 60))
    assert result.plans.left == 1 and not result.plans.compared and result.plans.a_window is None
    assert len(result.plans.assumed) == 4  # an hour of 28 days is next to nothing of its budget
    plan = next(each for each in rollout.findings(result) if each.name == "ring-plan")
    assert plan.verdict != "ok" and plan.impact.assumed and "assumed" in rollout.headline(result)
    assert "assumed: nothing recorded" in rollout.table(result, "inputs").text
    shown(result)


def test_a_budget_that_is_spent_holds_changes_back(tmp_path):
    yaml = JOURNEY + "evidence: {requests: [requests.csv]}\n"
    result = assessed(tmp_path, yaml, requests__csv=csv_of(spell("POST /order", errors=30)))
    assert result.plans.left < 0 and not result.plans.within
    assert all(result.plans.risk(each).over_left == 1 for each in result.plans.plans)
    plan = next(each for each in rollout.findings(result) if each.name == "ring-plan")
    assert plan.verdict == "act" and rollout.headline(result).startswith("No: the budget of")
    shown(result)


def test_delivery_and_the_time_of_rollbacks(tmp_path):
    yaml = JOURNEY + "evidence: {requests: [requests.csv], deployments: [d.csv]}\n"
    requests = csv_of([minute("POST /order", 100)] * 60)
    result = assessed(tmp_path, yaml, requests__csv=requests, d__csv=deployments(30, rolled_back=(3, 9)))
    assert result.delivery.deployments == 30 and result.delivery.failed.value == pytest.approx(2 / 30)
    assert result.delivery.matched["which"].tolist() == ["3r", "9r"]
    assert "2 rollbacks themselves" in rollout.table(result, "inputs").text
    inputs = {each.name: each for each in result.plans.inputs}
    assert inputs["rollback, from the alert on"].value.startswith("10 min")
    assert result.plans.assumed == ("left of its budget", "requests that a defect fails")
    keys = {each.name: each for each in result.keys}
    assert keys["deployments"].band == "high" and keys["lead time"].measured is None
    assert keys["change failure rate"].band == ""
    shown(result)


def test_few_deployments_say_little(tmp_path):
    result = assessed(tmp_path, "evidence: {deployments: [d.csv]}\n", d__csv=deployments(3))
    rate = next(each for each in rollout.findings(result) if each.name == "change-failure-rate")
    assert rate.verdict == "unknown" and result.delivery.failed.high == pytest.approx(1 - 0.025 ** (1 / 3))
    shown(result)


def test_incidents_without_a_time_and_deployments_after_them(tmp_path):
    incidents = "id,service,detected,resolved\n1,shop,2026-08-01T10:00:00Z,2026-08-01T11:00:00Z\n2,shop,,\n"
    yaml = "evidence: {deployments: [d.csv], incidents: [i.csv]}\n"
    result = assessed(tmp_path, yaml, d__csv=deployments(10), i__csv=incidents)
    assert len(result.delivery.matched) == 0 and result.delivery.recovery.incidents == 1
    none = assessed(tmp_path, yaml, d__csv=deployments(10), i__csv="id,service,detected,resolved\n1,shop,,\n")
    assert none.absent["incidents"].broken and none.delivery is not None
    assert any(each.verdict == "act" and each.subject == "incidents" for each in rollout.findings(none))
    shown(none)


def test_broken_evidence_hurts_only_its_part(tmp_path):
    yaml = JOURNEY + "evidence: {requests: [requests.csv], deployments: [d.json], flags: [f.json]}\n"
    requests = csv_of([minute("POST /order", 100)] * 60)
    result = assessed(tmp_path, yaml, requests__csv=requests, d__json="[", f__json='{"toggles": []}')
    broken = {each.subject for each in rollout.findings(result) if each.name == "broken-evidence"}
    assert broken == {"deployments", "flags"}
    assert result.plans is not None and result.flags is None
    shown(result)


def flag(name, **more):
    return {"name": name, "type": "release", "createdAt": "2026-01-01T00:00:00Z", "lastSeenAt": "2026-06-01", **more}


def test_flags_of_a_newer_form_are_not_said_to_reach_everybody(tmp_path):
    newer = {"version": 99, "features": [flag("a", strategies=[{"name": "flexibleRollout"}]), flag("b")]}
    result = assessed(tmp_path, "evidence: {flags: [f.json]}\n", f__json=json.dumps(newer))
    assert result.flags.frame["share"].isna().all() and result.flags.names("finished") == ()
    assert result.flags.names("stale") == ("a", "b")
    assert "by rules" in rollout.table(result, "flags").text
    shown(result)


def test_the_lifetime_of_flags_can_be_tried(tmp_path):
    flags = {"version": 1, "features": [flag("a")], "featureStrategies": [{"featureName": "a", "name": "default"}]}
    folder = make(tmp_path / "a", "evidence: {flags: [f.json]}\n", f__json=json.dumps(flags))
    system = scaling_lib.open(folder)
    assert rollout.assess(system, flag_days=100).flags.names("stale") == ("a",)
    assert rollout.assess(system, flag_days=200).flags.names("stale") == ()
    for wrong in (0, -1, math.nan, "40"):
        with pytest.raises(InvalidInput, match="flag_days"):
            rollout.assess(system, flag_days=wrong)
    with pytest.raises(InvalidInput, match="level"):
        rollout.assess(system, level=1)
    with pytest.raises(InvalidInput, match="expected one of"):
        rollout.table(rollout.assess(system), "none")


def test_the_place_among_the_bands():
    from scaling_lib.rollout.figures import _place

    limits = [3600.0, 86_400.0, 86_400.0, math.inf]
    assert _place(math.sqrt(3600 * 86_400), limits) == pytest.approx(1.5)
    assert _place(3600 / 24**0.5, limits) == pytest.approx(0.5)
    assert _place(1e9, limits) == 3.5 and 0 < _place(0.0, limits) < 0.1
    assert np.all(np.diff([_place(each, limits) for each in np.geomspace(60, 86_400, 50)]) >= 0)
