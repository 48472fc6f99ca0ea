"""`findings.json`: what a run concluded, in one documented form for other programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from scaling_lib.findings import Finding, Verdict, json_types

State = Literal["ok", "watch", "act", "unknown", "no conclusion", "failed"]


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What came of one step.

    step: such as "01"; name: such as "01_slo"; title: such as "SLOs"; question: what it answers.
    state: the verdict, or "no conclusion" (it ran and concluded nothing), or "failed". "unknown" is: not measured.
    sentence: its answer, or the paragraph of the error; page, notebook: files of the report; seconds: how long it ran.
    """

    step: str
    name: str
    title: str
    question: str
    state: State
    sentence: str
    page: str
    notebook: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A run of the suite on one system.

    system: its name; suite: the version that ran.
    assessed, evidence_start, evidence_end: ISO 8601 in UTC, "" if unknown.
    command: the line that runs it again; verdict: the worst of all steps, a failed one counting as "unknown";
        sentence: that step's answer.
    findings: those of all steps, worst first. In numbers null is "not known", the text "Infinity" is "without limit".
    """

    system: str
    suite: str
    assessed: str
    evidence_start: str
    evidence_end: str
    command: str
    verdict: Verdict
    sentence: str
    steps: tuple[StepResult, ...]
    findings: tuple[Finding, ...]
    version: Literal[1] = 1


def write_summary(summary: Summary, folder: Path) -> None:
    """Write `findings.json` and its schema, `findings.schema.json`."""
    document = {"$schema": "findings.schema.json"} | asdict(summary)
    _write(folder / "findings.json", json_types(document))
    _write(folder / "findings.schema.json", schema())


def schema() -> dict[str, Any]:
    """The JSON Schema of `findings.json`, made from the dataclasses."""
    from pydantic import TypeAdapter

    made = TypeAdapter(Summary).json_schema(mode="serialization")
    number = {"anyOf": [{"type": "number"}, {"enum": ["Infinity", "-Infinity"]}, {"type": "null"}]}
    for field in ("value", "low", "high"):
        place = made["$defs"]["Estimate"]["properties"][field]
        made["$defs"]["Estimate"]["properties"][field] = {"title": place["title"]} | number
    made["properties"]["$schema"] = {"type": "string"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "findings.json"} | made


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
