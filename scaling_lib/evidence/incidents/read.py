"""Reads incidents from PagerDuty's analytics, Opsgenie, and tables that say when each began and ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.row_columns import chosen, read_csv, read_json, utc
from scaling_lib.evidence.row_files import FileRows, Rows, read_rows, rejected
from scaling_lib.words import plural

COLUMNS = ("id", "service", "title", "urgency", "cause", "started", "detected", "acknowledged", "resolved")
TIMES = ("started", "detected", "acknowledged", "resolved")
ALIASES = {
    "id": ("incident_id", "number", "incident_number", "key", "tinyId"),
    "service": ("service_name", "impactedServices", "component", "application", "team"),
    "title": ("description", "summary", "message", "name"),
    "urgency": ("severity", "priority", "impact"),
    "cause": ("root_cause", "category", "cause_category", "trigger"),
    "started": ("impactStartDate", "impact_start", "started_at", "start", "fault_start", "begin"),
    "detected": (
        "impactDetectDate",
        "created_at",
        "created_on",
        "createdAt",
        "detected_at",
        "opened_at",
        "triggered_at",
    ),
    "acknowledged": ("acknowledged_at", "acked_at", "first_ack"),
    "resolved": ("impactEndDate", "resolved_at", "closed_at", "end", "ended_at", "mitigated_at", "restored_at"),
    "ack_s": ("seconds_to_first_ack", "time_to_ack_s"),
    "resolve_s": ("seconds_to_resolve", "time_to_resolve_s"),
}
EXPECTED = "PagerDuty's analytics (CSV), Opsgenie's incidents, or a table with a time at which each was detected"
NO_START = "no incident says when the fault began: the time to detect is not measured, and recovery is from detection"


@dataclass(frozen=True, kw_only=True)
class IncidentSource:
    """Files of incidents. path: a file or glob; columns: our names to those of the file."""

    path: str
    columns: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = ""


def read_incidents(sources: Sequence[IncidentSource]) -> Rows:
    """Every incident, the oldest first.

    Columns: id, service, title, urgency, cause (texts, "" where not said), started (when the fault began), detected
    (when somebody was told), acknowledged, resolved (UTC; NaT where it is not known: one that is not resolved is open).
    One that is there twice, by its id, counts once, as it stands last.
    Raises BrokenEvidence where no file gives one.
    """
    rows = read_rows("incidents", sources, _read, time="detected", expected=EXPECTED)
    frame = rows.frame.drop_duplicates("id", keep="last").sort_values(["detected", "id"], kind="stable")
    return Rows(frame=frame.reset_index(drop=True), quality=rows.quality)


def _read(file: Path, source: IncidentSource) -> FileRows:
    if file.suffix.lower() == ".json":
        return _rows(file, source, pd.DataFrame(_items(file, read_json(file))))
    return _rows(file, source, read_csv(file))


def _items(file: Path, content: Any) -> list[Mapping[str, Any]]:
    for key in ("data", "incidents"):
        if isinstance(content, dict) and isinstance(content.get(key), list):
            content = content[key]
    if not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
        raise BrokenEvidence(f"{file}: found no list of incidents; expected {EXPECTED}.")
    return [{**each, **each["data"]} if isinstance(each.get("data"), dict) else each for each in content]


def _rows(file: Path, source: IncidentSource, table: pd.DataFrame) -> FileRows:
    aliases = {
        name: ((source.columns[name],) if name in source.columns else others) for name, others in ALIASES.items()
    }
    texts = chosen(file, table, aliases, [])
    times = {name: utc(texts[name]) for name in TIMES}
    times["detected"] = times["detected"].fillna(times["started"])
    if bool(times["detected"].isna().all()) and len(table):
        found = ", ".join(map(str, table.columns))
        raise BrokenEvidence(
            f"{file}: found no time that can be read among the columns {found}; expected {EXPECTED}. Name the right "
            "ones under `columns` beside the path in assessment.yaml, such as {detected: opened}."
        )
    for name, seconds in (("acknowledged", "ack_s"), ("resolved", "resolve_s")):
        after = pd.to_timedelta(pd.to_numeric(texts[seconds], errors="coerce"), unit="s")
        times[name] = times[name].fillna((times["detected"] + after).astype(times[name].dtype))
    numbered = (texts.index + 1).astype(str)
    frame = texts.assign(id=texts["id"].where(texts["id"] != "", f"{file.name}:" + numbered), **times)[list(COLUMNS)]
    no_time = frame["detected"].isna()
    backwards = frame["resolved"] < frame[["started", "detected"]].min(axis=1)
    return FileRows(
        format="PagerDuty" if "resolve_s" in texts and bool((texts["resolve_s"] != "").any()) else "table",
        frame=frame[~no_time & ~backwards],
        rejected=(
            *rejected("no time that can be read", table[no_time].to_dict("records")),
            *rejected("resolved before it began", table[backwards & ~no_time].to_dict("records")),
        ),
        notes=tuple(_notes(frame[~no_time & ~backwards])),
    )


def _notes(frame: pd.DataFrame) -> list[str]:
    notes = []
    if len(frame) and bool(frame["started"].isna().all()):
        notes.append(NO_START)
    if open_ := int(frame["resolved"].isna().sum()):
        notes.append(f"{plural(open_, 'incident')} not resolved: open, and counted as lasting longer than until now")
    return notes
