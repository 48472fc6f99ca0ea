"""The figures of step 06, each from the result alone."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.architecture.evaluate import Evaluation, Option
from scaling_lib.architecture.result import Architecture
from scaling_lib.architecture.tables import chance, growth_table, price_words, reason, taken, tornado_table
from scaling_lib.figures import PALETTE, QUIET, Shown
from scaling_lib.words import number, percent, quantity

CAPACITY_CAPTION = (
    "The highest throughput with each option alone, with its interval. Filled: enough; open: not enough; crossed: it "
    "leaves what is full first as it is. Dashed: the load, over the share of the capacity that is within the SLOs."
)
OPTIONS_CAPTION = (
    "Each option by its price and by the probability that the load at the horizon is carried within the SLOs. Filled: "
    "those that no other beats in price, probability and undoing together, joined from the cheapest to the surest."
)
TORNADO_CAPTION = (
    "The probability that the load is carried, with one figure at either end of its interval and all else as it may "
    "be. Open: the low end; filled: the high end."
)
GROWTH_CAPTION = (
    "Folders of the code and the pairs of them that were changed together in two commits or more, until then."
)
ROW = 46
ABOVE = 0.4
MOVES, LEAVES = PALETTE[0], QUIET


def capacity_figure(result: Architecture) -> go.Figure | Shown:
    """Capacity by option, with interval, against what is needed."""
    found = result.evaluation
    if found is None or result.within_slo is None:
        return figures.nothing(_why(result, "What options would carry is not known."))
    needed = found.needed.value / max(result.within_slo.value, 1e-9)
    options = sorted(found.options, key=lambda each: -each.capacity.value)
    enough = [each for each in options if each.met >= found.wanted]
    same = [each for each in options if each.verdict == "NOT JUSTIFIED"]
    title = (
        f"{len(enough)} of {len(options)} options carry {quantity(found.needed.value, 'requests/s')}; "
        f"{len(same)} leave {found.bottleneck} as it is"
    )
    figure = figures.figure(title, x="capacity, requests/s", height=110 + ROW * len(options))
    figure.add_scatter(
        x=[each.capacity.value for each in options],
        y=[-place for place in range(len(options))],
        mode="markers",
        marker={
            "size": 10, "line": {"width": 2, "color": MOVES},
            "color": [LEAVES if each in same else MOVES for each in options],
            "symbol": ["x-thin-open" if each in same else "circle" if each in enough else "circle-open"
                       for each in options],
        },
        error_x={
            "type": "data", "symmetric": False, "color": QUIET, "thickness": 1.5,
            "array": [_gap(each.capacity.high, each.capacity.value) for each in options],
            "arrayminus": [_gap(each.capacity.value, each.capacity.low) for each in options],
        },
        customdata=[[figures.escape(each.pattern.name), str(each.capacity)] for each in options],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    _names(figure, [each.pattern.name for each in options])
    figures.threshold(figure, needed, f"{quantity(needed)} needed", axis="x")
    figure.layout.shapes[-1].label.update(textposition="start", yanchor="bottom")
    return figure.update_xaxes(rangemode="tozero")


def options_figure(result: Architecture) -> go.Figure | Shown:
    """The probability of being met against the price, with the front drawn."""
    found = result.evaluation
    if found is None:
        return figures.nothing(_why(result, "What options would cost is not known."))
    priced = [each for each in found.options if each.monthly_cost is not None and each.met is not None]
    if len(priced) < 2 or not any(_cost(each) for each in priced):
        return figures.nothing(
            "No option has a price: give resources a `price_per_hour`, or options a `monthly_cost`, in assessment.yaml."
        )
    unit = next((each.monthly_cost.unit for each in priced if each.monthly_cost and each.monthly_cost.unit), "a month")
    figure = figures.figure(_options_title(found), x=f"cost above today's, {unit}", y="load carried, %", height=420)
    front = sorted((each for each in priced if each.front), key=lambda each: (_cost(each), each.met))
    steps = [each for place, each in enumerate(front) if not place or each.met > max(one.met for one in front[:place])]
    figure.add_scatter(
        x=[_cost(each) for each in steps], y=[100 * each.met for each in steps], mode="lines",
        line={"shape": "hv", "width": 1.5, "color": QUIET}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for own, symbol in ((front, "circle"), ([each for each in priced if each not in front], "circle-open")):
        figure.add_scatter(
            x=[_cost(each) for each in own], y=[100 * each.met for each in own], mode="markers",
            marker={"size": 11, "symbol": symbol, "color": MOVES, "line": {"width": 2, "color": MOVES}},
            showlegend=False,
            customdata=[[figures.escape(each.pattern.name), chance(each.met), price_words(each)] for each in own],
            hovertemplate="%{customdata[0]}: %{customdata[1]}, %{customdata[2]}<extra></extra>",
        )  # fmt: skip
    dear = max(_cost(each) for each in priced)
    spots = list(dict.fromkeys((_cost(each), round(each.met, 2)) for each in priced))
    for place, spot in enumerate(sorted(spots)):
        here = [each for each in priced if (_cost(each), round(each.met, 2)) == spot]
        names = here[0].pattern.name + (f" and {len(here) - 1} more" if len(here) > 1 else "")
        right = spot[0] > 0.5 * dear
        figure.add_annotation(
            x=spot[0], y=100 * here[0].met, text=_broken(names), showarrow=False, align="right" if right else "left",
            xanchor="right" if right else "left", xshift=-4 if right else 6,
            yanchor="top" if spot[1] > 0.5 else "bottom", yshift=(-10 - 34 * (place % 2)) if spot[1] > 0.5 else 6,
        )  # fmt: skip
    figures.threshold(figure, 100 * found.wanted, f"{percent(found.wanted)} wanted")
    figure.layout.shapes[-1].label.update(textposition="start", yanchor="top")
    return figure.update_yaxes(range=[-8, 112]).update_xaxes(range=[-0.06 * dear, 1.08 * dear])


def tornado_figure(result: Architecture) -> go.Figure | Shown:
    """What the best option rests on most."""
    table, option = tornado_table(result), taken(result)
    if option is None or result.evaluation is None:
        return figures.nothing(_why(result, "What an option rests on is not known."))
    if table.empty:
        return figures.nothing(f"{option.pattern.name} rests on no figure of its own.")
    first = table.iloc[0]
    wide, name = float(first["width"]), option.pattern.name
    title = (
        f"{name[0].upper()}{name[1:]}: {first['assumption']} moves the probability by {number(100 * wide)} points"
        if wide >= 0.005
        else f"{name[0].upper()}{name[1:]}: none of its assumptions decides; {chance(option.met)} at either end of each"
    )
    figure = figures.figure(title, x="probability that the load is carried, %", height=120 + 72 * len(table))
    rows = list(zip(table["assumption"].tolist(), table["low"].tolist(), table["high"].tolist(), strict=True))
    for place, (name, low, high) in enumerate(rows):
        figure.add_scatter(
            x=[100 * low, 100 * high], y=[-place, -place], mode="lines+markers",
            line={"width": 6, "color": MOVES}, showlegend=False,
            marker={"size": 12, "symbol": ["circle-open", "circle"], "color": MOVES, "line": {"width": 2}},
            hovertemplate=figures.escape(name) + ": %{x:.3~r}%<extra></extra>",
        )  # fmt: skip
    figures_of = {each.name: each for each in option.pattern.assumptions}
    _names(figure, [f"{name}:\n{figures_of[name].figure}" for name in table["assumption"]], above=0.48)
    figures.threshold(figure, 100 * result.wanted, f"{percent(result.wanted)} wanted", axis="x")
    figure.layout.shapes[-1].label.update(textposition="start", yanchor="bottom", xanchor="right")
    return figure.update_xaxes(range=[-4, 104])


def growth_figure(result: Architecture) -> go.Figure | Shown:
    """How the pairs that are changed together grow with the parts of the code."""
    table = growth_table(result)
    if result.growth is None or table.empty:
        return figures.nothing(_growth_reason(result))
    grown = table[table["interdependencies"] > 0]
    found = result.growth.exponent
    faster = "faster than" if found.low > 1 else "slower than" if found.high < 1 else "as far as can be told like"
    title = f"Pairs of folders that are changed together grow {faster} the folders: to the power of {found}"
    figure = figures.figure(title, x="folders of the code", y="pairs changed together")
    figure.add_scatter(
        x=grown["parts"], y=grown["interdependencies"], mode="lines+markers", marker={"size": 8, "color": MOVES},
        line={"width": 1, "color": QUIET}, showlegend=False, customdata=figures.utc(grown["time"]),
        hovertemplate="%{customdata}: %{x} folders, %{y} pairs<extra></extra>",
    )  # fmt: skip
    return figure.update_xaxes(type="log").update_yaxes(type="log")


def _options_title(found: Evaluation) -> str:
    chosen = found.chosen
    if chosen is None:
        return f"No option carries the load with the {percent(found.wanted)} probability that is wanted"
    if chosen.pattern.aim == "nothing":
        return f"Doing nothing carries the load with {chance(chosen.met)} probability"
    return f"The cheapest that is enough is {chosen.pattern.name}: {chance(chosen.met)}, {price_words(chosen)}"


def _cost(option: Option) -> float:
    return option.monthly_cost.value if option.monthly_cost else 0.0


def _why(result: Architecture, otherwise: str) -> str:
    return reason(result, "evaluation") or otherwise


def _growth_reason(result: Architecture) -> str:
    return f"How complexity grows is not known. {reason(result, 'growth', 'changes')}".strip()


def _names(figure: go.Figure, texts: list[str], *, above: float = ABOVE) -> None:
    """Each row's name above it, from the left edge of the plot on."""
    for place, text in enumerate(texts):
        lines = figures.escape(text).replace("\n", "<br>")
        figure.add_annotation(
            xref="x domain", x=0, y=-place + above, yref="y", text=lines, showarrow=False, xanchor="left", align="left",
            font={"size": 12},
        )  # fmt: skip
    figure.update_yaxes(
        range=[-len(texts) + 0.4, 0.75], showticklabels=False, showgrid=False, zeroline=False, fixedrange=True
    )


def _broken(text: str) -> str:
    """In lines of some 28 characters."""
    from textwrap import wrap

    return "<br>".join(map(figures.escape, wrap(text, 28)))


def _gap(one: float, other: float) -> float:
    return max(one - other, 0.0) if math.isfinite(one - other) else 0.0
