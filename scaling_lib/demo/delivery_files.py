"""Deployments and releases as GitHub lists them, and incidents as PagerDuty's analytics export them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from scaling_lib.demo.delivery import Delivery, Deployment


def deployment_rows(delivery: Delivery, system: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Deployments and their statuses, as GitHub's REST interface lists them; each also went to staging before.

    A deployment that succeeded becomes inactive when the next one of its environment has succeeded.
    """
    rows, statuses = [], []
    running: dict[str, Deployment] = {}
    for each in delivery.deployments:
        took = each.finished - each.created
        begun = each.created - timedelta(minutes=25)
        staged = replace(each, id=each.id - 1, created=begun, finished=begun + took, state="success")
        for one, environment in [(staged, "staging"), (each, "production")][each.task == "rollback" :]:
            rows.append(_row(one, environment))
            times = (one.created + timedelta(seconds=2), one.created + timedelta(seconds=20), one.finished)
            for number, (state, time) in enumerate(zip(("queued", "in_progress", one.state), times, strict=True)):
                statuses.append(_status(one, number, state, environment, time, system))
            if one.state == "success":
                if environment in running:
                    before = running[environment]
                    statuses.append(_status(before, 3, "inactive", environment, one.finished, system))
                running[environment] = one
    return rows, statuses


def _row(one: Deployment, environment: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "sha": one.sha,
        "ref": "main",
        "task": one.task,
        "payload": {"service": one.service},
        "environment": environment,
        "description": "",
        "created_at": _utc(one.created),
        "updated_at": _utc(one.finished),
        "transient_environment": False,
        "production_environment": environment == "production",
    }


def _status(one: Deployment, number: int, state: str, environment: str, time: datetime, system: str) -> dict[str, Any]:
    return {
        "id": one.id * 10 + number,
        "state": state,
        "environment": environment,
        "created_at": _utc(time),
        "updated_at": _utc(time),
        "deployment_url": f"https://git.example.com/repos/example/{system}/deployments/{one.id}",
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
