"""`Rule`: one rule of Prometheus, that alerts or that records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scaling_lib.evidence.expressions import Expression

PAGES = frozenset(["page", "critical", "urgent", "emergency", "fatal", "high", "p1", "p0", "sev1", "sev0", "1"])
SEVERITY = ("severity", "sev", "priority", "level", "urgency")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    kind: whether it alerts or records; name: of the alert, or of the series that it records.
    expression: PromQL as written; reads: what it reads. labels: those that it adds. source: its file and group.
    """

    kind: Literal["alert", "record"]
    name: str
    expression: str
    reads: Expression
    labels: Mapping[str, str]
    source: str

    @property
    def severity(self) -> str:
        """As its labels have it, "" where they do not."""
        return next((self.labels[name] for name in SEVERITY if self.labels.get(name)), "")

    @property
    def pages(self) -> bool:
        """Whether its severity is one of those that call someone."""
        return self.severity.strip().lower() in PAGES
