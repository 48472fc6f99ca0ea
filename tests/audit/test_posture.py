"""Posture: what is new, fixed, muted and never evaluated, by hand; an empty scan passes nothing."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from scaling_lib.audit import posture
from scaling_lib.evidence.scans import ScanSource, read_scans

AT = pd.Timestamp("2026-03-01", tz="UTC")


def finding(check, status, *, resource="r", severity=4, suppressed=False, day="2026-02-01", controls=(), service=""):
    return {
        "finding_info": {"title": check}, "metadata": {"event_code": check, "product": {"name": "Scanner"}},
        "status_code": status, "status": "Suppressed" if suppressed else "New", "severity_id": severity,
        "time_dt": f"{day}T00:00:00Z", "unmapped": {"compliance": {"CIS": list(controls)}},
        "resources": [{"uid": resource, "name": resource, "labels": [f"service:{service}"] if service else []}],
    }  # fmt: skip


def read(folder, **files):
    for name, items in files.items():
        (folder / f"{name.replace('_', '-')}.json").write_text(json.dumps(items), encoding="utf-8")
    return read_scans([ScanSource(path=str(folder / "*.json"))])


@pytest.fixture
def two(tmp_path):
    old = "2026-01-01"
    return read(
        tmp_path,
        cloud_20260101=[
            finding("mended", "FAIL", day=old), finding("stays", "FAIL", day=old), finding("hidden", "FAIL", day=old),
            finding("forgotten", "FAIL", day=old), finding("broken", "PASS", day=old),
        ],
        cloud_20260201=[
            finding("mended", "PASS", controls=["1.1"]), finding("stays", "FAIL", controls=["1.1", "1.2"]),
            finding("hidden", "FAIL", suppressed=True), finding("broken", "FAIL", severity=5, service="shop"),
            finding("by-hand", "MANUAL", controls=["1.3"]), finding("odd", "UNKNOWN", controls=["1.4"]),
        ],
    )  # fmt: skip


def test_what_changed_since_the_last_scan(two):
    changes = posture(two, at=AT).changes
    assert dict(zip(changes["check"], changes["change"], strict=True)) == {
        "broken": "new", "stays": "remaining", "mended": "fixed", "hidden": "muted since",
        "forgotten": "no longer evaluated",
    }  # fmt: skip


def test_the_last_scan_is_counted_with_its_age(two):
    found = posture(two, at=AT)
    row = found.scans.iloc[0]
    assert {name: row[name] for name in ("passed", "failed", "manual", "muted", "not_evaluated")} == {
        "passed": 1, "failed": 2, "manual": 1, "muted": 1, "not_evaluated": 1,
    }  # fmt: skip
    assert row["age_s"] == 28 * 86400 and found.evaluated == 3 and not row["empty"]


def test_a_control_has_the_worst_verdict_of_its_checks(two):
    found = posture(two)
    assert dict(zip(found.controls["control"], found.controls["status"], strict=True)) == {
        "1.1": "fail", "1.2": "fail", "1.3": "manual", "1.4": "not evaluated",
    }  # fmt: skip
    assert found.by_framework.iloc[0].to_dict() == {
        "framework": "CIS", "passed": 0, "muted": 0, "not_evaluated": 1, "manual": 1, "failed": 2,
    }  # fmt: skip


def test_exposure_weighs_by_the_critical_journeys(two):
    """A critical check of a service that half of the journeys need is 5; a high one that nobody can place 5 too."""
    failing = posture(two, services=["shop"], critical={"shop": 0.25}).failing.set_index("check")
    assert failing["exposure"].to_dict() == {"stays": 5.0, "broken": 2.5}
    assert failing["change"].to_dict() == {"stays": "remaining", "broken": "new"}


def test_an_empty_scan_is_no_pass(tmp_path):
    scans = read(tmp_path, code_20260201={"passed": 0, "failed": 0, "resource_count": 0})
    found = posture(scans, at=AT)
    assert found.scans["empty"].tolist() == [True] and found.evaluated == 0
    assert found.failing.empty and found.changes.empty and found.by_severity.empty


def test_one_scan_tells_no_change(tmp_path):
    found = posture(read(tmp_path, cloud=[finding("a", "FAIL")]))
    assert found.changes.empty and found.failing["change"].tolist() == [""]


def test_scopes_are_apart(tmp_path):
    """Two accounts scanned on different days: neither is the other's last scan."""
    scans = read(
        tmp_path,
        account_a_20260101=[finding("x", "FAIL", day="2026-01-01", resource="a")],
        account_b_20260201=[finding("x", "FAIL", resource="b")],
    )
    assert len(posture(scans).scans) == 2 and posture(scans).failing["resource"].tolist() == ["a", "b"]


def test_what_a_scanner_counts_and_does_not_name_passed(tmp_path):
    results = [{"Target": "main.tf", "MisconfSummary": {"Successes": 7, "Failures": 0}}]
    scans = read(tmp_path, trivy={"ArtifactName": "x", "Results": results, "CreatedAt": "2026-02-01T00:00:00Z"})
    row = posture(scans).scans.iloc[0]
    assert (row["passed"], row["empty"]) == (7, False)
