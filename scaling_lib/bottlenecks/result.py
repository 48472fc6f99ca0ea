"""Step 04's result: what to fix, what is gained, what limits next, and whether what was fixed worked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.bottlenecks.fixes import JudgedFix
from scaling_lib.bottlenecks.given_back import GivenBack
from scaling_lib.bottlenecks.measured import Measured
from scaling_lib.bottlenecks.migration import Relief
from scaling_lib.bottlenecks.traces import ShownTrace
from scaling_lib.capacity import Absent
from scaling_lib.evidence.slos import SLO
from scaling_lib.findings import Source
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a name's time costs one latency SLO."""

    name: str
    slo: SLO
    found: GivenBack


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
    the latency SLOs, those that are given back most first. migration: what limits once each bottleneck is relieved.
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
    migration: tuple[Relief, ...]
    fixes: tuple[JudgedFix, ...]
    changes: tuple[Changed, ...]
    traces: tuple[ShownTrace, ...]
    absent: Mapping[str, Absent]
    sources: Mapping[str, tuple[Source, ...]]
