"""What it takes to carry the load that is asked for: more of the same, and the autoscaler over the recorded demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scaling_lib.capacity.autoscaler import AutoscalerReplay, replay_autoscaler
from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.demand import JourneyDemand
from scaling_lib.capacity.resource_headroom import autoscaler_of
from scaling_lib.capacity.scaling_options import Option, Size, scaling_options
from scaling_lib.config import Resource
from scaling_lib.errors import NotMeasured


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """A resource's autoscaler over the recorded demand, and over so many times that."""

    resource: str
    factor: float
    replay: AutoscalerReplay


def options(
    model: Calibrated, resource: Resource | None, rate: float, sizes: Sequence[Size] = ()
) -> tuple[Option, ...]:
    """How many instances carry a rate (requests/s) at the resource's own demand, the cheapest first.

    resource: what limits, None where that is not known. sizes: of instance that can be had, with their prices; without
        any only more of the same, one server an instance: what a larger one costs is not known.
    Raises NotMeasured where it has no price, or its demand is not known.
    """
    if resource is None:
        raise NotMeasured(
            "What limits is not one of the assessment's resources: what more of it costs is not known.",
            supply="Describe what limits under `resources` in assessment.yaml, with its `price_per_hour`.",
        )
    if resource.price_per_hour is None or not isinstance(resource.limit, float):
        raise NotMeasured(
            f"{resource.name} has no price: what more of it costs is not known.",
            supply=f"Give {resource.name} a `price_per_hour` and a `limit` in servers in assessment.yaml.",
        )
    if resource.name not in model.calibration.demands:
        raise NotMeasured(
            f"What a request takes of {resource.name} is not measured.",
            supply=f"Supply the metrics of {resource.name} during the load test.",
        )
    price = resource.price_per_hour
    same = Size(name="1 server", servers=1, price_per_hour=price)
    today = (same, max(1, round(resource.limit)))
    demand = model.system(1.0).mean_demand(resource.name)
    return scaling_options(rate, demand, sizes or (same,), today=today, full_at=resource.full_at)


def scaled(
    model: Calibrated, resources: Sequence[Resource], demand: JourneyDemand, factor: float
) -> tuple[Scaled, ...]:
    """Each autoscaler that the assessment describes, over the recorded minutes and over `factor` times them.

    A replica is one server of the resource. Raises NotMeasured where none is described.
    """
    if not any(resource.autoscaler for resource in resources):
        raise NotMeasured(
            "No autoscaler is described: what one would do with the demand is not known.",
            supply="Describe the `autoscaler` of a resource in assessment.yaml: least, most, target, start_delay.",
        )
    found = []
    for resource in resources:
        settings = autoscaler_of(resource)
        if settings is None or resource.name not in model.calibration.demands:
            continue
        each = 1 / model.system(1.0).mean_demand(resource.name).value
        for times in dict.fromkeys((1.0, factor)):
            replay = replay_autoscaler(
                times * demand.minutes.dropna() / 60, each, settings, price_per_replica_hour=resource.price_per_hour
            )
            found.append(Scaled(resource=resource.name, factor=times, replay=replay))
    return tuple(found)
