"""Fixes that are proposed, held against what was measured: what each takes away, and which gain next to nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scaling_lib.bottlenecks.measured import Measured
from scaling_lib.bottlenecks.migration import Relief, relieved
from scaling_lib.bottlenecks.path_times import Mask, PathTimes, path_times
from scaling_lib.bottlenecks.rank import FEWEST_BLOCKS
from scaling_lib.bottlenecks.work import eased
from scaling_lib.config_evidence import Fix
from scaling_lib.errors import ScalingError
from scaling_lib.model.system import System
from scaling_lib.model.uncertainty import interval
from scaling_lib.stats import Estimate
from scaling_lib.words import quantity

LITTLE = 0.05  # of latency and of throughput: a fix that certainly gains less is not worth its risk
NOTHING = 0.005  # of the throughput

Worth = Literal["gains", "may gain", "gains little", "not measured"]


@dataclass(frozen=True, kw_only=True)
class JudgedFix:
    """A fix, and what is gained by it.

    worth: whether it certainly gains more than a twentieth of the latency or the throughput, perhaps, or certainly not.
    faster: the fraction of the journeys' mean duration that it takes away itself, None where no spans tell. What then
        queues for less is not in it: the index of the shop took away 40.9% by this, and 97.9% was recorded.
    relief: what the model says of the throughput, None without a model. responses: by the model, mean seconds now and
        then, with its queueing, at the busiest minute; infinite where that cannot be carried. None without a model.
    sentence: the same in words.
    """

    fix: Fix
    worth: Worth
    faster: Estimate | None
    relief: Relief | None
    responses: tuple[Estimate, Estimate] | None
    sentence: str
    why: str


def judged(fix: Fix, found: Measured, *, level: float = 0.95) -> JudgedFix:
    """What a fix gains.

    Latency: the traces without the time on their critical paths that the fix takes away, as if nothing else changed.
    Where its resource is busy, those who wait for the same gain too, and more than that: the model's throughput and its
    response at the load show it. A fix is said to gain little only where that time is short, the throughput hardly
    rises, and by the model it eases no resource that limits. More of a resource shortens no work; the model alone
    tells what that gains.
    """
    faster = _faster(fix, found, level)
    relief, responses, reason, limits = None, None, "", True
    if found.model is not None and found.work is not None:
        system = found.model.system(found.rate)
        try:
            relief = relieved(fix.name, system, eased(system, fix, found.work, found.runs_on))
        except ScalingError as error:
            reason = str(error)
        else:
            limits = relief.bottleneck in _eases(system, relief.system)
            if found.peak is not None:
                responses = (system.predict().mean_response, relief.system.predict().mean_response)
    gains = [each for each in (faster, _more(relief)) if each is not None]
    worth: Worth = "not measured"
    if gains and not reason:
        ends = [(_end(each.low, each.value), _end(each.high, each.value)) for each in gains]
        worth = (
            "gains"
            if any(low > LITTLE for low, _ in ends)
            else "gains little"
            if all(high <= LITTLE for _, high in ends) and not limits
            else "may gain"
        )
    return JudgedFix(
        fix=fix,
        worth=worth,
        faster=faster,
        relief=relief,
        responses=responses,
        sentence=_sentence(fix, worth, faster, relief, responses),
        why=reason,
    )


def _eases(before: System, after: System) -> set[str]:
    """The resources of which a fix takes work away, or to which it adds."""
    return {
        name
        for name in before.resources
        if after.servers[name] != before.servers[name]
        or after.mean_demand(name).value < before.mean_demand(name).value * (1 - 1e-9)
    }


def touched(fix: Fix, times: PathTimes) -> Mask:
    """Of the names that traces wait for, those that a fix takes time from."""
    own = ~times.names["edge"].to_numpy()
    if fix.operations:
        return own & times.names["operation"].isin(fix.operations).to_numpy()
    return own & times.names["service"].isin(fix.services).to_numpy()


def _faster(fix: Fix, found: Measured, level: float) -> Estimate | None:
    ranking = found.ranking
    if fix.resource or ranking is None or found.path is None:
        return None
    times = ranking.times
    if ranking.by != "operation":
        times = path_times(found.path, "operation", journeys=found.critical, journey=ranking.journey)
    everything = np.ones(len(times.duration_s), dtype=bool)
    part = 1 - 1 / fix.factor if fix.factor else 1.0
    saved = part * (times.duration_s - times.without(touched(fix, times)))
    above, below = times.totals(everything, saved), times.totals(everything, times.duration_s)
    value = float(above.sum() / below.sum()) if below.sum() > 0 else 0.0
    if times.blocks < FEWEST_BLOCKS:
        return Estimate(value, math.nan, math.nan, level, "fraction")
    taken = times.taken()
    totals = taken @ below
    drawn = np.divide(taken @ above, totals, out=np.full(len(taken), value), where=totals > 0)
    return interval(value, drawn, level, "fraction")


def _more(relief: Relief | None) -> Estimate | None:
    """The gain in throughput as a fraction of what there is."""
    if relief is None:
        return None
    value, low, high = (each - 1 for each in (relief.gain.value, relief.gain.low, relief.gain.high))
    return Estimate(value, low, high, relief.gain.level, "fraction")


def _end(end: float, value: float) -> float:
    return value if math.isnan(end) else end


def _sentence(
    fix: Fix,
    worth: Worth,
    faster: Estimate | None,
    relief: Relief | None,
    responses: tuple[Estimate, Estimate] | None,
) -> str:
    if worth == "not measured":
        return f"{fix.name}: what it gains is not measured."
    parts = []
    if faster is not None:
        parts.append(
            f"takes {faster} of the journeys' time away (not counted: the queueing behind it)"
            if faster.value > 0
            else "is on no critical path"
        )
    more = _more(relief)
    if relief is not None and more is not None:
        rises = f"raises the highest throughput by {more}"
        parts.append(rises if more.value >= NOTHING else f"leaves the highest throughput to {relief.bottleneck}")
    words = {"gains": "would help", "may gain": "may help", "gains little": "would gain little"}[worth]
    load = ""
    if responses is not None:
        now, then = (quantity(each.value, "s") if each.value < math.inf else "without end" for each in responses)
        load = (
            f" By the model, queueing counted, the mean response at today's busiest minute is {now}, and {then} then."
        )
    cost = f" It costs {quantity(fix.cost)}." if fix.cost is not None else ""
    return f"{fix.name} {words}: it {' and '.join(parts)}.{load}{cost}"
