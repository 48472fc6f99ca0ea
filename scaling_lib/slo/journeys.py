"""A journey of several steps: what its target can be, from independence and from the Fréchet bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.budget import allowed_share
from scaling_lib.stats import Estimate, ratio_interval

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What a journey through all its steps keeps, if each step keeps its own target.

    product: if steps fail independently; low: if no two ever fail together; high: if they always do.
    weakest: the name of the step with the lowest target; steps: the targets by name.
    """

    product: float
    low: float
    high: float
    weakest: str
    steps: Mapping[str, float]


def journey(targets: Mapping[str, float] | Sequence[float]) -> Journey:
    """The target of a journey from its steps' targets, with the Fréchet bounds beside the independence product.

    targets: fractions in (0, 1), by step name or in order ("step 1", ...).
    Raises InvalidInput without steps and for targets outside (0, 1).
    Source: Fréchet, Généralisation du théorème des probabilités totales, Fundamenta Mathematicae 25 (1935).
    """
    steps = _named(targets)
    allowed = [allowed_share(target) for target in steps.values()]
    product = math.prod((1 - share for share in allowed), start=Decimal(1))
    return Journey(
        product=float(product),
        low=float(max(Decimal(0), 1 - sum(allowed, Decimal(0)))),
        high=min(steps.values()),
        weakest=min(steps, key=lambda name: steps[name]),
        steps=steps,
    )


@dataclass(frozen=True, kw_only=True)
class JourneySLI:
    """What a journey was measured to keep, from its steps' SLIs; the fields are those of `Journey`, with intervals."""

    product: Estimate
    low: Estimate
    high: Estimate
    weakest: str
    steps: Mapping[str, Estimate]


def journey_sli(
    slis: Mapping[str, Estimate] | Sequence[Estimate], *, counts: Mapping[str, pd.DataFrame] | None = None
) -> JourneySLI:
    """The SLI of a journey from its steps' measured SLIs.

    counts: what each step's SLI was counted from, by its name: columns `total` and `bad` by minute, or slice (UTC).
    With counts, the intervals of the product and of the lower bound are taken over the steps' common blocks of time:
    the sum of the steps' bad shares has an interval as any ratio has (`stats.ratio_interval`), in which an outage of
    several steps at once is one, and the shares move together from end to end of it. Without counts, the steps may err
    together as far as anyone knows: their distances to the ends add up (Fréchet), which is wide where they do not.
    The interval of the upper bound is the least of the steps' ends. Where a step's ends are not known (NaN), no end is.
    A step without traffic (NaN) makes the whole NaN. Raises InvalidInput without steps and for mixed levels.
    """
    steps = _named(slis)
    levels = {sli.level for sli in steps.values()}
    if len(levels) > 1:
        raise InvalidInput(f"journey_sli: found intervals of the levels {sorted(levels)}; expected the same for all.")
    level = levels.pop()
    weakest = min(steps, key=lambda name: math.inf if math.isnan(steps[name].value) else steps[name].value)
    values = [sli.value for sli in steps.values()]
    if any(map(math.isnan, values)):
        unknown = Estimate(math.nan, 0.0, 1.0, level, "fraction")
        return JourneySLI(product=unknown, low=unknown, high=unknown, weakest=weakest, steps=steps)
    lows, highs = ([getattr(sli, end) for sli in steps.values()] for end in ("low", "high"))
    own = min(lows), max(min(values), min(highs))
    if any(map(math.isnan, lows + highs)):
        bounds = [(bound(values), math.nan, math.nan) for bound in (math.prod, _lowest, min)]
    else:
        if counts is not None:
            lows, highs = _together(steps, counts, level)
        bounds = [(bound(values), bound(lows), bound(highs)) for bound in (math.prod, _lowest)]
        bounds.append((min(values), *own))
    product, low, high = (Estimate(*bound, level, "fraction") for bound in bounds)
    return JourneySLI(product=product, low=low, high=high, weakest=weakest, steps=steps)


def _lowest(shares: Sequence[float]) -> float:
    """Fréchet's lower bound of all steps being good, as if no two ever failed together."""
    return max(0.0, 1 - sum(1 - share for share in shares))


def _together(
    steps: Mapping[str, Estimate], counts: Mapping[str, pd.DataFrame], level: float
) -> tuple[list[float], list[float]]:
    """The steps' shares at either end of the interval of their bad shares' sum.

    Each step's counts are divided by its events, so that every step weighs the same, and multiplied by a number of
    events with which independent failures have the variance that they have.
    """
    frames = [counts[name] for name in steps]
    every = frames[0].index
    for frame in frames[1:]:
        every = every.union(frame.index)
    grid = pd.date_range(every[0], every[-1], freq="min")
    bad_shares = [1 - sli.value for sli in steps.values()]
    events = [float(frame["total"].sum()) for frame in frames]
    whole = sum(bad_shares)
    scale = whole / sum(share / each for share, each in zip(bad_shares, events, strict=True)) if whole else min(events)
    bad, total = (
        sum(
            frame[column].reindex(grid, fill_value=0.0).to_numpy() * (scale / each)
            for frame, each in zip(frames, events, strict=True)
        )
        for column in ("bad", "total")
    )
    found = ratio_interval(np.minimum(bad, total), total, level).estimate

    def moved(end: float) -> list[float]:
        """Each step's good share where the mean of the bad ones is `end`."""
        ratio = end / found.value if found.value else math.nan
        return [1 - min(1.0, share * ratio if found.value else end) for share in bad_shares]

    return moved(found.high), moved(found.low)


def _named(items: Mapping[str, T] | Sequence[T]) -> dict[str, T]:
    named = dict(items) if isinstance(items, Mapping) else {f"step {i + 1}": item for i, item in enumerate(items)}
    if not named:
        raise InvalidInput("A journey: found no steps; expected at least one. Name the steps it goes through.")
    return named
