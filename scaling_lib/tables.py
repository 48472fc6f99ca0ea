"""Tables as a reader meets them (HTML) and as the report takes them out of a notebook (typed JSON)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.stats import Estimate
from scaling_lib.words import number, quantity

MOST_ROWS = 200  # rows shown on a page; the data beside it has all
SHORT, WIDE, LONG = 12, 24, 40  # characters: text up to SHORT stays on a line, over WIDE or LONG its column is wider
BELOW = ("remarks",)  # columns that stand on a line of their own below their row
ABSENT = "–"
LINE = "\n"  # in a cell of text: what follows stands on a line of its own
NUMBER = ' class="number"'
SUFFIXES = {"_us": "µs", "_ms": "ms", "_s": "s", "_bytes": "bytes", "_percent": "%"}
IN_CELLS = ("s", "fraction", "x")  # units that the cells themselves carry


def encode(frame: pd.DataFrame, name: str, caption: str = "", units: dict[str, str] | None = None) -> dict[str, Any]:
    """A frame as JSON with types: `name`, `caption`, `columns` ({name, type, unit}) and `data`, a list a column.

    Types: integer, number, text, boolean, time (ISO 8601, UTC). Missing is null; numbers that are not finite
    are the texts "inf" and "-inf". A column of Estimates becomes three: the value, `<name>_low` and `<name>_high`.
    """
    columns: list[dict[str, str]] = []
    data: list[list[Any]] = []
    for title, own, values in _columns(frame):
        kind, unit, cells = _typed(values)
        columns.append({"name": title, "type": kind, "unit": own or unit or _unit(title, units or {})[1]})
        data.append(cells)
    return {"name": name, "caption": caption, "columns": columns, "data": data}


def to_html(frame: pd.DataFrame, caption: str, units: dict[str, str], below: Sequence[str] = BELOW) -> str:
    """The frame as an HTML table, all its text escaped; `data-sort` carries each cell's exact value.

    The caption stands before the box that scrolls. below: columns of text that follow their row on a line of its own,
    where there is something to say, so that the table stays narrow.
    """
    frame = _with_index(frame)
    apart = [name for name in below if name in frame.columns]
    notes = [_note(cells) for cells in frame[apart].head(MOST_ROWS).itertuples(index=False)]
    frame = frame.drop(columns=apart)
    heads, bodies = [], []
    for place in range(frame.shape[1]):
        title, values = str(frame.columns[place]), frame.iloc[:, place]
        words, unit = _unit(title, units)
        kind = _typed(values)[0] if not _estimates(values) else "number"
        side = NUMBER if kind in ("integer", "number") else _width(values) if kind == "text" else ""
        heads.append(f'<th scope="col"{side}>{escape(_head(words, unit, kind))}</th>')
        bodies.append([_cell(value, unit, kind, side) for value in values.head(MOST_ROWS)])
    rows = "".join(
        f"<tr>{''.join(cells)}</tr>"
        + (f'<tr class="below"><td colspan="{len(heads)}"><div>{escape(note)}</div></td></tr>' if note else "")
        for cells, note in zip(zip(*bodies, strict=True), notes, strict=True)
    )
    more = f"<p>The first {MOST_ROWS} of {len(frame):,} rows.</p>" if len(frame) > MOST_ROWS else ""
    top = f'<p class="caption">{escape(caption)}</p>' if caption else ""
    head = f"<thead><tr>{''.join(heads)}</tr></thead>"
    return f'{top}<div class="table"><table>{head}<tbody>{rows}</tbody></table>{more}</div>'


def _note(cells: Sequence[Any]) -> str:
    """What stands below a row."""
    return "; ".join(str(cell) for cell in cells if isinstance(cell, str) and cell)


def _width(values: pd.Series[Any]) -> str:
    """The class of a column of text by its longest cell; lines that were broken by hand are not broken again."""
    if any(LINE in str(cell) for cell in values):
        return ' class="short"'
    longest = max((len(str(cell)) for cell in values), default=0)
    names = {SHORT: "short", WIDE: "", LONG: "wide"}
    name = next((name for most, name in names.items() if longest <= most), "long")
    return f' class="{name}"' if name else ""


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """An index that has a name is data; a bare count of rows is not."""
    return frame.reset_index() if any(name is not None for name in frame.index.names) else frame


def _columns(frame: pd.DataFrame) -> list[tuple[str, str, pd.Series[Any]]]:
    """Each column with its name and, of Estimates, their unit."""
    frame = _with_index(frame)
    found: list[tuple[str, str, pd.Series[Any]]] = []
    for place in range(frame.shape[1]):
        title, values = str(frame.columns[place]), frame.iloc[:, place]
        if not _estimates(values):
            found.append((title, "", values))
            continue
        own = next(cell.unit for cell in values if isinstance(cell, Estimate))
        for suffix, part in (("", "value"), ("_low", "low"), ("_high", "high")):
            ends = [getattr(cell, part) if isinstance(cell, Estimate) else math.nan for cell in values]
            found.append((title + suffix, own, pd.Series(ends, dtype="float64")))
    return found


def _estimates(values: pd.Series[Any]) -> bool:
    return values.dtype == object and any(isinstance(cell, Estimate) for cell in values)


def _typed(values: pd.Series[Any]) -> tuple[str, str, list[Any]]:
    """A column's type, its unit where the type has one, and its cells in JSON's types."""
    missing = values.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        stamps = pd.DatetimeIndex(pd.to_datetime(values, utc=True))
        return "time", "", [None if gone else at.isoformat().replace("+00:00", "Z")
                            for at, gone in zip(stamps, missing, strict=True)]  # fmt: skip
    if pd.api.types.is_timedelta64_dtype(values.dtype):
        return (
            "number",
            "s",
            [None if gone else value for value, gone in zip(values.dt.total_seconds(), missing, strict=True)],
        )
    if pd.api.types.is_bool_dtype(values.dtype):
        return "boolean", "", [None if gone else bool(value) for value, gone in zip(values, missing, strict=True)]
    if pd.api.types.is_integer_dtype(values.dtype):
        return "integer", "", [None if gone else int(value) for value, gone in zip(values, missing, strict=True)]
    if pd.api.types.is_float_dtype(values.dtype):
        return (
            "number",
            "",
            [None if gone else _finite(float(value)) for value, gone in zip(values, missing, strict=True)],
        )
    return "text", "", [None if gone else str(value) for value, gone in zip(values, missing, strict=True)]


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _unit(title: str, units: dict[str, str]) -> tuple[str, str]:
    """A column's words and its unit: as given, else by the suffix of its name."""
    for suffix, unit in SUFFIXES.items():
        if title.endswith(suffix):
            return title.removesuffix(suffix).replace("_", " "), units.get(title, unit)
    return title.replace("_", " "), units.get(title, "")


def _head(words: str, unit: str, kind: str) -> str:
    if kind == "time":
        return f"{words} (UTC)"
    return words if unit in ("", *IN_CELLS) else f"{words} ({unit})"


def _cell(value: Any, unit: str, kind: str, side: str) -> str:
    if isinstance(value, Estimate):
        said = replace(value, unit="") if unit == value.unit and unit not in IN_CELLS else value  # the header has it
        text = escape(str(said)).replace(" (", ' <span class="range">(', 1)
        return f'<td{side} data-sort="{value.value}">{text}{"</span>" if "<span" in text else ""}</td>'
    if not isinstance(value, (list, tuple, dict, np.ndarray)) and pd.isna(value):
        return f'<td{side} data-sort="">{ABSENT if side == NUMBER else ""}</td>'
    if kind == "time":
        at = pd.Timestamp(value)
        at = at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
        text = f"{at:%Y-%m-%d %H:%M:%S}" if at.second or at.microsecond else f"{at:%Y-%m-%d %H:%M}"
        return f'<td class="time" data-sort="{at.timestamp()}">{text}</td>'
    if kind in ("integer", "number"):
        amount = value.total_seconds() if isinstance(value, pd.Timedelta) else float(value)
        unit = "s" if isinstance(value, pd.Timedelta) else unit
        text = (
            quantity(amount, unit) if unit in IN_CELLS else f"{int(value):,}" if kind == "integer" else number(amount)
        )
        return f'<td{side} data-sort="{amount!r}">{escape(text)}</td>'
    if kind == "boolean":
        return f"<td>{'yes' if value else 'no'}</td>"
    return f"<td{side}>{escape(str(value)).replace(LINE, '<br>')}</td>"
