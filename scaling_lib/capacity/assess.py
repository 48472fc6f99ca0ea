"""Everything that step 02 answers, from all that an assessment has: step 02's result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.capacity.calibrated import Calibrated, calibrated
from scaling_lib.capacity.demand import JourneyDemand, demand_of
from scaling_lib.capacity.fills import Fill, fills
from scaling_lib.capacity.limits import ENDS, Limit, latencies, least, limits
from scaling_lib.capacity.load_curve import LoadCurve
from scaling_lib.capacity.mix import at_mix, mix_of
from scaling_lib.capacity.recorded_fills import recorded_fills
from scaling_lib.capacity.relief import Relief, reliefs, with_fills
from scaling_lib.capacity.resource_headroom import limit_headroom
from scaling_lib.capacity.result import Capacity, bottleneck
from scaling_lib.capacity.saturation import saturation_points
from scaling_lib.capacity.scaling_options import Option
from scaling_lib.capacity.sizing import Scaled, options, scaled
from scaling_lib.capacity.tested import load_metrics, tested
from scaling_lib.capacity.used_rows import used_rows
from scaling_lib.capacity.within_slo import LoadWithinSlo, load_within_slo
from scaling_lib.config import Demand
from scaling_lib.config_resources import Resource
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.evidence.load_tests import LoadTests
from scaling_lib.evidence.load_tests.levels import levels as levels_of
from scaling_lib.model.uncertainty import DRAWS, draw, generator
from scaling_lib.stats import Estimate
from scaling_lib.stats.exhaustion import Exhaustion, first_reached
from scaling_lib.stats.proportions import check_level

FACTOR = 10.0  # times today's load, where the assessment does not say: the question of the checklist


def assess(
    system: Assessment,
    *,
    demand_factor: float = 0.0,
    load_test: str = "",
    level: float = 0.95,
    relief: float = 2.0,
    steps: int = 3,
) -> Capacity:
    """Hold the capacity of a system against its demand.

    demand_factor: times today's peak, 0 for what the assessment says (10 where it says nothing). load_test: the test to
        use, "" for the one of most levels. level: of all intervals. relief, steps: of the bottlenecks' migration.
    What cannot be told of one part is said in `absent`; nothing is raised for it.
    Raises InvalidInput for a factor below 0, a relief or a level that cannot be, and a load test that is not there.
    """
    _check(demand_factor, level, relief)
    tried = Attempts()
    wanted = _wanted(system, demand_factor)
    zone = system.config.time_zone
    demand = tried("demand", lambda: demand_of(system.requests(), horizon=wanted, level=level, time_zone=zone))
    routed = [each for each in system.journeys if each.route and demand]
    journeys = [
        tried(
            f"demand of {each.name}",
            partial(demand_of, system.requests(), each, horizon=wanted, level=level, time_zone=zone),
        )
        for each in routed
    ]
    metrics = tried("metrics", system.metrics) if system.resources else None
    points = saturation_points(system.resources, metrics, level=level, time_zone=zone)
    tests, curve = tested(system, load_test, level=level, tried=tried)
    rows = _used_rows(tests, curve, level) if tests and curve else pd.DataFrame()
    within = _within(system, tests, rows, curve, level, tried) if tests and curve else ()
    own = curve.used_levels if curve else None
    name, full = (curve.test.test, curve.limiting.full) if curve else ("", "")
    model = tried("model", lambda: calibrated(system, own, test=name, full=full, level=level, tried=tried))
    filled = tried("what fills", lambda: _fills(system, curve, level)) if curve else None
    told = {*(model.laws if model else ()), *(curve.utilization["resource"] if curve else ())}
    filled, unknown = _with_recorded(system, filled or (), told, level)
    known = [each for each in journeys if each]
    mix = tried("mix", lambda: mix_of(system, rows, demand, known, model)) if demand else None
    today = at_mix(model, mix.today) if model and mix else model
    found = limits(curve, within, today, filled, demand.peak.minute if demand else None, mix)
    runs_out = None
    sizes: tuple[Option, ...] | None = None
    replays: tuple[Scaled, ...] | None = None
    resource = _resource(system, bottleneck(curve, today))
    if found and demand:
        net = partial(
            limit_headroom, resources=system.resources, demand=demand, model=today, saturates=full, level=level
        )
        found = tuple(replace(each, headroom=tried("headroom", partial(net, each))) for each in found)
        runs_out = tried("when the limit is reached", lambda: _runs_out(found, demand))
    path = None
    if not (curve and curve.limiting.hidden and curve.plateau and curve.plateau.reached):
        path = tried("migration", lambda: _reliefs(today, filled, found, wanted.factor, steps, relief))
    if today and demand:
        needed = wanted.factor * demand.peak.minute.value
        sizes = tried("what more costs", lambda: options(today, resource, needed, usable=_usable(found)))
        priced = system.config.currency
        replays = tried("autoscaler", lambda: scaled(today, system.resources, demand, wanted.factor, currency=priced))
    return Capacity(
        system=system.name,
        level=level,
        factor=wanted.factor,
        assumed=not demand_factor and system.config.demand is None,
        by=demand.ahead.by if demand and demand.ahead else None,
        demand=demand,
        journeys=tuple(known),
        curve=curve,
        within=within,
        latencies=latencies(within),
        points=points,
        calibrated=model,
        mix=mix,
        fills=filled,
        unknown=unknown,
        reliefs=path or (),
        limits=found,
        options=sizes or (),
        replays=replays or (),
        runs_out=runs_out,
        absent=tried.absent,
        sources=used_rows(system, demand, curve, points),
        currency=system.config.currency,
    )


def _check(demand_factor: float, level: float, relief: float) -> None:
    check_level("assess", level)
    if not (math.isfinite(demand_factor) and demand_factor >= 0):
        raise InvalidInput(f"demand_factor: found {demand_factor}; expected times of today's load, or 0 for the usual.")
    if not (math.isfinite(relief) and relief > 1):
        raise InvalidInput(f"relief: found {relief}; expected times more than there is, above 1, such as 2.")


def _wanted(system: Assessment, factor: float) -> Demand:
    given = system.config.demand or Demand(factor=FACTOR)
    return given.model_copy(update={"factor": factor}) if factor else given


def _used_rows(tests: LoadTests, curve: LoadCurve, level: float) -> pd.DataFrame:
    """Of all names, the levels that the curve rests on."""
    rows = levels_of(replace(tests, tests=(curve.test,)), level=level)
    return rows[rows["level"].isin(curve.used_levels["level"])]


def _within(
    system: Assessment, tests: LoadTests, rows: pd.DataFrame, curve: LoadCurve, level: float, tried: Attempts
) -> tuple[LoadWithinSlo, ...]:
    routed, metrics = {each.name: each for each in system.journeys if each.route}, load_metrics(system, tried)
    buckets = {name: each.metrics.buckets if each.metrics else "" for name, each in routed.items()}
    held = partial(load_within_slo, tests, curve.test, rows, metrics=metrics, level=level)
    found = [
        tried(
            f"load within {slo.name}",
            partial(held, slo, route=routed[slo.journey].route, buckets=buckets[slo.journey]),
        )
        for slo in tried("SLOs", system.slos) or ()
        if slo.kind == "latency" and slo.journey in routed
    ]
    return tuple(each for each in found if each)


def _resource(system: Assessment, name: str) -> Resource | None:
    return next((each for each in system.resources if each.name == name), None)


def _fills(system: Assessment, curve: LoadCurve, level: float) -> tuple[Fill, ...]:
    gauged = [each for each in system.resources if each.used]
    if not gauged or curve.utilization.empty:
        return ()
    return fills(curve, system.load_metrics(), gauged, level=level)[0]


def _with_recorded(
    system: Assessment, filled: tuple[Fill, ...], told: set[str], level: float
) -> tuple[tuple[Fill, ...], tuple[str, ...]]:
    """With what recorded traffic tells of the others; and those of which nothing tells when they are full."""
    recorded, unknown = recorded_fills(system, told | {each.resource for each in filled}, level=level)
    return (*filled, *recorded), unknown


def _reliefs(
    model: Calibrated | None, filled: tuple[Fill, ...], found: tuple[Limit, ...], asked: float, steps: int, by: float
) -> tuple[Relief, ...]:
    system = with_fills(model, filled)
    if system is None:
        return ()
    kept = all(each.rate.low for each in found)  # an SLO that is kept at no load is not mended by relief
    times = least([each.counts for each in found if each.counts is not None]) if kept else None
    ends = next((each.rate.value for each in found if each.why == ENDS), None)
    return reliefs(system, times, asked, ends=ends, steps=steps, factor=by)


def _usable(found: Sequence[Limit]) -> Estimate | None:
    """What may be used of all limits together, requests/s; None where there is none."""
    return least([each.headroom.usable if each.headroom else each.rate for each in found])


def _runs_out(found: Sequence[Limit], demand: JourneyDemand) -> Exhaustion:
    """When demand reaches what may be used of the limit that decides, as sure as both are.

    The forecast is of hours, whose busiest minutes have to stay below it. Growth is not deducted: it is the forecast's.
    """
    if demand.forecast is None:
        raise NotMeasured(" ".join(demand.notes) or "The history is too short for a forecast.")
    usable = _usable(found) or found[0].rate
    drawn = draw(usable, generator("limit").standard_normal(DRAWS)) if usable.value > 0 else np.zeros(DRAWS)
    ratio = demand.peak.minute_ratio
    return first_reached(demand.forecast, usable.value / ratio, limits=drawn / ratio, draws=DRAWS)
