"""Reads scans of security and compliance from SARIF, OCSF, Prowler, checkov, trivy, Scorecard and kube-bench."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.files import GZIP
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.row_columns import read_csv, utc
from scaling_lib.evidence.row_files import rejected
from scaling_lib.evidence.scans.cloud import kube_bench_scans, ocsf_scans, prowler_scans
from scaling_lib.evidence.scans.code import checkov_scans, scorecard_scans, trivy_scans
from scaling_lib.evidence.scans.row import Row, Scan
from scaling_lib.evidence.scans.sarif import sarif_scans
from scaling_lib.evidence.sources import ReadSource, read_sources

EXPECTED = "SARIF 2.1.0, OCSF, Prowler's CSV, or the JSON of checkov, trivy, Scorecard or kube-bench"
COLUMNS = (
    "scan", "scanner", "scanned", "check", "title", "severity", "status", "service", "area", "resource", "region",
    "controls", "key",
)  # fmt: skip
DATE = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")
EMPTY = "an empty scan: nothing was evaluated, which is no pass"


@dataclass(frozen=True, kw_only=True)
class ScanSource:
    """Files of scans. path: a file or glob."""

    path: str
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scans:
    """What scanners said.

    frame: a row a check and resource of each scan: scan (the place of its run), scanner, scanned (UTC, NaT where it
        does not say), check, title, severity, status ("pass", "fail", "manual", "muted", "not evaluated"), service,
        area, resource, region, controls (a tuple of "framework: id"), key (what stays between scans).
    runs: a row a scan, also an empty one: scan, file, scanner, format, scanned, rows, lists_passes, unlisted_passes.
    quality: one entry a source.
    """

    frame: pd.DataFrame
    runs: pd.DataFrame
    quality: tuple[Quality, ...] = ()


def read_scans(sources: Sequence[ScanSource]) -> Scans:
    """Read every file of every source. Raises BrokenEvidence where none can be read; an empty scan is one."""
    found = read_sources(sources, _read)
    runs: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    for file, scan in ((file, scan) for each in found for file, scans in each.read for scan in scans):
        scanned = _time(file, scan)
        own = [{**vars(row), "key": row.identity} for row in scan.rows]
        rows += [{"scan": len(runs), "scanner": scan.scanner, "scanned": scanned, **row} for row in own]
        runs.append(
            {
                "scan": len(runs),
                "file": file.name,
                "scanner": scan.scanner,
                "format": scan.format,
                "scanned": scanned,
                "rows": len(own),
                "lists_passes": scan.lists_passes,
                "unlisted_passes": scan.unlisted_passes,
            }
        )
    if not runs:
        raise BrokenEvidence(
            " ".join(problem for each in found for problem in each.problems) or f"expected {EXPECTED}."
        )
    frame, table = (_timed(each) for each in (pd.DataFrame(rows, columns=list(COLUMNS)), pd.DataFrame(runs)))
    return Scans(frame=frame, runs=table, quality=tuple(map(_quality, found)))


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(scanned=pd.to_datetime(frame["scanned"], utc=True).astype("datetime64[us, UTC]"))


def _read(file: Path, _: ScanSource) -> tuple[Path, list[Scan]]:
    return file, _scans(file)


def _scans(file: Path) -> list[Scan]:
    if file.suffix.lower() == ".csv":
        table = read_csv(file)
        if {"CHECK_ID", "STATUS"} <= {str(name).upper() for name in table.columns}:
            return prowler_scans(table)
        raise BrokenEvidence(f"{file}: found no columns CHECK_ID and STATUS; expected {EXPECTED}.")
    content = _content(file)
    if isinstance(content, list):
        if any(isinstance(each, dict) and ("results" in each or "check_type" in each) for each in content):
            return checkov_scans([each for each in content if isinstance(each, dict)])
        if not content or any(isinstance(each, dict) and "finding_info" in each for each in content):
            return ocsf_scans(content)
    elif isinstance(content, dict):
        for known, read in (
            ("runs" in content, sarif_scans),
            ("Controls" in content, kube_bench_scans),
            ("Results" in content or "ArtifactName" in content, trivy_scans),
            ("checks" in content and "repo" in content, scorecard_scans),
        ):
            if known:
                return read(content)
        if "results" in content or {"passed", "failed", "resource_count"} <= set(content):
            return checkov_scans([content])
        if "finding_info" in content:
            return ocsf_scans([content])
    told = ", ".join(list(content)[:5]) if isinstance(content, dict) else type(content).__name__
    raise BrokenEvidence(f"{file}: found {told or 'nothing'}, which is of no known scanner; expected {EXPECTED}.")


def _content(file: Path) -> Any:
    """JSON, or JSON lines as a list."""
    try:
        data = file.read_bytes()
        data = gzip.decompress(data) if data.startswith(GZIP) else data
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            lines = [line for line in data.splitlines() if line.strip()]
            if len(lines) < 2:
                raise
            return [orjson.loads(line) for line in lines]
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise BrokenEvidence(
            f"{file}: cannot be read as JSON ({str(error)[:120]}); expected {EXPECTED}. Run the scan again."
        ) from error


def _time(file: Path, scan: Scan) -> pd.Timestamp:
    """As the scanner says, else the date in the file's name; never the file's own time, which a copy changes."""
    told: Mapping[str, str] = {"time": scan.scanned}
    if not scan.scanned and (date := DATE.search(file.name)):
        told = {"time": "-".join(date.groups())}
    return utc(pd.Series([told["time"]], dtype=str)).iloc[0]  # type: ignore[no-any-return]


def _quality(found: ReadSource[ScanSource, tuple[Path, list[Scan]]]) -> Quality:
    scans = [(file, scan) for file, own in found.read for scan in own]
    times = [at for at in (_time(file, scan) for file, scan in scans) if not pd.isna(at)]
    notes: list[str] = []
    for file, scan in scans:
        notes += [f"{file.name}: {note}" for note in scan.notes]
        if not scan.rows:
            notes.append(f"{file.name}: {EMPTY}")
        if pd.isna(_time(file, scan)):
            notes.append(f"{file.name}: does not say when it was made; a date in its name (2026-11-24) would")
    unread = [entry for _, scan in scans for entry in scan.unread]
    rows: list[Row] = [row for _, scan in scans for row in scan.rows]
    return Quality(
        kind="scans",
        source=found.source.path,
        format=", ".join(sorted({scan.format for _, scan in scans})),
        rows=len(rows),
        start=min(times).to_pydatetime() if times else None,
        end=max(times).to_pydatetime() if times else None,
        rejected=rejected("of no form of a finding", unread),
        origin=found.source.origin,
        problem=" ".join(found.problems),
        notes=(*found.notes, *notes),
    )
