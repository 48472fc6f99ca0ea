"""The git history: parsed by its definition, counted plainly, and made again by git itself."""

from __future__ import annotations

import csv
import subprocess
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import combinations

import pytest
import yaml
from demo_files import parse_log

CHANGE_SET, LEAST = 30, 5  # larger commits couple nothing; rarer files and pairs say nothing


@pytest.fixture(scope="module")
def changes(shop) -> list[frozenset[str]]:
    return [commit.paths for commit in shop.log if len(commit.paths) <= CHANGE_SET]


@pytest.fixture(scope="module")
def revisions(changes) -> Counter[str]:
    return Counter(path for paths in changes for path in paths)


@pytest.fixture(scope="module")
def people(shop) -> dict[str, tuple[str, str]]:
    """Each address to its person and team."""
    teams = yaml.safe_load(shop.demo.texts["people/teams.yaml"])["teams"]
    return {
        email: (member["name"], team["name"])
        for team in teams
        for member in team["members"]
        for email in member["emails"]
    }


def test_a_year_of_commits(shop):
    told = shop.truth["code"]
    times = [datetime.fromisoformat(commit.time) for commit in shop.log]
    assert len(shop.log) == told["commits"] > 500
    assert times == sorted(times) and len(set(times)) == len(times)
    assert [times[0], times[-1]] == [datetime.fromisoformat(told[key]) for key in ("first_commit", "last_commit")]
    end = datetime.fromisoformat(shop.truth["end"])
    assert end - timedelta(days=366) < times[0] and times[-1] < end
    assert len({commit.sha for commit in shop.log}) == len(shop.log)
    assert all(len(commit.sha) == 40 and commit.email.endswith("example.com") for commit in shop.log)


def test_the_hotspot_is_the_file_that_is_changed_most_of_those_that_are_complex(shop, changes):
    told = shop.truth["code"]["hotspot"]
    complexity, length = Counter(), defaultdict(int)
    for _, ccn, _, _, _, _, path, _, _, _, end in csv.reader(shop.demo.texts["code/lizard.csv"].splitlines()):
        complexity[path] += int(ccn)
        length[path] = max(length[path], int(end))
    times = Counter(path for paths in changes for path in paths if path in complexity)
    ranked = sorted(times, key=lambda path: -times[path] * complexity[path])
    assert ranked[0] == told["path"]
    assert times[ranked[0]] * complexity[ranked[0]] > 3 * times[ranked[1]] * complexity[ranked[1]]
    assert sum(told["path"] in commit.paths for commit in shop.log) == told["revisions"]
    assert told["lines"] - 24 < length[told["path"]] <= told["lines"]  # the last function may end before the file


def test_one_pair_of_files_of_two_teams_changes_together(shop, changes, revisions, people):
    """Degree = int(100 x shared commits / mean revisions). No other pair with another owner is coupled."""
    told = shop.truth["code"]["coupled_across_teams"]
    shared = Counter(pair for paths in changes for pair in combinations(sorted(paths), 2))
    degree = {
        pair: int(100 * count / ((revisions[pair[0]] + revisions[pair[1]]) / 2))
        for pair, count in shared.items()
        if count >= LEAST and min(revisions[path] for path in pair) >= LEAST
    }
    rooms = {pair: {"/".join(path.split("/")[:2]) if path.startswith("services") else "platform" for path in pair}
             for pair in degree}  # fmt: skip
    across = [pair for pair, value in degree.items() if value >= 30 and len(rooms[pair]) == 2]
    assert across == [tuple(sorted(told["paths"]))]
    assert degree[across[0]] >= 80
    assert sum(set(told["paths"]) <= commit.paths for commit in shop.log) == told["shared_commits"]
    every = Counter(path for commit in shop.log for path in commit.paths)
    assert [every[path] for path in told["paths"]] == told["revisions"]
    teams = {people[commit.email][1] for commit in shop.log[1:] if set(told["paths"]) <= commit.paths}
    assert teams == set(told["teams"])


def test_one_file_is_known_by_one_person_alone(shop, changes, people):
    """After the first commit, and without the one that touches everything, by names merged over addresses."""
    told = shop.truth["code"]["knowledge_island"]
    authors = defaultdict(Counter)
    for commit in shop.log[1:]:
        if len(commit.paths) <= CHANGE_SET and commit.email in people:
            for path in commit.paths:
                authors[path][people[commit.email][0]] += 1
    alone = {
        path for path, who in authors.items() if sum(who.values()) >= 10 and max(who.values()) == sum(who.values())
    }
    assert alone == {told["path"]}
    assert set(authors[told["path"]]) == {told["author"]}
    assert sum(told["path"] in commit.paths for commit in shop.log) == told["revisions"]


def test_the_bot_and_the_person_with_two_addresses(shop, people):
    told = shop.truth["code"]
    assert sum(commit.author == told["bot"]["name"] for commit in shop.log) == told["bot"]["commits"] > 10
    addresses = defaultdict(set)
    for commit in shop.log:
        addresses[commit.author].add(commit.email)
    assert {name for name, mails in addresses.items() if len(mails) > 1} == {told["one_person_two_addresses"]}
    assert {commit.email for commit in shop.log} - set(people) == {"update-bot@example.com"}


def test_a_rename_a_binary_file_and_a_commit_that_touches_everything(shop):
    told = shop.truth["code"]
    changed = [change for commit in shop.log for change in commit.changes]
    assert [(each.old, each.path) for each in changed if each.old] == [tuple(told["renamed"].values())]
    assert {each.path for each in changed if each.added is None} == {told["binary"]}
    (large,) = [commit for commit in shop.log[1:] if len(commit.paths) > 20]
    assert (large.sha, len(large.paths)) == (told["touches_everything"]["sha"], told["touches_everything"]["files"])


def stream(log) -> bytes:
    """The history for `git fast-import`: lines are taken from the end of a file and new ones put there."""
    lines: dict[str, list[str]] = {}
    parts = []
    for number, commit in enumerate(log):
        second = int(datetime.fromisoformat(commit.time).timestamp())
        who = f"{commit.author} <{commit.email}> {second} +0000"
        parts.append(f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata 1\nx\n")
        for change in commit.changes:
            if change.old:
                lines[change.path] = lines.pop(change.old)
                parts.append(f"R {change.old} {change.path}\n")
            if change.added is None:
                content = f"\0{number}\n"
            else:
                old = lines.get(change.path, [])
                new = [f"{number} {change.path} {place}" for place in range(change.added)]
                lines[change.path] = old[: len(old) - change.deleted] + new
                content = "".join(f"{line}\n" for line in lines[change.path])
            parts.append(f"M 100644 inline {change.path}\ndata {len(content.encode())}\n{content}\n")
    return "".join(parts).encode()


@pytest.mark.service
def test_git_itself_prints_the_same_log(small, tmp_path, need):
    """But for the hashes, which are of other contents."""
    git = need("git")
    made = small(system="service-1")
    subprocess.run([git, "init", "-q", "--bare", tmp_path], check=True)
    subprocess.run([git, "-C", tmp_path, "fast-import", "--quiet"], input=stream(made.log), check=True)
    form = "--pretty=format:%x1e%H%x1f%aN%x1f%aE%x1f%aI"
    command = [git, "-C", tmp_path, "log", "main", "--numstat", "-z", "-M", "--no-merges", form]
    printed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    real = parse_log(printed)
    for own, theirs in zip(made.log, real, strict=True):
        printed = printed.replace(theirs.sha, own.sha)
    assert printed == made.demo.texts["code/git.log"]
