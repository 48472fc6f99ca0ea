"""Attainment with three states: met, missed, or insufficient data, from an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.budget import allowed_share, summed
from scaling_lib.stats import Estimate, proportion_interval, ratio_interval
from scaling_lib.stats.blocks import FEWEST_BLOCKS, effective_interval
from scaling_lib.stats.proportions import Method, check_level, normal_quantile

State = Literal["met", "missed", "insufficient data"]

MOST_EVENTS = 1e15  # beyond, an answer to "how many more?" helps no one
CLOSEST = 0.001  # the search for it ends this close, relatively


@dataclass(frozen=True, kw_only=True)
class Attainment:
    """Whether the service keeps its target.

    state: "met" where the whole interval lies at or above the target, "missed" where it lies below, else
        "insufficient data", as also where arrays have fewer blocks of time with traffic than show how
        failures cluster. It speaks of the rate the service runs at, not of the events alone: those are `counted`.
    counted: what the counts themselves say without an interval, "met" or "missed"; "insufficient data" without traffic.
    sli: the share of good events with its interval; NaN without traffic.
    events_needed: how many more events, at the present rate and clustering, would decide; 0 when decided, None when
        no number would. Without traffic: what it takes if none of them fails.
    design_effect: the variance over that of independent failures; 1 for scalar counts.
    assumes_independence: whether the interval takes failures as independent because nothing shows how they come
        together: too few blocks of time, or none (or all) failed.
    method: how the interval was made; caveat: why it may be too narrow, "" where nothing speaks for it.
    """

    state: State
    counted: State
    sli: Estimate
    target: float
    events_needed: int | None
    design_effect: float
    assumes_independence: bool
    method: str
    caveat: str = ""

    @property
    def shown(self) -> Estimate:
        """The SLI as it is shown: without ends (NaN) where they would rest on an assumption."""
        if not self.assumes_independence:
            return self.sli
        return Estimate(self.sli.value, math.nan, math.nan, self.sli.level, self.sli.unit)


def attainment(
    good: ArrayLike, total: ArrayLike, target: float, level: float = 0.95, *, method: Method = "wilson"
) -> Attainment:
    """Hold good of total events against a target.

    good, total: two sums (failures taken as independent, interval by `method`) or two arrays of counts per minute in
        order of time (`stats.ratio_interval`: allows for clustered failures and unequal traffic).
    target: a fraction in (0, 1); level: of the two-sided interval.
    Raises InvalidInput for counts, targets or levels that cannot be.
    """
    allowed_share(target)
    check_level("attainment", level)
    if np.shape(good) != np.shape(total):
        raise InvalidInput(
            f"attainment: found good and total of the shapes {np.shape(good)} and {np.shape(total)}; expected two "
            "sums, or two arrays with one count for each minute."
        )
    events, all_good = summed(total, "total"), summed(good, "good")
    if all_good > events:
        raise InvalidInput(f"attainment: found {all_good:g} good of {events:g} events; expected at most as many.")
    if np.ndim(total) == 0:
        effect, words, caveat, blocks = 1.0, f"{method} interval, failures taken as independent", "", FEWEST_BLOCKS

        def sli_of(count: float) -> Estimate:
            return proportion_interval(min(all_good / events * count, count), count, level, method)

        sli = proportion_interval(all_good, events, level, method)
    else:
        ratio = ratio_interval(np.asarray(total, float) - np.asarray(good, float), total, level)
        effect, words, caveat, blocks = ratio.design_effect, ratio.method, ratio.caveat, ratio.blocks

        def sli_of(count: float) -> Estimate:
            more = count / events
            degrees = ratio.degrees_of_freedom * more
            return _complement(
                effective_interval(ratio.effective_bad * more, ratio.effective_total * more, degrees, level)
            )

        sli = _complement(ratio.estimate)
    short = max(0, FEWEST_BLOCKS - blocks)
    needed = _events_needed(sli_of, events, target) if events else _fewest_events(target, level)
    if events and needed is not None:
        needed = max(needed, math.ceil(events / blocks * short))
    return Attainment(
        state="insufficient data" if short or not events else _state(sli, target),
        counted=_counted(events - all_good, events, target),
        sli=sli,
        target=float(target),
        events_needed=needed,
        design_effect=effect,
        assumes_independence=np.ndim(total) > 0 and (bool(short) or all_good in (0, events)),
        method=words if events else "no traffic",
        caveat=caveat,
    )


@dataclass(frozen=True, kw_only=True)
class Measurability:
    """Whether so many events can show that a target is kept.

    measurable: at least one failure fits in the budget, and a run without failure would show the target met.
    events: expected in the window; events_needed: the fewest with which both hold.
    budget_events: failures the target allows among them.
    smallest_burn: the smallest burn rate that so many events tell from 1; a steady burn below it looks like luck.
    sentence: the answer in words.
    """

    measurable: bool
    target: float
    events: float
    events_needed: int
    budget_events: float
    smallest_burn: float
    sentence: str


def measurable(target: float, events: float, level: float = 0.95) -> Measurability:
    """Is this SLO measurable at all with so many events in its window?

    events: traffic x window. Failures are taken as independent: clustered ones need more.
    """
    allowed = float(allowed_share(target))
    check_level("measurable", level)
    if not (math.isfinite(events) and events >= 0):
        raise InvalidInput(f"measurable: found {events} events; expected a finite number of 0 or more.")
    needed = max(math.ceil(1 / allowed - 1e-9), _fewest_events(target, level))
    budget = events * allowed
    smallest = math.inf
    if events > 0:  # the score test of the target against a share of burn x (1 - target)
        smallest = 1 + normal_quantile(level) * math.sqrt(target / (allowed * events))
    smallest = smallest if smallest * allowed <= 1 else math.inf
    enough = events >= needed
    if enough:
        sentence = (
            f"Measurable: {events:,.0f} events leave a budget of {budget:,.1f} failures and tell a burn rate of "
            f"{smallest:.3g} from 1."
        )
    else:
        sentence = (
            f"Not measurable: {events:,.0f} events leave a budget of {budget:.3g} failures; it takes {needed:,}. "
            "Use a longer window, a lower target, or add synthetic traffic."
        )
    return Measurability(
        measurable=enough,
        target=float(target),
        events=float(events),
        events_needed=needed,
        budget_events=budget,
        smallest_burn=smallest,
        sentence=sentence,
    )


def _state(sli: Estimate, target: float) -> State:
    if sli.low >= target:
        return "met"
    return "missed" if sli.high < target else "insufficient data"


def _counted(bad: float, events: float, target: float) -> State:
    """In decimals: 999 of 1,000 is exactly a target of 0.999."""
    if not events:
        return "insufficient data"
    return "met" if Decimal(repr(bad)) <= allowed_share(target) * Decimal(repr(events)) else "missed"


def _fewest_events(target: float, level: float) -> int:
    """The fewest events, none failing, whose Wilson interval lies above the target: n / (n + z^2) >= target."""
    z = normal_quantile(level)
    return math.ceil(z * z * target / float(allowed_share(target)))


def _complement(bad: Estimate) -> Estimate:
    return Estimate(1 - bad.value, 1 - bad.high, 1 - bad.low, bad.level, bad.unit)


def _events_needed(sli_of: Callable[[float], Estimate], events: float, target: float) -> int | None:
    """How many more events until the interval, with the present share, leaves the target on one side."""

    def decided(count: float) -> bool:
        return _state(sli_of(count), target) != "insufficient data"

    if decided(events):
        return 0
    short, long = events, 2 * events
    while not decided(long):
        if long > MOST_EVENTS:
            return None
        short, long = long, 2 * long
    while long - short > max(0.5, CLOSEST * (long - events)):
        middle = (short + long) / 2
        short, long = (short, middle) if decided(middle) else (middle, long)
    return max(1, math.ceil(long - events))
