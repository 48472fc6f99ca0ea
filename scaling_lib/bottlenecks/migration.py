"""How the bottleneck migrates once it is relieved: one resource after another, or fixes in the order they are made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scaling_lib.model import migration as core
from scaling_lib.model.beyond import extrapolated, saturation, told
from scaling_lib.model.system import System
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True)
class Relief:
    """One fix, and what limits before and after it.

    name: of the fix, or of the resource that is relieved. before, after: the throughput at saturation, requests/s;
    gain: after over before, "x". bottleneck, next_bottleneck: what is full first before and after, with the
    probability of each (certainty, next_certainty). system: as it is then. measured_to: the highest rate that what
    limits then was measured at, where `after` is far beyond it, else NaN.
    """

    name: str
    bottleneck: str
    certainty: float
    before: Estimate
    after: Estimate
    gain: Estimate
    next_bottleneck: str
    next_certainty: float
    system: System
    measured_to: float = math.nan

    @property
    def told(self) -> str:
        """The throughput then, in words that say where it is not known how far it goes."""
        return told(self.after, self.measured_to)

    @property
    def moved(self) -> bool:
        """Whether something else limits then."""
        return self.next_bottleneck != self.bottleneck

    @property
    def useless(self) -> bool:
        """Whether nothing is gained, by all that the demands may be."""
        return self.gain.high <= 1 + 1e-6


def migration(
    system: System,
    relief: float | Mapping[str, float] | Sequence[tuple[str, float]] = 2.0,
    *,
    steps: int = 3,
) -> tuple[Relief, ...]:
    """Relieve the bottleneck of a system, then that of the system which this makes, and so on.

    relief: by how much each bottleneck's demand is divided; by resource, where it is not the same of all (2 of those
        that are not named); or fixes in the order in which they are made, (resource, factor) each, whether or not the
        resource is the bottleneck then. steps: how many, where the order is not given.
    Raises InvalidInput for a resource that is not there, and for a factor or a number of steps that cannot be.
    """
    if isinstance(relief, Sequence):
        path = []
        for resource, factor in relief:
            path.append(relieved(resource, system, system.relieve(resource, factor)))
            system = path[-1].system
        return tuple(path)
    if isinstance(relief, Mapping):
        found = core.migration(system, steps=steps, relief=relief)
    else:
        found = core.migration(system, steps=steps, factor=relief)
    befores = [system, *(step.system for step in found)]
    return tuple(relieved(step.resource, befores[place], step.system) for place, step in enumerate(found))


def relieved(name: str, before: System, after: System, *, by_share: bool = False) -> Relief:
    """What a fix gains, from the system before and after it.

    by_share: whether what is left of the eased demands was told by a share of their work, see `beyond.saturation`.
    """
    estimated = [
        each
        for each in after.resources
        if by_share and each in before.resources and after.mean_demand(each).value < before.mean_demand(each).value
    ]
    bottleneck, following = before.bottleneck(), after.bottleneck()
    return Relief(
        name=name,
        bottleneck=bottleneck,
        certainty=before.bottleneck_certainty()[bottleneck],
        before=saturation(before),
        after=saturation(after, estimated),
        gain=core.gained(before, after, estimated),
        next_bottleneck=following,
        next_certainty=after.bottleneck_certainty()[following],
        system=after,
        measured_to=extrapolated(after).get(following, math.nan),
    )
