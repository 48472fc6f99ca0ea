"""What a `System` is given: checked at the door, and every figure an Estimate by resource and journey."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.demands import at_least_zero, whole
from scaling_lib.model.uncertainty import DRAWS, Floats
from scaling_lib.stats.estimate import Estimate
from scaling_lib.words import listing

ALL = "all"  # the journey where they are not told apart
FLOOR = 1e-6  # of its value: what is drawn as nothing still belongs to the system
MOST_BACKGROUND = 0.999  # of the servers: so that a draw leaves something to requests
Figure = float | Estimate


@dataclass(frozen=True, kw_only=True)
class Parts:
    """demands: seconds by resource and journey, each journey at each resource; servers, background: by resource.

    rates: requests/s by journey.
    """

    demands: Mapping[str, Mapping[str, Estimate]]
    servers: Mapping[str, float]
    rates: Mapping[str, Estimate]
    background: Mapping[str, Estimate]


def read_parts(demands: Any, servers: Any, arrivals: Any, background: Any) -> Parts:
    """What a System is given, in one form; InvalidInput or NotMeasured for what cannot be."""
    for what, given in (("demands", demands), ("servers", servers), ("background", background)):
        if not isinstance(given, Mapping):
            raise InvalidInput(f"System: found {what} {given!r}; expected a mapping by resource, such as {{'cpu': 1}}.")
    rates = _rates(demands, arrivals)
    read = {resource: _by_journey(resource, given, rates) for resource, given in demands.items()}
    for what, given in (("servers", servers), ("background", background)):
        if unknown := [name for name in given if name not in read]:
            raise NotMeasured(
                f"System: {what} are given for {unknown[0]!r}, but no demand; there are demands of "
                f"{listing(list(read)) or 'nothing'}.",
                supply=f"Supply the CPU time or the spans of {unknown[0]!r}, to know at which load it is full.",
            )
    counts = {resource: _servers(resource, servers.get(resource, 1)) for resource in read}
    _check_work(read, counts, rates)
    return Parts(
        demands=read,
        servers=counts,
        rates=rates,
        background={
            resource: _figure(f"background of {resource!r}", background.get(resource, 0.0), "servers")
            for resource in read
        },
    )


def check_draws(draws: Any, parts: Parts) -> None:
    """Raise InvalidInput unless they are arrays (DRAWS, 1 + journeys) by a resource that has demands."""
    if not isinstance(draws, Mapping):
        raise InvalidInput(f"System: found draws of type {type(draws).__name__}; expected a mapping by resource.")
    for resource, drawn in draws.items():
        if resource not in parts.demands or np.shape(drawn) != (DRAWS, 1 + len(parts.rates)):
            raise InvalidInput(
                f"System: found draws of {resource!r} of shape {np.shape(drawn)}; expected a resource with demands and "
                f"({DRAWS}, {1 + len(parts.rates)}): background and each journey."
            )


def _rates(demands: Mapping[str, Any], arrivals: Any) -> dict[str, Estimate]:
    journeys = list(dict.fromkeys(name for each in demands.values() if isinstance(each, Mapping) for name in each))
    if not isinstance(arrivals, Mapping):
        if len(journeys) > 1:
            raise InvalidInput(
                f"System: found one arrival rate for {len(journeys)} journeys ({listing(journeys)}); expected a "
                "mapping by journey, or their mix is not known."
            )
        arrivals = {journeys[0] if journeys else ALL: arrivals}
    rates = {name: _figure(f"arrival rate of {name!r}", rate, "requests/s") for name, rate in arrivals.items()}
    if not any(rate.value > 0 for rate in rates.values()):
        raise InvalidInput(
            "System: found no arrival rate above 0; expected one, in requests/s, or the mix of journeys is not known "
            "and nothing can be said of its capacity."
        )
    if journeys and not set(journeys) & set(rates):
        raise InvalidInput(
            f"System: no journey is in common: the demands have {listing(journeys)}, the arrivals have "
            f"{listing(list(rates))}. Name them alike."
        )
    return rates | {name: Estimate(0.0, 0.0, 0.0, unit="requests/s") for name in journeys if name not in rates}


def _by_journey(resource: str, given: Any, journeys: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """A resource's demand by journey; one figure is that of every journey, and who is not named asks nothing."""
    by = given if isinstance(given, Mapping) else dict.fromkeys(journeys, given)
    return {
        journey: _figure(f"demand of {resource!r} by {journey!r}", by.get(journey, 0.0), "s") for journey in journeys
    }


def _figure(what: str, given: Any, unit: str) -> Estimate:
    if isinstance(given, Estimate):
        if math.isnan(given.value):
            raise NotMeasured(
                f"System: the {what} is not measured.",
                supply=f"Supply metrics, spans or a load test for the {what}.",
            )
        at_least_zero("System", what, given.value, unit)
        return replace(given, unit=unit, low=max(given.low, 0.0))
    value = at_least_zero("System", what, given, unit)
    return Estimate(value, value, value, unit=unit)


def _servers(resource: str, given: Any) -> float:
    if given == math.inf:
        return math.inf
    return whole("System", f"servers of {resource!r} (math.inf for a pure delay)", given, least=1)


def _check_work(
    demands: Mapping[str, Mapping[str, Estimate]], servers: Mapping[str, float], rates: Mapping[str, Estimate]
) -> None:
    for journey, rate in rates.items():
        if rate.value > 0 and not any(by[journey].value > 0 for by in demands.values()):
            raise NotMeasured(
                f"System: {journey!r} arrives {rate.value:g} times a second, but no resource has a demand of it.",
                supply=f"Supply spans whose root is {journey!r}, or metrics of the resources while its rate changes.",
            )
    if not any(
        by[journey].value > 0 and rates[journey].value > 0 and math.isfinite(servers[resource])
        for resource, by in demands.items()
        for journey in by
    ):
        raise InvalidInput(
            "System: found no demand above 0 at a resource with a finite number of servers; expected one, or nothing "
            "limits the throughput."
        )


def as_drawn(parts: Parts, demands: Floats, rates: Floats, background: Floats) -> dict[str, Any]:
    """What a System is given where all is as one draw has it.

    demands: (resource, journey); rates: (journey,); background: (resource,).
    """
    return {
        "demands": {
            resource: {
                name: max(float(drawn), FLOOR * each.value)
                for drawn, (name, each) in zip(demands[k], by.items(), strict=True)
            }
            for k, (resource, by) in enumerate(parts.demands.items())
        },
        "arrivals": {
            name: max(float(drawn), FLOOR * rate.value)
            for drawn, (name, rate) in zip(rates, parts.rates.items(), strict=True)
        },
        "background": {
            resource: min(float(background[k]), MOST_BACKGROUND * servers)
            for k, (resource, servers) in enumerate(parts.servers.items())
        },
    }
