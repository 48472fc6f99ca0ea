"""The loop of an autoscaler over recorded demand, on integer nanoseconds, and the exact sums over what it did."""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.hpa import NOISE, uniform_replicas
from scaling_lib.capacity.hpa_behavior import SECOND, Behavior

NEVER = sys.maxsize
WEEK_NS = 7 * 24 * 3600 * SECOND


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Demand (requests/s) from each start on for a step; starts are nanoseconds since the first."""

    starts_ns: NDArray[np.int64]
    step_ns: int
    demand: NDArray[np.float64]
    end_ns: int

    def rows(self, times_ns: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The row that each time falls on, and whether it does (rather than on a gap); the first before the first."""
        rows = np.maximum(np.searchsorted(self.starts_ns, times_ns, side="right") - 1, 0)
        return rows, times_ns < self.starts_ns[rows] + self.step_ns


@dataclass(frozen=True, kw_only=True)
class Downstream:
    """passes: requests/s with any number of replicas; it limits either the requests or the replicas that can serve."""

    passes: float = math.inf
    requests_per_s: float = math.inf
    most_serving: int = NEVER


@dataclass(frozen=True, kw_only=True)
class Account:
    """Sums over the time with a demand.

    The short_ arrays have one entry for each stretch of under-provisioning; the week_ arrays one for each whole week
    from the first row on that has a demand throughout.
    """

    duration_s: float
    demand: float
    under_provisioned_s: float
    unserved: float
    downstream_limited_s: float
    unserved_by_downstream: float
    over_provisioned_replica_h: float
    replica_h: float
    short_starts_ns: NDArray[np.int64]
    short_ends_ns: NDArray[np.int64]
    short_unserved: NDArray[np.float64]
    week_under_provisioned_s: NDArray[np.float64]
    week_replica_h: NDArray[np.float64]


def simulate(
    steps: Steps,
    capacity: float,
    autoscaler: Autoscaler,
    downstream: Downstream,
    initial: int,
    failures: Sequence[tuple[int, float]],
) -> NDArray[np.int64]:
    """All changes: rows of time (ns), replicas asked for, replicas serving; the first at 0, times never fall."""
    target_percent = round(100 * autoscaler.target_utilization, 9)
    at_target, tolerance = capacity * autoscaler.target_utilization, autoscaler.tolerance
    sees_demand = autoscaler.metric == "demand"
    passes, most_serving = downstream.requests_per_s, downstream.most_serving
    lag, startup = round(autoscaler.metrics_lag_s * SECOND), round(autoscaler.startup_s * SECOND)
    behavior = Behavior(
        autoscaler.scale_up,
        autoscaler.scale_down,
        replicas=initial,
        min_replicas=autoscaler.min_replicas,
        max_replicas=autoscaler.max_replicas,
    )
    asked = started = initial
    serving = min(initial, most_serving)
    changes = [(0, asked, serving)]
    seen, starting = 0, deque[tuple[int, int]]()  # the change that the newest metric knows; (when ready, how many)
    to_fail = deque(failures)
    coming = to_fail[0][0] if to_fail else NEVER
    times, demands = _syncs(steps, round(autoscaler.sync_s * SECOND), lag)
    for now, demand in zip(times, demands, strict=True):
        while coming <= now:
            moment = coming
            while starting and starting[0][0] <= moment:
                started += starting.popleft()[1]
            if to_fail and to_fail[0][0] == moment:
                lost = math.ceil(min(started, most_serving) * to_fail.popleft()[1] - NOISE)
                started -= lost
                starting.append((moment + startup, lost))
            serving = min(started, most_serving)
            changes.append((moment, asked, serving))
            coming = _next(starting, to_fail)
        while seen + 1 < len(changes) and changes[seen + 1][0] <= now - lag:
            seen += 1
        seen_serving = changes[seen][2]
        measured = min([change[2] for change in changes[seen:]])  # still there: the newest stop first
        if demand < 0 or (not measured and not sees_demand):
            continue  # no metric: the HPA leaves everything as it is
        if sees_demand:
            recommended = asked
            if abs(demand - asked * at_target) > (tolerance + NOISE) * asked * at_target:
                recommended = math.ceil(demand / at_target - NOISE)
        else:
            served = demand if demand < passes else passes
            used = served / (seen_serving * capacity)
            used = used if used < 1.0 else 1.0
            recommended = uniform_replicas(used, target_percent, measured, asked - measured, tolerance)
        wanted = behavior.next_replicas(now, asked, recommended)
        if wanted == asked:
            continue
        if wanted > asked:
            starting.append((now + startup, wanted - asked))
        else:
            started -= _cancel(starting, asked - wanted)
        asked = wanted
        serving = min(started, most_serving)
        changes.append((now, asked, serving))
        coming = _next(starting, to_fail)
    return _compact(np.array(changes, dtype=np.int64), steps.end_ns)


def account(
    steps: Steps, changes: NDArray[np.int64], capacity: float, autoscaler: Autoscaler, downstream: Downstream
) -> Account:
    """Sums over the pieces of time within which neither the demand nor the replicas change."""
    ends = steps.starts_ns + steps.step_ns
    weeks = np.arange(0, steps.end_ns, WEEK_NS, dtype=np.int64)
    lefts = np.unique(np.concatenate([steps.starts_ns, ends, changes[:, 0], weeks]))
    seconds = np.diff(lefts) / SECOND
    lefts, rights = lefts[:-1], lefts[1:]
    rows, known = steps.rows(lefts)
    seconds = np.where(known, seconds, 0.0)
    demand = steps.demand[rows]
    state = np.searchsorted(changes[:, 0], lefts, side="right") - 1
    asked, serving = changes[state, 1], changes[state, 2]
    served = np.minimum(serving * capacity, downstream.passes)
    short = known & (demand > served * (1 + NOISE))
    missed = np.where(short, demand - served, 0.0) * seconds
    hopeless = known & (demand > downstream.passes * (1 + NOISE))
    useful = np.minimum(demand, downstream.passes)
    needed = np.ceil(useful / (capacity * autoscaler.target_utilization) - NOISE)
    needed = np.minimum(np.maximum(needed, autoscaler.min_replicas), downstream.most_serving)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], short, [False]]).astype(np.int8)))
    firsts, lasts = edges[::2], edges[1::2] - 1
    week = lefts // WEEK_NS

    def by_week(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(week, weights=amounts, minlength=len(weeks)), dtype=np.float64)

    whole = by_week(seconds) > WEEK_NS / SECOND - 1e-3
    return Account(
        duration_s=float(seconds.sum()),
        demand=float((demand * seconds).sum()),
        under_provisioned_s=float(seconds[short].sum()),
        unserved=float(missed.sum()),
        downstream_limited_s=float(seconds[hopeless].sum()),
        unserved_by_downstream=float(((demand[hopeless] - downstream.passes) * seconds[hopeless]).sum()),
        over_provisioned_replica_h=float((np.maximum(asked - needed, 0) * seconds).sum()) / 3600,
        replica_h=float((asked * seconds).sum()) / 3600,
        short_starts_ns=lefts[firsts],
        short_ends_ns=rights[lasts],
        short_unserved=np.add.reduceat(missed, firsts) if len(firsts) else np.zeros(0),
        week_under_provisioned_s=by_week(seconds * short)[whole],
        week_replica_h=by_week(asked * seconds)[whole] / 3600,
    )


def _syncs(steps: Steps, sync_ns: int, lag_ns: int) -> tuple[list[int], list[float]]:
    """When the HPA sees a demand, and which; at the end it looks once more and sees none (-1)."""
    times = np.arange(0, steps.end_ns, sync_ns, dtype=np.int64)
    rows, known = steps.rows(times - lag_ns)
    return [*times[known].tolist(), steps.end_ns], [*steps.demand[rows[known]].tolist(), -1.0]


def _next(starting: deque[tuple[int, int]], to_fail: deque[tuple[int, float]]) -> int:
    return min(starting[0][0] if starting else NEVER, to_fail[0][0] if to_fail else NEVER)


def _cancel(starting: deque[tuple[int, int]], count: int) -> int:
    """Take `count` replicas away, the newest starting ones first; how many serving ones have to go."""
    while count and starting:
        ready, waiting = starting.pop()
        if waiting > count:
            starting.append((ready, waiting - count))
        count -= min(count, waiting)
    return count


def _compact(changes: NDArray[np.int64], end_ns: int) -> NDArray[np.int64]:
    """The last of the changes at one time, before the end, where something differs."""
    last = np.append(np.diff(changes[:, 0]) > 0, True) & (changes[:, 0] < end_ns)
    kept: NDArray[np.int64] = changes[last]
    differs: NDArray[np.bool_] = np.append(True, (np.diff(kept[:, 1:], axis=0) != 0).any(axis=1))
    return kept[differs]
