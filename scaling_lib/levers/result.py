"""Step 08's result: what holds change back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_lib.capacity import Absent
from scaling_lib.findings import Source
from scaling_lib.levers.debt_items import DebtItems
from scaling_lib.levers.debt_score import DebtScore
from scaling_lib.levers.handoffs import Coordination
from scaling_lib.levers.queue import Queue
from scaling_lib.levers.readiness import Readiness
from scaling_lib.levers.truck_factor import TruckFactor
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True, eq=False)
class Levers:
    """What step 08 answers; what is None could not be told, and `absent` says why.

    hotspots: see `hotspots`; coverage: of their lines, by path, what tests reach; rating: SQALE's, "" where not known.
    ownership: see `ownership`, of the files of today; truck_factors: by what was done to the names and bots before.
    coordination: of teams; train_share: of the lead time, what changes wait for each other's deployments at most.
    active: owners of services and runbooks, and whether they commit; active_days: within how many.
    items, score, queue: of the debt and of work; holding: the share of the hours that keeps debt as it is; weights: by
        service its share of what requests wait for. hours: of teams in a quarter; currency, hour_price: of one.
    readiness: for incidents; actions: after reviews of them, (closed, all), None where none is registered.
    at: the moment it is told of, the last of all evidence. absent, sources: see the other steps.
    """

    system: str
    level: float
    at: pd.Timestamp | None
    history: str
    hotspots: pd.DataFrame | None
    coverage: Mapping[str, float]
    rating: str
    ownership: pd.DataFrame | None
    truck_factors: Mapping[str, TruckFactor]
    coordination: Coordination | None
    train_share: Estimate | None
    active: pd.DataFrame | None
    active_days: float
    items: DebtItems | None
    score: DebtScore | None
    queue: Queue | None
    holding: float | None
    weights: Mapping[str, float]
    hours: Mapping[str, float]
    hour_price: float | None
    currency: str
    readiness: Readiness | None
    actions: tuple[int, int] | None
    absent: Mapping[str, Absent]
    sources: Mapping[str, tuple[Source, ...]]

    def of(self, *kinds: str) -> tuple[Source, ...]:
        """The sources of these kinds of evidence."""
        return tuple(source for kind in kinds for source in self.sources.get(kind, ()))
