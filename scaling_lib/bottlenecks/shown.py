"""The tables of step 04 as its notebook shows them, and in place of an empty one the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib import figures
from scaling_lib.bottlenecks import change_tables, tables
from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class _Table:
    """make: from the result; of: the parts whose absence makes it empty; otherwise: what is said where none is."""

    make: Callable[[Bottlenecks], pd.DataFrame]
    caption: str
    of: tuple[str, ...]
    otherwise: str


MODEL = ("model", "load curve", "load tests")
UNDESCRIBED = "No change is described: name what was done, with the evidence before and after, as changes."
TABLES = {
    "rank": _Table(
        make=tables.rank_table, of=("ranking",), otherwise="What requests wait for is not measured.",
        caption="What requests wait for: its share of their time at the median and of the slow ones, how often it is "
        "first when these traces are drawn anew, and its own time in the mean request. That time holds waiting for "
        "others: where a resource is busy, less work there gains more than it.",
    ),
    "budgets": _Table(
        make=tables.budget_table, of=("ranking", "SLOs"),
        otherwise="No request of these traces is over the threshold of a latency SLO because of one operation alone.",
        caption="The requests of these traces over the threshold of their SLO, now and recounted with the time of one "
        "name taken out of each trace, the queueing behind it not counted: which part of the slow ones that explains. "
        "Traces may be of a bad minute (mostly of): what of the budget is spent is step 01's figure.",
    ),
    "model": _Table(
        make=tables.solved_table, of=MODEL,
        otherwise="None of what is waited for most works on a resource of the model.",
        caption="The model solved again with all work of an operation gone, at today's busiest minute: what waits for "
        "a lock or a partner takes time of the requests, but no work of a resource. Work is divided between services "
        "by their processes' counters where all of a resource have them, else by spans, and between operations by "
        "spans; the intervals do not know of that.",
    ),
    "fixes": _Table(
        make=tables.fixes_table, of=(),
        otherwise="No fix is proposed: name what you think of doing as `fixes` in assessment.yaml.",
        caption="The fixes that are proposed, each held against the traces and the model before anybody builds it.",
    ),
    "resources": _Table(
        make=tables.resources_table, of=MODEL, otherwise="No demand of a resource is measured.",
        caption="The resources of the model: what a request takes of each, how much of it is in use at today's busiest "
        "minute, at which throughput it is full, and in which share of what the demands may be it is the first. "
        "Of spans alone the demand is self time, which holds waiting, and one server a service is assumed.",
    ),
    "migration": _Table(
        make=tables.migration_table, of=("migration", *MODEL),
        otherwise="No relief is followed: a relief of 1 changes nothing, and a limit that the traces exceed is none.",
        caption="The bottleneck, relieved in turn, and what limits then.",
    ),
    "changes": _Table(
        make=change_tables.changes_table, of=(), otherwise=UNDESCRIBED,
        caption="Each change as it was before, as it was predicted from that alone, and as it was recorded after.",
    ),
    "levels": _Table(
        make=change_tables.levels_table, of=(), otherwise=UNDESCRIBED,
        caption="The same at each level of the load test: throughput (requests/s) and mean response.",
    ),
    "impact": _Table(
        make=change_tables.impact_table, of=(), otherwise=UNDESCRIBED,
        caption="The durations of the traces before and after, each operation compared at its own level of load.",
    ),
    "left-out": _Table(
        make=tables.left_out_table, of=("critical path", "spans"), otherwise="No span was left out or cut.",
        caption="Spans that are on no critical path, or cut, and why.",
    ),
}  # fmt: skip
UNITS = {
    "is first": "fraction", "certainty": "fraction", "certainty then": "fraction", "seconds": "s",
    "predicted / recorded": "x", "response predicted / recorded": "x",
}  # fmt: skip
LEVELS = {
    "change": "change", "users": "users", "before": "before", "predicted": "predicted", "after": "after",
    "ratio": "predicted / recorded", "before_s": "response before_s", "predicted_s": "response predicted_s",
    "after_s": "response after_s", "ratio_s": "response predicted / recorded",
}  # fmt: skip
MOST_ROWS = 12  # of the ranking on the page: what is below takes next to nothing; the data beside it has all


def table(result: Bottlenecks, name: str) -> Shown:
    """A table by its name, one of TABLES; a sentence that says why, and what to supply, where it is empty."""
    if name not in TABLES:
        raise InvalidInput(f"table: found {name!r}; expected one of {listing(list(TABLES), len(TABLES))}.")
    own = TABLES[name]
    frame = own.make(result)
    if not len(frame):
        return figures.nothing((own.of and tables.reason(result, *own.of)) or own.otherwise)
    shown, caption = frame, own.caption
    if name == "levels":
        shown = frame[list(LEVELS)].rename(columns=LEVELS)
    elif name == "rank":
        shown = frame.drop(columns="runs on").head(MOST_ROWS)
    if "change" in shown and shown["change"].nunique() == 1:
        caption = f"{shown['change'].iloc[0]}: {caption[0].lower()}{caption[1:]}"
        shown = shown.drop(columns="change")
    return figures.table(shown, name, caption, units=UNITS, data=frame)
