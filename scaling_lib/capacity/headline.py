"""The sentence that answers step 02: can it take so much, what breaks first, and when."""

from __future__ import annotations

from scaling_lib.capacity.assess import Capacity
from scaling_lib.words import listing, quantity


def headline(result: Capacity) -> str:
    """The answer, in the order in which it is asked."""
    if not result.limits:
        return _without_limit(result)
    first = result.limits[0]
    beyond = f"beyond {quantity(first.rate.value, '')} requests/s: {first.why}."
    full = ""
    if result.bottleneck and not first.modelled:
        full = f" What saturates first is {result.bottleneck}."
    if result.times is None or result.state is None:
        return f"The first to break, {beyond}{full} How much of that is used today is not measured."
    factor, alone = quantity(result.factor, "x"), ", by the model alone" if first.modelled else ""
    answer = {
        "too little": f"No: it takes {result.times} today's load, not {factor}{alone}.",
        "enough": f"Yes: it takes {result.times} today's load, and {factor} is asked for{alone}.",
        "uncertain": f"Not certain: it takes {result.times} today's load, and {factor} is asked for{alone}.",
    }[result.state]
    return f"{answer}{_deducted(result)} The first to break, {beyond}{full}{_when(result)}"


def _deducted(result: Capacity) -> str:
    """What was taken from the capacity for that, and what it would be without."""
    if result.headroom is None or not result.headroom.deducted or result.limits[0].times is None:
        return ""
    whole = quantity(result.limits[0].times.value, "x")
    return f" That is of {whole}, less {listing(list(result.headroom.deducted))}."


def _without_limit(result: Capacity) -> str:
    if result.curve is None:
        return "Not measured: neither a load test nor a model tells how much the system can take."
    carried = f"the load test carried {quantity(result.carried, '')} requests/s and reached no limit"
    if result.peak is None or not result.peak.value or result.needed is None:
        return f"Not known: {carried}."
    times, factor = quantity(result.carried / result.peak.value, "x"), quantity(result.factor, "x")
    if result.carried >= result.needed.high:
        return (
            f"Yes: with nothing deducted it takes at least {times} today's load, and {factor} is asked for; {carried}."
        )
    return f"Not known: {carried}. That is {times} today's load, and {factor} is asked for."


def _when(result: Capacity) -> str:
    reached = result.runs_out
    if reached is None:
        return ""
    if reached.state == "already":
        return " Today's demand reaches that already."
    if reached.date is not None:
        return f" If growth stays as it is, that limit is reached about {reached.date:%Y-%m-%d}."
    if reached.low is not None:
        return f" If growth stays as it is, that limit may be reached from {reached.low:%Y-%m-%d} on."
    return f" If growth stays as it is, that limit is not reached before {reached.horizon:%Y-%m-%d}."
