"""How long commits took to their users."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def shipped_after_s(shipped: pd.DataFrame, changes: pd.DataFrame) -> NDArray[np.float64]:
    """Seconds from each commit to the first deployment with it.

    shipped: successful deployments in the order of `finished`, with `sha` (whole, or its first letters).
    changes: commit, time, order (0 the newest, as `git log` writes them): a deployment of a commit ships all that are
    older. A repository with many branches is taken as one line, as `git log` orders it.
    Commits of or before the first deployment, and those that no deployment shipped, are left out; so are those whose
    clock says that they are newer than the deployment that shipped them.
    """
    commits = changes.drop_duplicates("order").sort_values("order")[["commit", "time", "order"]]
    place = _places(shipped["sha"].astype(str).tolist(), commits["commit"].astype(str).tolist())
    known = place >= 0
    newest = commits["order"].to_numpy()[place[known]]
    finished = shipped["finished"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")[known]
    if not len(newest):
        return np.array([])
    reached = np.minimum.accumulate(newest)  # the newest commit that users had so far
    orders = commits["order"].to_numpy()
    times = commits["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    first = np.searchsorted(-reached, -orders, side="left")
    counted = (first > 0) & (first < len(reached))
    after = (finished[first[counted]] - times[counted]).astype(np.int64) / 1e6
    return np.asarray(after[after >= 0], dtype=np.float64)


def _places(shas: list[str], commits: list[str]) -> NDArray[np.int64]:
    """By deployment the place of its commit in the history, -1 where it is not there."""
    whole = {commit: place for place, commit in enumerate(commits)}
    short = {commit[:length]: place for length in (7, 8, 10, 12) for place, commit in enumerate(commits)}
    return np.array([whole.get(sha, short.get(sha, -1)) for sha in shas], dtype=np.int64)
