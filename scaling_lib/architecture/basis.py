"""What options are held against: the model, the load that is needed, the part of it within the SLO, what stores are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_lib.architecture.evaluate import ALL
from scaling_lib.architecture.standard import Told
from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.measured import Measured
from scaling_lib.capacity import Capacity
from scaling_lib.config import Journey
from scaling_lib.config_resources import Resource
from scaling_lib.errors import NotMeasured
from scaling_lib.model import System
from scaling_lib.stats import Estimate

FULL_AT = 0.9  # of the capacity, where no load test tells how much of it is within the SLO
WRITING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True, eq=False)
class Basis:
    """What every option is held against.

    system: the model; found: the traces behind it. needed: requests/s to be carried. within_slo: the share of the
    capacity up to which the SLOs are kept; within_said: where it is from. resources: by name, as described. stores:
    resources that only peers without spans work on, such as databases. journeys: those that the model tells apart.
    """

    system: System
    found: Measured
    needed: Estimate
    within_slo: Estimate
    within_said: str
    resources: Mapping[str, Resource]
    stores: tuple[str, ...]
    journeys: tuple[Journey, ...]

    @property
    def limits(self) -> dict[str, Estimate]:
        """By resource that can be full, at how many requests/s."""
        return {name: each for name, each in self.system.limits().items() if math.isfinite(each.value)}

    def writes(self, resource: str) -> Told | None:
        """The share of a resource's work that is of routes that write, which may read too: the most that it can be.

        None where no route says its method.
        """
        work = {name: self.system.mix[name] * each.value for name, each in self.system.parts.demands[resource].items()}
        methods = {each.name: each.route.split(" ")[0] for each in self.journeys if " " in each.route}
        known = {name: seconds for name, seconds in work.items() if name in methods}
        if not math.fsum(known.values()):
            return None
        share = math.fsum(each for name, each in known.items() if methods[name] in WRITING) / math.fsum(known.values())
        said = f"the work of routes that write ({', '.join(WRITING)}), at most"
        return Told(figure=Estimate(share, share, share, unit="fraction"), said=said)

    def reads(self) -> float:
        """The share of the requests that only read; 1 where no route says its method."""
        methods = {each.name: each.route.split(" ")[0] for each in self.journeys if " " in each.route}
        known = {name: share for name, share in self.system.mix.items() if name in methods}
        total = math.fsum(known.values())
        return math.fsum(each for name, each in known.items() if methods[name] == "GET") / total if total else 1.0


def basis_now(system: Assessment, capacity: Capacity, found: Measured) -> Basis:
    """Of the system as it is; NotMeasured without a model, or without the demand that is to be carried."""
    if capacity.calibrated is None:
        absent = capacity.absent.get("model")
        raise NotMeasured(
            f"No model of the system: {absent.why if absent else 'its demands are not measured.'}",
            supply=(absent.supply if absent else "") or "Supply a load test with the metrics of the resources.",
        )
    if capacity.needed is None or capacity.peak is None or not capacity.peak.value:
        raise NotMeasured(
            "The load that has to be carried is not known: today's demand is not measured.",
            supply="Supply requests of a week or more, and say `demand` in assessment.yaml.",
        )
    share, said = _within(capacity)
    return basis(
        system, capacity.calibrated.system(capacity.peak.value), found, needed=capacity.needed, within=share, said=said
    )


def basis(
    system: Assessment, model: System, found: Measured, *, needed: Estimate, within: Estimate = ALL, said: str = ""
) -> Basis:
    """Of one model of a system."""
    own = {each.name: each for each in system.resources if each.name in model.limit_draws()}
    return Basis(
        system=model,
        found=found,
        needed=needed,
        within_slo=within,
        within_said=said,
        resources=own,
        stores=tuple(name for name, each in own.items() if _is_store(each, found.spans)),
        journeys=system.journeys,
    )


def _within(capacity: Capacity) -> tuple[Estimate, str]:
    """The highest load within all latency SLOs over the highest throughput of the same load test."""
    ends = capacity.curve.plateau if capacity.curve else None
    kept = [each.requests for each in capacity.within if math.isfinite(each.requests.value)]
    if not kept or ends is None or not ends.reached:
        said = f"assumed: {FULL_AT:.0%} of the capacity, as no load test reached both an SLO and an end"
        return Estimate(FULL_AT, FULL_AT, FULL_AT, unit="fraction", assumed=True), said
    first = min(kept, key=lambda each: each.value)
    low, high = (_known(end, first.value) for end in (first.low, first.high))
    over = ends.throughput
    value = min(first.value / over.value, 1.0)
    share = Estimate(
        value, min(low / over.high, value), max(min(high / over.low, 1.0), value), capacity.level, "fraction"
    )
    return share, "the load within the latency SLOs over the highest throughput, of the load test"


def _known(end: float, value: float) -> float:
    return end if math.isfinite(end) else value


def _is_store(resource: Resource, spans: pd.DataFrame | None) -> bool:
    """Whether nobody who works on it has spans of its own; without any spans, whether no more servers can be had."""
    if spans is None or not resource.services:
        return resource.scales != "horizontally"
    return not set(resource.services) & set(spans["service"].astype("str").unique())
