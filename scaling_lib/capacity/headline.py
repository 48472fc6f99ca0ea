"""The sentence that answers step 02: can it take so much, what breaks first, and when."""

from __future__ import annotations

from typing import Literal

from scaling_lib.capacity.assess import Capacity
from scaling_lib.stats import Estimate
from scaling_lib.words import quantity


def headline(result: Capacity) -> str:
    """The answer, in the order in which it is asked."""
    if not result.limits:
        return _without_limit(result)
    first = result.limits[0]
    words = f"{first.why} beyond {quantity(first.rate.value, '')} requests/s"
    full = ""
    if result.bottleneck and not first.modelled:
        full = f" What saturates first is {result.bottleneck}."
    if first.times is None:
        return f"{words[0].upper()}{words[1:]}.{full} How much of that is used today is not measured."
    factor = quantity(result.factor, "x")
    answer = {
        "short": f"No: it takes {first.times} today's load, not {factor}.",
        "enough": f"Yes: it takes {first.times} today's load, and {factor} is asked for.",
        "uncertain": f"Not certain: it takes {first.times} today's load, and {factor} is asked for.",
    }[compared(first.times, result.factor)]
    if first.modelled:
        answer = f"{answer.rstrip('.')}, by the model alone."
    return f"{answer} The first to break: {words}.{full}{_when(result)}"


def compared(times: Estimate, factor: float) -> Literal["short", "enough", "uncertain"]:
    """What fits against what is asked for; an end that is not known stands for the value."""
    low = times.value if times.low != times.low else times.low
    high = times.value if times.high != times.high else times.high
    return "short" if high < factor else "enough" if low >= factor else "uncertain"


def _without_limit(result: Capacity) -> str:
    if result.curve is None:
        return "Not measured: neither a load test nor a model tells how much the system can take."
    carried = f"the load test carried {quantity(result.carried, '')} requests/s and reached no limit"
    if result.peak is None or not result.peak.value or result.needed is None:
        return f"Not known: {carried}."
    times, factor = quantity(result.carried / result.peak.value, "x"), quantity(result.factor, "x")
    if result.carried >= result.needed.high:
        return f"Yes: it takes at least {times} today's load, and {factor} is asked for; {carried}."
    return f"Not known: {carried}. That is {times} today's load, and {factor} is asked for."


def _when(result: Capacity) -> str:
    reached = result.runs_out
    if reached is None:
        return ""
    if reached.state == "already":
        return " Today's demand reaches that already."
    if reached.date is not None:
        return f" At the recorded growth that load comes about {reached.date:%Y-%m-%d}."
    if reached.low is not None:
        return f" At the recorded growth that load may come from {reached.low:%Y-%m-%d} on."
    return f" At the recorded growth that load does not come before {reached.horizon:%Y-%m-%d}."
