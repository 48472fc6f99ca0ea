"""How busy the processors were: seconds of them that each request takes, and work that no request asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.demo.plan import Plan, Route

Ints = NDArray[np.int64]

SHOP_DEMANDS_MS = {  # of the services' processor and of the database's, near those of the recorded load test
    "GET /products": (1.5, 0.11),
    "GET /products/{id}": (1.1, 0.05),
    "POST /cart/items": (2.2, 0.15),
    "POST /checkout": (5.7, 2.6),
}
BACKGROUND = {"services": 0.04, "database": 0.02}  # processors in use without any request
SCATTER = 0.02  # of the busy seconds, from hour to hour
MOST_USED = 0.6  # of a limit, in the busiest hour
HOUR_S = 3600


@dataclass(frozen=True, kw_only=True)
class Processors:
    """The processors of one kind of host.

    runs: "services" or "database"; limit: how many there are; demand_ms: milliseconds of them a request, by route.
    busy: hundredths of seconds in which they were busy, by hour of the plan's days.
    """

    runs: str
    limit: int
    demand_ms: Mapping[str, float]
    busy: Ints


def processors(plan: Plan, requests: Mapping[str, Ints]) -> tuple[Processors, ...]:
    """Busy = (background + requests x demand) x a scatter, in every hour; as many processors as its busiest one needs.

    requests: by route, in each hour of the plan's days.
    """
    rng = plan.rng("processors")
    demands = [SHOP_DEMANDS_MS.get(route.name) or _drawn(route, rng) for route in plan.routes]
    found = []
    for place, (runs, background) in enumerate(BACKGROUND.items()):
        demand_ms = {route.name: each[place] for route, each in zip(plan.routes, demands, strict=True)}
        asked = sum((requests[name] * ms / 1000 for name, ms in demand_ms.items()), np.zeros(24 * plan.days))
        scatter = 1 + SCATTER * rng.standard_normal(len(asked))
        seconds = (HOUR_S * background + asked) * scatter
        limit = max(1, math.ceil(seconds.max() / HOUR_S / MOST_USED))
        busy = np.rint(100 * seconds).astype(np.int64)
        found.append(Processors(runs=runs, limit=limit, demand_ms=demand_ms, busy=busy))
    return tuple(found)


def hourly(plan: Plan, counts: pd.DataFrame, column: str) -> dict[str, Ints]:
    """By route, the sum of a column of the requests' cells in each hour of the plan's days."""
    hours = (counts["minute"] - plan.start) // pd.Timedelta(hours=1)
    sums = counts.groupby(["route", hours], observed=True)[column].sum()
    return {
        route.name: sums[route.name].reindex(range(24 * plan.days), fill_value=0).to_numpy(dtype=np.int64)
        for route in plan.routes
    }


def _drawn(route: Route, rng: np.random.Generator) -> tuple[float, float]:
    """A part of what a request takes, and a part of that in the database."""
    services = round(route.median_ms * float(rng.uniform(0.5, 0.8)), 1)
    return services, round(services * float(rng.uniform(0.05, 0.25)), 2)
