"""What a system can do at most, whatever its queues are like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scaling_lib.model.bounds import bounds
from scaling_lib.model.network import as_network
from scaling_lib.model.uncertainty import Floats, interval
from scaling_lib.stats.estimate import Estimate

if TYPE_CHECKING:
    from scaling_lib.model.system import System


@dataclass(frozen=True, kw_only=True)
class SystemBounds:
    """Where a system ends.

    bottleneck: the resource that is full first.
    saturation: the throughput at which it is, requests/s of the arrivals' mix.
    growth_limit: by how much the arrivals can grow until then; below 1 where they ask for more already.
    least_response: mean seconds of a request that never waits.
    saturation_population: users from whom on the bottleneck limits the throughput and no longer their thinking (N*).
    population: as asked for, None without. throughput_low, throughput_high, response_low, response_high: the balanced
        bounds at that many users, at the demands' values; NaN without.
    """

    bottleneck: str
    saturation: Estimate
    growth_limit: Estimate
    least_response: Estimate
    saturation_population: Estimate
    population: int | None
    throughput_low: float
    throughput_high: float
    response_low: float
    response_high: float


def system_bounds(system: System, population: int | None) -> SystemBounds:
    """See `System.bounds`, which is the public function."""
    limits = system.limits()
    drawn = np.min(list(system.limit_draws().values()), axis=0)
    saturation = min(each.value for each in limits.values())
    demand = math.fsum(system.mean_demand(resource).value for resource in system.resources)
    demands = system.demand_draws()
    found = dict.fromkeys(("throughput_low", "throughput_high", "response_low", "response_high"), math.nan)
    if population is not None:
        network = as_network(system)
        limit = bounds(network.demands, population, network.think_time, servers=network.servers).balanced
        found = {
            "throughput_low": limit.throughput_low,
            "throughput_high": limit.throughput_high,
            "response_low": limit.response_low + network.delay,
            "response_high": limit.response_high + network.delay,
        }
    limited, everywhere = not system.without_ends & limits.keys(), not system.without_ends

    def estimate(value: float, values: Floats, unit: str, *, known: bool) -> Estimate:
        return interval(value, values, system.level, unit, known=known)

    users, drawn_users = saturation * (demand + system.think_time), _users(drawn, demands + system.think_time)
    return SystemBounds(
        bottleneck=system.bottleneck(),
        saturation=estimate(saturation, drawn, "requests/s", known=limited),
        growth_limit=estimate(
            saturation / system.throughput,
            drawn / system.throughput_draws(),
            "x",
            known=limited and system.rates_known,
        ),
        least_response=estimate(demand, demands, "s", known=everywhere),
        saturation_population=estimate(users, drawn_users, "users", known=everywhere),
        population=population,
        **found,
    )


def _users(limits: Floats, seconds: Floats) -> Floats:
    """Their product, unlimited where the limit is."""
    found = np.full(len(limits), math.inf)
    np.multiply(limits, seconds, out=found, where=np.isfinite(limits))
    return found
