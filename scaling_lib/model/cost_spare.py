"""What is paid for what is not used: headroom, and the copies that the next nine of availability takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import is_finite, said

MOST = 1000


@dataclass(frozen=True, kw_only=True)
class NextNine:
    """What one more nine takes.

    replicas, availability: today's; needed: how many give it a tenth of the unavailability, None where what copies have
    in common forbids it; cost: of the further ones, in the price's unit, infinite then.
    assumed: what the figures assume, in words.
    """

    replicas: int
    availability: float
    needed: int | None
    cost: float
    assumed: str


def headroom_cost(paid: Estimate, used: Estimate) -> Estimate:
    """What is paid for what stands ready and is not used. paid: of the whole; used: the fraction that is in use."""
    if not 0 <= used.low <= used.high <= 1:
        raise InvalidInput(f"headroom_cost: found a used share of {used}; expected a fraction from 0 to 1.")
    ends = paid.low * (1 - used.high), paid.high * (1 - used.low)
    return Estimate(paid.value * (1 - used.value), *ends, paid.level, paid.unit, paid.assumed or used.assumed)


def replicas_needed(target: float, each: float, *, common: float = 0.0) -> int | None:
    """Copies that together are available for the target, each alone for `each` of the time; one of them is enough.

    common: the share of a copy's unavailability that strikes all copies at once (the beta factor). Without one,
    n = ceil(ln(1 - target) / ln(1 - each)). None where what they have in common alone exceeds the target.
    Source: IEC 61508-6, annex D, for the beta factor.
    """
    for name, value in (("target", target), ("each", each)):
        if not (is_finite(value) and 0 < value < 1):
            raise InvalidInput(f"replicas_needed: found {name} {said(value)}; expected an availability, such as 0.999.")
    if not (is_finite(common) and 0 <= common < 1):
        raise InvalidInput(f"replicas_needed: found common {said(common)}; expected a share from 0 to below 1.")
    down = 1 - each
    left = (1 - target) - common * down
    if left <= 0:
        return None
    return max(math.ceil(math.log(left) / math.log((1 - common) * down) - 1e-9), 1)


def next_nine(each: float, replicas: int, *, price: float, common: float = 0.0) -> NextNine:
    """What a tenth of today's unavailability takes. each: a copy's availability; price: of one copy, a month."""
    if not (isinstance(replicas, int) and 1 <= replicas <= MOST):
        raise InvalidInput(f"next_nine: found {said(replicas)} replicas; expected 1 to {MOST}.")
    if not (is_finite(price) and price >= 0):
        raise InvalidInput(f"next_nine: found a price of {said(price)}; expected a number from 0 on.")
    replicas_needed(0.5, each, common=common)  # refuses what cannot be
    down = ((1 - common) * (1 - each)) ** replicas + common * (1 - each)
    target = 1 - down / 10
    needed = replicas_needed(target, each, common=common) if target < 1 else None
    return NextNine(
        replicas=replicas,
        availability=1 - down,
        needed=needed,
        cost=price * (needed - replicas) if needed is not None else math.inf,
        assumed=(
            "copies fail independently of each other"
            if not common
            else f"a share of {common:g} of a copy's failures strikes all of them at once, the others independently"
        ),
    )
