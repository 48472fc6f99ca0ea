"""Counters to counts: resets handled, gaps kept, series that appear late counted from 0 where that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.evidence.metrics.query_range import Points
from scaling_lib.evidence.selector import Selector, labels_of
from scaling_lib.words import listing

Key = tuple[str, str]
Times = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
GAP = 1.5  # a stretch longer than this many of the usual distances between samples is a gap
TARGET_LABELS = ("job", "instance")  # Prometheus gives them to every scraped target


def counts_per_step(
    series: Mapping[Key, Points], selected: Sequence[Key], among: Sequence[Key], step: str
) -> pd.Series[float]:
    """Increase of the selected counters together, by step; NaN where none of `among` was sampled.

    series: all there is, to know when a target was sampled at all; selected: the counters to add up; among: those
        whose samples say that a step was measured. step: as pandas writes it.
    Between two samples a counter is taken to rise evenly; where samples are further apart than `step`, the steps are
    as wide as they are. Steps that are measured only in part, at either end, are left out.
    """
    width = _step(step)
    seen = _sampled(series, among)
    rhythm = _rhythm(seen.values())
    width *= max(1, int(np.ceil(rhythm / width - 1e-6)))
    times = np.unique(np.concatenate(list(seen.values()))) if seen else np.zeros(0, dtype=np.int64)
    if len(times) < 2:
        return _counts(np.zeros(0, dtype=np.int64), np.zeros(0), width)
    first, last = -(-times[0] // width) * width, times[-1] // width * width
    edges = np.arange(first, last + 1, width, dtype=np.int64)
    born = _births(series, selected, rhythm)
    rising = sum((np.interp(edges, *_cumulative(series[key], born.get(key))) for key in selected), np.zeros(len(edges)))
    measured = _measured(times, edges, max(GAP * rhythm, float(width)))
    counts = np.where(measured, np.round(np.diff(rising), 6), np.nan)  # rounded: interpolation leaves 1e-12s
    kept = np.flatnonzero(measured)
    inside = slice(kept[0], kept[-1] + 1) if len(kept) else slice(0, 0)
    return _counts(edges[:-1][inside], counts[inside], width)


def bucket_counts(
    series: Mapping[Key, Points], selected: Sequence[Key], start: datetime | None, end: datetime | None
) -> dict[float, float]:
    """Cumulative counts by upper bound (`le`), over a range, of the selected buckets together.

    Raises InvalidInput where a selected series has no `le`, or a time no time zone.
    """
    born = _births(series, selected, _rhythm(_sampled(series, selected).values()))
    totals: dict[float, float] = defaultdict(float)
    for key in selected:
        bound = labels_of(key[1]).get("le", "")
        try:
            upper = float(bound)
        except ValueError:
            raise InvalidInput(
                f"Histogram: found the series {key[0]}{key[1]} without a numeric `le`; expected buckets of a "
                "histogram. Select the metric whose name ends in _bucket."
            ) from None
        times, rising = _cumulative(series[key], born.get(key))
        if len(times):
            totals[upper] += float(
                np.diff(np.interp([_micro(start, times[0]), _micro(end, times[-1])], times, rising))[0]
            )
    bounds = sorted(totals)
    # A scrape is not atomic over the buckets; as Prometheus does, a bucket is never below the one before it.
    return dict(zip(bounds, np.maximum.accumulate([max(totals[b], 0.0) for b in bounds]).tolist(), strict=True))


def never_counted(series: Iterable[Key], selector: Selector) -> list[Key]:
    """All counters of the metric, where the selector fits none of them although they have all its labels.

    A counter that never counted is often not exposed, such as one for `code="500"` without any such answer: then its
    count is 0, not unknown. Raises NotMeasured where the metric, or a label, does not exist.
    """
    keys = list(series)
    same = [key for key in keys if not selector.name or key[0] == selector.name]
    if not same:
        names = listing(sorted({metric for metric, _ in keys}), most=8) or "none"
        raise NotMeasured(f"Selector {selector.text}: no such metric is in the evidence; it has: {names}.")
    labels = {label for _, text in same for label in labels_of(text)}
    unknown = [m.label for m in selector.matchers if m.label != "__name__" and m.label not in labels]
    if unknown or not selector.name:
        raise NotMeasured(
            f"Selector {selector.text}: matches no series"
            + (f", and no series of {selector.name} has the label {unknown[0]}" if unknown else "")
            + f". The labels there are: {listing(sorted(labels), most=12) or 'none'}."
        )
    return same


def _sampled(series: Mapping[Key, Points], keys: Sequence[Key]) -> dict[tuple[str, ...], Times]:
    """When each target of these series was sampled: a series can be absent although its target was there."""
    wanted = {_target(key) for key in keys}
    gathered: dict[tuple[str, ...], list[Times]] = defaultdict(list)
    for key, (times, values) in series.items():
        if _target(key) in wanted:
            gathered[_target(key)].append(times[np.isfinite(values)])
    return {target: np.unique(np.concatenate(chunks)) for target, chunks in gathered.items()}


def _births(series: Mapping[Key, Points], keys: Sequence[Key], rhythm: float) -> dict[Key, int]:
    """For series that appear while their target was already sampled: the last moment without them, when they were 0.

    Prometheus' own increase() loses these first counts, often the only errors there are.
    """
    seen = _sampled(series, keys)
    born: dict[Key, int] = {}
    for key in keys:
        times = series[key][0][np.isfinite(series[key][1])]
        if not len(times):
            continue
        place = int(np.searchsorted(seen[_target(key)], times[0]))
        if place and times[0] - seen[_target(key)][place - 1] <= GAP * rhythm:
            born[key] = int(seen[_target(key)][place - 1])
    return born


def _cumulative(points: Points, born: int | None) -> tuple[Numbers, Numbers]:
    """Times and what was counted since the first of them; a falling counter restarted at 0."""
    finite = np.isfinite(points[1])
    times, values = points[0][finite].astype(np.float64), points[1][finite]
    if not len(times):
        return np.zeros(1), np.zeros(1)
    if born is not None:
        times, values = np.concatenate([[float(born)], times]), np.concatenate([[0.0], values])
    steps = np.diff(values)
    return times, np.concatenate([[0.0], np.cumsum(np.where(steps < 0, values[1:], steps))])


def _measured(times: Times, edges: Times, gap: float) -> npt.NDArray[np.bool_]:
    """Which steps between edges lie wholly in a stretch of samples without a gap."""
    breaks = np.flatnonzero(np.diff(times) > gap)
    starts = times[np.concatenate([[0], breaks + 1])]
    ends = times[np.concatenate([breaks, [len(times) - 1]])]
    place = np.searchsorted(starts, edges[:-1], side="right") - 1
    covered: npt.NDArray[np.bool_] = (place >= 0) & (ends[np.maximum(place, 0)] >= edges[1:])
    return covered


def _target(key: Key) -> tuple[str, ...]:
    labels = labels_of(key[1])
    return (key[0], *(labels.get(label, "") for label in TARGET_LABELS))


def _rhythm(sampled: Iterable[Times]) -> float:
    distances = [np.diff(times) for times in sampled if len(times) > 1]
    return float(np.median(np.concatenate(distances))) if distances else 0.0


def _step(step: str) -> int:
    try:
        width = pd.Timedelta(step) // pd.Timedelta(microseconds=1)
    except ValueError:
        width = 0
    if width <= 0:
        raise InvalidInput(f"Step: found {step!r}; expected a duration above 0 such as '1min' or '30s'.")
    return int(width)


def _micro(time: datetime | None, default: float) -> float:
    if time is None:
        return default
    if time.tzinfo is None:
        raise InvalidInput(f"Histogram: found the time {time} without a time zone; expected one, such as {time}Z.")
    return time.timestamp() * 1e6


def _counts(starts: Times, counts: Numbers, width: int) -> pd.Series[float]:
    index = pd.DatetimeIndex(
        starts.view("datetime64[us]"),
        name="time",
        tz="UTC",
        freq=pd.tseries.frequencies.to_offset(pd.Timedelta(width, "us")),
    )
    return pd.Series(counts, index=index, name="count")
