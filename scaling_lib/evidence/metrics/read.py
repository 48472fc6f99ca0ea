"""Metrics: time series from query_range files and live Prometheus servers, in one canonical frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.metrics.counters import GAP, Key, bucket_counts, counts_per_step, never_counted
from scaling_lib.evidence.metrics.files import read_files
from scaling_lib.evidence.metrics.prometheus import read_prometheus
from scaling_lib.evidence.metrics.query_range import Answer, Points, Series, conflict_note, metric_frame
from scaling_lib.evidence.metrics.source import MetricSource
from scaling_lib.evidence.quality import Gap, Quality
from scaling_lib.evidence.selector import parse_selector


@dataclass(frozen=True, kw_only=True, eq=False)
class Metrics:
    """Time series.

    frame: `time` (UTC, microseconds), `metric` and `labels` (categories; labels as JSON with sorted keys, without the
        metric's name), `value` (may be NaN or infinite, as Prometheus said); sorted by metric, labels and time.
    quality: one entry a file or server.
    """

    frame: pd.DataFrame
    quality: tuple[Quality, ...] = ()

    def select(self, selector: str) -> pd.DataFrame:
        """The rows of the series a PromQL selector matches, maybe none. Raises InvalidInput for its form."""
        chosen = set(parse_selector(selector).matching(self._series))
        keys = pd.MultiIndex.from_arrays([self.frame["metric"], self.frame["labels"]])
        return self.frame[keys.isin(chosen)].reset_index(drop=True) if chosen else self.frame.iloc[:0]

    def increase(self, selector: str, step: str = "1min", among: str = "") -> pd.Series[float]:
        """How much the matched counters rose together in each step, indexed by the step's start (UTC).

        among: a selector of counters of the same targets that are always there, such as all requests beside their
            errors: where those were sampled and `selector` has nothing, the count is 0. Without it the targets of the
            matched series themselves (their `job` and `instance`) decide.
        A falling counter restarted at 0. A series that appears while its target was already sampled began at 0. Steps
        in a gap are NaN, never 0; they are as wide as the samples lie apart, where that is more than `step`.
        Raises NotMeasured where the metric or one of the labels is not in the evidence.
        """
        matched, sampled = self._matching(selector)
        return counts_per_step(self._series, matched, self._matching(among)[1] if among else sampled, step)

    def histogram(
        self, selector: str, start: datetime | None = None, end: datetime | None = None
    ) -> dict[float, float]:
        """Cumulative counts by upper bound (`le`) of the matched buckets, over a range or all of it.

        Resets are handled; what was counted across a gap is included. Raises NotMeasured as `increase` does,
        InvalidInput where a matched series is no bucket.
        """
        matched, sampled = self._matching(selector)
        counts = bucket_counts(self._series, sampled, start, end)
        return counts if matched else dict.fromkeys(counts, 0.0)

    def _matching(self, selector: str) -> tuple[list[Key], list[Key]]:
        """The matched series, and those that say when they could have counted."""
        parsed = parse_selector(selector)
        matched = parsed.matching(self._series)
        return matched, matched or never_counted(self._series, parsed)

    @cached_property
    def _series(self) -> dict[Key, Points]:
        frame = self.frame.sort_values(["metric", "labels", "time"], kind="stable")
        times = frame["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]").view(np.int64)
        values = frame["value"].to_numpy(dtype=np.float64)
        places = frame.reset_index(drop=True).groupby(["metric", "labels"], observed=True).indices
        return {(str(k[0]), str(k[1])): (times[rows], values[rows]) for k, rows in places.items()}  # type: ignore[index]


def read_metrics(sources: Sequence[MetricSource]) -> Metrics:
    """Read all sources; what one of them cannot give is said in its Quality.

    Where two sources have a point of the same series and time, the first source's stays.
    Raises BrokenEvidence where nothing at all could be read, InvalidInput where a source is not well described.
    """
    answers = [answer for source in sources for answer in _read(source)]
    together = Series()
    quality = []
    for answer in answers:
        quality.append(_quality(answer))
        together.update(answer.series)
    if answers and not any(entry.rows for entry in quality):
        raise BrokenEvidence(" ".join(dict.fromkeys(entry.problem for entry in quality if entry.problem)))
    if conflicts := together.conflicts() - sum(answer.series.conflicts() for answer in answers):
        quality[-1] = replace(quality[-1], notes=(*quality[-1].notes, conflict_note(conflicts)))
    return Metrics(frame=metric_frame(together.merged()), quality=tuple(quality))


def _read(source: MetricSource) -> list[Answer]:
    return read_files(source) if source.path else [read_prometheus(source)]


def _quality(answer: Answer) -> Quality:
    series = answer.series.merged()
    arrays = [times for times, _ in series.values()]
    times = np.unique(np.concatenate(arrays)) if arrays else np.zeros(0, dtype=np.int64)
    conflicts = answer.series.conflicts()
    return Quality(
        kind="metrics",
        source=answer.place,
        format=answer.format,
        rows=sum(map(len, arrays)),
        start=_utc(times[0]) if len(times) else None,
        end=_utc(times[-1]) if len(times) else None,
        rejected=answer.series.rejects(),
        gaps=_gaps(times, arrays),
        origin=answer.origin,
        problem=" ".join(answer.problems),
        notes=(*answer.series.notes, *answer.notes, *([conflict_note(conflicts)] if conflicts else [])),
    )


def _gaps(times: npt.NDArray[np.int64], arrays: list[npt.NDArray[np.int64]]) -> tuple[Gap, ...]:
    """Stretches without any row, longer than the slowest series' rhythm explains."""
    rhythm = max((float(np.median(np.diff(own))) for own in arrays if len(own) > 1), default=np.inf)
    return tuple(
        Gap(start=_utc(times[place]), end=_utc(times[place + 1]))
        for place in np.flatnonzero(np.diff(times) > GAP * rhythm)
    )


def _utc(microseconds: np.int64) -> datetime:
    return datetime.fromtimestamp(int(microseconds) / 1e6, UTC)
