"""The control law of the Kubernetes HorizontalPodAutoscaler: how many replicas it asks for, from what its pods use."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.capacity.hpa_behavior import is_whole
from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import floats, is_finite

NOISE = 1e-9  # of floating point, so that 3.0000000000000004 replicas are 3
MOST_TARGET = 5.0  # times the requests: more is a percentage


def hpa_replicas(
    usages: Sequence[float | None] | NDArray[np.float64],
    *,
    target_utilization: float | None = None,
    requests: ArrayLike | None = None,
    target_value: float | None = None,
    ready: Sequence[bool] | None = None,
    pending: Sequence[bool] | None = None,
    replicas: int | None = None,
    tolerance: float = 0.1,
    min_replicas: int = 1,
    max_replicas: int | None = None,
) -> int:
    """The replicas that the HPA's law asks for, before its behaviour (stabilisation and policies) slows them down.

    usages: what each pod uses, in any unit; NaN or None where its metric is missing.
    target_utilization: the share of the pods' requests that they should use on average, above 0; with requests: what
        each pod requests, in the unit of the usages (one number for all of them).
    target_value: instead, what each pod should use on average (a custom metric).
    ready: for each pod whether it is ready; all are where it is not given. pending: for each whether it has not even
        begun to run; none has where it is not given.
    replicas: what the workload asks for now, and keeps where nothing is to change; as many as there are pods. With 0
        the HPA is switched off, and 0 it stays.
    tolerance: nothing changes while usage over target is within 1 - tolerance to 1 + tolerance.
    min_replicas, max_replicas: bounds of the answer.

    As Kubernetes documents it: the answer is ceil(pods x usage / target), over the pods with a metric. Set aside are
    pending pods, and with target_utilization those that have a metric and are not ready. Where the others ask for more,
    those set aside and missing metrics count as 0; where they ask for less, a missing metric, of a pod that is not
    ready too, counts as the whole request (or the target, where that is higher; with target_value, the target). If
    that turns the direction around or falls within the tolerance, nothing changes; nor without any metric. A
    utilisation is cut to a whole percent, as the controller does.

    Raises InvalidInput where the targets, the lengths or the bounds do not fit together.
    Source: kubernetes.io, "Horizontal Pod Autoscaling", algorithm details ("When scaling on CPU, if any pod has yet to
    become ready"); which of pending, missing and not ready comes first is that of the controller's own code.
    """
    used = floats("hpa_replicas", "usages", usages)  # type: ignore[arg-type]  # None is NaN there
    if used.ndim != 1 or not len(used) or bool((used < 0).any()) or bool(np.isinf(used).any()):
        raise InvalidInput("hpa_replicas: usages need one finite number of 0 or more for each pod, NaN where missing.")
    reference, target = _reference(target_utilization, requests, target_value, len(used))
    is_ready, is_pending = _flags("ready", ready, True, len(used)), _flags("pending", pending, False, len(used))
    check_bounds("hpa_replicas", tolerance, min_replicas, max_replicas)
    current = len(used) if replicas is None else replicas
    if not (is_whole(current) and current >= 0):
        raise InvalidInput(f"hpa_replicas: found {current!r} replicas; expected a whole number of 0 or more.")
    if current == 0:
        return 0
    by_share = target_utilization is not None
    aside = is_pending | (~is_ready & ~np.isnan(used)) if by_share else is_pending
    wanted = _wanted(used, reference, target, aside, current, tolerance, by_share)
    return max(min_replicas, wanted if max_replicas is None else min(max_replicas, wanted))


def uniform_replicas(used: float, target_percent: float, measured: int, unready: int, tolerance: float) -> int:
    """The law for pods that are all alike: `measured` ready ones that each use the share `used` of their request.

    unready: pods without a share of the work yet. The same as `hpa_replicas`, without its arrays and bounds.
    """
    percent = math.floor(100 * used + NOISE)
    counted = measured
    if unready and percent > target_percent:
        counted += unready
        percent = math.floor(100 * used * measured / counted + NOISE)
        if percent < target_percent:
            return counted
    if abs(percent - target_percent) <= (tolerance + NOISE) * target_percent:
        return measured + unready
    return math.ceil(percent * counted / target_percent - NOISE)


def check_bounds(place: str, tolerance: float, min_replicas: int, max_replicas: int | None) -> None:
    """InvalidInput unless the tolerance is a fraction below 1 and the bounds are in order."""
    if not (is_finite(tolerance) and 0 <= tolerance < 1):
        raise InvalidInput(f"{place}: found a tolerance of {tolerance!r}; expected a fraction from 0 to below 1.")
    counts = [min_replicas, min_replicas if max_replicas is None else max_replicas]
    if not all(map(is_whole, counts)) or not 1 <= counts[0] <= counts[1]:
        raise InvalidInput(
            f"{place}: found min_replicas {min_replicas!r} and max_replicas {max_replicas!r}; expected 1 or more, "
            "whole numbers, and a maximum of at least the minimum."
        )


def _flags(name: str, given: Sequence[bool] | None, otherwise: bool, pods: int) -> NDArray[np.bool_]:
    if given is None:
        return np.full(pods, otherwise)
    found = np.asarray(given)
    if found.shape != (pods,):
        raise InvalidInput(f"hpa_replicas: found {found.size} values in {name}; expected one for each usage.")
    if found.dtype != np.bool_:
        raise InvalidInput(f"hpa_replicas: found {name} {list(given)!r}; expected True or False for each pod.")
    return found


def _reference(
    target_utilization: float | None, requests: ArrayLike | None, target_value: float | None, pods: int
) -> tuple[NDArray[np.float64], float]:
    """What each pod's usage is held against, and the share of it that is the target."""
    if (target_utilization is None) == (target_value is None) or (target_utilization is None) != (requests is None):
        raise InvalidInput("hpa_replicas: give either target_utilization with the pods' requests, or target_value.")
    target = 1.0 if target_utilization is None else target_utilization
    if not is_finite(target) or target > MOST_TARGET:
        raise InvalidInput(
            f"hpa_replicas: found a target_utilization of {target!r}; expected a share of the requests, such as 0.5 "
            "for 50%."
        )
    against = floats(
        "hpa_replicas",
        "a target_value" if requests is None else "requests",
        target_value if requests is None else requests,  # type: ignore[arg-type]  # one of them is given
    )
    if against.ndim and against.shape != (pods,):
        raise InvalidInput(f"hpa_replicas: found {against.size} requests for {pods} pods; expected one each, or one.")
    if not (target > 0 and bool(np.isfinite(against).all()) and bool((against > 0).all())):
        raise InvalidInput("hpa_replicas: the target and the pods' requests have to be finite and above 0.")
    return np.broadcast_to(against, (pods,)), target


def _wanted(
    used: NDArray[np.float64],
    reference: NDArray[np.float64],
    target: float,
    aside: NDArray[np.bool_],
    current: int,
    tolerance: float,
    whole_percent: bool,
) -> int:
    target_percent = round(100 * target, 9)

    def percent(counted: NDArray[np.bool_], values: NDArray[np.float64]) -> float:
        exact = 100 * float(values[counted].sum()) / float(reference[counted].sum())
        return math.floor(exact + NOISE) if whole_percent else exact

    counted = ~aside & ~np.isnan(used)
    if not counted.any():
        return current
    first = percent(counted, used)
    missing, values = ~aside & np.isnan(used), used.copy()
    if first < target_percent:
        values[missing] = reference[missing] * max(1.0, target)
        filled = missing
    else:
        filled = (missing | aside) if first > target_percent else np.zeros_like(missing)
        values[filled] = 0.0
    counted = counted | filled
    now = percent(counted, values)
    turned = (now - target_percent) * (first - target_percent) < 0
    if turned or abs(now - target_percent) <= (tolerance + NOISE) * target_percent:
        return current
    wanted = math.ceil(now * int(counted.sum()) / target_percent - NOISE)
    if not filled.any():
        return wanted
    return max(current, wanted) if now > target_percent else min(current, wanted)
