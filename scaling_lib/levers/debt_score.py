"""Technical debt in hours: what it costs to repay, what it costs not to, and when repaying has paid."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.model.uncertainty import DRAWS, generator
from scaling_lib.stats import Estimate
from scaling_lib.words import listing

Floats = NDArray[np.float64]

QUARTERS = 8  # over which repaying has to pay: two years, about as long as code stays as it is
REPAID = 0.8  # of interest and risk that repaying takes away, where nobody says
NEEDED = ("id", "title", "principal", "interest")
Points = tuple[float, float, float]
NORMAL_90 = 1.2815515655446004


@dataclass(frozen=True, kw_only=True, eq=False)
class DebtScore:
    """Items of debt, the most worth repaying first.

    frame: a row an item: id, title, principal_h, interest_h (a quarter), risk_h (a quarter), net_h (saved over the
        quarters less the principal), each with _low and _high (5% and 95%); breaks_even_q: median quarters until
        repaid, infinite where never; chance: that it breaks even within the quarters; first: how often it is the most
        worth a repaid hour; top: how often it is among the first three; assumed: whether a figure was not given.
    net: what each item saves (items, DRAWS), hours; principal: what each costs; saved: a quarter (items, DRAWS).
    quarters: over which it was counted.
    """

    frame: pd.DataFrame
    net: Floats
    principal: Floats
    saved: Floats
    quarters: int


def debt_score(
    items: pd.DataFrame,
    *,
    risk_h: Mapping[str, Points] | None = None,
    repaid: float = REPAID,
    quarters: int = QUARTERS,
    discount: float = 0.02,
) -> DebtScore:
    """Score items of debt by Monte Carlo, all in hours.

    items: id, title, principal, interest: three points (10%, 50%, 90%) each, hours and hours a quarter; assumed:
    whether a point is not the register's. A lognormal on either side of the median goes through them.
    risk_h: by id the hours a quarter that incidents and spent error budget cost because of the item, three points,
    weighted by the path's share of requests already; 0 where none is given.
    repaid: the share of interest and risk that repaying takes away; quarters, discount (a quarter): of the net.

    Net = sum over quarters of repaid (I + R) / (1 + discount)^t, less P; break-even = P / (repaid (I + R)).
    Raises InvalidInput for columns that are absent and points that do not ascend from 0.
    Source: Cunningham's metaphor as Avgeriou and others, Managing technical debt, Dagstuhl (2016), define its terms.
    """
    if missing := [name for name in NEEDED if name not in items]:
        raise InvalidInput(f"debt_score: found no column {listing(missing)}; expected id, title, principal, interest.")
    if not (0 < repaid <= 1 and quarters >= 1 and 0 <= discount < 1):
        raise InvalidInput(
            f"debt_score: found a repaid share of {repaid}, {quarters} quarters and a discount of {discount}; expected "
            "a share above 0, a quarter or more, and a discount from 0 to below 1."
        )
    risks = risk_h or {}
    principal = _drawn(items, "principal")
    interest = _drawn(items, "interest")
    risk = np.stack(
        [drawn_points(risks.get(str(each), (0.0, 0.0, 0.0)), f"risk of {each}", f"risk {each}") for each in items["id"]]
    ) if len(items) else np.zeros((0, DRAWS))  # fmt: skip
    saved = repaid * (interest + risk)
    worth = sum((1 + discount) ** -t for t in range(1, quarters + 1))
    net = saved * worth - principal
    with np.errstate(divide="ignore", invalid="ignore"):
        until = np.where(saved > 0, principal / saved, np.inf)
        rate = np.where(principal > 0, net / principal, np.inf)
    ranks = (-rate).argsort(axis=0).argsort(axis=0) if len(items) else np.zeros((0, DRAWS))
    frame = pd.DataFrame(
        {
            "id": items["id"].astype(str).to_numpy(),
            "title": items["title"].astype(str).to_numpy(),
            **_ends("principal_h", principal),
            **_ends("interest_h", interest),
            **_ends("risk_h", risk),
            **_ends("net_h", net),
            "breaks_even_q": np.median(until, axis=1) if len(items) else [],
            "chance": (until <= quarters).mean(axis=1),
            "first": (ranks == 0).mean(axis=1),
            "top": (ranks < 3).mean(axis=1),
            "assumed": items["assumed"].to_numpy(dtype=bool)
            if "assumed" in items
            else np.zeros(len(items), dtype=bool),
        }
    )
    order = np.lexsort((frame["id"], -(net.mean(axis=1) / np.maximum(principal.mean(axis=1), 1e-9))))
    return DebtScore(
        frame=frame.iloc[order].reset_index(drop=True),
        net=net[order],
        principal=principal[order],
        saved=saved[order],
        quarters=quarters,
    )


def interest_h(touches: Estimate, hours_a_touch: Estimate, multiplier: Estimate) -> Points:
    """Interest of a file a quarter, three points: I = N h (1 - 1 / m).

    touches: commits a quarter; hours_a_touch: of work on the file; multiplier: how many times longer work takes than in
    healthy code, such as 1.72 to 2.20 (Tornhill and Borg, Code Red, TechDebt 2022).
    """

    def at(touch: float, hours: float, times: float) -> float:
        return max(touch, 0.0) * max(hours, 0.0) * (1 - 1 / max(times, 1.0))

    return (
        at(touches.low, hours_a_touch.low, multiplier.low),
        at(touches.value, hours_a_touch.value, multiplier.value),
        at(touches.high, hours_a_touch.high, multiplier.high),
    )


def holding_share(growth_h: float, capacity_h: float, repays: float = 1.0) -> float:
    """The share of regular time that keeps debt from growing: u* = g / (k C).

    growth_h: hours of debt that a quarter adds; capacity_h: the team's hours a quarter; repays: hours of debt that an
    hour repays. Above 1 where no share does.
    """
    if not (growth_h >= 0 and capacity_h > 0 and repays > 0):
        raise InvalidInput(
            f"holding_share: found a growth of {growth_h} h, {capacity_h} h of capacity and {repays} repaid an hour; "
            "expected a growth of 0 or more, and the others above 0."
        )
    return growth_h / (repays * capacity_h)


def _drawn(items: pd.DataFrame, column: str) -> Floats:
    rows = [
        drawn_points(points, f"{column} of {each}", f"{column} {each}")
        for each, points in zip(items["id"], items[column], strict=True)
    ]
    return np.stack(rows) if rows else np.zeros((0, DRAWS))


def drawn_points(points: Points, what: str, name: str) -> Floats:
    """Draws through three points: a median, and the 10% and 90% on either side of it."""
    low, middle, high = (float(each) for each in points)
    if not 0 <= low <= middle <= high < math.inf:
        raise InvalidInput(f"debt_score: found {points} as the {what}; expected three points that ascend from 0.")
    deviates = generator(name).standard_normal(DRAWS) / NORMAL_90
    if low <= 0:
        return np.maximum(middle + deviates * np.where(deviates > 0, high - middle, middle - low), 0.0)
    return np.asarray(
        middle * np.exp(deviates * np.where(deviates > 0, math.log(high / middle), math.log(middle / low)))
    )


def _ends(name: str, drawn: Floats) -> dict[str, Floats]:
    if not len(drawn):
        return {name: np.array([]), f"{name}_low": np.array([]), f"{name}_high": np.array([])}
    low, middle, high = np.quantile(drawn, [0.05, 0.5, 0.95], axis=1)
    return {name: middle, f"{name}_low": low, f"{name}_high": high}
