"""`SLO`: one objective for one journey, in one form whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["availability", "latency"]
FileKind = Kind | Literal["threshold"]  # what SLO files can say besides
Budgeting = Literal["occurrences", "timeslices", "ratio_timeslices"]
Operator = Literal["lte", "lt", "gte", "gt"]


@dataclass(frozen=True)
class SLO:
    """A service-level objective.

    name: unique in an assessment; target: a fraction in (0, 1).
    window: rolling such as "28d" (m h d w), or calendar: "week", "month", "quarter", "year" in `time_zone`.
    kind: "availability" counts requests that are not errors; "latency" counts, of those, the ones within threshold_s;
        "threshold" counts the moments at which metric_query stands in the relation `op` to `value`.
    journey: the journey's name, "" where the SLO's file names none; service: as in the file.
    budgeting: how the budget is counted; slice_target and slice_s apply to the two time-slice methods.
        slice_target: in (0, 1], where 1 asks that all of a slice's requests are good; slice_s: whole minutes.
    good_query, bad_query, total_query: PromQL with `{{.window}}` for the range, "" where not given.
    raw_query: PromQL of a ratio that is already computed; raw_type: what it is the share of.
    counter: the queries are of counters; false where they are of numbers that rise and fall.
    composite, weight: the SLO this one is a part of, and how much it weighs there.
    alert_policies: names of the alert policies its file gives it.
    source: the file and field it was read from.
    """

    name: str
    target: float
    window: str = "28d"
    kind: FileKind = "availability"
    threshold_s: float | None = None
    journey: str = ""
    service: str = ""
    budgeting: Budgeting = "occurrences"
    slice_target: float | None = None
    slice_s: float = 60.0
    time_zone: str = "UTC"
    good_query: str = ""
    bad_query: str = ""
    total_query: str = ""
    raw_query: str = ""
    raw_type: Literal["failure", "success"] = "failure"
    metric_query: str = ""
    op: Operator = "lte"
    value: float | None = None
    counter: bool = True
    composite: str = ""
    weight: float = 1.0
    alert_policies: tuple[str, ...] = ()
    description: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        from scaling_lib.errors import InvalidInput

        if not 0 < self.target < 1:
            raise InvalidInput(
                f"SLO {self.name}: found a target of {self.target}; expected a fraction above 0 and below 1. "
                "A target of 100% leaves no error budget: every single failure would break it. Write 0.999 or 99.9%."
            )
        if self.kind == "latency" and not (self.threshold_s and self.threshold_s > 0):
            raise InvalidInput(
                f"SLO {self.name}: found a latency SLO without a threshold; expected one above 0, such as 300 ms."
            )
        if self.slice_target is not None and not 0 < self.slice_target <= 1:
            raise InvalidInput(
                f"SLO {self.name}: found a slice target of {self.slice_target}; expected a fraction above 0, at most 1."
            )
        if not self.slice_s > 0 or self.slice_s % 60:
            raise InvalidInput(
                f"SLO {self.name}: found slices of {self.slice_s:g} s; expected whole minutes, such as 60 or 300."
            )
