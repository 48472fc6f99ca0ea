"""What the gate before microservices asks of people and code: who waits for whom, and what is changed together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from scaling_lib.architecture.laws import deploy_wait_h
from scaling_lib.assessment import Assessment
from scaling_lib.errors import NotEnoughData
from scaling_lib.rollout.dora import MENDING, Dora
from scaling_lib.stats import Estimate, proportion_interval

WORKING_DAYS = 5
DAY_H = 8.0
SWEEP = 0.5  # of all files of a part: a commit that touches more says nothing of the cut


def train_share(delivery: Dora, deployments: pd.DataFrame, level: float) -> Estimate:
    """Of the lead time, the share that changes wait for each other's deployments, if all went through one pipeline.

    The most that it can be: where each service has a pipeline of its own they wait less. Raises NotEnoughData without a
    lead time, or a deployment whose duration is known.
    """
    own = deployments[deployments["production"].astype(bool) & (deployments["state"] == "success")]
    hours = ((own["finished"] - own["created"]).dt.total_seconds() / 3600).dropna()
    lead = delivery.lead_time_s
    if lead is None or hours.empty or not hours.mean() > 0:
        raise NotEnoughData("The lead time is not known: supply changes with deployments of their commits.")
    squared = float(hours.var(ddof=0) / hours.mean() ** 2)
    ends = []
    for a_week, seconds in (
        (delivery.a_week.value, lead.value),
        (_end(delivery.a_week.low, delivery.a_week.value), _end(lead.high, lead.value)),
        (_end(delivery.a_week.high, delivery.a_week.value), _end(lead.low, lead.value)),
    ):
        wait = float(deploy_wait_h(a_week / WORKING_DAYS, float(hours.mean()), squared, DAY_H))
        ends.append(min(wait * 3600 / seconds, 1.0) if seconds > 0 else 1.0)
    return Estimate(ends[0], min(ends), max(ends), level, "fraction")


def co_change(changes: pd.DataFrame, one: Sequence[str], other: Sequence[str], level: float) -> Estimate:
    """Of the commits to either of two sets of paths, the share that touches both.

    A commit to more than half of all their paths is a sweep and is left out. Raises NotEnoughData without a commit.
    """
    paths = {*one, *other}
    touched = changes[changes["path"].isin(paths)].groupby("order")["path"].agg(set)
    kept = touched[touched.map(len) <= max(SWEEP * len(paths), 2)]
    if kept.empty:
        raise NotEnoughData("No commit is to either side of the cut.")
    both = int(kept.map(lambda each: bool(each & set(one)) and bool(each & set(other))).sum())
    return proportion_interval(both, len(kept), level)


def paths_of(changes: pd.DataFrame, service: str) -> list[str]:
    """The paths of a service: in a folder of its name."""
    unique = pd.Series(changes["path"].unique())
    return [str(path) for path in unique if service in str(path).split("/")[:-1]]


def busiest_part(changes: pd.DataFrame, service: str) -> tuple[str, list[str], list[str]]:
    """The file or folder of a service that most commits touch, its paths, and those of the rest (without tests).

    Raises NotEnoughData where the service has fewer than two parts.
    """
    parts: dict[str, list[str]] = {}
    for path in paths_of(changes, service):
        names = path.split("/")
        part = names[names.index(service) + 1]
        if "test" not in part:
            parts.setdefault(part, []).append(path)
    if len(parts) < 2:
        raise NotEnoughData(f"{service}: found {len(parts)} parts in a folder of its name; expected two or more.")
    commits = {part: changes.loc[changes["path"].isin(paths), "order"].nunique() for part, paths in parts.items()}
    first = max(commits, key=lambda part: commits[part])
    return first, parts[first], [path for part, paths in parts.items() if part != first for path in paths]


def readiness(
    system: Assessment, spans: pd.DataFrame | None, deployments: pd.DataFrame | None
) -> dict[str, bool | None]:
    """Of `microservices.READY`, whether there is evidence for each; None: not measured.

    Tracing: traces that cross services. Rollback: one was made. On-call: alerts, and an owner of each service.
    """
    tracing = rollback = None
    if spans is not None and len(spans):
        tracing = bool((spans.groupby("trace_id", observed=True)["service"].nunique() > 1).any())
    if deployments is not None and len(deployments):
        rollback = True if deployments["task"].str.lower().str.startswith(MENDING).any() else None
    owned = [bool(each.owner) for each in system.config.services]
    on_call = None
    if owned and system.config.evidence.alerts:
        on_call = all(owned)
    return {"tracing": tracing, "rollback": rollback, "on-call": on_call}


def _end(end: float, value: float) -> float:
    return end if math.isfinite(end) else value
