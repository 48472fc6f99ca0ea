"""Everything that step 02 answers, from all that an assessment has: step 02's result."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.attempts import Absent, Attempts, sources
from scaling_lib.capacity.calibrated import Calibrated, calibrated
from scaling_lib.capacity.demand import JourneyDemand, demand_of
from scaling_lib.capacity.headroom import Headroom, State, compared, headroom
from scaling_lib.capacity.limits import Limit, check_name, chosen_test, latencies, limits
from scaling_lib.capacity.load_curve import LoadCurve, load_curve
from scaling_lib.capacity.resource_headroom import resource_headroom
from scaling_lib.capacity.saturation import SaturationPoint, saturation_points
from scaling_lib.capacity.scaling_options import Option
from scaling_lib.capacity.sizing import Scaled, options, scaled
from scaling_lib.capacity.within_slo import LoadWithinSlo, load_within_slo
from scaling_lib.config import Demand, Resource
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.evidence.load_tests import LoadTests
from scaling_lib.evidence.load_tests.levels import levels as levels_of
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.findings import Source
from scaling_lib.model.migration import Step, migration
from scaling_lib.stats import Estimate
from scaling_lib.stats.exhaustion import Exhaustion, first_reached
from scaling_lib.stats.proportions import check_level

FACTOR = 10.0  # times today's load, where the assessment does not say: the question of the checklist


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much more a system can take.

    factor: so many times today's peak; assumed: whether that is our own default. by: the date for it, None without.
    demand: of all requests; journeys: of each; both None or empty where requests are not measured.
    curve: of the load test that was used; within: the highest load by latency SLO.
    latencies: behind it, a row an SLO and level that is used: slo, journey, figure (such as p99), throughput of all
        requests, latency_s with low and high. points: resources, the most pressing first.
    calibrated: the one model; migration: what limits once the bottleneck is relieved.
    limits: all loads that count, the lowest first. headroom: of the lowest against today's busiest minute.
    options: what of the bottleneck carries what is needed; replays: autoscalers over the demand.
    runs_out: when the forecast demand reaches the lowest limit; None where either is not known.
    absent: what could not be told, and why, by what it is of. sources: what the figures rest on, by kind of evidence.
    """

    system: str
    level: float
    factor: float
    assumed: bool
    by: pd.Timestamp | None
    demand: JourneyDemand | None
    journeys: tuple[JourneyDemand, ...]
    curve: LoadCurve | None
    within: tuple[LoadWithinSlo, ...]
    latencies: pd.DataFrame
    points: tuple[SaturationPoint, ...]
    calibrated: Calibrated | None
    migration: tuple[Step, ...]
    limits: tuple[Limit, ...]
    options: tuple[Option, ...]
    replays: tuple[Scaled, ...]
    headroom: Headroom | None
    runs_out: Exhaustion | None
    absent: dict[str, Absent]
    sources: dict[str, tuple[Source, ...]]

    @property
    def peak(self) -> Estimate | None:
        """Today's busiest minute, requests/s."""
        return self.demand.peak.minute if self.demand else None

    @property
    def needed(self) -> Estimate | None:
        """What `factor` times today's peak asks for, requests/s."""
        if self.peak is None:
            return None
        value, low, high = (self.factor * end for end in (self.peak.value, self.peak.low, self.peak.high))
        return Estimate(value, low, high, self.peak.level, self.peak.unit, self.assumed)

    @property
    def times(self) -> Estimate | None:
        """How many times today's busiest minute may come: what counts of the lowest limit, after all deductions.

        The limit itself where there is no headroom; None where either is not known.
        """
        if self.headroom is not None:
            return self.headroom.factor
        return self.limits[0].times if self.limits else None

    @property
    def state(self) -> State | None:
        """`times` against the factor that is asked for; None where it is not known."""
        return compared(self.times, self.factor) if self.times is not None else None

    @property
    def bottleneck(self) -> str:
        """What is full first: as it was measured, else as the model has it; "" where neither tells."""
        return _bottleneck(self.curve, self.calibrated)

    @property
    def carried(self) -> float:
        """The highest throughput of the load test, requests/s; NaN without one."""
        return float(self.curve.levels["throughput"].max()) if self.curve else math.nan


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
    tests = tried("load tests", system.load_tests)
    check_name(tests, load_test)
    curve = tried("load curve", lambda: _curve(system, tests, load_test, level, tried)) if tests else None
    rows = _used_rows(tests, curve, level) if tests and curve else pd.DataFrame()
    within = _within(system, tests, rows, curve, level, tried) if tests and curve else ()
    own = curve.used_levels if curve else None
    name = curve.test.test if curve else ""
    model = tried("model", lambda: calibrated(system, own, test=name, level=level, tried=tried))
    path = tried("migration", lambda: migration(model.system(1.0), steps=steps, factor=relief)) if model else None
    found = limits(curve, within, model, demand.peak.minute if demand else None)
    room = runs_out = None
    sizes: tuple[Option, ...] | None = None
    replays: tuple[Scaled, ...] | None = None
    resource = _resource(system, _bottleneck(curve, model))
    if found and demand:
        room = tried("headroom", lambda: _headroom(resource, found[0], demand, model, level))
        runs_out = tried("when the limit is reached", lambda: _runs_out(found[0], demand))
    if model and demand:
        needed = wanted.factor * demand.peak.minute.value
        sizes = tried("what more costs", lambda: options(model, resource, needed))
        replays = tried("autoscaler", lambda: scaled(model, system.resources, demand, wanted.factor))
    return Capacity(
        system=system.name,
        level=level,
        factor=wanted.factor,
        assumed=not demand_factor and system.config.demand is None,
        by=demand.ahead.by if demand and demand.ahead else None,
        demand=demand,
        journeys=tuple(each for each in journeys if each),
        curve=curve,
        within=within,
        latencies=latencies(within),
        points=points,
        calibrated=model,
        migration=path or (),
        limits=found,
        options=sizes or (),
        replays=replays or (),
        headroom=room,
        runs_out=runs_out,
        absent=tried.absent,
        sources=sources(system),
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


def _curve(system: Assessment, tests: LoadTests, name: str, level: float, tried: Attempts) -> LoadCurve:
    chosen = chosen_test(tests, name)
    metrics = _load_metrics(system, tried)
    return load_curve(tests, chosen, metrics=metrics, resources=system.resources, level=level)


def _load_metrics(system: Assessment, tried: Attempts) -> Metrics | None:
    """What was recorded beside the load tests; None where nothing was."""
    beside = any(entry.metrics for entry in system.config.evidence.load_tests)
    return tried("load metrics", system.load_metrics) if beside else None


def _used_rows(tests: LoadTests, curve: LoadCurve, level: float) -> pd.DataFrame:
    """Of all names, the levels that the curve rests on."""
    rows = levels_of(replace(tests, tests=(curve.test,)), level=level)
    return rows[rows["level"].isin(curve.used_levels["level"])]


def _within(
    system: Assessment, tests: LoadTests, rows: pd.DataFrame, curve: LoadCurve, level: float, tried: Attempts
) -> tuple[LoadWithinSlo, ...]:
    routed, metrics = {each.name: each for each in system.journeys if each.route}, _load_metrics(system, tried)
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


def _bottleneck(curve: LoadCurve | None, model: Calibrated | None) -> str:
    if curve and curve.limiting.outcome == "found":
        return curve.limiting.resource
    return model.system(1.0).bottleneck() if model and model.laws else ""


def _resource(system: Assessment, name: str) -> Resource | None:
    return next((each for each in system.resources if each.name == name), None)


def _headroom(
    resource: Resource | None, limit: Limit, demand: JourneyDemand, model: Calibrated | None, level: float
) -> Headroom:
    """Of the lowest limit, in requests/s; what one server serves of them is the model's."""
    if resource is None:
        found = headroom(limit.rate, demand.peak.minute, level=level)
        note = "What limits is not one of the assessment's resources: no lost domain, rollout or lead time is counted."
        return replace(found, notes=(*found.notes, note))
    each = None
    if model and resource.name in model.calibration.demands:
        each = 1 / model.system(1.0).mean_demand(resource.name).value
    return resource_headroom(
        resource,
        limit.rate,
        demand.peak.minute,
        demand=demand.minutes.dropna() / 60,
        forecast=demand.forecast,
        per_server=each,
        level=level,
    )


def _runs_out(limit: Limit, demand: JourneyDemand) -> Exhaustion:
    """The forecast is of hours, whose busiest minutes have to stay below the limit."""
    if demand.forecast is None:
        raise NotMeasured(" ".join(demand.notes) or "The history is too short for a forecast.")
    return first_reached(demand.forecast, limit.rate.value / demand.peak.minute_ratio)
