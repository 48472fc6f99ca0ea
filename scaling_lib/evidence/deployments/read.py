"""Reads deployments from GitHub's REST answers (deployments, their statuses, releases) and from tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.row_columns import chosen, plain_text, read_csv, read_json, utc
from scaling_lib.evidence.row_files import FileRows, Rows, read_rows, rejected
from scaling_lib.words import plural

COLUMNS = ("id", "service", "sha", "environment", "production", "task", "created", "finished", "state")
STATES = {
    "success": "success", "succeeded": "success", "successful": "success", "completed": "success", "ok": "success",
    "failure": "failure", "failed": "failure", "error": "failure", "errored": "failure", "aborted": "failure",
    "inactive": "success", "superseded": "success",
}  # fmt: skip
UNFINISHED = "unfinished"
ALIASES = {
    "id": ("deployment_id", "number", "run_id"),
    "service": ("application", "app", "component", "repository", "project"),
    "sha": ("commit", "commit_sha", "revision", "git_sha"),
    "environment": ("env", "stage", "target"),
    "task": ("type", "kind", "action"),
    "created": ("created_at", "started_at", "start", "time", "timestamp", "date", "deployed_at"),
    "finished": ("finished_at", "completed_at", "ended_at", "end", "updated_at", "deployed_at", "time"),
    "state": ("status", "result", "outcome", "conclusion"),
}
EXPECTED = "GitHub's deployments (JSON), or a table with a time, and best a service, sha, environment and state"


@dataclass(frozen=True, kw_only=True)
class DeploymentSource:
    """Files of deployments; statuses and releases of GitHub may lie beside them under the same glob.

    path: a file or glob; service: of rows that name none; columns: our names to those of a table.
    """

    path: str
    service: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = ""


def read_deployments(sources: Sequence[DeploymentSource]) -> Rows:
    """Every deployment, with the last state that is known of it.

    Columns: id, service, sha, environment, production (whether users are on it), task ("deploy", "rollback", ...),
    created and finished (UTC; NaT where it is not known), state ("success", "failure" or "unfinished").
    Releases count as deployments only where no deployment is given.
    Raises BrokenEvidence where no file gives one.
    """
    rows = read_rows("deployments", sources, _read, time="created", expected=EXPECTED)
    return Rows(frame=_joined(rows.frame), quality=rows.quality)


def _read(file: Path, source: DeploymentSource) -> FileRows:
    if file.suffix.lower() in (".csv", ".tsv"):
        return _table(file, source, read_csv(file))
    content = read_json(file)
    items = content if isinstance(content, list) else content.get("deployments") if isinstance(content, dict) else None
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise BrokenEvidence(f"{file}: found no list of deployments; expected {EXPECTED}.")
    kind = next((_kind(each) for each in items if _kind(each)), "")
    if kind == "status":
        return _made(file, "GitHub statuses", [_status(each) for each in items])
    if kind == "release":
        return _made(file, "GitHub releases", [_release(each, source) for each in items if not each.get("draft")])
    if kind == "deployment":
        return _made(file, "GitHub deployments", [_deployment(each, source) for each in items])
    return _table(file, source, pd.DataFrame(items))


def _kind(item: Mapping[str, Any]) -> str:
    if "deployment_url" in item and "state" in item:
        return "status"
    if "tag_name" in item:
        return "release"
    return "deployment" if "environment" in item and "sha" in item and "created_at" in item else ""


def _deployment(item: Mapping[str, Any], source: DeploymentSource) -> dict[str, object]:
    payload = item.get("payload")
    named = payload.get("service") if isinstance(payload, dict) else ""
    return {
        "id": plain_text(item.get("id")),
        "service": plain_text(named) or source.service,
        "sha": plain_text(item.get("sha")),
        "environment": plain_text(item.get("environment")),
        "production": bool(item.get("production_environment")) or _production(plain_text(item.get("environment"))),
        "task": plain_text(item.get("task")) or "deploy",
        "created": plain_text(item.get("created_at")),
        "finished": "",
        "state": UNFINISHED,
        "part": "deployment",
    }


def _status(item: Mapping[str, Any]) -> dict[str, object]:
    state = plain_text(item.get("state"))
    return {
        "id": plain_text(item.get("deployment_url")).rstrip("/").rpartition("/")[2],
        "finished": plain_text(item.get("created_at")),
        "state": STATES.get(state, UNFINISHED),
        "task": state,  # which of the states a status is: an inactive one ends nothing
        "part": "status",
    }


def _release(item: Mapping[str, Any], source: DeploymentSource) -> dict[str, object]:
    return {
        "id": plain_text(item.get("tag_name")),
        "service": source.service,
        "sha": plain_text(item.get("target_commitish")),
        "environment": "release",
        "production": not item.get("prerelease"),
        "task": "release",
        "created": plain_text(item.get("created_at")),
        "finished": plain_text(item.get("published_at")),
        "state": "success",
        "part": "release",
    }


def _made(file: Path, form: str, items: Sequence[Mapping[str, object]]) -> FileRows:
    frame = pd.DataFrame(items).reindex(columns=[*COLUMNS, "part"])
    times = {name: utc(frame[name].map(plain_text)) for name in ("created", "finished")}
    frame = frame.assign(**times)
    needs = frame["finished"] if form == "GitHub statuses" else frame["created"]
    lost = frame[needs.isna()]
    return FileRows(
        format=form,
        frame=frame[needs.notna()],
        rejected=rejected("no time that can be read", [items[row] for row in lost.index]),
    )


def _table(file: Path, source: DeploymentSource, table: pd.DataFrame) -> FileRows:
    aliases = {
        name: ((source.columns[name],) if name in source.columns else others) for name, others in ALIASES.items()
    }
    texts = chosen(file, table, aliases, ["created"])
    created, finished = utc(texts["created"]), utc(texts["finished"])
    unstated = bool((texts["state"] == "").all())
    state = texts["state"].str.lower().map(STATES).fillna("success" if unstated else UNFINISHED)
    production = texts["environment"].map(lambda name: not name or _production(name))
    frame = texts.assign(
        id=texts["id"].where(texts["id"] != "", (texts.index + 1).astype(str)),
        service=texts["service"].where(texts["service"] != "", source.service),
        production=production,
        task=texts["task"].where(texts["task"] != "", "deploy").str.lower(),
        created=created,
        finished=finished,
        state=state,
        part="deployment",
    )
    lost = table[created.isna()]
    notes = (
        [f"no state is given: all {plural(len(frame), 'deployment')} are taken to have succeeded"] if unstated else []
    )
    return FileRows(
        format="table",
        frame=frame[created.notna()][[*COLUMNS, "part"]],
        rejected=rejected("no time that can be read", lost.to_dict("records")),
        notes=tuple(notes),
    )


def _production(environment: str) -> bool:
    return environment.lower().startswith(("prod", "live"))


def _joined(rows: pd.DataFrame) -> pd.DataFrame:
    """Deployments with their last state and when it came; an "inactive" only says that a later one took over."""
    parts = {str(name): part for name, part in rows.groupby("part")}
    own = parts.get("deployment", parts.get("release", rows.iloc[:0])).drop_duplicates("id", keep="last")
    statuses = parts.get("status", rows.iloc[:0])
    ended = statuses[(statuses["state"] != UNFINISHED) & (statuses["task"] != "inactive")]
    last = ended.sort_values("finished").drop_duplicates("id", keep="last").set_index("id")
    known = own["id"].isin(last.index)
    own.loc[known, ["state", "finished"]] = last.loc[own.loc[known, "id"], ["state", "finished"]].to_numpy()
    ordered = own.sort_values(["created", "id"], kind="stable")
    return ordered[list(COLUMNS)].astype({"production": bool}).reset_index(drop=True)
