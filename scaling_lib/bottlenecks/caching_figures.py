"""The figure and the table of a cache: its misses by size, and what it is worth at some sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from scaling_lib import figures
from scaling_lib.errors import NotEnoughData
from scaling_lib.model.caching import MissRatioCurve, cache_worth
from scaling_lib.stats import Estimate
from scaling_lib.words import number, percent

CACHE_CAPTION = (
    "The share of recorded look-ups that a cache of each size would have missed, from empty on, the least recently "
    "used out first. Dashed: what every cache misses, since the key was never asked for before."
)
POINTS = 400  # of the line, evenly on its logarithmic axis


def miss_ratio_figure(curve: MissRatioCurve, capacity: int | None = None) -> go.Figure:
    """The miss ratio by entries; capacity: of the cache there is, marked."""
    sizes = np.unique(np.geomspace(1, curve.compulsory, POINTS).round().astype(np.int64))
    title = f"With room for all {curve.compulsory:,} keys {percent(curve.compulsory / curve.lookups)} of look-ups miss"
    if capacity is not None:
        now, twice = (100 * float(curve.miss_ratio(size)) for size in (capacity, 2 * capacity))
        title = f"{capacity:,} entries miss {number(now)}% of look-ups, twice as many {number(twice)}%"
    figure = figures.figure(title, x="entries", y="misses, % of look-ups")
    figure.add_scatter(x=sizes, y=100 * curve.miss_ratio(sizes), mode="lines", line={"color": figures.PALETTE[0]})
    figure.update_layout(showlegend=False).update_xaxes(type="log").update_yaxes(rangemode="tozero")
    figures.threshold(figure, 100 * curve.compulsory / curve.lookups, "first look-ups of a key")
    if capacity is not None:
        figure.add_scatter(
            x=[capacity],
            y=[100 * float(curve.miss_ratio(capacity))],
            mode="markers",
            marker={"size": 10, "color": figures.PALETTE[1]},
        )
    return figure


def caching_table(
    curve: MissRatioCurve,
    capacities: Sequence[int],
    lookups_per_s: Estimate | float,
    hit_s: float | ArrayLike,
    miss_s: float | ArrayLike,
) -> pd.DataFrame:
    """A row a size: entries, hit_ratio (of the full cache), origin_per_s, amplification, p50_s, p99_s, saved_per_s and
    saved_p99_s by one more point of hit ratio: texts, "not measured" where the trace is too short for the size.

    See `model.caching.cache_worth` for the arguments.
    """
    rows = []
    for capacity in capacities:
        try:
            warm = curve.warm(capacity).estimate
        except NotEnoughData:
            rows.append({"entries": f"{capacity:,}"})
            continue
        worth = cache_worth(warm, lookups_per_s, hit_s, miss_s)
        rows.append(
            {
                "entries": f"{capacity:,}",
                "hit_ratio": str(worth.hit_ratio),
                "origin_per_s": str(worth.origin_warm),
                "amplification": str(worth.amplification),
                "p50_s": str(worth.latency[0.5]),
                "p99_s": str(worth.latency[0.99]),
                "saved_per_s": str(worth.point.origin) if worth.point else "",
                "saved_p99_s": str(worth.point.latency[0.99]) if worth.point else "",
            }
        )
    columns = "entries hit_ratio origin_per_s amplification p50_s p99_s saved_per_s saved_p99_s"
    return pd.DataFrame(rows, columns=columns.split()).fillna("not measured")
