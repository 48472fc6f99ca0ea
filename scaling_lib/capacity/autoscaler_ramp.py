"""The steepest rise of demand that an autoscaler can follow, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scaling_lib.capacity.autoscaler_settings import Autoscaler, check_autoscaler
from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import is_finite
from scaling_lib.words import number, percent


@dataclass(frozen=True, kw_only=True)
class Ramp:
    """The steepest steady rise of demand that leaves nothing unserved, and how it follows.

    per_minute: requests/s more in each minute, at most; from_level: the demand (requests/s) at which the rise begins.
    delay_s: how old the demand is that the serving replicas were chosen for, at worst.
    highest_utilization: up to which use of its replicas the autoscaler sees no reason to act.
    limited_by: "delay" or "policy" (how many replicas may be added in a period).
    derivation: the formula with its numbers.
    """

    per_minute: float
    from_level: float
    delay_s: float
    highest_utilization: float
    limited_by: Literal["delay", "policy"]
    derivation: str


def largest_ramp(autoscaler: Autoscaler, capacity_per_replica: float, level: float) -> Ramp:
    """The steepest steady rise that is certainly followed from a level of demand on, until the autoscaler's maximum.

    capacity_per_replica: requests/s of a replica at 100%, above 0. level: requests/s, 0 or more.

    The replicas that serve at a time t were chosen for the demand at t - A or later, where A = metrics lag + time
    between two syncs + start-up + stabilisation of scaling up. The autoscaler leaves replicas alone while their use is
    at most H = target x (1 + tolerance), plus the percentage point that a utilisation loses by being cut. So what can
    be served at t is at least demand(t - A) / H. A rise of r requests/s per second has added r A meanwhile: all is
    served while demand(t - A) + r A <= demand(t - A) / H, which is r <= level x (1 / H - 1) / A, and easier at every
    higher level. Where min_replicas serve more than level / H, that takes its place: r <= capacity x (1 - H) / A. The
    policies allow so many replicas a second; each of them carries capacity x target: r is at most their product.

    It is certain and therefore careful: with replicas chosen just now, a steeper rise may be followed too.
    """
    check_autoscaler("largest_ramp", autoscaler)
    if not (is_finite(level) and level >= 0 and is_finite(capacity_per_replica) and capacity_per_replica > 0):
        raise InvalidInput(
            f"largest_ramp: found a level of {level!r} and a capacity of {capacity_per_replica!r} requests/s; "
            "expected 0 or more and above 0."
        )
    delay = autoscaler.metrics_lag_s + autoscaler.sync_s + autoscaler.startup_s + autoscaler.scale_up.stabilization_s
    highest = autoscaler.target_utilization * (1 + autoscaler.tolerance)
    highest += 0.01 if autoscaler.metric == "utilization" else 0.0
    at_target = capacity_per_replica * autoscaler.target_utilization
    capacity = max(autoscaler.min_replicas * capacity_per_replica, level / highest)
    by_delay = 60 * capacity * max(0.0, 1 - highest) / delay
    replicas_per_s = _added_per_s(autoscaler, max(autoscaler.min_replicas, math.ceil(level / at_target - 1e-9)))
    by_policy = 60 * replicas_per_s * at_target
    limited_by: Literal["delay", "policy"] = "delay" if by_delay <= by_policy else "policy"
    if limited_by == "delay":
        derivation = (
            f"{number(capacity)} requests/s of capacity x (1 - {percent(highest)}) of room / {number(delay)} s from a "
            f"rise to the replicas that answer it x 60 = {number(by_delay)} requests/s per minute"
        )
    else:
        derivation = (
            f"{number(60 * replicas_per_s)} replicas per minute by the policies x {number(at_target)} requests/s each "
            f"at the target = {number(by_policy)} requests/s per minute"
        )
    return Ramp(
        per_minute=min(by_delay, by_policy),
        from_level=float(level),
        delay_s=delay,
        highest_utilization=highest,
        limited_by=limited_by,
        derivation=derivation,
    )


def _added_per_s(autoscaler: Autoscaler, replicas: int) -> float:
    """Replicas that the policies let be added per second, kept up for long; periods are used up at syncs only."""
    rules = autoscaler.scale_up
    if rules.select == "Disabled":
        return 0.0
    rates = [
        (policy.value if policy.kind == "Pods" else replicas * policy.value / 100)
        / (math.ceil(policy.period_s / autoscaler.sync_s) * autoscaler.sync_s)
        for policy in rules.policies
    ]
    return max(rates) if rules.select == "Max" else min(rates)
