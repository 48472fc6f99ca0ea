"""Deployments as GitHub lists them, and incidents as PagerDuty's analytics export them.

Planted: two deployments that broke something and were rolled back, a pipeline that failed before it reached users, an
outage of a dependency, a saturation at the daily peak, and two pages with nothing behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.demo.history import Commit, History
from scaling_lib.demo.plan import Plan

FIRST_ID = 7001
CANDIDATE_SHARE = 0.55  # of the working days, those with a deployment
BROKEN_AT = (0.3, 0.72)  # places in the row of deployments of the two that broke something
FAILED_PIPELINE_AT = 0.5
QUIET_PAGES_AT = (0.18, 0.63)  # in the days


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
    """At most one a working day, between 9:30 and 15:00, of the newest commit that no other one shipped."""
    made: list[Deployment] = []
    shipped = ""
    for day in (plan.start + timedelta(days=number) for number in range(plan.days)):
        second, chance, took = int(rng.integers(34200, 54000)), rng.random(), int(rng.integers(240, 900))
        created = day + timedelta(seconds=second)
        ready = [commit for commit in history.commits if commit.time <= created - timedelta(minutes=10)]
        if day.weekday() >= 5 or chance > CANDIDATE_SHARE or ready[-1].sha == shipped:
            continue
        shipped = ready[-1].sha
        made.append(
            Deployment(
                id=FIRST_ID + 2 * len(made),  # each has one to staging before it
                sha=shipped,
                service=_service(plan, ready[-1]),
                created=created,
                finished=created + timedelta(seconds=took),
                state="success",
            )
        )
    broken = int(FAILED_PIPELINE_AT * len(made))
    made[broken] = Deployment(**{**vars(made[broken]), "state": "failure"})
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
            after_first, int(rng.integers(36, 56)), 140, name="orders fail after a deployment",
            kind="errors", share=0.35, deployment=first.id, **bad,
        ),
        incident(
            day(0.45, 4.3), int(rng.integers(16, 25)), 95, name="the payment partner does not answer",
            cause="dependency", share=0.8, **outside,
        ),
        incident(
            after_second, int(rng.integers(50, 71)), 560, name="slow answers after a deployment",
            kind="latency", share=0.6, factor=8.0, deployment=second.id, **bad,
        ),
        incident(
            day(0.86, plan.peak_hour - 0.3), int(rng.integers(24, 35)), 260, name="connections run out at the peak",
            cause="saturation", share=0.12, **outside,
        ),
    ]  # fmt: skip
    for place in QUIET_PAGES_AT:
        found.append(
            incident(
                day(place, 21.5), 14, 0, name="disk nearly full, cleared by itself", kind="none", cause="false alarm",
                service=plan.front.name, routes=(),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: each.start)


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


def deployment_rows(delivery: Delivery) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Deployments and their statuses, as GitHub's REST interface lists them; each also went to staging before."""
    rows, statuses = [], []
    for each in delivery.deployments:
        staged = Deployment(
            **{**vars(each), "id": each.id - 1, "created": each.created - timedelta(minutes=25), "state": "success"}
        )
        both = [(each, "production")] if each.task == "rollback" else [(staged, "staging"), (each, "production")]
        for one, environment in both:
            took = each.finished - each.created
            rows.append(_row(one, environment, one.created + took))
            for number, (state, at) in enumerate(
                (("queued", timedelta(seconds=2)), ("in_progress", timedelta(seconds=20)), (one.state, took))
            ):
                moment = one.created + at
                statuses.append(
                    {
                        "id": one.id * 10 + number,
                        "state": state,
                        "environment": environment,
                        "created_at": _utc(moment),
                        "updated_at": _utc(moment),
                        "deployment_url": f"https://git.example.com/repos/shop/shop/deployments/{one.id}",
                    }
                )
    return rows, statuses


def _row(one: Deployment, environment: str, updated: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "sha": one.sha,
        "ref": "main",
        "task": one.task,
        "payload": {"service": one.service},
        "environment": environment,
        "description": "",
        "created_at": _utc(one.created),
        "updated_at": _utc(updated),
        "transient_environment": False,
        "production_environment": environment == "production",
    }


def release_rows(delivery: Delivery) -> list[dict[str, Any]]:
    """A release for each deployment that reached users, as GitHub lists them."""
    shipped = [each for each in delivery.deployments if each.state == "success" and each.task == "deploy"]
    return [
        {
            "tag_name": f"v1.{number}.0",
            "target_commitish": each.sha,
            "draft": False,
            "prerelease": False,
            "created_at": _utc(each.created),
            "published_at": _utc(each.finished),
        }
        for number, each in enumerate(shipped)
    ]


def incident_frame(delivery: Delivery) -> pd.DataFrame:
    """Incidents as PagerDuty's analytics export them: from the page on, the fault's own start is not in it."""
    rows = []
    for number, each in enumerate(delivery.incidents):
        lasted = int((each.end - each.detected).total_seconds())
        rows.append(
            {
                "id": f"Q{number:03d}EXAMPLE",
                "created_at": _utc(each.detected),
                "description": each.name,
                "seconds_to_first_ack": min(60 + 37 * number, lasted // 3),
                "seconds_to_engage": min(95 + 37 * number, lasted // 2),
                "seconds_to_mobilize": min(240 + 37 * number, lasted // 2),
                "seconds_to_resolve": lasted,
                "engaged_seconds": lasted // 2,
                "service_id": f"P{each.service.upper()[:12]}",
                "service_name": each.service,
                "urgency": "high" if each.routes else "low",
            }
        )
    return pd.DataFrame(rows)


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _truth(
    plan: Plan, history: History, deployments: list[Deployment], rollbacks: list[Deployment], incidents: list[Incident]
) -> dict[str, Any]:
    reached = [each for each in deployments if each.state == "success"]
    leads = []
    before = reached[0].created
    for one in reached[1:]:  # what the first one shipped has no known beginning
        taken = [commit.time for commit in history.commits if before - timedelta(minutes=10) < commit.time]
        leads += [
            (one.finished - time).total_seconds() for time in taken if time <= one.created - timedelta(minutes=10)
        ]
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
