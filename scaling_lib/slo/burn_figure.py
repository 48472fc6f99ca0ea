"""The figure of step 01 that shows how fast the budget burns, from the result alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.figures import Shown
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.figures import MOST_POINTS, name_entities, with_spells
from scaling_lib.slo.result import Assessed, SLOResult
from scaling_lib.slo.windows import window_words
from scaling_lib.words import duration, number

BURN_CAPTION = (
    "How fast each minute spends the budget: at 1 it lasts exactly its window. The axis is logarithmic, and 0.1 stands "
    "for all below. Shaded: spells of failure. Triangles: an alert calls someone (a page). A long history is cut to "
    "the stretch around the costliest spell; the table has all spells."
)
DECADES = [0.1, 1, 10, 100, 1_000, 10_000, 100_000]
SLOWEST = 0.1  # of the burn chart's logarithmic axis, which has no place for 0
AROUND = 2  # spell's lengths shown before and after the costliest one, at least AROUND_LEAST
AROUND_LEAST = pd.Timedelta(minutes=30)


def burn_figure(assessed: Assessed) -> go.Figure | Shown:
    """How fast the budget burns minute by minute around the costliest spell, spells shaded and pages marked."""
    chosen = with_spells(assessed.results)
    if not chosen:
        return figures.nothing("No spell of failure stands out in the evidence, so there is no burn to show.")
    name_entities(assessed)
    start, end = _stretch(chosen)
    figure = figures.figure(_spell_title(chosen), x="", y="speed of spending (1 = the budget lasts)")
    fastest = max(tier.factor for tier in chosen[0].policy)
    lines = {each.slo.name: line for each in chosen if len(line := _burn(each, start, end))}
    for each in (one for one in chosen if one.slo.name in lines):
        line, color = lines[each.slo.name], figures.colour(each.slo.name)
        figure.add_scatter(
            x=figures.utc(line.index),
            y=line.clip(lower=SLOWEST).to_numpy(),
            customdata=[f"{number(burn)} times" for burn in line],
            name=figures.escape(each.slo.name),
            mode="lines+markers" if len(line) < 200 else "lines",
            marker={"size": 5},
            line={"color": color, "width": 2},
            hovertemplate="%{x}: %{customdata} as fast as it lasts<extra>" + figures.escape(each.slo.name) + "</extra>",
        )
        for spell in each.spells.to_dict("records"):
            if spell["start"] < end and spell["end"] > start:
                figures.span(figure, max(spell["start"], start), min(spell["end"], end), "", color=color)
        pages = each.replay.pages
        pages = pages[(pages["start"] >= start) & (pages["start"] <= end)]
        if len(pages):
            figure.add_scatter(
                x=figures.utc(pages["start"]),
                y=[fastest] * len(pages),
                mode="markers",
                marker={"symbol": "triangle-up", "size": 13, "color": color},
                showlegend=False,
                name=figures.escape(f"page: {each.slo.name}"),
                hovertemplate="page at %{x}<extra>" + figures.escape(each.slo.name) + "</extra>",
            )
    figures.threshold(figure, fastest, f"fastest alert: above {number(fastest)}")
    outer = map(_outer_quarters, lines.values())
    early, late = (max(float(part.max()) for part in parts) for parts in zip(*outer, strict=True))
    figure.layout.shapes[-1].label.textposition = "start" if early < late else "end"  # where the lines are low
    most = max(fastest, *(float(line.max()) for line in lines.values()))
    figure.update_yaxes(type="log", range=[np.log10(SLOWEST) - 0.1, np.log10(most) + 0.15])
    figure.update_yaxes(tickvals=DECADES, ticktext=[f"{tick:,g}" for tick in DECADES])
    return figures.time_axis(figure)


def _spell_title(chosen: Sequence[SLOResult]) -> str:
    worst, spell, latest = _costliest(chosen)
    length = (spell["end"] - spell["start"]).total_seconds()
    of = f" of its last {window_words(worst.slo.window)} window" if latest else ""
    return (
        f"{worst.slo.name} failed for {duration(length)} from {spell['start']:%Y-%m-%d %H:%M}, the costliest spell{of}"
    )


def _costliest(chosen: Sequence[SLOResult]) -> tuple[SLOResult, dict[Hashable, Any], bool]:
    """The spell that cost the largest share of its SLO's budget, in the last window where that has any (a finding).

    The flag says whether spells before the window were passed over.
    """
    spells = [(each, row) for each in chosen for row in each.replay.incidents.to_dict("records")]
    latest = [(each, row) for each, row in spells if row["end"] > each.start]
    worst, spell = max(latest or spells, key=lambda one: float(one[1]["budget_spent"]))
    return worst, spell, 0 < len(latest) < len(spells)


def _stretch(chosen: Sequence[SLOResult]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The whole history, or where the costliest spell would be a thin band in it, the stretch around that."""
    first = min(each.counts.index[0] for each in chosen)
    last = max(each.counts.index[-1] for each in chosen)
    _, spell, _ = _costliest(chosen)
    around = max(AROUND * (spell["end"] - spell["start"]), AROUND_LEAST)
    start, end = max(first, spell["start"] - around), min(last, spell["end"] + around)
    return (start, end) if last - first > AROUND * (end - start) else (first, last)


def _burn(result: SLOResult, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series[float]:
    """Burn rate by minute from start to end, or by as many minutes together as keep the figure light."""
    counts = result.counts[start:end]
    step = max(1, -(-len(counts) // MOST_POINTS))
    summed = counts if step == 1 else counts.resample(f"{step}min").sum()
    summed = summed[summed["total"] > 0]
    burn: pd.Series[float] = summed["bad"] / summed["total"] / float(allowed_share(result.slo.target))
    return burn


def _outer_quarters(line: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[float]]:
    quarter = -(-len(line) // 4)
    return line.iloc[:quarter], line.iloc[-quarter:]
