"""Prometheus' query_range answers, from a server or a file, to series of times and values."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.quality import Rejected
from scaling_lib.words import plural

Points = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]  # microseconds since 1970, values
LATEST_S = 253_402_300_799  # the end of the year 9999
EXAMPLES = 3
ADVICE = "Check the URL, or save the file again, with the whole answer of /api/v1/query_range."


@dataclass(kw_only=True)
class Series:
    """Points by series (metric, labels as canonical JSON), gathered from one or many answers."""

    points: dict[tuple[str, str], list[Points]] = field(default_factory=lambda: defaultdict(list))
    rejected: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[str, None] = field(default_factory=dict)  # in order, each once

    def add(self, body: bytes, where: str, name: str) -> int:
        """Read one answer; series without a name of their own take `name`. Returns how many points it had.

        Raises BrokenEvidence, starting with `where`, if it is not a successful answer with a matrix.
        """
        document = _document(body, where)
        count = 0
        for position, entry in enumerate(_result(document, where)):
            metric, labels = _identity(entry, where, position, name)
            if entry.get("histograms"):
                self.notes[f"{metric}: native histograms are not read; ask for classic buckets (le)"] = None
            points = self._points(entry.get("values") or [], metric)
            count += len(points[0])
            self.points[metric, labels].append(points)
        for key in ("warnings", "infos"):
            for text in document.get(key) or []:
                self.notes[f"Prometheus says: {text}"] = None
        return count

    def update(self, other: Series) -> None:
        """Take over the points of another source; where both have a moment, the first one read stays."""
        for key, points in other.points.items():
            self.points[key] += points

    def merged(self) -> dict[tuple[str, str], Points]:
        """Rising times, and values, for each series that has points; of equal times the first stays."""
        return {
            key: _merge(self.points[key]) for key in sorted(self.points) if any(len(t) for t, _ in self.points[key])
        }

    def conflicts(self) -> int:
        """How many points contradict another one of the same series and moment."""
        return sum(_conflicts(chunks) for chunks in self.points.values())

    def rejects(self) -> tuple[Rejected, ...]:
        """What could not be used, by reason."""
        return tuple(
            Rejected(reason=reason, rows=rows, examples=tuple(self.examples[reason]))
            for reason, rows in self.rejected.items()
        )

    def _points(self, values: Any, metric: str) -> Points:
        if not values:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        try:
            moments, texts = zip(*values, strict=True)
            if set(map(type, texts)) == {str} and set(map(type, moments)) <= {int, float}:
                times, numbers = np.array(moments, dtype=np.float64), np.array(texts).astype(np.float64)
                if bool(np.all((times >= 0) & (times <= LATEST_S))):
                    return _microseconds(times), numbers
        except (TypeError, ValueError, OverflowError):
            pass  # one by one, to say which points cannot be read
        return self._readable(values if isinstance(values, list) else [values], metric)

    def _readable(self, values: list[Any], metric: str) -> Points:
        kept: list[tuple[float, float]] = []
        for point in values:
            reason = _fault(point)
            if not reason:
                kept.append((float(point[0]), float(point[1])))
                continue
            self.rejected[reason] += 1
            if len(self.examples[reason]) < EXAMPLES:
                self.examples[reason].append(f"{metric}: {str(point)[:80]}")
        times = np.array([time for time, _ in kept], dtype=np.float64)
        return _microseconds(times), np.array([number for _, number in kept], dtype=np.float64)


@dataclass(kw_only=True)
class Answer:
    """What one file or server gave: its series, and what a reader should know of them."""

    place: str
    format: str
    origin: str = ""
    series: Series = field(default_factory=Series)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def metric_frame(series: Mapping[tuple[str, str], Points]) -> pd.DataFrame:
    """The canonical frame: `time` (UTC), `metric` and `labels` (categories), `value`; by metric, labels, time."""
    keys = list(series)
    lengths = [len(series[key][0]) for key in keys]
    times = np.concatenate([series[key][0] for key in keys]) if keys else np.zeros(0, dtype=np.int64)
    values = np.concatenate([series[key][1] for key in keys]) if keys else np.zeros(0)
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex(times.view("datetime64[us]")).tz_localize("UTC"),
            "metric": _repeated([metric for metric, _ in keys], lengths),
            "labels": _repeated([labels for _, labels in keys], lengths),
            "value": values,
        }
    )


def canonical(labels: Mapping[str, str]) -> str:
    """Labels as JSON with sorted keys, without the metric's name and without empty labels (Prometheus has none)."""
    return json.dumps(
        {key: text for key, text in labels.items() if key != "__name__" and text}, sort_keys=True, ensure_ascii=False
    )


def _repeated(names: list[str], lengths: list[int]) -> pd.Categorical:
    categories = sorted(set(names))
    places = {name: place for place, name in enumerate(categories)}
    codes = np.repeat(np.array([places[name] for name in names], dtype=np.int32), lengths)
    return pd.Categorical.from_codes(codes, categories=pd.Index(categories, dtype="str"))


def _document(body: bytes, where: str) -> dict[str, Any]:
    if not body.strip():
        raise BrokenEvidence(f"{where}: found nothing, 0 bytes of content; expected JSON. {ADVICE}")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        start = body[:60].decode("utf-8", "replace").strip()
        if start[:1] == "{":
            found = f"JSON that breaks off or is damaged at byte {error.pos:,} of {len(body):,}"
        elif start[:1] == "<":
            found = f"a page of HTML or XML ({start[:40]!r}), perhaps a login page or another server"
        else:
            found = f"text that is not JSON ({start[:40]!r})"
        raise BrokenEvidence(f"{where}: found {found}; expected a query_range answer. {ADVICE}") from None
    if not isinstance(document, dict) or "status" not in document:
        found = (
            f"JSON with {', '.join(list(document)[:5]) or 'no keys'}" if isinstance(document, dict) else "other JSON"
        )
        raise BrokenEvidence(f"{where}: found {found}; expected a query_range answer with status and data. {ADVICE}")
    if document["status"] != "success":
        raise BrokenEvidence(
            f"{where}: found status {document['status']!r}, Prometheus says: {document.get('error', 'nothing')}. "
            "Mend the query, and ask again."
        )
    return document


def _result(document: dict[str, Any], where: str) -> list[Any]:
    data = document.get("data")
    kind = data.get("resultType") if isinstance(data, dict) else None
    if not isinstance(data, dict) or kind != "matrix":
        raise BrokenEvidence(
            f"{where}: found the result type {kind!r}; expected 'matrix', a range. Ask /api/v1/query_range with start, "
            "end and step, rather than /api/v1/query."
        )
    result = data.get("result")
    if not isinstance(result, list):
        raise BrokenEvidence(f"{where}: found data.result {str(result)[:40]}; expected a list of series. {ADVICE}")
    return result


def _identity(entry: Any, where: str, position: int, name: str) -> tuple[str, str]:
    metric = entry.get("metric") if isinstance(entry, dict) else None
    if not isinstance(metric, dict) or not all(isinstance(text, str) for text in metric.values()):
        raise BrokenEvidence(
            f"{where}, data.result[{position}]: found {str(entry)[:60]}; expected a series with `metric` (its "
            "labels) and `values`."
        )
    return metric.get("__name__") or name, canonical(metric)


def _fault(point: Any) -> str:
    if not isinstance(point, list) or len(point) != 2:
        return "not a pair of time and value"
    time, value = point
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time <= LATEST_S:
        return "time is not in unix seconds"
    if not isinstance(value, str):
        return "value is not a string"
    try:
        float(value)
    except ValueError:
        return "value is not a number"
    return ""


def _microseconds(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.rint(seconds * 1000).astype(np.int64) * 1000  # Prometheus' own resolution is the millisecond


def _merge(chunks: list[Points]) -> Points:
    times = np.concatenate([times for times, _ in chunks])
    values = np.concatenate([values for _, values in chunks])
    unique, first = np.unique(times, return_index=True)  # of equal times, the first
    return unique, values[first]


def _conflicts(chunks: list[Points]) -> int:
    times, values = _merge(chunks)
    given = np.concatenate([values for _, values in chunks])
    kept = values[np.searchsorted(times, np.concatenate([times for times, _ in chunks]))]
    return int(np.sum((given != kept) & ~(np.isnan(given) & np.isnan(kept))))


def conflict_note(count: int) -> str:
    """The remark on points that contradict an earlier one."""
    return f"{plural(count, 'point')} contradict another of the same series and time; the first was kept"
