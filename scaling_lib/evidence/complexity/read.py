"""Reads lizard's CSV, SonarQube's issues and measures (JSON), and coverage.xml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.complexity.coverage import covered
from scaling_lib.evidence.complexity.lizard import functions
from scaling_lib.evidence.complexity.sonar import sonar
from scaling_lib.evidence.files import head_of
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.row_files import FileRows, read_rows

EXPECTED = "lizard's CSV (`lizard --csv`), SonarQube's issues or measures (JSON), or coverage.xml"


@dataclass(frozen=True, kw_only=True)
class ComplexitySource:
    """Files about the code. path: a file or glob."""

    path: str
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Complexity:
    """What the files of all sources say of the code, as it stands.

    functions: path, function, lines (without comments), complexity (McCabe's cyclomatic number), start (line).
    issues: open ones: path ("" of the project), rule, severity, effort_min, created (UTC, NaT where not known).
    measures: by SonarQube's name, such as ncloc and sqale_index (minutes). coverage: path, lines, covered.
    Each is empty where no file is of its kind. quality: one entry a source.
    """

    functions: pd.DataFrame
    issues: pd.DataFrame
    measures: Mapping[str, float]
    coverage: pd.DataFrame
    quality: tuple[Quality, ...] = ()


def read_complexity(sources: Sequence[ComplexitySource]) -> Complexity:
    """Read every file of every source. Raises BrokenEvidence where no file gives a row."""
    rows = read_rows("complexity", sources, _read, expected=EXPECTED)
    frame = rows.frame

    def part(name: str, columns: Sequence[str]) -> pd.DataFrame:
        own = frame[frame["part"] == name].reindex(columns=list(columns))
        return own.drop_duplicates(ignore_index=True)

    functions_ = part("function", ("path", "function", "lines", "complexity", "start"))
    issues = part("issue", ("key", "path", "rule", "severity", "effort_min", "created"))
    measured = part("measure", ("path", "value"))
    coverage = part("coverage", ("path", "lines", "covered")).drop_duplicates("path", keep="last", ignore_index=True)
    return Complexity(
        functions=functions_.astype({"lines": "int64", "complexity": "int64", "start": "int64"}),
        issues=issues.drop_duplicates("key", keep="last", ignore_index=True).drop(columns="key"),
        measures={str(name): float(value) for name, value in measured.itertuples(index=False)},
        coverage=coverage.astype({"lines": "int64", "covered": "int64"}),
        quality=rows.quality,
    )


def _read(file: Path, _: ComplexitySource) -> FileRows:
    head = head_of(file)[0].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return sonar(file)
    if head.startswith(b"<"):
        return covered(file)
    if not head:
        raise BrokenEvidence(f"{file}: is empty; expected {EXPECTED}.")
    return functions(file)
