"""The figures of a change: what was recorded before, what was predicted from that, and what was recorded after."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.figures import QUIET, Shown
from scaling_lib.words import duration, quantity

CHANGE_CAPTION = (
    "Circles: as recorded before, squares: as recorded after, at the same numbers of users. Dashed, with its interval: "
    "what the model of the time before predicted; it has seen nothing of what came after."
)
BEFORE, AFTER, PREDICTED = figures.PALETTE[1], figures.PALETTE[0], QUIET


def throughput_figure(result: Bottlenecks, which: int = 0) -> go.Figure | Shown:
    """The throughput by users, before, predicted and after."""
    if which >= len(result.changes):
        return _none()
    change = result.changes[which]
    if change.levels.dropna(subset=["before"]).empty:
        return figures.nothing(f"{change.change.name}: no load test tells the throughput before it.")
    figure = figures.figure(_throughput_title(change), x="users", y="requests/s")
    return _lines(figure, change.levels, "", 1.0, "requests/s")


def response_figure(result: Bottlenecks, which: int = 0) -> go.Figure | Shown:
    """The mean response by users, before, predicted and after."""
    if which >= len(result.changes):
        return _none()
    change = result.changes[which]
    at = change.first_full
    if at is None:
        return figures.nothing(f"{change.change.name}: no load tests tell the responses before and after it.")
    title = (
        f"{change.change.name}: at {at['users']:g} users the mean response went from {duration(at['before_s'])} to "
        f"{duration(at['after_s'])}"
    )
    if not math.isnan(at["predicted_s"]):
        title += f"; {duration(at['predicted_s'])} was predicted"
    figure = figures.figure(title, x="users", y="mean response, ms").update_yaxes(type="log")
    return _lines(figure, change.levels, "_s", 1000.0, "ms")


def _none() -> Shown:
    return figures.nothing(
        "No change is described: name what was done, with the evidence before and after, as changes."
    )


def _throughput_title(change: Changed) -> str:
    name, was, now = change.change.name, change.was, change.recorded
    if was is None or now is None:
        return f"{name}: the throughput before and after it"
    least = "at least " if change.at_least else ""
    title = f"{name}: {least}{quantity(now.value)} requests/s in place of {quantity(was.value)}"
    return f"{title}; predicted were {change.predicted.relief.told}" if change.predicted is not None else title


def _lines(figure: go.Figure, levels: pd.DataFrame, suffix: str, times: float, unit: str) -> go.Figure:
    ahead = levels.dropna(subset=[f"predicted{suffix}"])
    if len(ahead):
        low, high = ((times * ahead[f"predicted_{end}{suffix}"]).tolist() for end in ("low", "high"))
        figures.band(figure, ahead["users"].tolist(), low, high, color="#8C8C8C")
    for name, color, symbol, dash in (
        ("before", BEFORE, "circle", "solid"),
        ("predicted", PREDICTED, "line-ns", "dash"),
        ("after", AFTER, "square", "solid"),
    ):
        own = levels.dropna(subset=[f"{name}{suffix}"])
        if own.empty:
            continue
        figure.add_scatter(
            x=own["users"], y=times * own[f"{name}{suffix}"], mode="lines+markers", name=name, showlegend=False,
            line={"color": color, "width": 2, "dash": dash}, marker={"size": 8, "symbol": symbol},
            hovertemplate="%{x} users: %{y:,.3~r} " + unit + f"<extra>{name}</extra>",
        )  # fmt: skip
        figures.direct_label(
            figure, float(own["users"].iloc[-1]), times * float(own[f"{name}{suffix}"].iloc[-1]), name, color=color
        )
    return figure
