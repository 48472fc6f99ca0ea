"""Step 01's result: every SLO of a system, measured or not."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scaling_lib.evidence.slos import SLO
from scaling_lib.slo.alerts import AlertPolicy, Remark
from scaling_lib.slo.attainment import Attainment
from scaling_lib.slo.budget import ErrorBudget, allowed_share
from scaling_lib.slo.budgeting import BudgetComparison, own_counts, own_slice_s
from scaling_lib.slo.exclusions import ExclusionAudit
from scaling_lib.slo.origins import Rows
from scaling_lib.slo.projection import Projection
from scaling_lib.slo.replay import Replay
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, number, percent

COLUMNS = ["slo", "bad is", "target", "measured", "here", "long run", "events", "bad", "budget spent", "window seen"]


@dataclass(frozen=True, kw_only=True)
class SLOResult:
    """One SLO against its evidence.

    own_query: whether the SLO has a query of its own, which was not asked: counted are its journey's requests.
    counts: all minutes with traffic, columns `total` and `bad`, indexed by minute (UTC), exclusions left out.
    start, end: of the SLO's last window: that of the last recorded minute, whether that counts or is excluded.
    window: the part of `counts` in it; covered: the share of it which the evidence spans.
    counted: the same part as the SLO's budgeting method counts it: requests by minute, or slices of slo.slice_s.
    between: where the histogram has no edge at the threshold, what was bad at least and at most, by minute: the columns
        `total`, `bad_least` and `bad_most`; None where bad ones were counted.
    attainment: with an interval that allows for failures that come together; independent: as if they never did.
    budget: what the window's own traffic allowed and spent, in what the method counts; spent: the same as a fraction
        with its interval, whose ends are NaN as those of `attainment.shown`.
    spells: stretches of failure: name, start, end, found (in the counts, not given); found: no incident given is one.
    outside: incidents that were given but lie outside the evidence, so that nothing can be said of them; unhurt: those
        in which no more failed than the SLO allows, so that no alert is expected.
    replay: the alert policy over `counts`; remarks: its lint at `rate`, the mean events per second over the last
        window, its partly seen edges, silences and what is excluded left out.
    exclusions: what each stretch that was left out changes in the window.
    methods: the budget by OpenSLO's three methods.
    rows: the raw rows it was counted from, with their origin.
    projection: the budget at the end of the window, None where the history is too short to say.
    """

    slo: SLO
    own_query: bool
    counts: pd.DataFrame
    start: pd.Timestamp
    end: pd.Timestamp
    window: pd.DataFrame
    counted: pd.DataFrame
    between: pd.DataFrame | None
    covered: float
    attainment: Attainment
    independent: Attainment
    budget: ErrorBudget
    spent: Estimate
    spells: pd.DataFrame
    found: bool
    outside: pd.DataFrame
    unhurt: pd.DataFrame
    policy: AlertPolicy
    replay: Replay
    rate: float
    remarks: tuple[Remark, ...]
    exclusions: ExclusionAudit
    methods: BudgetComparison
    projection: Projection | None
    rows: Rows

    @property
    def unit(self) -> str:
        """What the budget is counted in."""
        return "requests" if self.slo.budgeting == "occurrences" else f"slices of {duration(self.slice_s)}"

    def unit_of(self, count: float) -> str:
        """The unit after a number: `request` after 1."""
        plurals, *of = self.unit.split(" ", 1)
        return " ".join([plurals.removesuffix("s") if count == 1 else plurals, *of])

    @property
    def slice_s(self) -> float:
        """The length of a slice in seconds, at least the minute that evidence is kept by."""
        return own_slice_s(self.slo)

    @property
    def pace(self) -> float:
        """What the budget counts, by second: requests or slices."""
        return self.rate if self.slo.budgeting == "occurrences" else 1 / self.slice_s

    @property
    def bad_is(self) -> str:
        """What was counted as bad, and whether the SLO's own query was not asked."""
        metrics = self.rows.table == "metrics"
        if self.slo.kind == "latency":
            rule = f"over {duration(self.slo.threshold_s or 0.0)}"
        else:
            rule = "metrics.errors" if metrics else "5xx"
        if self.slo.budgeting == "timeslices":
            rule = f"{self.unit} less than {percent(self.methods.slice_target)} good ({rule})"
        elif self.slo.budgeting == "ratio_timeslices":
            rule = f"the share of bad in {self.unit} ({rule})"
        if self.between is not None:
            rule = f"{rule}, about: {' to '.join(map(number, self.bad_range(self.start, self.end)))} by its buckets"
        return f"{rule} of the journey; own query not asked" if self.own_query else rule

    @property
    def went_bad(self) -> str:
        """What a bad one did, after a number and `unit`."""
        if self.slo.budgeting != "occurrences":
            return "failed it"
        return "were too slow" if self.slo.kind == "latency" else "failed"

    def bad_range(self, start: pd.Timestamp, end: pd.Timestamp) -> tuple[float, float]:
        """The fewest and the most that were bad from start to end, where that was interpolated between two edges."""
        assert self.between is not None  # noqa: S101 - the caller has looked
        inside = self.between[(self.between.index >= start.floor("min")) & (self.between.index < end)]
        least, most = (
            float(own_counts(self.slo, inside.assign(bad=inside[name]))["bad"].sum())
            for name in ("bad_least", "bad_most")
        )
        return least, most

    def told(self, bad: float, start: pd.Timestamp, end: pd.Timestamp) -> str:
        """So many bad from start to end as they are said: counted, or about how many, and between which."""
        if self.between is None:
            return number(bad)
        return f"about {number(bad)} ({' to '.join(map(number, self.bad_range(start, end)))})"

    def share_of_budget(self, bad: float) -> float:
        """Failed requests, or slices, of the last window as a fraction of what those seen in it allow to fail."""
        return bad / (float(allowed_share(self.slo.target)) * float(self.counted["total"].sum()))


@dataclass(frozen=True, kw_only=True)
class Unmeasured:
    """An SLO that no evidence speaks of, and why.

    supply: what would measure it, as an action; broken: whether its evidence was given but cannot be read.
    """

    slo: SLO
    reason: str
    supply: str
    broken: bool = False


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """All SLOs of a system: those that were measured, and those that could not be."""

    system: str
    results: tuple[SLOResult, ...]
    unmeasured: tuple[Unmeasured, ...]
    level: float

    def table(self) -> pd.DataFrame:
        """One row an SLO: what is bad, target, SLI, state here (counted) and in the long run, events, budget.

        events, bad: what the budget counts: requests, or slices.
        """
        rows = [
            {
                "slo": each.slo.name,
                "bad is": each.bad_is,
                "target": each.slo.target,
                "measured": each.attainment.shown,
                "here": each.attainment.counted,
                "long run": each.attainment.state,
                "events": int(each.budget.total),
                "bad": each.budget.spent,
                "budget spent": each.spent,
                "window seen": f"{percent(each.covered)} of {each.slo.window}",
            }
            for each in self.results
        ]
        rows += [
            {
                "slo": each.slo.name,
                "target": each.slo.target,
                "here": "not measured",
                "window seen": f"none of {each.slo.window}",
            }
            for each in self.unmeasured
        ]
        return pd.DataFrame(rows, columns=COLUMNS)


def barely_over(spent: float) -> str:
    """Said after a share of a budget that is overspent and yet rounds to 100%, else nothing."""
    return f" ({percent(spent - 1)} more than all)" if spent > 1 and percent(spent) == "100%" else ""
