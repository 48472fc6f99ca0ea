"""The headroom of one resource, from what the assessment says of it and what was measured."""

from __future__ import annotations

import math

from scaling_lib.capacity.autoscaler_ramp import largest_ramp
from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.demand_rise import steepest_rise
from scaling_lib.capacity.headroom import Headroom, headroom
from scaling_lib.capacity.saturation import SaturationPoint
from scaling_lib.config import Resource
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.stats import Estimate

DAY_S = 86_400


def resource_headroom(found: SaturationPoint, *, together: bool = True) -> Headroom:
    """How many times a resource's use at its peak may come; see `headroom`.

    found: of `saturation_point`; together: see `headroom`. The capacity is the resource's limit, or the most servers
    that its autoscaler may have; growth is the forecast's over the lead time, the steepest rise that of its own use.
    Raises NotMeasured where its use is not known.
    """
    resource, used = found.resource, found.use
    if used is None or math.isnan(found.now.value):
        raise NotMeasured(found.sentence, supply=found.supply)
    level, limit = found.now.level, used.limit
    ramp = rise = None
    if (scaler := autoscaler_of(resource)) is not None:
        limit = float(scaler.max_replicas)
        ramp = largest_ramp(scaler, 1.0, max(0.0, float((used.utilization * used.limit).median())))
        rise = steepest_rise(used.utilization * used.limit, ramp.delay_s, level=level, unit=used.unit).per_minute
    lead = resource.lead_time
    known = found.time is not None and lead > 0
    whole = resource.busy and limit.is_integer()
    return headroom(
        Estimate(limit, limit, limit, level, used.unit),
        found.used,
        domains=resource.domains,
        out_in_rollout=resource.out_in_rollout,
        servers=int(limit) if whole else None,
        full_at=resource.full_at,
        growth=found.time.forecast.growth_per(lead / DAY_S) if known and found.time else None,
        lead_time_s=lead,
        rise=rise,
        ramp=ramp,
        together=together,
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
