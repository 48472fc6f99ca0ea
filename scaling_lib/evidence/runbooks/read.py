"""Reads runbooks: Markdown pages whose head, between two lines of `---`, is YAML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.row_columns import utc
from scaling_lib.evidence.row_files import FileRows, Rows, read_rows

COLUMNS = ("name", "title", "service", "incidents", "owner", "reviewed", "tried")
TEXTS = ("title", "service", "owner")
TIMES = ("reviewed", "tried")
FORM = (
    "Begin the page with ---, then title, service, incidents (a list of their titles; * matches anything), owner, "
    "reviewed and tried (dates), then --- again."
)
LONGEST_HEAD = 20_000  # characters


@dataclass(frozen=True, kw_only=True)
class RunbookSource:
    """Pages. path: a file or glob."""

    path: str
    origin: Origin = ""


def read_runbooks(sources: Sequence[RunbookSource]) -> Rows:
    """A row a page: name (of its file), title, service, incidents (a tuple of titles), owner, reviewed, tried (UTC).

    Texts are "" and times NaT where the head does not say. A page without a head, or with a broken one, is a problem of
    its source; the others are read. Raises BrokenEvidence where no page can be.
    """
    return read_rows("runbooks", sources, _read, time="reviewed", expected=f"Markdown pages with a head. {FORM}")


def _read(file: Path, _: RunbookSource) -> FileRows:
    head = _head(file)
    if wrong := [name for name in TEXTS if not isinstance(head.get(name) or "", str)]:
        raise BrokenEvidence(f"{file}: {wrong[0]}: found {str(head[wrong[0]])[:60]!r}; expected text. {FORM}")
    given = head.get("incidents") or []
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise BrokenEvidence(f"{file}: incidents: found {str(given)[:60]!r}; expected a list of titles. {FORM}")
    row = {
        "name": file.stem,
        **{name: (head.get(name) or "").strip() for name in TEXTS},
        "incidents": tuple(each.strip() for each in listed if each.strip()),
        **{name: _date(file, name, head.get(name)) for name in TIMES},
    }
    frame = pd.DataFrame([row], columns=list(COLUMNS))
    return FileRows(format="Markdown", frame=frame.assign(**{name: utc(frame[name].astype("str")) for name in TIMES}))


def _head(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenEvidence(f"{file}: cannot be read as text ({error}); expected UTF-8. {FORM}") from error
    first, _, rest = text.replace("\r\n", "\n").partition("\n")
    head, closed, _ = f"\n{rest}\n".partition("\n---\n")
    if first.strip() != "---" or not closed or len(head) > LONGEST_HEAD:
        raise BrokenEvidence(f"{file}: found no head; expected one. {FORM}")
    try:
        found = yaml.safe_load(head)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise BrokenEvidence(f"{file}: its head cannot be read as YAML ({said}); mend it. {FORM}") from error
    if not isinstance(found, dict):
        raise BrokenEvidence(f"{file}: found a head without keys; expected them. {FORM}")
    return found


def _date(file: Path, name: str, value: object) -> str:
    """A date as text, "" for none."""
    text = value.isoformat() if isinstance(value, date) else "" if value is None else str(value).strip()
    if text and pd.isna(utc(pd.Series([text], dtype="str"))[0]):
        raise BrokenEvidence(f"{file}: {name}: found {text[:60]!r}; expected a date, such as 2026-10-14. {FORM}")
    return text
