"""What it costs that teams change each other's code: hand-offs, and the wait for one deployment train."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib.levers.congruence import Congruence, congruence
from scaling_lib.levers.coupling import LARGEST_COMMIT, coupling
from scaling_lib.levers.touched import QUARTER_D
from scaling_lib.stats import Estimate, proportion_interval

HANDOFF_H = (0.5, 1.0, 4.0)  # of a change that two teams have to agree on, assumed


@dataclass(frozen=True, kw_only=True, eq=False)
class Coordination:
    """How much teams need each other to change code.

    pairs: coupled files, see `coupling`; congruence: of them with the owners. crossing: of the commits to owned files,
    the share that touches two teams'; a_quarter: how many; cost_h: what their agreements take, assumed.
    unowned: files of today without an owner, the most changed first. lines: of talk between all who commit, and
    inside_lines: within the teams alone, n (n - 1) / 2 each; None where people have no team.
    """

    pairs: pd.DataFrame
    congruence: Congruence
    crossing: Estimate
    a_quarter: Estimate
    cost_h: Estimate
    unowned: tuple[str, ...]
    lines: int
    inside_lines: int | None


def coordination(
    changes: pd.DataFrame,
    owner: Callable[[str], str],
    *,
    days: float,
    there: set[str] | None = None,
    team_of: Callable[[str], str] | None = None,
    level: float = 0.95,
) -> Coordination:
    """Hold the history against the owners of its files.

    changes: with person and bot, see `people`; days: of the history; there: files of today, None where not known;
    team_of: a person's team, "" for none. Commits of more than 30 files are sweeps, and say nothing of teams.
    """
    human = changes[~changes["bot"]].drop_duplicates(["commit", "path"])
    pairs = coupling(human)
    teams = {path: owner(path) for path in human["path"].unique()}
    size = human.groupby("commit")["path"].transform("size")
    owned = human.assign(team=human["path"].map(teams))[size <= LARGEST_COMMIT]
    by_commit = owned[owned["team"] != ""].groupby("commit")["team"].nunique()
    crossed = int((by_commit > 1).sum())
    quarters = max(days, 1.0) / QUARTER_D
    a_quarter = _a_quarter(crossed, quarters, level)
    counts = human["path"].value_counts()
    bare = [str(path) for path in counts.index if teams[path] == "" and (there is None or path in there)]
    people = sorted(human["person"].unique())
    sizes = pd.Series([team_of(each) for each in people]).value_counts() if team_of else pd.Series(dtype="int64")
    known = team_of is not None and "" not in sizes.index
    return Coordination(
        pairs=pairs,
        congruence=congruence(pairs, owner),
        crossing=proportion_interval(crossed, len(by_commit), level),
        a_quarter=a_quarter,
        cost_h=Estimate(
            a_quarter.value * HANDOFF_H[1],
            a_quarter.low * HANDOFF_H[0],
            a_quarter.high * HANDOFF_H[2],
            level,
            "h",
            assumed=True,
        ),
        unowned=tuple(bare),
        lines=math.comb(len(people), 2),
        inside_lines=sum(math.comb(int(size), 2) for size in sizes) if known else None,
    )


def _a_quarter(count: int, quarters: float, level: float) -> Estimate:
    """A rate from a count, with its exact interval. Source: Garwood, Biometrika 28 (1936)."""
    from scipy import special

    low = float(special.gammaincinv(count, (1 - level) / 2)) if count else 0.0
    high = float(special.gammaincinv(count + 1, (1 + level) / 2))
    return Estimate(count / quarters, low / quarters, high / quarters, level, "commits")
