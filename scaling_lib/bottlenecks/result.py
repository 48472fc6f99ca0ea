"""Step 04's result: what to fix, what is gained, what limits next, and whether what was fixed worked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.bottlenecks.fixes import JudgedFix
from scaling_lib.bottlenecks.given_back import GivenBack
from scaling_lib.bottlenecks.measured import Measured
from scaling_lib.bottlenecks.migration import Relief
from scaling_lib.bottlenecks.stretches import Recording, Stretch
from scaling_lib.bottlenecks.traces import ShownTrace
from scaling_lib.capacity import Absent
from scaling_lib.evidence.slos import SLO
from scaling_lib.findings import Source
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a name's time costs one latency SLO.

    found: recounted in the traces. spent: the fraction of the SLO's budget that step 01 finds spent in its window, None
    where that is not measured. stretch: of time, from which nearly all slow traces come; None where they are spread.
    """

    name: str
    slo: SLO
    found: GivenBack
    spent: Estimate | None
    stretch: Stretch | None

    @property
    def share(self) -> Estimate | None:
        """Of the SLO's budget what would not have been spent, as far as these traces stand for its window.

        None where step 01 has not measured it, or the slow traces come of one stretch and stand for that alone.
        """
        if self.spent is None or self.stretch is not None or math.isnan(self.found.explained.value):
            return None
        one, other = self.found.explained, self.spent
        return Estimate(one.value * other.value, one.low * other.low, one.high * other.high, one.level, "fraction")


@dataclass(frozen=True, kw_only=True)
class Solved:
    """The model solved at today's busiest minute, with all work of a name gone.

    name: as ranked. relief: the highest throughput before and then. response, response_then: mean seconds over the
    journeys at the rate; infinite where it cannot be carried.
    """

    name: str
    relief: Relief
    response: Estimate
    response_then: Estimate


@dataclass(frozen=True, kw_only=True, eq=False)
class Bottlenecks:
    """What step 04 answers.

    found: what the evidence of today tells, see `Measured`. rate: requests/s at which the model is solved.
    relief: by how much each bottleneck of the migration is relieved.
    solved: by name, of those ranked highest whose work runs on a resource of the model. budgets: the same in terms of
    the latency SLOs, those of which most slow requests are explained first. recordings: see `by_recording`.
    divided: the resources whose work is divided between services by their processes' counters, of the others by spans.
    seen: requests/s that the traces carry in their busiest recording, of all roots; 0 without traces.
    migration: what limits once each bottleneck is relieved.
    fixes: those that are proposed; changes: those that were made. traces: two to look at.
    absent: what could not be told, and why, by what it is of. sources: what the figures rest on, by kind of evidence.
    """

    system: str
    level: float
    found: Measured
    rate: float
    relief: float
    solved: Mapping[str, Solved]
    budgets: tuple[Budget, ...]
    recordings: tuple[Recording, ...]
    divided: tuple[str, ...]
    seen: float
    migration: tuple[Relief, ...]
    fixes: tuple[JudgedFix, ...]
    changes: tuple[Changed, ...]
    traces: tuple[ShownTrace, ...]
    absent: Mapping[str, Absent]
    sources: Mapping[str, tuple[Source, ...]]

    @property
    def assumed(self) -> bool:
        """Whether what limits first is so by spans alone: their self time, and one server of each service, assumed."""
        return self._from_spans(self.migration[0].bottleneck) if self.migration else False

    @property
    def disproved(self) -> bool:
        """Whether the traces carry more than that assumed limit, so that it is none."""
        return self.assumed and self.migration[0].before.value < self.seen

    def _from_spans(self, resource: str) -> bool:
        model = self.found.model
        return model is not None and model.calibration.origins.get(resource) == "spans"
