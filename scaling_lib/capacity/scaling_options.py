"""Horizontal against vertical scaling on one axis of price: how many instances of each size a load takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scaling_lib.errors import InvalidInput
from scaling_lib.model.queueing import mmc
from scaling_lib.stats import Estimate

MOST_INSTANCES = 10_000


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
class Contention:
    """What is lost when many work at once: alpha and beta of the Universal Scalability Law, see `model.usl`."""

    alpha: float = 0.0
    beta: float = 0.0

    def stretch(self, count: int) -> float:
        """How many times longer each takes among so many."""
        return 1 + self.alpha * (count - 1) + self.beta * count * (count - 1)


NONE = Contention()


@dataclass(frozen=True, kw_only=True)
class Option:
    """A number of instances of one size that serves the load.

    instances: the fewest; its interval is that of the demand; price_per_hour: of all of them.
    direction: against what runs today: "as today", "horizontal" (more of the same size), "vertical" (no more instances,
        of a larger size), "both", or "smaller".
    utilization: of the servers, a fraction; response_s: the quantile that was asked for, None without one.
    lost: the share of the servers' nominal work that contention takes.
    reason: why there is no such number, "" where there is one.
    """

    size: Size
    instances: Estimate
    price_per_hour: Estimate
    direction: Literal["as today", "horizontal", "vertical", "both", "smaller", "none"]
    utilization: float
    response_s: float | None
    lost: float
    reason: str = ""


def scaling_options(
    rate: float,
    demand_s: Estimate | float,
    sizes: Sequence[Size],
    *,
    today: tuple[Size, int],
    full_at: float = 0.9,
    quantile: float = 0.99,
    threshold_s: float | None = None,
    pooled: bool = False,
    within: Contention = NONE,
    between: Contention = NONE,
) -> tuple[Option, ...]:
    """How many instances of each size serve a load, the cheapest first; those that cannot stand last.

    rate: requests/s; demand_s: seconds of a server that one takes, with its interval; sizes: those that can be had.
    today: the size and number that run now; full_at: the utilisation that must not be exceeded.
    quantile, threshold_s: of the response time at the resource (wait and service), where a threshold is to be met.
    pooled: whether all servers take from one queue; else each instance has its own, and an equal part of the load.
    within, between: what is lost among the servers of one instance, and among instances.

    Each instance is an M/M/c queue, or all are one (the gain of pooling is the difference); contention makes each
    request take longer. Raises InvalidInput for figures that cannot be.
    Source: Gunther, Guerrilla Capacity Planning (2007), chapter 4; Kleinrock, Queueing Systems 1 (1975), section 3.5.
    """
    demand = demand_s if isinstance(demand_s, Estimate) else Estimate(demand_s, demand_s, demand_s, unit="s")
    for name, value, most in (
        ("rate", rate, math.inf),
        ("demand_s", demand.value, math.inf),
        ("full_at", full_at, 1.0),
        ("threshold_s", 1.0 if threshold_s is None else threshold_s, math.inf),
        *((f"price_per_hour of {size.name}", size.price_per_hour, math.inf) for size in sizes),
        *((f"speed of {size.name}", size.speed, math.inf) for size in sizes),
        *((f"servers of {size.name}", size.servers, math.inf) for size in sizes),
    ):
        if not (math.isfinite(value) and 0 < value <= most):
            limit = "a finite number above 0" if math.isinf(most) else f"more than 0 and at most {most:g}"
            raise InvalidInput(f"scaling_options: found {name} {value}; expected {limit}.")

    def needed(size: Size, seconds: float) -> tuple[int, str]:
        return _fewest(rate, seconds / size.speed, size, full_at, quantile, threshold_s, pooled, within, between)

    options = []
    for size in sizes:
        count, reason = needed(size, demand.value)
        if reason:
            nothing = Estimate(math.nan, math.nan, math.nan, demand.level)
            options.append(
                Option(
                    size=size,
                    instances=nothing,
                    price_per_hour=nothing,
                    direction="none",
                    utilization=math.nan,
                    response_s=None,
                    lost=math.nan,
                    reason=reason,
                )
            )
            continue
        low, _ = needed(size, demand.low) if math.isfinite(demand.low) and demand.low > 0 else (1, "")
        high, none = needed(size, demand.high) if math.isfinite(demand.high) else (0, "not known")
        ends = (low, count, math.inf if none else high)
        instances, price = (
            Estimate(ends[1] * of, ends[0] * of, ends[2] * of, demand.level, unit)
            for of, unit in ((1, "instances"), (size.price_per_hour, "an hour"))
        )
        stretch = within.stretch(size.servers) * between.stretch(count)
        seconds = demand.value / size.speed * stretch
        options.append(
            Option(
                size=size,
                instances=instances,
                price_per_hour=price,
                direction=_direction(size, count, today),
                utilization=rate * seconds / (count * size.servers),
                response_s=None if threshold_s is None else _response(rate, seconds, size, count, quantile, pooled),
                lost=1 - 1 / stretch,
            )
        )
    return tuple(sorted(options, key=lambda each: (bool(each.reason), each.price_per_hour.value)))


def _fewest(
    rate: float,
    seconds: float,
    size: Size,
    full_at: float,
    quantile: float,
    threshold_s: float | None,
    pooled: bool,
    within: Contention,
    between: Contention,
) -> tuple[int, str]:
    """The fewest instances that keep utilisation and threshold; or 0, and why there is no such number."""
    own = seconds * within.stretch(size.servers)
    if threshold_s is not None and -math.log1p(-quantile) * own > threshold_s:
        return 0, "even without any wait, the service alone takes longer than the threshold"
    count = max(1, math.ceil(rate * own / (full_at * size.servers) - 1e-9))
    last = math.inf
    while count <= MOST_INSTANCES:
        taken = own * between.stretch(count)
        used = rate * taken / (count * size.servers)
        if used <= full_at * (1 + 1e-12) and used < 1:
            if threshold_s is None or _response(rate, taken, size, count, quantile, pooled) <= threshold_s:
                return count, ""
        elif used >= last:  # each further instance costs more than it brings
            return 0, f"contention between instances: more than {count - 1} serve less, not more"
        last, count = used, count + 1
    return 0, f"not with {MOST_INSTANCES:,} instances"


def _response(rate: float, seconds: float, size: Size, count: int, quantile: float, pooled: bool) -> float:
    if pooled:
        return mmc(rate, 1 / seconds, count * size.servers).response_quantile(quantile)
    return mmc(rate / count, 1 / seconds, size.servers).response_quantile(quantile)


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
