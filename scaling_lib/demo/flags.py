"""Feature flags in two systems, flagd and Unleash, with the places in the code that ask for them.

Planted: flags past their lifetime, flags without an owner, a flag that no code asks for, a name in the code that no
system knows, an archived flag, and a kill switch that nobody tried.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scaling_lib.demo.plan import Plan

LIFETIME_D = {"release": 40, "experiment": 40, "operational": 7}  # Unleash's; other types are permanent
UNKNOWN = "winter-theme"


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A flag: its type as Unleash names it, its age at the end, the share of users that have it, and its references."""

    name: str
    type: str
    age_d: int
    share: float
    references: int
    seen_d: int | None = 0
    archived: bool = False
    tested_d: int | None = None
    owned: bool = True


FLAGD = (
    Flag(name="new-basket", type="release", age_d=214, share=1.0, references=3),
    Flag(name="old-tax-table", type="release", age_d=301, share=0.0, references=0),
    Flag(name="half-price-day", type="release", age_d=151, share=0.3, references=1, owned=False),
    Flag(name="search-second-try", type="release", age_d=12, share=0.1, references=2),
    Flag(name="dark-pages", type="experiment", age_d=20, share=0.5, references=1),
    Flag(name="load-shedding", type="kill-switch", age_d=402, share=0.0, references=2, tested_d=33),
)
UNLEASH = (
    Flag(name="one-page-order", type="release", age_d=188, share=1.0, references=4),
    Flag(name="gift-cards", type="release", age_d=97, share=0.5, references=2, seen_d=61),
    Flag(name="express-lane", type="experiment", age_d=55, share=0.2, references=1, owned=False),
    Flag(name="log-sampling", type="operational", age_d=30, share=1.0, references=1),
    Flag(name="regional-prices", type="release", age_d=15, share=0.25, references=2),
    Flag(name="partner-prices", type="permission", age_d=365, share=1.0, references=1),
    Flag(name="read-only-mode", type="kill-switch", age_d=510, share=0.0, references=1, seen_d=None),
    Flag(name="summer-sale", type="release", age_d=420, share=1.0, references=0, seen_d=200, archived=True),
)


def flag_files(plan: Plan) -> tuple[dict[str, str], dict[str, Any]]:
    """The files by path, and the truth about the flags."""
    files = {
        "flags/flags.flagd.json": json.dumps(_flagd(plan), indent=2) + "\n",
        "flags/unleash.json": json.dumps(_unleash(plan), indent=1) + "\n",
        "flags/references.txt": _references(plan),
    }
    return files, _truth()


def _flagd(plan: Plan) -> dict[str, Any]:
    return {
        "$schema": "https://flagd.dev/schema/v0/flags.json",
        "flags": {flag.name: _flagd_flag(plan, flag) for flag in FLAGD},
    }


def _flagd_flag(plan: Plan, flag: Flag) -> dict[str, Any]:
    targeting: dict[str, Any] = {}
    if 0 < flag.share < 1:
        share = round(100 * flag.share)
        bucket = {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}
        targeting = {"fractional": [bucket, ["on", share], ["off", 100 - share]]}
    metadata = {"type": flag.type, "created": _day(plan, flag.age_d)}
    if flag.owned:
        metadata["owner"] = plan.last.team
    if flag.tested_d is not None:
        metadata["tested"] = _day(plan, flag.tested_d)
    return {
        "state": "DISABLED" if flag.type == "release" and not flag.share else "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "on" if flag.share == 1 else "off",
        "targeting": targeting,
        "metadata": metadata,
    }


def _unleash(plan: Plan) -> dict[str, Any]:
    strategies = [
        {
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "featureName": flag.name,
            "projectId": "default",
            "environment": "production",
            "name": "flexibleRollout",
            "constraints": [],
            "segments": [],
            "parameters": {
                "rollout": str(round(100 * flag.share)),
                "stickiness": "default",
                "groupId": flag.name,
            },
        }
        for number, flag in enumerate(UNLEASH)
    ]
    return {
        "features": [
            {
                "name": flag.name,
                "description": "",
                "type": flag.type,
                "project": "default",
                "stale": flag.name == "gift-cards",
                "archived": flag.archived,
                "impressionData": False,
                "createdAt": _moment(plan, flag.age_d),
                "lastSeenAt": None if flag.seen_d is None else _moment(plan, flag.seen_d, hours=2),
            }
            for flag in UNLEASH
        ],
        "featureStrategies": strategies,
        "featureEnvironments": [
            {"featureName": flag.name, "environment": "production", "enabled": flag.share > 0} for flag in UNLEASH
        ],
        "featureTags": [
            {"featureName": flag.name, "tagType": "owner", "tagValue": plan.front.team}
            for flag in UNLEASH
            if flag.owned
        ],
        "contextFields": [],
        "segments": [],
        "tagTypes": [{"name": "owner", "description": "the team that decides", "icon": None}],
        "dependencies": [],
    }


def _references(plan: Plan) -> str:
    """As `git grep -n` lists the places that ask for a flag."""
    lines = []
    for flag in (*FLAGD, *UNLEASH):
        for number in range(flag.references):
            service = plan.services[number % len(plan.services)].name
            line = 40 + 17 * number + len(flag.name)
            lines.append(f'services/{service}/views.py:{line}:    if flags.enabled("{flag.name}", user):')
    lines.append(f'services/{plan.front.name}/app.py:12:    theme = flags.enabled("{UNKNOWN}", user)')
    return "\n".join(sorted(lines)) + "\n"


def _day(plan: Plan, age_d: int) -> str:
    return (plan.end - timedelta(days=age_d)).strftime("%Y-%m-%d")


def _moment(plan: Plan, age_d: int, hours: int = 12) -> str:
    moment: datetime = plan.end - timedelta(days=age_d, hours=hours)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _truth() -> dict[str, Any]:
    switches = [flag for flag in (*FLAGD, *UNLEASH) if flag.type == "kill-switch"]
    return {
        "lifetime_days": LIFETIME_D,
        "rule": "stale: not archived, and older at the end than its type's lifetime; other types are permanent",
        "stale": {"flagd": _stale(FLAGD), "unleash": _stale(UNLEASH)},
        "marked_stale": ["gift-cards"],
        "at_everyone_and_stale": [flag.name for flag in (*FLAGD, *UNLEASH) if flag.share == 1 and _stale((flag,))],
        "archived": [flag.name for flag in UNLEASH if flag.archived],
        "no_code_asks_for": [flag.name for flag in (*FLAGD, *UNLEASH) if not flag.references and not flag.archived],
        "asked_for_but_unknown": [UNKNOWN],
        "without_owner": [flag.name for flag in (*FLAGD, *UNLEASH) if not flag.owned],
        "kill_switches": [flag.name for flag in switches],
        "kill_switches_never_tested": [flag.name for flag in switches if flag.tested_d is None],
    }


def _stale(flags: tuple[Flag, ...]) -> list[str]:
    return [flag.name for flag in flags if not flag.archived and flag.age_d > LIFETIME_D.get(flag.type, 10**6)]
