"""Reads what the lab records, by other means than the library's."""

from __future__ import annotations

import gzip
import json
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

OTLP_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


def text(file: Path) -> str:
    return (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode()


def requests(folder: Path) -> pd.DataFrame:
    """The access log, split at blanks and quotes."""
    rows = []
    for line in text(folder / "access.log.gz").splitlines():
        when = line.split("[")[1].split("]")[0]
        quoted = line.split('"')
        method, path, _ = quoted[1].split(" ")
        version = quoted[7] if len(quoted) > 7 else ""
        rows.append((when, method, path, int(quoted[2].split()[0]), version, float(line.rsplit(" ", 1)[1])))
    log = pd.DataFrame(rows, columns=["time", "method", "path", "status", "version", "seconds"])
    log["time"] = pd.to_datetime(log["time"], format="%d/%b/%Y:%H:%M:%S %z", utc=True)
    return log


def spans(folder: Path) -> pd.DataFrame:
    """A row a span; `attributes` is a dictionary, `links` the ids of the spans it links to."""
    rows = []
    for line in text(folder / "spans.jsonl.gz").splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            of = _attributes(resource["resource"])
            rows += [
                {
                    "trace": span["traceId"],
                    "id": span["spanId"],
                    "parent": span["parentSpanId"],
                    "service": of["service.name"],
                    "version": of["service.version"],
                    "name": span["name"],
                    "kind": OTLP_KINDS[span["kind"]],
                    "start": int(span["startTimeUnixNano"]),
                    "end": int(span["endTimeUnixNano"]),
                    "error": span["status"].get("code") == 2,
                    "attributes": _attributes(span),
                    "links": [link["spanId"] for link in span.get("links", [])],
                }
                for scope in resource["scopeSpans"]
                for span in scope["spans"]
            ]
    return pd.DataFrame(rows).set_index("id", drop=False)


def points(folder: Path, metric: str, **labels: str) -> pd.Series:
    """The values by time of a metric's series that have these labels, added up."""
    file = next((folder / "prometheus").glob(f"{metric}.json*"))
    series = [
        pd.Series({pd.Timestamp(time, unit="s", tz="UTC"): float(value) for time, value in each["values"]})
        for each in json.loads(text(file))["data"]["result"]
        if labels.items() <= each["metric"].items()
    ]
    return pd.concat(series, axis=1).ffill().fillna(0).sum(axis=1).sort_index()


def rate(folder: Path, metric: str, start: str, end: str, **labels: str) -> float:
    """A counter's growth in a second between two moments."""
    within = points(folder, metric, **labels)[pd.Timestamp(start) : pd.Timestamp(end)]
    return (within.iloc[-1] - within.iloc[0]) / (within.index[-1] - within.index[0]).total_seconds()


def lru_hits(keys: Iterable[int], size: int) -> list[bool]:
    """Which lookups a cache of so many entries, empty at first, least recently used out first, has."""
    entries: OrderedDict[int, None] = OrderedDict()
    hits = []
    for key in keys:
        hits.append(key in entries)
        entries[key] = entries.pop(key, None)
        if len(entries) > size:
            entries.popitem(last=False)
    return hits


def _attributes(of: dict) -> dict:
    return {each["key"]: next(iter(each["value"].values())) for each in of["attributes"]}
