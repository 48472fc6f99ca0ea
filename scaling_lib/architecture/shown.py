"""The tables of step 06 as its notebook shows them, and in place of an empty one the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib import figures
from scaling_lib.architecture import tables
from scaling_lib.architecture.result import Architecture
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class _Table:
    """make: from the result; of: the parts whose absence makes it empty; otherwise: what is said where none is."""

    make: Callable[[Architecture], pd.DataFrame]
    caption: str
    of: tuple[str, ...]
    otherwise: str


UNDESCRIBED = "No change is described: name what was done, with the evidence before and after, as changes."
TABLES = {
    "options": _Table(
        make=tables.options_table, of=("evaluation",), otherwise="No option was evaluated.",
        caption="Every option, the best first: the probability that the load at the horizon is carried within the "
        "SLOs, the highest throughput then, and what is full first. NOT JUSTIFIED: it leaves what is full first as it "
        "is. DEARER: enough, but it costs more, takes longer to undo or adds parts.",
    ),
    "assumptions": _Table(
        make=tables.assumptions_table, of=("evaluation",), otherwise="No option rests on a figure of its own.",
        caption="What the options rest on that move what is full first, and where it is from; the data has all of "
        "them, and the probability with each figure at either end.",
    ),
    "recorded": _Table(
        make=tables.recorded_table, of=(), otherwise=UNDESCRIBED,
        caption="Changes that were made: the capacity foreseen from before, and the throughput recorded after.",
    ),
    "decided": _Table(
        make=tables.decided_table, of=(), otherwise=UNDESCRIBED,
        caption="The options of the time before, for the load at which the next resource is full.",
    ),
    "gate": _Table(
        make=tables.gate_table, of=("evaluation",), otherwise="No service has spans of its own: no cut is asked about.",
        caption="The gate before microservices, in both directions. To split takes a constraint, a cut that few "
        "changes cross, everything that it needs to run, and no cheaper way out; to merge, changes or calls across the "
        "cut and neither constraint.",
    ),
    "complexity": _Table(
        make=tables.complexity_table, of=("service graph",), otherwise="How complex the system is is not measured.",
        caption="How many parts depend on each other.",
    ),
}  # fmt: skip
MET_AT = ("met at its low end", "met at its high end")
UNITS = {"met": "fraction", "value": "", **dict.fromkeys(MET_AT, "fraction")}


def table(result: Architecture, name: str) -> Shown:
    """A table by its name, one of TABLES; a sentence that says why, and what to supply, where it is empty."""
    if name not in TABLES:
        raise InvalidInput(f"table: found {name!r}; expected one of {listing(list(TABLES), len(TABLES))}.")
    own = TABLES[name]
    frame = own.make(result)
    if frame.empty:
        return figures.nothing((own.of and tables.reason(result, *own.of)) or own.otherwise)
    caption, shown = own.caption, frame
    if "change" in frame and name == "decided" and frame["change"].nunique() == 1:
        caption, shown = f"{frame['change'].iloc[0]}: {caption[0].lower()}{caption[1:]}", frame.drop(columns="change")
    if name in ("options", "decided"):
        shown = shown.assign(
            remarks=[_remark(*row) for row in zip(shown["then full first"], shown["remarks"], strict=True)]
        )
        shown = shown.drop(columns=["gain", "then full first"])
    if name == "assumptions":
        shown = frame[~frame["verdict"].isin(["NOT JUSTIFIED"])].drop(columns=["verdict", *MET_AT])
        shown = shown.assign(option=shown["option"].where(shown["option"] != shown["option"].shift(), ""))
    if name == "gate":
        shown = frame.assign(cut=frame["cut"] + ": " + frame["verdict"]).drop(columns="verdict")
        shown["cut"] = shown["cut"].where(shown["cut"] != shown["cut"].shift(), "")
    units = UNITS | {"cost a month": result.currency or "currency not given"}
    return figures.table(shown, name, caption, units=units, data=frame)


def _remark(full: str, assumed: str) -> str:
    return f"then {full} is full first" + (f"; {assumed}" if assumed else "")
