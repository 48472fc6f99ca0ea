"""A year of git history or more, in the form that `git log --numstat -z` prints, with a complexity report beside it.

Planted: a hotspot, a pair of files of two teams that change together, a file that one person alone knows, a bot, a
person with two addresses, a renamed file, a binary file and one commit that touches everything.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from scaling_lib.demo.plan import Plan

YEAR_D = 365
BEFORE_D = 14  # at least, of commits before the first traffic
PLATFORM = "team-platform"
FIRST_NAMES = ("Ada", "Bo", "Cleo", "Dara", "Edo", "Fia", "Gil", "Hana", "Ivo", "Jun", "Kaya", "Lev", "Mina", "Nils")
LAST_NAMES = ("Sample", "Fiction", "Example", "Invented", "Placeholder", "Madeup")
MEMBERS = 3
BOT = ("update-bot[bot]", "update-bot@example.com")
KINDS = {"ordinary": 0.46, "hotspot": 0.17, "island": 0.1, "coupled": 0.11, "platform": 0.1, "bot": 0.06}
HOTSPOT_LINES, USUAL_LINES = 1400, (80, 420)
MODULES = ("app", "models", "routes", "settings", "store", "views")


@dataclass(frozen=True, kw_only=True)
class Change:
    """A file of a commit; added and deleted are None for a binary file, `old` is the name before a renaming."""

    path: str
    added: int | None
    deleted: int | None
    old: str = ""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit."""

    sha: str
    author: str
    email: str
    time: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class History:
    """Commits, the oldest first; members: (name, email) by team; lines: of each file at the end; and the truth."""

    commits: tuple[Commit, ...]
    members: dict[str, tuple[tuple[str, str], ...]]
    lines: dict[str, int]
    truth: dict[str, Any]

    def log(self) -> str:
        """As `git log HEAD --numstat -z -M --no-merges --pretty=format:%x1e%H%x1f%aN%x1f%aE%x1f%aI`, newest first."""
        return "\0".join(map(_record, reversed(self.commits)))


def make_history(plan: Plan) -> History:
    """Write the year before the plan's end, or more where the traffic is longer."""
    rng = plan.rng("history")
    teams = list(dict.fromkeys([*(service.team for service in plan.services), PLATFORM]))
    members = {
        team: tuple(_person(number * MEMBERS + place) for place in range(MEMBERS)) for number, team in enumerate(teams)
    }
    tree = _Tree(plan, members)
    times = _times(plan, rng)
    commits = [_first(plan, tree, times[0])]
    for number, (time, kind) in enumerate(zip(times[1:], _kinds(len(times) - 1, rng), strict=True), start=1):
        commits.append(_commit(plan, tree, number, time, _special(number, len(times)) or kind, rng))
    return History(commits=tuple(commits), members=members, lines=dict(tree.lines), truth=_truth(tree, commits))


def _person(number: int) -> tuple[str, str]:
    last, first = divmod(number, len(FIRST_NAMES))
    series, last = divmod(last, len(LAST_NAMES))
    name = f"{FIRST_NAMES[first]} {LAST_NAMES[last]}{' ' + str(series + 1) if series else ''}"
    return name, name.lower().replace(" ", ".") + "@example.com"


class _Tree:
    """The files as they are while the history is written."""

    def __init__(self, plan: Plan, members: dict[str, tuple[tuple[str, str], ...]]) -> None:
        self.plan, self.members = plan, members
        self.lines: dict[str, int] = {}
        self.by_team: dict[str, list[str]] = defaultdict(list)
        for service in plan.services:
            for module in MODULES:
                self.by_team[service.team].append(f"services/{service.name}/{module}.py")
            self.by_team[service.team].append(f"services/{service.name}/tests/test_routes.py")
        for name in ("pipeline.yaml", "telemetry.py", "deploy.py", "alerts.yaml"):
            self.by_team[PLATFORM].append(f"platform/{name}")
        self.hotspot = f"services/{plan.last.name}/pricing.py"
        self.island = f"services/{plan.front.name}/tariffs.py"
        self.pair = (f"services/{plan.last.name}/messages.py", "platform/contracts.py")
        self.picture, self.renamed = "docs/plan.png", ("docs/setup.md", "docs/getting-started.md")
        self.owner = members[plan.front.team][0]  # of the island


def _times(plan: Plan, rng: np.random.Generator) -> list[datetime]:
    """Some two to three commits a working day, between 8 and 18 UTC, to the second."""
    length = max(YEAR_D, plan.days + BEFORE_D)
    days = [plan.end - timedelta(days=day) for day in range(length, 0, -1)]
    moments = [
        day + timedelta(seconds=int(second))
        for day in days
        if day.weekday() < 5
        for second in rng.integers(8 * 3600, 18 * 3600, size=int(rng.integers(1, 5)))
    ]
    return sorted(set(moments))


def _kinds(count: int, rng: np.random.Generator) -> list[str]:
    return [str(kind) for kind in rng.choice(list(KINDS), size=count, p=list(KINDS.values()))]


def _special(number: int, count: int) -> str:
    """Three commits stand at places of their own."""
    return {count // 3: "rename", count // 2: "everything", 2 * count // 3: "picture"}.get(number, "")


def _first(plan: Plan, tree: _Tree, time: datetime) -> Commit:
    """All files, in one commit of the platform's first member."""
    rng = plan.rng("first commit")
    paths = [path for team in tree.by_team for path in tree.by_team[team]]
    for path in [*paths, tree.island, *tree.pair, tree.renamed[0], "flags/flags.flagd.json"]:
        tree.lines[path] = int(rng.integers(*USUAL_LINES))
    tree.lines[tree.hotspot] = HOTSPOT_LINES
    changes = [Change(path=path, added=lines, deleted=0) for path, lines in tree.lines.items()]
    return _made(
        plan, 0, time, tree.members[PLATFORM][0], [*changes, Change(path=tree.picture, added=None, deleted=None)]
    )


def _commit(plan: Plan, tree: _Tree, number: int, time: datetime, kind: str, rng: np.random.Generator) -> Commit:
    team = plan.services[int(rng.integers(len(plan.services)))].team
    member = int(rng.integers(MEMBERS))
    files = tree.by_team[team]
    chosen = [files[place] for place in rng.choice(len(files), size=int(rng.integers(1, 4)), replace=False)]
    author = tree.members[team][member]
    if author == tree.members[plan.last.team][1] and rng.random() < 0.3:
        author = (author[0], author[1].replace("@example.com", "@home.example.com"))  # the same person, elsewhere
    if kind == "rename":
        tree.lines[tree.renamed[1]] = tree.lines.pop(tree.renamed[0])
        moved = Change(path=tree.renamed[1], added=0, deleted=0, old=tree.renamed[0])
        return _made(plan, number, time, author, [moved])
    if kind == "picture":
        return _made(plan, number, time, author, [Change(path=tree.picture, added=None, deleted=None)])
    if kind == "everything":
        return _made(plan, number, time, tree.members[PLATFORM][0], [_touched(tree, path, rng) for path in tree.lines])
    if kind == "bot":
        return _made(plan, number, time, BOT, [_touched(tree, "platform/pipeline.yaml", rng)])
    if kind == "platform":
        author, files = tree.members[PLATFORM][member], tree.by_team[PLATFORM]
        chosen = [files[int(rng.integers(len(files)))]]
    elif kind == "island":
        author, chosen = tree.owner, [tree.island]
    elif kind == "hotspot":
        author, chosen = tree.members[plan.last.team][member], [tree.hotspot]
    elif kind == "coupled":  # either team changes both; one time in ten the other side was not needed
        author = tree.members[plan.last.team if member else PLATFORM][member]
        chosen = list(tree.pair) if rng.random() < 0.9 else [tree.pair[member % 2]]
    return _made(plan, number, time, author, [_touched(tree, path, rng) for path in chosen])


def _touched(tree: _Tree, path: str, rng: np.random.Generator) -> Change:
    added = 1 + int(rng.geometric(0.08))
    deleted = min(int(rng.geometric(0.11)), tree.lines[path] - 1)
    tree.lines[path] += added - deleted
    return Change(path=path, added=added, deleted=deleted)


def _made(plan: Plan, number: int, time: datetime, author: tuple[str, str], changes: list[Change]) -> Commit:
    sha = hashlib.sha1(f"{plan.seed}/{plan.system}/{number}".encode(), usedforsecurity=False).hexdigest()
    return Commit(
        sha=sha, author=author[0], email=author[1], time=time, changes=tuple(sorted(changes, key=lambda c: c.path))
    )


def _record(commit: Commit) -> str:
    head = f"\x1e{commit.sha}\x1f{commit.author}\x1f{commit.email}\x1f{commit.time.isoformat()}"
    return head + "\n" + "".join(map(_numstat, commit.changes))


def _numstat(change: Change) -> str:
    added, deleted = ("-" if number is None else str(number) for number in (change.added, change.deleted))
    place = f"\0{change.old}\0{change.path}" if change.old else change.path
    return f"{added}\t{deleted}\t{place}\0"


def _truth(tree: _Tree, commits: list[Commit]) -> dict[str, Any]:
    sets = [{change.path for change in commit.changes} for commit in commits]
    revisions = {path: sum(path in paths for paths in sets) for path in (tree.hotspot, tree.island, *tree.pair)}
    last = tree.plan.last.team
    return {
        "commits": len(commits),
        "first_commit": commits[0].time,
        "last_commit": commits[-1].time,
        "hotspot": {"path": tree.hotspot, "revisions": revisions[tree.hotspot], "lines": tree.lines[tree.hotspot]},
        "coupled_across_teams": {
            "paths": list(tree.pair),
            "teams": [last, PLATFORM],
            "shared_commits": sum(set(tree.pair) <= paths for paths in sets),
            "revisions": [revisions[path] for path in tree.pair],
        },
        "knowledge_island": {
            "path": tree.island,
            "author": tree.owner[0],
            "email": tree.owner[1],
            "revisions": revisions[tree.island],
            "revisions_of_others": "the first commit, and the one that touches everything",
        },
        "bot": {"name": BOT[0], "commits": sum(commit.author == BOT[0] for commit in commits)},
        "one_person_two_addresses": tree.members[last][1][0],
        "renamed": {"from": tree.renamed[0], "to": tree.renamed[1]},
        "binary": tree.picture,
        "touches_everything": {"sha": commits[len(commits) // 2].sha, "files": len(sets[len(commits) // 2])},
    }
