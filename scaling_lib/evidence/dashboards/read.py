"""Reads dashboards that Grafana exported, or that its interface gave, with their queries in PromQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.expressions import parse_expression
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.selector import Selector
from scaling_lib.evidence.sources import read_sources
from scaling_lib.words import plural

SUPPLY = "Export the dashboard as JSON, or save the answer of /api/dashboards/uid/UID."
TAGS = ("team:", "owner:", "team-", "squad:")
DEEPEST = 20  # rows hold panels, and Grafana allows rows in rows of old exports


@dataclass(frozen=True, kw_only=True)
class DashboardSource:
    """Files of dashboards. path: a file or glob; team: whose they are, where the files do not say."""

    path: str
    team: str = ""
    origin: Origin = ""


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard.

    owner: the team that its folder or a tag such as `team:edge` names, or that the source is said to be of; "" where
    nobody is. selectors: what its panels query; values: of its variables, the values that they can only have, empty
    where that is not fixed; patterns: of those that are asked of the metrics the expression that all their values fit.
    """

    title: str
    owner: str
    panels: int
    selectors: tuple[Selector, ...]
    values: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Dashboards:
    """The dashboards of all sources, in the order of their files. quality: one entry a source."""

    dashboards: tuple[Dashboard, ...]
    quality: tuple[Quality, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _File:
    dashboard: Dashboard
    unread: int


def read_dashboards(sources: Sequence[DashboardSource]) -> Dashboards:
    """Read every file of every source. Raises BrokenEvidence where none is a dashboard."""
    found = read_sources(sources, _read)
    dashboards = tuple(file.dashboard for each in found for file in each.read)
    quality = tuple(
        Quality(
            kind="dashboards",
            source=each.source.path,
            format="Grafana",
            rows=len(each.read),
            origin=each.source.origin,
            problem=" ".join(each.problems),
            notes=(
                *each.notes,
                *(
                    f"{file.dashboard.title}: {plural(file.unread, 'query', 'queries')} that could not be read"
                    for file in each.read
                    if file.unread
                ),
            ),
        )
        for each in found
    )
    if not dashboards:
        raise BrokenEvidence(" ".join(each.problem for each in quality))
    return Dashboards(dashboards=dashboards, quality=quality)


def _read(file: Path, source: DashboardSource) -> _File:
    whole = _document(file)
    own = whole["dashboard"] if isinstance(whole.get("dashboard"), dict) else whole
    if not isinstance(own.get("panels", own.get("rows")), list):
        raise BrokenEvidence(f"{file}: found JSON without panels; expected a dashboard of Grafana. {SUPPLY}")
    panels = [panel for panel in _panels(own, 0) if isinstance(panel.get("targets"), list)]
    selectors: dict[str, Selector] = {}
    unread = 0
    for target in (target for panel in panels for target in panel["targets"] if isinstance(target, dict)):
        text = target.get("expr")
        if not isinstance(text, str) or not text.strip():
            continue
        try:
            selectors |= {each.text: each for each in parse_expression(text).selectors}
        except InvalidInput:
            unread += 1
    meta = whole.get("meta") if isinstance(whole.get("meta"), dict) else {}
    return _File(
        dashboard=Dashboard(
            title=str(own.get("title") or file.stem),
            owner=_owner(own, meta) or source.team,
            panels=len(panels),
            selectors=tuple(selectors.values()),
            values=_values(own),
            patterns=_patterns(own),
        ),
        unread=unread,
    )


def _document(file: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BrokenEvidence(f"{file}: found no JSON ({error}); expected a dashboard of Grafana. {SUPPLY}") from None
    except OSError as error:
        raise BrokenEvidence(f"{file}: cannot be read ({error.strerror}); expected a dashboard of Grafana.") from None
    if not isinstance(found, dict):
        raise BrokenEvidence(f"{file}: found {type(found).__name__}; expected a dashboard of Grafana. {SUPPLY}")
    return found


def _panels(part: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """All panels, those inside rows too."""
    for key in ("panels", "rows"):
        for panel in part.get(key) or []:
            if isinstance(panel, dict) and depth < DEEPEST:
                yield panel
                yield from _panels(panel, depth + 1)


def _owner(own: Mapping[str, Any], meta: Any) -> str:
    """The team that a tag names, else the folder's title; Grafana's own folder is nobody's."""
    tags = [tag for tag in own.get("tags") or [] if isinstance(tag, str)]
    for tag in tags:
        for start in TAGS:
            if tag.lower().startswith(start):
                return tag if start.endswith("-") else tag[len(start) :].strip()
    folder = meta.get("folderTitle") if isinstance(meta, dict) else ""
    return folder if isinstance(folder, str) and folder.lower() != "general" else ""


def _values(own: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By variable the values that it can have: of lists that are written in the dashboard alone."""
    found: dict[str, tuple[str, ...]] = {}
    for variable in _variables(own):
        fixed = variable.get("type") in ("custom", "constant") and isinstance(variable.get("query"), str)
        values = [value.partition(" : ")[2] or value for value in str(variable["query"]).split(",")] if fixed else []
        found[variable["name"]] = tuple(value.strip() for value in values if value.strip())
    return found


def _patterns(own: Mapping[str, Any]) -> dict[str, str]:
    """By variable that is asked of the metrics the filter of its values, as PromQL has it; those without are left out.

    Grafana's filter is found anywhere in a value, PromQL's fits it whole. What captures a part, or looks around, is not
    followed: such a variable may be anything.
    """
    found: dict[str, str] = {}
    for variable in _variables(own):
        text = variable.get("regex")
        if variable.get("type") != "query" or not isinstance(text, str) or "(" in text:
            continue
        bare = text[1 : text.rindex("/")] if text[:1] == "/" and text.rindex("/") > 0 else text
        if bare:
            start, end = "" if bare.startswith("^") else ".*", "" if bare.endswith("$") else ".*"
            found[variable["name"]] = f"(?:{start}(?:{bare.removeprefix('^').removesuffix('$')}){end})"
    return found


def _variables(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    templating = own.get("templating")
    listed = templating.get("list") if isinstance(templating, dict) else None
    given = listed if isinstance(listed, list) else []
    return [each for each in given if isinstance(each, dict) and isinstance(each.get("name"), str)]
