"""Debt and features in one queue, by what waiting for them costs over what they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.config_work import WorkItem
from scaling_lib.levers.allocate import Allocation, Work, allocate
from scaling_lib.levers.debt_score import DebtScore, drawn_points
from scaling_lib.stats import Estimate

Floats = NDArray[np.float64]

PAYS = 0.5  # debt that is less likely to break even within the quarters does not compete
TOP = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Queue:
    """All work, the first the one whose waiting costs most by the hour that it takes.

    frame: a row a piece: name, id (of debt), kind ("debt", "feature"), team, hours, delay_h (what a quarter of waiting
        costs, in hours), per_hour (their ratio), Estimates; rank_low, rank_high: 90% of its rank; top: how often it is
        among the first three; pays: whether it competes for hours; chosen (None: its team's hours are not known) and
        stability (how often it is chosen).
    allocation: of the hours; None where no team's are given.
    """

    frame: pd.DataFrame
    allocation: Allocation | None


def queue(
    score: DebtScore | None,
    teams: Mapping[str, str],
    work: Sequence[WorkItem],
    *,
    hours: Mapping[str, float],
    hour_price: float | None,
) -> Queue | None:
    """Put debt and features in order; None where there is neither.

    score: of the debt; teams: by item its team. work: features, whose cost of delay becomes hours by the price of
    one. hours: of each team in a quarter. Source: Reinertsen, The Principles of Product Development Flow (2009).
    """
    rows, takes, costs = [], [], []
    if score is not None:
        for place, row in enumerate(score.frame.to_dict("records")):
            own = {"name": row["title"], "id": row["id"], "kind": "debt", "team": teams.get(row["id"], ""), "after": ()}
            rows.append({**own, "pays": row["chance"] >= PAYS})
            takes.append(score.principal[place])
            costs.append(score.saved[place])
    for each in work:
        rows.append(
            {
                "name": each.name,
                "id": "",
                "kind": "feature",
                "team": each.team,
                "after": tuple(each.after),
                "pays": True,
            }
        )
        takes.append(drawn_points(each.points(each.hours), f"hours of {each.name}", f"hours {each.name}"))
        cost = drawn_points(each.points(each.delay_cost), f"delay_cost of {each.name}", f"delay {each.name}")
        costs.append(cost / (hour_price or 1.0))
    if not rows:
        return None
    took, cost_h = np.stack(takes), np.stack(costs)
    rate = cost_h / np.maximum(took, 1e-9)
    ranks = (-rate).argsort(axis=0).argsort(axis=0) + 1
    low, high = np.quantile(ranks, [0.05, 0.95], axis=1, method="inverted_cdf")
    frame = pd.DataFrame(rows).assign(
        hours=_estimates(took, "h"),
        delay_h=_estimates(cost_h, "h"),
        per_hour=_estimates(rate, ""),
        rank_low=low.astype(int),
        rank_high=high.astype(int),
        top=(ranks <= TOP).mean(axis=1),
    )
    frame = frame.iloc[np.argsort(-np.median(rate, axis=1), kind="stable")].reset_index(drop=True)
    allocation = _allocated(frame, hours)
    return Queue(frame=_with_choice(frame, allocation, hours).drop(columns="after"), allocation=allocation)


def _estimates(drawn: Floats, unit: str) -> pd.Series[Any]:
    found = [
        Estimate(float(middle), float(low), float(high), 0.9, unit)
        for low, middle, high in np.quantile(drawn, [0.05, 0.5, 0.95], axis=1).T
    ]
    return pd.Series(found, dtype=object)


def _allocated(frame: pd.DataFrame, hours: Mapping[str, float]) -> Allocation | None:
    """Choose within the hours; work after what does not compete does not compete itself."""
    own = frame[frame["pays"] & frame["team"].isin(list(hours))]
    while not (there := own["after"].map(lambda before, names=set(own["name"]): set(before) <= names)).all():
        own = own[there]
    if own.empty:
        return None
    work = [
        Work(
            name=row["name"], hours=row["hours"].value, value=row["delay_h"].value, team=row["team"],
            after=row["after"], kind=row["kind"], hours_spread=_spread(row["hours"]),
            value_spread=_spread(row["delay_h"]),
        )
        for row in own.to_dict("records")
    ]  # fmt: skip
    return allocate(work, hours)


def _spread(of: Estimate) -> float:
    """From the median to the 90%, of an interval that ends at 95%."""
    return float((of.high / of.value) ** (1.2815515655446004 / 1.6448536269514722)) if of.value > 0 else 1.0


def _with_choice(frame: pd.DataFrame, allocation: Allocation | None, hours: Mapping[str, float]) -> pd.DataFrame:
    by_name = allocation.frame.set_index("name") if allocation is not None else pd.DataFrame()
    chosen = [
        bool(by_name.loc[name, "chosen"]) if name in by_name.index else (False if team in hours else None)
        for name, team in zip(frame["name"], frame["team"], strict=True)
    ]
    stability = [by_name.loc[name, "stability"] if name in by_name.index else np.nan for name in frame["name"]]
    return frame.assign(chosen=pd.Series(chosen, dtype=object), stability=np.array(stability, dtype=np.float64))
