"""What a system asks of its resources, as draws that patterns change together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.model import System
from scaling_lib.model.uncertainty import DRAWS
from scaling_lib.words import listing

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Load:
    """A request of the mean mix, by resource, as draws (DRAWS).

    demand: seconds of a server that it asks. servers: how many count, after background, coordination and overheads.
    waiting_s: what it waits beyond its demands, all resources together (a queue's hand-over, a cold start).
    """

    demand: Mapping[str, Floats]
    servers: Mapping[str, Floats]
    waiting_s: Floats

    def capacity(self) -> Floats:
        """Requests/s at which the first resource is full: min over k of servers / demand (the utilisation law)."""
        return np.asarray(np.min([self._limit(name) for name in self.demand], axis=0))

    def bottleneck(self) -> str:
        """The resource that is full first in most draws."""
        limits = np.stack([self._limit(name) for name in self.demand])
        places = np.bincount(limits.argmin(axis=0), minlength=len(limits))
        return list(self.demand)[int(places.argmax())]

    def response_s(self) -> Floats:
        """Seconds of a request with nobody else there: its demands and what it waits beyond them."""
        return np.asarray(sum(self.demand.values()) + self.waiting_s)

    def with_demand(self, resource: str, demand: Floats) -> Load:
        """The load with another demand at a resource, which may be a new one (with one server)."""
        one = {resource: np.ones(DRAWS)} if resource not in self.servers else {}
        return replace(self, demand={**self.demand, resource: demand}, servers={**self.servers, **one})

    def with_servers(self, resource: str, servers: Floats) -> Load:
        """The load with so many servers that count at a resource."""
        self.check(resource)
        return replace(self, servers={**self.servers, resource: servers})

    def check(self, *resources: str) -> None:
        """Raise InvalidInput for a resource that the system does not have."""
        if unknown := [name for name in resources if name not in self.demand]:
            raise InvalidInput(
                f"Pattern: found the resource {unknown[0]!r}; expected one of {listing(list(self.demand))}."
            )

    def _limit(self, resource: str) -> Floats:
        demand, servers = self.demand[resource], self.servers[resource]
        return np.asarray(np.divide(servers, demand, out=np.full(DRAWS, np.inf), where=demand > 0))


def load_of(system: System) -> Load:
    """The load of a system, with all that is not sure of it. Pure delays limit nothing: their time is waiting."""
    demands, free = system.mean_demand_draws(), system.free_draws()
    limiting = system.limit_draws()
    delays = [demand for name, demand in demands.items() if name not in limiting]
    return Load(
        demand={name: demands[name] for name in limiting},
        servers={name: free[name] for name in limiting},
        waiting_s=np.sum(delays, axis=0) if delays else np.zeros(DRAWS),
    )
