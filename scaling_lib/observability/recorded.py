"""Whether one figure holds for all traces: by recording, and how many spans lie beyond their parents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.model.recordings import recordings
from scaling_lib.observability.tree import Integers, Tree
from scaling_lib.stats import Estimate

FEWEST_TRACES = 20  # of a journey or a recording: the interval of a share says little with fewer


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One recording by itself: when it begins (UTC), its whole traces, and the blind share of their time."""

    start: pd.Timestamp
    traces: int
    blind: Estimate


def outside(spans: pd.DataFrame, tree: Tree) -> float:
    """Of the spans that their parent waits for, how many do not lie within it."""
    child = np.flatnonzero((tree.parent >= 0) & ~tree.follows)
    above, start, end = tree.parent[child], spans["start_ns"].to_numpy(), spans["end_ns"].to_numpy()
    beyond = (start[child] < start[above]) | (end[child] > end[above])
    return float(beyond.mean()) if len(child) else 0.0


def by_recording(
    tree: Tree, rows: Integers, start_ns: Integers, blind: Callable[[Integers], Estimate]
) -> tuple[Recorded, ...]:
    """The blind share of each recording with enough whole traces; none where there is one alone.

    rows: of the spans that journeys wait for; start_ns: of all spans; blind: the share of some rows' time.
    """
    roots = np.unique(tree.top[rows])
    number = recordings(start_ns[roots])
    of_row = number[np.searchsorted(roots, tree.top[rows])]
    found = [
        Recorded(
            start=pd.Timestamp(int(start_ns[roots[number == each]].min()), tz="UTC"),
            traces=int((number == each).sum()),
            blind=blind(rows[of_row == each]),
        )
        for each in range(int(number.max()) + 1)
        if int((number == each).sum()) >= FEWEST_TRACES
    ]
    return tuple(found) if len(found) > 1 else ()
