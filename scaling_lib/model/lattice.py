"""Several classes of customers in a closed network of queues: the exact solution over all their populations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scaling_lib.model.closed import poisson

Floats = NDArray[np.float64]

MOST_CUSTOMERS = 600  # the weights of many servers grow like e^customers, which a float holds up to e^709


def exact(
    demands: Floats, servers: Floats, populations: list[int], think_times: Floats, scales: Floats
) -> tuple[Floats, Floats]:
    """Throughput by class and customers by resource and class.

    demands: seconds, resource by class; servers: by resource; populations: 1 or more, think_times: seconds, by class.
    scales: about the throughput that is to be expected of each class; any near it gives the same result. Demands are
        counted in its units, so that the weights stay within the range of a float.

    The convolution of weights as in `closed.exact`, each array over all populations from none to all. The weights of
    one resource are powers of a step, which adds one customer of any class: step^n / (1 x 2 x ... up to its servers).
    Work: states x customers x classes for each resource.
    Source: Reiser and Kobayashi, Queueing networks with multiple closed chains, IBM J. Research 19 (1975).
    """
    loads = demands * scales
    thinking = np.ones([1] * len(populations))
    for axis, (count, mean) in enumerate(zip(populations, scales * think_times, strict=True)):
        weights = poisson(mean, count + 1)
        thinking = thinking * weights.reshape([-1 if place == axis else 1 for place in range(len(populations))])
    before = [thinking]
    counted = []
    for load, count in zip(loads, servers, strict=True):
        joined, less = _join(before[-1], load, float(count))
        before.append(joined / joined.max())
        counted.append((joined, less))
    throughput = np.array([scales[each] * _one_less(before[-1], each).flat[-1] for each in range(len(populations))])
    throughput /= before[-1].flat[-1]
    after = np.zeros_like(before[-1])
    after.flat[0] = 1.0
    queues = np.zeros_like(demands)
    for place in range(len(demands) - 1, -1, -1):
        joined, less = counted[place]
        rest = after[(slice(None, None, -1),) * after.ndim]
        whole = float((joined * rest).sum())
        for each in range(len(populations)):
            queues[place, each] = loads[place, each] * float((_one_less(less, each) * rest).sum()) / whole
        after, _ = _join(after, loads[place], float(servers[place]))
        after /= after.max()
    return throughput, queues


def _join(others: Floats, load: Floats, servers: float) -> tuple[Floats, Floats]:
    """The weights with this resource beside the others, and the same with each way counted by its customers.

    The latter are the derivative by the step: times the load of a class and one customer of it later, they count the
    customers of that class.
    """
    joined, less = others.copy(), np.zeros_like(others)
    term = others
    for customers in range(1, sum(size - 1 for size in others.shape) + 1):
        less += customers / min(customers, servers) * term
        term = _step(term, load) / min(customers, servers)
        if not term.any():
            break
        joined += term
    return joined, less


def _step(values: Floats, load: Floats) -> Floats:
    """One customer more, of any class."""
    moved = np.zeros_like(values)
    for each, weight in enumerate(load):
        moved += weight * _one_less(values, each)
    return moved


def _one_less(values: Floats, each: int) -> Floats:
    """At each population the value at one customer less of this class; 0 where it has none."""
    moved = np.zeros_like(values)
    later = [slice(None)] * values.ndim
    earlier = list(later)
    later[each], earlier[each] = slice(1, None), slice(None, -1)
    moved[tuple(later)] = values[tuple(earlier)]
    return moved
