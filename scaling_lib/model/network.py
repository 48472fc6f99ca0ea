"""A `System` as the network of queues that `queueing` solves: one mean request, delays aside, background worked in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaling_lib.errors import InvalidInput
from scaling_lib.words import number

if TYPE_CHECKING:
    from scaling_lib.model.system import System


@dataclass(frozen=True, kw_only=True)
class Network:
    """demands: seconds of the mean request by resource that can queue; servers: of those.

    delay: seconds at the others; think_time: with the delay, which is thinking to those who queue.
    """

    demands: dict[str, float]
    servers: dict[str, int]
    delay: float
    think_time: float


def as_network(system: System) -> Network:
    """The closed network of a system's mean request.

    Background work takes its share of the servers: demands are longer by servers / (servers - background). For a single
    server that is exact (Baskett and others 1975: the background is an open class of a mixed network).
    Raises InvalidInput where it takes all servers of a resource.
    """
    demands, servers, delay = {}, {}, 0.0
    for resource, count in system.parts.servers.items():
        demand = math.fsum(system.mix[name] * each.value for name, each in system.parts.demands[resource].items())
        if math.isinf(count):
            delay += demand
            continue
        background = system.parts.background[resource].value
        if background >= count:
            raise InvalidInput(
                f"System: the background of {resource!r} takes {number(background)} of {number(count)} servers; "
                "expected fewer, or nothing is left for requests."
            )
        demands[resource], servers[resource] = demand * count / (count - background), int(count)
    return Network(demands=demands, servers=servers, delay=delay, think_time=delay + system.think_time)
