"""Every SLO of an assessment held against the evidence: step 01's result."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.errors import BrokenEvidence, NotEnoughData, NotMeasured
from scaling_lib.evidence.slos import SLO
from scaling_lib.findings import Source
from scaling_lib.objectives import asks_its_own_query
from scaling_lib.slo.alerts import AlertPolicy, Remark, alert_policy, lint
from scaling_lib.slo.attainment import Attainment, attainment
from scaling_lib.slo.between_edges import between_edges
from scaling_lib.slo.budget import ErrorBudget, allowed_share, error_budget
from scaling_lib.slo.budgeting import BudgetComparison, budget_methods, own_counts, own_slice_s
from scaling_lib.slo.counts import MINUTE, are_silent, minute_grid, rate_per_s, silent_minutes, steps_s
from scaling_lib.slo.exclusions import ExclusionAudit, applying, audit_exclusions, is_excluded
from scaling_lib.slo.incidents import known_spells
from scaling_lib.slo.projection import Projection, projected_budget
from scaling_lib.slo.replay import Replay
from scaling_lib.slo.replay import replay as replay_policy
from scaling_lib.slo.sli import minute_counts
from scaling_lib.slo.windows import parse_window, window_edges
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, percent

SUPPLY = "Compare the journey's selectors with the metrics of step 00, or supply what is missing."
MEND = "Mend or replace the source that cannot be read, then run again."
COLUMNS = ["slo", "bad is", "target", "measured", "here", "long run", "events", "bad", "budget spent", "window seen"]


@dataclass(frozen=True, kw_only=True)
class SLOResult:
    """One SLO against its evidence.

    own_query: whether the SLO has a query of its own, which was not asked: counted are its journey's requests.
    counts: all minutes with traffic, columns `total` and `bad`, indexed by minute (UTC), exclusions left out.
    window: the part of `counts` in the SLO's last window; covered: the share of that window which the evidence spans.
    counted: the same part as the SLO's budgeting method counts it: requests by minute, or slices of slo.slice_s.
    attainment: with an interval that allows for failures that come together; independent: as if they never did.
    budget: what the window's own traffic allowed and spent, in what the method counts; spent: the same as a fraction
        with its interval, whose ends are NaN as those of `attainment.shown`.
    spells: stretches of failure: name, start, end, found (in the counts, not given); found: no incident given is one.
    outside: incidents that were given but lie outside the evidence, so that nothing can be said of them; unhurt: those
        in which no more failed than the SLO allows, so that no alert is expected.
    replay: the alert policy over `counts`; remarks: its lint at the mean traffic.
    exclusions: what each stretch that was left out changes in the window.
    methods: the budget by OpenSLO's three methods.
    projection: the budget at the end of the window, None where the history is too short to say.
    """

    slo: SLO
    own_query: bool
    counts: pd.DataFrame
    window: pd.DataFrame
    counted: pd.DataFrame
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
    remarks: tuple[Remark, ...]
    exclusions: ExclusionAudit
    methods: BudgetComparison
    projection: Projection | None
    source: Source

    @property
    def rate(self) -> float:
        """Mean events per second over the last window, its partly seen edges and what is excluded left out."""
        return rate_per_s(self.window, self.exclusions.excluded)

    @property
    def unit(self) -> str:
        """What the budget is counted in."""
        return "requests" if self.slo.budgeting == "occurrences" else f"slices of {duration(self.slice_s)}"

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
        metrics = self.source.table == "metrics"
        if self.slo.kind == "latency":
            rule = f"over {duration(self.slo.threshold_s or 0.0)}"
        else:
            rule = "metrics.errors" if metrics else "5xx"
        if self.slo.budgeting == "timeslices":
            rule = f"{self.unit} less than {percent(self.methods.slice_target)} good ({rule})"
        elif self.slo.budgeting == "ratio_timeslices":
            rule = f"the share of bad in {self.unit} ({rule})"
        return f"{rule} of the journey; own query not asked" if self.own_query else rule

    @property
    def went_bad(self) -> str:
        """What a bad one did, after a number and `unit`."""
        if self.slo.budgeting != "occurrences":
            return "failed it"
        return "were too slow" if self.slo.kind == "latency" else "failed"

    def share_of_budget(self, bad: float) -> float:
        """Failed requests, or slices, as a fraction of what the window's own allow to fail."""
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


def assess(system: Assessment, *, level: float = 0.95) -> Assessed:
    """Hold every SLO of the assessment against its evidence.

    level: of all intervals. An SLO without evidence, or whose evidence cannot be read, is listed as unmeasured with
    the reason. Raises BrokenEvidence where that is so of every SLO's evidence, and where SLO files cannot be read.
    """
    results: list[SLOResult] = []
    unmeasured: list[Unmeasured] = []
    problem: BrokenEvidence | None = None
    for slo in system.slos():
        try:
            counts, source = minute_counts(system, slo)
            results.append(_assess(system, slo, counts, source, level))
        except NotMeasured as reason:
            unmeasured.append(Unmeasured(slo=slo, reason=str(reason), supply=reason.supply or SUPPLY))
        except BrokenEvidence as broken:
            problem = broken
            unmeasured.append(Unmeasured(slo=slo, reason=str(broken), supply=MEND, broken=True))
    if problem and not results and all(each.broken for each in unmeasured):
        raise problem
    return Assessed(system=system.name, results=tuple(results), unmeasured=tuple(unmeasured), level=level)


def _assess(system: Assessment, slo: SLO, everything: pd.DataFrame, source: Source, level: float) -> SLOResult:
    left_out = applying(system.exclusions, slo.journey)
    grid = minute_grid(everything)
    excluded = pd.DatetimeIndex(grid.index[is_excluded(pd.DatetimeIndex(grid.index), left_out)])
    counts = grid[(grid["total"] > 0) & ~grid.index.isin(excluded)]
    if counts.empty:
        if not float(everything["total"].sum()):
            raise NotMeasured(
                f"{slo.name} is not measured: no request was answered without an error, so none was fast or slow.",
                supply="Find out why every request failed; the availability SLO tells when.",
            )
        raise NotMeasured(
            f"{slo.name}: the exclusions leave no minute to count. Shorten them.",
            supply="Shorten the exclusions, or collect a longer history.",
        )
    unknown = excluded.union(silent_minutes(pd.DatetimeIndex(counts.index)))
    start, end = window_edges(slo.window, counts.index[-1], slo.time_zone)
    if parse_window(slo.window).seconds is not None:
        start, end = start + MINUTE, end + MINUTE
    window = _between(counts, start, end)
    audit = audit_exclusions(_between(grid, start, end), left_out, slo.target, level, counted=partial(own_counts, slo))
    counted = own_counts(slo, window)
    slices = None if slo.budgeting == "occurrences" else (own_counts(slo, counts), own_slice_s(slo))
    held = attainment(counted["total"] - counted["bad"], counted["total"], slo.target, level)
    if "bad_least" in everything:
        held = between_edges(slo, held, everything[everything.index.isin(window.index)])
    total, bad = float(counted["total"].sum()), float(counted["bad"].sum())
    spells = known_spells(system.incidents, slo, counts)
    policy = alert_policy(slo.window)
    seen_s = (window.index[-1] - window.index[0] + MINUTE).total_seconds()
    return SLOResult(
        slo=slo,
        own_query=any(each.name == slo.journey and asks_its_own_query(slo, each) for each in system.journeys),
        counts=counts,
        window=window,
        counted=counted,
        covered=min(1.0, (seen_s - _silent_s(window)) / (end - start).total_seconds()),
        attainment=held,
        independent=attainment(total - bad, total, slo.target, level),
        budget=error_budget(slo.target, total - bad, total),
        spent=_spent(held.shown, slo.target),
        spells=spells.spells,
        found=bool(spells.spells["found"].all()),
        outside=spells.outside,
        unhurt=spells.unhurt,
        policy=policy,
        replay=replay_policy(policy, slo.target, counts, spells.spells, excluded=unknown, slices=slices, level=level),
        remarks=tuple(lint(policy, slo.target, rate_per_s(window, audit.excluded))),
        exclusions=audit,
        methods=_methods(slo, counts),
        projection=_projection(slo, counts, level),
        source=source,
    )


def _between(table: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    return table[(table.index >= start) & (table.index < end)]


def _methods(slo: SLO, counts: pd.DataFrame) -> BudgetComparison:
    return budget_methods(
        counts,
        slo.target,
        slo.window,
        slice_target=slo.slice_target,
        slice_s=max(60.0, slo.slice_s),
        time_zone=slo.time_zone,
    )


def _projection(slo: SLO, counts: pd.DataFrame, level: float) -> Projection | None:
    try:
        own = own_counts(slo, counts)
        last = pd.DatetimeIndex(own.index)[-1:] + pd.Timedelta(seconds=own_slice_s(slo) - 60)  # its last minute
        own = pd.concat([own, pd.DataFrame({"total": [0.0], "bad": [0.0]}, index=last)])
        return projected_budget(own, slo.target, slo.window, time_zone=slo.time_zone, level=level)
    except NotEnoughData:
        return None


def _spent(sli: Estimate, target: float) -> Estimate:
    allowed = float(allowed_share(target))
    value, low, high = ((1 - share) / allowed for share in (sli.value, sli.high, sli.low))
    return Estimate(value, float(np.maximum(low, 0.0)), high, sli.level, "fraction")


def _silent_s(window: pd.DataFrame) -> float:
    """Seconds of the silences in which nothing was recorded; nights and weekends without traffic are none."""
    steps = steps_s(pd.DatetimeIndex(window.index))
    return float(steps[are_silent(steps)].sum())
