"""Columns of small tables as a file names them, brought to one form: texts, times in UTC, and numbers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.words import listing

NOTHING = ("", "null", "none", "nan", "nat", "n/a", "-")


def read_json(file: Path) -> Any:
    """The content of a JSON file; BrokenEvidence where it is none."""
    try:
        return orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BrokenEvidence(
            f"{file}: cannot be read as JSON ({error}); expected a whole file. Export it again."
        ) from (error)


def read_csv(file: Path) -> pd.DataFrame:
    """A CSV file, separated by comma, semicolon or tab, with every value as a text; "" where one is missing."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        table = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise BrokenEvidence(
            f"{file}: cannot be read as CSV ({str(error).strip()[:200]}); expected UTF-8 with a head of column names. "
            "Export it again."
        ) from error
    return table.rename(columns=lambda name: str(name).strip())


def chosen(
    file: Path, table: pd.DataFrame, aliases: Mapping[str, Sequence[str]], needed: Iterable[str]
) -> pd.DataFrame:
    """The table's columns by our names; case, blanks and underscores do not matter, absent ones are "".

    aliases: by our name, the names that files have for it, best first. Raises BrokenEvidence without a needed one.
    """
    own = {_plain(str(name)): str(name) for name in reversed(list(table.columns))}
    found = {
        name: next((own[_plain(each)] for each in (name, *others) if _plain(each) in own), "")
        for name, others in aliases.items()
    }
    if missing := [f"{name} ({' or '.join(aliases[name][:3])})" for name in needed if not found[name]]:
        raise BrokenEvidence(
            f"{file}: found no column {listing(missing)} among {listing([str(each) for each in table.columns], 12)}; "
            "expected it. Name the right ones under `columns` beside the path in assessment.yaml, or export it again."
        )
    return pd.DataFrame(
        {name: table[column].map(plain_text) if column else "" for name, column in found.items()}, index=table.index
    )


def plain_text(value: object) -> str:
    """A value as text, "" for nothing in any spelling."""
    text = "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value).strip()
    return "" if text.lower() in NOTHING else text


def utc(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Times in UTC from ISO 8601 texts, or numbers of s or ms since 1970; NaT where one is none. No offset: UTC."""
    numbers = pd.to_numeric(texts, errors="coerce")
    plausible = numbers.between(1e8, 1e14)
    seconds = numbers.where(numbers < 1e11, numbers / 1e3)
    as_number = pd.to_datetime((seconds.where(plausible) * 1e6).round(), unit="us", utc=True, errors="coerce")
    as_text = pd.to_datetime(texts.where(numbers.isna() & (texts != "")), utc=True, format="ISO8601", errors="coerce")
    return as_text.fillna(as_number).astype("datetime64[us, UTC]")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
