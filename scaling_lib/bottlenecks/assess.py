"""Everything that step 04 answers, from all that an assessment has."""

from __future__ import annotations

from functools import partial
from typing import get_args

from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.changes import changed
from scaling_lib.bottlenecks.fixes import judged
from scaling_lib.bottlenecks.given_back import given_back
from scaling_lib.bottlenecks.measured import Measured, measured
from scaling_lib.bottlenecks.migration import Relief, migration, relieved
from scaling_lib.bottlenecks.path_times import FEWEST_TRACES, Group, PathTimes, path_times
from scaling_lib.bottlenecks.rank import TAIL, WINDOWS, Ranking
from scaling_lib.bottlenecks.result import Bottlenecks, Budget, Solved
from scaling_lib.bottlenecks.traces import ShownTrace, shown_traces
from scaling_lib.bottlenecks.work import eased
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.config_evidence import Fix
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.slos import SLO
from scaling_lib.model.system import System
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
    model = found.model.system(found.rate) if found.model is not None else None
    path: tuple[Relief, ...] = ()
    solved: dict[str, Solved] = {}
    if model is not None:
        path = tried("migration", lambda: migration(model, relief, steps=steps)) or ()
        solved = _solved(found, model)
    budgets: list[Budget] = []
    for slo in tried("SLOs", system.slos) or ():
        budgets += tried(f"budget of {slo.name}", partial(_budgets, found, slo, level)) or ()
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


def _budgets(found: Measured, slo: SLO, level: float) -> list[Budget]:
    """What each of the names that are waited for most costs a latency SLO."""
    if slo.kind != "latency" or slo.threshold_s is None or found.ranking is None or found.path is None:
        return []
    times = _times_of(found, slo.journey)
    if times is None:
        return []
    return [
        Budget(
            name=name,
            slo=slo,
            found=given_back(times, [name], threshold_s=slo.threshold_s, target=slo.target, level=level),
        )
        for name in found.ranking.table.index[:MOST_LOOKED_AT]
        if name in times.names.index
    ]


def _times_of(found: Measured, journey: str) -> PathTimes | None:
    """The traces of one journey; None where there are too few."""
    ranking, path = found.ranking, found.path
    if ranking is None or path is None or journey not in ranking.times.journeys:
        return None
    place = ranking.times.journeys.index(journey)
    if int((ranking.times.journey == place).sum()) < FEWEST_TRACES:
        return None
    return path_times(path, ranking.by, journeys=found.critical, journey=journey)
