"""Everything that step 03 answers, from all that an assessment has: step 03's result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.attempts import Absent, Attempts
from scaling_lib.errors import InvalidInput
from scaling_lib.findings import Source
from scaling_lib.ledger_sources import calm, sources_used
from scaling_lib.model.critical_path import critical_path
from scaling_lib.observability.alert_coverage import AlertCoverage, alert_coverage
from scaling_lib.observability.alert_reads import Series
from scaling_lib.observability.blast_radius import BlastRadius, blast_radius
from scaling_lib.observability.coverage import FlowCoverage, flow_coverage
from scaling_lib.observability.graph import ServiceGraph, service_graph
from scaling_lib.observability.graph_complexity import Complexity, complexity
from scaling_lib.observability.instrumentation import InstrumentationScore, instrumentation_score
from scaling_lib.observability.log_correlation import LogCorrelation, log_correlation
from scaling_lib.observability.sampling import Sampling, sampling
from scaling_lib.observability.signals import GoldenSignals, golden_signals
from scaling_lib.observability.silos import Silos, silos
from scaling_lib.stats.proportions import check_level

KINDS = ("spans", "metrics", "alerts", "logs", "dashboards", "teams")  # of evidence, that the figures rest on


@dataclass(frozen=True, kw_only=True, eq=False)
class Observability:
    """What of the request flow can be seen, and whether somebody looks.

    slowest: the share of each journey's requests whose time is divided, of that on their critical paths.
    services: those that the assessment names. spans: how many there are.
    coverage, graph, shape, blast (each service's, most first), score, signals, sampling: from the spans (signals: from
    the metrics too); alerts, logs, silos: from evidence of their own. None (blast: empty) where they could not be told.
    absent: what could not be told, and why, by what it is of. partly: the kinds of evidence of which only a part could
    be used, so that what is not in them may be all the same. sources: what the figures rest on, by kind of evidence.
    """

    system: str
    level: float
    slowest: float
    services: tuple[str, ...]
    spans: int
    coverage: FlowCoverage | None
    graph: ServiceGraph | None
    shape: Complexity | None
    blast: tuple[BlastRadius, ...]
    score: InstrumentationScore | None
    signals: GoldenSignals | None
    sampling: Sampling | None
    alerts: AlertCoverage | None
    logs: LogCorrelation | None
    silos: Silos | None
    absent: Mapping[str, Absent]
    partly: frozenset[str]
    sources: Mapping[str, tuple[Source, ...]]


def assess(
    system: Assessment,
    *,
    slowest: float = 1.0,
    level: float = 0.95,
) -> Observability:
    """Find out what of the main request flow can be seen.

    slowest: the share of each journey's requests, by duration, whose time is divided: 0.01 for the p99's time.
    level: of all intervals. What cannot be told of one part is said in `absent`; nothing is raised for it.
    Raises InvalidInput for a level or a share that cannot be.
    """
    check_level("assess", level)
    if not 0 < slowest <= 1:
        raise InvalidInput(f"slowest: found {slowest}; expected a share of the requests above 0 and up to 1.")
    tried = Attempts()
    read = tried("spans", system.spans)
    frame = read.frame if read is not None else None
    attributes = read.attributes if read is not None else None
    metrics = tried("metrics", system.metrics)
    series = _series(metrics.frame) if metrics is not None else None
    services = tuple(each.name for each in system.config.services)
    graph = tried("graph", lambda: service_graph(frame, level=level)) if frame is not None else None
    rules, lines = tried("alerts", system.alerts), tried("logs", system.logs)
    return Observability(
        system=system.name,
        level=level,
        slowest=slowest,
        services=services,
        spans=len(frame) if frame is not None else 0,
        coverage=None if frame is None else tried("coverage", lambda: _coverage(system, frame, slowest, level)),
        graph=graph,
        shape=complexity(graph) if graph is not None else None,
        blast=_blast(graph) if graph is not None else (),
        score=None if frame is None else tried("score", lambda: instrumentation_score(frame, attributes=attributes)),
        signals=tried(
            "signals",
            lambda: golden_signals(
                frame,
                attributes=attributes,
                metrics=metrics.frame if metrics is not None else None,
                services=services,
            ),
        ),
        sampling=None if frame is None else tried("sampling", lambda: sampling(frame)),
        alerts=None
        if rules is None
        else tried("alerts of SLOs", lambda: alert_coverage(rules.rules, system.slos(), series=series)),
        logs=None
        if lines is None
        else tried("log correlation", lambda: log_correlation(lines.frame, frame, services=services, level=level)),
        silos=tried("silos", lambda: _silos(system, graph, series or [], tried)),
        absent={kind: replace(each, why=system.named_here(each.why)) for kind, each in tried.absent.items()},
        partly=_partly(system),
        sources=sources_used([each for kind in KINDS for each in system.sources.get(kind, ())], KINDS),
    )


def _partly(system: Assessment) -> frozenset[str]:
    """A rule that was rejected may be the alert that is looked for; a rejected line of a log is one of many."""
    read = {kind: calm(system.sources.get(kind, ())) for kind in KINDS}
    return frozenset(
        kind for kind, own in read.items() if any(each.problem or (kind == "alerts" and each.rejected) for each in own)
    )


def _coverage(system: Assessment, frame: pd.DataFrame, slowest: float, level: float) -> FlowCoverage:
    seconds = critical_path(frame).spans["exclusive_ns"].to_numpy() / 1e9
    exclusive = pd.Series(seconds, index=frame.index)
    return flow_coverage(frame, journeys=_journeys(system, frame), exclusive=exclusive, slowest=slowest, level=level)


def _journeys(system: Assessment, frame: pd.DataFrame) -> dict[str, str] | None:
    """The journey's name by root operation, as routes match; None, for all, where no root is of a journey by name."""
    roots = frame.loc[frame["parent_id"].astype(str) == "", "operation"].astype(str).unique()
    named = {operation: system.journey_of(operation) for operation in roots}
    return {operation: name for operation, name in named.items() if name} or None


def _blast(graph: ServiceGraph) -> tuple[BlastRadius, ...]:
    found = [blast_radius(graph, str(name)) for name in graph.nodes["service"] if name]
    return tuple(sorted(found, key=lambda each: -each.waiting.value))


def _silos(system: Assessment, graph: ServiceGraph | None, series: list[Series], tried: Attempts) -> Silos | None:
    """None where neither an owner nor a dashboard is given: `absent` says so of both."""
    dashboards, teams = tried("dashboards", system.dashboards), tried("teams", system.teams)
    owners = {each.name: [each.owner] for each in system.config.services if each.owner}
    for service, names in (teams.owners() if teams is not None else {}).items():
        owners[service] = list(dict.fromkeys([*owners.get(service, []), *names]))
    if dashboards is None:
        return None
    known = [each.name for each in system.config.services]
    known += [] if graph is None else [name for name in graph.nodes["service"] if name and name not in known]
    whole = not {"dashboards", "teams"} & _partly(system)
    return silos(known, owners, dashboards.dashboards, series=series, whole=whole)


def _series(frame: pd.DataFrame) -> list[Series]:
    return [
        (str(metric), str(labels))
        for metric, labels in frame[["metric", "labels"]].drop_duplicates().itertuples(index=False)
    ]
