"""How busy the processors were: seconds of them that each request takes, and work that no request asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.demo.plan import SHOP, Plan

Ints = NDArray[np.int64]

SHOP_DEMANDS_MS = {  # of the services' processor and of the database's, near those of the recorded load test
    "GET /products": (1.5, 0.11),
    "GET /products/{id}": (1.1, 0.05),
    "POST /cart/items": (2.2, 0.15),
    "POST /checkout": (5.7, 2.6),
}
SHOP_BACKGROUND = (0.04, 0.02)  # processors in use without any request
SCATTER = 0.02  # of the busy seconds, from hour to hour
MOST_USED = 0.6  # of a limit, in the busiest hour
FULL = 0.95  # of a processor, where the load test's throughput is highest
HOUR_S = 3600


@dataclass(frozen=True, kw_only=True)
class Processors:
    """The processors of one kind of host.

    runs: "services" or "database"; limit: how many there are; background: how many are in use without any request.
    demand_ms: milliseconds of them a request, by route.
    busy: hundredths of seconds in which they were busy, by hour of the plan's days.
    """

    runs: str
    limit: int
    background: float
    demand_ms: Mapping[str, float]
    busy: Ints


def processors(plan: Plan, requests: Mapping[str, Ints], most_per_s: float) -> tuple[Processors, ...]:
    """Busy = (background + requests x demand) x a scatter, in every hour; as many processors as its busiest one needs.

    requests: by route, in each hour of the plan's days. most_per_s: the highest throughput of the front service's load
    test, where one processor is full: the demands are such that its background and so many requests fill it.
    """
    background, demands = _drawn(plan, most_per_s)
    if plan.system == SHOP:
        background = SHOP_BACKGROUND
        demands |= {name: each for name, each in SHOP_DEMANDS_MS.items() if name in demands}
    rng = plan.rng("processors")
    found = []
    for place, runs in enumerate(("services", "database")):
        demand_ms = {name: each[place] for name, each in demands.items()}
        asked = sum((requests[name] * ms / 1000 for name, ms in demand_ms.items()), np.zeros(24 * plan.days))
        scatter = 1 + SCATTER * rng.standard_normal(len(asked))
        seconds = (HOUR_S * background[place] + asked) * scatter
        found.append(
            Processors(
                runs=runs,
                limit=max(1, math.ceil(seconds.max() / HOUR_S / MOST_USED)),
                background=background[place],
                demand_ms=demand_ms,
                busy=np.rint(100 * seconds).astype(np.int64),
            )
        )
    return tuple(found)


def hourly(plan: Plan, counts: pd.DataFrame, column: str) -> dict[str, Ints]:
    """By route, the sum of a column of the requests' cells in each hour of the plan's days."""
    hours = (counts["minute"] - plan.start) // pd.Timedelta(hours=1)
    sums = counts.groupby(["route", hours], observed=True)[column].sum()
    return {
        route.name: sums[route.name].reindex(range(24 * plan.days), fill_value=0).to_numpy(dtype=np.int64)
        for route in plan.routes
    }


def _drawn(plan: Plan, most_per_s: float) -> tuple[tuple[float, float], dict[str, tuple[float, float]]]:
    """Background, much of a small system's processor, and demands by route: a request that writes takes more."""
    rng = plan.rng("demands")
    background = round(float(rng.uniform(0.25, 0.45)), 2)
    weights = [1.0 if route.name.startswith("GET ") else float(rng.uniform(2.5, 3.5)) for route in plan.routes]
    mean = np.average(weights, weights=[route.per_minute for route in plan.routes])
    unit_ms = 1000 * (FULL - background) / most_per_s / float(mean)
    shares = rng.uniform(0.1, 0.4, len(weights))  # of what the services take, so much more the database
    demands = {
        route.name: (round(unit_ms * weight, 2), round(unit_ms * weight * float(share), 2))
        for route, weight, share in zip(plan.routes, weights, shares, strict=True)
    }
    return (background, 0.02), demands
