"""Which labels the aggregations of a PromQL expression keep of what they add up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scaling_lib.evidence.selector import STRING

QUIET = re.compile(r"\[[^\[\]]*\]|#[^\n]*|\{[^{}]*\}")
CLAUSE = r"\b(by|without)\s*\(([^()]*)\)"
# topk, bottomk and their like choose among series, and leave each its labels
OPERATOR = re.compile(
    rf"\b(?:sum|avg|min|max|count|group|stddev|stdvar|quantile|count_values)\s*(?:{CLAUSE}\s*)?\(", re.I
)
BEHIND = re.compile(rf"\s*{CLAUSE}", re.I)


@dataclass(frozen=True)
class Aggregation:
    """One aggregation: it keeps the labels that are listed, or, of `without`, all others."""

    without: bool
    labels: frozenset[str]

    def keeps(self, label: str) -> bool:
        """Whether series that differ in this label stay apart."""
        return (label in self.labels) != self.without


def aggregations(text: str) -> list[tuple[int, int, Aggregation]]:
    """The aggregations of an expression: from which place of the text to which they reach, and what they keep."""
    quiet = STRING.sub(_blank, text)
    return list(_found(QUIET.sub(_blank, quiet)))


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _found(quiet: str) -> Iterator[tuple[int, int, Aggregation]]:
    for operator in OPERATOR.finditer(quiet):
        depth, end = 1, operator.end()
        while end < len(quiet) and depth:
            depth += (quiet[end] == "(") - (quiet[end] == ")")
            end += 1
        behind = None if operator[1] else BEHIND.match(quiet, end)
        word, labels = behind.groups() if behind else (operator[1], operator[2])
        listed = frozenset(label.strip() for label in (labels or "").split(",") if label.strip())
        yield operator.end(), end, Aggregation(without=(word or "").lower() == "without", labels=listed)
