"""The figures of step 07, from its result alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from scaling_lib import figures
from scaling_lib.audit.findings import growing
from scaling_lib.audit.result import Audit
from scaling_lib.audit.shown import COSTS, SCANS, reason
from scaling_lib.audit.tables import service_of
from scaling_lib.figures import PALETTE, QUIET, Shown
from scaling_lib.words import listing, number, percent

GROWTH_CAPTION = (
    "By how many percent each service costs more for one percent more requests, at today's demand, with its interval. "
    "Right of the line, every further request is dearer than the one before."
)
CURVE_CAPTION = (
    "Each point is a day. The line is the law that fits best, the band holds all laws that fit; dashed beyond the days "
    "that were seen, where they part."
)
UNIT_CAPTION = "Usage of each month over its requests, by effective cost; months that are not whole are open points."
DAYS_CAPTION = "Usage of each day. Marked are the days that neither demand, nor season, nor the weeks around explain."
BUDGET_CAPTION = "What is billed, and the simulated sums ahead: median and interval."
POSTURE_CAPTION = "The checks of the last scans by severity. What is muted, by hand or not evaluated is no pass."
DEFAULT_BEYOND = 1.15
STATUSES = (
    ("failed", "fail", PALETTE[1]), ("manual", "by hand", PALETTE[4]), ("not_evaluated", "not evaluated", PALETTE[6]),
    ("muted", "muted", PALETTE[5]), ("passed", "pass", PALETTE[2]),
)  # fmt: skip


def growth_figure(result: Audit) -> go.Figure | Shown:
    """Elasticity of each service's cost."""
    if result.costs is None:
        return figures.nothing(reason(result, *COSTS) or "No bill is given.")
    told = [each for each in result.costs.services if each.elasticity is not None][::-1]
    if not told:
        return figures.nothing(f"No service's cost can be held against demand. {result.costs.services[0].why}")
    names = [each.service for each in growing(result.costs)]
    title = f"{listing(names, 3) or 'No cost'} grow{'s' if len(names) < 2 else ''} faster than demand"
    figure = figures.figure(title, x="% of cost for 1% of demand", height=120 + 44 * len(told))
    slopes = [each.elasticity for each in told if each.elasticity is not None]
    figure.add_scatter(
        x=[each.value for each in slopes],
        y=[figures.escape(f"{each.service}, {percent(each.share, 2)}") for each in told],
        error_x={
            "type": "data", "symmetric": False, "array": [each.high - each.value for each in slopes],
            "arrayminus": [each.value - each.low for each in slopes], "thickness": 1.5, "width": 5,
        },
        mode="markers",
        marker={
            "size": 11,
            "color": [PALETTE[1] if each.growth == "faster than demand" else PALETTE[0] for each in told],
            "symbol": ["triangle-up" if each.growth == "faster than demand" else "circle" for each in told],
        },
        customdata=[f"{each.growth}: {slope}" for each, slope in zip(told, slopes, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    high = max(max(each.high for each in slopes), 1.1)
    figure.update_xaxes(range=[min(min(each.low for each in slopes), 0) - 0.05, high * DEFAULT_BEYOND])
    return figures.threshold(figure, 1.0, "as demand", axis="x")


def curve_figure(result: Audit, service: str = "") -> go.Figure | Shown:
    """Cost against demand of one service, to k times today's demand. service: "" is the one that grows fastest."""
    own = service_of(result, service)
    if own is None or own.curve is None or result.costs is None:
        why = own.why if own is not None else f"The bill has no service {service!r}." if result.costs else ""
        return figures.nothing(reason(result, *COSTS) or why or "No service's cost can be held against demand.")
    curve, today = own.curve, result.costs.today
    low, high = curve.observed
    far = max(result.k * today, high)
    assert own.far is not None  # noqa: S101 - it is there with the curve
    title = f"{own.service}: {own.far.cost} a day at {number(result.k)} times today's demand, {own.far.verdict}"
    figure = figures.figure(title, x="million requests a day", y=f"{result.currency} a day")
    demands = np.geomspace(min(low, result.k * today), far, 60)
    costs = [curve.at(float(each)) for each in demands]
    color = figures.colour(own.service)
    figures.band(
        figure, demands / 1e6, [each.low for each in costs], [each.high for each in costs], color=color, name="interval"
    )
    for inside, dash in ((demands <= high, "solid"), (demands >= high, "dash")):
        figure.add_scatter(
            x=demands[inside] / 1e6,
            y=[each.value for each, keep in zip(costs, inside, strict=True) if keep],
            mode="lines",
            line={"color": color, "dash": dash},
            hovertemplate="%{x:.3g} million requests: %{y:.3g}<extra></extra>",
            showlegend=False,
        )
    figure.add_scatter(
        x=curve.demand / 1e6,
        y=curve.cost,
        mode="markers",
        marker={"size": 4, "color": color, "opacity": 0.5},
        hovertemplate="%{x:.3g} million requests: %{y:.3g}<extra>a day</extra>",
        showlegend=False,
    )
    figure.update_xaxes(**_logarithmic(demands / 1e6))  # a power law is a line
    figure.update_yaxes(**_logarithmic([*curve.cost, *(each.value for each in costs)]))
    figures.span(figure, low / 1e6, high / 1e6, "seen")
    return figures.threshold(figure, today / 1e6, "today", axis="x")


def _logarithmic(values: Sequence[float] | NDArray[np.float64]) -> dict[str, Any]:
    """An axis with its ticks at 1, 2 and 5 written out: plotly leaves the zeros off."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    ticks = [digit * 10.0**place for place in range(low, high + 1) for digit in (1, 2, 5)]
    return {"type": "log", "tickvals": ticks, "ticktext": [number(each) for each in ticks]}


def unit_cost_figure(result: Audit) -> go.Figure | Shown:
    """Cost per million requests, by month."""
    if result.costs is None or result.costs.months.empty:
        return figures.nothing(reason(result, *COSTS) or "No month has both costs and requests.")
    months = result.costs.months
    first, last = months.iloc[0], months.iloc[-1]
    then, now = (number(float(row["per_million"])) for row in (first, last))
    title = f"A million requests cost {then} in {first['month']} and {now} in {last['month']}"
    figure = figures.figure(title, y=f"{result.currency} a million requests", height=300)
    figure.add_scatter(
        x=months["month"] + "-01",
        y=months["per_million"],
        mode="lines+markers",
        marker={"size": 8, "symbol": ["circle" if each else "circle-open" for each in months["whole"]]},
        line={"color": PALETTE[0]},
        hovertemplate="%{y:.4g}<extra>%{x|%Y-%m}</extra>",
        showlegend=False,
    )
    return figures.time_axis(figure.update_yaxes(rangemode="tozero"), title="month")


def days_figure(result: Audit) -> go.Figure | Shown:
    """The cost of each day by service, with the days that nothing explains."""
    if result.usage is None or result.odd is None:
        return figures.nothing(reason(result, "anomalies", "usage", "bills") or "No bill is given.")
    odd = result.odd.days
    title = "No day cost what demand and season do not explain"
    if len(odd):
        worst = odd.iloc[0]
        title = f"{worst['service']} cost {number(worst['times'])} times what is usual on {worst['day']:%Y-%m-%d}"
        if len(odd) > 1:
            title += f"; {len(odd) - 1} further days are odd"
    figure = figures.figure(title, y=f"{result.currency} a day")
    order = result.usage.sum().sort_values(ascending=False).index[:7]
    days = figures.utc(result.usage.index)
    for name in map(str, order):
        figure.add_scatter(
            x=days,
            y=result.usage[name],
            mode="lines",
            name=figures.escape(name),
            line={"width": 1.3, "color": figures.colour(name)},
            hovertemplate="%{y:.3g}<extra>" + figures.escape(name) + "</extra>",
        )
    if len(odd):
        figure.add_scatter(
            x=figures.utc(odd["day"]),
            y=odd["cost"],
            mode="markers",
            name="not explained",
            marker={"size": 12, "symbol": "circle-open", "color": QUIET, "line": {"width": 2}},
            customdata=[f"{number(each)} expected" for each in odd["expected"]],
            hovertemplate="%{y:.3g}, %{customdata}<extra></extra>",
        )
    return figures.time_axis(figure.update_yaxes(rangemode="tozero"))


def budget_figure(result: Audit, name: str = "") -> go.Figure | Shown:
    """The sum spent of a budget, by day; name: "" is the first."""
    own = result.budgets.get(name) if name else next(iter(result.budgets.values()), None)
    if own is None or result.usage is None:
        parts = ("budgets", *(each for each in result.absent if each.startswith("budget ")), "usage", "bills")
        return figures.nothing(reason(result, *parts) or f"There is no budget {name!r}.")
    label = name or next(iter(result.budgets))
    figure = figures.figure(
        f"{label}: {own.sentence[0].lower()}{own.sentence[1:].removesuffix('.')}", y=result.currency
    )
    past = result.usage.sum(axis=1).loc[own.start :].cumsum()
    past = past + (own.spent - float(past.iloc[-1])) * np.linspace(0, 1, len(past)) if len(past) else past
    figure.add_scatter(
        x=figures.utc(past.index), y=past, mode="lines", line={"color": PALETTE[0]}, showlegend=False,
        hovertemplate="%{y:.4g}<extra>billed</extra>",
    )  # fmt: skip
    ahead = figures.utc(own.by_day.index)
    figures.band(figure, ahead, list(own.by_day["low"]), list(own.by_day["high"]), color=PALETTE[0])
    figure.add_scatter(
        x=ahead, y=own.by_day["value"], mode="lines", line={"color": PALETTE[0], "dash": "dash"}, showlegend=False,
        hovertemplate="%{y:.4g}<extra>forecast</extra>",
    )  # fmt: skip
    figures.threshold(figure, own.budget, f"budget, {number(own.budget)}")
    return figures.time_axis(figure)


def posture_figure(result: Audit) -> go.Figure | Shown:
    """Checks by severity and verdict."""
    if result.scans is None or result.scans.by_severity.empty:
        empty = "The scans evaluated nothing: an empty scan is no pass." if result.scans is not None else ""
        return figures.nothing(reason(result, *SCANS) or empty or "No scan is given.")
    table = result.scans.by_severity.iloc[::-1]
    failed, evaluated = len(result.scans.failing), result.scans.evaluated
    rest = int(table[["manual", "not_evaluated", "muted"]].to_numpy().sum())
    title = f"{failed} of {evaluated} evaluated checks fail; {rest} more were not evaluated, muted or left to people"
    figure = figures.figure(title, x="checks", height=140 + 44 * len(table))
    for column, words, color in STATUSES:
        if table[column].sum():
            figure.add_bar(
                x=table[column], y=table["severity"], orientation="h", name=words, marker={"color": color},
                text=[f"{count} {words}" if count else "" for count in table[column]], textposition="inside",
                insidetextanchor="middle", hovertemplate="%{x}<extra>" + words + "</extra>",
            )  # fmt: skip
    return figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
