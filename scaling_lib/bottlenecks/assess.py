"""Everything that step 04 answers, from all that an assessment has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import get_args

from scaling_lib import slo
from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.changes import changed
from scaling_lib.bottlenecks.fixes import judged
from scaling_lib.bottlenecks.given_back import given_back
from scaling_lib.bottlenecks.measured import Measured, measured
from scaling_lib.bottlenecks.migration import Relief, migration, relieved
from scaling_lib.bottlenecks.path_times import FEWEST_TRACES, Group, Integers, PathTimes, path_times
from scaling_lib.bottlenecks.processes import by_process, processor_seconds
from scaling_lib.bottlenecks.rank import TAIL, WINDOWS, Ranking
from scaling_lib.bottlenecks.result import Bottlenecks, Budget, Solved
from scaling_lib.bottlenecks.stretches import by_recording, rate_seen, slow_stretch
from scaling_lib.bottlenecks.traces import ShownTrace, shown_traces
from scaling_lib.bottlenecks.work import eased
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.config_evidence import Fix
from scaling_lib.errors import InvalidInput, ScalingError
from scaling_lib.evidence.slos import SLO
from scaling_lib.model.system import System
from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing

MOST_LOOKED_AT = 8  # names of the ranking: what is below takes little


def assess(
    system: Assessment,
    *,
    by: Group = "operation",
    journey: str = "",
    window: str = TAIL,
    load_test: str = "",
    level: float = 0.95,
    relief: float = 2.0,
    steps: int = 3,
) -> Bottlenecks:
    """What requests of a system wait for, what would be gained without it, and whether earlier fixes worked.

    by: rank operations, services or edges. journey: for one alone, "" for all. window: the traces whose order it is,
        "p95" (those at and above), "p99", "p50" or "all". load_test: the test that the model rests on, "" for the one
        of most levels.
    level: of all intervals. relief: by how much each bottleneck is relieved in turn, steps: how many.
    What cannot be told of one part is said in `absent`; nothing is raised for it.
    Raises InvalidInput for a level, a window, a journey or a load test that cannot be.
    """
    _check(system, by, journey, window, level)
    tried = Attempts()
    found = measured(system, by=by, journey=journey, window=window, load_test=load_test, level=level)
    found, divided = _by_process(system, found)
    model = found.model.system(found.rate) if found.model is not None else None
    path: tuple[Relief, ...] = ()
    solved: dict[str, Solved] = {}
    if model is not None:
        path = tried("migration", lambda: migration(model, relief, steps=steps)) or ()
        solved = _solved(found, model)
    budgets: list[Budget] = []
    for each in tried("SLOs", system.slos) or ():
        budgets += tried(f"budget of {each.name}", partial(_budgets, found, each, level)) or ()
    if any(each.found.given_back.high > 0 for each in budgets):
        spent = _spent(tried("spent budgets", lambda: slo.assess(system, level=level)))
        budgets = [replace(each, spent=spent.get(each.slo.name)) for each in budgets]
    ranking, traces = found.ranking, tuple[ShownTrace, ...]()
    if ranking is not None and found.spans is not None and found.path is not None:
        traces = shown_traces(found.spans, found.path, ranking.times)
    return Bottlenecks(
        system=system.name,
        level=level,
        found=found,
        rate=found.rate,
        relief=max(relief, 1 / relief),
        solved=solved,
        budgets=tuple(sorted(budgets, key=lambda each: -each.found.given_back.value)),
        recordings=by_recording(ranking, _starts(found, ranking.times)) if ranking is not None else (),
        divided=divided,
        seen=rate_seen(found.path.by_root) if found.path is not None else 0.0,
        migration=path,
        fixes=tuple(judged(fix, found, level=level) for fix in system.config.fixes),
        changes=tuple(changed(system, change, window=window, level=level) for change in system.config.changes),
        traces=traces,
        absent={**found.absent, **tried.absent},
        sources=found.sources,
    )


def _check(system: Assessment, by: str, journey: str, window: str, level: float) -> None:
    check_level("assess", level)
    if by not in get_args(Group):
        raise InvalidInput(f"by: found {by!r}; expected one of {listing(get_args(Group))}.")
    if window not in WINDOWS:
        raise InvalidInput(f"window: found {window!r}; expected one of {listing(list(WINDOWS))}.")
    known = [each.name for each in system.journeys if each.route]
    if journey and known and journey not in known:
        raise InvalidInput(f"journey: found {journey!r}; expected a journey with a route: {listing(known)}.")


def _by_process(system: Assessment, found: Measured) -> tuple[Measured, tuple[str, ...]]:
    """The work of services as their processes' counters have it, beside the load test or else of the system itself."""
    if found.work is None:
        return found, ()
    for metrics in (system.load_metrics, system.metrics):
        try:
            seconds = processor_seconds(metrics(), set(found.work["service"]))
        except ScalingError:
            continue
        work, divided = by_process(found.work, seconds, found.runs_on)
        if divided:
            return replace(found, work=work), divided
    return found, ()


def _looked_at(ranking: Ranking) -> list[str]:
    own = ranking.table[~ranking.table["edge"].astype(bool)]
    return [str(name) for name in own.index[:MOST_LOOKED_AT]]


def _solved(found: Measured, model: System) -> dict[str, Solved]:
    """The model without the work of each of the names that are waited for most."""
    if found.ranking is None or found.work is None:
        return {}
    now = model.predict().mean_response
    solved = {}
    for name in _looked_at(found.ranking):
        row = found.ranking.table.loc[name]
        own, service, operation = found.work, str(row["service"]), str(row["operation"])
        if found.ranking.by == "operation":  # an operation of the same name in another service is another one
            own = own.assign(operation=own["operation"].where(own["service"] == service, ""))
            fix = Fix(name=name, operations=[operation], factor=None, cost=None)
            known = operation in set(own["operation"])
        else:
            fix = Fix(name=name, services=[service], factor=None, cost=None)
            known = service in set(own["service"])
        if not known:
            continue
        then = eased(model, fix, own, found.runs_on)
        if then is model:
            continue
        solved[name] = Solved(
            name=name,
            relief=relieved(name, model, then),
            response=now,
            response_then=then.predict().mean_response,
        )
    return solved


def _spent(found: slo.Assessed | None) -> Mapping[str, Estimate]:
    """By SLO the fraction of its budget that is spent, as step 01 has it."""
    return {each.slo.name: each.spent for each in found.results} if found is not None else {}


def _budgets(found: Measured, objective: SLO, level: float) -> list[Budget]:
    """What each of the names that are waited for most costs a latency SLO."""
    threshold = objective.threshold_s
    if objective.kind != "latency" or threshold is None or found.ranking is None or found.path is None:
        return []
    times = _times_of(found, objective.journey)
    if times is None:
        return []
    stretch = slow_stretch(times.duration_s > threshold, _starts(found, times))
    return [
        Budget(
            name=name,
            slo=objective,
            found=given_back(times, [name], threshold_s=threshold, target=objective.target, level=level),
            spent=None,
            stretch=stretch,
        )
        for name in found.ranking.table.index[:MOST_LOOKED_AT]
        if name in times.names.index
    ]


def _starts(found: Measured, times: PathTimes) -> Integers:
    """When each of these traces began, nanoseconds."""
    assert found.path is not None  # noqa: S101 - they are of it
    starts: Integers = found.path.by_root["start_ns"].to_numpy(dtype="int64")[times.root]
    return starts


def _times_of(found: Measured, journey: str) -> PathTimes | None:
    """The traces of one journey; None where there are too few."""
    ranking, path = found.ranking, found.path
    if ranking is None or path is None or journey not in ranking.times.journeys:
        return None
    place = ranking.times.journeys.index(journey)
    if int((ranking.times.journey == place).sum()) < FEWEST_TRACES:
        return None
    return path_times(path, ranking.by, journeys=found.critical, journey=journey)
