"""What traces wait for most, at the median and in the tail, with how sure the order is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks.path_times import FEWEST_TRACES, Floats, Group, PathTimes, path_times
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.critical_path import CriticalPath, critical_path
from scaling_lib.model.uncertainty import interval
from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing, plural

ALL = "all"
WINDOWS = {ALL: (0.0, 1.0), "p50": (0.4, 0.6), "p95": (0.95, 1.0), "p99": (0.99, 1.0)}  # of a journey's durations
TAIL = "p95"
FEWEST_BLOCKS = 5  # of time with traces of a window: with fewer, nothing is known of how they differ
TOP = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """What traces wait for.

    by: operation, service or edge; window: of which traces the order is, "p95" (those at and above) or "all".
    table: a row a name, first the one that is waited for most: service (whose time it is), operation, edge; share of
        the durations of the traces of each window (`share_all`, `share_p50`, `share_p95`, `share_p99`) and `saved_s`,
        its mean seconds in a request of the journeys (not the queueing behind it), Estimates, None where too few
        traces are in the window; rank, from 1, with rank_low and rank_high; first and top3, how often it is in
        draws of the traces anew. Shares with the interval unknown (NaN) are of too few blocks of time.
    traces: by window, how many. times: what it rests on; notes: what to know, sentences.
    """

    by: Group
    journey: str
    window: str
    level: float
    table: pd.DataFrame
    traces: Mapping[str, int]
    times: PathTimes
    notes: tuple[str, ...]

    @property
    def first(self) -> str:
        """The name that is waited for most."""
        return str(self.table.index[0])

    def share(self, name: str) -> Estimate:
        """Of a name, its share in the window that the order is of."""
        return cast(Estimate, self.table.loc[name, f"share_{self.window}"])


def rank(
    spans: pd.DataFrame | CriticalPath,
    *,
    by: Group = "operation",
    journeys: Mapping[str, str] | None = None,
    journey: str = "",
    window: str = TAIL,
    level: float = 0.95,
) -> Ranking:
    """Operations, services or edges by their share of the critical path.

    spans: the canonical frame, see `evidence.spans`, or its critical path. journeys: the journey's name by its root
        operation; None: every root operation is one. journey: rank for one alone, "" for all.
    window: the traces whose order it is: "all", "p50" (between the 40th and the 60th percentile of their journey's
        durations), "p95" or "p99" (at and above); "all" is taken where a window has fewer than 20 traces.
    level: of all intervals.

    Intervals, and how sure the rank is, come of 2,000 draws of blocks of time (10 to 40 of as many traces each), since
    neighbouring traces are slow together; which traces are the slow ones is found anew in each draw. Weights count.
    Measured coverage of the nominal 95% (300 runs, lognormal waits of sigma 0.5): independent traces 0.93 of 200 and
    0.94 of 1,000; slow together by tens (sigma 0.3) 0.93 of 200 and 0.90 of 1,000. Of the share in the p95 window,
    where 3% of the traces wait for 600 ms, independently: 0.97 of 1,000 (100 runs); with the window as seen it was
    0.84.
    Raises NotMeasured without spans, NotEnoughData with fewer than 20 traces of the journeys, InvalidInput for a
    window, level or journey that is not there.
    Sources: Zhang and others, CRISP, USENIX ATC (2022); Hall and Miller, Using the bootstrap to quantify the authority
    of an empirical ranking, Annals of Statistics 37 (2009).
    """
    check_level("rank", level)
    if window not in WINDOWS:
        raise InvalidInput(f"rank: found the window {window!r}; expected one of {listing(list(WINDOWS))}.")
    if isinstance(spans, pd.DataFrame) and spans.empty:
        raise NotMeasured("rank: no spans are given; what requests wait for is not measured.", supply="Supply traces.")
    path = spans if isinstance(spans, CriticalPath) else critical_path(spans)
    times = path_times(path, by, journeys=journeys, journey=journey)
    taken = times.taken()
    chosen = {name: times.between(*ends) for name, ends in WINDOWS.items()}
    traces = {name: int(mask.sum()) for name, mask in chosen.items()}
    used = window if traces[window] >= FEWEST_TRACES else ALL
    shares = {
        name: _ratios(
            times.sums(mask),
            times.totals(mask, times.duration_s),
            times.redrawn(*WINDOWS[name], taken),
            level,
            "fraction",
        )
        for name, mask in chosen.items()
        if traces[name] >= FEWEST_TRACES
    }
    sums, totals = times.sums(chosen[ALL]), times.totals(chosen[ALL])
    saved, _ = _ratios(sums, totals, (taken @ sums, taken @ totals), level, "s")
    found, drawn = shares[used]
    columns = {f"share_{name}": shares[name][0] if name in shares else [None] * len(found) for name in WINDOWS}
    estimates = pd.DataFrame({**columns, "saved_s": saved}, index=times.names.index, dtype=object)
    ranks = pd.DataFrame(_ranks(found, drawn, level), index=times.names.index)
    table = pd.concat([times.names, estimates, ranks], axis=1).sort_values("rank", kind="stable")
    return Ranking(
        by=by,
        journey=journey,
        window=used,
        level=level,
        table=table,
        traces=traces,
        times=times,
        notes=_notes(path, times, window, used, traces),
    )


def _ratios(
    sums: Floats, totals: Floats, redrawn: tuple[Floats, Floats], level: float, unit: str
) -> tuple[list[Estimate], Floats]:
    """By name the sums over the totals, both by block, and their draws: (DRAWS, names)."""
    above, below = redrawn
    values = sums.sum(axis=0) / totals.sum() if totals.sum() > 0 else np.zeros(sums.shape[1])
    drawn = np.divide(above, below[:, None], out=np.tile(values, (len(above), 1)), where=below[:, None] > 0)
    if int((totals > 0).sum()) < FEWEST_BLOCKS:
        return [Estimate(float(value), math.nan, math.nan, level, unit) for value in values], drawn
    return [interval(float(value), drawn[:, place], level, unit) for place, value in enumerate(values)], drawn


def _ranks(found: list[Estimate], drawn: Floats, level: float) -> dict[str, Floats]:
    """The rank of each name, its interval, and how often it is first or among the first three."""
    order = np.argsort(-np.array([each.value for each in found]), kind="stable")
    rank = np.empty(len(found))
    rank[order] = np.arange(1, len(found) + 1)
    ranks = np.empty(drawn.shape)
    placed = np.argsort(-drawn, axis=1, kind="stable")
    np.put_along_axis(ranks, placed, np.arange(1.0, len(found) + 1)[None, :].repeat(len(drawn), axis=0), axis=1)
    low, high = np.quantile(ranks, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    return {
        "rank": rank,
        "rank_low": np.minimum(low, rank),
        "rank_high": np.maximum(high, rank),
        "first": (ranks == 1).mean(axis=0),
        "top3": (ranks <= TOP).mean(axis=0),
    }


def _notes(path: CriticalPath, times: PathTimes, window: str, used: str, traces: Mapping[str, int]) -> tuple[str, ...]:
    notes = []
    if used != window:
        notes.append(
            f"Only {plural(traces[window], 'trace')} are at or above {window}, fewer than {FEWEST_TRACES}: the order "
            "is that of all traces."
        )
    if others := len(path.by_root) - len(times.duration_s):
        notes.append(f"{plural(others, 'root')} of {len(path.by_root):,} are of no journey, or lack their parent.")
    for what, row in path.ambiguity[path.ambiguity["spans"] > 0].iterrows():
        notes.append(f"{plural(int(row['spans']), 'span')} ({what}).")
    return tuple(notes)
