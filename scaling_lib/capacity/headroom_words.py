"""How headroom is said."""

from __future__ import annotations

import math
from dataclasses import replace

from scaling_lib.capacity.autoscaler_ramp import Ramp
from scaling_lib.capacity.demand import NO_GROWTH
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, number, percent, plural, quantity

LITTLE = 0.01  # of the capacity: what takes less is not worth a word


def headroom_sentence(
    capacity: Estimate,
    used: Estimate,
    absolute: Estimate,
    factor: Estimate,
    state: str,
    most_by: tuple[str, float, float] | None,
) -> str:
    """The answer: what is left, as factor and absolute; most_by: name, share and amount of what takes most, if any."""
    peak, unit = quantity(used.value, used.unit), capacity.unit
    left = str(replace(absolute, assumed=False))
    if math.isnan(absolute.low) or math.isnan(absolute.high):
        left += " (how sure is not known)"
    most = ""
    if most_by is not None:
        name, share, amount = most_by
        most = f" Most is taken by {deduction_words(name, share)}: {quantity(amount, unit)}."
    of = f"of a capacity of {quantity(capacity.value, unit)}"
    if state == "too little":
        return (
            f"Today's peak of {peak} is already more than what counts {of}: {quantity(-absolute.value, unit)} are "
            f"missing; {factor} the peak fits.{most}"
        )
    doubt = " Whether today's peak is covered is not certain." if state == "uncertain" else ""
    return f"What counts {of} takes {factor} today's peak of {peak}, which leaves {left}.{doubt}{most}"


def deduction_words(name: str, share: float) -> str:
    """A step of the waterfall within a sentence; share: what it takes of what was left, a fraction."""
    if name == "target utilisation":
        return f"the {percent(share)} kept free"
    article = {"lost failure domain": "a ", "rollout": "a ", "autoscaler's lag": "the "}
    return f"{article.get(name, '')}{name}"


def lost_words(domains: int, servers: int | None, lost: float) -> str:
    """What the loss of one failure domain takes; domains: no more than servers, where these are known."""
    if servers == 1:
        return "a single server is itself a failure domain: its loss is not covered"
    if domains == 1:
        return "all is in one failure domain: its loss is not covered"
    gone = f" with {round(servers * lost)} of {servers} servers" if servers else ""
    return f"one of {plural(domains, 'failure domain')} is lost{gone}, {percent(lost)} of the capacity"


def growth_words(growth: Estimate | None, lead_time_s: float) -> str:
    """By how much demand grows until more can be there."""
    if growth is None:
        return "no growth is given"
    if growth.value <= 0 <= growth.high or abs(growth.value) < NO_GROWTH:
        return f"no growth is certain in the {duration(lead_time_s)} until more can be there"
    return f"{growth} in the {duration(lead_time_s)} until more can be there"


def lag_words(rise: Estimate | None, ramp: Ramp | None, start_delay_s: float | None, unit: str) -> str:
    """How much of the rise is not followed, and for how long."""
    if ramp is None and start_delay_s is None:
        return "nothing scales by itself"
    delay = ramp.delay_s if ramp else start_delay_s or 0.0
    if rise is None:
        return f"more serves after {duration(delay)}; how fast demand rises is not given"
    seen = f"demand rose by up to {quantity(rise.value, unit)} a minute, and more serves after {duration(delay)}"
    if ramp is None:
        return seen
    if rise.value <= ramp.per_minute:
        return f"{seen}; {quantity(ramp.per_minute, unit)} a minute are followed, so all of it is"
    return f"{seen}; {quantity(ramp.per_minute, unit)} a minute are followed"


def headroom_notes(
    capacity: Estimate,
    *,
    domains: int,
    servers: int | None,
    growth: Estimate | None,
    lead_time_s: float,
    rise: Estimate | None,
    scales_itself: bool,
) -> tuple[str, ...]:
    """What was not given, and what no headroom covers."""
    notes = []
    if domains == 1:
        one = "A single server is itself a" if servers == 1 else "All is in one"
        notes.append(f"{one} failure domain: its loss takes everything, which no headroom covers.")
    if growth is None and lead_time_s > 0:
        notes.append(f"Growth in the {duration(lead_time_s)} until more can be there is not known, and none is taken.")
    if growth is not None and growth.value < -NO_GROWTH and growth.high < 0:
        notes.append(f"Demand declines ({growth}), which is not counted on.")
    if scales_itself and rise is None:
        notes.append("How fast demand rises is not known: nothing is taken for the autoscaler's lag.")
    if math.isnan(capacity.low) or math.isnan(capacity.high):
        notes.append(f"How sure the capacity of {number(capacity.value)} is is not known, so neither is what is left.")
    return tuple(notes)
