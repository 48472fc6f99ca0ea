"""Who owns what: teams, CODEOWNERS, runbooks and a register of technical debt.

Planted: files that nobody owns, a rule that a later one overrides, an incident without a runbook, a runbook
that is old and was never tried, an item of debt that is repaid, and one whose files are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import yaml

from scaling_lib.demo.delivery import FAILING, PARTNER, PEAK, QUIET, SLOW
from scaling_lib.demo.history import PLATFORM, History
from scaling_lib.demo.plan import Plan

OLD_RUNBOOK_D = 180


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """A page, the incidents it is for, and how many days before the end it was reviewed and tried."""

    name: str
    title: str
    incidents: tuple[str, ...]
    reviewed_d: int
    tried_d: int | None


RUNBOOKS = (
    Runbook(
        name="roll-back-a-deployment",
        title="A deployment broke something",
        incidents=(FAILING, SLOW),
        reviewed_d=41,
        tried_d=27,
    ),
    Runbook(
        name="partner-outage", title="A partner does not answer", incidents=(PARTNER,), reviewed_d=412, tried_d=None
    ),
    Runbook(name="disk-full", title="A disk is nearly full", incidents=(QUIET,), reviewed_d=96, tried_d=80),
)
DEBT_COLUMNS = (
    "id,title,paths,service,owner,kind,opened,principal_h_p10,principal_h_p50,principal_h_p90,interest_h_qtr_p10,"
    "interest_h_qtr_p50,interest_h_qtr_p90,status,links"
)
# title, paths, service, owner, kind, age in days, hours to repay and hours lost a quarter (P10, P50, P90), status
DEBT = """
Pricing is one file that all change, {hotspot}, {last.name}, {last.team}, design, 300, 60, 95, 160, 18, 30, 52, open
Messages are described in two places, {pair}, {last.name}, {platform}, coupling, 210, 24, 40, 70, 8, 14, 25, open
Only one person knows the tariffs, {island}, {front.name}, {front.team}, knowledge, 160, 10, 16, 30, 2, 5, 12, open
Route tests fail, services/{front.name}/tests/*, {front.name}, {front.team}, test, 120, 6, 12, 20, 6, 9, 15, open
The pipeline builds everything, platform/pipeline.yaml, , {platform}, build, 90, 14, 20, 34, 10, 16, 22, open
The old basket, services/basket/*, , {last.team}, dead code, 350, 3, 5, 9, 0, 1, 2, open
Settings, services/{front.name}/settings.py, {front.name}, {front.team}, design, 280, 8, 14, 22, 4, 7, 11, repaid
"""


def people_files(plan: Plan, history: History) -> tuple[dict[str, str], pd.DataFrame, dict[str, Any]]:
    """The files by path, the debt register, and the truth about them."""
    debt = _debt(plan, history)
    files = {
        "people/teams.yaml": yaml.safe_dump(_teams(plan, history), sort_keys=False, allow_unicode=True),
        "people/CODEOWNERS": _codeowners(plan, history),
        **{f"people/runbooks/{runbook.name}.md": _runbook(plan, runbook) for runbook in RUNBOOKS},
    }
    return files, debt, _truth(plan, history, debt)


def _teams(plan: Plan, history: History) -> dict[str, Any]:
    other = history.truth["one_person_two_addresses"]
    teams = []
    for team, members in history.members.items():
        people = [
            {"name": name, "emails": [email, *([email.replace("@", "@home.")] if name == other else [])]}
            for name, email in members
        ]
        services = [service.name for service in plan.services if service.team == team]
        teams.append({"name": team, "members": people, "services": services, "on_call": team != PLATFORM})
    return {"teams": teams}


def _codeowners(plan: Plan, history: History) -> str:
    island = history.truth["knowledge_island"]["path"]
    lines = ["# The last rule that matches decides.", f"*.yaml @example/{PLATFORM}"]
    lines += [f"/services/{service.name}/ @example/{service.team}" for service in plan.services]
    lines += [f"/platform/ @example/{PLATFORM}", f"/{island} @example/{PLATFORM}", "/flags/"]
    return "\n".join(lines) + "\n"


def _runbook(plan: Plan, runbook: Runbook) -> str:
    head = {
        "title": runbook.title,
        "service": plan.last.name if FAILING in runbook.incidents else plan.front.name,
        "incidents": list(runbook.incidents),
        "owner": plan.front.team,
        "reviewed": _day(plan, runbook.reviewed_d),
        "tried": None if runbook.tried_d is None else _day(plan, runbook.tried_d),
    }
    return (
        f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n# {runbook.title}\n\n"
        "1. Look at the error share of the journeys.\n2. Tell the people who are waiting.\n3. Undo the last change, or "
        "wait for the partner.\n4. Write down what happened.\n"
    )


def _debt(plan: Plan, history: History) -> pd.DataFrame:
    hotspot, island = history.truth["hotspot"]["path"], history.truth["knowledge_island"]["path"]
    pair = ";".join(history.truth["coupled_across_teams"]["paths"])
    last, front = plan.last, plan.front
    text = DEBT.format(hotspot=hotspot, island=island, pair=pair, last=last, front=front, platform=PLATFORM)
    rows = [[part.strip() for part in line.split(",")] for line in text.strip().split("\n")]
    lines = [
        (
            f"DEBT-{number}",
            *row[:5],
            _day(plan, int(row[5])),
            *map(int, row[6:12]),
            row[12],
            f"https://tracker.example.com/DEBT-{number}",
        )
        for number, row in enumerate(rows, start=1)
    ]
    return pd.DataFrame(lines, columns=DEBT_COLUMNS.split(","))


def _day(plan: Plan, age_d: int) -> str:
    return (plan.end - timedelta(days=age_d)).strftime("%Y-%m-%d")


def _truth(plan: Plan, history: History, debt: pd.DataFrame) -> dict[str, Any]:
    still = debt[debt["status"] == "open"]
    return {
        "teams": {
            team: [service.name for service in plan.services if service.team == team] for team in history.members
        },
        "codeowners": {
            "without_owner": sorted(
                path for path in (*history.lines, history.truth["binary"]) if path.startswith(("docs/", "flags/"))
            ),
            "overridden": {"path": history.truth["knowledge_island"]["path"], "owner": PLATFORM},
        },
        "runbooks": {
            "incidents_without_one": [PEAK],
            "older_than_days": OLD_RUNBOOK_D,
            "old": [runbook.name for runbook in RUNBOOKS if runbook.reviewed_d > OLD_RUNBOOK_D],
            "never_tried": [runbook.name for runbook in RUNBOOKS if runbook.tried_d is None],
        },
        "debt": {
            "open": len(still),
            "repaid": list(debt.loc[debt["status"] == "repaid", "id"]),
            "files_gone": ["DEBT-6"],
            "open_principal_h_p50": int(still["principal_h_p50"].sum()),
            "open_interest_h_qtr_p50": int(still["interest_h_qtr_p50"].sum()),
            "at_the_hotspot": "DEBT-1",
        },
    }
