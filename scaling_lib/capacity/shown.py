"""The tables of step 02 as its notebook shows them, and in place of an empty one the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib import figures
from scaling_lib.capacity import captions, tables
from scaling_lib.capacity.result import Capacity
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class _Table:
    """make: from the result; of: the parts whose absence makes it empty; otherwise: what is said where none is."""

    make: Callable[[Capacity], pd.DataFrame]
    caption: str
    of: tuple[str, ...]
    otherwise: str


TABLES = {
    "checks": _Table(
        make=tables.checks_table, caption=captions.CHECKS_CAPTION, of=("load curve", "load tests"),
        otherwise="No load test is checked.",
    ),
    "limits": _Table(
        make=tables.limits_table, caption=captions.LIMITS_CAPTION, of=("load tests", "load curve"),
        otherwise="No limit was reached: go on with the load test until throughput no longer rises.",
    ),
    "demand-by-journey": _Table(
        make=tables.demand_table, caption=captions.DEMAND_CAPTION, of=("demand",), otherwise="Demand is not measured.",
    ),
    "saturation": _Table(
        make=tables.saturation_table, caption=captions.SATURATION_CAPTION, of=(),
        otherwise="No resource is described: name what can run out under `resources` in assessment.yaml.",
    ),
    "model": _Table(
        make=tables.model_table, caption=captions.CHECK_CAPTION, of=("load tests", "load curve", "model"),
        otherwise="The model is not held against a load test.",
    ),
    "demands": _Table(
        make=tables.demands_table, caption=captions.DEMANDS_CAPTION, of=("model",), otherwise="No demand is measured.",
    ),
    "remarks": _Table(
        make=tables.remarks_table, caption=captions.REMARKS_CAPTION, of=("model",),
        otherwise="Nothing was assumed or left out in the model.",
    ),
    "law": _Table(
        make=tables.law_table, caption=captions.LAW_CAPTION, of=("load curve", "load tests"),
        otherwise="No scalability law is fitted.",
    ),
    "migration": _Table(
        make=tables.migration_table, caption=captions.MIGRATION_CAPTION, of=("migration", "model"),
        otherwise="No relief is followed: what limits first was not measured, or the relief is 1.",
    ),
    "options": _Table(
        make=tables.options_table, caption=captions.OPTIONS_CAPTION, of=("what more costs", "model", "demand"),
        otherwise="What more costs is not known.",
    ),
    "autoscaler": _Table(
        make=tables.autoscaler_table, caption=captions.AUTOSCALER_CAPTION, of=("autoscaler", "model", "demand"),
        otherwise="No autoscaler was run over the demand.",
    ),
}  # fmt: skip

TOLD_BY_CHECKS = ("load tests", "load curve")  # the table of checks stands first on the page and says why


def table(result: Capacity, name: str) -> Shown:
    """A table by its name, one of TABLES; a sentence that says why, and what to supply, where it is empty."""
    if name not in TABLES:
        raise InvalidInput(f"table: found {name!r}; expected one of {listing(list(TABLES), len(TABLES))}.")
    own = TABLES[name]
    frame = own.make(result)
    if len(frame):
        currency = result.currency or "currency not given"
        costs = {"cost": currency, "fixed cost": currency, "price": f"{currency}, an hour"}
        return figures.table(frame, name, own.caption, units=captions.UNITS | costs)
    part = next((part for part in own.of if part in result.absent), "")
    if part in TOLD_BY_CHECKS and name != "checks":
        return figures.nothing("Not known without a load test; what to supply is said under the evidence above.")
    absent = result.absent.get(part)
    refused = result.curve.refused.get("fit", "") if result.curve and name == "law" else ""
    return figures.nothing(absent.text if absent else refused or own.otherwise)
