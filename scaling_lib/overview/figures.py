"""The figures of step 00, each from the result alone."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.evidence.quality import Quality
from scaling_lib.overview.overlaps import overlaps, overlaps_text
from scaling_lib.overview.result import Overview, labels
from scaling_lib.overview.shown import stretches
from scaling_lib.words import duration, percent, plural

LEAST_PX = 3  # of a bar's outline: two minutes of a year are still seen


def range_figure(result: Overview) -> go.Figure:
    """The time range of each source as a bar, its gaps left open, in the ledger's order."""
    timed = [quality for quality in result.ledger.sources if quality.start and quality.end]
    if not timed:
        return figures.nothing("No evidence carries a time: supply requests or metrics.")
    bars = pd.DataFrame([row for quality in timed for row in stretches(quality)])
    figure = figures.figure(_range_title(timed), x="time, UTC", y="")
    for kind, rows in bars.groupby("kind", sort=False):
        figure.add_bar(
            base=rows["start"],
            x=(rows["end"] - rows["start"]).dt.total_seconds() * 1000,
            y=rows["source"].map(figures.escape),
            orientation="h",
            marker={
                "color": figures.colour(str(kind)),
                "line": {"color": figures.colour(str(kind)), "width": LEAST_PX},
            },
            name=str(kind),
            customdata=rows[["label"]],
            hovertemplate="%{y}<br>%{customdata[0]}<extra></extra>",
        )
    figure.update_layout(xaxis_type="date", height=120 + 34 * bars["source"].nunique(), barmode="overlay")
    return figure.update_yaxes(autorange="reversed")


def range_caption(result: Overview) -> str:
    """Which sources overlap, and so can be compared."""
    return overlaps_text(overlaps(result.ledger.sources))


def _range_title(timed: list[Quality]) -> str:
    if len(timed) == 1:
        (only,) = timed
        assert only.start and only.end  # noqa: S101
        return f"The evidence covers {duration((only.end - only.start).total_seconds())}, from {_start(only.start)}"
    groups = overlaps(timed)
    if not groups:
        return f"No two of the {len(timed)} sources overlap in time, so none can be held against another"
    best = groups[0]
    shared = duration(best.seconds)
    if len(best.sources) == len(timed):
        return f"All {len(timed)} sources share {shared}, from {_start(best.start)}"
    return f"No time is covered by all {len(timed)} sources: at most {len(best.sources)} overlap, for {shared}"


def _start(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def traffic_figure(result: Overview) -> go.Figure:
    """Requests a minute by route."""
    if result.minutes.empty:
        return figures.nothing("Requests are not measured: supply access logs or tables of requests.")
    busiest = result.traffic.iloc[0]
    everything = plural(int(result.traffic["requests"].sum()), "request")
    title = f"{labels(result.traffic)[0]} carries {percent(busiest['share'])} of {everything}"
    figure = figures.figure(title, x="time, UTC", y="requests a minute")
    for route in result.minutes.columns:
        figure.add_scatter(
            x=figures.utc(result.minutes.index),
            y=result.minutes[route],
            name=figures.escape(str(route)),
            mode="lines",
            line={"color": figures.colour(str(route)), "width": 2},
            hovertemplate="%{y:,.0f} a minute<extra>" + figures.escape(str(route)) + "</extra>",
        )
    return figures.time_axis(figure).update_layout(yaxis_rangemode="tozero")
