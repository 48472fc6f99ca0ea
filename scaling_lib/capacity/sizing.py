"""What it takes to carry the load that is asked for: more of the same, and the autoscaler over the recorded demand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scaling_lib.capacity.autoscaler import AutoscalerReplay, replay_autoscaler
from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.demand import JourneyDemand
from scaling_lib.capacity.resource_headroom import autoscaler_of
from scaling_lib.capacity.scaling_options import Option, Size, scaling_options
from scaling_lib.config_resources import Resource
from scaling_lib.errors import NotMeasured
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """A resource's autoscaler over the recorded demand, and over so many times that."""

    resource: str
    factor: float
    replay: AutoscalerReplay


def options(
    model: Calibrated, resource: Resource | None, rate: float, *, usable: Estimate | None = None
) -> tuple[Option, ...]:
    """How many instances carry a rate (requests/s) at the resource's own demand, the cheapest first.

    usable: what may be used today, requests/s, after all limits and deductions: no instance is used more than today's
    would be then. resource: what limits, None where that is not known.
    More of the same is one server an instance; beside it stand the `sizes` that assessment.yaml gives: without any,
    what a larger one costs is not known. Prices that are made up are assumed in what they come to.
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
            supply=f"Give {resource.name} a `price_per_hour`, a `limit` in servers, and the `sizes` that can be had, "
            "in assessment.yaml.",
        )
    if resource.name not in model.calibration.demands:
        raise NotMeasured(
            f"What a request takes of {resource.name} is not measured.",
            supply=f"Supply the metrics of {resource.name} during the load test.",
        )
    same = Size(name="1 server", servers=1, price_per_hour=resource.price_per_hour)
    sizes = [
        Size(name=each.name, servers=each.servers, price_per_hour=each.price_per_hour, speed=each.speed)
        for each in resource.sizes
    ]
    today = (same, max(1, round(resource.limit)))
    demand = model.system(1.0).mean_demand(resource.name)
    busy = usable.value * demand.value / resource.limit if usable is not None else math.inf
    full_at = min(resource.full_at, busy) if busy > 0 else resource.full_at
    found = scaling_options(rate, demand, [same, *sizes], today=today, full_at=full_at)
    assumed = resource.prices == "assumed"
    return tuple(replace(each, price_per_hour=replace(each.price_per_hour, assumed=assumed)) for each in found)


def scaled(
    model: Calibrated, resources: Sequence[Resource], demand: JourneyDemand, factor: float, *, currency: str = ""
) -> tuple[Scaled, ...]:
    """Each autoscaler that the assessment describes, over the recorded minutes and over `factor` times them.

    A replica is one server of the resource. The downstream is what the model knows beside it and no autoscaler of its
    own scales: the load at which the first of that is full passes. currency: of the prices.
    Raises NotMeasured where no autoscaler is described.
    """
    if not any(resource.autoscaler for resource in resources):
        raise NotMeasured(
            "No autoscaler is described: what one would do with the demand is not known.",
            supply="Describe the `autoscaler` of a resource in assessment.yaml: least, most, target, start_delay.",
        )
    found = []
    limits = model.system(1.0).limits()
    fixed = [limits[each] for each in limits if not any(one.name == each and one.autoscaler for one in resources)]
    passes = min((each.value for each in fixed if 0 < each.value < math.inf), default=None)
    for resource in resources:
        settings = autoscaler_of(resource)
        if settings is None or resource.name not in model.calibration.demands:
            continue
        each = 1 / model.system(1.0).mean_demand(resource.name).value
        for times in dict.fromkeys((1.0, factor)):
            replay = replay_autoscaler(
                times * demand.minutes.dropna() / 60, each, settings, downstream_limit=passes,
                price_per_replica_hour=resource.price_per_hour, currency=currency,
            )  # fmt: skip
            found.append(Scaled(resource=resource.name, factor=times, replay=replay))
    return tuple(found)
