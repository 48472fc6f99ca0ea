"""Every SLO of an assessment held against the evidence: step 01's result."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.errors import BrokenEvidence, NotEnoughData, NotMeasured
from scaling_lib.evidence.slos import SLO
from scaling_lib.objectives import asks_its_own_query
from scaling_lib.slo.alerts import alert_policy, lint
from scaling_lib.slo.attainment import attainment
from scaling_lib.slo.between_edges import between_edges
from scaling_lib.slo.budget import allowed_share, error_budget
from scaling_lib.slo.budgeting import BudgetComparison, budget_methods, own_counts, own_slice_s
from scaling_lib.slo.counts import MINUTE, are_silent, minute_grid, rate_per_s, silent_minutes, steps_s
from scaling_lib.slo.exclusions import applying, audit_exclusions, is_excluded
from scaling_lib.slo.incidents import known_spells
from scaling_lib.slo.origins import Rows
from scaling_lib.slo.projection import Projection, projected_budget
from scaling_lib.slo.replay import replay as replay_policy
from scaling_lib.slo.result import Assessed, SLOResult, Unmeasured
from scaling_lib.slo.sli import minute_counts
from scaling_lib.slo.windows import parse_window, window_edges
from scaling_lib.stats import Estimate

SUPPLY = "Compare the journey's selectors with the metrics of step 00, or supply what is missing."
MEND = "Mend or replace the source that cannot be read, then run again."


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
            counts, rows = minute_counts(system, slo)
            results.append(_assess(system, slo, counts, rows, level))
        except NotMeasured as reason:
            unmeasured.append(Unmeasured(slo=slo, reason=str(reason), supply=reason.supply or SUPPLY))
        except BrokenEvidence as broken:
            problem = broken
            unmeasured.append(Unmeasured(slo=slo, reason=str(broken), supply=MEND, broken=True))
    if problem and not results and all(each.broken for each in unmeasured):
        raise problem
    return Assessed(system=system.name, results=tuple(results), unmeasured=tuple(unmeasured), level=level)


def _assess(system: Assessment, slo: SLO, everything: pd.DataFrame, rows: Rows, level: float) -> SLOResult:
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
    start, end = window_edges(slo.window, grid.index[-1], slo.time_zone)
    if parse_window(slo.window).seconds is not None:
        start, end = start + MINUTE, end + MINUTE
    window = _between(counts, start, end)
    if window.empty:
        raise NotMeasured(
            f"{slo.name}: the exclusions leave no minute of its last window, which begins {start:%Y-%m-%d %H:%M} UTC.",
            supply="Shorten the exclusions, or collect a longer history.",
        )
    to_the_end = minute_grid(counts.reindex(counts.index.union(grid.index[-1:]), fill_value=0.0))
    recorded = _between(grid[grid["total"] > 0], start, end)
    rate = rate_per_s(window, unknown)
    audit = audit_exclusions(_between(grid, start, end), left_out, slo.target, level, counted=partial(own_counts, slo))
    counted = own_counts(slo, window)
    slices = None if slo.budgeting == "occurrences" else (own_counts(slo, to_the_end), own_slice_s(slo))
    held = attainment(counted["total"] - counted["bad"], counted["total"], slo.target, level)
    between = everything[everything.index.isin(counts.index)] if "bad_least" in everything else None
    if between is not None:
        held = between_edges(slo, held, _between(between, start, end))
    total, bad = float(counted["total"].sum()), float(counted["bad"].sum())
    spells = known_spells(system.known_incidents, slo, to_the_end)
    policy = alert_policy(slo.window)
    seen_s = (recorded.index[-1] - recorded.index[0] + MINUTE).total_seconds()
    return SLOResult(
        slo=slo,
        own_query=any(each.name == slo.journey and asks_its_own_query(slo, each) for each in system.journeys),
        counts=counts,
        start=start,
        end=end,
        window=window,
        counted=counted,
        between=between,
        covered=min(1.0, (seen_s - _silent_s(recorded)) / (end - start).total_seconds()),
        attainment=held,
        independent=attainment(total - bad, total, slo.target, level),
        budget=error_budget(slo.target, total - bad, total),
        spent=_spent(held.shown, slo.target),
        spells=spells.spells,
        found=bool(spells.spells["found"].all()),
        outside=spells.outside,
        unhurt=spells.unhurt,
        policy=policy,
        replay=replay_policy(
            policy,
            slo.target,
            to_the_end,
            spells.spells,
            excluded=unknown,
            slices=slices,
            window=slo.window,
            time_zone=slo.time_zone,
            level=level,
        ),
        rate=rate,
        remarks=tuple(lint(policy, slo.target, rate)),
        exclusions=audit,
        methods=_methods(slo, to_the_end),
        projection=_projection(slo, to_the_end, level),
        rows=rows,
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
