"""Small real systems for tests: a folder with an assessment.yaml, requests in CSV and query_range files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOSTILE = "<script>alert('1')</script>\"&" + "x" * 300


def csv_of(minutes: Iterable[Sequence[tuple[str, int, int]]], start: datetime = START) -> str:
    """Requests as CSV: for each minute (route such as "GET /a", status, duration in ms), a second's fraction apart."""
    lines = ["time,method,path,status,duration_ms"]
    for place, requests in enumerate(minutes):
        for number, (route, status, took) in enumerate(requests):
            at = start + timedelta(minutes=place, milliseconds=number * 59_000 // max(1, len(requests)))
            method, _, path = route.partition(" ")
            lines.append(f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z,{method},{path},{status},{took}")
    return "\n".join(lines) + "\n"


def minute(route: str, total: int, *, errors: int = 0, slow: int = 0, took: int = 50, slow_ms: int = 900):
    """One minute's requests of a route: `errors` fail, `slow` of the others take slow_ms."""
    fine = total - errors - slow
    return [(route, 500, took)] * errors + [(route, 200, slow_ms)] * slow + [(route, 200, took)] * fine


def spell(route: str, total: int = 100, minutes: int = 60, first: int = 30, length: int = 3, **bad: int):
    """An hour of `total` requests a minute, in which the minutes from `first` on are bad."""
    return [minute(route, total, **(bad if first <= at < first + length else {})) for at in range(minutes)]


def query_range(
    series: Mapping[tuple[str, tuple[tuple[str, str], ...]], Sequence[float]], start: datetime = START
) -> str:
    """An answer of /api/v1/query_range with a sample a minute: (metric, labels) to values."""
    result = [
        {
            "metric": {"__name__": name, **dict(labels)},
            "values": [[start.timestamp() + 60 * place, str(value)] for place, value in enumerate(values)],
        }
        for (name, labels), values in series.items()
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def make(folder: Path, yaml: str, **files: str) -> Path:
    """Write an assessment; files by name, `__` for the dot: `requests__csv=...`."""
    folder.mkdir(exist_ok=True)
    (folder / "assessment.yaml").write_text("system: small\n" + yaml, encoding="utf-8")
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder
