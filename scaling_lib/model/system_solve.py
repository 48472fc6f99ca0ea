"""The solution of a `System`: open, at its arrivals, or closed, with so many users."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaling_lib.model.demands import whole
from scaling_lib.model.erlang import erlang_c
from scaling_lib.model.mva import mva
from scaling_lib.model.network import as_network
from scaling_lib.model.trust import FULL

if TYPE_CHECKING:
    from scaling_lib.model.system import System


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A system in balance, at the demands' values.

    population: users of the closed network, None for the open one.
    throughput: answers/s, of all journeys; where the open system is not stable, what its bottleneck lets through.
    throughputs: the same by journey.
    response: mean seconds by journey, infinite where it asks for a saturated resource; NaN without users.
    mean_response: over the mix.
    residence: mean seconds of a request by resource, over the mix; residences: by resource and journey.
    utilization: by resource, a fraction; 1 or more where more is asked than it can do.
    saturated: the resources that are full: at 1 or more in the open system, at 99% or more in the closed.
    stable: whether queues end: false where the open system has a saturated resource, always true of the closed.
    busiest: the utilization of the busiest resource that has servers.
    throughput_trusted, response_trusted: whether measured levels bear it out that far, see `Trust`; None where the
        system was not held against any.
    """

    population: int | None
    throughput: float
    throughputs: Mapping[str, float]
    response: Mapping[str, float]
    mean_response: float
    residence: Mapping[str, float]
    residences: Mapping[str, Mapping[str, float]]
    utilization: Mapping[str, float]
    saturated: tuple[str, ...]
    stable: bool
    busiest: float
    throughput_trusted: bool | None
    response_trusted: bool | None


def solve_open(system: System) -> Solution:
    """Each resource an M/M/c queue: it stretches each demand by 1 + C / (servers - busy), C by Erlang.

    Exact where arrivals are Poisson and the network has product form, for each journey: a resource stretches what all
    journeys ask of it alike.
    Source: Baskett, Chandy, Muntz and Palacios, Open, closed, and mixed networks of queues, JACM 22 (1975).
    """
    utilization = system.utilization()
    saturated = tuple(name for name, share in utilization.items() if share >= 1)
    throughput = system.bounds().saturation.value if saturated else system.throughput
    stretch = {name: _stretch(utilization[name], system.parts.servers[name]) for name in utilization}
    return _solution(system, None, throughput, stretch, utilization, saturated)


def solve_closed(system: System, population: int) -> Solution:
    """By exact mean value analysis of the mean request; a resource stretches the demands of all journeys alike.

    Exact where the network has product form and each user asks for the next journey by chance, in the mix's shares:
    they are then one chain of customers, and no classes of a population each (`queueing.mva` has those).
    """
    population = whole("solve", "population", population, least=0)
    network = as_network(system)
    found = mva(network.demands, population, network.think_time, network.servers)
    free = {
        name: 1 - system.parts.background[name].value / count if math.isfinite(count) else 1.0
        for name, count in system.parts.servers.items()
    }
    stretch = {
        name: found.residence[name] / (network.demands[name] * free[name]) if network.demands.get(name) else 1.0
        for name in free
    }
    utilization = {
        name: found.utilization[name] * free[name] + (1 - free[name]) if name in network.demands else 0.0
        for name in free
    }
    saturated = tuple(name for name, share in utilization.items() if share >= FULL)
    return _solution(system, population, found.throughput, stretch, utilization, saturated)


def _stretch(utilization: float, servers: float) -> float:
    """The seconds at a resource for one second of service there."""
    if math.isinf(servers):
        return 1.0
    busy = utilization * servers
    return 1 + erlang_c(busy, int(servers)) / (servers - busy) if utilization < 1 else math.inf


def _solution(
    system: System,
    population: int | None,
    throughput: float,
    stretch: Mapping[str, float],
    utilization: Mapping[str, float],
    saturated: tuple[str, ...],
) -> Solution:
    residences = {
        resource: {name: each.value * stretch[resource] if each.value else 0.0 for name, each in demands.items()}
        for resource, demands in system.parts.demands.items()
    }
    residence = {
        resource: math.fsum(system.mix[name] * seconds for name, seconds in by.items() if system.mix[name])
        for resource, by in residences.items()
    }
    busiest = max(share for name, share in utilization.items() if math.isfinite(system.parts.servers[name]))
    trust = system.trust
    return Solution(
        population=population,
        throughput=throughput,
        throughputs={name: throughput * share for name, share in system.mix.items()},
        response={name: math.fsum(by[name] for by in residences.values()) for name in system.journeys},
        mean_response=math.fsum(residence.values()),
        residence=residence,
        residences=residences,
        utilization=utilization,
        saturated=saturated,
        stable=population is not None or not saturated,
        busiest=busiest,
        throughput_trusted=trust.of_throughput(busiest) if trust else None,
        response_trusted=trust.of_response(busiest) if trust else None,
    )
