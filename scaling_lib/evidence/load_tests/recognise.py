"""Which format a file of load tests has, by its content; what is none of ours is refused with what to do instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.load_tests.source import FORMATS, LoadSource
from scaling_lib.evidence.load_tests.text import header_of
from scaling_lib.words import listing

HEADERS = {  # columns that tell a CSV
    "locust": {"timestamp", "user count", "name", "total request count"},
    "k6-csv": {"metric_name", "timestamp", "metric_value"},
    "jmeter": {"timestamp", "elapsed"},
}
CURVE: Mapping[str, tuple[str, ...]] = {  # ours, and what a plain table calls it; the first that it has is taken
    "users": ("users", "concurrency", "load", "n", "clients", "threads", "vus", "processors"),
    "throughput": ("throughput", "x", "requests_per_second", "rps", "tps"),
    "time": ("time", "timestamp"),
}
HLOG = re.compile(rb'^(?:#\[|"StartTimestamp"|(?:Tag=[^,\r\n]*,)?[0-9.]+,[0-9.]+,[0-9.]+,HIST)', re.MULTILINE)
BARE_JTL = re.compile(rb"^[0-9]{13}[,;\t|][0-9]+[,;\t|]")
GATLING = re.compile(rb"^(?:RUN|USER|REQUEST|GROUP)\t|^[^\t\r\n]*\tRUN\t")
LINES_LOOKED_AT = 20


def recognise(file: Path, start: bytes, source: LoadSource) -> str:
    """One of FORMATS; BrokenEvidence for another form, or another one than the source says."""
    found = _format(file, start, source.columns)
    if source.format and source.format != found:
        raise BrokenEvidence(
            f"{file}: looks like {found}; expected {source.format}, as assessment.yaml says. Mend the format or the "
            "path."
        )
    return found


def _format(file: Path, start: bytes, columns: Mapping[str, str]) -> str:
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise BrokenEvidence(
            f"{file}: is empty; expected a load test. Export it again, or take it out of assessment.yaml."
        )
    if GATLING.match(text) or (start[:1] == b"\0" and (b"gatling" in start.lower() or "simulation" in file.name)):
        raise BrokenEvidence(
            f"{file}: is Gatling's simulation.log, whose form Gatling keeps to itself and changes between versions; "
            f"expected one of {listing(FORMATS, 9)}. Take users and throughput of each level from Gatling's report, "
            "and give them as a CSV with the columns users,throughput."
        )
    if HLOG.match(text):
        return "hlog"
    if b"\0" in start[:4096]:
        raise BrokenEvidence(
            f"{file}: holds binary data of no known form; expected one of {listing(FORMATS, 9)}. Vegeta's own form is "
            "made readable by `vegeta encode`."
        )
    if text[:1] in b"{[":
        return _json(file, text)
    if text.startswith(b"<"):
        raise BrokenEvidence(
            f"{file}: is XML; expected JMeter's results as CSV. Set jmeter.save.saveservice.output_format=csv and run "
            "the test again."
        )
    if BARE_JTL.match(text):
        return "jmeter"
    return _csv(file, text, columns)


def _json(file: Path, text: bytes) -> str:
    for line in text.splitlines()[:LINES_LOOKED_AT]:
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict) and {"type", "metric", "data"} <= found.keys():
            return "k6-json"
        if isinstance(found, dict) and {"timestamp", "latency", "code"} <= found.keys():
            return "vegeta"
        if isinstance(found, dict):
            raise BrokenEvidence(
                f"{file}: found JSON with the fields {listing(sorted(map(str, found)))}; expected k6's points (type, "
                "metric, data) or Vegeta's results (timestamp, latency, code), an object a line. A summary has no "
                "course of time: write single results, by `k6 run --out json=FILE` or `vegeta encode`."
            )
    shown = text.splitlines()[0][:80].decode("utf-8", "replace")
    raise BrokenEvidence(
        f"{file}, line 1: found {shown!r}; expected JSON lines of k6 or Vegeta, an object a line. A summary, or one "
        "array, is not read: write single results, by `k6 run --out json=FILE` or `vegeta encode`."
    )


def _csv(file: Path, text: bytes, columns: Mapping[str, str]) -> str:
    header, _ = header_of(text)
    lower = {name.lower() for name in header}
    for name, needed in HEADERS.items():
        if needed <= lower:
            return name
    if {"request count", "failure count", "name"} <= lower:
        raise BrokenEvidence(
            f"{file}: is Locust's summary at the end of a test; expected the course of the test. Give the file "
            "*_stats_history.csv that `locust --csv` writes beside it."
        )
    if curve_columns(header, columns).keys() >= {"users", "throughput"}:
        return "curve"
    if header[:1] == ["metric_name"] or "elapsed" in lower or "user count" in lower:
        signs = {"metric_name": "k6-csv", "elapsed": "jmeter"}
        likely = next((to for name, to in signs.items() if name in lower), "locust")
        missing = HEADERS[likely] - lower
        raise BrokenEvidence(
            f"{file}: looks like {likely}, without the column {listing(sorted(missing))}; expected it in line 1. "
            "Export it again with all columns."
        )
    raise BrokenEvidence(
        f"{file}, line 1: found {listing([name[:40] for name in header], 12)!r}; expected the header of Locust's "
        "stats history, k6 or JMeter, or a plain table with the columns users and throughput. Name the columns under "
        "`columns` beside the path in assessment.yaml, or export it again."
    )


def curve_columns(header: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Ours to the file's column of a plain table: as `columns` says, else by a usual name."""
    by_lower = {name.lower(): name for name in reversed(header)}
    found = {ours: next((by_lower[name] for name in names if name in by_lower), "") for ours, names in CURVE.items()}
    found |= {ours: name for ours, name in columns.items() if name in header}
    missing = set(columns) - {ours for ours in columns if columns[ours] in header}
    return {ours: name for ours, name in found.items() if name and ours not in missing}
