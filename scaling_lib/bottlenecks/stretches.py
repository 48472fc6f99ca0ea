"""Whether slow traces stand for all: what they are of, by recording, and whether they come of one stretch of time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks.path_times import (
    FEWEST_TRACES,
    LEAST_BLOCKS,
    MOST_BLOCKS,
    OF_BLOCK,
    Floats,
    Integers,
    Mask,
    PathTimes,
)
from scaling_lib.bottlenecks.rank import FEWEST_BLOCKS, WINDOWS, Ranking
from scaling_lib.model.recordings import recordings
from scaling_lib.model.uncertainty import interval
from scaling_lib.stats import Estimate
from scaling_lib.words import duration

NEARLY_ALL = 0.9  # of the slow traces
SHORT = 0.2  # of the recorded time: were they spread, nearly all would need nearly all of it
FEWEST_SLOW = 10  # fewer lie together by chance


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The shortest stretch of time that holds nearly all slow traces.

    start, end: UTC. slow: how many lie in it, of so many in all (of).
    """

    start: pd.Timestamp
    end: pd.Timestamp
    slow: int
    of: int

    def __str__(self) -> str:
        return (
            f"{self.slow} of {self.of} come of one stretch of {duration((self.end - self.start).total_seconds())} "
            f"({self.start:%Y-%m-%d %H:%M:%S} UTC)"
        )


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The traces of one recording.

    start, end: UTC. traces: how many; chosen: how many of them the ranking is of. share: of the time of its own traces
    in the ranking's window that is waited for the ranking's first.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    traces: int
    chosen: int
    share: Estimate


def slow_stretch(slow: Mask, start_ns: Integers) -> Stretch | None:
    """Where nearly all slow traces lie; None where they are few or spread over the recorded time.

    slow, start_ns: by trace.
    """
    starts = np.sort(start_ns[slow])
    wanted = math.ceil(NEARLY_ALL * len(starts))
    if len(starts) < FEWEST_SLOW:
        return None
    lengths = starts[wanted - 1 :] - starts[: len(starts) - wanted + 1]
    first = int(lengths.argmin())
    number = recordings(start_ns)
    whole = sum(int(np.ptp(start_ns[number == each])) for each in range(int(number.max()) + 1))
    if lengths[first] > SHORT * whole:
        return None
    low, high = int(starts[first]), int(starts[first + wanted - 1])
    gap = max((high - low) // 10, 10**9)  # what lies next to it belongs to it
    inside = (starts >= low - gap) & (starts <= high + gap)
    start, end = (pd.Timestamp(int(each), tz="UTC") for each in (starts[inside].min(), starts[inside].max()))
    return Stretch(start=start, end=end, slow=int(inside.sum()), of=len(starts))


def by_recording(ranking: Ranking, start_ns: Integers) -> tuple[Recording, ...]:
    """What each recording tells of the name that is ranked first; none where there is one recording alone.

    start_ns: by trace of the ranking. A recording with fewer than 20 traces is left out.
    """
    number = recordings(start_ns)
    ends = WINDOWS[ranking.window]
    chosen = ranking.times.between(*ends)
    place = int(ranking.times.names.index.get_loc(ranking.first))  # type: ignore[arg-type]
    found = []
    for each in range(int(number.max(initial=-1)) + 1):
        own = number == each
        if int(own.sum()) < FEWEST_TRACES:
            continue
        times = _only(ranking.times, own)
        start, end = (pd.Timestamp(int(edge), tz="UTC") for edge in (start_ns[own].min(), start_ns[own].max()))
        found.append(
            Recording(
                start=start,
                end=end,
                traces=int(own.sum()),
                chosen=int((own & chosen).sum()),
                share=_share(times, place, times.between(*ends), ranking.level),
            )
        )
    return tuple(found) if len(found) > 1 else ()


def rate_seen(by_root: pd.DataFrame) -> float:
    """Requests/s that the traces carry in their busiest recording of 20 traces or more; 0 without one.

    by_root: as of a `CriticalPath`; those whose parent is missing do not count.
    """
    whole = by_root[~by_root["orphan"]]
    starts, weights = whole["start_ns"].to_numpy(dtype="int64"), whole["weight"].to_numpy(dtype=np.float64)
    number = recordings(starts)
    rates = [0.0]
    for each in range(int(number.max(initial=-1)) + 1):
        own = number == each
        length = float(np.ptp(starts[own])) / 1e9
        if int(own.sum()) >= FEWEST_TRACES and length > 0:
            rates.append(float(weights[own].sum()) / length)
    return max(rates)


def differ(found: tuple[Recording, ...]) -> bool:
    """Whether the shares of two recordings lie apart beyond their intervals: one figure for both describes neither."""
    return any(one.share.low > other.share.high for one in found for other in found)


def _only(times: PathTimes, chosen: Mask) -> PathTimes:
    """Some of the traces, in blocks of their own."""
    count, rows = int(chosen.sum()), chosen[times.trace]
    blocks = min(max(count // OF_BLOCK, LEAST_BLOCKS), MOST_BLOCKS)
    return replace(
        times,
        duration_s=times.duration_s[chosen],
        weight=times.weight[chosen],
        block=(np.arange(count) * blocks // count).astype(np.int64),
        journey=times.journey[chosen],
        root=times.root[chosen],
        trace=(np.cumsum(chosen) - 1)[times.trace[rows]],
        name=times.name[rows],
        seconds=times.seconds[rows],
    )


def _share(times: PathTimes, place: int, chosen: Mask, level: float) -> Estimate:
    above, below = times.sums(chosen)[:, place], times.totals(chosen, times.duration_s)
    value = float(above.sum() / below.sum()) if below.sum() > 0 else 0.0
    if int((below > 0).sum()) < FEWEST_BLOCKS:
        return Estimate(value, math.nan, math.nan, level, "fraction")
    taken = times.taken()
    totals: Floats = taken @ below
    drawn = np.divide(taken @ above, totals, out=np.full(len(taken), value), where=totals > 0)
    return interval(value, drawn, level, "fraction")
