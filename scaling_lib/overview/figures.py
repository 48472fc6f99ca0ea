"""The figures of step 00, each from the result alone."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.ledger import Ledger
from scaling_lib.overview.result import Overview, labels, stretches
from scaling_lib.words import duration, percent, plural


def range_figure(result: Overview) -> go.Figure:
    """The time range of each source as a bar, its gaps left open."""
    timed = [quality for quality in result.ledger.sources if quality.start and quality.end]
    if not timed:
        return figures.nothing("No evidence carries a time: supply requests or metrics.")
    bars = pd.DataFrame([row for quality in timed for row in stretches(quality)])
    figure = figures.figure(_range_title(result.ledger), x="time, UTC", y="")
    for kind, rows in bars.groupby("kind", sort=False):
        figure.add_bar(
            base=rows["start"],
            x=(rows["end"] - rows["start"]).dt.total_seconds() * 1000,
            y=rows["source"].map(figures.escape),
            orientation="h",
            marker_color=figures.colour(str(kind)),
            name=str(kind),
            customdata=rows[["label"]],
            hovertemplate="%{y}<br>%{customdata[0]}<extra></extra>",
        )
    figure.update_layout(xaxis_type="date", height=120 + 34 * bars["source"].nunique(), barmode="overlay")
    return figure


def _range_title(ledger: Ledger) -> str:
    starts = [quality.start for quality in ledger.sources if quality.start]
    ends = [quality.end for quality in ledger.sources if quality.end]
    shared = (min(ends) - max(starts)).total_seconds()
    if shared <= 0 and len(ends) > 1:
        return "The sources share no stretch of time, so they cannot be compared"
    return f"The evidence shares {duration(shared)}, from {max(starts):%Y-%m-%d %H:%M} UTC"


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
