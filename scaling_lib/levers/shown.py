"""The tables of step 08 as its notebook shows them, and in place of an empty one the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib import figures
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown
from scaling_lib.levers import tables
from scaling_lib.levers.result import Levers
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class _Table:
    """make: from the result; of: the parts whose absence makes it empty; otherwise: what is said where none is."""

    make: Callable[[Levers], pd.DataFrame]
    caption: str
    of: tuple[str, ...]
    otherwise: str


UNITS = {
    **dict.fromkeys(("repay", "interest", "risk"), "h"),
    **dict.fromkeys(("heat", "tested", "theirs", "of waiting", "chance"), "fraction"),
    "pays after": "quarters",
}
CODE, PEOPLE, DEBT, CALLS = ("hotspots", "complexity", "changes"), ("changes",), ("debt",), ("readiness", "incidents")
TABLES = {
    "hotspots": _Table(
        make=tables.hotspots_table, of=CODE, otherwise="No file has both changes and a complexity.",
        caption="Files by commits times complexity (McCabe's number, summed over functions); heat: over the most.",
    ),
    "islands": _Table(
        make=tables.islands_table, of=PEOPLE, otherwise="No file of ten commits or more is one person's alone.",
        caption="Files of ten commits or more, of which one person made 90% or more.",
    ),
    "truck": _Table(
        make=tables.truck_table, of=PEOPLE, otherwise="No history is given.",
        caption="How many people would have to leave until half of the files have nobody who knows them, by how people "
        "are told apart. A difference between the rows is of names and bots, not of knowledge.",
    ),
    "pairs": _Table(
        make=tables.pairs_table, of=PEOPLE, otherwise="No two files are changed together often (in 5 commits, and 30% "
        "of their mean).",
        caption="Files that are changed together: in how many commits, and of how many of each (their mean).",
    ),
    "coordination": _Table(
        make=tables.coordination_table, of=("coordination", "changes"), otherwise="No history is given.",
        caption="How much teams need each other to change code, by the owners of its files.",
    ),
    "owners": _Table(
        make=tables.owners_table, of=("teams", "changes"), otherwise="No service and no runbook has an owner.",
        caption="Who answers for what, and commits of the owner's members of late.",
    ),
    "queue": _Table(
        make=tables.queue_table, of=("queue", *DEBT), otherwise="No debt has hours, and no work is named.",
        caption="Debt and features in one order: hours that a quarter of waiting costs, over the hours that the work "
        "takes. Rank: with 90 of 100 draws; this quarter: what the teams' hours hold, of the largest sum.",
    ),
    "debt": _Table(
        make=tables.debt_table, of=DEBT, otherwise="No debt has hours.",
        caption="Hours to repay each item, and what it costs a quarter until then: interest, and risk of incidents, "
        "weighted by the service's part of what requests wait for. Chance: that repaying it pays within the quarters.",
    ),
    "readiness": _Table(
        make=tables.readiness_table, of=CALLS, otherwise="No incident is given.",
        caption="How incidents are met. Shares of runbooks are weighted by how often the incidents came.",
    ),
    "pages": _Table(
        make=tables.pages_table, of=CALLS, otherwise="No incident is given.",
        caption="Pages, the oldest first, whether anybody had to act, and the runbook for each.",
    ),
    "runbooks": _Table(
        make=tables.runbooks_table, of=("runbooks", *CALLS), otherwise="No runbook is given.",
        caption="Runbooks, those for most real incidents first.",
    ),
}  # fmt: skip


def table(result: Levers, name: str) -> Shown:
    """A table by its name, one of TABLES; a sentence that says why, and what to supply, where it is empty."""
    if name not in TABLES:
        raise InvalidInput(f"table: found {name!r}; expected one of {listing(list(TABLES), len(TABLES))}.")
    own = TABLES[name]
    frame = own.make(result)
    if len(frame):
        caption = own.caption + said_simulated(result)
        return figures.table(frame, name, caption, units=UNITS)
    return figures.nothing(why(result, *own.of) or own.otherwise)


def why(result: Levers, *parts: str) -> str:
    """Why the first of these parts that is absent is so, and what to supply."""
    absent = next((result.absent[part] for part in parts if part in result.absent), None)
    return absent.text if absent else ""


def said_simulated(result: Levers) -> str:
    """Said where evidence of this step is simulated; spans only weigh risks."""
    origins = {each.origin for kind, own in result.sources.items() if kind != "spans" for each in own}
    if "simulated" not in origins:
        return ""
    return " This evidence is simulated." if origins == {"simulated"} else " Some of this evidence is simulated."
