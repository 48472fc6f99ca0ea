"""One check's verdict as every scanner's reader gives it, and the words that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["fail", "manual", "not evaluated", "muted", "pass"]
STATUSES: tuple[Status, ...] = ("fail", "manual", "not evaluated", "muted", "pass")  # what asks for most first
SEVERITIES = ("critical", "high", "medium", "low", "informational", "not said")  # worst first
SPELLINGS = {
    "critical": "critical", "high": "high", "important": "high", "error": "high", "medium": "medium",
    "moderate": "medium", "warning": "medium", "low": "low", "note": "low", "minor": "low",
    "informational": "informational", "info": "informational", "none": "informational", "negligible": "low",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """One check on one resource.

    check: its id; key: what stays the same of it between two scans; service: whose it is, where the scanner says it in
    our words; area: the scanner's own word for where it belongs; controls: "framework: id".
    """

    check: str
    status: Status
    severity: str = "not said"
    title: str = ""
    service: str = ""
    area: str = ""
    resource: str = ""
    region: str = ""
    controls: tuple[str, ...] = ()
    key: str = ""

    @property
    def identity(self) -> str:
        """The key, or check and resource."""
        return self.key or f"{self.check} {self.resource}"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What one file tells. scanner, format: names; scanned: ISO 8601 or s since 1970, "" where it does not say when.

    lists_passes: whether it also tells what passed; else what is absent may be mended, or never looked at.
    unlisted_passes: how many passed that it counts and does not name. unread: entries that are of no known form.
    """

    scanner: str
    format: str
    rows: Sequence[Row]
    scanned: str = ""
    lists_passes: bool = True
    unlisted_passes: int = 0
    notes: tuple[str, ...] = ()
    unread: Sequence[object] = field(default=())


def severity(word: object) -> str:
    """A severity in our words."""
    return SPELLINGS.get(str(word or "").strip().lower(), "not said")


def text(value: object) -> str:
    """A value as text; "" for nothing."""
    return "" if value is None else str(value).strip()


def dicts(value: object) -> list[Mapping[str, Any]]:
    """The entries of a list that are objects; none of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def entries(value: object) -> list[Any]:
    """A list; an empty one of anything else."""
    return value if isinstance(value, list) else []


def inner(value: object, *names: str) -> Mapping[str, Any]:
    """The object within objects by these names; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def controls(compliance: Mapping[str, Any]) -> tuple[str, ...]:
    """From ids by framework."""
    found: list[str] = []
    for framework, ids in compliance.items():
        own: Iterable[Any] = ids if isinstance(ids, list) else [ids]
        found += [f"{framework}: {text(each)}" for each in own if text(each)]
    return tuple(found)
