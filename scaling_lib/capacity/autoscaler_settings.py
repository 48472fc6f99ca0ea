"""What an autoscaler is told: target, bounds, how often it looks, how fast it may move, how long a replica starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scaling_lib.capacity.hpa import check_bounds
from scaling_lib.capacity.hpa_behavior import DEFAULT_SCALE_DOWN, DEFAULT_SCALE_UP, ScalingRules
from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import is_finite


@dataclass(frozen=True, kw_only=True)
class Autoscaler:
    """A Kubernetes HPA and how fast its pods start; what Kubernetes has a default for has that one.

    target_utilization: the share of a replica's capacity that it is meant to use, in (0, 1]. Where the HPA's target is
        of the request and the limit is higher: target x request / limit.
    max_replicas, min_replicas: its bounds.
    startup_s: from being asked for to serving: scheduling, a new node, the image, warm-up, readiness together.
    metric: "utilization": what replicas are busy with, which is at most 100% however much is asked of them, so that an
        overload looks no worse than full use; "demand": requests/s at the load balancer, served or not (an external
        metric with an average value).
    metrics_lag_s: how old the newest metric is. tolerance: nothing changes this close to the target (a fraction).
    sync_s: time between two looks. scale_up, scale_down: the behaviour.

    Raises InvalidInput for numbers out of their range.
    """

    target_utilization: float
    max_replicas: int
    startup_s: float
    min_replicas: int = 1
    metric: Literal["utilization", "demand"] = "utilization"
    metrics_lag_s: float = 15.0
    tolerance: float = 0.1
    sync_s: float = 15.0
    scale_up: ScalingRules = DEFAULT_SCALE_UP
    scale_down: ScalingRules = DEFAULT_SCALE_DOWN

    def __post_init__(self) -> None:
        """Say what is out of range."""
        if not (is_finite(self.target_utilization) and 0 < self.target_utilization <= 1):
            raise InvalidInput(
                f"Autoscaler: found a target utilisation of {self.target_utilization!r}; expected a fraction above 0 "
                "and at most 1 of a replica's capacity."
            )
        check_bounds("Autoscaler", self.tolerance, self.min_replicas, self.max_replicas)
        for name, value in (("startup_s", self.startup_s), ("metrics_lag_s", self.metrics_lag_s)):
            if not (is_finite(value) and value >= 0):
                raise InvalidInput(f"Autoscaler: found {name} {value!r}; expected seconds of 0 or more.")
        if not (is_finite(self.sync_s) and self.sync_s >= 1):
            raise InvalidInput(f"Autoscaler: found sync_s {self.sync_s!r}; expected at least 1 s between two looks.")
        if self.metric not in ("utilization", "demand"):
            raise InvalidInput(f"Autoscaler: found the metric {self.metric!r}; expected utilization or demand.")
        for name, rules in (("scale_up", self.scale_up), ("scale_down", self.scale_down)):
            if not isinstance(rules, ScalingRules):
                raise InvalidInput(f"Autoscaler: found {name} {rules!r}; expected ScalingRules.")


def check_autoscaler(place: str, given: object) -> None:
    """InvalidInput unless it is an Autoscaler."""
    if not isinstance(given, Autoscaler):
        raise InvalidInput(f"{place}: found an autoscaler of type {type(given).__name__}; expected an Autoscaler.")
