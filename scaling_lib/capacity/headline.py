"""The sentence that answers step 02: can it take so much, what breaks first, and when."""

from __future__ import annotations

import math

import pandas as pd

from scaling_lib.capacity.result import Capacity
from scaling_lib.words import listing, quantity


def headline(result: Capacity) -> str:
    """The answer, in the order in which it is asked; what is to be acted on now comes before what is to be watched."""
    return f"{_urgent(result)}{_answer(result)}{_passed(result)}"


def _urgent(result: Capacity) -> str:
    """The resource to act on now, where the answer itself is not that."""
    urgent = [each for each in result.points if each.action == "act now"]
    if not urgent or (result.state == "too little" and result.certain):
        return ""
    more = f" So it is for {listing([each.resource.name for each in urgent[1:]], 2)}." if urgent[1:] else ""
    return f"{urgent[0].sentence}{more} "


def _passed(result: Capacity) -> str:
    """That the date that is asked for has passed."""
    by, demand = result.by, result.demand
    if by is None or demand is None or not len(demand.days) or by > pd.DatetimeIndex(demand.days.index)[-1]:
        return ""
    return f" The date that is asked for, {by:%Y-%m-%d}, has passed: nothing is said of it."


def _answer(result: Capacity) -> str:
    if not result.limits:
        return _without_limit(result)
    first = result.limits[0]
    mix = " of today's mix" if result.mix else ""
    beyond = f"beyond {quantity(first.rate.value, '')} requests/s{mix}: {first.why}."
    full = ""
    if result.bottleneck and not first.modelled:
        full = f" What saturates first is {result.bottleneck}."
    if result.times is None or result.state is None:
        return f"The first to break, {beyond}{full} How much of that is used today is not measured."
    factor, alone = quantity(result.factor, "x"), _alone(result)
    takes = f"it takes {result.times}{_sure(result)} {today(result)} load"
    if result.state == "enough" and result.decides and result.decides.modelled and result.unknown:
        missing = listing(list(result.unknown))
        answer = f"Not certain: {takes}, and {factor} is asked for{alone}; when {missing} is full is not known."
        return f"{answer}{_deducted(result)} The first to break, {beyond}{full}{_when(result)}"
    answer = {
        "too little": f"No: {takes}, not {factor}{alone}.",
        "enough": f"Yes: {takes}, and {factor} is asked for{alone}.",
        "uncertain": f"Not certain: {takes}, and {factor} is asked for{alone}.",
    }[result.state]
    return f"{answer}{_deducted(result)} The first to break, {beyond}{full}{_when(result)}"


def carried_words(result: Capacity) -> str:
    """What a load test carried that has shown no limit."""
    carried = f"the load test carried {quantity(result.carried, '')} requests/s"
    if result.curve is not None and result.curve.plateau is None:
        return f"{carried}; its levels cannot tell whether more would come"
    if result.carried == result.heaviest:
        return f"{carried} and reached no limit"
    return (
        f"{carried} in proportion to its users, and at most {quantity(result.heaviest, '')}: there each user got less, "
        "and where that ends, or how long answers took, is not known"
    )


def today(result: Capacity) -> str:
    """Whose load it is: today's, and that it was simulated where it was."""
    return "today's simulated" if result.simulated("requests") else "today's"


def _alone(result: Capacity) -> str:
    """That no load test has shown it."""
    shown = result.decides.shown if result.decides else "load test"
    return {"load test": "", "extrapolated": ", extrapolated from lighter loads", "model": ", by the model alone"}[
        shown
    ]


def _sure(result: Capacity) -> str:
    times = result.times
    return " (how sure is not known)" if times and (math.isnan(times.low) or math.isnan(times.high)) else ""


def _deducted(result: Capacity) -> str:
    """What was taken from the capacity for that, and what it would be without."""
    decides = result.decides
    if decides is None or decides.headroom is None or not decides.headroom.deducted or decides.times is None:
        return ""
    where = "" if decides is result.limits[0] else f", beyond which {decides.why},"
    return f" That is {quantity(decides.times.value, 'x')}{where} less {listing(list(decides.headroom.deducted))}."


def _without_limit(result: Capacity) -> str:
    if result.curve is None:
        return "Not measured: neither a load test nor a model tells how much the system can take."
    carried = carried_words(result)
    if result.peak is None or not result.peak.value or result.needed is None:
        return f"Not known: {carried}."
    times, factor = quantity(result.carried / result.peak.value, "x"), quantity(result.factor, "x")
    load = f"{today(result)} load"
    if result.carried >= result.needed.high:
        return f"Yes: with nothing deducted it takes at least {times} {load}, and {factor} is asked for; {carried}."
    return f"Not known: {carried}. That is {times} {load}, and {factor} is asked for."


def when_words(result: Capacity) -> str:
    """When demand reaches what may be used, and how much that is; "" where it is not known."""
    reached, usable = result.runs_out, result.usable
    if reached is None:
        return ""
    what = f"the {quantity(usable.value, 'requests/s')} that may be used" if usable else "the limit that decides"
    if reached.state == "already":
        return f"today's demand reaches {what} already"
    if reached.date is not None:
        early = f" ({reached.low:%Y-%m-%d} at the earliest)" if reached.low and reached.low < reached.date else ""
        return f"demand reaches {what} about {reached.date:%Y-%m-%d}{early}"
    if reached.low is not None:
        return f"demand may reach {what} from {reached.low:%Y-%m-%d} on, but not likely"
    return f"demand does not reach {what} before {reached.horizon:%Y-%m-%d}"


def _when(result: Capacity) -> str:
    told = when_words(result)
    return f" If growth stays as it is, {told}." if told else ""
