"""What work on a file takes: how often it is changed, hours a touch, and how much longer that is for its complexity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from scaling_lib.levers.debt_score import Points, interest_h
from scaling_lib.stats import Estimate

QUARTER_D = 91.3125
DAY_H = (3.0, 5.0, 7.0)  # hours of work on code in a day on which somebody committed, assumed
COMPLEX, VERY_COMPLEX = 10, 20  # of a function: McCabe's own limit (1976), and twice that
# Times longer that work takes than in healthy code, by band of complexity (Tornhill and Borg, Code Red, 2022)
MULTIPLIERS = {"middle": Estimate(1.72, 1.0, 2.2, 0.8, "x"), "worst": Estimate(2.2, 1.72, 2.2, 0.8, "x")}
PRIOR_H = (0.1, 0.25, 0.5)  # to repay each step of complexity above the limit, assumed


def hours_by_path(changes: pd.DataFrame) -> dict[str, tuple[int, float]]:
    """By path its touches, and hours a touch where each person's day with a commit is shared out evenly over it.

    changes: path, commit, time, person, bot. The hours of a day are assumed, see DAY_H: those given are of the middle.
    """
    human = changes[~changes["bot"]].drop_duplicates(["commit", "path"])
    day = human["time"].dt.floor("D")
    share = 1.0 / human.groupby([human["person"], day])["path"].transform("size")
    each = pd.DataFrame({"path": human["path"], "hours": DAY_H[1] * share})
    found = each.groupby("path").agg(touches=("hours", "size"), hours=("hours", "mean"))
    return {str(row[0]): (int(row[1]), float(row[2])) for row in found.itertuples(name=None)}


def history_interest(
    paths: Sequence[str], hours: Mapping[str, tuple[int, float]], functions: pd.DataFrame, *, days: float
) -> Points | None:
    """Hours a quarter that the complexity of files costs, by their history; None where none is over the limit.

    paths: with * for anything; hours: of `hours_by_path`; functions: path and complexity; days: that the history has.
    Touches: a Gamma-Poisson interval of 10% to 90% with Jeffreys' prior.
    """
    from scipy import special

    bands = band_by_path(functions)
    whole = np.zeros(3)
    for path in matching(paths, bands):
        if path not in hours:
            continue
        touches, each = hours[path]
        quarters = max(days, 1.0) / QUARTER_D
        low, high = (float(special.gammaincinv(touches + 0.5, q)) / quarters for q in (0.1, 0.9))
        a_quarter = Estimate(touches / quarters, min(low, touches / quarters), max(high, touches / quarters), 0.8)
        a_touch = Estimate(each, each * DAY_H[0] / DAY_H[1], each * DAY_H[2] / DAY_H[1], 0.8, "h", assumed=True)
        whole += interest_h(a_quarter, a_touch, MULTIPLIERS[bands[path]])
    return None if not whole.any() else (float(whole[0]), float(whole[1]), float(whole[2]))


def complexity_principal(paths: Sequence[str], functions: pd.DataFrame) -> Points | None:
    """Hours to repay what is over the limit of complexity, assumed; None where nothing is."""
    own = functions[functions["path"].isin(matching(paths, functions["path"].unique().tolist()))]
    over = float((own["complexity"] - COMPLEX).clip(lower=0).sum())
    return None if not over else (PRIOR_H[0] * over, PRIOR_H[1] * over, PRIOR_H[2] * over)


def band_by_path(functions: pd.DataFrame) -> dict[str, str]:
    """By path the band of its most complicated function, of files with one over the limit."""
    most = functions.groupby("path")["complexity"].max()
    return {str(path): "worst" if value > VERY_COMPLEX else "middle" for path, value in most.items() if value > COMPLEX}


def matching(patterns: Sequence[str], paths: Iterable[str]) -> list[str]:
    """The paths that one of the patterns is of: exactly, with * for anything, or the folder it is in."""
    return [
        path
        for path in paths
        if any(
            fnmatchcase(path, each.replace("[", "[[]")) or path.startswith(each.rstrip("/") + "/") for each in patterns
        )
    ]
