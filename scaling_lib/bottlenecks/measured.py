"""One stretch of evidence as step 04 needs it: what its traces wait for, and the model of the system then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_lib import capacity
from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.path_times import Group
from scaling_lib.bottlenecks.rank import TAIL, Ranking, rank
from scaling_lib.bottlenecks.work import work_by_operation
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.capacity.request_rates import OTHER
from scaling_lib.capacity.tested import tested
from scaling_lib.findings import Source
from scaling_lib.ledger_sources import sources_used
from scaling_lib.model.critical_path import CriticalPath, critical_path
from scaling_lib.stats import Estimate

KINDS = ("spans", "load tests", "load metrics", "requests")  # of evidence, that the figures rest on


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What one stretch of evidence tells.

    spans: the canonical frame; path: its critical paths; named: the journey's name by root operation, of other roots
        "other requests"; ranking: see `rank`; work: see `work_by_operation`. None without spans.
    curve: of the load test; model: calibrated from all of it; None where they cannot be told.
    runs_on: by resource, the services that work on it. peak: the busiest minute of requests, requests/s; None without.
    absent: what could not be told, and why. sources: what it rests on, by kind of evidence.
    """

    spans: pd.DataFrame | None
    path: CriticalPath | None
    named: Mapping[str, str]
    ranking: Ranking | None
    work: pd.DataFrame | None
    curve: capacity.LoadCurve | None
    model: capacity.Calibrated | None
    runs_on: Mapping[str, tuple[str, ...]]
    peak: Estimate | None
    absent: Mapping[str, capacity.Absent]
    sources: Mapping[str, tuple[Source, ...]]

    @property
    def critical(self) -> dict[str, str] | None:
        """The critical journeys by root operation; None where no root is of one: then each root operation is one."""
        return {operation: name for operation, name in self.named.items() if name != OTHER} or None

    @property
    def rate(self) -> float:
        """Today's busiest minute, requests/s; 1 where that is not known: the limits do not depend on it."""
        return self.peak.value if self.peak is not None and self.peak.value > 0 else 1.0

    def resource_of(self, service: str) -> str:
        """The resource that a service works on; "" where none is said to be."""
        return next((name for name, services in self.runs_on.items() if service in services), "")


def measured(
    system: Assessment,
    *,
    by: Group = "operation",
    journey: str = "",
    window: str = TAIL,
    load_test: str = "",
    level: float = 0.95,
) -> Measured:
    """What an assessment's evidence tells; what it does not is said in `absent`.

    by, journey, window: see `rank`. load_test: the test to use, "" for the one of most levels. level: of all intervals.
    """
    tried = Attempts()
    spans = tried("spans", lambda: system.spans().frame)
    path = tried("critical path", lambda: critical_path(spans)) if spans is not None else None
    named = _named(system, path) if path is not None else {}
    routed = any(each.route for each in system.journeys)
    ranking = work = None
    if spans is not None and path is not None:
        ranking = tried(
            "ranking",
            lambda: rank(
                path,
                by=by,
                journeys={operation: name for operation, name in named.items() if name != OTHER} if routed else None,
                journey=journey,
                window=window,
                level=level,
            ),
        )
        work = tried("work", lambda: work_by_operation(spans, named))
    _, curve = tested(system, load_test, level=level, tried=tried)
    levels, test, full = (curve.used_levels, curve.test.test, curve.limiting.full) if curve else (None, "", "")
    model = tried(
        "model",
        lambda: capacity.calibrated(system, levels, test=test, full=full, level=level, tried=Attempts()),
    )
    return Measured(
        spans=spans,
        path=path,
        named=named,
        ranking=ranking,
        work=work,
        curve=curve,
        model=model,
        runs_on={each.name: tuple(each.services) for each in system.resources},
        peak=tried("requests", lambda: _peak(system, level)),
        absent=tried.absent,
        sources=sources_used(system.evidence().sources, KINDS),
    )


def _named(system: Assessment, path: CriticalPath) -> dict[str, str]:
    """The journey by root operation, as the model has them."""
    roots = path.by_root.loc[~path.by_root["orphan"], "operation"].astype("str").unique()
    return {operation: system.journey_of(operation) or OTHER for operation in roots}


def _peak(system: Assessment, level: float) -> Estimate:
    minutes = capacity.minute_requests(system.requests())
    return capacity.peak_demand(minutes, capacity.hourly(minutes), level=level).minute
