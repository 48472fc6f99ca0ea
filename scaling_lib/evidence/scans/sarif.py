"""Reads SARIF 2.1.0: one scan a run.

`kind` defaults to fail, and of another kind the level is none; an absent level is the rule's, then "warning"; a
suppression may be under review or rejected, and then is none (sections 3.27.9, 3.27.10 and 3.35.3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from scaling_lib.evidence.scans.row import Row, Scan, Status, dicts, entries, inner, severity, text

KINDS: dict[str, Status] = {
    "fail": "fail", "pass": "pass", "open": "manual", "review": "manual", "notApplicable": "not evaluated",
    "informational": "not evaluated",
}  # fmt: skip
SCORES = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))  # as GitHub reads security-severity


def sarif_scans(content: Mapping[str, Any]) -> list[Scan]:
    """The runs of a file."""
    return [_scan(run) for run in dicts(content.get("runs"))]


def _scan(run: Mapping[str, Any]) -> Scan:
    driver = inner(run, "tool", "driver")
    rules = dicts(driver.get("rules"))
    for extension in dicts(inner(run, "tool").get("extensions")):
        rules = [*rules, *dicts(extension.get("rules"))]
    by_id = {text(rule.get("id")): rule for rule in rules}
    seen: Counter[str] = Counter()
    rows = []
    for result in dicts(run.get("results")):
        if result.get("baselineState") == "absent":
            continue
        row = _row(result, _rule(result, rules, by_id))
        seen[row.identity] += 1
        again = seen[row.identity]
        rows.append(Row(**{**vars(row), "key": f"{row.identity} #{again}" if again > 1 else row.identity}))
    invocations = dicts(run.get("invocations"))
    notes = []
    if any(each.get("executionSuccessful") is False for each in invocations):
        notes.append("the scanner says that its run did not succeed: what it does not list was not looked at")
    silent = len(set(by_id) - {row.check for row in rows})
    if silent:
        notes.append(f"of {len(by_id)} rules {silent} have no result: SARIF does not say whether they passed")
    times = [text(each.get("endTimeUtc") or each.get("startTimeUtc")) for each in invocations]
    return Scan(
        scanner=text(driver.get("name")) or "SARIF",
        format="SARIF",
        rows=rows,
        scanned=max(times, default=""),
        lists_passes=False,
        notes=tuple(notes),
    )


def _rule(
    result: Mapping[str, Any], rules: list[Mapping[str, Any]], by_id: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    own = inner(result, "rule")
    name = text(result.get("ruleId") or own.get("id"))
    if name in by_id:
        return by_id[name]
    place = result.get("ruleIndex", own.get("index"))
    return rules[place] if isinstance(place, int) and 0 <= place < len(rules) else by_id.get(name.partition("/")[0], {})


def _row(result: Mapping[str, Any], rule: Mapping[str, Any]) -> Row:
    check = text(result.get("ruleId") or inner(result, "rule").get("id") or rule.get("id"))
    status: Status = KINDS.get(text(result.get("kind")) or "fail", "not evaluated")
    suppressions = dicts(result.get("suppressions"))
    if status == "fail" and suppressions and all(text(each.get("status")) in ("", "accepted") for each in suppressions):
        status = "muted"
    level = text(result.get("level")) or text(inner(rule, "defaultConfiguration").get("level")) or "warning"
    if (text(result.get("kind")) or "fail") != "fail":
        level = "none"
    places = [inner(each, "physicalLocation", "artifactLocation") for each in dicts(result.get("locations"))]
    where = next((text(each.get("uri")) for each in places if each.get("uri")), "")
    prints = inner(result, "fingerprints") or inner(result, "partialFingerprints")
    told = " ".join(f"{name}={value}" for name, value in sorted(prints.items()))
    tags = entries(inner(rule, "properties").get("tags"))
    cwe = [text(each).rpartition("/")[2].upper() for each in tags if "cwe" in text(each).lower()]
    return Row(
        check=check,
        status=status,
        severity=_severity(rule, level) if level != "none" else "informational",
        title=text(inner(result, "message").get("text")) or text(inner(rule, "shortDescription").get("text")),
        area=where.partition("/")[0],
        resource=where,
        controls=tuple(f"CWE: {each}" for each in cwe),
        key=f"{check} {told}" if told else "",
    )


def _severity(rule: Mapping[str, Any], level: str) -> str:
    try:
        score = float(text(inner(rule, "properties").get("security-severity")))
    except ValueError:
        return severity(level)
    return next((word for least, word in SCORES if score >= least), severity(level))
