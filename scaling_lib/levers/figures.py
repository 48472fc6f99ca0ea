"""The figures of step 08, each from the result alone."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.figures import PALETTE, Shown
from scaling_lib.levers.result import Levers
from scaling_lib.levers.shown import CALLS, CODE, DEBT, PEOPLE, why
from scaling_lib.stats import Estimate
from scaling_lib.words import number, percent, plural

HOTSPOT_CAPTION = (
    "Each bar: commits to a file times its complexity, over the most. Work on the code pays first where both are high."
)
COUPLING_CAPTION = (
    "Each bar: commits that changed both files. Filled: files of two teams, who have to agree each time; hollow: "
    "within one team, or not owned."
)
QUEUE_CAPTION = (
    "Hours that a quarter of waiting costs, for each hour that the work takes, with 90% intervals. Squares: features, "
    "circles debt; filled is what this quarter's hours hold."
)
READINESS_CAPTION = "Shares with their intervals: few incidents say little, which the whiskers show."
MOST = 12
NO_FILL = "rgba(0,0,0,0)"


def hotspot_figure(result: Levers) -> go.Figure | Shown:
    """The hottest files."""
    hot = result.hotspots
    if hot is None:
        return figures.nothing(why(result, *CODE) or "No file has both changes and a complexity.")
    shown = hot.head(MOST)[::-1]
    first = hot.iloc[0]
    title = (
        f"{_short(first['path'])} is the hotspot: {percent(first['share'])} of all changes to files, complexity "
        f"{first['complexity']:,}"
    )
    figure = figures.figure(title, x="heat, % of the most", height=130 + 28 * len(shown))
    figure.add_bar(
        x=100 * shown["score"],
        y=[figures.escape(_short(path)) for path in shown["path"]],
        orientation="h",
        marker={"color": PALETTE[1]},
        text=[
            f" {row.revisions:,} × {row.complexity:,}" for row in shown[["revisions", "complexity"]].itertuples()
        ],
        textposition="outside",
        cliponaxis=False,
        customdata=shown["path"],
        hovertemplate="%{customdata}: %{text} (commits × complexity)<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    return figure.update_xaxes(range=[0, 175], tickvals=[0, 20, 40, 60, 80, 100])


def coupling_figure(result: Levers) -> go.Figure | Shown:
    """The pairs of files that are most often changed together."""
    found = result.coordination
    if found is None or found.pairs.empty:
        return figures.nothing(why(result, *PEOPLE) or "No two files are changed together often.")
    across = {(row.one, row.other) for row in found.congruence.across.itertuples()}
    pairs = found.pairs.sort_values(["shared", "degree"], ascending=False, kind="stable").head(MOST)[::-1]
    filled = [(row.one, row.other) in across for row in pairs.itertuples()]
    title = (
        f"{percent(1 - found.congruence.share)} of coupled changes cross teams"
        if not math.isnan(found.congruence.share)
        else "Files that are changed together have no owners"
    )
    if across:
        most = found.congruence.across.iloc[0]
        title += f": {most['team_one']} and {most['team_other']} most, {most['shared']:,} times"
    figure = figures.figure(title, x="commits that changed both", height=130 + 44 * len(pairs))
    figure.add_bar(
        x=pairs["shared"],
        y=[f"{figures.escape(_short(row.one))}<br>{figures.escape(_short(row.other))}" for row in pairs.itertuples()],
        orientation="h",
        marker={
            "color": [PALETTE[1] if each else NO_FILL for each in filled],
            "line": {"color": [PALETTE[1] if each else PALETTE[0] for each in filled], "width": 1.5},
        },
        text=[f" {degree}% of each" for degree in pairs["degree"]],
        textposition="outside",
        cliponaxis=False,
        customdata=[f"{row.one} with {row.other}" for row in pairs.itertuples()],
        hovertemplate="%{customdata}: %{x} commits<extra></extra>",
        showlegend=False,
    )
    return figure.update_xaxes(range=[0, 1.4 * float(pairs["shared"].max())])


def queue_figure(result: Levers) -> go.Figure | Shown:
    """All work by what waiting costs over what it takes."""
    line = result.queue
    if line is None:
        return figures.nothing(why(result, "queue", *DEBT) or "No debt has hours, and no work is named.")
    shown = line.frame.head(2 * MOST)
    first = shown.iloc[0]
    low, high = int(first["rank_low"]), int(first["rank_high"])
    title = (
        f"First {first['name']}"
        + (f", though its rank may be {low} to {high}" if high > low else ", whatever the figures are")
        + f": a quarter's delay costs {number(first['per_hour'].value)} h for each hour of work"
    )
    figure = figures.figure(title, x="h of delay / h of work",
                            height=150 + 34 * len(shown))  # fmt: skip
    for place, row in enumerate(shown.to_dict("records")):
        rate = row["per_hour"]
        color = PALETTE[0] if row["kind"] == "debt" else PALETTE[2]
        least = max(rate.low, rate.value / 20) if rate.value > 0 else 1e-3
        figure.add_scatter(
            x=[max(rate.value, 1e-3)],
            y=[place],
            error_x={
                "type": "data", "symmetric": False, "array": [rate.high - rate.value],
                "arrayminus": [max(rate.value - least, 0.0)], "thickness": 2, "width": 5, "color": color,
            },
            mode="markers",
            marker={
                "size": 12, "symbol": ("circle" if row["kind"] == "debt" else "square")
                + ("" if row["chosen"] else "-open"), "color": color, "line": {"width": 2, "color": color},
            },
            hovertemplate=f"{figures.escape(row['name'])}: {rate}<extra></extra>",
            showlegend=False,
        )  # fmt: skip
    names = [
        figures.escape(_cut(name)) + f"<br>{kind}" for name, kind in zip(shown["name"], shown["kind"], strict=True)
    ]
    figure.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=names, range=[len(shown) - 0.4, -0.6], showgrid=False
    )
    ticks = [base * 10**power for power in range(-3, 4) for base in (1, 2, 5)]
    return figure.update_xaxes(type="log", tickvals=ticks, ticktext=[number(each) for each in ticks])


def readiness_figure(result: Levers) -> go.Figure | Shown:
    """The shares that tell how ready the team is."""
    found = result.readiness
    if found is None:
        return figures.nothing(why(result, *CALLS) or "No incident is given.")
    rows: list[tuple[str, Estimate | None]] = [
        ("real incidents<br>with a runbook", found.covered),
        ("with a runbook<br>of their service", found.of_service),
        ("runbooks tried", found.tried),
        ("pages that were<br>false alarms", found.alarms),
        ("incidents whose cause<br>came again", found.repeated),
    ]
    known = [(name, each) for name, each in rows if each is not None and not math.isnan(each.value)]
    if not known:
        return figures.nothing("No page is given that says anything.")
    figure = figures.figure(_readiness_title(result), x="%", height=140 + 62 * len(known))
    for place, (name, each) in enumerate(reversed(known)):
        figure.add_scatter(
            x=[100 * each.value],
            y=[place],
            error_x={
                "type": "data", "symmetric": False, "array": [100 * (each.high - each.value)],
                "arrayminus": [100 * (each.value - each.low)], "thickness": 2, "width": 6, "color": PALETTE[0],
            },
            mode="markers+text",
            marker={"size": 11, "color": PALETTE[0]},
            text=[percent(each.value)],
            textposition="top center",
            hovertemplate=f"{name.replace('<br>', ' ')}: {each}<extra></extra>",
            showlegend=False,
        )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(known))), ticktext=[name for name, _ in reversed(known)],
        range=[-0.6, len(known) - 0.3], showgrid=False,
    )  # fmt: skip
    return figure.update_xaxes(range=[-9, 112], tickvals=[0, 25, 50, 75, 100])


def _readiness_title(result: Levers) -> str:
    found = result.readiness
    assert found is not None  # noqa: S101 - the caller has looked
    alarms = int(found.pages["false_alarm"].sum())
    parts = []
    if found.without:
        missing = int((found.real["runbook"] == "").sum())
        parts.append(f"{missing} of {plural(len(found.real), 'real incident')} had no runbook")
    elif found.covered is not None:
        parts.append("Every real incident had a runbook")
    if alarms:
        parts.append(f"{alarms} of {plural(len(found.pages), 'page')} asked for nothing")
    return "; ".join(parts) or f"{plural(len(found.real), 'real incident')}, none of them a false alarm"


def _short(path: object) -> str:
    """The last two parts of a path."""
    return "/".join(str(path).split("/")[-2:])


def _cut(name: str) -> str:
    return name if len(name) <= 25 else name[:23].rstrip() + " …"
