"""How the bottleneck migrates: relieve it, see what limits next, what that gains, and go on."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scaling_lib.errors import InvalidInput
from scaling_lib.model.beyond import extrapolated, gain, saturation
from scaling_lib.model.demands import above_zero, whole
from scaling_lib.model.system import System
from scaling_lib.stats.estimate import Estimate
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class Step:
    """One relief.

    resource: the bottleneck that is relieved; certainty: the probability that it was the bottleneck; factor: by how
        much its demand is divided.
    before, after: the throughput at saturation, requests/s of the arrivals' mix; gain: after / before ("x"); where
        that is far beyond the measured loads, as of `beyond.saturation`.
    next_bottleneck: what limits then, which may still be the same; next_certainty: the probability of that.
    useful_factor: beyond it more relief of this resource gains nothing, because the next one limits; infinite where
        there is no other.
    system: as it is then. measured_to: the highest rate that what limits then was measured at, where `after` is far
        beyond it, else NaN; see `beyond.told`.
    """

    resource: str
    certainty: float
    factor: float
    before: Estimate
    after: Estimate
    gain: Estimate
    next_bottleneck: str
    next_certainty: float
    useful_factor: float
    system: System
    measured_to: float = math.nan


def migration(
    system: System, *, steps: int = 3, factor: float = 2.0, relief: Mapping[str, float] | None = None
) -> tuple[Step, ...]:
    """Relieve the bottleneck of a system, then that of the system that this makes, and so on.

    steps: how many. factor: by how much each relief divides the demand (0.5 is 2); relief: the same by resource, where
        it is not that factor. A factor of 1 is a resource that cannot be relieved: the path ends there.
    Raises InvalidInput for a factor or a number of steps that cannot be.
    """
    steps = whole("migration", "steps", steps, least=1)
    if relief is not None and not isinstance(relief, Mapping):
        raise InvalidInput(f"migration: found relief {relief!r}; expected a mapping by resource, such as {{'cpu': 2}}.")
    factors = dict.fromkeys(system.resources, factor) | dict(relief or {})
    if unknown := [name for name in factors if name not in system.resources]:
        raise InvalidInput(f"migration: found relief of {unknown[0]!r}; expected one of {listing(system.resources)}.")
    for name, each in factors.items():
        above_zero("migration", f"factor of {name!r}", each, "times")
    path: list[Step] = []
    for _ in range(steps):
        bottleneck = system.bottleneck()
        by = max(factors[bottleneck], 1 / factors[bottleneck])
        if by == 1:
            break
        path.append(_step(system, bottleneck, by))
        system = path[-1].system
    return tuple(path)


def gained(before: System, after: System, estimated: Collection[str] = ()) -> Estimate:
    """By how much the throughput at saturation rises from one system to the other, "x".

    It rests on the same draws of both, so what is not known of both does not blur it; its ends are not known (NaN)
    where those of a demand that limits are not. estimated: see `beyond.saturation`.
    """
    value, low, high = gain(before, after, estimated)
    if any(each.without_ends & each.limits().keys() for each in (before, after)):
        low = high = math.nan
    return Estimate(value, low, high, before.level, "x")


def _step(system: System, resource: str, factor: float) -> Step:
    eased = system.relieve(resource, factor)
    limits = {name: each.value for name, each in system.limits().items()}
    following = eased.bottleneck()
    return Step(
        resource=resource,
        certainty=system.bottleneck_certainty()[resource],
        factor=factor,
        before=saturation(system),
        after=saturation(eased),
        gain=gained(system, eased),
        next_bottleneck=following,
        next_certainty=eased.bottleneck_certainty()[following],
        useful_factor=min((each for name, each in limits.items() if name != resource), default=math.inf)
        / limits[resource],
        system=eased,
        measured_to=extrapolated(eased).get(following, math.nan),
    )
