"""How much of a resource is used: a regular series of fractions of its limit, from counters or gauges."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scaling_lib.capacity.gauges import SECOND, gauge_sum, step_of
from scaling_lib.config_resources import Resource
from scaling_lib.errors import BrokenEvidence, NotEnoughData, NotMeasured
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.words import number, percent, plural

STEP = "1min"  # shorter peaks than this wait in a queue rather than fail
STEPS_H = (1, 2, 3, 4, 6, 8, 12, 24)  # of peaks: those that divide a day
PEAK = 0.95  # the quantile of an hour that counts as its peak: a few short spikes are no saturation
KNOWN = 0.5  # of an hour's steps: else its peak is not known
MORE_THAN_ALL = 1.02  # counters are not read at the same instant: so much is no contradiction
MOST_CONTRADICTING = 0.001  # of the values; more, and the limit or the selector is wrong
LIMIT_HOLDS = pd.Timedelta(days=1)  # a limit that is read seldom holds so long


@dataclass(frozen=True, kw_only=True)
class ResourceUse:
    """How much of a resource was used.

    utilization: fractions of the limit at a regular step, NaN where it is not known, indexed by time (UTC; of counters
        the step's start).
    peaks: the 95th percentile of each hour (of each step, where that is an hour or longer), for a forecast.
    limit: servers, or in `unit`; the last one where it changes. unit: "servers", or that of the gauges.
    rows: samples that were read. left_out: what is not in the series.
    """

    utilization: pd.Series = field(repr=False)
    peaks: pd.Series = field(repr=False)
    limit: float
    unit: str
    rows: int
    left_out: tuple[str, ...]

    @property
    def starts(self) -> pd.Timestamp:
        """The first time with a value."""
        return pd.DatetimeIndex(self.utilization.index)[0]

    @property
    def ends(self) -> pd.Timestamp:
        """The last time with a value."""
        return pd.DatetimeIndex(self.utilization.index)[-1]


def resource_use(resource: Resource, metrics: Metrics) -> ResourceUse:
    """How much of a resource was used, step by step.

    resource: its `busy` counters of seconds together over step x limit, or its `used` gauges together over the limit; a
        limit that is a selector is the sum of its gauges, which holds for a day.
    A step is a minute, or as long as the samples lie apart. A counter's reset is no gap; a gauge's series counts from
    its first to its last sample, and where it is absent for more than three steps it was not there.

    Raises NotMeasured where a selector matches nothing, NotEnoughData without two values, BrokenEvidence where more is
    used than there is, in more than one of a thousand values.
    """
    used, rows = _used(resource, metrics)
    limit = _limit(resource, metrics, pd.DatetimeIndex(used.index))
    there = np.isfinite(limit) & (limit > 0)
    left_out = []
    if unlimited := int((~there & used.notna()).sum()):
        left_out.append(f"{plural(unlimited, 'value')} for which no limit above 0 is known")
    utilization = _possible(resource, (used / limit.where(there)).rename("utilization"), left_out)
    if utilization.notna().sum() < 2:
        raise NotEnoughData(
            f"{resource.name}: found {plural(int(utilization.notna().sum()), 'value')} of its utilisation; expected at "
            "least two. Supply a longer stretch of its metrics."
        )
    utilization = utilization.loc[utilization.first_valid_index() : utilization.last_valid_index()]
    if gaps := int(utilization.isna().sum()):
        left_out.append(f"gaps: {plural(gaps, 'value')} of {len(utilization):,} not known")
    return ResourceUse(
        utilization=utilization,
        peaks=_peaks(utilization),
        limit=float(limit[there].iloc[-1]),
        unit="servers" if resource.busy else resource.unit,
        rows=rows,
        left_out=tuple(left_out),
    )


def _used(resource: Resource, metrics: Metrics) -> tuple[pd.Series, int]:
    """Busy servers, or what the gauges say, in `unit`; and how many samples were read."""
    selector = resource.busy or resource.used
    if resource.used:
        return gauge_sum(metrics, selector, resource.name, "used"), len(metrics.select(selector))
    try:
        rises = metrics.increase(selector, STEP)
    except NotMeasured as error:
        supply = f"Supply the counters {selector} among the metrics, or name those that there are in `busy`."
        raise NotMeasured(f"{resource.name}, busy: {error}", supply=supply) from None
    if len(rises) < 2:
        raise NotEnoughData(
            f"{resource.name}: found {plural(len(rises), 'whole step')} of {selector}; expected at least two minutes "
            "of samples. Supply a longer stretch of its metrics."
        )
    return rises / (step_of(rises) / SECOND), len(metrics.select(selector))


def _limit(resource: Resource, metrics: Metrics, times: pd.DatetimeIndex) -> pd.Series:
    if isinstance(resource.limit, str):
        told = gauge_sum(metrics, resource.limit, resource.name, "limit").dropna()
        return told.reindex(times, method="ffill", tolerance=LIMIT_HOLDS)
    return pd.Series(resource.limit, index=times)


def _possible(resource: Resource, utilization: pd.Series, left_out: list[str]) -> pd.Series:
    """Without values that cannot be: nothing is used more than there is of it; one below 0 is no number."""
    if below := int((utilization < 0).sum()):
        left_out.append(f"{plural(below, 'value')} below 0, such as -1 for not known: no number")
        utilization = utilization.mask(utilization < 0)
    impossible = utilization > MORE_THAN_ALL
    count, known = int(impossible.sum()), int(utilization.notna().sum())
    if not count:
        return utilization
    worst = int(utilization.where(impossible).abs().argmax())
    time = pd.DatetimeIndex(utilization.index)[worst]
    said = f"such as {percent(float(utilization.iloc[worst]))} at {time:%Y-%m-%d %H:%M} UTC"
    if count > MOST_CONTRADICTING * known:
        limit = resource.limit if isinstance(resource.limit, str) else number(resource.limit)
        raise BrokenEvidence(
            f"{resource.name}: found a utilisation above 100% in {count:,} of {known:,} values, {said}; "
            f"expected fractions of its limit ({limit}). Either the limit is not all that there is, or "
            f"{resource.busy or resource.used} counts more than this resource: correct one of them."
        )
    left_out.append(f"{plural(count, 'value')} that cannot be, {said}")
    return utilization.mask(impossible)


def _peaks(utilization: pd.Series) -> pd.Series:
    step = step_of(utilization)
    hours = next((each for each in STEPS_H if step <= each * 3600 * SECOND), 0)
    width = pd.Timedelta(hours=hours) if hours else pd.Timedelta(days=-(-step // (86_400 * SECOND)))
    parts = utilization.resample(width, origin="start" if step == width.value else "start_day")
    return parts.quantile(PEAK).mask(parts.count() < KNOWN * width.value / step)
