"""The figures of step 02, each from the result alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from scaling_lib import figures
from scaling_lib.capacity.headline import today, when_words
from scaling_lib.capacity.headroom import Headroom
from scaling_lib.capacity.load_curve import LoadCurve
from scaling_lib.capacity.result import Capacity
from scaling_lib.capacity.within_slo import LoadWithinSlo
from scaling_lib.figures import QUIET, Shown
from scaling_lib.words import listing, number, percent, quantity

LOAD_CAPTION = (
    "Dots: the throughput at each level of the load test, with its interval. Line and band: the Universal Scalability "
    "Law fitted to them. Dashed: the load beyond which something breaks first, and the loads that have to be carried. "
    "Shaded: the knee, with its interval: from so many users on, more of them mostly wait, and throughput hardly rises."
)
USE_CAPTION = "How much of each resource was in use at each level of the load test; at 100% nothing more can come."
DEMAND_CAPTION = (
    "Dots: the busiest hour of each day. Line and band: the forecast, if growth stays as it is. Dashed: the "
    "mean load of an hour in whose busiest minute all is used that may be used of the limit that decides."
)
HEADROOM_CAPTION = (
    "What of the capacity is left after all that takes from it. Steps of less than half a percent are not drawn."
)
SLO_CAPTION = (
    "The slow end of the requests' durations at each level, by journey. Dashed: the threshold of the SLO. Where a line "
    "crosses it is the load beyond which the promise is broken. The axis of durations is logarithmic."
)
POINTS = 120
SEEN = 0.005  # of the capacity: a bar of less cannot be seen


def load_figure(result: Capacity) -> go.Figure | Shown:
    """Throughput against users, with the fitted law, and the loads that have to be carried."""
    curve = result.curve
    if curve is None:
        return figures.nothing(f"No load curve: {_reason(result, 'load curve', 'load tests')}")
    users = curve.levels["users"].notna().all()
    figure = figures.figure(_load_title(result, curve), x="users" if users else "requests in flight", y="requests/s")
    color = figures.colour(result.system)
    law = _law(curve, bool(users))
    if len(law):
        figures.band(figure, law["x"].tolist(), law["low"].tolist(), law["high"].tolist(), color=color)
        figure.add_scatter(
            x=law["x"], y=law["throughput"], mode="lines", line={"color": color, "width": 2}, name="the fitted law",
            hovertemplate="%{x:,.3~r}: %{y:,.3~r} requests/s<extra>the law</extra>",
        )  # fmt: skip
    levels = curve.levels
    figure.add_scatter(
        x=levels["users"] if users else levels["in_flight"],
        y=levels["throughput"],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (levels["throughput_high"] - levels["throughput"]).fillna(0),
            "arrayminus": (levels["throughput"] - levels["throughput_low"]).fillna(0),
            "color": QUIET,
            "thickness": 1.5,
        },
        mode="markers",
        marker={"size": 9, "color": color, "symbol": np.where(levels["used"], "circle", "circle-open").tolist()},
        name="measured",
        hovertemplate="%{x:,.3~r}: %{y:,.3~r} requests/s<extra>measured</extra>",
    )
    if result.limits and not result.limits[0].modelled:
        figures.threshold(figure, result.limits[0].rate.value, _first(result))
        figure.layout.shapes[-1].label.update(textposition="start", padding=8)  # off the axis
    if result.peak is not None and result.needed is not None:
        figures.threshold(
            figure, result.peak.value, f"{today(result)} busiest minute: {quantity(result.peak.value, '')}/s"
        )
        figures.threshold(
            figure, result.needed.value, f"{number(result.factor)}x: {quantity(result.needed.value, '')}/s"
        )
        top = max(float(levels["throughput"].max()), result.needed.value)
        figure.update_yaxes(range=[0, 1.12 * min(top, 3 * float(levels["throughput"].max()))])
    if (
        curve.knee is not None
        and math.isfinite(curve.knee.users.value)
        and math.isfinite(curve.knee.users.low)
        and users
    ):
        low, high = curve.knee.users.low, curve.knee.users.high
        figures.span(figure, low, high if math.isfinite(high) else float(levels["users"].max()), "knee")
    return figure


def use_figure(result: Capacity) -> go.Figure | Shown:
    """How much of each resource was in use at each level of the load test."""
    curve = result.curve
    if curve is None or curve.utilization.empty:
        reason = _reason(result, "load tests", "load curve", "load metrics")
        return figures.nothing(
            reason
            or "What a load test uses of each resource is not measured: describe `resources`, and give the test's "
            "`metrics`, in assessment.yaml."
        )
    levels = curve.levels.set_index("level")["throughput"]
    figure = figures.figure(
        curve.limiting.sentence.split(". ")[0].rstrip("."), x="requests/s", y="in use, % of its limit"
    )
    for name, rows in curve.utilization.groupby("resource", sort=False):
        own = rows.assign(load=rows["level"].map(levels)).dropna(subset=["utilization"]).sort_values("load")
        color = figures.colour(str(name))
        figure.add_scatter(
            x=own["load"], y=100 * own["utilization"], mode="lines+markers", name=figures.escape(str(name)),
            line={"color": color, "width": 2}, marker={"size": 7},
            hovertemplate="%{x:,.3~r} requests/s: %{y:.3~r}%<extra>" + figures.escape(str(name)) + "</extra>",
        )  # fmt: skip
    figures.threshold(figure, 100, "all of it")
    most = 100 * float(curve.utilization["utilization"].max())
    return figure.update_yaxes(range=[0, 1.1 * max(100.0, most)])


def slo_figure(result: Capacity) -> go.Figure | Shown:
    """The slow end of the durations against the load, by journey with a latency SLO."""
    if result.latencies.empty:
        reasons = [each.why for name, each in result.absent.items() if name.startswith("load within")]
        told = reasons or [_reason(result, "load curve", "load tests", "SLOs") or "No journey has one and a route."]
        return figures.nothing("No latency SLO can be held against a load test. " + " ".join(told))
    known = [each for each in result.within if each.slo.name in set(result.latencies["slo"])]
    figure = figures.figure(
        _slo_title(result),
        x="requests/s of all journeys",
        y=f"{listing(result.latencies['figure'].unique().tolist())} of a journey, ms, by {_told_by(known)}",
    )
    first = min(known, key=lambda each: _last(each.requests.value))
    for each in known:
        color, own = figures.colour(each.slo.journey), result.latencies[result.latencies["slo"] == each.slo.name]
        figure.add_scatter(
            x=own["throughput"], y=1000 * own["latency_s"], mode="lines+markers",
            name=figures.escape(each.slo.journey), line={"color": color, "width": 2}, marker={"size": 7},
            hovertemplate="%{x:,.3~r} requests/s: %{y:,.3~r} ms<extra>" + figures.escape(each.slo.name) + "</extra>",
        )  # fmt: skip
        if each is first and own["throughput"].is_monotonic_increasing:  # a band that turns back hides itself
            low, high = (1000 * own[f"latency_{end}_s"] for end in ("low", "high"))
            figures.band(figure, own["throughput"].tolist(), low.tolist(), high.tolist(), color=color)
    for threshold in sorted({each.slo.threshold_s or 0.0 for each in known}):
        figures.threshold(figure, 1000 * threshold, f"threshold: {quantity(threshold, 's')}")
        figure.layout.shapes[-1].label.textposition = "start"
    return figure.update_yaxes(type="log")


def demand_figure(result: Capacity) -> go.Figure | Shown:
    """The busiest hour of each day, its forecast, and the system's limit."""
    demand = result.demand
    if demand is None or not len(demand.days):
        return figures.nothing(f"Demand is not measured: {_reason(result, 'demand') or 'no whole day is recorded.'}")
    figure = figures.figure(_demand_title(result), x="", y="requests/s, busiest hour of the day")
    color = figures.colour(result.system)
    days = demand.days.dropna()
    figure.add_scatter(
        x=figures.utc(days.index), y=days.to_numpy(), mode="markers", marker={"size": 5, "color": color},
        name="recorded", hovertemplate="%{x}: %{y:,.3~r} requests/s<extra></extra>",
    )  # fmt: skip
    if demand.forecast is not None:
        ahead = demand.forecast.frame
        times = figures.utc(ahead.index)
        figures.band(figure, times, ahead["low"].tolist(), ahead["high"].tolist(), color=color)
        figure.add_scatter(
            x=times, y=ahead["value"], mode="lines", line={"color": color, "width": 2, "dash": "dot"}, name="forecast",
            hovertemplate="%{x}: %{y:,.3~r} requests/s<extra>forecast</extra>",
        )  # fmt: skip
    if result.limits:
        usable = result.usable or result.limits[0].rate
        limit = usable.value / demand.peak.minute_ratio
        figures.threshold(figure, limit, f"may be used: {quantity(limit, '')}/s")
        figure.layout.shapes[-1].label.textposition = "start"
        figure.update_yaxes(range=[0, 1.15 * max(limit, float(days.max()))])
    return figures.time_axis(figure)


def headroom_figure(result: Capacity) -> go.Figure | Shown:
    """The waterfall from the capacity to what is left."""
    if result.headroom is None:
        return figures.nothing(
            "Headroom is not known: it takes the demand (requests) and a limit (a load test, or the model)."
        )
    frame = result.headroom.frame
    seen = frame["amount"].abs() >= SEEN * result.headroom.capacity.value
    taken = frame[seen | frame["step"].isin(["capacity", "used at peak"])]
    left = result.headroom.absolute
    told = f"{left} are left" if left.value >= 0 else f"{quantity(-left.value, left.unit)} are missing"
    before = f" before {result.decides.why}" if result.decides else ""
    title = f"{quantity(result.headroom.factor.value, 'x')} {today(result)} busiest minute fits{before}: {told}"
    figure = figures.figure(title, x="", y="requests/s")
    figure.add_waterfall(
        x=[*taken["step"].replace({"target utilisation": _kept_free(result.headroom)}), "left"],
        y=[*taken["amount"], result.headroom.absolute.value],
        measure=["absolute", *["relative"] * (len(taken) - 1), "total"],
        text=[quantity(abs(each), "") for each in (*taken["amount"], result.headroom.absolute.value)],
        connector={"line": {"color": QUIET, "width": 1}},
        increasing={"marker": {"color": figures.PALETTE[0]}},
        decreasing={"marker": {"color": figures.PALETTE[1]}},
        totals={"marker": {"color": figures.PALETTE[0]}},
        hovertemplate="%{x}: %{y:,.4~r} requests/s<extra></extra>",
        showlegend=False,
    )
    return figure


def _kept_free(headroom: Headroom) -> str:
    """As findings call it."""
    assumed = any(each.assumed for each in headroom.deductions)
    return f"kept free{' (assumed)' if assumed else ''}"


def _reason(result: Capacity, *parts: str) -> str:
    """Why the first of these parts that is absent is so, and what to supply."""
    absent = next((result.absent[part] for part in parts if part in result.absent), None)
    return absent.text if absent else ""


def _first(result: Capacity) -> str:
    if result.mix:
        return f"first limit, of today's mix: {quantity(result.limits[0].rate.value, '')}/s"
    return f"first limit: {quantity(result.limits[0].rate.value, '')}/s"


def _load_title(result: Capacity, curve: LoadCurve) -> str:
    words = curve.plateau.sentence.split(". ")[0].rstrip(".") if curve.plateau else "The throughput of the load test"
    if result.needed is None:
        return words
    return f"{words}; {number(result.factor)}x {today(result)} busiest minute is {quantity(result.needed.value, '')}/s"


def _told_by(known: Sequence[LoadWithinSlo]) -> str:
    """What was held against the SLOs."""
    names = {
        "single durations": "the load test's single durations",
        "histogram": "the service's histogram",
        "percentiles": "the load generator's percentiles",
    }
    return listing([names[kind] for kind in dict.fromkeys(each.evidence for each in known)])


def _slo_title(result: Capacity) -> str:
    first = min(result.within, key=lambda each: _last(each.requests.value))
    if math.isnan(first.requests.value):
        return f"{first.slo.name}: {first.capacity}"
    return f"{first.slo.name} is kept up to {first.requests}"


def _demand_title(result: Capacity) -> str:
    demand = result.demand
    if result.runs_out is not None and result.runs_out.state == "already":
        return "Today's busiest hour uses all that may be used already"
    if demand is None or not demand.growth_told:
        return "No growth of the busiest hour is certain"
    by = " (simulated)" if result.simulated("requests") else ""
    title = f"The busiest hour grows by {percent(demand.growth.value)} a month{by}"
    told = when_words(result)
    return f"{title}; {told}" if told else title


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _law(curve: LoadCurve, users: bool) -> pd.DataFrame:
    """The fitted law over the measured loads: in users, those in flight and those who think meanwhile."""
    if curve.fit is None:
        return pd.DataFrame()
    measured = curve.levels["in_flight" if curve.axis == "requests in flight" else "users"]
    found = curve.fit.curve(np.geomspace(max(float(measured.min()), 1e-6), float(measured.max()), POINTS))
    found["x"] = found["load"]
    if users and curve.axis == "requests in flight":
        think = curve.knee.think_time.value if curve.knee else math.nan
        found["x"] = found["load"] + found["throughput"] * think
    return found.dropna(subset=["x"])
