"""Closed networks with several classes of customers: exact where they are few, else by Schweitzer's approximation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, ScalingError
from scaling_lib.model import closed, lattice
from scaling_lib.model.demands import (
    Servers,
    at_least_zero,
    check_names,
    check_some_demand,
    read_servers,
    whole,
)

Floats = NDArray[np.float64]
ClassDemands = Mapping[str, Mapping[str, float]]

MOST_WORK = 200_000_000  # additions of a weight, one or two seconds; beyond, Schweitzer's approximation
MOST_ROUNDS = 100_000
CONVERGED = 1e-11  # of the population: the largest change of a queue in a round


@dataclass(frozen=True, kw_only=True)
class ClosedClasses:
    """A closed network with classes of customers, in balance.

    throughput: customers/s by class; response: mean seconds by class, NaN for a class without customers.
    queue_lengths, residence: mean customers, and mean seconds of one, by resource and class.
    utilization: of each server of a resource by all classes, a fraction.
    method: the one that was used, "exact" or "schweitzer".
    """

    population: Mapping[str, int]
    think_time: Mapping[str, float]
    throughput: Mapping[str, float]
    response: Mapping[str, float]
    queue_lengths: Mapping[str, Mapping[str, float]]
    residence: Mapping[str, Mapping[str, float]]
    utilization: Mapping[str, float]
    method: Literal["exact", "schweitzer"]


def solve_classes(
    demands: ClassDemands,
    population: Mapping[str, int],
    think_time: float | Mapping[str, float],
    servers: Servers,
    method: Literal["exact", "schweitzer"],
) -> ClosedClasses:
    """See `mva.mva`, which is the public function."""
    names = list(population)
    seconds = read_class_demands("mva", demands, names)
    counts = np.array(read_servers("mva", servers, demands, demands), dtype=np.float64)
    customers = {name: whole("mva", f"population of {name!r}", count, least=0) for name, count in population.items()}
    thinks = _think_times(think_time, names)
    present = [place for place, name in enumerate(names) if customers[name]]
    throughput, queues = np.zeros(len(names)), np.zeros_like(seconds)
    if present:
        few = [customers[names[place]] for place in present]
        asked, think = seconds[:, present], np.array([thinks[names[place]] for place in present])
        if method == "exact" and not _few_enough(few, len(counts)):
            method = "schweitzer"
        throughput[present], queues[:, present] = _solve(asked, counts, few, think, method)
    residence = np.divide(queues, throughput, out=np.full_like(queues, np.nan), where=throughput > 0)

    def by_both(values: Floats) -> dict[str, dict[str, float]]:
        return {name: dict(zip(names, row.tolist(), strict=True)) for name, row in zip(demands, values, strict=True)}

    return ClosedClasses(
        population=customers,
        think_time=thinks,
        throughput=dict(zip(names, throughput.tolist(), strict=True)),
        response=dict(zip(names, residence.sum(axis=0).tolist(), strict=True)),
        queue_lengths=by_both(queues),
        residence=by_both(residence),
        utilization=dict(zip(demands, np.minimum((seconds @ throughput) / counts, 1).tolist(), strict=True)),
        method=method,
    )


def _solve(
    demands: Floats, servers: Floats, populations: list[int], think_times: Floats, method: str
) -> tuple[Any, Floats]:
    if method == "exact" and len(populations) == 1:
        whole_servers = [int(count) for count in servers]
        throughput, queues = closed.exact(demands[:, 0].tolist(), whole_servers, populations[0], float(think_times[0]))
        return throughput, np.array(queues)[:, None]
    near = _schweitzer(demands, servers, np.array(populations, dtype=np.float64), think_times)
    return lattice.exact(demands, servers, populations, think_times, near[0]) if method == "exact" else near


def _few_enough(populations: list[int], resources: int) -> bool:
    customers = sum(populations)
    if len(populations) == 1:
        return customers <= closed.MOST_CUSTOMERS
    work = math.prod(count + 1 for count in populations) * customers * len(populations) * resources
    return customers <= lattice.MOST_CUSTOMERS and work <= MOST_WORK


def read_class_demands(where: str, demands: Any, classes: list[str]) -> Floats:
    """Seconds, resource by class; a class that a resource does not name asks nothing of it."""
    if not (isinstance(demands, Mapping) and all(isinstance(row, Mapping) for row in demands.values())):
        raise InvalidInput(
            f"{where}: found demands {demands!r}; expected a mapping by class for each resource, such as "
            "{'cpu': {'browse': 0.01, 'buy': 0.03}}, because the other numbers are given by class."
        )
    if not classes:
        raise InvalidInput(f"{where}: found no class of customers; expected at least one.")
    for row in demands.values():
        check_names(where, "a demand of class", row, classes)
    read = {
        name: [at_least_zero(where, f"demand of {name!r} by {each!r}", row.get(each, 0), "s") for each in classes]
        for name, row in demands.items()
    }
    for place, each in enumerate(classes):
        check_some_demand(where, {name: row[place] for name, row in read.items()}, f" of class {each!r}")
    return np.array(list(read.values()))


def _think_times(think_time: float | Mapping[str, float], names: list[str]) -> dict[str, float]:
    if not isinstance(think_time, Mapping):
        return dict.fromkeys(names, at_least_zero("mva", "think_time", think_time, "s"))
    check_names("mva", "think_time of", think_time, names)
    return {name: at_least_zero("mva", f"think_time of {name!r}", think_time.get(name, 0), "s") for name in names}


def _schweitzer(demands: Floats, servers: Floats, populations: Floats, think_times: Floats) -> tuple[Floats, Floats]:
    """Throughput by class and customers by resource and class, with several servers as `closed.schweitzer`."""
    queued = demands / servers[:, None]
    delay = demands - queued
    queues = np.where(queued > 0, populations / np.maximum((queued > 0).sum(axis=0), 1), 0.0)
    for _ in range(MOST_ROUNDS):
        seen = queues.sum(axis=1, keepdims=True) - queues / populations
        waits = queued * (1 + seen)
        throughput = populations / ((waits + delay).sum(axis=0) + think_times)
        change = throughput * waits - queues
        queues = queues + change
        if np.abs(change).max() <= CONVERGED * populations.max():
            return throughput, queues + throughput * delay
    raise ScalingError(
        f"mva: Schweitzer's approximation did not settle within {MOST_ROUNDS:,} rounds; expected that it does. Take "
        "classes with like demands together, or fewer customers."
    )
