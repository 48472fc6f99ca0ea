"""The figures of step 05, each from the result alone."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.figures import PALETTE, QUIET, Shown
from scaling_lib.rollout.benchmarks import BANDS
from scaling_lib.rollout.canary import JudgedCanary
from scaling_lib.rollout.counts import CountsJudgement
from scaling_lib.rollout.result import Rollout
from scaling_lib.rollout.shown import why
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent, plural, quantity

CANARY_CAPTION = (
    "Each line: how much more of the canary's requests failed than of those beside it, with the interval that holds "
    "however often somebody looks. It passes where the interval ends left of what is tolerated."
)
SHIFT_CAPTION = (
    "How far the canary's latencies are shifted, as a share of the median of those beside it, with the same interval."
)
PLANS_CAPTION = (
    "What 95 of 100 rollouts that carry a defect cost at most, of the SLO's budget of a whole window. A defect is seen "
    "by the SLO's alerts, or where versions are compared by that too."
)
DELIVERY_CAPTION = (
    "Each key with its interval on a scale from the best band to the worst of the State of DevOps report of 2024. The "
    "change failure rate has no place here: the bands are not in its order."
)
FLAGS_CAPTION = "Filled: flags past the lifetime of their type, which stands beside each; hollow: those within it."
COLOURS = {"PASS": PALETTE[2], "FAIL": PALETTE[1]}  # a verdict always stands beside in words
MOST_FLAGS = 25


def canary_figure(result: Rollout) -> go.Figure | Shown:
    """The rise of the share of failures of each canary, against what is tolerated."""
    rows = [
        (each, guardrail.judgement)
        for each in result.canaries
        if each.judgement is not None
        for guardrail in each.judgement.guardrails
        if guardrail.name == "failures" and isinstance(guardrail.judgement, CountsJudgement)
        and not math.isnan(guardrail.judgement.rise.value)
    ]  # fmt: skip
    if not rows:
        return figures.nothing(why(result, "canaries") or _unjudged(result) or "No canary tells its failures.")
    figure = figures.figure(_canary_title(result), x="more failures, % of requests", height=160 + 66 * len(rows))
    for place, (canary, found) in enumerate(reversed(rows)):
        _whisker(figure, place, found.rise.times(100, unit="%"), COLOURS.get(found.verdict, QUIET))
        _mark(figure, place, 100 * found.tolerated, f"{percent(found.tolerated)} tolerated")
        figure.data[-1].customdata = [f"{found.canary} beside {found.baseline}"]
        figure.data[-1].hovertemplate = "%{customdata}<extra>" + figures.escape(canary.canary.name) + "</extra>"
    _names(figure, [f"{figures.escape(each.canary.name)}<br>{found.verdict}" for each, found in rows])
    return figure.update_layout(shapes=[*figure.layout.shapes, _zero()])


def shift_figure(result: Rollout) -> go.Figure | Shown:
    """The shift of the latencies of each canary, against what is tolerated."""
    rows = [
        (each, guardrail.judgement)
        for each in result.canaries
        if each.judgement is not None
        for guardrail in each.judgement.guardrails
        if guardrail.name == "latency" and not isinstance(guardrail.judgement, CountsJudgement)
        and not math.isnan(guardrail.judgement.relative.value)
    ]  # fmt: skip
    if not rows:
        return figures.nothing(why(result, "canaries") or _unjudged(result) or "No canary tells its latencies.")
    slower = [each.canary.name for each, found in rows if found.verdict == "FAIL"]
    title = f"{listing(slower)}: surely slower" if slower else "No canary is surely slower than the version beside it"
    figure = figures.figure(title, x="shift, % of the median beside it", height=160 + 66 * len(rows))
    for place, (canary, found) in enumerate(reversed(rows)):
        _whisker(figure, place, found.relative.times(100, unit="%"), COLOURS.get(found.verdict, QUIET))
        _mark(figure, place, 100 * canary.canary.slower, f"{percent(canary.canary.slower)} tolerated")
        figure.data[-1].customdata = [str(found.shift)]
        figure.data[-1].hovertemplate = "%{customdata}<extra>" + figures.escape(canary.canary.name) + "</extra>"
    _names(figure, [f"{figures.escape(each.canary.name)}<br>{found.verdict}" for each, found in rows])
    return figure.update_layout(shapes=[*figure.layout.shapes, _zero()])


def plans_figure(result: Rollout) -> go.Figure | Shown:
    """What each plan costs with a defect, against the budget that is left."""
    plans = result.plans
    if plans is None:
        return figures.nothing(why(result, "plans", "SLOs") or "No plan could be priced.")
    chosen, bang = plans.risk(plans.chosen), plans.risk(plans.plans[0])
    title = (
        f"All at once, a defect may cost {percent(bang.if_defect_high)} of the {plans.slo.slo.name} budget; "
        f"with {plans.chosen.name} {percent(chosen.if_defect_high)}, and {percent(max(plans.left, 0.0))} is left"
    )
    figure = figures.figure(title, x="% of a window's budget", height=420)
    names = [each.name.removesuffix(" first").replace(" for ", "<br>for ") for each in plans.plans]
    sides = [("alerts alone", PALETTE[1], [each.alerts for each in plans.plans])]
    if plans.compared:
        sides.append(("versions compared too", PALETTE[0], [each.versions for each in plans.plans]))
    for name, color, risks in sides:
        figure.add_scatter(
            x=[max(100 * each.if_defect_high, 1e-4) for each in risks],
            y=names,
            mode="markers+text",
            marker={"size": 12, "color": color, "symbol": "circle" if name == "alerts alone" else "square"},
            text=[
                ""
                if name != "alerts alone" and each.if_defect_high == plan.alerts.if_defect_high
                else percent(each.if_defect_high, 2)
                for each, plan in zip(risks, plans.plans, strict=True)
            ],
            textposition="top center",
            textfont={"color": color},
            name=name,
            hovertemplate="%{x:.3~r}% of the budget<extra>" + name + "</extra>",
        )
    shown = [100 * each.if_defect_high for _, _, risks in sides for each in risks if each.if_defect_high > 0]
    edges = [*shown, *([100 * plans.left] if plans.left > 0 else [])]
    figure.update_xaxes(type="log", dtick=1, range=[math.log10(min(edges)) - 0.6, math.log10(max(edges)) + 0.6])
    if plans.left > 0:
        figures.threshold(figure, 100 * plans.left, f"left: {percent(plans.left)}", axis="x")
        figure.layout.shapes[-1].label.update(xanchor="right", textposition="start", yanchor="bottom")
    return figure.update_yaxes(autorange="reversed").update_layout(legend={"traceorder": "normal"})


def delivery_figure(result: Rollout) -> go.Figure | Shown:
    """Three of the four keys with their intervals, each on the scale of its bands."""
    keys = [each for each in result.keys if each.measured is not None and each.band]
    if not keys:
        return figures.nothing(why(result, "delivery", "deployments") or "No key of delivery is measured.")
    bands = BANDS["DORA 2024"]
    title = f"Delivery: {listing([f'{each.name} {each.band}' for each in keys])}"
    figure = figures.figure(title, height=150 + 70 * len(keys))
    for place, key in enumerate(reversed(keys)):
        assert key.measured is not None  # noqa: S101 - chosen above
        limits = {
            "deployments": [-each.deployments_a_week for each in bands],
            "lead time": [each.lead_time_s for each in bands],
            "recovery": [each.recovery_s for each in bands],
        }[key.name]
        sign = -1 if key.name == "deployments" else 1
        ends = sorted(_place(sign * end, limits) for end in (key.measured.low, key.measured.value, key.measured.high))
        _whisker(figure, place, Estimate(ends[1], ends[0], ends[2]), PALETTE[0])
        figure.data[-1].customdata = [str(key.measured)]
        figure.data[-1].hovertemplate = "%{customdata}<extra>" + key.name + "</extra>"
    for number_, band in enumerate(bands):
        figures.span(figure, number_, number_ + 1, band.name, color="#8C8C8C" if number_ % 2 == 0 else "#D8D8D8")
    _names(figure, [f"{each.name}<br>{_short(each.measured)}" for each in keys])
    return figure.update_xaxes(range=[0, len(bands)], showticklabels=False, showgrid=False)


def flags_figure(result: Rollout) -> go.Figure | Shown:
    """The age of each flag that has a lifetime, against it."""
    if result.flags is None:
        return figures.nothing(why(result, "flags") or "No flag is given.")
    frame = result.flags.frame
    known = frame[frame["age_d"].notna() & frame["over_d"].notna()].sort_values("age_d", ascending=False)
    if known.empty:
        return figures.nothing("No flag has both a date of creation and a type that is to go: their age is not known.")
    shown = known.head(MOST_FLAGS)[::-1]
    stale = len(result.flags.names("stale"))
    title = f"{stale} of {plural(len(frame), 'flag')} {'is' if stale == 1 else 'are'} stale"
    oldest = shown.iloc[-1]
    if oldest["over_d"] > 0:
        title += f"; {oldest['name']} is {plural(round(float(oldest['age_d'])), 'day')} old"
    figure = figures.figure(title, x="age, days", height=140 + 26 * len(shown))
    past = (shown["over_d"] > 0).to_numpy()
    lifetime = (shown["age_d"] - shown["over_d"]).to_numpy()
    figure.add_bar(
        x=shown["age_d"],
        y=[f"{figures.escape(name)}" for name in shown["name"]],
        orientation="h",
        marker={
            "color": np.where(past, PALETTE[1], "rgba(0,0,0,0)").tolist(),
            "line": {"color": np.where(past, PALETTE[1], PALETTE[0]).tolist(), "width": 1.5},
        },
        text=[f" {'past' if over else 'within'} {life:.0f} days" for over, life in zip(past, lifetime, strict=True)],
        customdata=[figures.escape(kind or "type not said") for kind in shown["type"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.0f} days old, %{customdata}<extra></extra>",
        showlegend=False,
    )
    return figure.update_xaxes(range=[0, 1.6 * float(shown["age_d"].max())])


def _whisker(figure: go.Figure, place: int, found: Estimate, color: str) -> None:
    figure.add_scatter(
        x=[found.value],
        y=[place],
        error_x={
            "type": "data", "symmetric": False, "array": [found.high - found.value],
            "arrayminus": [found.value - found.low], "thickness": 2, "width": 6, "color": color,
        },
        mode="markers",
        marker={"size": 11, "color": color},
        showlegend=False,
    )  # fmt: skip


def _mark(figure: go.Figure, place: int, value: float, label: str) -> None:
    """A short dashed line at what is tolerated, over one row."""
    figure.add_shape(
        type="line", x0=value, x1=value, y0=place - 0.32, y1=place + 0.32, line={"dash": "dash", "width": 1.5},
        label={"text": label, "textposition": "end", "textangle": 0, "xanchor": "left", "yanchor": "bottom"},
    )  # fmt: skip


def _zero() -> dict[str, object]:
    return {
        "type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "y domain", "line": {"width": 1, "color": QUIET},
        "layer": "below",
    }  # fmt: skip


def _names(figure: go.Figure, names: list[str]) -> None:
    """Name the rows, which stand from the last up."""
    places = list(range(len(names)))
    figure.update_yaxes(tickvals=places, ticktext=names[::-1], range=[-0.6, len(names) - 0.3], showgrid=False)


def _place(value: float, limits: list[float]) -> float:
    """Where a value stands among the bands: their number, and how far within, by its logarithm."""
    for number_, limit in enumerate(limits):
        if value <= limit:
            if math.isinf(limit) or limit == 0:
                return number_ + 0.5
            start, end = (limits[number_ - 1], limit) if number_ else (limits[0], limits[1])  # the best is as wide
            part = math.log(abs(value) / abs(start)) / math.log(abs(end) / abs(start)) if value else -math.inf
            return number_ + min(max(part if number_ else 1 + part, 0.05), 0.95)
    return len(limits) - 0.5


def _short(found: Estimate | None) -> str:
    return "" if found is None else quantity(found.value, found.unit)


def _canary_title(result: Rollout) -> str:
    parts = [f"{each.canary.name}: {_said(each)}" for each in result.canaries if each.judgement is not None]
    return "; ".join(parts)


def _said(each: JudgedCanary) -> str:
    judgement = each.judgement
    assert judgement is not None  # noqa: S101 - the caller has looked
    if judgement.verdict == "INCONCLUSIVE" and judgement.times is not None:
        return f"inconclusive, {number(judgement.times)} times the exposure would decide"
    return {
        "PASS": "passes",
        "FAIL": f"fails ({listing(judgement.failed)})",
        "INCONCLUSIVE": "inconclusive, and no exposure would decide",
        "NO DATA": "no data",
        "VOID": "void, as the split is not as intended",
    }[judgement.verdict]


def _unjudged(result: Rollout) -> str:
    """Why no canary that is described could be judged."""
    absent = next((each for canary in result.canaries for each in canary.absent.values()), None)
    return absent.why if absent else ""
