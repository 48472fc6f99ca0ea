"""Open networks: customers arrive at a given rate, ask each resource for service, and leave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, overload

import numpy as np

from scaling_lib.errors import InvalidInput
from scaling_lib.model.demands import Servers, at_least_zero, read_demands, read_servers
from scaling_lib.model.erlang import erlang_c
from scaling_lib.model.mva import ByName, InOrder, Quantities
from scaling_lib.model.mva_classes import ClassDemands, read_class_demands


@dataclass(frozen=True, kw_only=True)
class Open(Generic[Quantities]):
    """An open network; quantities of each resource by name, or in the order of a sequence of demands.

    arrival_rate: customers/s; utilization: of each server of a resource, a fraction that is 1 or more where the
        arrivals ask for more than it can do.
    residence: mean seconds a customer spends at each resource; response: their sum.
    queue_lengths: mean customers at each resource, waiting or in service.
    saturated: the resources whose utilisation is 1 or more. Their queues grow without end: residence, queue length and
        response are infinite, and the network is not `stable`.
    growth_limit: by how much the arrivals can be multiplied until the first resource saturates; below 1 where one has.
    bottleneck: that resource.
    """

    arrival_rate: float
    utilization: Quantities
    residence: Quantities
    response: float
    queue_lengths: Quantities
    saturated: tuple[Any, ...]
    growth_limit: float
    bottleneck: Any

    @property
    def stable(self) -> bool:
        """Whether no resource is saturated."""
        return not self.saturated


@dataclass(frozen=True, kw_only=True)
class OpenClasses:
    """An open network with classes of customers: as `Open`, with rates and responses by class.

    arrival_rates, response: by class; residence, queue_lengths: by resource and class; utilization: by resource, of
    all classes. A class is infinitely slow where it asks anything of a saturated resource, the others are not.
    """

    arrival_rates: Mapping[str, float]
    utilization: Mapping[str, float]
    residence: Mapping[str, Mapping[str, float]]
    response: Mapping[str, float]
    queue_lengths: Mapping[str, Mapping[str, float]]
    saturated: tuple[str, ...]
    growth_limit: float
    bottleneck: str

    @property
    def stable(self) -> bool:
        """Whether no resource is saturated."""
        return not self.saturated


@overload
def open_network(demands: ByName, arrival_rates: float, servers: Servers = None) -> Open[ByName]: ...
@overload
def open_network(demands: Sequence[float], arrival_rates: float, servers: Servers = None) -> Open[InOrder]: ...
@overload
def open_network(demands: ClassDemands, arrival_rates: Mapping[str, float], servers: Servers = None) -> OpenClasses: ...
def open_network(demands: Any, arrival_rates: Any, servers: Servers = None) -> Open[Any] | OpenClasses:
    """Utilisation, residence and response of an open network of M/M/c queues.

    demands: seconds of service a customer asks of each resource, by name or in a sequence; 0 or more, one above 0. With
        classes a mapping by class for each resource.
    arrival_rates: customers/s, 0 or more; with classes a mapping by class.
    servers: how many serve at each resource, given as the demands are; one where None or not named.

    A resource stretches each demand by 1 + C / (servers - load), C by Erlang with the load of all classes. That is
    exact under the conditions of `mva.mva`. Saturation is a state of the result and no error.
    Raises InvalidInput for what cannot be.
    Source: Baskett, Chandy, Muntz and Palacios, Open, closed, and mixed networks of queues, JACM 22 (1975).
    """
    if isinstance(arrival_rates, Mapping):
        return _classes(demands, arrival_rates, servers)
    read = read_demands("open_network", demands)
    rate = at_least_zero("open_network", "arrival rate", arrival_rates, "customers/s")
    counts = read_servers("open_network", servers, read, demands)
    loads = [rate * demand for demand in read.values()]
    residence = [
        _times(demand, _stretch(load, count)) for demand, load, count in zip(read.values(), loads, counts, strict=True)
    ]

    def named(values: list[float]) -> Any:
        return dict(zip(read, values, strict=True)) if isinstance(demands, Mapping) else tuple(values)

    shares = dict(zip(read, [load / count for load, count in zip(loads, counts, strict=True)], strict=True))
    each = dict(zip(read, [demand / count for demand, count in zip(read.values(), counts, strict=True)], strict=True))
    return Open(
        arrival_rate=rate,
        utilization=named(list(shares.values())),
        residence=named(residence),
        response=math.fsum(residence),
        queue_lengths=named([_times(rate, seconds) for seconds in residence]),
        saturated=_saturated(shares),
        growth_limit=_growth_limit(shares),
        bottleneck=max(each, key=lambda name: each[name]),
    )


def _classes(demands: ClassDemands, arrival_rates: Mapping[str, float], servers: Servers) -> OpenClasses:
    where, names = "open_network", list(arrival_rates)
    seconds = read_class_demands(where, demands, names)
    counts = read_servers(where, servers, demands, demands)
    rates = {
        name: at_least_zero(where, f"arrival rate of {name!r}", rate, "customers/s")
        for name, rate in arrival_rates.items()
    }
    if not any(rates.values()):
        raise InvalidInput(f"{where}: found arrival rates of 0 only; expected one above 0, or the mix is not known.")
    loads = (seconds @ np.array(list(rates.values()))).tolist()
    residence = {
        name: {each: _times(demand, _stretch(load, count)) for each, demand in zip(names, row, strict=True)}
        for name, row, load, count in zip(demands, seconds.tolist(), loads, counts, strict=True)
    }
    shares = dict(zip(demands, [load / count for load, count in zip(loads, counts, strict=True)], strict=True))
    return OpenClasses(
        arrival_rates=rates,
        utilization=shares,
        residence=residence,
        response={each: math.fsum(row[each] for row in residence.values()) for each in names},
        queue_lengths={
            name: {each: _times(rates[each], row[each]) for each in names} for name, row in residence.items()
        },
        saturated=_saturated(shares),
        growth_limit=_growth_limit(shares),
        bottleneck=max(shares, key=lambda name: shares[name]),
    )


def _stretch(load: float, servers: int) -> float:
    """The seconds at a resource for one second of service there."""
    return 1 + erlang_c(load, servers) / (servers - load) if load < servers else math.inf


def _times(one: float, other: float) -> float:
    """0 times infinitely long is 0: whoever asks nothing does not wait."""
    return one * other if one and other else 0.0


def _saturated(shares: Mapping[Any, float]) -> tuple[Any, ...]:
    return tuple(name for name, share in shares.items() if share >= 1)


def _growth_limit(shares: Mapping[Any, float]) -> float:
    largest = max(shares.values())
    return 1 / largest if largest > 0 else math.inf
