"""Whose a file is, and whether the teams that own something still work on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from scaling_lib.config import Service
from scaling_lib.evidence.ownership import Ownership
from scaling_lib.evidence.teams import Teams

ACTIVE_D = 90.0


def owner_of(ownership: Ownership | None, services: Sequence[Service], teams: Teams | None) -> Callable[[str], str]:
    """The team of a path: the first owner by CODEOWNERS; without that file, of the service in whose folder it is.

    "" where it has none.
    """
    if ownership is not None:
        return lambda path: next(iter(ownership.owners(path)), "")
    by_service = service_owners(services, teams)

    def by_folder(path: str) -> str:
        return next((by_service[part] for part in path.split("/")[:-1] if part in by_service), "")

    return by_folder


def service_owners(services: Sequence[Service], teams: Teams | None) -> dict[str, str]:
    """By service its owner: as assessment.yaml says, else as the teams do; services without one are left out."""
    by_teams = {service: names[0] for service, names in (teams.owners() if teams else {}).items()}
    return {**by_teams, **{each.name: each.owner for each in services if each.owner}}


def addresses(teams: Teams | None) -> dict[str, tuple[str, ...]]:
    """By member's name the addresses that the teams' file gives."""
    return {name: own for team in (teams.teams if teams else ()) for name, own in team.addresses.items()}


def active_owners(
    changes: pd.DataFrame, owners: Mapping[str, str], teams: Teams, *, at: pd.Timestamp, days: float = ACTIVE_D
) -> pd.DataFrame:
    """A row a thing that is owned: what, owner, commits of its members in the last days before `at`, and active.

    changes: commit, time, person and bot, see `people`. owners: by name of a service or runbook its team, "" for none.
    An owner that is no team with members has no commits that are known: active is then None.
    """
    late = changes[(changes["time"] > at - pd.Timedelta(days=days)) & ~changes["bot"]]
    by_person = late.groupby(late["person"].str.lower())["commit"].nunique()
    members = {team.name: [name.lower() for name in team.members] for team in teams.teams}
    rows = []
    for what, owner in owners.items():
        own = members.get(owner, [])
        commits = int(by_person.reindex(own).fillna(0).sum()) if own else 0
        rows.append((what, owner, commits, bool(commits) if own else None))
    return pd.DataFrame(rows, columns=["what", "owner", "commits", "active"]).astype({"active": object})
