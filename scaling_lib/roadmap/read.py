"""Reads what a run concluded, from its `findings.json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from scaling_lib.errors import InvalidInput
from scaling_lib.findings import VERDICTS, Finding, Source
from scaling_lib.stats import Estimate

NAME = "findings.json"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run concluded: findings, the state and sentence of each step (by its number), and when, of what.

    place: the file; assessed, evidence_start, evidence_end: ISO 8601 in UTC, "" where not known.
    """

    place: str
    system: str
    suite: str
    assessed: str
    evidence_start: str
    evidence_end: str
    findings: tuple[Finding, ...]
    states: Mapping[str, str]
    sentences: Mapping[str, str]


def read_findings(place: str | Path) -> Told:
    """Read `findings.json`, or the one in a report's folder.

    Raises InvalidInput for a file that is none, or of another version.
    """
    file = Path(place) / NAME if Path(place).is_dir() else Path(place)
    try:
        content = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InvalidInput(
            f"{file}: cannot be read as JSON ({error}); expected the findings.json of a report."
        ) from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        found = content.get("version") if isinstance(content, dict) else type(content).__name__
        raise InvalidInput(
            f"{file}: found version {found!r} of findings; expected {VERSION}. Run the suite again to write one."
        )
    try:
        return Told(
            place=str(file),
            **{name: str(content[name]) for name in ("system", "suite", "assessed", "evidence_start", "evidence_end")},
            findings=tuple(_finding(each) for each in content["findings"]),
            states={str(each["step"]): str(each["state"]) for each in content["steps"]},
            sentences={str(each["step"]): str(each["sentence"]) for each in content["steps"]},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"{file}: is not of the form of findings.schema.json ({type(error).__name__}: {error}); expected the file "
            "as a run wrote it."
        ) from error


def _finding(content: Mapping[str, Any]) -> Finding:
    if content["verdict"] not in VERDICTS:
        raise ValueError(f"verdict {content['verdict']!r}")
    return Finding(
        **{
            name: content[name]
            for name in ("step", "name", "verdict", "sentence", "subject", "why", "action", "command", "figure")
        },
        impact=None if content["impact"] is None else _estimate(content["impact"]),
        bites=None if content.get("bites") is None else _estimate(content["bites"]),
        evidence=tuple(Source(**each) for each in content["evidence"]),
    )


def _estimate(content: Mapping[str, Any]) -> Estimate:
    value, low, high = (_number(content[name]) for name in ("value", "low", "high"))
    return Estimate(value, low, high, float(content["level"]), str(content["unit"]), bool(content["assumed"]))


def _number(value: Any) -> float:
    """A number as `findings.json` writes it: null is not known, a text an infinity."""
    if value is None:
        return math.nan
    return {"Infinity": math.inf, "-Infinity": -math.inf}[value] if isinstance(value, str) else float(value)
