"""Reads scans of clouds and clusters: OCSF detection findings (Prowler and others), Prowler's CSV, kube-bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from scaling_lib.evidence.scans.row import Row, Scan, Status, controls, dicts, entries, inner, severity, text

VERDICTS: dict[str, Status] = {"PASS": "pass", "FAIL": "fail", "MANUAL": "manual", "WARN": "manual", "MUTED": "muted"}
OCSF_SEVERITIES = ("not said", "informational", "low", "medium", "high", "critical", "critical")
SUPPRESSED = 3  # status_id of OCSF


def ocsf_scans(items: Sequence[Any]) -> list[Scan]:
    """Findings by the scanner that made them. `status_code` is the verdict; `status` says how it is dealt with."""
    by_scanner: dict[str, list[Mapping[str, Any]]] = {}
    unread = [each for each in items if not isinstance(each, dict) or "finding_info" not in each]
    for item in dicts(list(items)):
        if "finding_info" in item:
            product = inner(item, "metadata", "product")
            by_scanner.setdefault(text(product.get("name")) or "OCSF", []).append(item)
    scans = [
        Scan(
            scanner=scanner,
            format="OCSF",
            rows=[_ocsf_row(each) for each in own],
            scanned=max((text(each.get("time_dt") or each.get("time")) for each in own), default=""),
            unread=unread if place == 0 else (),
        )
        for place, (scanner, own) in enumerate(by_scanner.items())
    ]
    return scans or [Scan(scanner="not said", format="OCSF", rows=[], unread=unread)]


def _ocsf_row(item: Mapping[str, Any]) -> Row:
    status: Status = VERDICTS.get(text(item.get("status_code")).upper(), "not evaluated")
    if status in ("fail", "manual") and (item.get("status_id") == SUPPRESSED or item.get("status") == "Suppressed"):
        status = "muted"
    resource = next(iter(dicts(item.get("resources"))), {})
    labels = dict(text(each).split(":", 1) for each in entries(resource.get("labels")) if ":" in text(each))
    check = text(inner(item, "metadata").get("event_code")) or text(inner(item, "finding_info").get("title"))
    number = item.get("severity_id")
    known = isinstance(number, int) and 0 < number < len(OCSF_SEVERITIES)
    return Row(
        check=check,
        status=status,
        severity=OCSF_SEVERITIES[number] if known and isinstance(number, int) else severity(item.get("severity")),
        title=text(inner(item, "finding_info").get("title")),
        service=labels.get("service", ""),
        area=text(inner(resource, "group").get("name")) or text(resource.get("type")),
        resource=text(resource.get("name") or resource.get("uid")),
        region=text(resource.get("region")),
        controls=controls(inner(item, "unmapped", "compliance")),
        key=f"{check} {text(resource.get('uid') or resource.get('name'))}",
    )


def prowler_scans(table: pd.DataFrame) -> list[Scan]:
    """Prowler's CSV. COMPLIANCE is `framework: id, id | framework: id`."""
    table = table.rename(columns=lambda name: str(name).upper())
    rows = [_prowler_row(each) for each in table.to_dict("records")]
    times = table["TIMESTAMP"] if "TIMESTAMP" in table else pd.Series([], dtype=str)
    return [Scan(scanner="Prowler", format="Prowler CSV", rows=rows, scanned=str(max(times, default="")))]


def _prowler_row(row: Mapping[Any, Any]) -> Row:
    status: Status = VERDICTS.get(text(row.get("STATUS")).upper(), "not evaluated")
    if status in ("fail", "manual") and text(row.get("MUTED")).lower() == "true":
        status = "muted"
    named = (part.partition(":") for part in text(row.get("COMPLIANCE")).split("|"))
    own = {name.strip(): [each.strip() for each in ids.split(",")] for name, _, ids in named if name.strip()}
    check = text(row.get("CHECK_ID"))
    return Row(
        check=check,
        status=status,
        severity=severity(row.get("SEVERITY")),
        title=text(row.get("CHECK_TITLE")),
        area=text(row.get("SERVICE_NAME")),
        resource=text(row.get("RESOURCE_NAME")) or text(row.get("RESOURCE_UID")),
        region=text(row.get("REGION")),
        controls=controls(own),
        key=f"{check} {text(row.get('RESOURCE_UID')) or text(row.get('RESOURCE_NAME'))}",
    )


def kube_bench_scans(content: Mapping[str, Any]) -> list[Scan]:
    """kube-bench's controls. WARN is what has to be looked at by hand; INFO was not evaluated."""
    rows = []
    for part in dicts(content.get("Controls")):
        framework = text(part.get("version")) or "CIS"
        for test in dicts(part.get("tests")):
            for result in dicts(test.get("results")):
                number = text(result.get("test_number"))
                rows.append(
                    Row(
                        check=number,
                        status=VERDICTS.get(text(result.get("status")).upper(), "not evaluated"),
                        title=text(result.get("test_desc")),
                        area=text(part.get("node_type")) or text(part.get("text")),
                        resource=text(part.get("node_type")),
                        controls=(f"{framework}: {number}",),
                    )
                )
    return [Scan(scanner="kube-bench", format="kube-bench", rows=rows)]
