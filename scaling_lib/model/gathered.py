"""What metrics, spans and a load test say of each resource, gathered; see `calibration.combined`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scaling_lib.errors import InvalidInput
from scaling_lib.model.erlang import erlang_c
from scaling_lib.model.load_test_demands import LoadTestDemands
from scaling_lib.model.span_demands import SpanDemands
from scaling_lib.model.system_parts import ALL
from scaling_lib.model.uncertainty import DRAWS, Floats, draw, ends_known, generator, interval
from scaling_lib.model.utilization_law import UtilizationLaw
from scaling_lib.stats.estimate import Estimate
from scaling_lib.words import duration, listing, number, percent

METRICS, SPLIT, SPANS, LOAD_TEST = "metrics", "metrics, split by spans", "spans", "load test"
LIMIT = "something not measured"  # what ends the throughput of a load test where nothing that was measured is full
ELSEWHERE = "elsewhere"  # the pure delay of what no resource explains
FULL = 0.9  # of its servers: a resource less busy than this at the plateau is not what limits


@dataclass(frozen=True, kw_only=True)
class MeasuredResource:
    """One resource: values (1 + journeys) and draws (DRAWS, 1 + journeys) of its background and demands.

    ceiling: servers that were ever in use, NaN where that is not known. known: whether the draws rest on intervals
    whose ends are; else those of its demands are not either.
    """

    origin: str
    servers: float
    values: Floats
    draws: Floats
    ceiling: float = math.nan
    known: bool = True

    def mean(self, shares: Floats) -> float:
        """Seconds of the mean request."""
        return float(self.values[1:] @ shares)

    def stretch(self, shares: Floats, rate: float) -> float:
        """By how much waiting for others, who come at this rate, makes its work longer: M/M/c beside the background."""
        if math.isinf(self.servers):
            return 1.0
        slowed = self.mean(shares) / max(1 - self.values[0] / self.servers, 1 - FULL)
        load = float(min(rate * slowed, FULL * self.servers))
        return 1 + erlang_c(load, int(self.servers)) / (self.servers - load)


class Gathered:
    """The resources so far, and what to know of them."""

    def __init__(self, mix: Mapping[str, float], level: float) -> None:
        self.resources: dict[str, MeasuredResource] = {}
        self.notes: list[str] = []
        self._level = level
        self._journeys = list(mix)
        self._shares = np.array(list(mix.values()))

    def demands(self) -> dict[str, dict[str, Estimate]]:
        """By resource and journey, seconds."""
        return {name: self._estimates(each)[1] for name, each in self.resources.items()}

    def limited(self) -> bool:
        """Whether anything limits the throughput: a demand at a resource with servers."""
        return any(math.isfinite(each.servers) and each.mean(self._shares) > 0 for each in self.resources.values())

    def background(self) -> dict[str, Estimate]:
        """By resource, servers."""
        return {name: self._estimates(each)[0] for name, each in self.resources.items()}

    def add_law(self, resource: str, law: UtilizationLaw, spans: SpanDemands | None, services: Sequence[str]) -> None:
        """A resource of the metrics; the self times of its services split its mean demand where it has to be."""
        self.notes += [f"{resource}: {note}" for note in law.notes]
        origin, values = METRICS, np.array([law.demands[name].value for name in law.demands])
        # all laws draw with the same random numbers: shuffled by resource, two of them err independently
        draws = law.draws[generator("law", resource).permutation(DRAWS)]
        own = [name for name in services if spans is not None and name in spans.demands]
        if len(law.demands) == 1:
            values, draws = np.repeat(values, len(self._journeys)), draws[:, [0, *[1] * len(self._journeys)]]
        if spans is not None and own and (not law.separable or len(law.demands) < len(self._journeys)):
            origin = SPLIT
            value = sum((self._columns(spans, name)[0] for name in own), np.zeros(len(self._journeys)))
            drawn = sum((self._columns(spans, name)[1] for name in own), np.zeros((DRAWS, len(self._journeys))))
            values = values * value / (value @ self._shares)
            draws = np.column_stack([draws[:, 0], draws[:, 1:] * drawn / (drawn @ self._shares)[:, np.newaxis]])
        values = np.concatenate([[law.background.value], values])
        self.resources[resource] = MeasuredResource(
            origin=origin, servers=law.servers, values=values, draws=draws, ceiling=law.ceiling
        )

    def add_spans(self, spans: SpanDemands, measured: set[str]) -> None:
        """The services that work on no resource of the metrics."""
        self.notes += spans.notes
        if missing := [name for name in self._journeys if name not in spans.mix]:
            self.notes.append(f"No spans are there of {listing(missing)}: the mean of the others stands for them.")
        for service in spans.demands:
            if service not in measured:
                value, drawn = self._columns(spans, service)
                self.resources[service] = MeasuredResource(
                    origin=SPANS,
                    servers=1,
                    values=np.concatenate([[0.0], value]),
                    draws=np.column_stack([np.zeros(DRAWS), drawn]),
                )

    def add_load_test(self, test: LoadTestDemands, full: str = "") -> None:
        """Its limit, and what its lightest level takes beyond all demands; full: see `calibration.combined`."""
        self.notes += test.notes
        deviates = generator("load test").standard_normal((2, DRAWS))
        if test.method != "none":
            self._hold_to_limit(test, draw(test.limit, deviates[0]), full)
        value, drawn = test.total_demand.value, draw(test.total_demand, deviates[1])
        seen = test.light_throughput * (test.light_users - 1) / test.light_users  # by one who arrives, of the others
        for each in self.resources.values():
            stretch = each.stretch(self._shares, seen)
            free = np.maximum(1 - each.draws[:, 0] / each.servers, 1 - FULL)
            value -= each.mean(self._shares) / max(1 - each.values[0] / each.servers, 1 - FULL) * stretch
            drawn = drawn - each.draws[:, 1:] @ self._shares / free * stretch
        if value > 0:
            drawn = np.maximum(drawn, 0.0)
            self._add_alike(ELSEWHERE, math.inf, value, drawn, known=ends_known(test.total_demand))
            self.notes.append(
                f"{duration(value)} of a request under light load are explained by no resource (network, waiting for "
                f"what was not measured); they stand as a pure delay, {ELSEWHERE!r}."
            )

    def _hold_to_limit(self, test: LoadTestDemands, limits: Floats, full: str) -> None:
        limit, busy = test.limit.value, {}
        for name, each in self.resources.items():
            busy[name] = (each.values[0] + each.mean(self._shares) * limit) / each.servers
            if each.origin == SPANS and busy[name] > 1:
                self.resources[name] = replace(each, values=each.values / busy[name], draws=each.draws / busy[name])
                self.notes.append(
                    f"{name}: its self time would fill it at {number(limit / busy[name])} requests/s, but the load "
                    f"test reached {number(limit)}. Either it holds waiting or there are more servers: it is cut so."
                )
        busiest = max(busy, key=lambda name: busy[name], default="")
        if busiest and busy[busiest] >= FULL:
            each = self.resources[busiest]
            kept_back = each.servers - each.ceiling if each.ceiling >= FULL * each.servers else 0.0
            if kept_back > 0:
                more = np.array([kept_back, *[0.0] * len(self._journeys)])
                self.resources[busiest] = replace(each, values=each.values + more, draws=each.draws + more)
                self.notes.append(
                    f"{busiest}: at the load test's limit it is never more than {percent(each.ceiling / each.servers)} "
                    "in use; the rest cannot be had (a quota, or a reserve of the system)."
                )
            return
        name = full if full and full not in self.resources else LIMIT
        self._add_alike(name, test.servers, test.servers / limit, test.servers / limits, known=ends_known(test.limit))
        if name == full:
            self.notes.append(
                f"{full}: it is full at the load test's limit of {number(limit)} requests/s, by its gauges: it stands "
                "as one server that a request keeps busy for so long."
            )
        elif busiest:
            self.notes.append(
                f"At the load test's limit of {number(limit)} requests/s the busiest resource, {busiest}, is at "
                f"{percent(busy[busiest])}: something that was not measured limits (a lock, a pool of connections or "
                "threads, a single-threaded process on several processors)."
            )

    def _add_alike(self, name: str, servers: float, value: float, drawn: Floats, *, known: bool) -> None:
        """A resource that asks the same of all journeys: nothing tells how it is split."""
        if not known:
            self.notes.append(
                f"{name}: the load test's levels have no intervals of their own, so that of this demand is not known, "
                "nor are those of what rests on it."
            )
        each = np.repeat(drawn[:, np.newaxis], len(self._journeys), axis=1)
        self.resources[name] = MeasuredResource(
            origin=LOAD_TEST,
            servers=servers,
            values=np.array([0.0, *[value] * len(self._journeys)]),
            draws=np.column_stack([np.zeros(DRAWS), each]),
            known=known,
        )

    def _columns(self, spans: SpanDemands, service: str) -> tuple[Floats, Floats]:
        """Value and draws of a service's self time for each journey; the mean for those without spans."""
        by, drawn = spans.demands[service], spans.draws[service]
        places = {name: place for place, name in enumerate(spans.mix)}
        shares = np.array(list(spans.mix.values()))
        mean = float(np.array([by[name].value for name in spans.mix]) @ shares)
        values = np.array([by[name].value if name in by else mean for name in self._journeys])
        columns = [drawn[:, places[name]] if name in places else drawn @ shares for name in self._journeys]
        return values, np.column_stack(columns)

    def _estimates(self, each: MeasuredResource) -> tuple[Estimate, dict[str, Estimate]]:
        own = [
            interval(float(value), drawn, self._level, "s", known=each.known or not value)
            for value, drawn in zip(each.values, each.draws.T, strict=True)
        ]
        return replace(own[0], unit="servers"), dict(zip(self._journeys, own[1:], strict=True))


def measured_mix(
    laws: Mapping[str, UtilizationLaw], spans: SpanDemands | None, hosted: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """By journey, its share: of the metrics where they tell journeys, else of the spans.

    Raises InvalidInput where their names do not fit together.
    """
    names = set(laws) | set(spans.demands if spans else ())
    for unknown in [name for name in hosted if name not in laws] + [
        n for of in hosted.values() for n in of if n not in names
    ]:
        raise InvalidInput(
            f"combined: found {unknown!r} in `runs_on`; expected resources of the metrics ({listing(list(laws))}), and "
            f"services of the spans ({listing(list(spans.demands)) if spans else 'none are given'})."
        )
    mixes = [law.mix for law in laws.values()]
    if any(set(mix) != set(mixes[0]) for mix in mixes):
        raise InvalidInput(
            f"combined: found journeys {listing(sorted(set().union(*mixes)))}, but not in all resources' metrics; "
            "expected the same rates for each."
        )
    told = dict(mixes[0]) if mixes and (len(mixes[0]) > 1 or spans is None) else {}
    if not told:
        return dict(spans.mix) if spans else {ALL: 1.0}
    if spans is not None and not set(told) & set(spans.mix):
        raise InvalidInput(
            f"combined: metrics and spans have no journey in common: {listing(list(told))}, and "
            f"{listing(list(spans.mix))}. Name them alike, with `journeys` of from_spans."
        )
    return told
