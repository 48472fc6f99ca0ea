"""Demands, servers and populations of a network of queues: checked at the door, given back by their names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from scaling_lib.errors import InvalidInput

Key = TypeVar("Key")
Demands = Mapping[str, float] | Sequence[float]
Servers = Mapping[str, int] | Sequence[int] | None

SMALLEST = 1e-300  # seconds: where all demands are less, the throughput would leave the range of a float


def read_demands(where: str, demands: Demands) -> dict[Any, float]:
    """Seconds by resource, by position where a sequence is given; one of them is above 0."""
    if isinstance(demands, str) or not isinstance(demands, Iterable):
        raise InvalidInput(
            f"{where}: found demands {demands!r}; expected seconds by resource, such as {{'cpu': 0.02, 'disk': 0.01}}, "
            "or a sequence of seconds."
        )
    pairs = demands.items() if isinstance(demands, Mapping) else enumerate(demands)
    checked = {name: at_least_zero(where, f"demand of {name!r}", demand, "s") for name, demand in pairs}
    check_some_demand(where, checked, "")
    return checked


def check_some_demand(where: str, demands: Mapping[Any, float], whose: str) -> None:
    """Raise InvalidInput where nothing is asked of any resource."""
    if not any(demand >= SMALLEST for demand in demands.values()):
        raise InvalidInput(
            f"{where}: found {'demands of 0 only' if demands else 'no demand'}{whose}; expected at least one resource "
            "with a demand above 0 s. Without demand nothing limits the throughput."
        )


def read_servers(where: str, servers: Servers, resources: Iterable[Any], given: object) -> list[int]:
    """Servers in the order of the resources, one where none is named; `given`: the demands as the caller wrote them."""
    names = list(resources)
    if servers is None:
        return [1] * len(names)
    if isinstance(servers, Mapping) is not isinstance(given, Mapping) or not isinstance(servers, Iterable):
        raise InvalidInput(
            f"{where}: found servers {servers!r}; expected them as the demands are given: both by resource or both "
            "in one order."
        )
    pairs = dict(servers.items() if isinstance(servers, Mapping) else enumerate(servers))
    check_names(where, "servers of", pairs, names)
    if not isinstance(servers, Mapping) and len(pairs) != len(names):
        raise InvalidInput(f"{where}: found {len(pairs)} servers for {len(names)} demands; expected one for each.")
    return [whole(where, f"servers of {name!r}", pairs.get(name, 1), least=1) for name in names]


def check_names(where: str, what: str, found: Iterable[Any], known: Iterable[Any]) -> None:
    """Raise InvalidInput where a name is found that is not known."""
    names = list(known)
    unknown = [name for name in found if name not in names]
    if unknown:
        raise InvalidInput(
            f"{where}: found {what} {unknown[0]!r}; expected names among {', '.join(map(repr, names))}, as the other "
            "arguments have them."
        )


def at_least_zero(where: str, what: str, value: object, unit: str) -> float:
    """The value as a float; InvalidInput unless it is a finite number of 0 or more."""
    number = _number(value)
    if not (math.isfinite(number) and number >= 0):
        raise InvalidInput(f"{where}: found {what} {value!r}; expected a finite number of 0 or more, in {unit}.")
    return number


def above_zero(where: str, what: str, value: object, unit: str) -> float:
    """The value as a float; InvalidInput unless it is a finite number above 0."""
    number = _number(value)
    if not (math.isfinite(number) and number > 0):
        raise InvalidInput(f"{where}: found {what} {value!r}; expected a finite number above 0, in {unit}.")
    return number


def whole(where: str, what: str, value: object, least: int) -> int:
    """The value as an int; InvalidInput unless it is a whole number of at least `least`."""
    number = _number(value)
    if not (math.isfinite(number) and number.is_integer() and number >= least):
        raise InvalidInput(f"{where}: found {what} {value!r}; expected a whole number of {least} or more.")
    return int(number)


def _number(value: Any) -> float:
    """NaN for what is no number: text and truth values have been mistaken for one."""
    if isinstance(value, (str, bool)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
