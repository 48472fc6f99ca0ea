"""Queues simulated customer by customer with simpy: what the formulas are held against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

import simpy
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """The mean of independent runs with its interval (Student's t)."""

    value: float
    low: float
    high: float

    def __contains__(self, other: float) -> bool:
        return self.low <= other <= self.high


def interval(runs: list[float], level: float = 0.99) -> Interval:
    mean = math.fsum(runs) / len(runs)
    error = math.sqrt(math.fsum((run - mean) ** 2 for run in runs) / (len(runs) - 1) / len(runs))
    half = float(stats.t.ppf(0.5 + level / 2, len(runs) - 1)) * error
    return Interval(mean, mean - half, mean + half)


def closed(
    seed: int,
    *,
    service: dict[str, float],
    servers: dict[str, int],
    visits: dict[str, dict[str, float]],
    population: dict[str, int],
    think_time: float,
    warm_up: float,
    duration: float,
) -> dict[str, tuple[float, float]]:
    """Throughput and mean response by class of one run.

    service: mean seconds of one visit, exponential, first come first served; visits: by class and resource, the
    probability of a visit. Thinking is exponential. All begin thinking; what starts within `warm_up` is not counted.
    """
    random, world = Random(seed), simpy.Environment()
    resources = {name: simpy.Resource(world, count) for name, count in servers.items()}
    responses: dict[str, list[float]] = {name: [] for name in population}
    completed = dict.fromkeys(population, 0)

    def customer(name: str):
        while True:
            if think_time:
                yield world.timeout(random.expovariate(1 / think_time))
            start = world.now
            for resource, chance in visits[name].items():
                if random.random() < chance:
                    with resources[resource].request() as turn:
                        yield turn
                        yield world.timeout(random.expovariate(1 / service[resource]))
            if world.now > warm_up:
                completed[name] += 1
            if start > warm_up:
                responses[name].append(world.now - start)

    for name, count in population.items():
        for _ in range(count):
            world.process(customer(name))
    world.run(until=warm_up + duration)
    return {
        name: (completed[name] / duration, math.fsum(seconds) / len(seconds)) for name, seconds in responses.items()
    }


def opened(
    seed: int, *, arrival_rate: float, service: dict[str, float], servers: dict[str, int], customers: int
) -> list[tuple[float, float]]:
    """Wait and response of customers who arrive at random and visit each resource once; the first tenth is left out."""
    random, world = Random(seed), simpy.Environment()
    resources = {name: simpy.Resource(world, count) for name, count in servers.items()}
    seen: list[tuple[float, float]] = []

    def customer(number: int):
        start, waited = world.now, 0.0
        for name, resource in resources.items():
            came = world.now
            with resource.request() as turn:
                yield turn
                waited += world.now - came
                yield world.timeout(random.expovariate(1 / service[name]))
        if number >= customers // 10:
            seen.append((waited, world.now - start))

    def arrivals():
        for number in range(customers):
            yield world.timeout(random.expovariate(arrival_rate))
            world.process(customer(number))

    world.process(arrivals())
    world.run()
    return seen
