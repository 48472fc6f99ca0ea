"""How a bill is paid and whose it is: savings on list prices, what nobody owns, charges that are no usage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.audit.daily import usage_by_service
from scaling_lib.errors import NotEnoughData
from scaling_lib.evidence.bills import MICRO, Bills
from scaling_lib.model import cost
from scaling_lib.model.cost import Commitment
from scaling_lib.stats.arguments import check_kind
from scaling_lib.words import listing, percent


@dataclass(frozen=True, kw_only=True, eq=False)
class Spending:
    """How a bill is paid.

    usage, gross: effective cost of usage, and the positive part of it. savings: 1 - effective / list of usage, a
    fraction; None where no row tells its list price. savings_caveat: why it may not be exact, "" for nothing.
    unallocated: the share of gross usage that no tag says whose it is. nobodys: service, resource (one of them), cost,
    share (of gross usage), the largest first. by_owner: owner, cost, share.
    charges: category, service, cost, rows: what is no usage; credits: the sum of credits, at most 0.
    """

    currency: str
    usage: float
    gross: float
    savings: float | None
    savings_caveat: str
    unallocated: float
    nobodys: pd.DataFrame
    by_owner: pd.DataFrame
    charges: pd.DataFrame
    credits: float


def spending(bills: Bills, *, currency: str = "") -> Spending:
    """What is paid for usage, whose it is, and what else is charged. Shares are of gross usage: credits change none."""
    check_kind("spending", "bills", bills, Bills, "those of `Assessment.bills()`")
    cells = bills.of(currency)
    usage = cells[cells["category"] == "Usage"]
    gross = int(usage["gross"].sum())
    savings, caveat = _savings(bills, usage)
    own = usage.assign(owner=usage["tag"]).groupby("owner")["gross"].sum().sort_values(ascending=False)
    untagged = usage[usage["tag"] == ""].groupby("service")["gross"].sum().sort_values(ascending=False)
    named = bills.resources[bills.resources["tag"] == ""].drop_duplicates("service").set_index("service")["resource"]
    others = cells[cells["category"] != "Usage"]
    charges = others.groupby(["category", "service"], as_index=False)[["effective", "n"]].sum()
    return Spending(
        currency=currency or bills.currencies[0],
        usage=int(usage["effective"].sum()) / MICRO,
        gross=gross / MICRO,
        savings=savings,
        savings_caveat=caveat,
        unallocated=float(untagged.sum() / gross) if gross else 0.0,
        nobodys=pd.DataFrame(
            {
                "service": untagged.index,
                "resource": [str(named.get(name, "")) for name in untagged.index],
                "cost": untagged.to_numpy() / MICRO,
                "share": untagged.to_numpy() / max(gross, 1),
            }
        ),
        by_owner=pd.DataFrame(
            {"owner": own.index, "cost": own.to_numpy() / MICRO, "share": own.to_numpy() / max(gross, 1)}
        ),
        charges=charges.assign(cost=charges["effective"] / MICRO).rename(columns={"n": "rows"})[
            ["category", "service", "cost", "rows"]
        ],
        credits=int(others.loc[others["category"] == "Credit", "effective"].sum()) / MICRO,
    )


def commitments(bills: Bills, discount: float, *, currency: str = "", level: float = 0.95) -> dict[str, Commitment]:
    """What to commit to, by service: on its list or effective cost of each day, at a discount on what is committed.

    Services of which nothing would be committed, or with less than two weeks of days, are left out.
    """
    usage = usage_by_service(bills, currency)
    found = {}
    for service in map(str, usage.columns):
        try:
            sized = cost.commitment(np.maximum(usage[service], 0.0), discount=discount, level=level, unit="a day")
        except (NotEnoughData, ValueError):
            continue
        if sized.size.value > 0:
            found[service] = sized
    return found


def _savings(bills: Bills, usage: pd.DataFrame) -> tuple[float | None, str]:
    told = usage[(usage["listed_rows"] == usage["n"]) & (usage["n"] > 0)]
    listed = int(told["listed"].sum())
    if not listed:
        return None, "no row of usage tells its list price"
    caveats = []
    if len(told) < len(usage):
        part = 1 - int(told["gross"].sum()) / max(int(usage["gross"].sum()), 1)
        caveats.append(f"{percent(part)} of gross usage has no list price and is left out")
    notes = " ".join(note for each in bills.quality for note in each.notes)
    if "rounded to cents" in notes:
        caveats.append("costs are rounded to cents")
    if "billed cost is taken for effective cost" in notes:
        caveats.append("billed cost stands for effective cost")
    return 1 - int(told["effective"].sum()) / listed, listing(caveats)
