"""The figures of step 01, each from the result alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.figures import Shown
from scaling_lib.slo.alert_tables import spell_rate
from scaling_lib.slo.alerts import detection_time, threshold
from scaling_lib.slo.assess import Assessed, SLOResult
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.windows import window_words
from scaling_lib.words import duration, listing, number, percent

MOST_POINTS = 1500
MOST_LINES = 4
TICKS = [base * 10.0**power for power in range(-2, 5) for base in (1, 2, 5)]  # of logarithmic axes
DECADES = [0.1, 1, 10, 100, 1_000, 10_000, 100_000]
BUDGET_CAPTION = (
    "Dot: what the recorded requests spent of what they were allowed to. Bar: where the service's rate in the long run "
    "may lie; where a bar leaves the figure, its end is written on it."
)
BURN_CAPTION = (
    "How fast each minute spends the budget: at 1 it lasts exactly its window. The axis is logarithmic, and 0.1 stands "
    "for all below. Shaded: spells of failure. Triangles: an alert calls someone (a page). A long history is cut to "
    "the stretch around the costliest spell; the table has all spells."
)
LEFT_CAPTION = "What is left of a whole window's budget, at the traffic of this evidence."
DETECTION_CAPTION = (
    "Lines: how long each alert needs, with a full history before the incident; 1h/5m looks at the last hour and the "
    "last 5 minutes. Dots: its recorded spells; the table has those of the other SLOs. While the history is shorter "
    "than an alert's window, the window holds only what is there, and the alert fires sooner than the line says."
)
SEEN = 0.05  # of a window: with less, what is left of its budget tells nothing
ROOM = 1.6  # of the largest dot: bars beyond are cut
SLOWEST = 0.1  # of the burn chart's logarithmic axis, which has no place for 0
AROUND = 2  # spell's lengths shown before and after the costliest one, at least AROUND_LEAST
AROUND_LEAST = pd.Timedelta(minutes=30)


def budget_figure(assessed: Assessed) -> go.Figure | Shown:
    """How much of its budget each SLO has spent, with its interval, against 100%."""
    if not assessed.results:
        return figures.nothing("No SLO is measured: " + listing([each.reason for each in assessed.unmeasured]))
    _name(assessed)
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
    if 100 * max(each.spent.high for each in ordered) > furthest:
        figure.update_xaxes(range=[-furthest / 50, furthest])
    for each in ordered:
        if 100 * each.spent.high > furthest:
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


def burn_figure(assessed: Assessed) -> go.Figure | Shown:
    """How fast the budget burns minute by minute around the costliest spell, spells shaded and pages marked."""
    chosen = _with_spells(assessed.results)
    if not chosen:
        return figures.nothing("No spell of failure stands out in the evidence, so there is no burn to show.")
    _name(assessed)
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


def left_figure(assessed: Assessed) -> go.Figure | Shown:
    """The share of the whole window's budget that is left, as the evidence goes on."""
    chosen = _with_spells(assessed.results) or list(assessed.results[:MOST_LINES])
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
    _name(assessed)
    left_, window = float(_left(worst).iloc[-1]), window_words(worst.slo.window)
    title = f"{worst.slo.name} has {percent(left_)} of its {window} budget left"
    if left_ < 0:
        title = f"{worst.slo.name} has overspent its {window} budget by {percent(-left_)}"
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
    chosen = _with_spells(assessed.results)
    if not chosen:
        return figures.nothing(
            "No spell of failure stands out in the evidence, so detection has nothing to be held against."
        )
    each = max(chosen, key=lambda one: one.spells["budget_spent"].max() if "budget_spent" in one.spells else 0)
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
            name="its recorded spells",
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


def _name(assessed: Assessed) -> None:
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
    latest = [(each, row) for each, row in spells if row["end"] > each.window.index[0]]
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


def _detection_title(each: SLOResult) -> str:
    needed = min(detection_time(tier, each.slo.target, 1.0) for tier in each.policy.only("page"))
    if not np.isfinite(needed):
        return f"{each.slo.name}: no alert would call anyone, even if every request failed"
    title = f"{each.slo.name}: if every request failed, someone would be called after {duration(needed)}"
    took = each.replay.incidents.loc[each.replay.incidents["detected"], "delay_s"]
    took = took[took > 0] if (took > 0).any() else took  # 0: a page was firing already
    if took.empty:
        return f"{title}; on its recorded spells no one was"
    ends = dict.fromkeys(duration(float(end)) for end in (took.min(), took.max()))
    early = each.replay.incidents.loc[took.index, "early"].all()
    soon = ", early, as the history is shorter than the alert's window" if early else ""
    return f"{title}; on its recorded spells it took {' to '.join(ends)}{soon}"


def _with_spells(results: Sequence[SLOResult]) -> list[SLOResult]:
    """The SLOs with spells, the costliest first, as many as can be told apart."""
    chosen = [each for each in results if len(each.replay.incidents)]
    return sorted(chosen, key=lambda each: -each.replay.incidents["budget_spent"].sum())[:MOST_LINES]


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


def _left(result: SLOResult) -> pd.Series[float]:
    """The share of the whole window's budget left after each minute or slice, at the evidence's mean traffic."""
    left: pd.Series[float] = 1 - result.counted["bad"].cumsum() / result.replay.period_budget
    return left


def _thinned(series: pd.Series[float]) -> pd.Series[float]:
    """As few points as keep the figure light, the last among them."""
    step = max(1, -(-len(series) // MOST_POINTS))
    return series.iloc[(len(series) - 1) % step :: step]
