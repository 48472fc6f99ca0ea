"""Whether teams that have to talk to each other, by the code they change together, can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Congruence:
    """share: of the coordination that is needed, the part within one team; NaN where none is needed.

    across: a row a pair of files coupled across teams: one, other, team_one, team_other, shared, degree, the most
    shared commits first; between: a row a pair of teams: one, other, shared commits, files: pairs of them.
    unowned: pairs of which a file has no owner.
    """

    share: float
    across: pd.DataFrame
    between: pd.DataFrame
    unowned: int


def coordination_needed(assignment: ArrayLike, dependency: ArrayLike) -> Integers:
    """Who has to coordinate with whom: TA x TD x TA', by people, from tasks assigned and tasks that depend.

    assignment: people by tasks; dependency: tasks by tasks. Source: Cataldo and others, Identification of coordination
    requirements, CSCW (2006).
    """
    people, tasks = np.atleast_2d(np.asarray(assignment)), np.atleast_2d(np.asarray(dependency))
    if people.shape[1] != tasks.shape[0] or tasks.shape[0] != tasks.shape[1]:
        raise InvalidInput(
            f"coordination_needed: found matrices of {people.shape} and {tasks.shape}; expected people by tasks, and "
            "tasks by tasks."
        )
    return np.asarray(people @ tasks @ people.T, dtype=np.int64)


def congruence(pairs: pd.DataFrame, owner: Callable[[str], str]) -> Congruence:
    """Hold coupled files against the teams that own them.

    pairs: of `coupling`. owner: the team of a path, "" where it has none.
    """
    if missing := [name for name in ("one", "other", "shared", "degree") if name not in pairs]:
        raise InvalidInput(f"congruence: found no column {missing[0]}; expected the pairs of `coupling`.")
    table = pairs.assign(team_one=pairs["one"].map(owner), team_other=pairs["other"].map(owner))
    owned = table[(table["team_one"] != "") & (table["team_other"] != "")]
    same = owned["team_one"] == owned["team_other"]
    whole = float(owned["shared"].sum())
    across = owned[~same].sort_values(["shared", "degree", "one"], ascending=[False, False, True], kind="stable")
    teams = pd.DataFrame(
        np.sort(across[["team_one", "team_other"]].to_numpy(dtype=str), axis=1), columns=["one", "other"]
    )
    counted = teams.assign(shared=across["shared"].to_numpy()).groupby(["one", "other"], as_index=False)
    between = counted.agg(shared=("shared", "sum"), files=("shared", "size"))
    columns = ["one", "other", "team_one", "team_other", "shared", "degree"]
    return Congruence(
        share=float(owned.loc[same, "shared"].sum()) / whole if whole else float("nan"),
        across=across[columns].reset_index(drop=True),
        between=between.sort_values("shared", ascending=False, kind="stable", ignore_index=True),
        unowned=len(table) - len(owned),
    )
