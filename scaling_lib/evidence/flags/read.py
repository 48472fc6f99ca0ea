"""Reads feature flags of flagd and Unleash, and the lines of code that ask for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.flags.flagd import flagd_flags
from scaling_lib.evidence.flags.unleash import unleash_flags
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.row_columns import read_json, utc
from scaling_lib.evidence.row_files import FileRows, read_rows, rejected

COLUMNS = (
    "name", "system", "type", "owner", "created", "last_seen", "enabled", "archived", "marked_stale", "share", "bucket",
    "tested",
)  # fmt: skip
TIMES = ("created", "last_seen", "tested")
LINE = re.compile(r"(?P<path>[^:\n]+):(?P<line>\d+):(?P<text>.*)")
EXPECTED = "flags of flagd (JSON or YAML), or an export of Unleash"
EXPORT = "git grep -n FUNCTION > references.txt"


@dataclass(frozen=True, kw_only=True)
class FlagSource:
    """Files of flags. path: a file or glob; references: files with the lines that ask for flags, as `EXPORT` lists."""

    path: str
    references: str = ""
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Flags:
    """The flags of all sources.

    frame: a row a flag: name, system ("flagd", "Unleash"), type ("release", "kill-switch", ...; "" where not said),
    owner, created, last_seen and tested (UTC, NaT where not known), enabled, archived, marked_stale, share (of those
    who ask that get something other than off; NaN where rules decide), bucket (what its random share is drawn by: flags
    with the same one reach the same users; "" where it has no share of its own).
    references: path, line, text; None where none are given. quality: one entry a source.
    """

    frame: pd.DataFrame
    references: pd.DataFrame | None
    quality: tuple[Quality, ...] = ()


def read_flags(sources: Sequence[FlagSource]) -> Flags:
    """Read every file of every source. Raises BrokenEvidence where none gives a flag, or the references are none."""
    rows = read_rows("flags", sources, _read, time="created", expected=EXPECTED)
    named = [FlagSource(path=each.references, origin=each.origin) for each in sources if each.references]
    if not named:
        return Flags(frame=rows.frame, references=None, quality=rows.quality)
    lines = read_rows("flags", named, _references, expected=f"lines as `{EXPORT}` lists")
    return Flags(
        frame=rows.frame,
        references=lines.frame.drop_duplicates(ignore_index=True),
        quality=(*rows.quality, *lines.quality),
    )


def _read(file: Path, _: FlagSource) -> FileRows:
    content = _content(file)
    if not isinstance(content, dict):
        raise BrokenEvidence(f"{file}: found no flags; expected {EXPECTED}.")
    if "features" in content:
        found, lost, form = *unleash_flags(file, content), "Unleash"
    elif "flags" in content:
        found, lost, form = *flagd_flags(file, content), "flagd"
    else:
        names = ", ".join(map(str, list(content)[:5]))
        raise BrokenEvidence(
            f"{file}: found {names or 'nothing'} but neither `flags` nor `features`; expected {EXPECTED}."
        )
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    frame = frame.assign(**{name: utc(frame[name].astype("str")) for name in TIMES})
    return FileRows(format=form, frame=frame, rejected=rejected("not of the form of a flag", lost))


def _content(file: Path) -> Any:
    if file.suffix.lower() not in (".yaml", ".yml"):
        return read_json(file)
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BrokenEvidence(f"{file}: cannot be read as YAML ({str(error)[:200]}); export it again.") from error


def _references(file: Path, _: FlagSource) -> FileRows:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise BrokenEvidence(f"{file}: cannot be read ({error}); list it again: `{EXPORT}`.") from error
    found = [LINE.fullmatch(line) for line in lines if line.strip()]
    rows: list[Mapping[str, Any]] = [each.groupdict() for each in found if each]
    frame = pd.DataFrame(rows, columns=["path", "line", "text"]).astype({"line": "int64"})
    lost = [line for line, each in zip((line for line in lines if line.strip()), found, strict=True) if not each]
    return FileRows(format="git grep", frame=frame, rejected=rejected("no place in a file", lost))
