"""Two series that were sampled at different moments of a step: how far one has to be moved to fit the other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.model.uncertainty import Floats

OFFSETS = np.round(np.linspace(-1, 1, 21), 1)  # steps
BETTER = 0.8  # of the sum of squares: a smaller gain is chance
EXACT = 1e-12  # of the variation: smaller errors are rounding
FEWEST = 12


def moved(table: pd.DataFrame, observed: Floats) -> tuple[pd.DataFrame, float]:
    """The table as it was `offset` steps later (below 0: earlier), where that fits `observed` clearly best; and offset.

    table: regular steps, maybe with gaps; rows without the neighbour that is needed are left out where it is moved.
    Each target of a Prometheus is scraped at a moment of its own, and a saved series shows the last scrape before each
    step: two targets differ by up to a step. Where the load changes, that is an error in the rates, which makes the
    demand too small and the background too large.
    """
    step = pd.Series(table.index).diff().median()
    near = pd.Series(table.index).diff().to_numpy() == step
    after = np.concatenate([near[1:], [False]]) if len(near) else near
    inside = near & after
    if int(inside.sum()) < FEWEST:
        return table, 0.0
    totals = table.sum(axis=1).to_numpy()
    errors = [_error(_between(totals, offset)[inside], observed[inside]) for offset in OFFSETS]
    offset = float(OFFSETS[int(np.argmin(errors))])
    still = errors[int(np.flatnonzero(OFFSETS == 0)[0])]
    if min(errors) >= BETTER * still or still <= EXACT * float(np.var(observed)) * len(observed):
        return table, 0.0
    values = np.column_stack([_between(table[name].to_numpy(), offset) for name in table])
    rows = after if offset > 0 else near
    return pd.DataFrame(values, index=table.index, columns=table.columns)[rows], offset


def _between(values: Floats, offset: float) -> Floats:
    neighbour = np.roll(values, -1 if offset > 0 else 1)
    return np.asarray((1 - abs(offset)) * values + abs(offset) * neighbour)


def _error(rates: Floats, observed: Floats) -> float:
    """What a line leaves unexplained."""
    design = np.column_stack([np.ones(len(rates)), rates])
    residuals = observed - design @ np.linalg.lstsq(design, observed, rcond=None)[0]
    return float(residuals @ residuals)
