"""The tables of step 02, each from the result alone."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from scaling_lib.capacity.demand import JourneyDemand
from scaling_lib.capacity.result import Capacity
from scaling_lib.capacity.saturation import SaturationPoint
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, quantity

EVERY = "each of all"


def checks_table(result: Capacity) -> pd.DataFrame:
    """One row a check of the load test."""
    rows = result.curve.checks if result.curve else ()
    found = [{"check": each.name, "status": each.status, "found": each.sentence} for each in rows]
    return pd.DataFrame(found, columns=["check", "status", "found"])


def limits_table(result: Capacity) -> pd.DataFrame:
    """One row a limit: what breaks, at how many requests/s, how many times today's busiest minute."""
    rows = [
        {
            "beyond it": each.why,
            "load limit": _plain(each.rate),
            "times today": each.times,
            "what counts": each.counts,
            "deducted": listing(list(each.headroom.deducted)) if each.headroom else "",
            "shown by": each.shown,
        }
        for each in result.limits
    ]
    columns = ["beyond it", "load limit", "times today", "what counts", "deducted", "shown by"]
    return pd.DataFrame(rows, columns=columns)


def saturation_table(result: Capacity) -> pd.DataFrame:
    """One row a resource: how much is used, when it is full, and by when more has to be ordered."""
    rows = [
        {
            "resource": each.resource.name,
            "used": each.now,
            "full at": each.resource.full_at,
            "full": _when(each),
            "scales": each.resource.scales,
            "more takes": duration(each.resource.lead_time) if each.resource.lead_time else "",
            "order by": f"{each.order_by:%Y-%m-%d}" if each.order_by is not None else "",
            "action": each.action,
            "metrics": _origin(result, each),
            "remarks": _remark(each),
        }
        for each in result.points
    ]
    columns = [
        "resource",
        "used",
        "full at",
        "full",
        "scales",
        "more takes",
        "order by",
        "action",
        "metrics",
        "remarks",
    ]
    return pd.DataFrame(rows, columns=columns)


def demand_table(result: Capacity) -> pd.DataFrame:
    """One row for all requests and each journey: peaks, growth, and the demand at the horizon."""
    every = [*([result.demand] if result.demand else []), *result.journeys]
    columns = [
        "journey", "busiest hour", "busiest minute", "growth a month", "busiest hour by the date", "remarks",
    ]  # fmt: skip
    return pd.DataFrame([_demand(each, noted=place == 0) for place, each in enumerate(every)], columns=columns)


def demands_table(result: Capacity) -> pd.DataFrame:
    """One row a resource and journey, or all alike: the seconds of it that a request takes, and what that rests on."""
    if result.calibrated is None:
        return pd.DataFrame(columns=["resource", "journey", "demand_s", "rests on"])
    found = result.calibrated.calibration
    rows = [
        {"resource": resource, "journey": journey, "demand_s": demand, "rests on": found.origins[resource]}
        for resource, own in found.demands.items()
        for journey, demand in (own if len(set(own.values())) > 1 else {EVERY: next(iter(own.values()))}).items()
    ]
    return pd.DataFrame(rows, columns=["resource", "journey", "demand_s", "rests on"])


def model_table(result: Capacity) -> pd.DataFrame:
    """One row a level of the load test: throughput and mean response, measured and as the model has them."""
    columns = ["load", "measured", "predicted", "error", "mean_s", "predicted mean_s", "response error"]
    held = result.calibrated.check if result.calibrated else None
    if held is None:
        return pd.DataFrame(columns=columns)
    table = held.table
    return pd.DataFrame(
        {
            "load": [f"{load:g} {held.load_unit}" for load in table["load"]],
            "measured": table["throughput"],
            "predicted": table["predicted_throughput"],
            "error": table["throughput_error"],
            "mean_s": table["response_s"],
            "predicted mean_s": table["predicted_response_s"],
            "response error": table["response_s_error"],
        }
    )


def remarks_table(result: Capacity) -> pd.DataFrame:
    """One row a remark on the model, and the resources that it is about."""
    model = result.calibrated
    about: dict[str, list[str]] = {}
    for note in [*model.calibration.notes, *model.absent] if model else []:
        name = next((each for each in model.calibration.demands if note.startswith(f"{each}: ")), "") if model else ""
        about.setdefault(note.removeprefix(f"{name}: "), []).append(name or "the model")
    for fill in result.fills:
        if fill.note:
            about.setdefault(fill.note, []).append(fill.resource)
    rows = [{"about": listing(list(dict.fromkeys(names))), "remark": remark} for remark, names in about.items()]
    return pd.DataFrame(rows, columns=["about", "remark"])


def migration_table(result: Capacity) -> pd.DataFrame:
    """One row a relief: what limits, how surely, where throughput ends then, what limits next, and is it enough."""
    rows = [
        {
            "relieve": f"{each.step.resource}, {quantity(each.step.factor, 'x')}",
            "certainty": each.step.certainty,
            "before": _plain(each.step.before),
            "after": _plain(each.step.after),
            "then takes": each.times,
            "enough": each.enough,
            "then limits": each.step.next_bottleneck,
            "useful factor": each.step.useful_factor if math.isfinite(each.step.useful_factor) else None,
        }
        for each in result.reliefs
    ]
    columns = [
        "relieve", "certainty", "before", "after", "then takes", "enough", "then limits", "useful factor",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def law_table(result: Capacity) -> pd.DataFrame:
    """One row a parameter of the scalability law, and its peak."""
    fit = result.curve.fit if result.curve else None
    if fit is None:
        return pd.DataFrame(columns=["parameter", "estimate", "remarks"])
    ends = fit.confint(result.level)
    rows: list[dict[str, object]] = [
        {"parameter": f"{name} ({parameter})", "estimate": getattr(ends, parameter), "remarks": ""}
        for name, parameter in (("contention", "alpha"), ("coherence", "beta"), ("rate", "gamma"))
    ]
    if fit.caveats:
        rows.append({"parameter": "fit", "estimate": None, "remarks": " ".join(fit.caveats)})
    rows.append({"parameter": "peak", "estimate": None, "remarks": str(result.curve.peak) if result.curve else ""})
    return pd.DataFrame(rows, columns=["parameter", "estimate", "remarks"])


def options_table(result: Capacity) -> pd.DataFrame:
    """One row a size of instance that carries what is needed; none without a price."""
    rows = [
        {
            "size": each.size.name,
            "instances": _plain(each.instances),
            "price": _plain(each.price_per_hour),
            "direction": each.direction,
            "utilization": each.utilization,
            "remarks": each.reason,
        }
        for each in result.options
    ]
    columns = ["size", "instances", "price", "direction", "utilization", "remarks"]
    return pd.DataFrame(rows, columns=columns)


def autoscaler_table(result: Capacity) -> pd.DataFrame:
    """One row an autoscaler and load: how long too little served, what was lost, and what it costs."""
    rows = [
        {
            "resource": each.resource,
            "load": f"{each.factor:g}x the {'simulated' if result.simulated('requests') else 'recorded'} demand",
            "most replicas": int(each.replay.replicas["asked"].max()),
            "too little_s": each.replay.under_provisioned_s,
            "not served": each.replay.unserved_share,
            "turns": each.replay.flaps,
            "replica hours": each.replay.replica_h,
            "fixed size": each.replay.fixed_replicas,
            "cost": each.replay.cost,
            "fixed cost": each.replay.fixed_cost,
        }
        for each in result.replays
    ]
    columns = [
        "resource", "load", "most replicas", "too little_s", "not served", "turns", "replica hours", "fixed size",
        "cost", "fixed cost",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def levels_table(result: Capacity) -> pd.DataFrame:
    """One row a level of the load test, as it was measured."""
    columns = ["users", "throughput", "throughput_low", "throughput_high", "mean_s", "p95_s", "in_flight", "used"]
    return result.curve.levels[columns] if result.curve else pd.DataFrame(columns=columns)


def use_table(result: Capacity) -> pd.DataFrame:
    """One row a resource and level."""
    return result.curve.utilization if result.curve else pd.DataFrame(columns=["resource", "level", "utilization"])


def days_table(result: Capacity) -> pd.DataFrame:
    """The busiest hour of each day, and the forecast behind it."""
    if result.demand is None:
        return pd.DataFrame(columns=["day", "recorded", "forecast", "low", "high"])
    table = result.demand.days.rename("recorded").to_frame()
    if result.demand.forecast is not None:
        table = table.join(result.demand.forecast.frame.rename(columns={"value": "forecast"}), how="outer")
    return table.rename_axis("day").reset_index()


def headroom_table(result: Capacity) -> pd.DataFrame:
    """The waterfall, a row a step, with the reason of each."""
    if result.headroom is None:
        return pd.DataFrame(columns=["step", "amount", "left", "why"])
    why = {each.name: each.why for each in result.headroom.deductions}
    return result.headroom.frame.assign(why=[why.get(step, "") for step in result.headroom.frame["step"]])


def _plain(estimate: Estimate | None) -> Estimate | None:
    """Without its unit, which stands in the column's head."""
    return replace(estimate, unit="") if estimate is not None else None


def _origin(result: Capacity, point: SaturationPoint) -> str:
    """Whether its metrics were measured or simulated; "" without any."""
    origins = dict.fromkeys(source.origin for source in result.sources.get(f"metrics of {point.resource.name}", ()))
    return listing(list(origins))


def _remark(point: SaturationPoint) -> str:
    """Why a forecast is absent, or what it rests on that is not usual."""
    if point.state == "not measured":
        return f"Not measured. {point.supply}"
    if point.state != "forecast":
        return point.sentence
    said = point.time.caveats if point.time else ()  # of every forecast, in the findings
    return "; ".join(note.rstrip(".") for note in point.notes if note not in said)


def _when(point: SaturationPoint) -> str:
    if point.time is None:
        return "not known"
    if point.time.state == "already":
        return "already"
    low, middle, high = (f"{each:%Y-%m-%d}" if each is not None else "later" for each in point.time.dates)
    return f"{middle} ({low} to {high})" if middle != "later" or low != "later" else "not within the horizon"


def _demand(each: JourneyDemand, *, noted: bool) -> dict[str, object]:
    growth = "" if each.growth_told else "no growth is certain"
    return {
        "journey": each.journey,
        "busiest hour": _plain(each.peak.hour),
        "busiest minute": _plain(each.peak.minute),
        "growth a month": each.growth,
        "busiest hour by the date": _plain(each.ahead.at) if each.ahead else None,
        "remarks": " ".join([growth, *(each.notes if noted else ())]).strip(),
    }
