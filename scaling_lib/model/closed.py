"""One class of customers in a closed network of queues: the exact solution, and Schweitzer's approximation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Solved = tuple[float, list[float]]  # throughput, mean customers at each resource

MOST_CUSTOMERS = 1_000_000  # some seconds of work
NEGLIGIBLE = 1e-150  # of the largest weight: two such multiply without leaving the range of a float


def exact(demands: Sequence[float], servers: Sequence[int], population: int, think_time: float) -> Solved:
    """Throughput and queue lengths as exact mean value analysis gives them, by the convolution of weights.

    The load-dependent recursion of MVA takes the probability of an empty resource as 1 minus the others, which is lost
    in rounding when a resource with several servers is busy. The convolution only adds and multiplies what is positive:
    each result is right to some 1e-12. Its range is kept by counting demands in units of the throughput that is to be
    expected, near which all weights that matter are of the order of 1.

    Work: population x (1 + servers) for each resource; a resource with at least `population` servers never queues.
    Source: Buzen, Computational algorithms for closed queueing networks, CACM 16 (1973); Reiser and Lavenberg, Mean
    value analysis of closed multichain queueing networks, JACM 27 (1980).
    """
    scale = _expected_throughput(demands, servers, population, think_time)
    resources = [_Weights(scale * each, count, population) for each, count in zip(demands, servers, strict=True)]
    before, joined = [poisson(scale * think_time, population + 1)], []
    for resource in resources:
        joined.append(resource.join(before[-1]))
        before.append(_kept(joined[-1]))
    throughput = scale * before[-1][population - 1] / before[-1][population]
    after = np.zeros(population + 1)
    after[0] = 1.0
    queues = []
    for resource, others, together in reversed(list(zip(resources, before[:-1], joined, strict=True))):
        rest = after[::-1]
        queues.append(float(resource.join_counted(others) @ rest / (together @ rest)))
        after = _kept(resource.join(after))
    return float(throughput), queues[::-1]


def schweitzer(demands: Sequence[float], servers: Sequence[int], population: int, think_time: float) -> Solved:
    """Throughput and queue lengths as an arriving customer sees (population - 1) / population of each queue.

    Several servers are a single one, as fast as all together, and a delay for the rest of the demand (Seidmann).
    The fixed point is the root of one equation in the throughput X: at each resource with demand D the queue is
    X D / (1 - X D (population - 1) / population), and all queues and those who think are the population.

    Source: Schweitzer, Approximate analysis of multiclass closed networks of queues (1979); Seidmann, Schweitzer and
    Shalev-Oren, Computerized closed queueing network models of flexible manufacturing systems (1987).
    """
    seen = (population - 1) / population

    def queue(throughput: float, demand: float, count: int) -> float:
        queued = throughput * demand / count
        free = 1 - queued * seen
        return throughput * demand - queued + queued / free if free > 0 else math.inf

    def customers(throughput: float) -> float:
        return throughput * think_time + sum(map(queue, [throughput] * len(demands), demands, servers))

    throughput = _root(customers, population, population / (math.fsum(demands) + think_time))
    return throughput, [queue(throughput, demand, count) for demand, count in zip(demands, servers, strict=True)]


def _expected_throughput(demands: Sequence[float], servers: Sequence[int], population: int, think_time: float) -> float:
    """The arrival rate at which the open network holds about `population` customers (Sakasegawa's queue of M/M/c)."""

    def queue(rate: float, demand: float, count: int) -> float:
        busy = rate * demand / count
        if count > population:
            return rate * demand
        return rate * demand + busy ** math.sqrt(2 * (count + 1)) / (1 - busy) if busy < 1 else math.inf

    def customers(rate: float) -> float:
        return rate * think_time + sum(map(queue, [rate] * len(demands), demands, servers))

    return _root(customers, population, population / (math.fsum(demands) + think_time))


def _root(rising: Callable[[float], float], target: float, high: float) -> float:
    """Where a rising function of a positive number reaches the target, at or below `high`."""
    low = 0.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return low or high


class _Weights:
    """The weights of n customers at a resource: load^n / (1 x 2 x ... up to its servers), relative to the largest."""

    def __init__(self, load: float, servers: int, population: int) -> None:
        self.servers = min(servers, population + 1)  # one more is never asked
        self.share = load / servers
        self.head = poisson(load, self.servers)  # fewer customers than servers
        self.full = float(self.head[-1]) * self.share  # as many; each further customer multiplies by the share

    def join(self, others: Floats) -> Floats:
        """The weights of n customers here and at the others together, for n = 0, 1, ..."""
        fewer: Floats = _convolve(self.head, others)
        return fewer + self.full * _later(_geometric(others, self.share), self.servers)

    def join_counted(self, others: Floats) -> Floats:
        """The same, each way to place the customers counted as often as it has customers here."""
        tail = _geometric(others, self.share)
        further = self.share * _later(_geometric(tail, self.share), 1)
        counted = self.head * np.arange(self.servers)
        fewer: Floats = _convolve(counted, others)
        return fewer + self.full * _later(self.servers * tail + further, self.servers)


def poisson(load: float, size: int) -> Floats:
    """load^n / n! for n below `size`, relative to the largest: from there down and up, so that nothing overflows."""
    top = min(int(load), size - 1)
    weights = np.ones(size)
    weights[:top] = np.cumprod(np.arange(top, 0, -1) / load)[::-1] if top else weights[:top]
    weights[top + 1 :] = np.cumprod(load / np.arange(top + 1, size))
    weights[weights < NEGLIGIBLE] = 0.0
    return weights


def _convolve(short: Floats, long: Floats) -> Floats:
    filled = np.flatnonzero(short)
    if filled.size == 0:
        return np.zeros_like(long)
    first, last = filled[0], filled[-1]
    together: Floats = np.convolve(short[first : last + 1], long)
    return _later(together[: long.size], int(first))


def _geometric(values: Floats, share: float) -> Floats:
    """The sum of values[n - k] share^k over k, of twice as many k in each round."""
    total, reach = values.copy(), 1
    while reach < len(total) and (weight := share**reach):
        total[reach:] += weight * total[:-reach]
        reach *= 2
    return total


def _later(values: Floats, by: int) -> Floats:
    """The same values, each by so many places later."""
    moved = np.zeros_like(values)
    moved[by:] = values[: max(values.size - by, 0)]
    return moved


def _kept(weights: Floats) -> Floats:
    weights = weights / weights.max()
    weights[weights < NEGLIGIBLE] = 0.0
    return weights
