"""An autoscaler replayed over recorded demand: what it leaves unserved, what it wastes, and what no replica helps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.capacity.autoscaler_ramp import Ramp, largest_ramp
from scaling_lib.capacity.autoscaler_replay import Account, Downstream, Steps, account, simulate
from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.hpa import NOISE
from scaling_lib.capacity.hpa_behavior import SECOND
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.words import duration


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
    ceiling: requests/s that can be served at most, by max_replicas and the downstream.
    largest_ramp: the steepest rise that can be followed from the median demand on.
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
    largest_ramp: Ramp

    @property
    def unserved_share(self) -> float:
        """Of all requests; NaN without any."""
        return self.unserved / self.demand if self.demand else math.nan


def replay_autoscaler(
    demand: pd.Series[float],
    capacity_per_replica: float,
    autoscaler: Autoscaler,
    *,
    downstream_limit: float | None = None,
    connections_per_replica: int | None = None,
    price_per_replica_hour: float | None = None,
    failures: Sequence[tuple[pd.Timestamp, float]] = (),
    initial_replicas: int | None = None,
    flap_s: float = 600.0,
) -> AutoscalerReplay:
    """Run an autoscaler over a recorded demand.

    demand: requests/s by time (a regular, rising index with a time zone); each holds for a step. Rows may be absent:
        that is a gap. Where the record was cut off by saturation, what was served is not the demand.
    capacity_per_replica: requests/s that a replica serves when it is used to 100%, above 0; at its target it serves
        the target's share of that.
    downstream_limit: requests/s that what is behind lets pass; with connections_per_replica, the connections that it
        accepts: replicas beyond limit / connections never become ready. Requests that wait there use no replica.
    price_per_replica_hour: in the assessment's currency.
    failures: (time, share): the moments when that share of the serving replicas is lost, rounded up; in the place of
        each another one starts at once.
    initial_replicas: serving at the beginning; what the first demand needs at the target where it is not given.
    flap_s: a change of direction within so many seconds is a flap.

    Every sync the HPA sees the demand and the serving replicas of `metrics_lag_s` ago (before the record: its first
    row), spread evenly; those still starting, and those that began to serve since, count as not ready. Replicas that
    are removed stop at once, starting ones first.

    Raises InvalidInput for a demand, numbers or times that cannot be replayed, NotEnoughData for fewer than two rows.
    Source of the law and the behaviour: kubernetes.io, "Horizontal Pod Autoscaling".
    """
    steps = _steps(demand)
    _check_numbers(capacity_per_replica, price_per_replica_hour, flap_s)
    downstream = _downstream(downstream_limit, connections_per_replica, capacity_per_replica)
    peak = min(float(steps.demand.max()), downstream.passes)
    first = math.ceil(float(steps.demand[0]) / (capacity_per_replica * autoscaler.target_utilization) - NOISE)
    initial = min(max(first, autoscaler.min_replicas), autoscaler.max_replicas)
    if initial_replicas is not None:
        if not autoscaler.min_replicas <= initial_replicas <= autoscaler.max_replicas:
            raise InvalidInput(
                f"replay_autoscaler: found {initial_replicas} initial replicas; expected {autoscaler.min_replicas} to "
                f"{autoscaler.max_replicas}, the autoscaler's bounds."
            )
        initial = initial_replicas
    begin = demand.index[0].tz_convert("UTC")
    lost = _failures(failures, begin, steps.end_ns)
    changes = simulate(steps, capacity_per_replica, autoscaler, downstream, initial, lost)
    counted = account(steps, changes, capacity_per_replica, autoscaler, downstream)
    fixed = max(1, math.ceil(peak / capacity_per_replica - NOISE))
    hours = counted.duration_s / 3600
    level = float(np.median(steps.demand))
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
        largest_ramp=largest_ramp(autoscaler, capacity_per_replica, level),
    )


def _steps(demand: pd.Series[float]) -> Steps:
    """The demand on integer nanoseconds since its first row."""
    index = demand.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        found = "times without a time zone" if isinstance(index, pd.DatetimeIndex) else type(index).__name__
        raise InvalidInput(f"Demand: found an index of {found}; expected times with a time zone, such as UTC.")
    if len(demand) < 2:
        raise NotEnoughData(f"Demand: found {len(demand)} rows; at least two are needed to know the step between them.")
    if not pd.api.types.is_numeric_dtype(demand):
        raise InvalidInput(f"Demand: found values of type {demand.dtype}; expected numbers, requests/s.")
    values: NDArray[np.float64] = np.asarray(demand.to_numpy(dtype=np.float64, na_value=math.nan))
    wrong = ~np.isfinite(values) | (values < 0)
    if wrong.any():
        place = int(wrong.argmax())
        raise InvalidInput(
            f"Demand: found {values[place]} at {index[place]} ({int(wrong.sum())} such rows); expected finite "
            "requests/s of 0 or more. Leave out rows that are not known: they are gaps then."
        )
    times = index.as_unit("ns").asi8
    apart = np.diff(times)
    if (apart <= 0).any():
        raise InvalidInput(
            f"Demand: its times do not rise at {index[int((apart <= 0).argmax()) + 1]}; sort them, once each."
        )
    lengths, often = np.unique(apart, return_counts=True)
    step = int(lengths[often.argmax()])
    if (lengths % step).any():
        place = int((apart % step != 0).argmax())
        raise InvalidInput(
            f"Demand: found {apart[place] / SECOND:g} s after {index[place]}, where most rows are {step / SECOND:g} s "
            "apart; expected a regular step (whole steps may be absent). Resample it first."
        )
    starts = times - times[0]
    return Steps(starts_ns=starts, step_ns=step, demand=values, end_ns=int(starts[-1]) + step)


def _check_numbers(capacity: float, price: float | None, flap_s: float) -> None:
    if not (math.isfinite(capacity) and capacity > 0):
        raise InvalidInput(
            f"replay_autoscaler: found a capacity of {capacity} per replica; expected requests/s above 0."
        )
    if price is not None and not (math.isfinite(price) and price >= 0):
        raise InvalidInput(f"replay_autoscaler: found a price of {price} per replica-hour; expected 0 or more.")
    if not flap_s >= 0:
        raise InvalidInput(f"replay_autoscaler: found flap_s {flap_s}; expected seconds of 0 or more.")


def _downstream(limit: float | None, connections: int | None, capacity: float) -> Downstream:
    if limit is None:
        if connections is not None:
            raise InvalidInput("replay_autoscaler: connections_per_replica needs a downstream_limit of connections.")
        return Downstream()
    if not (math.isfinite(limit) and limit > 0):
        raise InvalidInput(f"replay_autoscaler: found a downstream limit of {limit}; expected a number above 0.")
    if connections is None:
        return Downstream(passes=float(limit), requests_per_s=float(limit))
    if connections < 1:
        raise InvalidInput(f"replay_autoscaler: found {connections} connections per replica; expected 1 or more.")
    most = int(limit // connections)
    if not most:
        raise InvalidInput(
            f"replay_autoscaler: a downstream limit of {limit:g} connections is too few for one replica, which opens "
            f"{connections}."
        )
    return Downstream(passes=most * capacity, most_serving=most)


def _failures(
    failures: Sequence[tuple[pd.Timestamp, float]], first: pd.Timestamp, end_ns: int
) -> list[tuple[int, float]]:
    lost = []
    for time, share in failures:
        moment = pd.Timestamp(time)
        if moment.tzinfo is None or not 0 < share <= 1:
            raise InvalidInput(
                f"Failures: found ({time}, {share}); expected a time with its time zone and a share above 0, at most 1."
            )
        since = (moment - first).as_unit("ns").value
        if not 0 <= since < end_ns:
            raise InvalidInput(
                f"Failures: found one at {time}, outside the demand, which begins at {first} and lasts "
                f"{duration(end_ns / SECOND)}."
            )
        lost.append((since, float(share)))
    return sorted(lost)


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
