"""The budget under OpenSLO's three budgeting methods side by side, and where their verdicts differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.slos import SLO, Budgeting
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import MINUTE, minute_grid
from scaling_lib.slo.windows import parse_window, window_edges

Floats = NDArray[np.float64]
METHODS: tuple[Budgeting, ...] = ("occurrences", "timeslices", "ratio_timeslices")


@dataclass(frozen=True, kw_only=True)
class MethodBudget:
    """One method's answer for the last window.

    sli: good of all (events, slices, or the mean of the slices' ratios); NaN without traffic.
    allowed, spent: in the method's own unit: events, or slices; spent_fraction: spent / allowed.
    state: what the counts say, without an interval.
    """

    method: Budgeting
    sli: float
    allowed: float
    spent: float
    spent_fraction: float
    state: Literal["met", "missed", "insufficient data"]


@dataclass(frozen=True, kw_only=True)
class BudgetComparison:
    """The three methods over a history.

    left: by the end of each slice (UTC), one column for each method: the fraction of the window's budget that is left,
        1 untouched, below 0 overspent, NaN before any traffic; a calendar window starts again at each edge.
    methods: the last window by method; differs: whether their verdicts for it are not all the same.
    apart: the ends of the slices at which some methods had budget left and others had overspent.
    disagreement: their share of all slices with traffic before; NaN without any.
    start, end: of the last window; slice_s, slice_target: as used.
    caveat: said where a usual slice holds so few events that one failure makes it bad; else "".
    """

    left: pd.DataFrame
    methods: dict[Budgeting, MethodBudget]
    differs: bool
    apart: pd.DatetimeIndex
    disagreement: float
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    slice_s: float
    slice_target: float
    caveat: str


def budget_methods(
    counts: pd.DataFrame,
    target: float,
    window: str = "28d",
    *,
    slice_target: float | None = None,
    slice_s: float = 60.0,
    time_zone: str = "UTC",
) -> BudgetComparison:
    """Budget left over time by Occurrences, Timeslices and RatioTimeslices.

    counts: see `minute_grid`; target: a fraction in (0, 1); window: rolling or calendar, see `parse_window`.
    slice_target: the share of good events from which a slice is good, in (0, 1], the target if None; slice_s: a
        slice's length, whole minutes; slices begin at whole multiples of it since 1970 (UTC).

    Occurrences counts events; Timeslices counts slices below slice_target; RatioTimeslices adds up the slices' bad
    shares, so that each slice weighs the same whatever its traffic. All are measured against (1 - target) of what
    the window has seen so far: events, or slices with traffic. A slice without traffic is neither good nor bad.
    Source: the OpenSLO specification v1, budgetingMethod.
    """
    allowed = float(allowed_share(target))
    least = _least(target, slice_target)
    counted = counted_by_method(counts, target, slice_target=slice_target, slice_s=slice_s)
    total = counted["occurrences"]["total"].to_numpy()
    ends = pd.DatetimeIndex(counted["occurrences"].index) + pd.Timedelta(seconds=slice_s)
    first = _first_of_window(ends, window, int(slice_s), time_zone)
    left, methods = {}, {}
    for method in METHODS:
        gone, size = (_window_sums(counted[method][column].to_numpy(), first) for column in ("bad", "total"))
        fraction = np.divide(gone, allowed * size, out=np.full(len(size), np.nan), where=size > 0)
        left[method] = 1 - fraction
        methods[method] = _last(method, gone, size, allowed)
    frame = pd.DataFrame(left, index=pd.DatetimeIndex(ends, name="time"))
    known = frame.dropna()
    exhausted = known < -1e-9
    split = exhausted.any(axis=1) & ~exhausted.all(axis=1)
    edges = None
    if len(ends):
        calendar = parse_window(window).seconds is None  # a slice that ends at midnight belongs to the day before
        edges = window_edges(window, ends[-1] - MINUTE if calendar else ends[-1], time_zone)
    return BudgetComparison(
        left=frame,
        methods=methods,
        differs=len({method.state for method in methods.values()}) > 1,
        apart=pd.DatetimeIndex(known.index[split]),
        disagreement=float(split.mean()) if len(known) else float("nan"),
        start=edges[0] if edges else None,
        end=edges[1] if edges else None,
        slice_s=float(slice_s),
        slice_target=least,
        caveat=_caveat(total[total > 0], least),
    )


def counted_by_method(
    counts: pd.DataFrame, target: float, *, slice_target: float | None = None, slice_s: float = 60.0
) -> dict[Budgeting, pd.DataFrame]:
    """What each method counts, by slice (UTC): columns `total` and `bad`, in events or in slices.

    Arguments as for `budget_methods`. A slice without traffic is 0 of 0 in all of them.
    """
    least = _least(target, slice_target)
    if slice_s < 60 or slice_s % 60:
        raise InvalidInput(f"budget_methods: found slices of {slice_s:g} s; expected whole minutes, such as 60 or 300.")
    slices = _slices(minute_grid(counts), int(slice_s))
    total, bad = slices["total"].to_numpy(dtype=np.float64), slices["bad"].to_numpy(dtype=np.float64)
    seen = (total > 0).astype(np.float64)
    share = np.divide(bad, total, out=np.zeros(len(total)), where=total > 0)
    failing = (total > 0) & (total - bad < least * total * (1 - 1e-12))  # 999 of 1,000 is a good slice at 0.999
    failing |= (bad > 0) & (least == 1)
    return {
        "occurrences": pd.DataFrame({"total": total, "bad": bad}, index=slices.index),
        "timeslices": pd.DataFrame({"total": seen, "bad": failing.astype(np.float64)}, index=slices.index),
        "ratio_timeslices": pd.DataFrame({"total": seen, "bad": share}, index=slices.index),
    }


def own_counts(slo: SLO, counts: pd.DataFrame) -> pd.DataFrame:
    """What an SLO's own budgeting method counts: requests by minute, or slices by their start; `total` and `bad`.

    counts: see `minute_grid`.
    """
    if slo.budgeting == "occurrences":
        return minute_grid(counts)
    sliced = counted_by_method(counts, slo.target, slice_target=slo.slice_target, slice_s=own_slice_s(slo))
    return sliced[slo.budgeting]


def own_slice_s(slo: SLO) -> float:
    """The length of an SLO's slices in seconds: at least the minute that evidence is kept by, which requests have."""
    return 60.0 if slo.budgeting == "occurrences" else max(60.0, slo.slice_s)


def _least(target: float, slice_target: float | None) -> float:
    if slice_target == 1:
        return 1.0  # a slice is good only if all its events are; the budget is in slices, so there still is one
    return float(1 - allowed_share(target if slice_target is None else slice_target))


def _slices(grid: pd.DataFrame, slice_s: int) -> pd.DataFrame:
    if slice_s == 60:
        return grid
    return grid.groupby(pd.DatetimeIndex(grid.index).floor(f"{slice_s}s")).sum().asfreq(f"{slice_s}s", fill_value=0.0)


def _caveat(traffic: Floats, least: float) -> str:
    usual = float(np.median(traffic)) if len(traffic) else 0.0
    if not usual or usual * (1 - least) >= 1:
        return ""
    return f"A usual slice holds {usual:,.0f} events: a single failure makes it bad at a slice target of {least:.6g}."


def _first_of_window(ends: pd.DatetimeIndex, window: str, slice_s: int, time_zone: str) -> NDArray[np.int64]:
    """For each slice, the place of the first slice of the window that holds it."""
    places = np.arange(len(ends))
    seconds = parse_window(window).seconds
    if seconds is not None:
        return np.maximum(places + 1 - max(1, seconds // slice_s), 0)
    first = np.zeros(len(ends), dtype=np.int64)
    place = 0
    while place < len(ends):
        start = ends[place] - pd.Timedelta(seconds=slice_s)
        _, end = window_edges(window, start, time_zone)
        following = max(int(ends.searchsorted(end, side="right")), place + 1)
        first[place:following] = place
        place = following
    return first


def _window_sums(values: Floats, first: NDArray[np.int64]) -> Floats:
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(running[1:] - running[first])


def _last(method: Budgeting, gone: Floats, size: Floats, allowed: float) -> MethodBudget:
    if len(size) == 0 or size[-1] == 0:
        nan = float("nan")
        return MethodBudget(
            method=method, sli=nan, allowed=0.0, spent=0.0, spent_fraction=nan, state="insufficient data"
        )
    spent, budget = float(gone[-1]), allowed * float(size[-1])
    return MethodBudget(
        method=method,
        sli=1 - spent / float(size[-1]),
        allowed=budget,
        spent=spent,
        spent_fraction=spent / budget,
        state="met" if spent <= budget * (1 + 1e-9) else "missed",
    )
