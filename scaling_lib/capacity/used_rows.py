"""The rows that step 02's figures rest on, by kind of evidence and origin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.demand import JourneyDemand
from scaling_lib.capacity.load_curve import LoadCurve
from scaling_lib.capacity.saturation import SaturationPoint
from scaling_lib.config_resources import Resource
from scaling_lib.errors import InvalidInput, ScalingError
from scaling_lib.evidence.load_tests import ALL, LoadTests
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.findings import Source
from scaling_lib.ledger_sources import sources_used
from scaling_lib.slo.origins import rows_of


def used_rows(
    system: Assessment, demand: JourneyDemand | None, curve: LoadCurve | None, points: Sequence[SaturationPoint]
) -> dict[str, tuple[Source, ...]]:
    """By kind of evidence the rows that were used, one Source an origin.

    "requests": those of the demand; "load tests": those of the one test; "load metrics": the samples of its time that
    resources, journeys and `traffic` select; "metrics of" a resource: its own; "spans": all.
    """
    found: dict[str, tuple[Source, ...]] = {}
    if demand is not None:
        counts = demand.minutes.dropna().astype("int64")
        found["requests"] = rows_of("requests", counts, system.requests().quality).sources()
    if curve is not None:
        found["load tests"] = (_of_test(system.load_tests(), curve),)
        if not curve.utilization.empty:
            found["load metrics"] = _beside(system, curve)
    for point in points:
        if point.use is not None:
            metrics = system.metrics()
            own = _by_minute(metrics, _selectors(point.resource))
            found[f"metrics of {point.resource.name}"] = rows_of("metrics", own, metrics.quality).sources()
    found["spans"] = _spans(system)
    return {kind: own for kind, own in found.items() if own}


def _of_test(tests: LoadTests, curve: LoadCurve) -> Source:
    test = curve.test
    samples = tests.samples[tests.samples["test"] == test.test]
    rows = int(tests.bins_of(test.test, ALL)["n"].sum()) if test.percentiles == "bins" else len(samples)
    return Source(
        table="load tests",
        rows=rows,
        start=f"{test.start:%Y-%m-%dT%H:%M:%SZ}" if test.start else "",
        end=f"{test.end:%Y-%m-%dT%H:%M:%SZ}" if test.end else "",
        origin="simulated" if test.origin == "simulated" else "measured",
    )


def _beside(system: Assessment, curve: LoadCurve) -> tuple[Source, ...]:
    metrics = system.load_metrics()
    counted = [each.metrics.total for each in system.journeys if each.metrics]
    asked = [*(name for each in system.resources for name in _selectors(each)), *counted, system.config.traffic]
    rows = _by_minute(metrics, asked, curve.levels["start"].min(), curve.levels["end"].max())
    return rows_of("load metrics", rows, metrics.quality).sources()


def _selectors(resource: Resource) -> list[str]:
    limit = resource.limit if isinstance(resource.limit, str) else ""
    return [each for each in (resource.busy, resource.used, limit) if each]


def _by_minute(
    metrics: Metrics, selectors: Iterable[str], start: pd.Timestamp | None = None, end: pd.Timestamp | None = None
) -> pd.Series[int]:
    """How many samples the selectors match in each minute, those that several match once."""
    parts = [_selected(metrics, each) for each in dict.fromkeys(selectors) if each]
    rows = pd.concat(parts).drop_duplicates(["metric", "labels", "time"])
    if start is not None and end is not None:
        rows = rows[(rows["time"] >= start) & (rows["time"] <= end)]
    return rows.groupby(rows["time"].dt.floor("min")).size().sort_index()


def _selected(metrics: Metrics, selector: str) -> pd.DataFrame:
    """None of a selector that cannot be read: the part that needs it says so."""
    try:
        return metrics.select(selector)
    except InvalidInput:
        return metrics.frame.iloc[:0]


def _spans(system: Assessment) -> tuple[Source, ...]:
    """All that was read of them: what of it was used is not told apart."""
    try:
        return sources_used(system.spans().quality, ("spans",)).get("spans", ())
    except ScalingError:
        return ()
