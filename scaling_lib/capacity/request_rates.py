"""How many requests came beside the metrics of resources: from counters, the load test's levels, or requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.demand_history import MINUTE, minute_requests
from scaling_lib.capacity.gauges import per_second
from scaling_lib.errors import NotMeasured, ScalingError
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.model.system_parts import ALL

OTHER = "other requests"  # than those of the journeys
NO_OTHERS = 1e-6  # of all requests: what rounding leaves
NAME_THEM = "Name the counters of all requests as `traffic` in assessment.yaml"
Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RequestRates:
    """source: where the rates come from, in words. of: by the busy time of a resource, what came in the same steps.

    `of` gives requests/s, a column a journey, and others apart where they are known; NaN where a step is not known.
    """

    source: str
    of: Callable[[pd.Series[float]], pd.DataFrame]


def request_rates(system: Assessment, metrics: Metrics, levels: pd.DataFrame | None) -> RequestRates:
    """The rates of requests beside metrics, from the first of these that is there.

    1. The counters among the metrics that assessment.yaml names (`traffic`, the journeys' `metrics.total`): they were
       sampled with the resources, and tell journeys apart.
    2. levels: the throughput of the load test beside which the metrics were recorded, all requests together, in the
       steps that lie within one of its levels; None where the metrics are not a test's.
    3. The requests of the assessment, by route and minute, where they are of the same time.
    Raises NotMeasured where none is there, with the reason of each.
    """
    reasons = []
    tries: list[Callable[[], RequestRates]] = [
        lambda: _counters(system, metrics),
        lambda: _levels(levels),
        lambda: _requests(system, metrics),
    ]
    for read in tries:
        try:
            return read()
        except ScalingError as error:
            reasons.append(str(error))
    raise NotMeasured(
        f"How many requests came beside the metrics is not known. {' '.join(reasons)}",
        supply=f"{NAME_THEM}, or supply requests of the time of the metrics.",
    )


def _counters(system: Assessment, metrics: Metrics) -> RequestRates:
    journeys = {each.name: each.metrics.total for each in system.journeys if each.metrics and not each.steps}
    if not journeys and not system.config.traffic:
        raise NotMeasured("assessment.yaml names no counters of requests (`traffic`).")
    counted = pd.DataFrame({name: per_second(metrics, selector) for name, selector in journeys.items()})
    everything = per_second(metrics, system.config.traffic) if system.config.traffic else None
    return RequestRates(
        source="the counters of requests among the metrics", of=lambda busy: _with_others(counted, everything)
    )


def _levels(levels: pd.DataFrame | None) -> RequestRates:
    if levels is None:
        raise NotMeasured("The metrics are not those of a load test.")

    def of(busy: pd.Series[float]) -> pd.DataFrame:
        times, step = _grid(busy)
        rates = pd.Series(np.nan, index=times)
        for start, end, served in zip(levels["start"], levels["end"], levels["throughput"], strict=True):
            rates[(times >= start) & (times + step <= end)] = served
        return rates.to_frame(ALL)

    return RequestRates(source="the levels of the load test, all requests together", of=of)


def _requests(system: Assessment, metrics: Metrics) -> RequestRates:
    requests = system.requests()
    everything = minute_requests(requests)
    first, last = metrics.frame["time"].min(), metrics.frame["time"].max()
    if everything.index[-1] < first or everything.index[0] > last:
        raise NotMeasured(
            f"The requests are of {everything.index[0]:%Y-%m-%d %H:%M} to {everything.index[-1]:%Y-%m-%d %H:%M}, the "
            f"metrics of {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}: they have no time in common."
        )
    journeys = {}
    for each in system.journeys:
        if each.route and len(requests.select(each.route, each.service).counts):
            journeys[each.name] = minute_requests(requests, each.route, each.service)
    counted = pd.DataFrame(journeys, index=everything.index)

    def of(busy: pd.Series[float]) -> pd.DataFrame:
        rates = pd.DataFrame({name: _per_step(counted[name], busy) for name in counted}, index=busy.index)
        return _with_others(rates, _per_step(everything, busy))

    return RequestRates(source="the requests, by route and minute", of=of)


def _with_others(journeys: pd.DataFrame, everything: pd.Series[float] | None) -> pd.DataFrame:
    """The journeys' rates, and beside them those of all other requests, where there are any."""
    if everything is None:
        return journeys
    if not len(journeys.columns):
        return everything.to_frame(ALL)
    rest = everything - journeys.sum(axis=1, min_count=len(journeys.columns))
    if float(rest.sum()) > NO_OTHERS * float(everything.sum()):
        return journeys.assign(**{OTHER: rest.clip(lower=0)})
    return journeys


def _per_step(minutes: pd.Series[float], busy: pd.Series[float]) -> pd.Series[float]:
    """Requests/s in each step; of a minute that reaches into several each has its part, NaN where one is not known."""
    times, step = _grid(busy)
    own = pd.DatetimeIndex(minutes.index)
    edges = _nanoseconds(own.append(pd.DatetimeIndex([own[-1] + MINUTE])))
    counts = minutes.to_numpy()
    known = np.isfinite(counts)

    def until(values: NDArray[np.float64], at: Integers) -> NDArray[np.float64]:
        total = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(np.interp(at, edges, total, left=np.nan, right=np.nan))

    start, end = _nanoseconds(times), _nanoseconds(times + step)
    came = until(np.where(known, counts, 0.0), end) - until(np.where(known, counts, 0.0), start)
    missed = until(np.where(known, 0.0, 1.0), end) - until(np.where(known, 0.0, 1.0), start)
    return pd.Series(np.where(missed > 1e-9, np.nan, came / step.total_seconds()), index=busy.index)


def _grid(busy: pd.Series[float]) -> tuple[pd.DatetimeIndex, pd.Timedelta]:
    times = pd.DatetimeIndex(busy.index)
    return times, pd.Timedelta(times.freq)  # type: ignore[arg-type]  # of a regular grid


def _nanoseconds(times: pd.Index) -> Integers:
    return np.asarray(pd.DatetimeIndex(times).as_unit("ns").asi8)
