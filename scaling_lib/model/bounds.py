"""Bounds of throughput and response that hold for any closed network with these demands, without solving it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scaling_lib.model.demands import Demands, Servers, at_least_zero, read_demands, read_servers, whole


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where to where: throughput in customers/s, response in seconds (NaN without customers)."""

    throughput_low: float
    throughput_high: float
    response_low: float
    response_high: float


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a closed network can do at best and at worst.

    asymptotic: with no queueing at all at best, behind all others at each resource at worst.
    balanced: tighter; against networks whose demands are all equal. Holds where the exact solution of `mva` does.
    bottleneck: the resource that saturates first (the first such one).
    throughput_limit: what it lets through, customers/s, at any population.
    saturation_population: where the two asymptotes of the throughput meet (N*); with fewer customers delays limit the
        throughput, with more the bottleneck does.
    """

    population: int
    think_time: float
    bottleneck: Any
    throughput_limit: float
    saturation_population: float
    asymptotic: Limits
    balanced: Limits


def bounds(demands: Demands, population: int, think_time: float = 0, *, servers: Servers = None) -> Bounds:
    """Asymptotic and balanced bounds of throughput and response.

    demands: seconds of service a customer asks of each resource, by name or in a sequence; 0 or more, one above 0.
    population: customers, a whole number of 0 or more; think_time: seconds between two requests of one customer.
    servers: how many serve at each resource, given as the demands are; one where None or not named.
    Raises InvalidInput for what cannot be.

    Sources: Denning and Buzen, The operational analysis of queueing network models, Computing Surveys 10 (1978);
    Zahorjan, Sevcik, Eager and Galler, Balanced job bound analysis, CACM 25 (1982). With several servers each balanced
    bound is that of a network that is surely slower (one fast server and a delay, Seidmann) or surely faster (one fast
    server without the delay; as many servers as customers).
    """
    read = read_demands("bounds", demands)
    counts = read_servers("bounds", servers, read, demands)
    population = whole("bounds", "population", population, least=0)
    think_time = at_least_zero("bounds", "think_time", think_time, "s")
    seconds = list(read.values())
    each = [demand / count for demand, count in zip(seconds, counts, strict=True)]
    single = [demand for demand, count in zip(seconds, counts, strict=True) if count == 1]
    total, longest = math.fsum(seconds), max(each)
    delay, rest = total - math.fsum(each), total - math.fsum(single)
    least = max(total, population * longest - think_time)
    fast = max(least, rest + _balanced(single, think_time + rest, population), _balanced(each, think_time, population))
    slow = delay + _worst(each, think_time + delay, population)

    def limits(response_low: float, response_high: float) -> Limits:
        known = population > 0
        return Limits(
            throughput_low=population / (response_high + think_time) if known else 0.0,
            throughput_high=min(1 / longest, population / (response_low + think_time)),
            response_low=response_low if known else math.nan,
            response_high=response_high if known else math.nan,
        )

    return Bounds(
        population=population,
        think_time=think_time,
        bottleneck=next(name for name, share in zip(read, each, strict=True) if share == longest),
        throughput_limit=1 / longest,
        saturation_population=(total + think_time) / longest,
        asymptotic=limits(least, population * total),
        balanced=limits(fast, slow),
    )


def _balanced(demands: list[float], think_time: float, population: int) -> float:
    """The response where all demands are equal and have this sum: no others with this sum are faster."""
    total = math.fsum(demands)
    return total + max(population - 1, 0) * total / len(demands) / (1 + think_time / total) if total else 0.0


def _worst(demands: list[float], think_time: float, population: int) -> float:
    """The response where all demand is at resources as slow as the slowest."""
    total = math.fsum(demands)
    return total + (population - 1) * max(demands) / (1 + think_time / (population * total)) if population else total
