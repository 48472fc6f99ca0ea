"""Step 07's result: what the money does as demand grows, and what scanners say, or why it is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_lib.audit.anomalies import Anomalies
from scaling_lib.audit.budget import BudgetExhaustion
from scaling_lib.audit.posture import Posture
from scaling_lib.audit.spending import Spending
from scaling_lib.audit.unit_costs import UnitCosts
from scaling_lib.capacity.attempts import Absent
from scaling_lib.findings import Source
from scaling_lib.model.cost import Commitment
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True)
class SpareCost:
    """What a resource's headroom costs. paid: a month; peak: of its busiest hours in four weeks; spare: paid for what
    is free even then; assumed prices are said in the Estimates.
    """

    resource: str
    paid: Estimate
    peak: Estimate
    spare: Estimate


@dataclass(frozen=True, kw_only=True, eq=False)
class Audit:
    """What grows faster than demand.

    k: times today's demand that is asked for. usage: cost of each day by service. demand: requests of each day; its
    source in words. costs, odd (anomalies), money, budgets (by name), commitments (by service, at `discount`), spare,
    scans: None, or empty, where they could not be told. absent: what could not be told, and why, by what it is of.
    sources: what the figures rest on, by kind of evidence. notes: what a reader of the bill should know.
    """

    system: str
    level: float
    k: float
    discount: float
    currency: str
    usage: pd.DataFrame | None
    demand: pd.DataFrame | None
    demand_source: str
    costs: UnitCosts | None
    odd: Anomalies | None
    money: Spending | None
    budgets: Mapping[str, BudgetExhaustion]
    commitments: Mapping[str, Commitment]
    spare: tuple[SpareCost, ...]
    scans: Posture | None
    critical: Mapping[str, float]
    absent: Mapping[str, Absent]
    sources: Mapping[str, tuple[Source, ...]]
    notes: tuple[str, ...]
