"""Scans: each scanner's verdicts in one table, and nothing that was not evaluated taken for a pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.scans import ScanSource, read_scans

SCANS = Path(__file__).resolve().parents[2] / "data" / "shop" / "simulated" / "scans"


def scanned(folder: Path, content, name: str = "scan.json"):
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_scans([ScanSource(path=str(file))])


def sarif(*results, rules=(), **run):
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "lint", "rules": list(rules)}}, "results": list(results), **run}],
    }


def notes(scans) -> str:
    return " | ".join(note for each in scans.quality for note in each.notes)


def test_the_example_counts_as_plain_json_says():
    scans = read_scans([ScanSource(path=str(SCANS / "prowler-*.json"))])
    for file, scan in zip(sorted(SCANS.glob("prowler-*.json")), range(2), strict=True):
        plain = json.loads(file.read_text(encoding="utf-8"))
        own = scans.frame[scans.frame["scan"] == scan]
        for status in ("PASS", "MANUAL"):
            assert (own["status"] == status.lower()).sum() == sum(each["status_code"] == status for each in plain)
        muted = sum(each["status_code"] == "FAIL" and each["status"] == "Suppressed" for each in plain)
        assert (own["status"] == "muted").sum() == muted == 1
    assert scans.runs["scanned"].dt.strftime("%Y-%m-%d").tolist() == ["2026-09-24", "2026-11-19"]


@pytest.mark.parametrize(
    ("result", "status", "severity"),
    [
        ({"ruleId": "a"}, "fail", "medium"),  # kind: fail, level: the rule's, else warning
        ({"ruleId": "b"}, "fail", "high"),
        ({"ruleIndex": 1}, "fail", "high"),
        ({"ruleId": "b", "level": "note"}, "fail", "low"),
        ({"ruleId": "b", "kind": "pass"}, "pass", "informational"),
        ({"ruleId": "b", "kind": "open"}, "manual", "informational"),
        ({"ruleId": "b", "kind": "notApplicable"}, "not evaluated", "informational"),
        ({"ruleId": "a", "suppressions": [{"kind": "inSource"}]}, "muted", "medium"),
        ({"ruleId": "a", "suppressions": [{"status": "accepted"}]}, "muted", "medium"),
        ({"ruleId": "a", "suppressions": [{"status": "rejected"}]}, "fail", "medium"),
        ({"ruleId": "a", "suppressions": [{"status": "underReview"}]}, "fail", "medium"),
        ({"ruleId": "c"}, "fail", "critical"),  # by its security-severity
        ({"ruleId": "c/sub"}, "fail", "critical"),
    ],
)
def test_sarif_defaults(tmp_path, result, status, severity):
    rules = [
        {"id": "a"}, {"id": "b", "defaultConfiguration": {"level": "error"}},
        {"id": "c", "properties": {"security-severity": "9.8", "tags": ["external/cwe/cwe-089"]}},
    ]  # fmt: skip
    row = scanned(tmp_path, sarif(result, rules=rules)).frame.iloc[0]
    assert (row["status"], row["severity"]) == (status, severity)
    if result.get("ruleId", "").startswith("c"):
        assert row["controls"] == ("CWE: CWE-089",)


def test_sarif_does_not_say_what_passed(tmp_path):
    scans = scanned(tmp_path, sarif(rules=[{"id": "a"}, {"id": "b"}], invocations=[{"executionSuccessful": False}]))
    assert scans.frame.empty and not scans.runs["lists_passes"].iloc[0]
    assert "an empty scan: nothing was evaluated, which is no pass" in notes(scans)
    assert "of 2 rules 2 have no result" in notes(scans) and "did not succeed" in notes(scans)


def test_a_finding_keeps_its_key_when_its_line_moves(tmp_path):
    def result(line):
        place = {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": line}}}
        return {"ruleId": "r", "locations": [place]}

    first = scanned(tmp_path, sarif(result(4), result(9)), "first.sarif").frame["key"]
    assert first.tolist() == scanned(tmp_path, sarif(result(5), result(12)), "second.sarif").frame["key"].tolist()
    assert first.nunique() == 2


def test_prowlers_csv(tmp_path):
    text = (
        "TIMESTAMP;CHECK_ID;STATUS;MUTED;SEVERITY;SERVICE_NAME;RESOURCE_UID;REGION;COMPLIANCE\n"
        "2026-11-01 10:00:00;s3_public;FAIL;False;critical;s3;arn:b;eu;CIS-3.0: 2.1.4, 2.1.5 | SOC2: cc6\n"
        "2026-11-01 10:00:00;iam_mfa;FAIL;True;high;iam;arn:u;eu;\n"
        "2026-11-01 10:00:00;iam_contact;MANUAL;False;medium;iam;arn:a;eu;\n"
        "2026-11-01 10:00:00;s3_log;PASS;False;low;s3;arn:b;eu;\n"
    )
    frame = scanned(tmp_path, text, "prowler.csv").frame
    assert frame["status"].tolist() == ["fail", "muted", "manual", "pass"]
    assert frame["controls"].iloc[0] == ("CIS-3.0: 2.1.4", "CIS-3.0: 2.1.5", "SOC2: cc6")
    assert str(frame["scanned"].iloc[0]) == "2026-11-01 10:00:00+00:00" and frame["area"].iloc[0] == "s3"


def checkov(kind="terraform", **results):
    return {"check_type": kind, "results": {"passed_checks": [], "failed_checks": [], "skipped_checks": [], **results}}


def test_checkov_as_an_object_a_list_and_a_flat_summary(tmp_path):
    check = {"check_id": "CKV_1", "check_name": "c", "severity": None, "file_path": "/main.tf", "resource": "x.y"}
    one = checkov(failed_checks=[check], skipped_checks=[check], parsing_errors=["/bad.tf"])
    alone = scanned(tmp_path, one, "one.json").frame
    assert alone["status"].tolist() == ["fail", "muted", "not evaluated"]
    assert alone["severity"].tolist()[0] == "not said" and alone["resource"].tolist()[0] == "main.tf x.y"
    assert len(scanned(tmp_path, [one, checkov("helm", passed_checks=[check])], "many.json").frame) == 4
    nothing = scanned(
        tmp_path, {"passed": 0, "failed": 0, "skipped": 0, "resource_count": 0, "checkov_version": "3"}, "no.json"
    )
    assert nothing.frame.empty and "which is no pass" in notes(nothing)


def test_trivy(tmp_path):
    content = {
        "SchemaVersion": 2, "CreatedAt": "2026-11-02T00:00:00Z", "ArtifactName": "image",
        "Results": [
            {"Target": "main.tf", "Class": "config", "MisconfSummary": {"Successes": 7, "Failures": 1},
             "Misconfigurations": [{"ID": "AVD-1", "Severity": "HIGH", "Status": "FAIL"}]},
            {"Target": "image (debian)", "Class": "os-pkgs",
             "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "libc", "Severity": "CRITICAL"}]},
            {"Target": "clean", "Class": "lang-pkgs"},
        ],
    }  # fmt: skip
    scans = scanned(tmp_path, content)
    assert scans.frame[["check", "status", "severity"]].to_numpy().tolist() == [
        ["AVD-1", "fail", "high"], ["CVE-1", "fail", "critical"],
    ]  # fmt: skip
    assert scans.runs["unlisted_passes"].tolist() == [7]


def test_scorecards_minus_one_is_no_score(tmp_path):
    checks = [
        {"name": "Code-Review", "score": 10, "reason": "all"}, {"name": "Maintained", "score": 0, "reason": "none"},
        {"name": "Signed-Releases", "score": -1, "reason": "no releases"},
    ]  # fmt: skip
    frame = scanned(tmp_path, {"date": "2026-11-02", "repo": {"name": "r"}, "checks": checks}).frame
    assert frame["status"].tolist() == ["pass", "fail", "not evaluated"]
    assert frame["severity"].tolist() == ["high"] * 3


def test_kube_bench(tmp_path):
    results = [
        {"test_number": f"1.1.{place}", "status": status}
        for place, status in enumerate(("PASS", "FAIL", "WARN", "INFO"))
    ]
    content = {
        "Controls": [{"version": "cis-1.8", "node_type": "master", "tests": [{"results": results}]}],
        "Totals": {},
    }
    frame = scanned(tmp_path, content, "kube-bench-20261103.json").frame
    assert frame["status"].tolist() == ["pass", "fail", "manual", "not evaluated"]
    assert frame["controls"].iloc[1] == ("cis-1.8: 1.1.1",) and str(frame["scanned"].iloc[0].date()) == "2026-11-03"


def test_lines_of_ocsf_and_an_empty_list(tmp_path):
    item = {"finding_info": {"title": "t"}, "status_code": "PASS", "severity_id": 4, "time": 1795057200}
    scans = scanned(tmp_path, "\n".join([json.dumps(item)] * 2), "lines.json")
    assert scans.frame["status"].tolist() == ["pass", "pass"] and scans.frame["severity"].iloc[0] == "high"
    assert scans.frame["scanned"].iloc[0].year == 2026
    assert "which is no pass" in notes(scanned(tmp_path, [], "empty.json"))


@pytest.mark.parametrize("content", ["{", "3", '{"a": 1}', "[1]", "a;b\n1;2\n"])
def test_what_is_no_scan_is_refused(tmp_path, content):
    name = "scan.csv" if ";" in content else "scan.json"
    with pytest.raises(BrokenEvidence, match=r"expected SARIF"):
        scanned(tmp_path, content, name)
