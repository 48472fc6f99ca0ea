"""Step 06's result: which option the measured constraints justify, and what was changed before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scaling_lib.architecture.cuts import Cut
from scaling_lib.architecture.evaluate import Evaluation
from scaling_lib.architecture.growth import Growth
from scaling_lib.architecture.pattern import Pattern
from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.capacity import Absent, Capacity
from scaling_lib.findings import Source
from scaling_lib.observability import Complexity
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True, eq=False)
class Decided:
    """A change that was made, as it would have been decided before it was, and what was recorded after.

    evaluation: of all options on the model of the time before, for the load at which the next resource is full: what
    carries it has relieved the bottleneck. option: the name of the change among them.
    """

    changed: Changed
    evaluation: Evaluation
    option: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Architecture:
    """What step 06 answers.

    asked: the arguments of `assess`. factor: so many times today's demand has to be carried. capacity: what step 02
    tells. evaluation: of all options; None where there is no model or no demand. within_slo: the share of the capacity
    that keeps the SLOs, within_said: where it is from. cuts: what the gate before microservices says. complexity: of
    the service graph; growth: of the code's parts. decided: changes that were made. absent: what could not be told, and
    why, by what it is of. sources: what the figures rest on, by kind of evidence.
    """

    system: str
    asked: Mapping[str, float | str]
    level: float
    wanted: float
    factor: float
    currency: str
    capacity: Capacity
    evaluation: Evaluation | None
    within_slo: Estimate | None
    within_said: str
    cuts: tuple[Cut, ...]
    complexity: Complexity | None
    growth: Growth | None
    decided: tuple[Decided, ...]
    absent: Mapping[str, Absent]
    sources: Mapping[str, tuple[Source, ...]]

    @property
    def needed(self) -> Estimate | None:
        """Requests/s that have to be carried."""
        return self.evaluation.needed if self.evaluation else None

    @property
    def utilization(self) -> dict[str, Estimate]:
        """By resource, the share of it that today's busiest minute takes; nothing without a model."""
        model, peak = self.capacity.calibrated, self.capacity.peak
        if model is None or peak is None or not peak.value:
            return {}
        limited = model.system(peak.value).limits()
        used = model.system(peak.value).utilization_estimates()
        return {name: each for name, each in used.items() if name in limited and limited[name].value < float("inf")}


def is_new_architecture(pattern: Pattern) -> bool:
    """Whether an option is more than a fix or more of the same: it adds parts, or takes weeks to be undone."""
    return pattern.aim != "nothing" and (pattern.adds > 0 or pattern.undo in ("weeks", "months"))
