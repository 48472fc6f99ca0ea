"""An autoscaler replayed over recorded demand: what it leaves unserved, what it wastes, and what no replica helps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.capacity.autoscaler_inputs import check_numbers, downstream_of, failures_of, steps_of
from scaling_lib.capacity.autoscaler_ramp import Ramp, largest_ramp
from scaling_lib.capacity.autoscaler_replay import Account, account, simulate
from scaling_lib.capacity.autoscaler_settings import Autoscaler, check_autoscaler
from scaling_lib.capacity.hpa import NOISE
from scaling_lib.capacity.hpa_behavior import SECOND, is_whole
from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate, mean_interval
from scaling_lib.stats.proportions import check_level

WEEK_S = 7 * 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class AutoscalerReplay:
    """What an autoscaler would have done with a demand. Seconds, requests and hours are of the time with a demand.

    duration_s: time with a demand; gap_s: time within the record without one: the autoscaler has no metric, keeps its
        replicas, and nothing is counted.
    replicas: one row for each change (index: time, the first is the demand's first): asked (what is paid for, starting
        ones too) and serving; both hold until the next row.
    shortfalls: one row for each stretch in which demand exceeds what can be served: start, end, unserved (requests).
    under_provisioned_s, unserved: seconds and requests of these; demand: all requests.
    downstream_limited_s, unserved_by_downstream: those of them that no number of replicas would have served, since
        demand exceeds what the downstream lets pass.
    over_provisioned_replica_h: replica-hours asked for beyond what the demand needs at the target (overshoot).
    flaps: changes that turn the direction of another one at most `flap_s` before.
    replica_h, cost: replica-hours and their price; None without a price.
    fixed_replicas, fixed_cost: the smallest fixed size that serves the highest demand (up to what the downstream lets
        pass), used to 100% then, and its price over the same time; fixed_replica_h its hours.
    ceiling: requests/s that can be served at most, by max_replicas and the downstream; downstream_passes: those that
        the downstream lets pass with any number of replicas, infinite where it does not limit.
    largest_ramp: the steepest rise that can be followed from the median demand on.
    under_provisioned_a_week_s: seconds of a week; cost_a_week: in `currency`, None without a price. Both are means over
        the whole weeks of the record with Student's t as interval, which takes weeks as independent. Its ends are NaN,
        not known, with fewer than three weeks, and where all weeks are alike, which tells nothing of the next one.
    """

    duration_s: float
    gap_s: float
    replicas: pd.DataFrame
    shortfalls: pd.DataFrame
    demand: float
    under_provisioned_s: float
    unserved: float
    downstream_limited_s: float
    unserved_by_downstream: float
    over_provisioned_replica_h: float
    flaps: int
    replica_h: float
    cost: float | None
    fixed_replicas: int
    fixed_replica_h: float
    fixed_cost: float | None
    ceiling: float
    downstream_passes: float
    largest_ramp: Ramp
    under_provisioned_a_week_s: Estimate
    cost_a_week: Estimate | None
    currency: str

    @property
    def unserved_share(self) -> float:
        """Of all requests; NaN without any."""
        return self.unserved / self.demand if self.demand else math.nan

    @property
    def overshoot(self) -> float:
        """The share of the replica-hours that the demand did not need at the target; NaN without any."""
        return self.over_provisioned_replica_h / self.replica_h if self.replica_h else math.nan

    @property
    def flaps_a_week(self) -> float:
        """Changes of direction in a week of demand."""
        return self.flaps * WEEK_S / self.duration_s

    @property
    def fixed_cost_a_week(self) -> float | None:
        """What the fixed size costs in a week, in `currency`; None without a price."""
        return None if self.fixed_cost is None else self.fixed_cost * WEEK_S / self.duration_s


def replay_autoscaler(
    demand: pd.Series[float],
    capacity_per_replica: float,
    autoscaler: Autoscaler,
    *,
    downstream_limit: float | None = None,
    connections_per_replica: int | None = None,
    price_per_replica_hour: float | None = None,
    currency: str = "",
    failures: Sequence[tuple[pd.Timestamp, float]] = (),
    initial_replicas: int | None = None,
    flap_s: float = 600.0,
    level: float = 0.95,
) -> AutoscalerReplay:
    """Run an autoscaler over a recorded demand.

    demand: requests/s by time (a regular, rising index with a time zone); each holds for a step. Rows may be absent:
        that is a gap. Where the record was cut off by saturation, what was served is not the demand.
    capacity_per_replica: requests/s that a replica serves when it is used to 100%, above 0; at its target it serves
        the target's share of that.
    downstream_limit: requests/s that what is behind lets pass; with connections_per_replica, the connections that it
        accepts: replicas beyond limit / connections never become ready. Requests that wait there use no replica.
    price_per_replica_hour: in `currency`, such as "EUR".
    failures: (time, share): the moments when that share of the serving replicas is lost, rounded up; in the place of
        each another one starts at once.
    initial_replicas: serving at the beginning; what the first demand needs at the target where it is not given.
    flap_s: a change of direction within so many seconds is a flap. level: of the intervals.

    Every sync the HPA sees the demand and the serving replicas of `metrics_lag_s` ago (before the record: its first
    row), spread evenly; those still starting, and those that began to serve since, count as not ready. Replicas that
    are removed stop at once, starting ones first.

    Raises InvalidInput for a demand, numbers or times that cannot be replayed, NotEnoughData for fewer than two rows.
    Source of the law and the behaviour: kubernetes.io, "Horizontal Pod Autoscaling".
    """
    check_level("replay_autoscaler", level)
    check_autoscaler("replay_autoscaler", autoscaler)
    steps = steps_of(demand)
    check_numbers(capacity_per_replica, price_per_replica_hour, flap_s)
    downstream = downstream_of(downstream_limit, connections_per_replica, capacity_per_replica)
    peak = min(float(steps.demand.max()), downstream.passes)
    first = math.ceil(float(steps.demand[0]) / (capacity_per_replica * autoscaler.target_utilization) - NOISE)
    initial = min(max(first, autoscaler.min_replicas), autoscaler.max_replicas)
    if initial_replicas is not None:
        if not (is_whole(initial_replicas) and autoscaler.min_replicas <= initial_replicas <= autoscaler.max_replicas):
            raise InvalidInput(
                f"replay_autoscaler: found {initial_replicas!r} initial replicas; expected "
                f"{autoscaler.min_replicas} to {autoscaler.max_replicas}, the autoscaler's bounds."
            )
        initial = initial_replicas
    begin = demand.index[0].tz_convert("UTC")
    lost = failures_of(failures, begin, steps.end_ns)
    changes = simulate(steps, capacity_per_replica, autoscaler, downstream, initial, lost)
    counted = account(steps, changes, capacity_per_replica, autoscaler, downstream)
    fixed = max(1, math.ceil(peak / capacity_per_replica - NOISE))
    hours = counted.duration_s / 3600
    usual = float(np.median(steps.demand))
    too_little = _a_week(
        counted.week_under_provisioned_s, counted.under_provisioned_s, counted.duration_s, level, "s a week"
    )
    replica_h = _a_week(counted.week_replica_h, counted.replica_h, counted.duration_s, level, "replica-hours a week")
    return AutoscalerReplay(
        duration_s=counted.duration_s,
        gap_s=steps.end_ns / SECOND - counted.duration_s,
        replicas=_replica_frame(changes, begin),
        shortfalls=_shortfall_frame(counted, begin),
        demand=counted.demand,
        under_provisioned_s=counted.under_provisioned_s,
        unserved=counted.unserved,
        downstream_limited_s=counted.downstream_limited_s,
        unserved_by_downstream=counted.unserved_by_downstream,
        over_provisioned_replica_h=counted.over_provisioned_replica_h,
        flaps=_flaps(changes[:, 0], changes[:, 1], flap_s),
        replica_h=counted.replica_h,
        cost=None if price_per_replica_hour is None else counted.replica_h * price_per_replica_hour,
        fixed_replicas=fixed,
        fixed_replica_h=fixed * hours,
        fixed_cost=None if price_per_replica_hour is None else fixed * hours * price_per_replica_hour,
        ceiling=min(autoscaler.max_replicas * capacity_per_replica, downstream.passes),
        downstream_passes=downstream.passes,
        largest_ramp=largest_ramp(autoscaler, capacity_per_replica, usual),
        under_provisioned_a_week_s=too_little,
        cost_a_week=None
        if price_per_replica_hour is None
        else replica_h.times(price_per_replica_hour, unit=f"{currency} a week".strip()),
        currency=currency,
    )


def _a_week(weeks: NDArray[np.float64], amount: float, duration_s: float, level: float, unit: str) -> Estimate:
    """The mean over whole weeks, without its interval where that is not known; without a week, what is there."""
    if not len(weeks):
        return Estimate(amount * WEEK_S / duration_s, math.nan, math.nan, level, unit)
    found = mean_interval(weeks, level, unit=unit)
    if found.low == found.high:
        return replace(found, low=math.nan, high=math.nan)
    return replace(found, low=max(found.low, 0.0)) if found.low < 0 else found


def _replica_frame(changes: NDArray[np.int64], first: pd.Timestamp) -> pd.DataFrame:
    times = pd.DatetimeIndex(first + pd.to_timedelta(changes[:, 0], unit="ns"), name="time")
    return pd.DataFrame({"asked": changes[:, 1], "serving": changes[:, 2]}, index=times)


def _shortfall_frame(counted: Account, first: pd.Timestamp) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": first + pd.to_timedelta(counted.short_starts_ns, unit="ns"),
            "end": first + pd.to_timedelta(counted.short_ends_ns, unit="ns"),
            "unserved": counted.short_unserved,
        }
    )


def _flaps(times_ns: NDArray[np.int64], asked: NDArray[np.int64], flap_s: float) -> int:
    moved = np.flatnonzero(np.diff(asked)) + 1
    direction, times = np.sign(asked[moved] - asked[moved - 1]), times_ns[moved]
    return int(((np.diff(direction) != 0) & (np.diff(times) <= flap_s * SECOND)).sum())
