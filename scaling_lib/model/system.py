"""`System`: the one model of the system; capacity, what-ifs, bottlenecks, architecture and cost all ask it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scaling_lib.errors import InvalidInput
from scaling_lib.model.demands import above_zero, at_least_zero
from scaling_lib.model.system_bounds import SystemBounds, system_bounds
from scaling_lib.model.system_parts import Figure, Parts, as_drawn, check_draws, read_parts
from scaling_lib.model.system_predict import SOLVED, Prediction, predict
from scaling_lib.model.system_solve import Solution, solve_closed, solve_open
from scaling_lib.model.trust import Trust
from scaling_lib.model.uncertainty import DRAWS, Floats, draw, ends_known, generator, interval
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing

if TYPE_CHECKING:
    from scaling_lib.model.beyond import Beyond


@dataclass(frozen=True)
class System:
    """Demands, servers and arrivals of a system of queues.

    demands: by resource the mean seconds of service a request asks of it, or the same by journey; each a number or an
        Estimate. One figure for a resource is that of every journey; a journey that is not named asks nothing. Where an
        end of its interval is not known (NaN), those of all that rests on it are not either.
    servers: by resource a whole number; 1 where none is given, `math.inf` for a pure delay, in which nobody queues.
    arrivals: requests/s, one rate or a mapping by journey; numbers or Estimates. Their mix is that of the closed
        network too.
    think_time: seconds between an answer and the same user's next request, for a closed network.
    background: by resource, the servers that are taken without any request (a number or an Estimate, 0 where none is
        given): housekeeping, other tenants, what a quota keeps back.
    draws: by resource an array (DRAWS, 1 + journeys) of what background and demands may be together, from their
        calibration. Without them the demands of one resource are taken to err together, which is the more careful
        choice for their sum, and those of two resources independently.
    level: of the intervals of all that the system says; those of the figures it is given have their own.
    beyond: by resource, how its use may run on beyond the loads it was measured at, for `migration`.
    trust: how far it held against measured levels, None where it was not held against any; its what-ifs keep it.

    All fields are mappings of Estimates by resource and journey once the system is made, whatever was given.
    Raises InvalidInput for what cannot be, NotMeasured for a resource or journey without any demand.

    The laws: utilisation = throughput x demand / servers (Denning and Buzen, The operational analysis of queueing
    network models, Computing Surveys 10, 1978); queues of product form, see `queueing`. A quantile of the response is
    not given: it depends on the order of service and on how journeys overtake each other, which demands do not tell.
    `mmc(...).response_quantile` has it where one resource is nearly all of the response.
    """

    demands: Mapping[str, Figure | Mapping[str, Figure]]
    servers: Mapping[str, float]
    arrivals: Figure | Mapping[str, Figure]
    think_time: float = 0.0
    _: KW_ONLY
    background: Mapping[str, Figure] = field(default_factory=dict)
    draws: Mapping[str, Floats] = field(default_factory=dict, repr=False, compare=False)
    level: float = 0.95
    trust: Trust | None = field(default=None, compare=False)
    beyond: Mapping[str, Beyond] = field(default_factory=dict, repr=False, compare=False)
    parts: Parts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_level("System", self.level)
        at_least_zero("System", "think_time", self.think_time, "s")
        parts = read_parts(self.demands, self.servers, self.arrivals, self.background)
        check_draws(self.draws, parts)
        for name, value in (
            ("parts", parts),
            ("demands", parts.demands),
            ("servers", parts.servers),
            ("arrivals", parts.rates),
            ("background", parts.background),
        ):
            object.__setattr__(self, name, value)

    @property
    def resources(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.parts.demands)

    @property
    def journeys(self) -> tuple[str, ...]:
        """Their names; "all" where they are not told apart."""
        return tuple(self.parts.rates)

    @cached_property
    def throughput(self) -> float:
        """All arrivals, requests/s."""
        return math.fsum(rate.value for rate in self.parts.rates.values())

    @cached_property
    def mix(self) -> Mapping[str, float]:
        """By journey, its share of the arrivals."""
        return {name: rate.value / self.throughput for name, rate in self.parts.rates.items()}

    @cached_property
    def without_ends(self) -> frozenset[str]:
        """The resources of whose demands or background an end is not known: an interval that rests on them has none."""
        return frozenset(
            resource
            for resource, demands in self.parts.demands.items()
            if not all(map(ends_known, [*demands.values(), self.parts.background[resource]]))
        )

    @cached_property
    def rates_known(self) -> bool:
        """Whether both ends of all arrivals' intervals are known."""
        return all(map(ends_known, self.parts.rates.values()))

    def mean_demand(self, resource: str) -> Estimate:
        """Seconds a request asks of a resource, on average over the mix."""
        place = self._place(resource)
        value = math.fsum(self.mix[name] * each.value for name, each in self.parts.demands[resource].items())
        drawn = self._demands[place] @ self._shares
        return interval(value, drawn, self.level, "s", known=resource not in self.without_ends)

    def utilization(self) -> dict[str, float]:
        """By resource, the fraction of its servers that is taken; 1 or more where the arrivals ask for more than it can
        do, 0 at a pure delay.
        """
        return {name: self._busy(name) / servers for name, servers in self.parts.servers.items()}

    def utilization_estimates(self) -> dict[str, Estimate]:
        """As `utilization`, with the intervals that come of the demands' and arrivals'."""
        found = {}
        for place, (resource, servers) in enumerate(self.parts.servers.items()):
            drawn = (self._demands[place] * self._rates.T).sum(axis=1) + self._background[place]
            known = self.rates_known and resource not in self.without_ends
            found[resource] = interval(
                self._busy(resource) / servers, drawn / servers, self.level, "fraction", known=known
            )
        return found

    def bounds(self, population: int | None = None) -> SystemBounds:
        """Where the first resource is full, and what no number of users can change; see `SystemBounds`."""
        return system_bounds(self, population)

    def solve(self, population: int | None = None) -> Solution:
        """Throughput, response and residence: of the open network at these arrivals, or of so many users who think.

        population: users, a whole number of 0 or more; they ask for journeys at the arrivals' mix.
        """
        return solve_open(self) if population is None else solve_closed(self, population)

    def predict(self, population: int | None = None) -> Prediction:
        """As `solve`, with the intervals that come of the demands' and arrivals': a tenth of a second or so."""
        return predict(self, population)

    def bottleneck(self) -> str:
        """The resource that is full first: with the lowest limit of the throughput, the first of those that tie."""
        limits = self.limits()
        return min(limits, key=lambda resource: limits[resource].value)

    def bottleneck_certainty(self) -> dict[str, float]:
        """By resource, the probability that it is full first, by what its demand and all others may be."""
        limits = np.stack(list(self.limit_draws().values()))
        tied = limits == limits.min(axis=0)
        shares = (tied / tied.sum(axis=0)).mean(axis=1)
        return dict(zip(self.limit_draws(), shares.tolist(), strict=True))

    def limits(self) -> dict[str, Estimate]:
        """By resource, the throughput of this mix at which it is full, requests/s; unlimited where nothing is asked."""
        found = {}
        for resource, drawn in self.limit_draws().items():
            free = max(self.parts.servers[resource] - self.parts.background[resource].value, 0.0)
            demand = math.fsum(self.mix[name] * each.value for name, each in self.parts.demands[resource].items())
            value = free / demand if demand > 0 else math.inf
            known = resource not in self.without_ends
            found[resource] = interval(value, drawn, self.level, "requests/s", known=known)
        return found

    def limit_draws(self) -> dict[str, Floats]:
        """As `limits`, what each may be (DRAWS); those of one place belong together. Without the pure delays."""
        free, demands = self.free_draws(), self.mean_demand_draws()
        return {
            name: np.divide(free[name], demand, out=np.full(DRAWS, math.inf), where=demand > 0)
            for name, demand in demands.items()
            if math.isfinite(self.parts.servers[name])
        }

    def free_draws(self) -> dict[str, Floats]:
        """By resource, how many servers are left for requests may be (DRAWS); infinite at a pure delay."""
        counts = self.parts.servers.items()
        return {name: np.maximum(count - self._background[place], 0.0) for place, (name, count) in enumerate(counts)}

    def mean_demand_draws(self) -> dict[str, Floats]:
        """By resource, what the mean request asks of it may be, seconds (DRAWS)."""
        return dict(zip(self.resources, self._demands @ self._shares, strict=True))

    def demand_draws(self) -> Floats:
        """What the demand of the mean request at all resources together may be, seconds (DRAWS)."""
        return np.asarray((self._demands @ self._shares).sum(axis=0))

    def throughput_draws(self) -> Floats:
        """What all arrivals together may be, requests/s (DRAWS)."""
        return np.asarray(self._rates.sum(axis=0))

    @cached_property
    def drawn(self) -> tuple[System, ...]:
        """The system as the first of its draws have it (SOLVED), each with nothing uncertain."""
        return tuple(
            System(
                servers=self.parts.servers,
                think_time=self.think_time,
                level=self.level,
                **as_drawn(self.parts, self._demands[:, place], self._rates[:, place], self._background[:, place]),
            )
            for place in range(SOLVED)
        )

    def relieve(self, resource: str, factor: float, *, journey: str | None = None) -> System:
        """The system with less demand at a resource, of all journeys or of one.

        factor: 2 and 0.5 both halve the demand: to relieve never worsens. Background work stays.
        """
        place = self._place(resource)
        factor = above_zero("relieve", "factor", factor, "times")
        if journey is not None and journey not in self.journeys:
            raise InvalidInput(f"relieve: found the journey {journey!r}; expected one of {listing(self.journeys)}.")
        less = min(factor, 1 / factor)
        times = [less if journey in (None, name) else 1.0 for name in self.journeys]
        eased = {
            name: each.times(by) for (name, each), by in zip(self.parts.demands[resource].items(), times, strict=True)
        }
        drawn = np.column_stack([self._background[place], self._demands[place] * times])
        return replace(self, demands={**self.parts.demands, resource: eased}, draws={**self.draws, resource: drawn})

    def scale(self, resource: str, servers: float) -> System:
        """The system with so many servers at a resource: a whole number, or `math.inf`.

        What a server does without any request each of them does: more servers never gain more than their number.
        """
        place = self._place(resource)
        before = self.parts.servers[resource]
        if math.inf in (before, servers):
            return replace(self, servers={**self.parts.servers, resource: servers})
        times = at_least_zero("scale", "servers", servers, "servers") / before
        background = self.parts.background[resource].times(times)
        drawn = np.column_stack([self._background[place] * times, self._demands[place]])
        return replace(
            self,
            servers={**self.parts.servers, resource: servers},
            background={**self.parts.background, resource: background},
            draws={**self.draws, resource: drawn},
        )

    def grow(self, factor: float | Mapping[str, float]) -> System:
        """The system with its arrivals multiplied: all by one factor, or each journey by its own (others stay)."""
        by = factor if isinstance(factor, Mapping) else dict.fromkeys(self.journeys, factor)
        if unknown := [name for name in by if name not in self.parts.rates]:
            raise InvalidInput(f"grow: found the journey {unknown[0]!r}; expected one of {listing(self.journeys)}.")
        times = {name: above_zero("grow", "factor", by.get(name, 1.0), "times") for name in self.journeys}
        return replace(self, arrivals={name: rate.times(times[name]) for name, rate in self.parts.rates.items()})

    def _busy(self, resource: str) -> float:
        """Servers in use, at a pure delay those who are there."""
        asked = (self.parts.rates[name].value * each.value for name, each in self.parts.demands[resource].items())
        return math.fsum(asked) + self.parts.background[resource].value

    def _place(self, resource: str) -> int:
        if resource not in self.resources:
            raise InvalidInput(f"System: found the resource {resource!r}; expected one of {listing(self.resources)}.")
        return self.resources.index(resource)

    @cached_property
    def _shares(self) -> Floats:
        return np.array(list(self.mix.values()))

    @cached_property
    def _rates(self) -> Floats:
        """What the arrivals may be: (journey, DRAWS); they err together."""
        deviates = generator("arrivals").standard_normal(DRAWS)
        return np.stack([draw(rate, deviates) for rate in self.parts.rates.values()])

    @cached_property
    def _demands(self) -> Floats:
        """What the demands may be: (resource, DRAWS, journey)."""
        return np.stack([self._drawn(resource)[:, 1:] for resource in self.resources])

    @cached_property
    def _background(self) -> Floats:
        """What the background may be: (resource, DRAWS)."""
        return np.stack([self._drawn(resource)[:, 0] for resource in self.resources])

    def _drawn(self, resource: str) -> Floats:
        if resource in self.draws:
            return self.draws[resource]
        deviates = generator(resource).standard_normal(DRAWS)
        aside = generator(resource, "background").standard_normal(DRAWS)
        demands = [draw(each, deviates) for each in self.parts.demands[resource].values()]
        return np.column_stack([draw(self.parts.background[resource], aside), *demands])
