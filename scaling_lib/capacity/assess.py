"""Everything that step 02 answers, from all that an assessment has: step 02's result."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.calibrated import Calibrated, calibrated
from scaling_lib.capacity.demand import JourneyDemand, demand_of
from scaling_lib.capacity.headroom import Headroom, headroom
from scaling_lib.capacity.load_curve import LoadCurve, load_curve
from scaling_lib.capacity.saturation import SaturationPoint, saturation_points
from scaling_lib.capacity.scaling_options import Option
from scaling_lib.capacity.sizing import Scaled, options, scaled
from scaling_lib.capacity.within_slo import LoadWithinSlo, load_within_slo
from scaling_lib.config import Demand, Journey, Resource
from scaling_lib.errors import InvalidInput, NotMeasured, ScalingError
from scaling_lib.evidence.load_tests import ALL, LoadTests
from scaling_lib.evidence.load_tests.levels import levels as levels_of
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.findings import Source
from scaling_lib.model.migration import Step, migration
from scaling_lib.stats import Estimate
from scaling_lib.stats.exhaustion import Exhaustion, first_reached
from scaling_lib.words import listing

LATENCIES = ["slo", "journey", "figure", "throughput", "latency_s", "latency_low_s", "latency_high_s"]
FACTOR = 10.0  # times today's load, where the assessment does not say: the question of the checklist
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The highest load that counts, requests/s, and what it is: "throughput ends", "the SLO ..." or "the model"."""

    rate: Estimate
    why: str


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much more a system can take.

    factor: so many times today's peak; assumed: whether that is our own default. by: the date for it, None without.
    demand: of all requests; journeys: of each; both None or empty where requests are not measured.
    curve: of the load test that was used; within: the highest load by latency SLO.
    latencies: behind it, a row an SLO and level: slo, journey, figure (p50, p95, p99), throughput of all requests,
        latency_s with low and high. points: resources, the most pressing first.
    calibrated: the one model; migration: what limits once the bottleneck is relieved.
    limits: all loads that count, the lowest first. headroom: of the lowest against today's busiest minute.
    options: sizes of instance that carry what is needed, the cheapest first; replays: autoscalers over the demand.
    runs_out: when the forecast demand reaches the lowest limit; None where either is not known.
    absent: what could not be told, and why, by what it is of; sources: what the figures rest on, by kind.
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
    absent: dict[str, str]
    sources: dict[str, Source]

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
    def bottleneck(self) -> str:
        """What is full first: as it was measured, else as the model has it; "" where neither tells."""
        if self.curve and self.curve.limiting.outcome == "found":
            return self.curve.limiting.resource
        return self.calibrated.system(1.0).bottleneck() if self.calibrated else ""


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
    Raises InvalidInput for a factor below 0 and for a load test that is not there.
    """
    if not (math.isfinite(demand_factor) and demand_factor >= 0):
        raise InvalidInput(f"demand_factor: found {demand_factor}; expected times of today's load, or 0 for the usual.")
    absent: dict[str, str] = {}

    def tried(name: str, read: Callable[[], Found]) -> Found | None:
        try:
            return read()
        except ScalingError as reason:
            absent[name] = str(reason)
            return None

    wanted = _wanted(system, demand_factor)
    demand = tried("demand", lambda: demand_of(system.requests(), horizon=wanted, level=level))

    def of(journey: Journey) -> JourneyDemand:
        return demand_of(system.requests(), journey, horizon=wanted, level=level)

    routed = [each for each in system.journeys if each.route and demand]
    journeys = [tried(f"demand of {each.name}", partial(of, each)) for each in routed]
    metrics = tried("metrics", system.metrics)
    points = saturation_points(system.resources, metrics, level=level)
    tests = tried("load tests", system.load_tests)
    curve = tried("load curve", lambda: _curve(system, tests, load_test, level)) if tests else None
    within = _within(system, tests, curve, level, absent) if tests and curve else ()
    own = curve.levels if curve else None
    model = tried("model", lambda: calibrated(system, own, test=curve.test.test if curve else "", level=level))
    path = tried("migration", lambda: migration(model.system(1.0), steps=steps, factor=relief)) if model else None
    limits = _limits(curve, within, model)
    room = runs_out = None
    sizes: tuple[Option, ...] | None = None
    replays: tuple[Scaled, ...] | None = None
    if limits and demand:
        needed = wanted.factor * demand.peak.minute.value
        room = tried("headroom", lambda: _headroom(system, limits[0], demand, curve, level))
        runs_out = tried("when the limit is reached", lambda: _runs_out(limits[0], demand))
        if model and (resource := _resource(system, curve)):
            sizes = tried("what more costs", lambda: options(model, resource, needed))
    if model and demand:
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
        latencies=_latencies(tests, curve, within, level) if tests and curve else pd.DataFrame(columns=LATENCIES),
        points=points,
        calibrated=model,
        migration=path or (),
        limits=limits,
        options=sizes or (),
        replays=replays or (),
        headroom=room,
        runs_out=runs_out,
        absent=absent,
        sources=_sources(system),
    )


def _wanted(system: Assessment, factor: float) -> Demand:
    given = system.config.demand or Demand(factor=FACTOR)
    return given.model_copy(update={"factor": factor}) if factor else given


def _curve(system: Assessment, tests: LoadTests, name: str, level: float) -> LoadCurve:
    """Of the test that is named, or of the one with the most levels, among them of the one with the most users."""
    names = [test.test for test in tests.tests]
    if name and name not in names:
        raise InvalidInput(f"load_test: found {name!r}; expected one of {listing(names)}.")
    rows = levels_of(tests)
    rows = rows[rows["name"] == ALL]
    size = rows.groupby("test").agg(levels=("level", "size"), users=("users", "max")).reindex(names)
    chosen = name or size.sort_values(["levels", "users"], ascending=False, kind="stable").index[0]
    metrics: Metrics | None = None
    if any(entry.metrics for entry in system.config.evidence.load_tests):
        metrics = system.load_metrics()
    return load_curve(tests, chosen, metrics=metrics, resources=system.resources, level=level)


def _within(
    system: Assessment, tests: LoadTests, curve: LoadCurve, level: float, absent: dict[str, str]
) -> tuple[LoadWithinSlo, ...]:
    routes = {each.name: each.route for each in system.journeys if each.route}
    rows = levels_of(tests, level=level)
    found = []
    for slo in system.slos():
        if slo.kind != "latency" or slo.journey not in routes:
            continue
        try:
            found.append(load_within_slo(tests, curve.test, rows, slo, route=routes[slo.journey], level=level))
        except ScalingError as reason:
            absent[f"load within {slo.name}"] = str(reason)
    return tuple(found)


def _latencies(tests: LoadTests, curve: LoadCurve, within: tuple[LoadWithinSlo, ...], level: float) -> pd.DataFrame:
    """The quantile that was held against each SLO, or p99, by level."""
    rows = levels_of(tests, level=level)
    rows = rows[rows["test"] == curve.test.test]
    parts = []
    for each in within:
        own = rows[rows["name"].isin(each.names)]
        figure = each.figure if f"{each.figure}_s" in own else "p99"
        load = own["level"].map(curve.levels.set_index("level")["throughput"])
        ends = {name: own[f"{figure}_s{end}"] for name, end in zip(LATENCIES[4:], ("", "_low", "_high"), strict=True)}
        about = {"slo": each.slo.name, "journey": each.slo.journey, "figure": figure, "throughput": load}
        parts.append(pd.DataFrame({**about, **ends}, index=own.index).dropna(subset=["latency_s"]))
    return pd.concat(parts, ignore_index=True)[LATENCIES] if parts else pd.DataFrame(columns=LATENCIES)


def _limits(curve: LoadCurve | None, within: tuple[LoadWithinSlo, ...], model: Calibrated | None) -> tuple[Limit, ...]:
    """All loads in requests/s beyond which something breaks, the lowest first."""
    found = [
        Limit(rate=each.requests, why=f"{each.slo.name} is no longer kept")
        for each in within
        if not math.isnan(each.requests.value)
    ]
    if curve and curve.plateau and curve.plateau.reached:
        found.append(Limit(rate=curve.plateau.throughput, why="throughput no longer rises"))
    elif model and curve and model.laws:
        bounds = model.system(1.0).bounds()
        found.append(Limit(rate=bounds.saturation, why=f"{bounds.bottleneck} is full, by the model"))
    return tuple(sorted(found, key=lambda limit: limit.rate.value))


def _headroom(
    system: Assessment, limit: Limit, demand: JourneyDemand, curve: LoadCurve | None, level: float
) -> Headroom:
    resource = _resource(system, curve)
    growth = None
    if resource and resource.lead_time and demand.forecast:
        growth = demand.forecast.growth_per(resource.lead_time / 86_400)
    found = headroom(
        limit.rate,
        demand.peak.minute,
        domains=resource.domains if resource else 1,
        out_in_rollout=resource.out_in_rollout if resource else 0.0,
        growth=growth,
        lead_time_s=resource.lead_time if resource else 0.0,
        level=level,
    )
    if resource is None:
        note = "What limits is not one of the assessment's resources: no lost domain, rollout or lead time is counted."
        return replace(found, notes=(*found.notes, note))
    return found


def _resource(system: Assessment, curve: LoadCurve | None) -> Resource | None:
    """What the load test showed to limit."""
    limiting = curve.limiting.resource if curve else ""
    return next((each for each in system.resources if each.name == limiting), None)


def _runs_out(limit: Limit, demand: JourneyDemand) -> Exhaustion:
    """The forecast is of hours, whose busiest minutes have to stay below the limit."""
    if demand.forecast is None:
        raise NotMeasured(" ".join(demand.notes) or "The history is too short for a forecast.")
    return first_reached(demand.forecast, limit.rate.value / demand.peak.minute_ratio)


def _sources(system: Assessment) -> dict[str, Source]:
    """One a kind of evidence: rows, time range, and whether any of it is simulated."""
    found = {}
    for kind in ("requests", "metrics", "load tests", "metrics of load tests", "spans"):
        own = [each for each in system.evidence().sources if each.kind == kind and each.rows]
        if own:
            starts, ends = [each.start for each in own if each.start], [each.end for each in own if each.end]
            found[kind] = Source(
                table=kind,
                rows=sum(each.rows for each in own),
                start=f"{min(starts):%Y-%m-%dT%H:%M:%SZ}" if starts else "",
                end=f"{max(ends):%Y-%m-%dT%H:%M:%SZ}" if ends else "",
                origin="simulated" if any(each.origin == "simulated" for each in own) else "measured",
            )
    return found
