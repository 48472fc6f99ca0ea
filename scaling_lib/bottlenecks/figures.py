"""The figures of step 04, each from the result alone. Names stand above their row, so that a narrow page has room."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.bottlenecks.stretches import differ
from scaling_lib.bottlenecks.tables import OF_WINDOW, path_table, reason, tail_words
from scaling_lib.figures import QUIET, Shown
from scaling_lib.model.critical_path import ARROW
from scaling_lib.words import duration, number, percent, quantity

RANK_CAPTION = (
    "Filled: of the slow requests, open: of those at the median (between the 40th and the 60th percentile of their "
    "journey), each with its interval. What a call takes beyond the span of the service that it calls (the network, "
    "waiting to be taken on) is apart, as caller -> callee."
)
PATH_CAPTION = (
    "What requests of each journey wait for, by service and operation, on average over all traces: the wider, the more "
    "time. Only what lies on the critical path counts; what runs beside it takes no time here."
)
TRACE_CAPTION = (
    "One real trace. Thick: what the request waits for, which together is its duration. Thin: the rest of each span."
)
MIGRATION_CAPTION = (
    "The highest throughput by the model, with its interval, today and after each relief in turn, and what is full "
    "there. Dashed: today's busiest minute. Of spans alone it holds for one server a service, which is assumed."
)
ROWS = 8  # names in a figure; the table has them all
ROW_HEIGHT, TRACE_ROW, TALL_ROW = 52, 36, 72  # pixels
ABOVE = 0.42  # of a row, where its name stands


def rank_figure(result: Bottlenecks) -> go.Figure | Shown:
    """The names that are waited for most, at the median and in the tail, with intervals."""
    ranking = result.found.ranking
    if ranking is None:
        return figures.nothing(f"What requests wait for is not measured. {reason(result, 'ranking')}".strip())
    table = ranking.table.head(ROWS)
    share = ranking.share(ranking.first)
    title = f"{tail_words(result)} wait most for {ranking.first}: {share} of their time"
    if differ(result.recordings):
        title += f", of {len(result.recordings)} recordings that differ"
    figure = figures.figure(title, x="% of the time of the requests", height=90 + ROW_HEIGHT * len(table))
    for window, filled in ((ranking.window, True), ("p50", False)):
        column = table[f"share_{window}"]
        if column.isna().all() or (window == ranking.window and not filled):
            continue
        rows = [100 * each.value for each in column]
        ends = [[100 * getattr(each, end) for each in column] for end in ("low", "high")]
        figure.add_scatter(
            x=rows,
            y=[-place - (0 if filled else 0.18) for place in range(len(table))],
            mode="markers",
            marker={
                "size": 11 if filled else 9,
                "symbol": "circle" if filled else "circle-open",
                "color": [figures.colour(str(service)) for service in table["service"]],
                "line": {"width": 2},
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_gap(high, value) for high, value in zip(ends[1], rows, strict=True)],
                "arrayminus": [_gap(value, low) for low, value in zip(ends[0], rows, strict=True)],
                "color": QUIET,
                "thickness": 1.5,
            },
            name=OF_WINDOW[window],
            showlegend=False,
            customdata=[[figures.escape(str(name)), str(each)] for name, each in column.items()],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>" + OF_WINDOW[window] + "</extra>",
        )
    _names(figure, [str(name) for name in table.index])
    return figure.update_xaxes(rangemode="tozero")


def path_figure(result: Bottlenecks) -> go.Figure | Shown:
    """The aggregate critical path as an icicle: journey, service, operation."""
    table = path_table(result)
    if table.empty:
        return figures.nothing(f"No critical path is known. {reason(result, 'ranking')}".strip())
    total = float(table["ms"].sum())
    sums = table.groupby(["service", "operation"], as_index=False)["ms"].sum()
    top = sums.iloc[int(sums["ms"].to_numpy().argmax())]
    named = _joined(str(top["service"]), str(top["operation"]))
    title = f"On average over all requests {percent(float(top['ms']) / total)} of {duration(total / 1000)} is {named}"
    ids, labels, parents, values, colours = ["all"], ["all requests"], [""], [total], ["rgba(128,128,128,.25)"]
    for path in (["journey"], ["journey", "service"], ["journey", "service", "operation"]):
        for keys, ms in table.groupby(path)["ms"].sum().items():
            parts = list(keys) if isinstance(keys, tuple) else [keys]
            if path[-1] == "operation" and not parts[-1]:
                continue
            ids.append("/".join(map(str, parts)))
            labels.append(figures.escape(str(parts[-1])))
            parents.append("/".join(map(str, parts[:-1])) or "all")
            values.append(float(ms))
            colours.append(
                figures.colour(str(parts[1])) if len(parts) > 1 and parts[1] != "between services"
                else "rgba(128,128,128,.4)"
            )  # fmt: skip
    figure = figures.figure(title, height=440).update_layout(uniformtext={"minsize": 10, "mode": "hide"})
    figure.add_icicle(
        ids=ids, labels=labels, parents=parents, values=values, branchvalues="total", sort=False,
        marker={"colors": colours}, tiling={"orientation": "v", "pad": 1},
        hovertemplate="%{label}: %{value:,.3~r} ms a request, %{percentRoot:.1%} of all<extra></extra>",
        pathbar={"visible": False},
    )  # fmt: skip
    return figure


def trace_figure(result: Bottlenecks, which: int) -> go.Figure | Shown:
    """A trace as a waterfall with its critical path marked: 0 is the one at the median, 1 the one of the tail."""
    if which >= len(result.traces):
        return figures.nothing(f"No trace can be shown. {reason(result, 'ranking')}".strip())
    trace = result.traces[which]
    spans = trace.spans
    longest = spans.iloc[int(spans["exclusive_s"].to_numpy().argmax())]
    named = _joined(_who(str(longest["service"]), str(longest["callee"])), str(longest["operation"]))
    title = (
        f"{trace.journey} at its {_quantile(trace.quantile)}: of {duration(trace.duration_s)} the request waits "
        f"{duration(float(longest['exclusive_s']))} for {named}"
    )
    figure = figures.figure(title, x="ms since the request came", height=90 + TRACE_ROW * len(spans))
    owners = spans["callee"].where(spans["callee"] != "", spans["service"]).tolist()
    length = spans["end_s"] - spans["start_s"]
    texts = [
        f"{'· ' * depth}{_joined(_who(service, callee), operation)}, {duration(seconds)}"
        for depth, service, callee, operation, seconds in zip(
            *(spans[name].tolist() for name in ("depth", "service", "callee", "operation")),
            length.tolist(),
            strict=True,
        )
    ]
    whole = list(zip(range(len(spans)), spans["start_s"].tolist(), spans["end_s"].tolist(), strict=True))
    waits = list(zip(*(trace.waits[name].tolist() for name in ("row", "start_s", "end_s")), strict=True))
    for service in dict.fromkeys(owners):
        for rows, width, opacity in ((whole, 3, 0.45), (waits, 12, 1.0)):
            own = [each for each in rows if owners[each[0]] == service]
            if not own:
                continue
            figure.add_scatter(
                x=[x for _, low, high in own for x in (1000 * low, 1000 * high, None)],
                y=[y for row, *_ in own for y in (-row, -row, None)],
                customdata=[[text] for row, *_ in own for text in [figures.escape(texts[row])] * 3],
                mode="lines", line={"width": width, "color": figures.colour(service)}, opacity=opacity,
                hovertemplate="%{customdata[0]}<extra></extra>", showlegend=False, name=figures.escape(service),
            )  # fmt: skip
    _names(figure, texts, size=11)
    return figure.update_xaxes(rangemode="tozero")


def migration_figure(result: Bottlenecks) -> go.Figure | Shown:
    """The limit of the throughput today, and after each relief."""
    if not result.migration:
        return figures.nothing(f"How the bottleneck moves is not known. {reason(result, 'model', 'migration')}".strip())
    if result.disproved:
        return figures.nothing(
            "How the bottleneck moves is not known: these traces carry more than one server a service would. Supply "
            "the metrics of the resources."
        )
    first = result.migration[0]
    ends = [first.before, *(each.after for each in result.migration)]
    limiting = [first.bottleneck, *(each.next_bottleneck for each in result.migration)]
    names = ["today", *_relieved(result)]
    moved = next((each for each in result.migration if each.moved), None)
    title = (
        f"Relieving {first.name} moves the limit from {quantity(first.before.value)} to "
        f"{quantity(first.after.value, 'requests/s')}; "
        + (f"{moved.next_bottleneck} limits from {quantity(moved.after.value)} on" if moved else "it limits still")
    )
    if result.assumed:
        title = f"If each service had one server: {title[:1].lower()}{title[1:]}"
    figure = figures.figure(title, x="highest throughput, requests/s", height=100 + TALL_ROW * len(ends))
    figure.add_scatter(
        x=[each.value for each in ends],
        y=[-place for place in range(len(ends))],
        mode="markers",
        marker={"size": 11, "color": [figures.colour(name) for name in limiting]},
        error_x={
            "type": "data", "symmetric": False, "color": QUIET, "thickness": 1.5,
            "array": [_gap(each.high, each.value) for each in ends],
            "arrayminus": [_gap(each.value, each.low) for each in ends],
        },
        customdata=[[figures.escape(name), str(each)] for name, each in zip(limiting, ends, strict=True)],
        hovertemplate="%{customdata[1]}, then %{customdata[0]} is full<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    lines = [f"{name}:\n{limit} is full" for name, limit in zip(names, limiting, strict=True)]
    _names(figure, lines, above=0.46)
    if result.found.peak is not None:
        figures.threshold(figure, result.found.peak.value, f"{quantity(result.found.peak.value)} today", axis="x")
        figure.layout.shapes[-1].label.update(textposition="start", yanchor="bottom")
    return figure.update_xaxes(rangemode="tozero")


def _relieved(result: Bottlenecks) -> list[str]:
    """What was relieved last at each step, and by how much in all."""
    found, times = [], dict[str, float]()
    for each in result.migration:
        times[each.name] = times.get(each.name, 1.0) * result.relief
        found.append(f"{each.name} relieved {number(times[each.name])}x")
    return found


def _names(figure: go.Figure, texts: list[str], *, size: int = 13, above: float = ABOVE) -> None:
    """Each row's name above it, from the left edge of the plot on."""
    for place, text in enumerate(texts):
        figure.add_annotation(
            xref="x domain", x=0, y=-place + above, yref="y", text=figures.escape(text).replace("\n", "<br>"),
            showarrow=False, xanchor="left", align="left", font={"size": size},
        )  # fmt: skip
    figure.update_yaxes(
        range=[-len(texts) + 0.5, 0.75], showticklabels=False, showgrid=False, zeroline=False, fixedrange=True
    )


def _gap(one: float, other: float) -> float:
    return max(one - other, 0.0) if math.isfinite(one - other) else 0.0


def _who(service: str, callee: str) -> str:
    return f"{service}{ARROW}{callee}" if callee else service


def _joined(service: str, operation: str) -> str:
    return f"{service}: {operation}" if operation and service != "between services" else operation or service


def _quantile(quantile: float) -> str:
    return "median" if quantile == 0.5 else f"p{number(100 * quantile)}"
