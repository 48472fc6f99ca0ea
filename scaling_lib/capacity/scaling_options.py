"""Horizontal against vertical scaling on one axis of price: how many instances of each size a load takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scaling_lib.errors import InvalidInput
from scaling_lib.model.queueing import mmc
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import is_finite

MOST_INSTANCES = 10_000
NOISE = 1e-9  # of floating point, so that 3.0000000000000004 instances are 3


@dataclass(frozen=True, kw_only=True)
class Size:
    """An instance that can be had.

    servers: its cores or workers; price_per_hour: of one instance, in the assessment's currency; speed: of one of its
    servers, against the one that the demand was measured on.
    """

    name: str
    servers: int
    price_per_hour: float
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Option:
    """A number of instances of one size that serves the load.

    instances: the fewest; its interval is that of the demand; price_per_hour: of all of them.
    direction: against what runs today: "as today", "horizontal" (more of the same size), "vertical" (no more instances,
        of a larger size), "both", or "smaller".
    utilization: of the servers, a fraction; response_s: the quantile that was asked for of wait and service there. At
        the same use many servers on one queue answer sooner than a few with a queue each: the gain of pooling.
    reason: why there is no such number, "" where there is one; then the figures are NaN.
    """

    size: Size
    instances: Estimate
    price_per_hour: Estimate
    direction: Literal["as today", "horizontal", "vertical", "both", "smaller", "none"]
    utilization: float
    response_s: float
    reason: str = ""


def scaling_options(
    rate: float,
    demand_s: Estimate | float,
    sizes: Sequence[Size],
    *,
    today: tuple[Size, int],
    full_at: float = 0.9,
    quantile: float = 0.99,
) -> tuple[Option, ...]:
    """How many instances of each size serve a load, the cheapest first; those that cannot stand last.

    rate: requests/s; demand_s: seconds of a server that one takes, with its interval; sizes: those that can be had.
    today: the size and number that run now; full_at: the utilisation that must not be exceeded, a fraction up to 1.
    quantile: of the response time at the resource (wait and service), in (0, 1).

    Each instance is an M/M/c queue with an equal part of the load; what they lose to each other is not known, and not
    counted. Raises InvalidInput for figures that cannot be.
    Source: Kleinrock, Queueing Systems 1 (1975), section 3.5.
    """
    demand = demand_s if isinstance(demand_s, Estimate) else _exactly(demand_s)
    own, count_today = _checked(sizes, today)
    for name, value, most in (
        ("rate", rate, math.inf),
        ("demand_s", demand.value, math.inf),
        ("full_at", full_at, 1.0),
        ("instances of today", count_today, math.inf),
        *(
            (f"{name} of {size.name}", getattr(size, name), math.inf)
            for size in (*sizes, own)
            for name in ("servers", "price_per_hour", "speed")
        ),
    ):
        if not (is_finite(value) and 0 < value <= most):
            limit = "a finite number above 0" if math.isinf(most) else f"more than 0 and at most {most:g}"
            raise InvalidInput(f"scaling_options: found {name} {value!r}; expected {limit}.")
    if not (is_finite(quantile) and 0 < quantile < 1):
        raise InvalidInput(
            f"scaling_options: found quantile {quantile!r}; expected a fraction between 0 and 1, such as 0.99."
        )
    if broken := next((size for size in (*sizes, own) if size.servers != int(size.servers)), None):
        raise InvalidInput(
            f"scaling_options: found servers of {broken.name} {broken.servers!r}; expected a whole number."
        )
    options = [_option(rate, demand, size, today, full_at, quantile) for size in sizes]
    return tuple(sorted(options, key=lambda each: (bool(each.reason), each.price_per_hour.value)))


def _exactly(demand_s: object) -> Estimate:
    if not is_finite(demand_s):
        raise InvalidInput(f"scaling_options: found demand_s {demand_s!r}; expected a finite number above 0.")
    seconds = float(demand_s)  # type: ignore[arg-type]  # is_finite tells
    return Estimate(seconds, seconds, seconds, unit="s")


def _checked(sizes: Sequence[Size], today: tuple[Size, int]) -> tuple[Size, int]:
    """What runs today, where both are what they should be."""
    if isinstance(sizes, str) or not sizes or not all(isinstance(size, Size) for size in sizes):
        raise InvalidInput(f"scaling_options: found sizes {sizes!r}; expected at least one Size.")
    if not (isinstance(today, tuple) and len(today) == 2 and isinstance(today[0], Size)):
        raise InvalidInput(f"scaling_options: found today {today!r}; expected a Size and how many of it run.")
    return today


def _option(
    rate: float, demand: Estimate, size: Size, today: tuple[Size, int], full_at: float, quantile: float
) -> Option:
    def needed(seconds: float) -> float:
        busy = rate * seconds / size.speed / size.servers  # instances at work
        if not busy / full_at <= MOST_INSTANCES:
            return math.inf
        count = max(1, math.ceil(busy / full_at - NOISE))
        return count if busy < count else count + 1  # at 100% the line never ends

    count = needed(demand.value)
    if math.isinf(count):
        nothing = Estimate(math.nan, math.nan, math.nan, demand.level)
        return Option(
            size=size, instances=nothing, price_per_hour=nothing, direction="none", utilization=math.nan,
            response_s=math.nan, reason=f"not with {MOST_INSTANCES:,} instances",
        )  # fmt: skip
    low = needed(demand.low) if demand.low > 0 else 1
    high = needed(demand.high) if math.isfinite(demand.high) else math.inf
    instances = Estimate(count, low, high, demand.level, "instances")
    seconds = demand.value / size.speed
    return Option(
        size=size,
        instances=instances,
        price_per_hour=instances.times(size.price_per_hour, unit="an hour"),
        direction=_direction(size, int(count), today),
        utilization=rate * seconds / (count * size.servers),
        response_s=mmc(rate / count, 1 / seconds, int(size.servers)).response_quantile(quantile),
    )


def _direction(
    size: Size, count: int, today: tuple[Size, int]
) -> Literal["as today", "horizontal", "vertical", "both", "smaller"]:
    own, instances = today
    larger = size.servers * size.speed - own.servers * own.speed
    if larger == 0:
        return "as today" if count == instances else "horizontal" if count > instances else "smaller"
    if larger < 0:
        return "smaller" if count <= instances else "horizontal"
    return "vertical" if count <= instances else "both"
