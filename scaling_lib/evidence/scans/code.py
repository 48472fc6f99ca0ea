"""Reads scans of code, images and repositories: checkov, trivy and OpenSSF Scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scaling_lib.evidence.scans.row import Row, Scan, Status, dicts, entries, inner, severity, text

CHECKOV: tuple[tuple[str, Status], ...] = (
    ("passed_checks", "pass"), ("failed_checks", "fail"), ("skipped_checks", "muted"),
)  # fmt: skip
TRIVY: dict[str, Status] = {"FAIL": "fail", "PASS": "pass", "EXCEPTION": "muted"}
FULL = 10  # a score of Scorecard: less is a practice that is not wholly kept
INCONCLUSIVE = -1
RISKS = {  # of Scorecard's checks, as its documentation has them
    "critical": ("Dangerous-Workflow", "Webhooks"),
    "high": (
        "Binary-Artifacts", "Branch-Protection", "Code-Review", "Dependency-Update-Tool", "Maintained",
        "Signed-Releases", "Token-Permissions", "Vulnerabilities",
    ),
    "medium": ("Fuzzing", "Packaging", "Pinned-Dependencies", "SAST", "SBOM", "Security-Policy"),
    "low": ("CI-Tests", "CII-Best-Practices", "Contributors", "License"),
}  # fmt: skip


def checkov_scans(parts: Sequence[Mapping[str, Any]]) -> list[Scan]:
    """An object a framework, or the flat summary of a scan that found nothing to look at."""
    rows: list[Row] = []
    for part in parts:
        results = inner(part, "results")
        for name, status in CHECKOV:
            rows += [_checkov_row(each, status, text(part.get("check_type"))) for each in dicts(results.get(name))]
        rows += [
            Row(check="parsing", status="not evaluated", title="cannot be parsed", resource=text(each))
            for each in entries(results.get("parsing_errors"))
        ]
    return [Scan(scanner="checkov", format="checkov", rows=rows)]


def _checkov_row(check: Mapping[str, Any], status: Status, area: str) -> Row:
    file = text(check.get("file_path")).lstrip("/")
    resource = " ".join(part for part in (file, text(check.get("resource"))) if part)
    return Row(
        check=text(check.get("check_id")),
        status=status,
        severity=severity(check.get("severity")),
        title=text(check.get("check_name")),
        area=area,
        resource=resource,
    )


def trivy_scans(content: Mapping[str, Any]) -> list[Scan]:
    """Misconfigurations, vulnerabilities and secrets. What passed is counted, and named only when it was asked for."""
    rows: list[Row] = []
    unlisted = 0
    for result in dicts(content.get("Results")):
        target, area = text(result.get("Target")), text(result.get("Class"))
        listed = dicts(result.get("Misconfigurations"))
        rows += [_trivy_row(each, target, area) for each in listed]
        successes = inner(result, "MisconfSummary").get("Successes")
        if isinstance(successes, int):
            unlisted += max(successes - sum(text(each.get("Status")).upper() == "PASS" for each in listed), 0)
        for found in dicts(result.get("Vulnerabilities")):
            name, package = text(found.get("VulnerabilityID")), text(found.get("PkgName"))
            rows.append(
                Row(
                    check=name,
                    status="fail",
                    severity=severity(found.get("Severity")),
                    title=text(found.get("Title")) or f"{package} {text(found.get('InstalledVersion'))}",
                    area=area,
                    resource=f"{target} {package}",
                )
            )
        for found in dicts(result.get("Secrets")):
            rows.append(
                Row(
                    check=text(found.get("RuleID")),
                    status="fail",
                    severity=severity(found.get("Severity")),
                    title=text(found.get("Title")),
                    area="secret",
                    resource=target,
                )
            )
    return [
        Scan(
            scanner="trivy",
            format="trivy",
            rows=rows,
            scanned=text(content.get("CreatedAt")),
            lists_passes=False,
            unlisted_passes=unlisted,
        )
    ]


def _trivy_row(found: Mapping[str, Any], target: str, area: str) -> Row:
    cause = text(inner(found, "CauseMetadata").get("Resource"))
    return Row(
        check=text(found.get("AVDID") or found.get("ID")),
        status=TRIVY.get(text(found.get("Status")).upper(), "not evaluated"),
        severity=severity(found.get("Severity")),
        title=text(found.get("Title")),
        area=area,
        resource=" ".join(part for part in (target, cause) if part),
    )


def scorecard_scans(content: Mapping[str, Any]) -> list[Scan]:
    """OpenSSF Scorecard: 10 is a pass, -1 is inconclusive, which is no score at all."""
    repository = text(inner(content, "repo").get("name"))
    rows = []
    for check in dicts(content.get("checks")):
        name, score = text(check.get("name")), check.get("score")
        known = isinstance(score, (int, float)) and score != INCONCLUSIVE
        status: Status = "not evaluated"
        if known and isinstance(score, (int, float)):
            status = "pass" if score >= FULL else "fail"
        rows.append(
            Row(
                check=name,
                status=status,
                severity=next((risk for risk, names in RISKS.items() if name in names), "not said"),
                title=f"{text(check.get('reason'))}{f' ({score:g} of {FULL})' if known else ''}",
                area="repository",
                resource=repository,
            )
        )
    return [Scan(scanner="Scorecard", format="OpenSSF Scorecard", rows=rows, scanned=text(content.get("date")))]
