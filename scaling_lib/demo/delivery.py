"""When the system was deployed, and what went wrong.

Planted: two deployments that broke something and were rolled back, a pipeline that failed before it reached users, an
outage of a dependency, a saturation at the daily peak, and two pages with nothing behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from scaling_lib.demo.history import Commit, History
from scaling_lib.demo.plan import Plan

FIRST_ID = 7001
READY = timedelta(minutes=10)  # from a commit until it can be deployed
CANDIDATE_SHARE = 0.3  # of the working days after one with a deployment, those with another
BROKEN_AT = (0.3, 0.72)  # places in the row of deployments of the two that broke something
FAILED_PIPELINE_AT = 0.5
QUIET_PAGES_AT = (0.18, 0.63)  # in the days
FAILING, SLOW = "orders fail after a deployment", "slow answers after a deployment"
PARTNER, PEAK = "the payment partner does not answer", "connections run out at the peak"
QUIET = "disk nearly full, cleared by itself"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment to production; state: as its last status says; a rollback takes an earlier commit again."""

    id: int
    sha: str
    service: str
    created: datetime
    finished: datetime
    state: str
    task: str = "deploy"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """What went wrong: `share` of the requests of `routes` fail (errors) or take `factor` times as long (latency).

    detected: when the page was sent; deployment: the id of the one that caused it, or 0. Start and end are whole
    minutes. An incident without routes is a page with nothing behind it.
    """

    name: str
    kind: str
    cause: str
    service: str
    routes: tuple[str, ...]
    start: datetime
    end: datetime
    detected: datetime
    share: float = 0.0
    factor: float = 1.0
    deployment: int = 0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Deployments and incidents, the oldest first, and what they show."""

    deployments: tuple[Deployment, ...]
    incidents: tuple[Incident, ...]
    truth: dict[str, Any]


def make_delivery(plan: Plan, history: History) -> Delivery:
    """Deploy the history's commits in the plan's days, and let things go wrong."""
    rng = plan.rng("delivery")
    deployments = _deployments(plan, history, rng)
    incidents = _incidents(plan, deployments, rng)
    rollbacks = _rollbacks(deployments, incidents)
    ordered = tuple(sorted([*deployments, *rollbacks], key=lambda each: each.created))
    return Delivery(
        deployments=ordered, incidents=tuple(incidents), truth=_truth(plan, history, deployments, rollbacks, incidents)
    )


def _deployments(plan: Plan, history: History, rng: np.random.Generator) -> list[Deployment]:
    """At most one a working day, between 9:30 and 15:00, of the newest commit; never two working days without one."""
    made: list[Deployment] = []
    yesterday = False
    for day in (plan.start + timedelta(days=number) for number in range(plan.days)):
        second, chance, took = int(rng.integers(34200, 54000)), rng.random(), int(rng.integers(240, 900))
        if day.weekday() >= 5:
            continue
        yesterday = not yesterday or chance < CANDIDATE_SHARE
        if not yesterday:
            continue
        created = day + timedelta(seconds=second)
        newest = [commit for commit in history.commits if commit.time <= created - READY][-1]
        made.append(
            Deployment(
                id=FIRST_ID + 2 * len(made),  # each has one to staging before it
                sha=newest.sha,
                service=_service(plan, newest),
                created=created,
                finished=created + timedelta(seconds=took),
                state="success",
            )
        )
    for place in BROKEN_AT:
        made[int(place * len(made))] = replace(made[int(place * len(made))], service=plan.last.name)
    failed = int(FAILED_PIPELINE_AT * len(made))
    made[failed] = replace(made[failed], state="failure")
    return made


def _service(plan: Plan, commit: Commit) -> str:
    parts = commit.changes[0].path.split("/")
    return parts[1] if parts[0] == "services" else plan.front.name


def _incidents(plan: Plan, deployments: list[Deployment], rng: np.random.Generator) -> list[Incident]:
    writes = tuple(route.name for route in plan.routes if route.backend == plan.last.name)
    every = tuple(route.name for route in plan.routes)
    first, second = (deployments[int(place * len(deployments))] for place in BROKEN_AT)

    def incident(after: datetime, minutes: int, waited_s: int, **rest: Any) -> Incident:
        start = datetime.fromtimestamp(after.timestamp() // 60 * 60 + 60, UTC)
        end = start + timedelta(minutes=minutes)
        return Incident(start=start, end=end, detected=start + timedelta(seconds=waited_s), **rest)

    def day(share: float, hour: float) -> datetime:
        return plan.start + timedelta(days=int(share * plan.days), hours=hour)

    bad = {"cause": "deployment", "service": plan.last.name, "routes": writes}
    outside = {"service": plan.front.name, "routes": every, "kind": "errors"}
    after_first, after_second = first.finished + timedelta(minutes=4), second.finished + timedelta(minutes=7)
    found = [
        incident(
            after_first, int(rng.integers(36, 56)), 140, name=FAILING,
            kind="errors", share=0.35, deployment=first.id, **bad,
        ),
        incident(
            day(0.45, 4.3), int(rng.integers(16, 25)), 95, name=PARTNER,
            cause="dependency", share=0.8, **outside,
        ),
        incident(
            after_second, int(rng.integers(50, 71)), 560, name=SLOW,
            kind="latency", share=0.6, factor=_slower(plan, writes), deployment=second.id, **bad,
        ),
        incident(
            day(0.86, plan.peak_hour - 0.3), int(rng.integers(24, 35)), 260, name=PEAK,
            cause="saturation", share=0.12, **outside,
        ),
    ]  # fmt: skip
    for place in QUIET_PAGES_AT:
        found.append(
            incident(
                day(place, 21.5), 14, 0, name=QUIET, kind="none", cause="false alarm",
                service=plan.front.name, routes=(),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: each.start)


def _slower(plan: Plan, routes: tuple[str, ...]) -> float:
    """How many times slower the quickest of the routes has to be to take twice its threshold."""
    times = [2 * route.threshold_ms / route.median_ms for route in plan.routes if route.name in routes]
    return float(round(max(times)))


def _rollbacks(deployments: list[Deployment], incidents: list[Incident]) -> list[Deployment]:
    """An incident of a deployment ends when the commit before it runs again."""
    made = []
    for number, incident in enumerate(each for each in incidents if each.deployment):
        place = next(n for n, each in enumerate(deployments) if each.id == incident.deployment)
        before = next(each for each in reversed(deployments[:place]) if each.state == "success")
        made.append(
            Deployment(
                id=FIRST_ID + 9000 + number,
                sha=before.sha,
                service=incident.service,
                created=incident.end - timedelta(seconds=210),
                finished=incident.end,
                state="success",
                task="rollback",
            )
        )
    return made


def _truth(
    plan: Plan, history: History, deployments: list[Deployment], rollbacks: list[Deployment], incidents: list[Incident]
) -> dict[str, Any]:
    reached = [each for each in deployments if each.state == "success"]
    leads = []
    before = reached[0].created
    for one in reached[1:]:  # what the first one shipped has no known beginning
        taken = [commit.time for commit in history.commits if before < commit.time + READY <= one.created]
        leads += [(one.finished - time).total_seconds() for time in taken]
        before = one.created
    causing = [each for each in incidents if each.deployment]
    return {
        "deployments": {
            "to_production_that_succeeded": len(reached),
            "rollbacks": [each.id for each in rollbacks],
            "failed_before_users": [each.id for each in deployments if each.state == "failure"],
            "broke_something": [each.deployment for each in causing],
            "change_failure_rate": round(len(causing) / len(reached), 6),
            "a_week": round(len(reached) / plan.days * 7, 4),
            "lead_time_s": {
                "what": "from a commit to the end of the first successful deployment to production with it",
                "commits": len(leads),
                "median": round(float(np.median(leads)), 1),
                "mean": round(float(np.mean(leads)), 1),
            },
            "recovery_s": [int((each.end - each.start).total_seconds()) for each in causing],
        },
        "incidents": [
            {
                "name": each.name,
                "kind": each.kind,
                "cause": each.cause,
                "service": each.service,
                "routes": list(each.routes),
                "start": each.start,
                "end": each.end,
                "paged": each.detected,
                "share_of_requests": each.share,
                "times_slower": each.factor,
                "deployment": each.deployment,
            }
            for each in incidents
        ],
    }
