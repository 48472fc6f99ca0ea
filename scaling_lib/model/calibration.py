"""The demands of a system from metrics, spans and load tests together, whichever are there, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.beyond import Beyond
from scaling_lib.model.demands import at_least_zero
from scaling_lib.model.gathered import Gathered, measured_mix
from scaling_lib.model.load_test_demands import LoadTestDemands, from_load_test
from scaling_lib.model.span_demands import SpanDemands, from_spans
from scaling_lib.model.system import System
from scaling_lib.model.system_parts import Figure
from scaling_lib.model.uncertainty import Floats
from scaling_lib.model.utilization_law import UtilizationLaw, from_utilization
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing

__all__ = [
    "Calibration",
    "LoadTestDemands",
    "SpanDemands",
    "UtilizationLaw",
    "combined",
    "from_load_test",
    "from_spans",
    "from_utilization",
]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Demands that were measured.

    demands: by resource and journey, seconds, with interval; origins: by resource, what they rest on: "metrics",
        "metrics, split by spans", "spans" or "load test". mix: by journey, its share of the requests.
    servers: by resource, infinite for a pure delay; background: by resource, servers that requests cannot have.
    think_time: seconds, None without a load test. draws: see `System`. level: of the intervals of demands and
    background, and of all that a system made of them says. notes: what to know, sentences. beyond: see `System`.
    """

    demands: Mapping[str, Mapping[str, Estimate]]
    origins: Mapping[str, str]
    mix: Mapping[str, float]
    servers: Mapping[str, float]
    background: Mapping[str, Estimate]
    think_time: Estimate | None
    draws: Mapping[str, Floats]
    level: float
    notes: tuple[str, ...]
    beyond: Mapping[str, Beyond] = field(default_factory=dict)

    def system(self, arrivals: Figure | Mapping[str, Figure], *, think_time: float | None = None) -> System:
        """The system with these demands. One arrival rate is that of all requests, at the measured mix."""
        if not isinstance(arrivals, Mapping):
            arrivals = {name: _times(arrivals, share) for name, share in self.mix.items()}
        journeys = list(self.mix)
        if unknown := [name for name in arrivals if name not in self.mix]:
            raise NotMeasured(
                f"Calibration: {unknown[0]!r} arrives, but its demands are not measured; those of {listing(journeys)} "
                "are.",
                supply=f"Supply spans whose root is {unknown[0]!r}, or metrics while its rate changes.",
            )
        if think_time is None:
            think_time = self.think_time.value if self.think_time else 0.0
        return System(
            self.demands,
            self.servers,
            {name: arrivals.get(name, 0.0) for name in journeys},
            think_time,
            background=self.background,
            draws=self.draws,
            level=self.level,
            beyond=self.beyond,
        )


def combined(
    *,
    metrics: Mapping[str, UtilizationLaw] | None = None,
    spans: SpanDemands | None = None,
    load_test: LoadTestDemands | None = None,
    runs_on: Mapping[str, Sequence[str]] | None = None,
    full: str = "",
    level: float = 0.95,
) -> Calibration:
    """One set of demands.

    metrics: the utilisation law by resource; spans: self times by service; load_test: of the same system and mix.
    runs_on: by a resource of the metrics, the services (and peers) of the spans that work on it; a resource of the same
        name as a service is that service's.
    full: what gauges (of a pool, of threads) have shown full where the load test's throughput ends, "" for nothing.
    level: of the intervals of demands and background, and of all that a system of them says.

    CPU time wins over self time for how much: a service that runs on a measured resource is not counted again, it tells
    only how the resource's mean demand is split between journeys where the metrics cannot tell them apart. Services
    that run on none keep their self time, an upper bound. The load test adds the time that users think; what its
    lightest level takes beyond all demands and the waiting for them, as a pure delay ("elsewhere"); and its limit.
    Where the busiest resource is at 90% or more of its servers at the limit, what it never reaches cannot be had, and
    is background. Where none is, what is `full` limits, or something that was not measured, and stands as a resource of
    its own ("something not measured").

    Measured coverage of the nominal 95% of the saturation throughput (tests/benchmarks/bench_system.py): 0.92. It is no
    better than a straight line: where a request takes less of a resource the busier it is (`UtilizationLaw.bend`), a
    limit far beyond the measured loads is too low. In the shop, whose requests take 3.6 ms of the services' processor
    at up to 147 requests/s and 2.2 ms at up to 390, the limit seen from the former was 265 requests/s, and is 390.

    Raises NotMeasured where nothing is given or nothing of it limits the throughput, InvalidInput where metrics and
    spans have no journey in common, or `runs_on` names what is not there.
    """
    check_level("combined", level)
    for what, mapping in (("metrics", metrics), ("runs_on", runs_on)):
        if mapping is not None and not isinstance(mapping, Mapping):
            raise InvalidInput(
                f"combined: found {what} of type {type(mapping).__name__}; expected a mapping by resource."
            )
    for name, services in (runs_on or {}).items():
        if isinstance(services, str) or not isinstance(services, Sequence):
            raise InvalidInput(f"combined: found runs_on {services!r} of {name!r}; expected a list of services.")
    laws, hosted = dict(metrics or {}), {name: list(of) for name, of in (runs_on or {}).items()}
    if not laws and spans is None and load_test is None:
        raise NotMeasured(
            "combined: neither metrics nor spans nor a load test is given; the demands are not measured.",
            supply="Supply one of them: CPU time and request rates while the load changes, spans, or a load test.",
        )
    mix = measured_mix(laws, spans, hosted)
    found = Gathered(mix, level)
    for resource, law in laws.items():
        found.add_law(resource, law, spans, hosted.get(resource, [resource]))
    if spans is not None:
        found.add_spans(spans, {name for resource in laws for name in hosted.get(resource, [resource])})
    if load_test is not None:
        found.add_load_test(load_test, full)
    if not found.limited():
        raise NotMeasured(
            " ".join(["combined: no demand is measured of anything that limits the throughput.", *found.notes]),
            supply="Go on with the load test until throughput no longer rises, or supply the metrics of the resources "
            "or spans beside it.",
        )
    return Calibration(
        demands=found.demands(),
        origins={name: each.origin for name, each in found.resources.items()},
        mix=mix,
        servers={name: each.servers for name, each in found.resources.items()},
        background=found.background(),
        think_time=load_test.think_time if load_test else None,
        draws={name: each.draws for name, each in found.resources.items()},
        level=level,
        notes=tuple(dict.fromkeys(found.notes)),
        beyond={name: law.beyond for name, law in laws.items() if law.beyond is not None},
    )


def _times(rate: Figure, share: float) -> Figure:
    if not isinstance(rate, Estimate):
        return at_least_zero("Calibration", "arrival rate", rate, "requests/s") * share
    return rate.times(share)
