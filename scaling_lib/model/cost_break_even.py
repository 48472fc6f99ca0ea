"""Where one way of paying becomes cheaper than another: serverless against servers, upfront against by the month."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import check_kind, is_finite, said


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A way of paying for a month: `fixed`, and `per_unit` of what is used (a request).

    capacity: units a month that one of `fixed` carries, a server or container; None: it carries any number.
    """

    name: str
    fixed: float = 0.0
    per_unit: float = 0.0
    capacity: float | None = None

    def __post_init__(self) -> None:
        for field in ("fixed", "per_unit"):
            if not (is_finite(getattr(self, field)) and getattr(self, field) >= 0):
                raise InvalidInput(f"Plan: found {field} {said(getattr(self, field))}; expected a price from 0 on.")
        if self.capacity is not None and not (is_finite(self.capacity) and self.capacity > 0):
            raise InvalidInput(f"Plan: found capacity {said(self.capacity)}; expected units a month above 0, or None.")

    def cost(self, units: float) -> float:
        """Of a month with so many units."""
        servers = 1.0 if self.capacity is None else max(math.ceil(units / self.capacity - 1e-9), 1)
        return self.fixed * servers + self.per_unit * units


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """Units a month at which `above` becomes cheaper than `below`.

    first: from here on for the first time; always: from here on for good, later than `first` where a further server
    stands nearly idle. Both are infinite where it never does.
    """

    below: str
    above: str
    first: float
    always: float


def break_even(one: Plan, other: Plan) -> BreakEven:
    """From how many units a month the plan with the higher fixed part is the cheaper one.

    Servers are added as they fill: of the plan with the higher fixed part alone a capacity may be given.
    Raises InvalidInput for a capacity of the other one.
    """
    for plan in (one, other):
        check_kind("break_even", "a plan", plan, Plan, "a cost.Plan with a fixed part and a price per unit")
    below, above = sorted((one, other), key=lambda plan: plan.fixed)
    if below.capacity is not None:
        raise InvalidInput(
            f"break_even: found a capacity of {below.name}, whose fixed part is the lower one; expected it of the plan "
            "whose fixed part grows by steps alone."
        )
    first, always = math.inf, math.inf
    gain = below.per_unit - above.per_unit  # that each unit saves
    if gain > 0:
        alone = (above.fixed - below.fixed) / gain
        if above.capacity is None:
            first = always = alone
        else:
            first, always = _by_steps(above.fixed / gain, below.fixed / gain, above.capacity)
    return BreakEven(below=below.name, above=above.name, first=first, always=always)


def _by_steps(step: float, start: float, capacity: float) -> tuple[float, float]:
    """In units that pay for one server (`step`) and for the fixed part of the other plan (`start`)."""
    first = max(step - start, 0.0) if step - start <= capacity else math.inf
    if capacity <= step:  # a full server costs more than its units otherwise would: more of them never pay
        return first, math.inf
    last = max(math.ceil((capacity - start) / (capacity - step) - 1e-9), 1)  # (n - 1) capacity >= n step - start
    return first, max((last - 1) * capacity, first)


def payback_months(upfront: float, saved_a_month: float) -> float:
    """Months after which what was paid at once is saved; infinite where nothing is saved."""
    if not (is_finite(upfront) and upfront >= 0 and is_finite(saved_a_month)):
        raise InvalidInput(
            f"payback_months: found {said(upfront)} upfront and {said(saved_a_month)} saved a month; expected numbers, "
            "the first from 0 on."
        )
    return upfront / saved_a_month if saved_a_month > 0 else math.inf


def serverless_price(*, memory_gb: float, seconds: float, per_request: float, per_gb_s: float) -> float:
    """The price of one call of a function: memory_gb and seconds that it takes, per_request and per_gb_s as priced."""
    parts = {"memory_gb": memory_gb, "seconds": seconds, "per_request": per_request, "per_gb_s": per_gb_s}
    for name, value in parts.items():
        if not (is_finite(value) and value >= 0):
            raise InvalidInput(f"serverless_price: found {name} {said(value)}; expected a number from 0 on.")
    return per_request + memory_gb * seconds * per_gb_s
