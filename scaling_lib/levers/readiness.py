"""How ready a team is for incidents: how soon it acts, what comes again, what is written down."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.levers.history import check_columns
from scaling_lib.rollout.recovery import Recovery, censored_median, recovery_time
from scaling_lib.stats import Estimate, proportion_interval
from scaling_lib.stats.proportions import check_level

NEEDED = ("id", "service", "title", "urgency", "cause", "started", "detected", "acknowledged", "resolved")
LOW = ("low", "info", "informational", "notice", "p5", "sev5")
NO_CAUSE = re.compile(r"false.?(?:alarm|positive)|noise|flapp|no action", re.IGNORECASE)
BY_ITSELF = re.compile(r"(?:cleared|recovered|resolved) (?:by )?itself|auto.?resolved|flapp", re.IGNORECASE)
OLD_D = 180.0
DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Readiness:
    """How incidents are met.

    pages: a row a page, the oldest first: id, title, service, detected, false_alarm, why (what tells so; "" of a real
        one), cause (as said, else the title without its numbers), runbook (the page for it, "" for none).
    detect_s, acknowledge_s: medians, None where no page says it; recovery: of those that were real, see `Recovery`.
    alarms: of all pages, the share that nobody had to act on. repeated: of the real ones, the share whose cause
        had been there before; causes: a row a cause that came more than once: cause, times, first, last, false_alarm.
    runbooks: a row a runbook: name, title, service, owner, reviewed, tried, times (real incidents it is for), old (not
        reviewed for so long, or never), untried (for so long, or never); empty where none are given.
    covered: of the real incidents, the share with a runbook of their own; of_service: with any of their service; tried:
        of the runbooks, the share that was tried in time; None where no runbook is given.
    without: titles of real incidents without a runbook, the most frequent first.
    """

    pages: pd.DataFrame
    detect_s: Estimate | None
    acknowledge_s: Estimate | None
    recovery: Recovery | None
    alarms: Estimate
    repeated: Estimate
    causes: pd.DataFrame
    runbooks: pd.DataFrame
    covered: Estimate | None
    of_service: Estimate | None
    tried: Estimate | None
    without: tuple[str, ...]
    old_days: float

    @property
    def real(self) -> pd.DataFrame:
        """The pages behind which something was."""
        return self.pages[~self.pages["false_alarm"]]


def readiness(
    incidents: pd.DataFrame,
    runbooks: pd.DataFrame | None = None,
    *,
    end: pd.Timestamp,
    old_days: float = OLD_D,
    level: float = 0.95,
) -> Readiness:
    """Readiness of a history of incidents.

    incidents, runbooks: see `evidence.incidents` and `evidence.runbooks`; a runbook is for the incidents whose title or
    cause one of its own matches (* stands for anything, case does not matter). end: until when open incidents were
    seen, and as of when runbooks are old, not looked at or tried for `old_days`. level: of all intervals.
    A false alarm: its cause or title says so, or its urgency is low, or nobody acknowledged it and it ended.
    Raises InvalidInput for columns that are absent, a level or days that cannot be.
    """
    check_level("readiness", level)
    check_columns("readiness", incidents, NEEDED, "evidence.incidents")
    if not 0 < old_days < np.inf:
        raise InvalidInput(f"readiness: found {old_days!r} days; expected a number above 0.")
    pages = _pages(incidents, runbooks)
    real = incidents[~pages["false_alarm"].to_numpy()]
    books = _runbooks(runbooks, pages[~pages["false_alarm"]], end, old_days) if runbooks is not None else _NO_BOOKS
    covered = of_service = tried = None
    whole = pages[~pages["false_alarm"]]
    if runbooks is not None:
        own = set(runbooks["service"])
        covered = proportion_interval(int((whole["runbook"] != "").sum()), len(whole), level)
        of_service = proportion_interval(int(whole["service"].isin(own).sum()), len(whole), level)
        tried = proportion_interval(int((~books["untried"]).sum()), len(books), level)
    bare = whole.loc[whole["runbook"] == "", "title"].value_counts(sort=True)
    return Readiness(
        pages=pages,
        detect_s=_median(real["started"], real["detected"], real["detected"], level),
        acknowledge_s=_median(real["detected"], real["acknowledged"], real["resolved"].fillna(end), level),
        recovery=recovery_time(real, end=end, level=level) if len(real) else None,
        alarms=proportion_interval(int(pages["false_alarm"].sum()), len(pages), level),
        repeated=proportion_interval(int(whole["cause"].duplicated().sum()), len(whole), level),
        causes=_causes(pages),
        runbooks=books,
        covered=covered,
        of_service=of_service,
        tried=tried,
        without=tuple(map(str, bare.index)) if runbooks is not None else (),
        old_days=old_days,
    )


def _pages(incidents: pd.DataFrame, runbooks: pd.DataFrame | None) -> pd.DataFrame:
    why = [_false_alarm(row) for row in incidents.to_dict("records")]
    cause = [
        str(row["cause"]).lower() or re.sub(r"\d+", "#", str(row["title"]).lower())
        for row in incidents.to_dict("records")
    ]
    found = incidents[["id", "title", "service", "detected"]].assign(
        false_alarm=[bool(each) for each in why],
        why=why,
        cause=cause,
        runbook=[_runbook(row, runbooks) for row in incidents.to_dict("records")],
    )
    return found.sort_values(["detected", "id"], kind="stable", ignore_index=True)


def _false_alarm(row: Mapping[Hashable, Any]) -> str:
    """What tells that nobody had to act; "" where nothing does."""
    if NO_CAUSE.search(str(row["cause"])):
        return f"its cause: {row['cause']}"
    if BY_ITSELF.search(str(row["title"])):
        return "its title"
    if str(row["urgency"]).lower() in LOW:
        return f"urgency {row['urgency']}"
    unseen = pd.isna(row["acknowledged"]) and not pd.isna(row["resolved"])
    return "ended before anybody acknowledged it" if unseen else ""


def _runbook(row: Mapping[Hashable, Any], runbooks: pd.DataFrame | None) -> str:
    """The name of the first runbook for an incident."""
    if runbooks is None:
        return ""
    said = [str(row[name]).lower() for name in ("title", "cause") if row[name]]
    for name, patterns in zip(runbooks["name"], runbooks["incidents"], strict=True):
        if any(fnmatchcase(each, pattern.lower().replace("[", "[[]")) for each in said for pattern in patterns):
            return str(name)
    return ""


def _runbooks(runbooks: pd.DataFrame, real: pd.DataFrame, end: pd.Timestamp, old_days: float) -> pd.DataFrame:
    limit = end - pd.Timedelta(days=old_days)
    times = real["runbook"].value_counts()
    return runbooks.assign(
        times=runbooks["name"].map(times).fillna(0).astype("int64"),
        old=~(runbooks["reviewed"] >= limit),
        untried=~(runbooks["tried"] >= limit),
    ).sort_values(["times", "name"], ascending=[False, True], kind="stable", ignore_index=True)


_NO_BOOKS = pd.DataFrame(
    columns=["name", "title", "service", "incidents", "owner", "reviewed", "tried", "times", "old", "untried"]
)


def _median(began: pd.Series, over: pd.Series, seen: pd.Series, level: float) -> Estimate | None:
    """The median from one time to another, of those who know the first; censored at `seen` without the other."""
    known = began.notna()
    if not known.any() or not over[known].notna().any():
        return None
    seconds = (over.fillna(seen)[known] - began[known]).dt.total_seconds().clip(lower=0)
    return censored_median(
        np.asarray(seconds, dtype=np.float64), over[known].notna().to_numpy(dtype=bool), level, unit="s"
    )


def _causes(pages: pd.DataFrame) -> pd.DataFrame:
    grouped = pages.groupby("cause", as_index=False).agg(
        times=("id", "size"), first=("detected", "min"), last=("detected", "max"), false_alarm=("false_alarm", "all")
    )
    again = grouped[grouped["times"] > 1]
    return again.sort_values(["times", "last"], ascending=[False, False], kind="stable", ignore_index=True)
