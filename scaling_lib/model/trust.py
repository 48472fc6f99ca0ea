"""How far a `System` can be trusted, as a check of it against measured levels has it; its what-ifs carry it along."""

from __future__ import annotations

import math
from dataclasses import dataclass

FULL = 0.99  # of its servers: a closed network comes no nearer to its limit until it has a hundred users too many


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How busy the busiest resource was up to which the model was within 20% of what was measured.

    throughput, response: fractions, 1 where that resource was full; 0 where not even the lightest level was within 20%,
    NaN where it was not measured. What is relieved, scaled or grown is trusted as far, whichever resource is busiest
    then: nothing was measured of it.
    """

    throughput: float
    response: float

    def of_throughput(self, busiest: float) -> bool | None:
        """Whether a throughput is, with the busiest resource in use so far; None where it was not measured."""
        return _within(self.throughput, busiest)

    def of_response(self, busiest: float) -> bool | None:
        """Whether a mean response is."""
        return _within(self.response, busiest)


def as_full(share: float) -> float:
    """A share of a resource's servers in use, 1 where it is as good as full."""
    return 1.0 if FULL <= share <= 1 else share


def _within(most: float, busiest: float) -> bool | None:
    return None if math.isnan(most) else as_full(busiest) <= most
