"""`Capacity`: what step 02 answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from scaling_lib.capacity.attempts import Absent
from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.demand import JourneyDemand
from scaling_lib.capacity.fills import Fill
from scaling_lib.capacity.headroom import Headroom, State, compared
from scaling_lib.capacity.limits import Limit, least
from scaling_lib.capacity.load_curve import LoadCurve
from scaling_lib.capacity.mix import Mix
from scaling_lib.capacity.relief import Relief
from scaling_lib.capacity.resource_use import MORE_THAN_ALL
from scaling_lib.capacity.saturation import SaturationPoint
from scaling_lib.capacity.scaling_options import Option
from scaling_lib.capacity.sizing import Scaled
from scaling_lib.capacity.within_slo import LoadWithinSlo
from scaling_lib.findings import Source
from scaling_lib.model.gathered import LIMIT
from scaling_lib.model.migration import Step
from scaling_lib.stats import Estimate
from scaling_lib.stats.exhaustion import Exhaustion

IN_PROPORTION = 0.9  # of the throughput that a user has at the lightest load


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much more a system can take.

    factor: so many times today's peak; assumed: whether that is our own default. by: the date for it, None without.
    demand: of all requests; journeys: of each; both None or empty where requests are not measured.
    curve: of the load test that was used; within: the highest load by latency SLO.
    latencies: behind it, a row an SLO and level that is used: slo, journey, figure (such as p99), throughput of all
        requests, latency_s with low and high. points: resources, the most pressing first.
    calibrated: the one model, at the mix of what calibrated it; mix: that of the load test and today's, None where they
        are the same or not known: limits, reliefs and options are at today's.
    fills: the resources measured by gauges that fill with load, and the load they are full.
    unknown: the described resources of which it is not known at which load they are full.
    reliefs: what limits once the bottleneck is relieved, and whether that is enough.
    limits: all loads that count, the lowest first, each with its headroom against today's busiest minute.
    options: what of the bottleneck carries what is needed; replays: autoscalers over the demand.
    runs_out: when the forecast demand reaches what may be used of the limit that decides; None where either is not
        known.
    absent: what could not be told, and why, by what it is of. sources: the rows that the figures rest on, by kind of
        evidence, see `used_rows`. currency: of prices, "" where it is not given.
    """

    system: str
    level: float
    factor: float
    assumed: bool
    by: pd.Timestamp | None
    demand: JourneyDemand | None
    journeys: tuple[JourneyDemand, ...]
    curve: LoadCurve | None
    within: tuple[LoadWithinSlo, ...]
    latencies: pd.DataFrame
    points: tuple[SaturationPoint, ...]
    calibrated: Calibrated | None
    mix: Mix | None
    fills: tuple[Fill, ...]
    unknown: tuple[str, ...]
    reliefs: tuple[Relief, ...]
    limits: tuple[Limit, ...]
    options: tuple[Option, ...]
    replays: tuple[Scaled, ...]
    runs_out: Exhaustion | None
    absent: dict[str, Absent]
    sources: dict[str, tuple[Source, ...]]
    currency: str = ""

    @property
    def peak(self) -> Estimate | None:
        """Today's busiest minute, requests/s."""
        return self.demand.peak.minute if self.demand else None

    @property
    def needed(self) -> Estimate | None:
        """What `factor` times today's peak asks for, requests/s."""
        if self.peak is None:
            return None
        return replace(self.peak.times(self.factor), assumed=self.assumed)

    @property
    def decides(self) -> Limit | None:
        """The limit that leaves least after all deductions; the lowest where today's demand is not known."""
        known = [each for each in self.limits if each.counts is not None]
        return min(known, key=_leaves) if known else next(iter(self.limits), None)

    @property
    def headroom(self) -> Headroom | None:
        """Of the limit that decides."""
        return self.decides.headroom if self.decides else None

    @property
    def usable(self) -> Estimate | None:
        """What may be used of the limit that decides, requests/s, less all that is taken but growth and use."""
        return self.headroom.usable if self.headroom else None

    @property
    def times(self) -> Estimate | None:
        """How many times today's busiest minute may come: what counts of all limits, after all deductions.

        None where the limits or today's demand are not known.
        """
        return least([each.counts for each in self.limits if each.counts is not None])

    @property
    def state(self) -> State | None:
        """`times` against the factor that is asked for; None where it is not known."""
        return compared(self.times, self.factor) if self.times is not None else None

    @property
    def certain(self) -> bool:
        """Whether `state` rests on what a load test has shown, and on nothing that nobody gave."""
        if self.state == "too little":
            shown = least([each.certain for each in self.limits if each.certain is not None and not each.modelled])
            return not self.assumed and shown is not None and compared(shown, self.factor) == "too little"
        return self.decides is None or not self.decides.modelled

    @property
    def migration(self) -> tuple[Step, ...]:
        """What limits next, by the model."""
        return tuple(each.step for each in self.reliefs)

    @property
    def bottleneck(self) -> str:
        """What is full first: as it was measured, else as the model has it; "" where neither tells."""
        return bottleneck(self.curve, self.calibrated)

    def simulated(self, *kinds: str) -> bool:
        """Whether some of the rows of these kinds of evidence are simulated."""
        return any(source.origin == "simulated" for kind in kinds for source in self.sources.get(kind, ()))

    @property
    def carried(self) -> float:
        """The highest throughput that the load test is known to have carried well, requests/s; NaN without one.

        Where durations are not known, that in proportion to the users: where each gets less, answers come late.
        """
        if self.curve is None:
            return math.nan
        levels = self.curve.levels
        if levels["mean_s"].isna().all() and levels["users"].notna().all():
            each = (levels["throughput"] / levels["users"]).to_numpy()
            levels = levels[each >= IN_PROPORTION * each[levels["users"].to_numpy().argmin()]]
        return float(levels["throughput"].max())

    @property
    def heaviest(self) -> float:
        """The highest throughput of the load test, requests/s; NaN without one."""
        return float(self.curve.levels["throughput"].max()) if self.curve else math.nan

    @property
    def over(self) -> dict[str, float]:
        """By resource, the most of its limit that was in use in the load test, a fraction, where that cannot be."""
        if self.curve is None or self.curve.utilization.empty:
            return {}
        most = self.curve.utilization.groupby("resource", sort=False)["utilization"].max()
        return {str(name): float(share) for name, share in most.items() if share > MORE_THAN_ALL}


def bottleneck(curve: LoadCurve | None, model: Calibrated | None) -> str:
    """What is full first: as the load test has it, else as the model does; "" where neither tells."""
    if curve and curve.limiting.full:
        return curve.limiting.full
    if curve and curve.limiting.hidden and curve.plateau and curve.plateau.reached:
        return ""
    found = model.system(1.0).bottleneck() if model and model.laws else ""
    return "" if found == LIMIT else found


def _leaves(limit: Limit) -> float:
    return limit.counts.value if limit.counts else math.inf
