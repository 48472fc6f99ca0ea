"""Reads alerts: files of rules in YAML, a PrometheusRule of Kubernetes, or the answer of /api/v1/rules in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.alerts.rule import Rule
from scaling_lib.evidence.expressions import parse_expression
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality, Rejected
from scaling_lib.evidence.sources import read_sources
from scaling_lib.evidence.yaml_parts import Part, read_parts

SUPPLY = "Give Prometheus' rule files, or save the answer of /api/v1/rules."
EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class AlertSource:
    """Files of rules. path: a file or glob."""

    path: str
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """The rules of all sources, alerts and recording rules, in the order of their files. quality: one entry a file."""

    rules: tuple[Rule, ...]
    quality: tuple[Quality, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _File:
    rules: tuple[Rule, ...]
    quality: Quality


def read_alerts(sources: Sequence[AlertSource]) -> Alerts:
    """Read every file of every source; a rule whose expression cannot be read is rejected, and counted.

    Raises BrokenEvidence where no file gives a single rule.
    """
    found = read_sources(sources, _read)
    quality: list[Quality] = []
    rules: list[Rule] = []
    for each in found:
        for file in each.read:
            rules += file.rules
            quality.append(file.quality)
        quality += [
            Quality(kind="alerts", source=each.source.path, format="", rows=0, problem=problem)
            for problem in each.problems
        ]
    if not rules:
        problems = " ".join(each.problem or _rejected(each) for each in quality)
        raise BrokenEvidence(problems or f"{sources[0].path}: found no rule that can be read; expected some. {SUPPLY}")
    return Alerts(rules=tuple(rules), quality=tuple(quality))


def _rejected(quality: Quality) -> str:
    """Why a file gave no rule."""
    faults = " ".join(text for each in quality.rejected for text in each.examples)
    return f"{quality.source}: found no rule that can be read; expected some. {faults} {SUPPLY}"


def _read(file: Path, source: AlertSource) -> _File:
    rules: list[Rule] = []
    faults: list[tuple[str, str]] = []
    try:
        documents = read_parts(file, "groups of rules")  # JSON is YAML too
        groups = [(document, group) for document in documents for group in _groups(document)]
        for _, group in groups:
            for part in group.parts("rules"):
                try:
                    rules.append(_rule(part, f"{file.name}, group {group.text('name') or 'without a name'}"))
                except InvalidInput as error:
                    name = (
                        part.data.get("alert") or part.data.get("record") or part.data.get("name") or "without a name"
                    )
                    faults.append((part.where(), f"Rule {name}: {error}"))
    except InvalidInput as error:
        raise BrokenEvidence(f"{error} {SUPPLY}") from None
    if not groups:
        raise BrokenEvidence(f"{file}: found no groups of rules; expected `groups`, each with `rules`. {SUPPLY}")
    rejected = Rejected(
        reason="not a rule that can be read", rows=len(faults), examples=tuple(text for _, text in faults[:EXAMPLES])
    )
    return _File(
        rules=tuple(rules),
        quality=Quality(
            kind="alerts",
            source=str(file),
            format="Prometheus interface" if any(part.has("status") for part in documents) else "Prometheus rules",
            rows=len(rules),
            rejected=(rejected,) if faults else (),
            origin=source.origin,
        ),
    )


def _groups(document: Part) -> list[Part]:
    """The groups, wherever the form has them: at the top, below `spec` (Kubernetes) or `data` (the interface)."""
    if document.has("status") and document.text("status") != "success":
        raise document.error("status", repr(document.data["status"]), "success", "Ask Prometheus again.")
    inner = next((part for key in ("spec", "data") if (part := document.part(key))), document)
    return inner.parts("groups")


def _rule(part: Part, source: str) -> Rule:
    """In a file the key tells whether a rule alerts or records; in an answer its `type` does."""
    listed = part.has("type")
    alerts = part.text("type") == "alerting" if listed else part.has("alert")
    name = part.text("name" if listed else "alert" if alerts else "record", required=True)
    expression = str(part.data.get("query" if listed else "expr") or "")
    if not expression.strip():
        raise part.error("query" if listed else "expr", "nothing", "an expression in PromQL")
    return Rule(
        kind="alert" if alerts else "record",
        name=name,
        expression=expression,
        reads=parse_expression(expression),
        labels=part.texts("labels"),
        source=source,
    )
