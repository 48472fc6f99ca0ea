"""Reads CODEOWNERS files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.ownership.codeowners import Rule, rule_of
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.row_files import FileRows, read_rows, rejected

FORM = "Write one rule a line: /services/gateway/ @example/team-edge."


@dataclass(frozen=True, kw_only=True)
class OwnershipSource:
    """Files of rules. path: a file or glob."""

    path: str
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """The rules of all sources, in their order. quality: one entry a source."""

    rules: tuple[Rule, ...]
    quality: tuple[Quality, ...] = ()

    def rule(self, path: str) -> Rule | None:
        """The rule that decides: the last one that matches; None where none does."""
        return _deciding(self.rules, path)

    def owners(self, path: str) -> tuple[str, ...]:
        """Teams and people by their names alone (`@example/team-edge` is team-edge); none where nobody owns it."""
        found = self.rule(path)
        return tuple(each.removeprefix("@").rpartition("/")[2] for each in found.owners) if found else ()


def read_ownership(sources: Sequence[OwnershipSource]) -> Ownership:
    """Read every file of every source. Raises BrokenEvidence where none gives a rule."""
    rows = read_rows("ownership", sources, _read, expected=f"CODEOWNERS. {FORM}")
    return Ownership(rules=tuple(rows.frame["rule"]), quality=rows.quality)


def _read(file: Path, _: OwnershipSource) -> FileRows:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenEvidence(f"{file}: cannot be read as text ({error}); expected UTF-8. {FORM}") from error
    found = [(number, text, rule_of(text, number)) for number, text in enumerate(lines, start=1)]
    rules = [each for _, _, each in found if isinstance(each, Rule)]
    wrong = [f"line {number}: {text.strip()} ({each})" for number, text, each in found if isinstance(each, str)]
    return FileRows(
        format="CODEOWNERS",
        frame=pd.DataFrame({"rule": rules}, dtype=object),
        rejected=rejected("a line that GitHub leaves out too", wrong),
    )


@lru_cache(maxsize=100_000)
def _deciding(rules: tuple[Rule, ...], path: str) -> Rule | None:
    return next((rule for rule in reversed(rules) if rule.matches.fullmatch(path)), None)
