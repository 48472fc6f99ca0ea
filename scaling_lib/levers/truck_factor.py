"""How many people would have to leave until half of the files have nobody who knows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling_lib.levers.history import check_changes

Floats = NDArray[np.float64]

KNOWS = 0.75  # of the file's highest degree of authorship
LEAST_DEGREE = 3.293  # who made but one change long ago knows nothing, however few others there are
COVERED = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class TruckFactor:
    """number: how many; people: who, the one that knows most files first; files: that count; coverage: the share of
    files that somebody still knows after each of them left. without_bots: how many bots were left out, by `bot`.
    """

    number: int
    people: tuple[str, ...]
    coverage: tuple[float, ...]
    files: int
    without_bots: int


def degree_of_authorship(created: ArrayLike, own: ArrayLike, others: ArrayLike) -> Floats:
    """How well somebody knows a file: 3.293 + 1.098 FA + 0.164 DL - 0.321 ln(1 + AC).

    created: 1 for who made its first commit, else 0; own: their commits after that one; others: everybody else's after
    it. Source: Fritz and others, A degree-of-knowledge model (2010); Avelino and others, ICPC (2016).
    """
    first, made, else_ = (np.asarray(each, dtype=np.float64) for each in (created, own, others))
    return np.asarray(3.293 + 1.098 * first + 0.164 * made - 0.321 * np.log1p(else_))


def truck_factor(changes: pd.DataFrame) -> TruckFactor:
    """The truck factor of a history: remove who knows most files, until fewer than half of them are known.

    changes: commit, path, order (0 the newest), person (see `people`; author where it is absent), and bot. Files that
    were touched by bots alone do not count.
    Published values of one repository differ (the mapping of names, the files taken): hold it against others with care.
    Source: Avelino, Passos, Hora and Valente, A novel approach for estimating truck factors, ICPC (2016).
    """
    check_changes("truck_factor", changes, ("commit", "path", "order"))
    own = changes if "person" in changes else changes.assign(person=changes["author"])
    bots = own["bot"] if "bot" in own else pd.Series(False, index=own.index)
    human = own[~bots].drop_duplicates(["commit", "path"])
    knows = _authors(human)
    files = human["path"].nunique()
    left, coverage = [], []
    while len(knows) and knows["path"].nunique() >= COVERED * files:
        most = knows.groupby("person")["path"].nunique()
        gone = str(most.sort_index().sort_values(ascending=False, kind="stable").index[0])
        knows = knows[knows["person"] != gone]
        left.append(gone)
        coverage.append(knows["path"].nunique() / files)
    return TruckFactor(
        number=len(left),
        people=tuple(left),
        coverage=tuple(coverage),
        files=files,
        without_bots=int(own.loc[bots, "person"].nunique()),
    )


def _authors(human: pd.DataFrame) -> pd.DataFrame:
    """The pairs of path and person who know it."""
    counts = human.groupby(["path", "person"], as_index=False).agg(commits=("commit", "nunique"))
    whole = counts.groupby("path")["commits"].transform("sum")
    first = (
        human.sort_values("order", ascending=False, kind="stable").drop_duplicates("path").set_index("path")["person"]
    )
    created = (counts["path"].map(first) == counts["person"]).to_numpy(dtype=np.float64)
    own = counts["commits"].to_numpy(dtype=np.float64) - created
    degree = degree_of_authorship(created, own, whole.to_numpy(dtype=np.float64) - 1 - own)  # without the first commit
    highest = pd.Series(degree).groupby(counts["path"]).transform("max").to_numpy()
    known: pd.DataFrame = counts.loc[(degree / highest > KNOWS) & (degree >= LEAST_DEGREE)]
    return known
