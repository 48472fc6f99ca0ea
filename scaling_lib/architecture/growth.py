"""How interdependencies and failure modes grow with the number of parts: linearly, or faster."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import Estimate, student_quantile
from scaling_lib.stats.proportions import check_level

Floats = NDArray[np.float64]

FEWEST = 5
MOST_REMEMBERED = 0.9
SPREAD = 1.5  # of the parts, the last over the first: with less, an exponent says nothing
LARGEST_COMMIT = 30  # parts: a commit of more is a sweep over the whole code, and couples nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class Growth:
    """history: a row a moment: time, parts, interdependencies, failure_modes (of the parts and of what is between).

    exponent: e of interdependencies ~ parts ^ e: 1 grows as the parts do, 2 as all pairs of them.
    """

    history: pd.DataFrame
    exponent: Estimate


def growth_exponent(parts: ArrayLike, interdependencies: ArrayLike, level: float = 0.95) -> Estimate:
    """The exponent of interdependencies over parts, by least squares of their logarithms, with Student's t.

    parts, interdependencies: above 0, one each a moment, five or more. Moments that follow each other remember: the
    residuals' autocorrelation of the first order widens the interval, as so many fewer moments. Coverage of the
    nominal 95% with 16 moments: 0.98 independent, 0.96 remembering by 0.5, 0.95 by 0.8.
    Raises NotEnoughData where there are fewer, or the parts hardly change, InvalidInput for figures that cannot be.
    """
    check_level("growth_exponent", level)
    x, y = (np.asarray(each, dtype=np.float64) for each in (parts, interdependencies))
    if x.ndim != 1 or x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InvalidInput("growth_exponent: expected as many parts as interdependencies, one number a moment.")
    if (x <= 0).any() or (y <= 0).any():
        raise InvalidInput(
            "growth_exponent: found a count of 0 or less; expected moments with parts that are connected."
        )
    if len(x) < FEWEST:
        raise NotEnoughData(f"growth_exponent: found {len(x)} moments; expected {FEWEST} or more.")
    if x.max() / x.min() < SPREAD:
        raise NotEnoughData(
            f"growth_exponent: the parts go from {x.min():g} to {x.max():g}; expected a growth of {SPREAD}x or more."
        )
    away, logs = np.log(x) - np.log(x).mean(), np.log(y)
    slope = float(away @ (logs - logs.mean()) / (away @ away))
    residuals = logs - logs.mean() - slope * away
    squares = float(residuals @ residuals)
    worth = len(x) / _times_fewer(residuals, squares)
    degrees = max(worth - 2, 1.0)
    error = math.sqrt(squares / (len(x) - 2) / float(away @ away) * len(x) / worth)
    half = student_quantile(level, degrees) * error
    return Estimate(slope, slope - half, slope + half, level)


def _times_fewer(residuals: Floats, squares: float) -> float:
    """How many times fewer moments the residuals are worth: their autocorrelation with its bias, and one error more."""
    n = len(residuals)
    if squares <= 1e-18:
        return 1.0
    seen = float(residuals[1:] @ residuals[:-1]) / squares
    remembered = (
        (seen * n + 2) / (n - 4) if n > FEWEST else seen
    )  # after a line of two parameters it is low by some 2 / n
    sure = min(max(remembered + math.sqrt(max(1 - remembered**2, 0.02) / n), 0.0), MOST_REMEMBERED)
    return min((1 + sure) / (1 - sure), n / 3)


def code_growth(changes: pd.DataFrame, *, depth: int = 2, together: int = 2, moments: int = 12) -> Growth:
    """The growth of a code base: its folders, and the pairs of them that were changed together.

    changes: the frame of `evidence.changes`. depth: of the folders that count as parts. together: the commits from
    which on a pair counts. moments: evenly over the history, at each of which all until then is counted.
    Raises NotEnoughData as `growth_exponent`.
    """
    if depth < 1 or together < 1 or moments < FEWEST:
        raise InvalidInput(
            f"code_growth: found depth {depth}, together {together} and {moments} moments; expected more."
        )
    part = changes["path"].str.split("/").map(lambda names: "/".join(names[:depth]) if len(names) > 1 else "")
    known = changes.assign(part=part)[part != ""][["order", "time", "part"]].drop_duplicates(["order", "part"])
    if known.empty:
        raise NotEnoughData("code_growth: found no file in a folder; expected a history of folders.")
    first, last = known["time"].min(), known["time"].max()
    edges = [first + (last - first) * (number + 1) / moments for number in range(moments)]
    pairs = _pairs(known)
    rows = []
    for edge in edges:
        until = pairs[pairs["time"] <= edge]
        counts = until.groupby(["one", "other"]).size()
        parts = known.loc[known["time"] <= edge, "part"].nunique()
        coupled = int((counts >= together).sum())
        rows.append((edge, parts, coupled, parts + coupled))
    history = pd.DataFrame(rows, columns=["time", "parts", "interdependencies", "failure_modes"])
    grown = history[history["interdependencies"] > 0]
    return Growth(history=history, exponent=growth_exponent(grown["parts"], grown["interdependencies"]))


def _pairs(known: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (group["time"].iloc[0], one, other)
        for _, group in known.groupby("order")
        if 1 < len(group) <= LARGEST_COMMIT
        for one, other in combinations(sorted(group["part"]), 2)
    ]
    return pd.DataFrame(rows, columns=["time", "one", "other"])
