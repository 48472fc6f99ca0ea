"""Step 08 as a whole: with all evidence, with none, and with each kind broken by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import scaling_lib
from scaling_lib import figures, levers
from scaling_lib.errors import InvalidInput
from scaling_lib.levers.shown import TABLES

SHOP = Path(__file__).parents[2] / "data" / "shop"
PEOPLE, CODE = SHOP / "simulated" / "people", SHOP / "simulated" / "code"
PLACES = {
    "changes": CODE / "git.log",
    "complexity": CODE / "lizard.csv",
    "ownership": PEOPLE / "CODEOWNERS",
    "teams": PEOPLE / "teams.yaml",
    "runbooks": PEOPLE / "runbooks" / "*.md",
    "debt": PEOPLE / "debt.csv",
    "incidents": SHOP / "simulated" / "delivery" / "incidents.csv",
}
FIGURES = (levers.hotspot_figure, levers.coupling_figure, levers.queue_figure, levers.readiness_figure)


def opened(folder, evidence, **rest):
    said = {"system": "made", "services": [{"name": "gateway", "owner": "team-edge"}], **rest}
    said["evidence"] = {kind: [str(place)] for kind, place in evidence.items()}
    (folder / "assessment.yaml").write_text(yaml.safe_dump(said))
    return scaling_lib.open(folder)


def shown(result):
    """Everything that the notebook shows; none of it may fail, whatever is absent."""
    titles = [figures.show(make(result)).text for make in FIGURES]
    return [*titles, *(levers.table(result, name).text for name in TABLES), levers.headline(result)]


def test_without_any_evidence_everything_says_so(tmp_path):
    result = levers.assess(opened(tmp_path, {}))
    found = levers.findings(result)
    assert {each.verdict for each in found} == {"unknown"}
    absent = {"changes", "complexity", "ownership", "teams", "runbooks", "debt", "incidents", "deployments"}
    assert set(result.absent) == absent == {each.subject for each in found}
    assert all(each.why.startswith("No ") and "assessment.yaml" in each.why for each in found)
    assert all(text for text in shown(result)) and shown(result)[-1].startswith("Not known")


@pytest.mark.parametrize("kind", list(PLACES))
def test_what_is_broken_hurts_its_own_part_alone(tmp_path, kind):
    bad = tmp_path / "bad"
    bad.write_bytes(b"\xff\xfe nothing")
    result = levers.assess(opened(tmp_path, {**PLACES, kind: bad}))
    broken = [each for each in levers.findings(result) if each.name == "broken-evidence"]
    assert [(each.subject, each.verdict) for each in broken] == [(kind, "act")]
    assert "bad" in broken[0].why
    assert all(shown(result))
    untouched = {
        "hotspots": kind in ("changes", "complexity"),
        "truck_factors": kind == "changes",
        "readiness": kind == "incidents",
        "score": kind == "debt",
    }
    for part, hurt in untouched.items():
        if not hurt:
            there = getattr(result, part)
            assert there is not None and len(there) if part in ("hotspots", "truck_factors") else there is not None


def test_without_codeowners_a_file_is_of_its_service(tmp_path):
    places = {kind: place for kind, place in PLACES.items() if kind in ("changes", "complexity")}
    services = [{"name": name, "owner": f"team-{name}"} for name in ("gateway", "checkout", "platform")]
    (pair,) = levers.assess(
        opened(tmp_path, places, services=services)
    ).coordination.congruence.across.to_dict("records")  # fmt: skip
    assert (pair["team_one"], pair["team_other"]) == ("team-platform", "team-checkout")


def test_complexity_of_other_paths_is_said_not_taken_for_none(tmp_path):
    lines = (CODE / "lizard.csv").read_text().replace("services/", "/build/services/").replace("platform/", "/build/")
    (tmp_path / "lizard.csv").write_text(lines)
    result = levers.assess(opened(tmp_path, {**PLACES, "complexity": tmp_path / "lizard.csv"}))
    assert result.hotspots is None and result.absent["hotspots"].broken
    assert "Run lizard in the repository's root" in levers.table(result, "hotspots").text


def test_actions_after_reviews_and_an_owner_who_left(tmp_path):
    register = (PEOPLE / "debt.csv").read_text()
    (tmp_path / "debt.csv").write_text(
        register
        + "ACT-1,Raise the limit,,,,action,2026-10-01,,,,,,,done,\nACT-2,Alert earlier,,,,action,,,,,,,,open,\n"
        "ACT-3,Test it,,,,action,,,,,,,,open,\n"
    )
    teams = yaml.safe_load((PEOPLE / "teams.yaml").read_text())
    teams["teams"][0]["members"] = [{"name": "Nobody Here"}]
    (tmp_path / "teams.yaml").write_text(yaml.safe_dump(teams))
    result = levers.assess(
        opened(tmp_path, {**PLACES, "debt": tmp_path / "debt.csv", "teams": tmp_path / "teams.yaml"})
    )
    found = {each.name: each for each in levers.findings(result)}
    assert found["actions-closed"].verdict == "watch" and "1 of 3 actions" in found["actions-closed"].sentence
    assert found["owners"].verdict == "watch" and "service gateway (team-edge)" in found["owners"].sentence
    assert len(result.items.frame) == 5


@pytest.mark.parametrize("given", [{"old_days": 0}, {"active_days": True}, {"quarters": 0}, {"quarters": 1.5}])
def test_options_that_cannot_be(tmp_path, given):
    with pytest.raises(InvalidInput, match=next(iter(given))):
        levers.assess(opened(tmp_path, {}), **given)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"work": [{"name": "a", "hours": 1, "delay_cost": 1}]}, "no hour_price"),
        ({"work": [{"name": "a", "hours": [3, 2, 1], "delay_cost": 1}], "hour_price": 1}, "for hours"),
        ({"work": [{"name": "a", "hours": 1, "delay_cost": 1, "after": ["b"]}], "hour_price": 1}, "found 'b'"),
        ({"work": [{"name": "a", "hours": 1, "delay_cost": 1}] * 2, "hour_price": 1}, "used twice"),
        ({"hours": {"a": -1}}, "hours.a"),
    ],
)
def test_work_that_cannot_be(tmp_path, said, error):
    with pytest.raises(InvalidInput, match=error):
        opened(tmp_path, {}, **said)
