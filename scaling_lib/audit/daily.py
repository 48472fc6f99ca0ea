"""Costs and requests of each day, from bills, requests and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.errors import NotMeasured, ScalingError
from scaling_lib.evidence.bills import MICRO, Bills
from scaling_lib.evidence.requests import Requests

DAY = pd.Timedelta(days=1)
WHOLE = 0.99  # of a day's minutes
KNOWN = "requests"


@dataclass(frozen=True, kw_only=True, eq=False)
class DailyRequests:
    """frame: indexed by day (UTC): n (requests), good (without errors, and within the latency SLO's threshold where
    the route has one; NaN where not known). source: where n comes from, in words; good_source: where good does.
    """

    frame: pd.DataFrame
    source: str
    good_source: str = ""


def usage_by_service(bills: Bills, currency: str = "") -> pd.DataFrame:
    """Effective cost of usage in the currency, indexed by day (every one of the range, UTC), a column a service."""
    cells = bills.of(currency)
    usage = cells[cells["category"] == "Usage"]
    if usage.empty:
        raise NotMeasured(
            "The cost of usage is not measured: the bills have no charge of the category Usage.",
            supply="Supply a bill with its usage, not its invoice's totals alone.",
        )
    table = usage.pivot_table(index="day", columns="service", values="effective", aggfunc="sum", fill_value=0)
    days = pd.date_range(table.index.min(), table.index.max(), freq="D", name="day")
    return (table.reindex(days, fill_value=0) / MICRO).astype(np.float64)


def other_charges(bills: Bills, currency: str = "") -> pd.Series[float]:
    """What was paid that is no usage and comes again, by day (UTC): purchases and taxes; no credits or adjustments."""
    cells = bills.of(currency)
    again = cells[cells["category"].isin(["Purchase", "Tax"])]
    return (again.groupby("day")["effective"].sum() / MICRO).astype(np.float64)


def daily_of(requests: Requests) -> pd.DataFrame:
    """Requests of each day that was recorded whole: n, and good: those without errors."""
    counts = requests.counts
    good = counts["n"] - counts["errors"] if requests.status_known else pd.Series(np.nan, index=counts.index)
    return _whole_days(counts.assign(good=good))


def daily_requests(system: Assessment) -> DailyRequests:
    """Requests of each day, from the longest history that is there.

    `daily_traffic` of assessment.yaml (a gauge of each day's requests) tells how many, the requests how many of them
    were good. Raises NotMeasured where neither is given.
    """
    reasons: list[str] = []
    counted, told = None, None
    try:
        counted = _whole_days(_good(system))
    except ScalingError as error:
        reasons.append(str(error))
    if system.config.daily_traffic:
        try:
            told = _told(system)
        except ScalingError as error:
            reasons.append(str(error))
    if told is None and (counted is None or counted.empty):
        raise NotMeasured(
            f"Requests a day are not measured. {' '.join(reasons)}",
            supply="Supply requests, or name a gauge of each day's requests as `daily_traffic` in assessment.yaml.",
        )
    if told is None:
        assert counted is not None  # noqa: S101 - one of the two is there
        return DailyRequests(frame=counted, source="the requests", good_source="the requests")
    share = (counted["good"] / counted["n"]).reindex(told.index) if counted is not None else np.nan
    return DailyRequests(
        frame=pd.DataFrame({"n": told, "good": told * share}),
        source=f"the metric {system.config.daily_traffic}",
        good_source="the share of the requests that were good" if counted is not None else "",
    )


def _good(system: Assessment) -> pd.DataFrame:
    """Counts a minute with `good`: by the latency threshold of a route's SLO, or without errors where it has none."""
    requests = system.requests()
    counts = requests.counts
    good = counts["n"] - counts["errors"] if requests.status_known else pd.Series(np.nan, index=counts.index)
    good = good.astype(np.float64)
    for threshold in system.thresholds():
        column = f"good_{round(threshold.seconds * 1e6)}"
        if column not in counts:
            continue
        own = requests.select(threshold.route, threshold.service).counts
        keys = pd.MultiIndex.from_frame(own[["service", "route"]].drop_duplicates())
        rows = pd.MultiIndex.from_frame(counts[["service", "route"]]).isin(keys) & counts[column].notna().to_numpy()
        good[rows] = np.minimum(good[rows], counts.loc[rows, column].astype(np.float64))
    return counts.assign(good=good)


def _whole_days(counts: pd.DataFrame) -> pd.DataFrame:
    days = counts["minute"].dt.floor("D")
    minutes = counts.groupby(days)["minute"].nunique()
    sums = counts.groupby(days)[["n", "good"]].sum(min_count=1).astype(np.float64)
    return sums[minutes >= WHOLE * 1440].rename_axis("day")


def _told(system: Assessment) -> pd.Series[float]:
    """Each value is of the 24 hours up to its time, which has to be midnight in UTC."""
    rows = system.metrics().select(system.config.daily_traffic)
    at_midnight = rows[rows["time"] == rows["time"].dt.floor("D")]
    sums = at_midnight.groupby("time")["value"].sum(min_count=1).dropna()
    if sums.empty:
        raise NotMeasured(
            f"`daily_traffic` ({system.config.daily_traffic}): found {len(rows)} values, none at midnight UTC; "
            "expected a gauge whose value at midnight is the requests of the day before."
        )
    days = pd.DatetimeIndex(sums.index) - DAY
    return pd.Series(sums.to_numpy(dtype=np.float64), index=days.rename("day"), name="n")


def paired(cost: pd.Series[float], demand: pd.Series[float]) -> pd.DataFrame:
    """The days that both have, as columns demand and cost."""
    both: Mapping[str, pd.Series[float]] = {"demand": demand, "cost": cost}
    return pd.DataFrame(both).dropna()
