"""The headroom of one resource, from what the assessment says of it and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from scaling_lib.capacity.autoscaler_ramp import Ramp, largest_ramp
from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.demand import JourneyDemand
from scaling_lib.capacity.demand_rise import steepest_rise
from scaling_lib.capacity.headroom import Headroom, headroom
from scaling_lib.capacity.limits import Limit
from scaling_lib.config_resources import Resource
from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate
from scaling_lib.stats.forecast import Forecast

DAY_S = 86_400
NOT_DESCRIBED = Resource.model_validate(
    {"name": "any resource", "used": "none", "limit": 1.0}
)  # what is assumed of any


def resource_headroom(
    resource: Resource,
    capacity: Estimate,
    used: Estimate,
    *,
    demand: pd.Series,
    forecast: Forecast | None = None,
    per_server: float | None = None,
    together: bool = True,
    level: float = 0.95,
) -> Headroom:
    """How many times the use at its peak may come, less all that the assessment says of the resource; see `headroom`.

    capacity, used: of the resource itself (servers, its unit), or in requests/s of the system that it limits: the share
        that a domain or a rollout takes, and `full_at`, are then of these.
    demand: recorded, in the same unit, at a regular step; its steepest rise is what an autoscaler has to follow.
    forecast: of it, for the growth over the lead time; None where the history is too short.
    per_server: what one server serves, in the same unit (1 for servers); None where it is not known, and an autoscaler
        is then taken to follow nothing until its start delay is over.
    Raises InvalidInput for an autoscaler of what is not made of servers, NotMeasured where the use is not known.
    """
    scaler = autoscaler_of(resource)
    ramp: Ramp | None = None
    rise = delay = None
    if scaler is not None:
        delay = scaler.startup_s
        if per_server is not None:
            ramp = largest_ramp(scaler, per_server, max(0.0, float(demand.median())))
            delay = ramp.delay_s
        rise = steepest_rise(demand, delay, level=level, unit=capacity.unit).per_minute
    lead = resource.lead_time
    whole = resource.busy and isinstance(resource.limit, float) and resource.limit.is_integer()
    found = headroom(
        capacity,
        used,
        domains=resource.domains,
        out_in_rollout=resource.out_in_rollout,
        servers=int(resource.limit) if whole else None,
        full_at=resource.full_at,
        growth=forecast.growth_per(lead / DAY_S) if forecast is not None and lead > 0 else None,
        lead_time_s=lead,
        rise=rise,
        ramp=ramp,
        start_delay_s=delay,
        together=together,
        level=level,
    )
    if "full_at" in resource.model_fields_set:
        return found
    taken = [
        replace(each, why=f"{each.why}, as assumed: no full_at is given", assumed=True)
        if each.name == "target utilisation"
        else each
        for each in found.deductions
    ]
    return replace(found, deductions=tuple(taken))


def limit_headroom(
    limit: Limit,
    resources: Sequence[Resource],
    demand: JourneyDemand,
    model: Calibrated | None,
    *,
    saturates: str = "",
    level: float = 0.95,
) -> Headroom:
    """The headroom of one of the system's limits, in requests/s of it, against today's busiest minute.

    resources: of the assessment. saturates: the one that was measured to be full first, "" where none was.
    What is full at the limit, or saturates first where the limit is an SLO, loses a domain or is out in a rollout; its
    `full_at` is of its own limit and not of an SLO's. Where it is not known to be one of the resources, it may be any
    of them, or live on their servers: what takes most is taken, and said. What one server serves is the model's.
    """
    own = [each for each in resources if each.name == (limit.resource or saturates)]
    found = [_of_resource(limit, each, demand, model, level) for each in own or resources or (NOT_DESCRIBED,)]
    least = min(found, key=lambda each: each.factor.value)
    if own:
        return least
    taken = list(resources or (NOT_DESCRIBED,))[found.index(least)].name
    note = f"What limits is not known to be one of the described resources: what is taken is that of {taken}."
    if len(resources) > 1:
        note = f"{note.removesuffix('.')}, of which most is."
    return replace(
        least, sentence=f"{least.sentence} {note}" if least.deducted else least.sentence, notes=(*least.notes, note)
    )


def _of_resource(
    limit: Limit, resource: Resource, demand: JourneyDemand, model: Calibrated | None, level: float
) -> Headroom:
    each = None
    if model and resource.name in model.calibration.demands:
        each = 1 / model.system(1.0).mean_demand(resource.name).value
    return resource_headroom(
        resource.model_copy(update={"full_at": 1.0}) if limit.of_slo else resource,
        limit.rate,
        demand.peak.minute,
        demand=demand.minutes.dropna() / 60,
        forecast=demand.forecast,
        per_server=each,
        level=level,
    )


def autoscaler_of(resource: Resource) -> Autoscaler | None:
    """The resource's autoscaler with Kubernetes' defaults for what the assessment does not say; None without one.

    Raises InvalidInput where it is given for a resource that is not made of servers.
    """
    given = resource.autoscaler
    if given is None:
        return None
    if not resource.busy:
        raise InvalidInput(
            f"{resource.name}: found an autoscaler of a resource whose use is in {resource.unit or 'gauges'}; "
            "expected one of servers, with `busy` counters. Give it to the resource that scales."
        )
    return Autoscaler(
        target_utilization=given.target,
        max_replicas=given.most,
        min_replicas=given.least,
        startup_s=given.start_delay,
    )
