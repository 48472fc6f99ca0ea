"""Reads teams with their services from YAML or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.sources import read_sources
from scaling_lib.evidence.yaml_parts import Part, read_parts

FORM = "Write teams: [{name: team-edge, services: [gateway], members: [{name: Ada}]}]."


@dataclass(frozen=True, kw_only=True)
class TeamSource:
    """Files of teams. path: a file or glob."""

    path: str
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team, the services that it owns, and its members by name. addresses: of members who give them, by name."""

    name: str
    services: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Teams:
    """The teams of all sources, in the order of their files. quality: one entry a source."""

    teams: tuple[Team, ...]
    quality: tuple[Quality, ...] = ()

    def owners(self) -> dict[str, tuple[str, ...]]:
        """By service the teams that own it."""
        found: dict[str, list[str]] = {}
        for team in self.teams:
            for service in team.services:
                found.setdefault(service, []).append(team.name)
        return {service: tuple(dict.fromkeys(names)) for service, names in found.items()}


def read_teams(sources: Sequence[TeamSource]) -> Teams:
    """Read every file of every source. Raises BrokenEvidence where none gives a team that can be read."""
    found = read_sources(sources, _read)
    teams = [team for each in found for file in each.read for team in file]
    quality = tuple(
        Quality(
            kind="teams",
            source=each.source.path,
            format="teams",
            rows=sum(map(len, each.read)),
            origin=each.source.origin,
            problem=" ".join(each.problems),
            notes=tuple(each.notes),
        )
        for each in found
    )
    if not teams:
        raise BrokenEvidence(" ".join(each.problem for each in quality) or f"{sources[0].path}: found no team. {FORM}")
    return Teams(teams=tuple(teams), quality=quality)


def _read(file: Path, _: TeamSource) -> list[Team]:
    try:
        return [_team(part) for document in read_parts(file, "a list of teams") for part in _listed(document)]
    except InvalidInput as error:
        raise BrokenEvidence(f"{error} {FORM}") from None


def _listed(document: Part) -> list[Part]:
    if not document.has("teams"):
        raise document.error("teams", "nothing", "a list of teams")
    return document.parts("teams")


def _team(part: Part) -> Team:
    return Team(
        name=part.text("name", required=True),
        services=_names(part, "services"),
        members=_names(part, "members"),
        addresses=_addresses(part),
    )


def _names(part: Part, key: str) -> tuple[str, ...]:
    """A list of names, or of parts that have one."""
    given = part.data.get(key) or []
    names = [each.get("name") if isinstance(each, dict) else each for each in given] if isinstance(given, list) else [0]
    if not all(isinstance(name, str) and name for name in names):
        raise part.error(key, f"{str(given)[:60]!r}", "a list of names")
    return tuple(map(str, names))


def _addresses(part: Part) -> dict[str, tuple[str, ...]]:
    """By member the texts under `emails`; a member who is a name alone has none."""
    found = {}
    for each in part.data.get("members") or []:
        emails = each.get("emails") or [] if isinstance(each, dict) else []
        if not isinstance(emails, list) or not all(isinstance(email, str) for email in emails):
            raise part.error("members", f"the emails {str(emails)[:60]!r}", "a list of addresses")
        if emails:
            found[str(each["name"])] = tuple(emails)
    return found
