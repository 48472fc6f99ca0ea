"""The form that every reader of load tests gives: samples, latency bins, and the facts of each test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from scaling_lib.evidence.quality import Rejected

ALL = ""  # the name of all requests together
OMISSION = "coordinated omission"
SATURATED = "saturated generator"
SAMPLE_COLUMNS = {
    "test": "str",
    "name": "str",
    "time": "datetime64[us, UTC]",
    "interval_s": "float64",
    "users": "float64",
    "throughput": "float64",
    "requests": "float64",
    "errors": "float64",
    "sum_us": "float64",
    "p50_s": "float64",
    "p95_s": "float64",
    "p99_s": "float64",
}
BIN_COLUMNS = {
    "test": "str",
    "name": "str",
    "time": "datetime64[us, UTC]",
    "error": "bool",
    "bin": "int16",
    "n": "int64",
    "sum_us": "int64",
}


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A sign that the figures of a test do not mean what they seem to.

    kind: OMISSION or SATURATED; evidence: what was seen, a sentence; count: how often it was seen.
    """

    kind: str
    evidence: str
    count: int


@dataclass(frozen=True, kw_only=True)
class LoadTest:
    """The facts of one test.

    test: its name in the tables, from the file's; generator: "locust", "k6", "jmeter", "vegeta", "hdrhistogram", or
        "unknown" for a plain table.
    load: "open" (requests come whether or not earlier ones were answered), "closed" (a user waits for the answer) or
        "unknown"; why: what that rests on.
    percentiles: "bins" (of any stretch, from `bins`), "windows" (the file's own, each over the last `window_s`
        seconds, by Locust to two digits), "cumulative" (the file's, since the start of the test: of no use for a level,
        hence NaN) or "none".
    interval_s: the usual length of a sample, NaN where a sample is a whole level.
    dropped_iterations: iterations that k6 could not start in time; None where the format does not tell.
    expected_interval_s: as the source says. start, end: UTC, None without times.
    apart: names that are not counted among all together, such as JMeter's transactions, whose samples are.
    """

    test: str
    file: str
    generator: str
    load: str
    why: str
    percentiles: str
    interval_s: float
    window_s: float = 0.0
    dropped_iterations: int | None = None
    expected_interval_s: float | None = None
    start: datetime | None = None
    end: datetime | None = None
    signs: tuple[Sign, ...] = ()
    apart: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one file gives.

    requests: how many it holds one by one; 0 in formats of intervals, whose rows are the samples.
    """

    format: str
    samples: pd.DataFrame
    bins: pd.DataFrame
    tests: tuple[LoadTest, ...]
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    requests: int = 0


def as_samples(columns: dict[str, object] | pd.DataFrame) -> pd.DataFrame:
    """A table of samples: the columns in their order and types; those that are not given are NaN."""
    return _typed(columns, SAMPLE_COLUMNS)


def as_bins(columns: dict[str, object] | pd.DataFrame) -> pd.DataFrame:
    """A table of latency bins: the columns in their order and types."""
    return _typed(columns, BIN_COLUMNS)


def no_bins() -> pd.DataFrame:
    """The bins of a format without single durations."""
    return as_bins({name: [] for name in BIN_COLUMNS})


def test_names(file: Path, count: int) -> list[str]:
    """The names of the tests of a file: its own, without endings, and numbered where there are several."""
    bare = file.name
    for ending in (".gz", ".csv", ".jsonl", ".ndjson", ".json", ".jtl", ".hlog", ".log", "_stats_history"):
        bare = bare.removesuffix(ending)
    bare = bare or file.name
    return [bare] if count == 1 else [f"{bare} ({number + 1})" for number in range(count)]


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables of the same columns, one below the other."""
    return pd.concat(tables, ignore_index=True)


def _typed(columns: dict[str, object] | pd.DataFrame, types: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(columns).reindex(columns=list(types))
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    return frame.astype({name: "category" if kind == "str" else kind for name, kind in types.items()}).reset_index(
        drop=True
    )
