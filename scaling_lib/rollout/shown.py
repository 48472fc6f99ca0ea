"""The tables of step 05 as its notebook shows them, and in place of an empty one the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib import figures
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown
from scaling_lib.rollout import tables
from scaling_lib.rollout.result import Rollout
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class _Table:
    """make: from the result; of: the parts whose absence makes it empty; otherwise: what is said where none is."""

    make: Callable[[Rollout], pd.DataFrame]
    caption: str
    of: tuple[str, ...]
    otherwise: str
    kinds: tuple[str, ...] = ()


DELIVERY = ("deployments", "incidents", "changes")
TABLES = {
    "canaries": _Table(
        make=tables.canaries_table, of=("canaries",), otherwise="No canary is described.",
        caption="Each canary by all its metrics together: it fails where one surely gets worse (corrected for how many "
        "are looked at), passes where all surely stay within what is tolerated, and is inconclusive in between. "
        "Kayenta: what that judge would say; it has no such in-between.",
    ),
    "guardrails": _Table(
        make=tables.guardrails_table, of=("canaries",), otherwise="No canary could be judged.",
        caption="Each metric of a canary by itself. The intervals hold however often somebody looks, unless the "
        "canary says that it was judged once.",
    ),
    "plans": _Table(
        make=tables.plans_table, of=("plans", "SLOs"), otherwise="No plan could be priced.",
        caption="What 95 of 100 rollouts that carry a defect cost at most, of the SLO's whole budget: where its alerts "
        "alone see the defect, and where the versions are compared as well; what is expected of any rollout, "
        "with a defect or none; and how likely it takes more than is left.",
        kinds=DELIVERY,
    ),
    "inputs": _Table(
        make=tables.inputs_table, of=("plans", "SLOs"), otherwise="No plan could be priced.",
        caption="What the price of a plan rests on. A defect is as likely at each power of ten between the least and "
        "the most that it fails.",
        kinds=DELIVERY,
    ),
    "delivery": _Table(
        make=tables.delivery_table, of=("delivery", "deployments"), otherwise="Delivery is not measured.",
        caption="The four keys, held against the bands of the State of DevOps report of 2024.", kinds=DELIVERY,
    ),
    "failed": _Table(
        make=tables.failed_table, of=("delivery", "deployments"), otherwise="No deployment failed.",
        caption="The deployments that failed: one that was rolled back, or within an hour of which an incident of the "
        "same service began.", kinds=DELIVERY,
    ),
    "notes": _Table(
        make=tables.notes_table, of=("delivery", "deployments"), otherwise="Nothing else is to be known of them.",
        caption="What to know of these figures.", kinds=DELIVERY,
    ),
    "flags": _Table(
        make=tables.flags_table, of=("flags",), otherwise="Nothing is wrong with any flag.",
        caption="Flags with something wrong, those first that are longest past their lifetime and in most places.",
        kinds=("flags",),
    ),
}  # fmt: skip


def table(result: Rollout, name: str) -> Shown:
    """A table by its name, one of TABLES; a sentence that says why, and what to supply, where it is empty."""
    if name not in TABLES:
        raise InvalidInput(f"table: found {name!r}; expected one of {listing(list(TABLES), len(TABLES))}.")
    own = TABLES[name]
    frame = own.make(result)
    if len(frame):
        return figures.table(frame, name, own.caption + said_simulated(result, own.kinds))
    return figures.nothing(why(result, *own.of) or own.otherwise)


def why(result: Rollout, *parts: str) -> str:
    """Why the first of these parts that is absent is so, and what to supply."""
    absent = next((result.absent[part] for part in parts if part in result.absent), None)
    return absent.text if absent else ""


def said_simulated(result: Rollout, kinds: tuple[str, ...]) -> str:
    """Said where evidence of these kinds is simulated."""
    origins = [each.origin for kind in kinds for each in result.sources.get(kind, ())]
    if "simulated" not in origins:
        return ""
    return " This evidence is simulated." if set(origins) == {"simulated"} else " Some of this evidence is simulated."
