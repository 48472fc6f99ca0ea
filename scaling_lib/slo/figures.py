"""The figures of step 01, each from the result alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.figures import Shown
from scaling_lib.slo.alert_tables import spell_rate
from scaling_lib.slo.alerts import detection_time, threshold
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.result import Assessed, SLOResult
from scaling_lib.slo.windows import window_words
from scaling_lib.words import duration, listing, number, percent

MOST_POINTS = 1500
MOST_LINES = 4
TICKS = [base * 10.0**power for power in range(-2, 5) for base in (1, 2, 5)]  # of logarithmic axes
BUDGET_CAPTION = (
    "Dot: what the requests seen spent of what they were allowed to. Bar: where the service's rate in the long run "
    "may lie; where a bar leaves the figure, its end is written on it. No bar: nothing shows whether failures come "
    "together."
)
LEFT_CAPTION = "What is left of a whole window's budget, at the mean traffic of the last window."
DETECTION_CAPTION = (
    "Lines: how long each alert needs, with a full history before the incident; 1h/5m looks at the last hour and the "
    "last 5 minutes. Dots: its spells; the table has those of the other SLOs. While the history is shorter "
    "than an alert's window, the window holds only what is there, and the alert fires sooner than the line says."
)
SEEN = 0.05  # of a window: with less, what is left of its budget tells nothing
ROOM = 1.6  # of the largest dot: bars beyond are cut


def budget_figure(assessed: Assessed) -> go.Figure | Shown:
    """How much of its budget each SLO has spent, with its interval, against 100%."""
    if not assessed.results:
        return figures.nothing("No SLO is measured: " + listing([each.reason for each in assessed.unmeasured]))
    name_entities(assessed)
    ordered = sorted(assessed.results, key=lambda each: each.spent.value)
    figure = figures.figure(_budget_title(assessed), x="error budget spent, %", y="", height=150 + 34 * len(ordered))
    figure.add_scatter(
        x=[100 * each.spent.value for each in ordered],
        y=[figures.escape(each.slo.name) for each in ordered],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (each.spent.high - each.spent.value) for each in ordered],
            "arrayminus": [100 * (each.spent.value - each.spent.low) for each in ordered],
            "color": figures.QUIET,
            "thickness": 1.5,
        },
        mode="markers",
        marker={"size": 9, "color": [figures.colour(each.slo.name) for each in ordered]},
        customdata=[[figures.escape(str(each.spent)), each.attainment.state] for each in ordered],
        hovertemplate="%{y}: %{customdata[0]} of the budget; %{customdata[1]}<extra></extra>",
        showlegend=False,
    )
    furthest = 100 * ROOM * max(1.0, ordered[-1].spent.value)
    cut = [each for each in ordered if 100 * each.spent.high > furthest]
    if cut:
        figure.update_xaxes(range=[-furthest / 50, furthest])
    for each in cut:
        figure.add_annotation(
            x=1,
            xref="x domain",
            y=figures.escape(each.slo.name),
            text=f"to {percent(each.spent.high)} →",
            showarrow=False,
            xanchor="right",
            yshift=9,
        )
    figure.update_yaxes(range=[-0.6, len(ordered)])  # room above for the line's label
    return figures.threshold(figure, 100, "the whole budget", axis="x")


def left_figure(assessed: Assessed) -> go.Figure | Shown:
    """The share of the whole window's budget that is left, as the evidence goes on."""
    chosen = with_spells(assessed.results) or list(assessed.results[:MOST_LINES])
    if not chosen:
        return figures.nothing("No SLO is measured, so no budget can be counted down.")
    chosen = [each for each in chosen if each.covered >= SEEN]
    if not chosen:
        most = max(each.covered for each in assessed.results)
        return figures.nothing(
            f"The evidence spans at most {percent(most)} of an SLO's window: too little to count a budget down. "
            f"From {percent(SEEN)} on, a figure of what is left stands here."
        )
    worst = min(chosen, key=lambda each: _left(each).iloc[-1])
    name_entities(assessed)
    left_, window = float(_left(worst).iloc[-1]), window_words(worst.slo.window)
    title = f"{worst.slo.name} has {percent(left_)} of a whole {window} budget left"
    if left_ < 0:
        title = f"{worst.slo.name} has overspent a whole {window} budget by {percent(-left_)}"
    if worst.covered < 1:
        title += f", after {percent(worst.covered)} of the window"
    figure = figures.figure(title, x="", y="budget left, % of the whole window's")
    for each in chosen:
        left = _thinned(_left(each))
        figure.add_scatter(
            x=figures.utc(left.index),
            y=100 * left.to_numpy(),
            name=figures.escape(each.slo.name),
            mode="lines",
            line={"color": figures.colour(each.slo.name), "width": 2},
            hovertemplate="%{y:,.4~r}% left<extra>" + figures.escape(each.slo.name) + "</extra>",
        )
        end = 100 * float(left.iloc[-1])
        color = figures.colour(each.slo.name)
        figures.direct_label(figure, figures.utc(left.index[-1:])[0], end, each.slo.name, color=color)
    figures.threshold(figure, 0, "the whole budget is spent")
    figure.layout.shapes[-1].label.textposition = "start"  # the lines' names stand at the end
    return figures.time_axis(figure)


def detection_figure(assessed: Assessed) -> go.Figure | Shown:
    """How long the policy takes to page by error rate, with the spells that were paged on."""
    chosen = with_spells(assessed.results)
    if not chosen:
        return figures.nothing(
            "No spell of failure stands out in the evidence, so detection has nothing to be held against."
        )
    each = chosen[0]
    pages = each.policy.only("page")
    rates = np.geomspace(float(allowed_share(each.slo.target)), 1, 120)
    figure = figures.figure(
        _detection_title(each), x="error rate during the incident, %", y="minutes from its start to the page"
    )
    for tier, dash in zip(pages, ("solid", "dot", "dashdot", "dash"), strict=False):
        times = np.array([detection_time(tier, each.slo.target, rate) for rate in rates]) / 60
        shown = np.isfinite(times)
        figure.add_scatter(
            x=100 * rates[shown],
            y=times[shown],
            mode="lines",
            line={"dash": dash, "width": 2, "color": figures.colour(each.slo.name)},
            name=f"the alert {tier.name}",
            hovertemplate="%{x:,.3~r}% failing: %{y:,.3~r} min<extra>" + tier.name + "</extra>",
        )
    found = each.replay.incidents[each.replay.incidents["detected"]]
    if len(found):
        figure.add_scatter(
            x=[100 * spell_rate(each, spell) for spell in found.to_dict("records")],
            y=found["delay_s"] / 60,
            mode="markers",
            marker={"size": 11, "color": figures.colour(each.slo.name)},
            name="its spells",
            hovertemplate="%{x:,.3~r}% failing, paged after %{y:,.3~r} min<extra></extra>",
        )
    least = 100 * min(1.0, min(threshold(tier, each.slo.target) for tier in pages))
    figures.threshold(figure, least, f"below {number(least)}% no page", axis="x")
    figure.layout.shapes[-1].label.textposition = "middle"  # between the lines and the dots
    span = [np.log10(least) - 0.05 * (2 - np.log10(least)), 2.02]
    figure.update_xaxes(type="log", tickvals=TICKS, ticktext=[f"{tick:g}" for tick in TICKS], range=span)
    return figure.update_yaxes(type="log", tickvals=TICKS, ticktext=[f"{tick:g}" for tick in TICKS])


def left_table(assessed: Assessed) -> pd.DataFrame:
    """The share of the window's budget left after each minute, a column an SLO."""
    left = {each.slo.name: _thinned(_left(each)) for each in assessed.results}
    return pd.DataFrame(left).rename_axis("minute").ffill().fillna(1.0) if left else pd.DataFrame()


def name_entities(assessed: Assessed) -> None:
    """The same colours for the same SLOs in all figures; those that spent most get the most distinct ones."""
    figures.name_entities([each.slo.name for each in sorted(assessed.results, key=lambda each: -each.spent.value)])


def _budget_title(assessed: Assessed) -> str:
    over = sorted((each for each in assessed.results if each.spent.value > 1), key=lambda each: -each.spent.value)
    if not over:
        most = max(assessed.results, key=lambda each: each.spent.value)
        return f"No SLO has spent its budget; {most.slo.name} is nearest, with {percent(most.spent.value)}"
    told = listing([f"{each.slo.name} {percent(each.spent.value)}" for each in over], 3)
    within = len(assessed.results) - len(over)
    rest = {0: "", 1: "; the other SLO is within its own"}.get(within, f"; the other {within} SLOs are within theirs")
    return f"Budget spent: {told}{rest}"


def _detection_title(each: SLOResult) -> str:
    needed = min(detection_time(tier, each.slo.target, 1.0) for tier in each.policy.only("page"))
    if not np.isfinite(needed):
        return f"{each.slo.name}: no alert would call anyone, even if every request failed"
    title = f"{each.slo.name}: if every request failed, someone would be called after {duration(needed)}"
    took = each.replay.incidents.loc[each.replay.incidents["detected"], "delay_s"]
    took = took[took > 0] if (took > 0).any() else took  # 0: a page was firing already
    if took.empty:
        return f"{title}; on its spells no one was"
    ends = dict.fromkeys(duration(float(end)) for end in (took.min(), took.max()))
    early = each.replay.incidents.loc[took.index, "early"].all()
    soon = ", early, as less was recorded before than the alert looks back over" if early else ""
    return f"{title}; on its spells it took {' to '.join(ends)}{soon}"


def with_spells(results: Sequence[SLOResult]) -> list[SLOResult]:
    """The SLOs with spells, the costliest first, as many as can be told apart."""
    chosen = [each for each in results if len(each.replay.incidents)]
    return sorted(chosen, key=lambda each: -each.replay.incidents["budget_spent"].sum())[:MOST_LINES]


def _left(result: SLOResult) -> pd.Series[float]:
    """The share of the whole window's budget left after each minute or slice, at the last window's mean traffic."""
    left: pd.Series[float] = 1 - result.counted["bad"].cumsum() / result.replay.period_budget
    return left


def _thinned(series: pd.Series[float]) -> pd.Series[float]:
    """As few points as keep the figure light, the last among them."""
    step = max(1, -(-len(series) // MOST_POINTS))
    return series.iloc[(len(series) - 1) % step :: step]
