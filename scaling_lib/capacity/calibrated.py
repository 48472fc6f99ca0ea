"""The model of the system, from all that the assessment has: metrics, spans and a load test together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.capacity.gauges import gauge_sum, per_second
from scaling_lib.capacity.request_rates import OTHER, RequestRates, request_rates
from scaling_lib.config_resources import Resource
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.calibration import Calibration, combined, from_load_test, from_spans, from_utilization
from scaling_lib.model.check import Check, check
from scaling_lib.model.system import System
from scaling_lib.model.utilization_law import UtilizationLaw

if TYPE_CHECKING:
    from scaling_lib.evidence.metrics import Metrics
    from scaling_lib.model.calibration import LoadTestDemands, SpanDemands

LAW = "utilisation law of "
SUPPLY = "Supply what is asked for: metrics of the resources, spans or a load test; one of them is enough."


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """The system as it was measured.

    calibration: demands, with interval and origin; laws: the utilisation law by resource, of those that have metrics.
    rates: where the rates of requests beside these metrics come from, see `request_rates`; "" without a law.
    test: the load test that was used, "" for none; check: the model against its levels, None without one.
    absent: what could not be used, why, and what would mend it, sentences.
    """

    calibration: Calibration
    laws: dict[str, UtilizationLaw]
    rates: str
    test: str
    check: Check | None
    absent: tuple[str, ...]

    def system(self, rate: float) -> System:
        """At so many requests/s of the measured mix; it knows how far it held against the load test."""
        return replace(self.calibration.system(rate), trust=self.check.trust if self.check else None)


def calibrated(
    system: Assessment,
    levels: pd.DataFrame | None = None,
    *,
    test: str = "",
    full: str = "",
    level: float = 0.95,
    tried: Attempts | None = None,
) -> Calibrated:
    """Calibrate the one model of a system.

    levels: of the load test to use, all requests together, as `evidence.load_tests.levels` gives them; test: its name;
        full: the resource that was measured to be full where its throughput ends, "" for none.
    level: of all intervals. tried: where the reasons are kept of what could not be used.
    Demands come from the metrics of the time of that test, or without one from the system's own; see
    `model.calibration.combined` for how the evidence is joined.
    Raises NotMeasured where neither metrics nor spans nor a load test can be used, with what was tried.
    """
    tried = tried or Attempts()
    before = set(tried.absent)
    laws, rates = _laws(system, levels, level, tried)
    spans: SpanDemands | None = tried("spans", lambda: _spans(system, level))
    load_test: LoadTestDemands | None = None
    if levels is not None:
        load_test = tried("demands of the load test", lambda: from_load_test(levels, level=level))
    if not laws and spans is None and load_test is None:
        supplies = list(dict.fromkeys(each.supply for name, each in tried.absent.items() if name not in before))
        raise NotMeasured(
            f"No demand is measured: {' '.join(_reasons(tried, before, supply=False))}",
            supply=" ".join(filter(None, supplies)) or SUPPLY,
        )
    hosted = {each.name: [*each.services] for each in system.resources if each.name in laws and each.services}
    found = combined(metrics=laws, spans=spans, load_test=load_test, runs_on=hosted, full=full, level=level)
    if laws:
        found = replace(found, notes=(f"The rates of requests beside the metrics are those of {rates}.", *found.notes))
    held = None
    if levels is not None and load_test is not None:
        held = tried("check of the model", lambda: check(found.system(1.0), levels))
    return Calibrated(calibration=found, laws=laws, rates=rates, test=test, check=held, absent=_reasons(tried, before))


def _reasons(tried: Attempts, before: set[str], *, supply: bool = True) -> tuple[str, ...]:
    """Why parts could not be used, and what would mend it, without what was absent before."""
    return tuple(
        f"{name.removeprefix(LAW)}: {said}" if name.startswith(LAW) else said
        for name, each in tried.absent.items()
        if name not in before and (said := each.text if supply else each.why)
    )


def _laws(
    system: Assessment, levels: pd.DataFrame | None, level: float, tried: Attempts
) -> tuple[dict[str, UtilizationLaw], str]:
    """The utilisation law of each resource whose busy time is counted, and where the rates beside it come from."""
    counted = tried("resources whose work is counted", lambda: _counted(system))
    found = tried("metrics of the model", lambda: _metrics(system, levels)) if counted else None
    if counted is None or found is None:
        return {}, ""
    metrics, during = found
    beside = levels if during != slice(None) else None
    rates = tried("rates of requests", lambda: request_rates(system, metrics, beside))
    if rates is None:
        return {}, ""
    laws = {
        each.name: tried(f"{LAW}{each.name}", partial(_law, each, metrics, rates, during, level)) for each in counted
    }
    known = {name: each for name, each in laws.items() if each is not None}
    return known, rates.source if known else ""


def _counted(system: Assessment) -> list[Resource]:
    if not system.resources:
        raise NotMeasured(
            "No resource is described.",
            supply="Describe `resources` in assessment.yaml, with the counters of their busy seconds as `busy`.",
        )
    counted = [each for each in system.resources if each.busy]
    if not counted:
        raise NotMeasured(
            "No resource has counters of its busy seconds: gauges tell how full it is, not how long a request keeps it "
            "busy.",
            supply="Give `busy` in place of `used` for the processors among the `resources` in assessment.yaml.",
        )
    return counted


def _metrics(system: Assessment, levels: pd.DataFrame | None) -> tuple[Metrics, slice]:
    """Those of the load test, and its time; without a test with times the system's own, all of them."""
    if levels is not None and levels[["start", "end"]].notna().all(axis=None):
        try:
            return system.load_metrics(), slice(levels["start"].min(), levels["end"].max())
        except NotMeasured:
            pass
    return system.metrics(), slice(None)


def _law(resource: Resource, metrics: Metrics, rates: RequestRates, during: slice, level: float) -> UtilizationLaw:
    """Where there is no whole number of servers, as for a quota, in seconds of one of the next whole number."""
    limit = resource.limit
    if isinstance(limit, str):
        limit = float(gauge_sum(metrics, limit, resource.name, "limit", finest_s=1).median())
    servers = max(1, round(limit))
    busy = per_second(metrics, resource.busy)
    if len(busy) and busy.loc[during].empty:
        raise InvalidInput(
            f"{resource.busy}: found it from {busy.index.min():%Y-%m-%d %H:%M} to "
            f"{busy.index.max():%Y-%m-%d %H:%M} UTC, and the load test from {during.start:%Y-%m-%d %H:%M} "
            f"to {during.stop:%Y-%m-%d %H:%M} UTC; expected times that overlap. Export the metrics of the test's own "
            "time, and look whether a clock or a time zone is off."
        )
    return from_utilization(
        busy.loc[during] * (servers / limit), rates.of(busy).loc[during], servers=servers, level=level
    )


def _spans(system: Assessment, level: float) -> SpanDemands:
    frame = system.spans().frame
    roots = frame.loc[frame["parent_id"] == "", "operation"].unique()
    named = {operation: system.journey_of(str(operation)) or OTHER for operation in roots}
    return from_spans(frame, journeys=named, level=level)
