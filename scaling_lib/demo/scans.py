"""Two dates each of a cloud scan (Prowler's OCSF) and a code scan (SARIF 2.1.0).

Planted: what was fixed, what is new and what remains between the two dates; a muted finding, a check that has to be
done by hand, a suppression that was refused, and findings whose lines moved.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scaling_lib.demo.history import History
from scaling_lib.demo.plan import Plan

DATES_D = (61, 5)  # before the end
SEVERITIES = {"Critical": 5, "High": 4, "Medium": 3, "Low": 2}


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check of the cloud on one resource, and its verdict at the two dates."""

    code: str
    severity: str
    resource: str
    framework: str
    verdicts: tuple[str, str]
    muted: bool = False


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A finding of the code scan: its rule, where it is, the line at the two dates (None: not found)."""

    rule: str
    path: str
    lines: tuple[int | None, int | None]
    level: str | None = None
    suppressed: str = ""
    kind: str = "fail"


CHECKS = tuple(
    Check(
        code=code,
        severity=severity,
        resource=resource,
        framework=framework,
        verdicts=(first, second),
        muted=bool(muted),
    )
    for code, severity, resource, framework, first, second, *muted in map(
        str.split,
        """
storage_bucket_public_access Critical bucket-images 2.1.4 FAIL PASS
storage_bucket_encryption Medium bucket-images 2.1.1 PASS PASS
storage_bucket_encryption Medium bucket-logs 2.1.1 FAIL FAIL
database_instance_public Critical db-main 2.3.3 PASS FAIL
database_backup_enabled High db-main 2.3.1 FAIL PASS
database_minor_upgrade Low db-main 2.3.2 PASS PASS
network_open_to_all_port_22 High net-front 5.2 FAIL FAIL
identity_second_factor Critical user-break-glass 1.10 FAIL FAIL muted
identity_old_key Medium user-pipeline 1.14 PASS FAIL
identity_contact_details Medium account 1.1 MANUAL MANUAL
trail_enabled High account 3.1 PASS PASS
trail_log_validation Low account 3.2 FAIL PASS
""".strip().split("\n"),
    )
)
RULES = {"sql-from-text": ("error", "8.8"), "weak-hash": ("warning", "5.3"), "open-redirect": ("warning", "6.1"),
         "secret-in-code": ("error", "9.1"), "broad-except": ("note", "0.0")}  # fmt: skip


def scan_files(plan: Plan, history: History) -> tuple[dict[str, str], dict[str, Any]]:
    """The four files by path, and the truth about them."""
    dates = [plan.end - timedelta(days=days, hours=-3) for days in DATES_D]
    hits = _hits(plan, history)
    files = {}
    for number, date in enumerate(dates):
        day = date.strftime("%Y-%m-%d")
        files[f"scans/prowler-{day}.ocsf.json"] = json.dumps(_ocsf(plan, number, date), indent=1) + "\n"
        files[f"scans/code-{day}.sarif"] = json.dumps(_sarif(hits, number, date), indent=1) + "\n"
    return files, _truth(dates, hits)


def _hits(plan: Plan, history: History) -> tuple[Hit, ...]:
    front, last = f"services/{plan.front.name}", f"services/{plan.last.name}"
    return (
        Hit(rule="sql-from-text", path=f"{last}/store.py", lines=(41, None)),
        Hit(rule="sql-from-text", path=history.truth["hotspot"]["path"], lines=(812, 845)),
        Hit(rule="weak-hash", path=f"{front}/models.py", lines=(17, 17)),
        Hit(rule="open-redirect", path=f"{front}/views.py", lines=(63, None)),
        Hit(rule="open-redirect", path=f"{front}/routes.py", lines=(None, 29), level="error"),
        Hit(rule="secret-in-code", path="platform/deploy.py", lines=(12, 14), suppressed="accepted"),
        Hit(rule="secret-in-code", path=f"{last}/settings.py", lines=(None, 8), suppressed="rejected"),
        Hit(rule="broad-except", path=f"{last}/app.py", lines=(33, 36)),
        Hit(rule="broad-except", path=f"{front}/app.py", lines=(20, 20), kind="pass"),
    )


def _ocsf(plan: Plan, number: int, date: datetime) -> list[dict[str, Any]]:
    seconds = int(date.timestamp())
    return [
        {
            "message": f"{check.code} on {check.resource}",
            "metadata": {
                "event_code": check.code,
                "product": {"name": "Prowler", "uid": "prowler", "vendor_name": "Prowler", "version": "5.0.0"},
                "profiles": ["cloud", "datetime"],
                "tenant_uid": "",
                "version": "1.4.0",
            },
            "severity_id": SEVERITIES[check.severity],
            "severity": check.severity,
            "status": "Suppressed" if check.muted else "New",
            "status_id": 3 if check.muted else 1,
            "status_code": check.verdicts[number],
            "status_detail": f"{check.resource}: {check.verdicts[number]}",
            "unmapped": {"related_url": "", "categories": [], "compliance": {"EXAMPLE-CIS-3.0": [check.framework]}},
            "activity_name": "Create",
            "activity_id": 1,
            "finding_info": {
                "created_time": seconds,
                "created_time_dt": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "title": check.code.replace("_", " "),
                "desc": f"Whether {check.resource} meets {check.code}.",
                "types": [],
                "uid": f"prowler-example-{check.code}-000000000042-example-north-1-{check.resource}",
            },
            "resources": [
                {
                    "uid": f"res:{plan.system}:{check.resource}",
                    "name": check.resource,
                    "type": check.code.partition("_")[0],
                    "region": "example-north-1",
                    "group": {"name": check.code.partition("_")[0]},
                    "labels": [f"service:{_service(plan, check.resource)}"],
                }
            ],
            "category_name": "Findings",
            "category_uid": 2,
            "class_name": "Detection Finding",
            "class_uid": 2004,
            "cloud": {"account": {"uid": "000000000042"}, "provider": "example", "region": "example-north-1"},
            "time": seconds,
            "time_dt": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "type_uid": 200401,
            "type_name": "Detection Finding: Create",
            "risk_details": "",
        }
        for check in CHECKS
    ]


def _service(plan: Plan, resource: str) -> str:
    return plan.last.name if resource == "db-main" else plan.front.name


def _sarif(hits: tuple[Hit, ...], number: int, date: datetime) -> dict[str, Any]:
    rules = [
        {
            "id": rule,
            "name": rule,
            "shortDescription": {"text": rule.replace("-", " ")},
            "defaultConfiguration": {"level": level},
            "properties": {"security-severity": score},
        }
        for rule, (level, score) in RULES.items()
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "examplelint", "version": "3.1.0", "rules": rules}},
                "invocations": [{"executionSuccessful": True, "endTimeUtc": date.strftime("%Y-%m-%dT%H:%M:%SZ")}],
                "results": [_result(hit, hit.lines[number]) for hit in hits if hit.lines[number] is not None],
            }
        ],
    }


def _result(hit: Hit, line: int | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": hit.rule,
        "ruleIndex": list(RULES).index(hit.rule),
        "message": {"text": f"{hit.rule.replace('-', ' ')} in {hit.path}"},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": hit.path}, "region": {"startLine": line}}},
        ],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint(hit)},
    }
    if hit.level:
        result["level"] = hit.level
    if hit.kind != "fail":
        result |= {"kind": hit.kind, "level": "none"}
    if hit.suppressed:
        result["suppressions"] = [{"kind": "inSource", "status": hit.suppressed}]
    return result


def fingerprint(hit: Hit) -> str:
    """What stays the same when the finding's line moves."""
    return hashlib.sha256(f"{hit.rule}/{hit.path}".encode()).hexdigest()[:16]


def _truth(dates: list[datetime], hits: tuple[Hit, ...]) -> dict[str, Any]:
    """A finding is one that fails, is not muted, and has no accepted suppression."""
    cloud = [(f"{c.code} {c.resource}", [v == "FAIL" for v in c.verdicts]) for c in CHECKS if not c.muted]
    code = [
        (f"{hit.rule} {hit.path}", [line is not None for line in hit.lines])
        for hit in hits
        if hit.kind == "fail" and hit.suppressed != "accepted"
    ]
    return {
        "dates": dates,
        "cloud": {
            **_changes(cloud),
            "muted": [f"{c.code} {c.resource}" for c in CHECKS if c.muted],
            "by_hand": [f"{c.code} {c.resource}" for c in CHECKS if "MANUAL" in c.verdicts],
        },
        "code": {
            **_changes(code),
            "suppressed": [f"{hit.rule} {hit.path}" for hit in hits if hit.suppressed == "accepted"],
            "suppression_refused": [f"{hit.rule} {hit.path}" for hit in hits if hit.suppressed == "rejected"],
            "passed": [f"{hit.rule} {hit.path}" for hit in hits if hit.kind == "pass"],
        },
    }


def _changes(findings: list[tuple[str, list[bool]]]) -> dict[str, list[str]]:
    return {
        "fixed": [name for name, seen in findings if seen == [True, False]],
        "new": [name for name, seen in findings if seen == [False, True]],
        "remaining": [name for name, seen in findings if seen == [True, True]],
    }
