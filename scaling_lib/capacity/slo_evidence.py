"""What a load test shows of one journey against its latency SLO, level by level, and what that is taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from scaling_lib.capacity.slo_histogram import histogram_by_level
from scaling_lib.capacity.slo_shares import counts_of_bins
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.load_tests import LoadTest, LoadTests
from scaling_lib.evidence.load_tests.omission import corrected_bins
from scaling_lib.evidence.load_tests.parts import OMISSION
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.evidence.slos import SLO
from scaling_lib.words import duration, listing, percent, quantity

Kind = Literal["single durations", "histogram", "percentiles"]

QUANTILES = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}
ENDS = ("latency_s", "latency_low_s", "latency_high_s")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Of each level, by its number.

    kind, figure: as in `LoadWithinSlo`. counts: as `slo_capacity_of_counts` takes them, none of percentiles.
    quantile: such as "p99"; quantiles: the columns of ENDS, indexed by level. notes: sentences.
    """

    kind: Kind
    figure: str
    counts: Mapping[int, pd.DataFrame] = field(default_factory=dict)
    quantile: str
    quantiles: pd.DataFrame
    notes: tuple[str, ...] = ()


def from_bins(tests: LoadTests, test: LoadTest, levels: pd.DataFrame, names: Sequence[str], slo: SLO) -> Shown:
    """From single durations. Raises NotMeasured where no request of these names was answered within a level."""
    threshold = slo.threshold_s or 0.0
    chosen = pd.concat([tests.bins_of(test.test, name) for name in names])
    omitted = test.expected_interval_s is not None and any(sign.kind == OMISSION for sign in test.signs)
    counts = {}
    for place, start, end in levels.drop_duplicates("level")[["level", "start", "end"]].itertuples(index=False):
        inside = chosen[(chosen["time"] >= start) & (chosen["time"] < end) & ~chosen["error"]]
        if omitted and len(inside):
            inside = corrected_bins(inside, expected_interval_s=test.expected_interval_s or 0.0)
        if len(inside):
            counts[int(place)] = counts_of_bins(inside, threshold)
    if not counts:
        raise NotMeasured(f"{slo.name}: no request of it was answered within a level of the load test {test.test}.")
    note = (
        "Users waited in stalls: the requests that they would have sent meanwhile are put back, as if all of them had "
        "been of this journey."
    )
    column = next((name for name, q in QUANTILES.items() if q >= slo.target - 1e-9), "p99_s")
    return Shown(
        kind="single durations",
        figure=f"share within {duration(threshold)}",
        counts=counts,
        quantile=column.removesuffix("_s"),
        quantiles=_quantiles(levels[levels["name"] == names[0]], column) if len(names) == 1 else _none(),
        notes=(note,) if omitted else (),
    )


def from_histogram(
    metrics: Metrics, buckets: str, levels: pd.DataFrame, names: Sequence[str], slo: SLO, level: float
) -> Shown:
    """From the service's own histogram. Raises NotMeasured as `histogram_by_level` does."""
    threshold = slo.threshold_s or 0.0
    by_level = levels[levels["name"].isin(names)].groupby("level", as_index=False)
    own = by_level.agg({"start": "min", "end": "max", "requests": "sum", "seconds": "max"})
    found = histogram_by_level(metrics, buckets, own)
    quantiles = {place: each.quantile(slo.target, level) for place, each in found.items()}
    edges = next(iter(found.values())).edges
    notes = []
    if threshold not in edges:
        below = max((edge for edge in edges if edge < threshold), default=0.0)
        above = min(edge for edge in edges if edge > threshold)
        notes.append(
            f"The histogram has no bucket edge at {duration(threshold)}: the share is interpolated between those at "
            f"{quantity(below, 's')} and {quantity(above, 's')}, and its interval holds what both leave open."
        )
    return Shown(
        kind="histogram",
        figure=f"share within {duration(threshold)}",
        counts={place: each.beyond(threshold) for place, each in found.items()},
        quantile=f"p{100 * slo.target:g}",
        quantiles=pd.DataFrame(
            {place: dict(zip(ENDS, (q.value, q.low, q.high), strict=True)) for place, q in quantiles.items()}
        ).T,
        notes=tuple(notes),
    )


def from_percentiles(levels: pd.DataFrame, names: Sequence[str], slo: SLO) -> Shown:
    """From the load generator's own percentiles.

    Raises NotMeasured for several names, whose percentiles cannot be put together, a target beyond the highest one, and
    where they are not of single levels.
    """
    column = next((name for name, q in QUANTILES.items() if q >= slo.target - 1e-9), "")
    if not column:
        raise NotMeasured(
            f"{slo.name}: the load test's file tells quantiles up to p99, and the target is {percent(slo.target)}.",
            supply="Record the histogram of this journey beside the load test, or use a format with single durations.",
        )
    if len(names) > 1:
        raise NotMeasured(
            f"{slo.name}: its route is {len(names)} names of the load test ({listing(names)}), and quantiles of "
            "several cannot be put together.",
            supply="Give them one name in the test, or use a format with single durations.",
        )
    rows = _quantiles(levels[levels["name"] == names[0]], column)
    if rows.empty:
        raise NotMeasured(
            f"{slo.name}: the latency of single levels is not known from the load test's file.",
            supply="Supply a file with single durations, or Locust's history with --csv-full-history.",
        )
    figure = column.removesuffix("_s")
    notes = []
    if QUANTILES[column] > slo.target + 1e-9:
        notes.append(f"{figure} stands for the SLO's {percent(slo.target)}, which is a little less strict.")
    if unknown := int(rows["latency_low_s"].isna().sum()):
        notes.append(
            f"How sure {figure} is is not known at {unknown} of {len(rows)} levels, which are too short: they are "
            "passed over in the interval."
        )
    return Shown(kind="percentiles", figure=figure, quantile=figure, quantiles=rows, notes=tuple(notes))


def _quantiles(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The levels at which the quantile is known."""
    own = rows.set_index("level").reindex(columns=[column, f"{column}_low", f"{column}_high"])
    own.columns = pd.Index(ENDS)
    return own.dropna(subset=["latency_s"])


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=ENDS, dtype=float)
