"""Exclusions that are audited: what each stretch that does not count does to the SLI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.attainment import Attainment, attainment
from scaling_lib.slo.counts import minute_grid, utc

Mask = NDArray[np.bool_]
COLUMNS = ["reason", "start", "end", "minutes", "total", "bad", "sli_only", "sli_all_but", "verdict_flips"]


@dataclass(frozen=True, kw_only=True)
class ExclusionAudit:
    """The SLI with and without the exclusions.

    counts: the minutes that remain (excluded ones are 0 of 0), in the form of `minute_grid`; excluded: the others.
    table: one row for each exclusion: reason, start, end, minutes (with traffic), total, bad (how many fewer there are
        where only it is left out), sli_only (only this one left out), sli_all_but (all but this one left out), and
        verdict_flips (all but this one gives another verdict than all, here or in the long run).
    without, with_all: the attainment of all minutes, and of those that remain. All in what `counted` counts.
    verdict_flips: whether their verdicts differ.
    """

    counts: pd.DataFrame
    excluded: pd.DatetimeIndex
    table: pd.DataFrame
    without: Attainment
    with_all: Attainment
    verdict_flips: bool


def audit_exclusions(
    counts: pd.DataFrame,
    exclusions: Iterable[Any],
    target: float,
    level: float = 0.95,
    *,
    counted: Callable[[pd.DataFrame], pd.DataFrame] = minute_grid,
) -> ExclusionAudit:
    """Leave out stretches, such as announced maintenance, and show what each of them does to the SLI.

    counts: see `minute_grid`; exclusions: objects or mappings with start, end (with time zones) and reason. Every
        minute that an exclusion touches is left out; minutes under several are left out once.
    target, level: as for `attainment`; counted: from counts by minute to those that the budget is held in, such as
        slices; the requests by minute themselves if not given.
    Raises InvalidInput for an exclusion without a reason or with its end not after its start.
    """
    grid = minute_grid(counts)
    rows = [_fields(item) for item in exclusions]
    masks = [_mask(pd.DatetimeIndex(grid.index), start, end) for _, start, end in rows]
    every = np.logical_or.reduce(masks) if masks else np.zeros(len(grid), dtype=bool)

    def kept(mask: Mask) -> pd.DataFrame:
        return counted(_without(grid, mask))

    whole = kept(np.zeros(len(grid), dtype=bool))
    without = _attained(whole, target, level)
    with_all = _attained(kept(every), target, level) if every.any() else without
    table = []
    for place, ((reason, start, end), mask) in enumerate(zip(rows, masks, strict=True)):
        others = [other for index, other in enumerate(masks) if index != place]
        rest = np.logical_or.reduce(others) if others else np.zeros(len(grid), dtype=bool)
        all_but, only = _attained(kept(rest), target, level), kept(mask)
        table.append(
            {
                "reason": reason,
                "start": start,
                "end": end,
                "minutes": int((grid["total"].to_numpy()[mask] > 0).sum()),
                "total": float(whole["total"].sum() - only["total"].sum()),
                "bad": float(whole["bad"].sum() - only["bad"].sum()),
                "sli_only": _attained(only, target, level).sli.value,
                "sli_all_but": all_but.sli.value,
                "verdict_flips": _differ(all_but, with_all),
            }
        )
    return ExclusionAudit(
        counts=_without(grid, every),
        excluded=pd.DatetimeIndex(grid.index[every]),
        table=pd.DataFrame(table, columns=COLUMNS),
        without=without,
        with_all=with_all,
        verdict_flips=_differ(without, with_all),
    )


def _differ(one: Attainment, other: Attainment) -> bool:
    """Whether two verdicts differ: that of the counts, or that of the long run."""
    return (one.counted, one.state) != (other.counted, other.state)


def applying(exclusions: Iterable[Any], journey: str) -> list[Any]:
    """The exclusions that count for a journey: those that name it, and those that name none."""
    return [each for each in exclusions if not each.journeys or journey in each.journeys]


def is_excluded(minutes: pd.DatetimeIndex, exclusions: Iterable[Any]) -> Mask:
    """Which of the minutes an exclusion touches."""
    masks = [_mask(minutes, start, end) for _, start, end in map(_fields, exclusions)]
    return np.logical_or.reduce(masks) if masks else np.zeros(len(minutes), dtype=bool)


def excluded_hours(minutes: pd.DatetimeIndex, exclusions: Iterable[Any]) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """The hours all of whose minutes with traffic are excluded; and those of which only some are.

    minutes: those with traffic. What is kept by the hour, such as latency bins, can leave out whole hours only.
    """
    mask = pd.Series(is_excluded(minutes, exclusions), index=minutes.floor("h")).groupby(level=0)
    every, some = mask.all(), mask.any()
    return pd.DatetimeIndex(every.index[every]), pd.DatetimeIndex(every.index[some & ~every])


def counted_stretches(exclusions: Iterable[Any]) -> list[tuple[pd.Timestamp | None, pd.Timestamp | None]]:
    """What lies between the exclusions, in order of time: start and end, None where a side is open."""
    edges = sorted((start.floor("min"), end.ceil("min")) for _, start, end in map(_fields, exclusions))
    found: list[tuple[pd.Timestamp | None, pd.Timestamp | None]] = []
    last: pd.Timestamp | None = None
    for start, end in edges:
        if last is None or start > last:
            found.append((last, start))
        last = end if last is None else max(last, end)
    return [*found, (last, None)]


def _fields(item: Any) -> tuple[str, pd.Timestamp, pd.Timestamp]:
    reason, first, last = (
        (item.get("reason"), item.get("start"), item.get("end"))
        if isinstance(item, Mapping)
        else (item.reason, item.start, item.end)
    )
    if not str(reason or "").strip():
        raise InvalidInput(f"Exclusion from {first}: found no reason; expected one, such as 'announced maintenance'.")
    start, end = utc(first, f"Exclusion {reason!r}, start"), utc(last, f"Exclusion {reason!r}, end")
    if end <= start:
        raise InvalidInput(f"Exclusion {reason!r}: found the end {end} not after the start {start}; swap them.")
    return str(reason), start, end


def _mask(minutes: pd.DatetimeIndex, start: pd.Timestamp, end: pd.Timestamp) -> Mask:
    return np.asarray((minutes >= start.floor("min")) & (minutes < end))


def _without(grid: pd.DataFrame, mask: Mask) -> pd.DataFrame:
    kept = grid.copy()
    kept.loc[mask] = 0.0
    return kept


def _attained(counts: pd.DataFrame, target: float, level: float) -> Attainment:
    total = counts["total"].to_numpy()
    return attainment(total - counts["bad"].to_numpy(), total, target, level)
