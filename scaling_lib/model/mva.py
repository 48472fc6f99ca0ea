"""Mean value analysis of closed networks: how throughput, response and queues answer to the number of customers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args, overload

from scaling_lib.errors import InvalidInput
from scaling_lib.model import closed
from scaling_lib.model.demands import Servers, at_least_zero, read_demands, read_servers, whole
from scaling_lib.model.mva_classes import ClassDemands, ClosedClasses, solve_classes

Method = Literal["exact", "schweitzer"]
ByName = Mapping[str, float]
InOrder = tuple[float, ...]
Quantities = TypeVar("Quantities", ByName, InOrder)


@dataclass(frozen=True, kw_only=True)
class Closed(Generic[Quantities]):
    """A closed network in balance; quantities of each resource by name, or in the order of a sequence of demands.

    throughput: customers/s; response: mean seconds from the end of thinking to its next begin, NaN without customers.
    queue_lengths: mean customers at each resource, waiting or in service.
    residence: mean seconds a customer spends at each resource (the response is their sum), NaN without customers.
    utilization: of each server of a resource, a fraction.
    method: "exact" or "schweitzer".
    """

    population: int
    think_time: float
    throughput: float
    response: float
    queue_lengths: Quantities
    residence: Quantities
    utilization: Quantities
    method: Method


@overload
def mva(
    demands: ByName, population: int, think_time: float = 0, servers: Servers = None, method: Method = "exact"
) -> Closed[ByName]: ...
@overload
def mva(
    demands: Sequence[float], population: int, think_time: float = 0, servers: Servers = None, method: Method = "exact"
) -> Closed[InOrder]: ...
@overload
def mva(
    demands: ClassDemands,
    population: Mapping[str, int],
    think_time: float | Mapping[str, float] = 0,
    servers: Servers = None,
    method: Method = "exact",
) -> ClosedClasses: ...
def mva(
    demands: Any, population: Any, think_time: Any = 0, servers: Servers = None, method: Method = "exact"
) -> Closed[Any] | ClosedClasses:
    """The solution of a closed network: customers who think, ask each resource for service, and think again.

    demands: seconds of service a customer asks of each resource, by name or in a sequence; 0 or more, one above 0.
    population: customers, a whole number of 0 or more; think_time: seconds between two requests of one customer.
    servers: how many serve at each resource, given as the demands are; one where None or not named. A pure delay is a
        resource with as many servers as there are customers.
    method: "exact", stable at 10,000 customers and 1,000 servers; or "schweitzer" (Bard's and Schweitzer's
        approximation, several servers by Seidmann's): its throughput is too low, by up to 7% with single servers, and
        with several by up to 25% where about as many customers as servers meet at one resource (3 at 3 servers; 3%
        with 1,000 at 1,000). Far from there it is right.

    With classes of customers, `demands` are mappings by class for each resource, `population` is a mapping by class,
    and `think_time` a number or a mapping; the result is `ClosedClasses`, which says the method that was used: with
    more customers than the exact solution can take in a second or so it is Schweitzer's. Its throughput was seen 25%
    too low for a class of 1 to 3 customers beside a large one, and within 2% where each class has 100 or more.

    Exact means: as exact as the model (product form): service that does not depend on history, processor sharing, or
    first come first served with exponential times that are equal for all classes.
    Raises InvalidInput for what cannot be.
    Source: Reiser and Lavenberg, Mean value analysis of closed multichain queueing networks, JACM 27 (1980).
    """
    if method not in get_args(Method):
        raise InvalidInput(f"mva: found method {method!r}; expected one of {', '.join(get_args(Method))}.")
    if isinstance(population, Mapping):
        return solve_classes(demands, population, think_time, servers, method)
    read = read_demands("mva", demands)
    counts = read_servers("mva", servers, read, demands)
    population = whole("mva", "population", population, least=0)
    think_time = at_least_zero("mva", "think_time", think_time, "s")
    seconds = list(read.values())
    throughput, queues = 0.0, [0.0] * len(seconds)
    if method == "exact" and population > closed.MOST_CUSTOMERS:
        raise InvalidInput(
            f"mva: found {population:,} customers; expected at most {closed.MOST_CUSTOMERS:,} for the exact solution. "
            "Take method='schweitzer', whose work does not grow with the customers."
        )
    if population:
        solve = closed.exact if method == "exact" else closed.schweitzer
        throughput, queues = solve(seconds, counts, population, think_time)
        # the last digit may be lost in rounding, the bounds are not
        most = min(count / demand for demand, count in zip(seconds, counts, strict=True) if demand)
        throughput = min(throughput, most, population / (math.fsum(seconds) + think_time))
    residence = [queue / throughput if population else math.nan for queue in queues]

    def named(values: list[float]) -> Any:
        return dict(zip(read, values, strict=True)) if isinstance(demands, Mapping) else tuple(values)

    return Closed(
        population=population,
        think_time=think_time,
        throughput=throughput,
        response=math.fsum(residence),
        queue_lengths=named(queues),
        residence=named(residence),
        utilization=named(
            [min(1.0, throughput * demand / count) for demand, count in zip(seconds, counts, strict=True)]
        ),
        method=method,
    )
