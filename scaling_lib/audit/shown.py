"""The tables of step 07 as its notebook shows them, and in place of an empty one the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib import figures
from scaling_lib.audit import tables
from scaling_lib.audit.result import Audit
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class _Table:
    """make: from the result; of: the parts whose absence makes it empty; otherwise: what is said where none is."""

    make: Callable[[Audit], pd.DataFrame]
    caption: str
    of: tuple[str, ...]
    otherwise: str


COSTS = ("costs", "requests", "usage", "bills")
SCANS = ("posture", "scans")
TABLES = {
    "services": _Table(
        make=tables.services_table, of=COSTS, otherwise="No service of the bill is held against demand.",
        caption="Each service of the bill: its cost a day in the last four weeks, and how it follows demand. "
        "Elasticity: by how many percent it costs more for one percent more requests.",
    ),
    "laws": _Table(
        make=tables.laws_table, of=COSTS, otherwise="No service's cost moves with demand.",
        caption="The laws that were fitted to each service's days. Those within AICc 4 of the best are taken, and what "
        "they say together is the interval. Error held out: at the fifth of the days with the highest demand, foretold "
        "from the others.",
    ),
    "per-request": _Table(
        make=tables.per_request_table, of=COSTS, otherwise="No day has both costs and requests.",
        caption="What a million requests cost, of the usage. Good: answered without an error and within the "
        "threshold of its SLO.",
    ),
    "anomalies": _Table(
        make=tables.anomalies_table, of=("anomalies", "usage", "bills"),
        otherwise="No day of any service cost what neither demand nor season explains.",
        caption="Days that cost what neither demand, nor the day of the week, nor the weeks around explain.",
    ),
    "budgets": _Table(
        make=tables.budgets_table, of=("budgets", "usage", "bills"), otherwise="No budget can be told.",
        caption="Each budget: what is billed of it, what it will be at its end, and the day on which it is spent.",
    ),
    "owners": _Table(
        make=tables.owners_table, of=("money", "bills"), otherwise="No usage is billed.",
        caption="Whose the gross usage is, by the tags of the bill.",
    ),
    "charges": _Table(
        make=tables.charges_table, of=("money", "bills"), otherwise="The bill has nothing but usage.",
        caption="What is charged or given and is no usage: it answers to no demand, and is in none of these figures.",
    ),
    "headroom": _Table(
        make=tables.spare_table, of=("metrics",),
        otherwise="No resource has a price: give `price_per_hour` of the resources in assessment.yaml.",
        caption="What is paid for what stands free even in the busiest hours of four weeks.",
    ),
    "commitments": _Table(
        make=tables.commitments_table, of=("usage", "bills"),
        otherwise="No commitment is sized: give the discount that you are offered as the parameter discount.",
        caption="What to commit to, by the distribution of each service's daily cost: a part of it pays where it is in "
        "use for more than 1 - discount of the time.",
    ),
    "scans": _Table(
        make=tables.scans_table, of=SCANS, otherwise="No scan is given.",
        caption="The last scan of each scanner. What is manual, muted or not evaluated is no pass.",
    ),
    "failing": _Table(
        make=tables.failing_table, of=SCANS, otherwise="No check that was evaluated fails.",
        caption="What fails, the most exposed first: severity (critical 10, high 5, medium 2, low 1) times the share "
        "of the critical journeys that the service works for; 1 where it cannot be placed.",
    ),
    "changes": _Table(
        make=tables.changes_table, of=SCANS, otherwise="There is no earlier scan to compare with.",
        caption="What changed since the scan before.",
    ),
    "controls": _Table(
        make=tables.controls_table, of=SCANS, otherwise="No scan names a control of a framework.",
        caption="The controls of each framework, with the worst verdict of their checks. Controls that no check is for "
        "are not in the scans, and were not evaluated.",
    ),
    "by-service": _Table(
        make=tables.by_service_table, of=SCANS, otherwise="No check is given.",
        caption="The checks by service; critical journeys: the share of them that it works for.",
    ),
}  # fmt: skip
MONEY = {"services", "laws", "per-request", "anomalies", "budgets", "owners", "charges", "commitments"}


def table(result: Audit, name: str) -> Shown:
    """A table by its name, one of TABLES; a sentence that says why, and what to supply, where it is empty."""
    if name not in TABLES:
        raise InvalidInput(f"table: found {name!r}; expected one of {listing(list(TABLES), len(TABLES))}.")
    own = TABLES[name]
    frame = own.make(result)
    if frame.empty:
        return figures.nothing(reason(result, *own.of) or own.otherwise)
    caption = own.caption
    if name in MONEY:
        caption += f" In {result.currency or 'the currency of the bill'}."
    if any(each.origin == "simulated" for each in result.sources.get("bills" if name in MONEY else "scans", ())):
        caption += " This evidence is simulated."
    return figures.table(frame, name, caption, units=tables.UNITS | dict.fromkeys(tables.PAID, result.currency))


def reason(result: Audit, *parts: str) -> str:
    """Why the first of these parts that is absent is so, and what to supply; "" where none is."""
    absent = next((result.absent[part] for part in parts if part in result.absent), None)
    return absent.text if absent else ""
