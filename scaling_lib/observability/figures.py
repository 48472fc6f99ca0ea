"""The figures of step 03, each from the result alone."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.figures import PALETTE, QUIET, Shown
from scaling_lib.observability.assess import Observability
from scaling_lib.observability.condensed import condense
from scaling_lib.observability.coverage import JourneyCoverage
from scaling_lib.observability.tree import NOBODY
from scaling_lib.observability.why_absent import why_absent
from scaling_lib.words import listing, percent, quantity

TIME_CAPTION = (
    "Each bar is the time that a request of a journey takes, divided by what its spans say of it. Between services: of "
    "a call, beyond its callee's span: the network, and waiting to be taken on. Caller's side only: in calls whose "
    "callee, mostly a database, left no span. Whiskers: the interval of what no span says, the two parts on the left."
)
GRAPH_CAPTION = (
    "Who calls whom, from left to right. A line is the thicker the more calls there are; dashed where only the caller "
    "left a span, dotted where nobody waits. An open circle is a service that left no span of its own."
)
PARTS = (  # of a bar, from left: kind, words, colour
    ("between", "between services", PALETTE[1]),
    ("unexplained", "a service's own time that no span explains", PALETTE[4]),
    ("unseen", "caller's side only", PALETTE[5]),
    ("explained", "told by a span", PALETTE[2]),
)
HIGH = 70  # pixels of a service
MOST_JOURNEYS = 12  # in the figure; the table has them all
MOST_EDGES = 200


def time_figure(result: Observability) -> go.Figure | Shown:
    """Where the time of each journey passes, and how much of it no span tells."""
    if result.coverage is None:
        return figures.nothing(_absent(result, "coverage", "time"))
    shown = result.coverage.journeys[:MOST_JOURNEYS][::-1]
    figure = figures.figure(_title(result), x="% of the journey's time", height=130 + 52 * len(shown))
    names = [f"{figures.escape(each.journey)}<br>{quantity(each.seconds, 's')}" for each in shown]
    for kind, words, color in PARTS:
        shares = [getattr(each, kind) for each in shown]
        figure.add_bar(
            x=[100 * each.value for each in shares],
            y=names,
            orientation="h",
            name=words,
            marker={"color": color},
            customdata=[str(each) for each in shares],
            hovertemplate="%{customdata}<extra>" + words + "</extra>",
        )
    blind = [each.blind for each in shown]
    figure.add_scatter(
        x=[100 * each.value for each in blind],
        y=names,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (each.high - each.value) for each in blind],
            "arrayminus": [100 * (each.value - each.low) for each in blind],
            "thickness": 1.5,
            "width": 5,
            "color": "#222222",
        },
        mode="markers",
        marker={"size": 5, "color": "#222222"},
        showlegend=False,
        customdata=[str(each) for each in blind],
        hovertemplate="%{customdata}<extra>no span says</extra>",
    )
    return figure.update_layout(barmode="stack", legend={"traceorder": "normal"}).update_xaxes(range=[0, 100])


def graph_figure(result: Observability) -> go.Figure | Shown:
    """The services from left to right by how deep they are called, with the calls between them."""
    graph = result.graph
    if graph is None:
        return figures.nothing(_absent(result, "graph", "graph"))
    places = _places(result)
    figure = figures.figure(_graph_title(result), height=max(230, 90 + HIGH * _tallest(places)))
    most = max([float(each) for each in graph.edges["calls"]], default=1.0)
    for row in graph.edges.head(MOST_EDGES).itertuples():
        (x0, y0), (x1, y1) = places[str(row.caller)], places[str(row.callee)]
        dash = "dot" if row.kind == "async" else "dash" if row.seen == "caller" else "solid"
        figure.add_scatter(
            x=[x0, (x0 + x1) / 2, x1],
            y=[y0, (y0 + y1) / 2, y1],
            mode="lines",
            line={"color": QUIET, "width": 1 + 5 * math.sqrt(float(str(row.calls)) / most), "dash": dash},
            hoverinfo="text",
            text=figures.escape(
                f"{row.caller} → {row.callee}: {quantity(float(str(row.calls)))} calls, p95 {row.p95_s}, "
                f"failed {row.error_share}"
            ),
            showlegend=False,
        )
    nodes = graph.nodes.assign(place=graph.nodes["service"].map(places))
    figure.add_scatter(
        x=[x for x, _ in nodes["place"]],
        y=[y for _, y in nodes["place"]],
        mode="markers+text",
        marker={
            "size": 22,
            "color": [figures.colour(str(name)) for name in nodes["service"]],
            "symbol": ["circle" if seen else "circle-open" for seen in nodes["seen"]],
            "line": {"width": 3},
        },
        text=[figures.escape(str(name) or NOBODY) for name in nodes["service"]],
        textposition="top center",
        hoverinfo="text",
        hovertext=[figures.escape(_waits(result, str(name))) for name in nodes["service"]],
        showlegend=False,
        cliponaxis=False,
    )
    low, high = min(y for _, y in places.values()), max(y for _, y in places.values())
    depth = max(x for x, _ in places.values())
    figure.update_xaxes(visible=False, range=[-0.35, depth + 0.35])
    return figure.update_yaxes(visible=False, range=[low - 0.5, high + 0.6])


def _absent(result: Observability, of: str, name: str) -> str:
    part = next((part for part in (of, "spans") if part in result.absent), "")
    return why_absent(result, part, name) if part else "No span is given."


def _title(result: Observability) -> str:
    assert result.coverage is not None  # noqa: S101 - the caller has looked
    whole = result.coverage.whole
    slow = f", of the slowest {percent(result.slowest)}" if result.slowest < 1 else ""
    worst = _worst(result.coverage.journeys)
    most = f"; of {worst.journey} {percent(worst.blind.value)}" if len(result.coverage.journeys) > 1 else ""
    return f"Of {percent(whole.blind.value)} of the time waited for{slow}, no span says what is done{most}"


def _worst(journeys: tuple[JourneyCoverage, ...]) -> JourneyCoverage:
    return max(journeys, key=lambda each: each.blind.value)


def _graph_title(result: Observability) -> str:
    assert result.graph is not None  # noqa: S101 - the caller has looked
    nodes = result.graph.nodes
    hidden = [str(name) for name in nodes.loc[~nodes["seen"].astype(bool), "service"]]
    seen = len(nodes) - len(hidden)
    told = f"; {listing(hidden, 3)} {'is' if len(hidden) == 1 else 'are'} seen from callers only" if hidden else ""
    return f"{seen} of {len(nodes)} services leave spans of their own{told}"


def _places(result: Observability) -> dict[str, tuple[float, float]]:
    """By service how deep it is called, and a height that keeps those of a depth apart."""
    assert result.graph is not None  # noqa: S101 - the caller has looked
    services = list(result.graph.nodes["service"].astype(str))
    pairs = result.graph.edges[["caller", "callee"]].drop_duplicates()
    condensed = condense(services, pairs)
    depth = dict.fromkeys(range(len(condensed.rings)), 0)
    for ring, callees in enumerate(condensed.callees):
        for callee in callees:
            depth[callee] = max(depth[callee], depth[ring] + 1)
    of = pd.Series({name: depth[condensed.ring_of[name]] for name in services})
    places = {}
    for level, own in of.groupby(of):
        lift = 0.3 * (float(str(level)) % 2)  # a line that passes a level does not run through its service
        for number, name in enumerate(own.index):
            places[str(name)] = (float(str(level)), (len(own) - 1) / 2 - number + lift)
    return places


def _tallest(places: dict[str, tuple[float, float]]) -> int:
    levels = [x for x, _ in places.values()]
    return max(levels.count(level) for level in levels)


def _waits(result: Observability, service: str) -> str:
    own = next((each for each in result.blast if each.service == service), None)
    return f"{service}: {own.waiting} of the requests wait for it" if own else service
