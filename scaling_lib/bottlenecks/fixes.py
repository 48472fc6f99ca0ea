"""Fixes that are proposed, held against what was measured: what each gains at most, and which gain next to nothing."""

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
    faster: the fraction of the journeys' mean duration that is saved at most (its bound by Amdahl's law), None where no
        spans tell. relief: what the model says of the throughput, None without a model. sentence: the same in words.
    """

    fix: Fix
    worth: Worth
    faster: Estimate | None
    relief: Relief | None
    sentence: str
    why: str


def judged(fix: Fix, found: Measured, *, level: float = 0.95) -> JudgedFix:
    """What a fix gains.

    Latency: the traces without the time on their critical paths that the fix takes away, which is the most that can
    be: where the system is busy, those who wait for the same resource gain too, which the model's throughput shows.
    More of a resource shortens no work; it is held against throughput alone.
    """
    faster = _faster(fix, found, level)
    relief, reason = None, ""
    if found.model is not None and found.work is not None:
        system = found.model.system(found.rate)
        try:
            relief = relieved(fix.name, system, eased(system, fix, found.work, found.runs_on))
        except ScalingError as error:
            reason = str(error)
    gains = [each for each in (faster, _more(relief)) if each is not None]
    worth: Worth = "not measured"
    if gains and not reason:
        ends = [(_end(each.low, each.value), _end(each.high, each.value)) for each in gains]
        worth = (
            "gains"
            if any(low > LITTLE for low, _ in ends)
            else "gains little"
            if all(high <= LITTLE for _, high in ends)
            else "may gain"
        )
    return JudgedFix(
        fix=fix, worth=worth, faster=faster, relief=relief, sentence=_sentence(fix, worth, faster, relief), why=reason
    )


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


def _sentence(fix: Fix, worth: Worth, faster: Estimate | None, relief: Relief | None) -> str:
    if worth == "not measured":
        return f"{fix.name}: what it gains is not measured."
    parts = []
    if faster is not None:
        parts.append(f"makes the journeys at most {faster} faster" if faster.value > 0 else "is on no critical path")
    more = _more(relief)
    if relief is not None and more is not None:
        rises = f"raises the highest throughput by {more}"
        parts.append(rises if more.value >= NOTHING else f"leaves the highest throughput to {relief.bottleneck}")
    words = {"gains": "would help", "may gain": "may help", "gains little": "would gain little"}[worth]
    cost = f" It costs {quantity(fix.cost)}." if fix.cost is not None else ""
    return f"{fix.name} {words}: it {' and '.join(parts)}.{cost}"
