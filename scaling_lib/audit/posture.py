"""Posture: what scanners evaluated and what they found, what is new since their last scan, and whom it exposes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from scaling_lib.evidence.scans import SEVERITIES, STATUSES, Scans
from scaling_lib.stats.arguments import check_kind

WEIGHTS = {"critical": 10.0, "high": 5.0, "medium": 2.0, "low": 1.0, "informational": 0.0, "not said": 2.0}
UNKNOWN_SHARE = 1.0  # of the journeys: what nobody can place may concern them all
NAME = re.compile(r"[\d\-_.:T]+")
CHANGES = ("new", "remaining", "fixed", "muted since", "no longer evaluated")


@dataclass(frozen=True, kw_only=True, eq=False)
class Posture:
    """The last scan of each scanner and scope, and how it differs from the one before.

    scans: a row a scanner and scope: scanner, scope, scanned (NaT where not known), before, age_s (NaN where not
        known), passed (with those that are only counted), failed, manual, muted, not_evaluated, empty.
    failing: severity, exposure, change, check, title, service, resource, scanner; the most exposed first.
    changes: change (of CHANGES), severity, check, service, resource, scanner.
    by_severity, by_service, by_framework: what, then a count a status, as `scans` has them; of a framework's controls,
        each with the worst verdict of its checks. controls: framework, control, status, checks.
    at: the time that ages are told at.
    """

    scans: pd.DataFrame
    failing: pd.DataFrame
    changes: pd.DataFrame
    by_severity: pd.DataFrame
    by_service: pd.DataFrame
    by_framework: pd.DataFrame
    controls: pd.DataFrame
    at: pd.Timestamp | None

    @property
    def evaluated(self) -> int:
        """Checks that passed or failed, in the last scans."""
        return int(self.scans[["passed", "failed"]].to_numpy().sum())


def posture(
    scans: Scans,
    *,
    services: Sequence[str] = (),
    critical: Mapping[str, float] | None = None,
    at: pd.Timestamp | None = None,
) -> Posture:
    """Sum up what scanners say.

    services: the system's, by whose name a path or resource is placed. critical: by service the share of the critical
    journeys that it works for; a finding's exposure is that share times the weight of its severity (critical 10, high
    5, medium 2, low 1, not said 2). Without it, and of what cannot be placed, the share is 1. at: the time at which the
    evidence's age is told, the last scan's by default.

    Scans of one scanner whose files' names differ in digits alone are one scope at several dates. What a scanner that
    lists passes no longer names was not evaluated, and is not fixed. An empty scan is no pass: nothing was evaluated.
    """
    check_kind("posture", "scans", scans, Scans, "those of `Assessment.scans()`")
    runs = scans.runs.assign(scope=[NAME.sub(" ", str(file)).strip() for file in scans.runs["file"]])
    runs = runs.assign(day=runs["scanned"].dt.floor("D"))
    at = at if at is not None else (None if runs["scanned"].isna().all() else runs["scanned"].max())
    frame = scans.frame.assign(service=_placed(scans.frame, services))
    rows, failing, changes, last = [], [], [], []
    for (scanner, scope), own in runs.groupby(["scanner", "scope"], sort=True):
        days = own["day"].dropna().sort_values().unique()
        now = own[own["day"] == days[-1]] if len(days) else own
        before = own[own["day"] == days[-2]] if len(days) > 1 else own.iloc[:0]
        found = frame[frame["scan"].isin(now["scan"])]
        last.append(found)
        moved = _changes(found, frame[frame["scan"].isin(before["scan"])], listed=bool(now["lists_passes"].all()))
        known: dict[str, str] = {}
        if len(before):
            known = dict(zip(moved["key"], moved["change"], strict=True))
        changes.append(moved if len(before) else moved.iloc[:0])
        failed = found[found["status"] == "fail"]
        failing.append(failed.assign(change=[known.get(str(key), "") for key in failed["key"]]))
        rows.append(
            {
                "scanner": scanner,
                "scope": scope,
                "scanned": now["scanned"].max(),
                "before": before["scanned"].max() if len(before) else pd.NaT,
                "age_s": (at - now["scanned"].max()).total_seconds() if at is not None else float("nan"),
                **_counts(found),
                "unlisted": int(now["unlisted_passes"].sum()),
            }
        )
    table = pd.DataFrame(rows)
    table["passed"] += table.pop("unlisted")
    table["empty"] = table[["passed", "failed"]].sum(axis=1) == 0
    everything = pd.concat(last, ignore_index=True)
    controls = _controls(everything)
    return Posture(
        scans=table,
        failing=_exposed(pd.concat(failing, ignore_index=True), critical),
        changes=_ordered(pd.concat(changes, ignore_index=True)),
        by_severity=_counted(everything, "severity", SEVERITIES),
        by_service=_counted(everything.assign(service=everything["service"].replace("", "(not placed)")), "service"),
        by_framework=_counted(controls, "framework"),
        controls=controls,
        at=at,
    )


def _placed(frame: pd.DataFrame, services: Sequence[str]) -> list[str]:
    """As the scanner says in our names, else by a name among the words of the resource."""
    placed = []
    for told, resource in zip(frame["service"].astype(str), frame["resource"].astype(str), strict=True):
        words = set(re.split(r"[^a-z0-9]+", resource.lower()))
        own = [name for name in services if name.lower() in words or f"/{name.lower()}/" in f"/{resource.lower()}/"]
        placed.append(told if told in services or not own else own[0])
    return placed


def _counts(frame: pd.DataFrame) -> dict[str, int]:
    names = {"pass": "passed", "fail": "failed", "not evaluated": "not_evaluated"}
    return {names.get(status, status): int((frame["status"] == status).sum()) for status in reversed(STATUSES)}


def _counted(frame: pd.DataFrame, by: str, order: Sequence[str] = ()) -> pd.DataFrame:
    own = {str(name): _counts(group) for name, group in frame.groupby(by, sort=True)}
    names = [name for name in order if name in own] if order else sorted(own, key=lambda name: -own[name]["failed"])
    return pd.DataFrame([{by: name, **own[name]} for name in names], columns=[by, *_counts(frame)])


def _controls(frame: pd.DataFrame) -> pd.DataFrame:
    """Each control with the worst verdict of its checks: one that was not evaluated stands before a pass."""
    told = frame.explode("controls").dropna(subset="controls")
    if told.empty:
        return pd.DataFrame(columns=["framework", "control", "status", "checks"])
    parts = told["controls"].astype(str).str.partition(": ")
    told = told.assign(framework=parts[0], control=parts[2], rank=told["status"].map(STATUSES.index))
    found = told.groupby(["framework", "control"], as_index=False).agg(rank=("rank", "min"), checks=("rank", "size"))
    found["status"] = found["rank"].map(lambda rank: STATUSES[rank])
    return found.sort_values(["rank", "framework", "control"], kind="stable")[
        ["framework", "control", "status", "checks"]
    ].reset_index(drop=True)


def _changes(now: pd.DataFrame, before: pd.DataFrame, *, listed: bool) -> pd.DataFrame:
    failed, was = (each[each["status"] == "fail"].drop_duplicates("key") for each in (now, before))
    status = now.drop_duplicates("key").set_index("key")["status"]
    words = {"pass": "fixed", "muted": "muted since", "fail": "remaining"}
    absent = "no longer evaluated" if listed else "fixed"
    gone = [
        words.get(str(status.get(key, "")), absent if key not in status else "no longer evaluated")
        for key in was["key"]
    ]
    ended = was.assign(change=gone)
    new = failed[~failed["key"].isin(was["key"])].assign(change="new")
    return pd.concat([new, ended], ignore_index=True)


def _ordered(changes: pd.DataFrame) -> pd.DataFrame:
    ranked = changes.assign(place=changes["change"].map(CHANGES.index), worst=changes["severity"].map(SEVERITIES.index))
    columns = ["change", "severity", "check", "service", "resource", "scanner"]
    return ranked.sort_values(["place", "worst", "check"], kind="stable")[columns].reset_index(drop=True)


def _exposed(failing: pd.DataFrame, critical: Mapping[str, float] | None) -> pd.DataFrame:
    share = failing["service"].map(lambda name: (critical or {}).get(name, UNKNOWN_SHARE))
    columns = ["severity", "exposure", "change", "check", "title", "service", "resource", "scanner"]
    exposed = failing.assign(exposure=failing["severity"].map(WEIGHTS).astype(float) * share.astype(float))
    return exposed.sort_values(["exposure", "check"], ascending=[False, True], kind="stable")[columns].reset_index(
        drop=True
    )
