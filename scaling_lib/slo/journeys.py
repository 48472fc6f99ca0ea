"""A journey of several steps: what its target can be, from independence and from the Fréchet bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.budget import allowed_share
from scaling_lib.stats import Estimate

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


def journey_sli(slis: Mapping[str, Estimate] | Sequence[Estimate]) -> JourneySLI:
    """The SLI of a journey from its steps' measured SLIs.

    The intervals of the product and of the lower bound recover their variances from the steps' intervals (MOVER: Zou
    and Donner, Statistics in Medicine 27, 2008); the steps' errors of measurement are taken as independent. The
    interval of the upper bound is the least of the steps' ends. Where a step's ends are not known (NaN), no end is.
    A step without traffic (NaN) makes the whole NaN. Raises InvalidInput without steps and for mixed levels.
    """
    steps = _named(slis)
    levels = {sli.level for sli in steps.values()}
    if len(levels) > 1:
        raise InvalidInput(f"journey_sli: found intervals of the levels {sorted(levels)}; expected the same for all.")
    level = levels.pop()
    weakest = min(steps, key=lambda name: math.inf if math.isnan(steps[name].value) else steps[name].value)
    unknown = Estimate(math.nan, 0.0, 1.0, level, "fraction")
    if any(math.isnan(sli.value) for sli in steps.values()):
        return JourneySLI(product=unknown, low=unknown, high=unknown, weakest=weakest, steps=steps)
    if any(math.isnan(sli.low + sli.high) for sli in steps.values()):
        values = [sli.value for sli in steps.values()]
        bounds = (math.prod(values), max(0.0, 1 - sum(1 - value for value in values)), min(values))
        product, low, high = (Estimate(bound, math.nan, math.nan, level, "fraction") for bound in bounds)
        return JourneySLI(product=product, low=low, high=high, weakest=weakest, steps=steps)
    down = math.hypot(*(sli.value - sli.low for sli in steps.values()))
    up = math.hypot(*(sli.high - sli.value for sli in steps.values()))
    lower = max(0.0, 1 - sum(1 - sli.value for sli in steps.values()))
    least = min(sli.value for sli in steps.values())
    return JourneySLI(
        product=_product(list(steps.values()), level),
        low=Estimate(lower, max(0.0, lower - down), min(1.0, lower + up), level, "fraction"),
        high=Estimate(
            least,
            min(sli.low for sli in steps.values()),
            max(least, min(sli.high for sli in steps.values())),
            level,
            "fraction",
        ),
        weakest=weakest,
        steps=steps,
    )


def _named(items: Mapping[str, T] | Sequence[T]) -> dict[str, T]:
    named = dict(items) if isinstance(items, Mapping) else {f"step {i + 1}": item for i, item in enumerate(items)}
    if not named:
        raise InvalidInput("A journey: found no steps; expected at least one. Name the steps it goes through.")
    return named


def _product(slis: Sequence[Estimate], level: float) -> Estimate:
    value = math.prod(sli.value for sli in slis)
    if value == 0:
        return Estimate(0.0, 0.0, min(1.0, math.prod(sli.high for sli in slis)), level, "fraction")
    down = math.hypot(*(math.log(sli.value / sli.low) if sli.low > 0 else math.inf for sli in slis))
    up = math.hypot(*(math.log(sli.high / sli.value) for sli in slis))
    return Estimate(value, value * math.exp(-down), min(1.0, value * math.exp(up)), level, "fraction")
