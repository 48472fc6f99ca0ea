"""A line of a log, in JSON, logfmt or plain text: its time, its service and the id of its trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from scaling_lib.evidence.formats import LogFormat

TRACE = ("trace_id", "traceid", "trace.id", "traceId", "traceID", "TraceId", "otelTraceID", "dd.trace_id", "trace",
         "logging.googleapis.com/trace", "mdc.trace_id", "attributes.trace_id", "contextMap.trace_id")  # fmt: skip
PARENT = ("traceparent", "headers.traceparent")
SERVICE = ("service", "service.name", "service_name", "serviceName", "resource.service.name", "app", "application",
           "component", "otelServiceName", "kubernetes.labels.app")  # fmt: skip
TIME = ("time", "timestamp", "@timestamp", "ts", "date", "datetime", "Timestamp")
HEXADECIMAL = re.compile(r"[0-9a-f]{16,32}")
DECIMAL = re.compile(r"[0-9]{6,20}")
TRACEPARENT = re.compile(r"\b[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b")
IN_TEXT = re.compile(r"\btrace[._-]?id\b\W{1,4}([0-9a-fA-F-]{16,36}|[0-9]{6,20})\b", re.IGNORECASE)
PAIR = re.compile(r'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")
COMMON = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]")
EPOCH = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))  # from so much on, divided by so much, seconds since 1970
LATEST_S = 253_402_300_799  # the end of the year 9999
FEWEST_PAIRS = 2


class Line(NamedTuple):
    """time: seconds since 1970, NaN where none can be read; trace: in lower case without dashes, "" for none."""

    time: float
    service: str
    trace: str


def recognise(line: str) -> LogFormat:
    """The format of a log by one of its lines."""
    if line.lstrip().startswith("{"):
        return "jsonl"
    pairs = list(PAIR.finditer(line))
    return "logfmt" if len(pairs) >= FEWEST_PAIRS and pairs[0].start() == 0 else "text"


def reader(format: LogFormat) -> Callable[[str], Line | None]:
    """What reads a line of the format; None from it where the line is not of the format."""
    return {"jsonl": _json, "logfmt": _logfmt}.get(format, _text)


def _json(line: str) -> Line | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return _of(found) if isinstance(found, dict) else None


def _logfmt(line: str) -> Line | None:
    pairs = {found[1]: found[2].strip('"') for found in PAIR.finditer(line)}
    return _of(pairs) if pairs else None


def _text(line: str) -> Line | None:
    parent = TRACEPARENT.search(line)
    named = IN_TEXT.search(line)
    written = ISO.search(line) or COMMON.search(line)
    time = float("nan") if written is None else _seconds(written[written.re.groups])
    return Line(time, "", _trace(parent[1] if parent else named[1] if named else ""))


def _of(fields: Mapping[str, Any]) -> Line:
    parent = TRACEPARENT.search(str(_first(fields, PARENT) or ""))
    trace = _trace(_first(fields, TRACE)) or (parent[1] if parent else "")
    return Line(_seconds(_first(fields, TIME)), str(_first(fields, SERVICE) or ""), trace)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The first of the fields that is there: by its name, or by the way to it, as `service.name` in `service`."""
    for name in names:
        if (found := fields.get(name)) not in (None, "") and not isinstance(found, Mapping):
            return found
        inner: Any = fields
        for step in name.split("."):
            inner = inner.get(step) if isinstance(inner, Mapping) else None
        if inner not in (None, "") and not isinstance(inner, Mapping | list):
            return inner
    return None


def _trace(value: Any) -> str:
    """An id in lower case, of hexadecimal digits or a number; "" where it is none, or all zeros."""
    text = str(value if value is not None else "").rpartition("/")[2].replace("-", "").lower()
    whole = HEXADECIMAL.fullmatch(text) or DECIMAL.fullmatch(text)
    return text if whole and text.strip("0") else ""


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or value is None:
        return float("nan")
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return _written(text)
    seconds = next((number / divisor for least, divisor in EPOCH if number >= least), float("nan"))
    return seconds if seconds <= LATEST_S else float("nan")


def _written(text: str) -> float:
    """A time as it is written; one without an offset is UTC."""
    for read in (_iso, lambda each: datetime.strptime(each, "%d/%b/%Y:%H:%M:%S %z")):
        try:
            found = read(text)
        except ValueError:
            continue
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return float("nan")


def _iso(text: str) -> datetime:
    """Python reads at most six digits of a second."""
    return datetime.fromisoformat(re.sub(r"[.,](\d{1,6})\d*", lambda found: f".{found[1]:0<6}", text))
