"""Open issues and measures as SonarQube's web interface answers (`/api/issues/search`, `/api/measures/component`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.row_columns import plain_text, read_json, utc
from scaling_lib.evidence.row_files import FileRows, rejected

EFFORT = re.compile(r"(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)min)?")
DAY_MIN, HOUR_MIN = 480, 60  # SonarQube's days have eight hours
OVER = ("RESOLVED", "CLOSED")


def sonar(file: Path) -> FileRows:
    """A row an open issue or a measure. Raises BrokenEvidence for JSON that is neither."""
    content = read_json(file)
    if isinstance(content, dict) and isinstance(content.get("issues"), list):
        return _issues(content)
    component = content.get("component") if isinstance(content, dict) else None
    if isinstance(component, dict) and isinstance(component.get("measures"), list):
        return _measures(component["measures"])
    raise BrokenEvidence(
        f"{file}: found neither `issues` nor `component.measures`; expected SonarQube's answer of "
        "/api/issues/search or /api/measures/component."
    )


def minutes(effort: object) -> float:
    """Such as "30min", "2h" or "6d 5h" in minutes; NaN for what is none."""
    found = EFFORT.fullmatch(plain_text(effort))
    if not found or not any(found.groups()):
        return float("nan")
    days, hours, rest = (int(each or 0) for each in found.groups())
    return float(days * DAY_MIN + hours * HOUR_MIN + rest)


def _issues(content: Mapping[str, Any]) -> FileRows:
    given = content["issues"]
    good = [each for each in given if isinstance(each, dict) and plain_text(each.get("key"))]
    open_ = [each for each in good if plain_text(each.get("status")).upper() not in OVER]
    created = utc(pd.Series([plain_text(each.get("creationDate")) for each in open_], dtype="str"))
    frame = pd.DataFrame(
        {
            "part": "issue",
            "key": [plain_text(each["key"]) for each in open_],
            "path": [plain_text(each.get("component")).partition(":")[2] for each in open_],
            "rule": [plain_text(each.get("rule")) for each in open_],
            "severity": [plain_text(each.get("severity")) for each in open_],
            "effort_min": [minutes(each.get("effort") or each.get("debt")) for each in open_],
            "created": created,
        }
    )
    notes = [f"{len(good) - len(open_):,} issues resolved or closed, left out"] if len(good) > len(open_) else []
    paging = content.get("paging")
    total = paging.get("total", 0) if isinstance(paging, dict) else 0
    if isinstance(total, int) and total > len(given):
        notes.append(f"page of {len(given):,} of {total:,} issues: give the other pages too")
    lost = [each for each in given if each not in good]
    return FileRows(format="SonarQube issues", frame=frame, rejected=rejected("no issue", lost), notes=tuple(notes))


def _measures(given: list[Any]) -> FileRows:
    rows, lost = [], []
    for each in given:
        value = pd.to_numeric(plain_text(each.get("value")), errors="coerce") if isinstance(each, dict) else None
        if value is None or pd.isna(value):
            lost.append(each)
        else:
            rows.append({"part": "measure", "path": plain_text(each.get("metric")), "value": float(value)})
    frame = pd.DataFrame(rows, columns=["part", "path", "value"])
    return FileRows(format="SonarQube measures", frame=frame, rejected=rejected("no number", lost))
