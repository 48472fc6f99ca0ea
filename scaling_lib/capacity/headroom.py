"""How much more load the capacity that really counts can take, after all that takes from it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.capacity.autoscaler_ramp import Ramp
from scaling_lib.capacity.headroom_checks import check_headroom
from scaling_lib.capacity.headroom_words import (
    LITTLE,
    deduction_words,
    growth_words,
    headroom_notes,
    headroom_sentence,
    lag_words,
    lost_words,
)
from scaling_lib.model.uncertainty import DRAWS, Floats, draw, generator, interval
from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import percent

Name = Literal["lost failure domain", "rollout", "target utilisation", "autoscaler's lag", "growth", "used at peak"]
State = Literal["enough", "uncertain", "too little"]


@dataclass(frozen=True, kw_only=True)
class Deduction:
    """One step of the waterfall.

    amount: what is taken, left: what is left after it, both in the capacity's unit; why: the numbers behind it.
    assumed: whether nobody gave the number behind it.
    """

    name: Name
    amount: Estimate
    left: Estimate
    why: str
    assumed: bool = False

    @property
    def share(self) -> float:
        """Of what was left before it, a fraction; NaN where nothing was."""
        before = self.amount.value + self.left.value
        return self.amount.value / before if before > 0 else math.nan


@dataclass(frozen=True, kw_only=True)
class Headroom:
    """How much more load can be taken.

    capacity: where the waterfall begins; deductions: its steps in order, what is used at the peak the last; a step that
        takes nothing is there with 0 and its reason.
    absolute: what is left after them, in the capacity's unit, below 0 where it does not suffice.
    factor: how many times today's peak may come, in "x": what is left before growth and use, over today's peak with its
        growth; 1 where nothing is left.
    state: "enough" or "too little" where all of the interval is, else "uncertain".
    together: whether lost domain, rollout and steep rise were taken to happen at the same time.
    sentence: the answer; notes: what was not given, and what no headroom covers.
    """

    capacity: Estimate
    deductions: tuple[Deduction, ...]
    absolute: Estimate
    factor: Estimate
    state: State
    together: bool
    sentence: str
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> Estimate:
        """What may be used: the capacity less all that is taken from it before growth and use."""
        return next(each.left for each in self.deductions if each.name == "autoscaler's lag")

    @property
    def deducted(self) -> tuple[str, ...]:
        """What takes a hundredth of the capacity or more before use, in words."""
        least = LITTLE * self.capacity.value
        return tuple(
            f"{deduction_words(each.name, each.share)}{' (assumed)' if each.assumed else ''}"
            for each in self.deductions[:-1]
            if each.amount.value >= least
        )

    @property
    def frame(self) -> pd.DataFrame:
        """The waterfall, a row a step: step, amount (below 0 where taken) with low and high, left with low and high."""
        rows = [("capacity", 1.0, self.capacity, self.capacity)]
        rows += [(each.name, -1.0, each.amount, each.left) for each in self.deductions]
        return pd.DataFrame(
            {
                "step": name,
                "amount": sign * amount.value + 0.0,  # no -0
                "low": min(sign * amount.low, sign * amount.high) + 0.0,
                "high": max(sign * amount.low, sign * amount.high) + 0.0,
                "left": left.value,
                "left_low": left.low,
                "left_high": left.high,
            }
            for name, sign, amount, left in rows
        )


def headroom(
    capacity: Estimate | float,
    used: Estimate | float,
    *,
    domains: int = 1,
    out_in_rollout: float = 0.0,
    servers: int | None = None,
    full_at: float = 1.0,
    growth: Estimate | None = None,
    lead_time_s: float = 0.0,
    rise: Estimate | None = None,
    ramp: Ramp | None = None,
    start_delay_s: float | None = None,
    together: bool = True,
    level: float = 0.95,
) -> Headroom:
    """How much more load a capacity can take, net of what takes from it.

    capacity: with everything up, in any unit (requests/s, servers); used: today's peak, in the same unit. A number is
        taken as exact.
    domains: failure domains that it is spread over evenly: one is lost, (domains - 1) / domains stays. With one domain
        nothing is taken, and the notes say that its loss takes all. No more domains count than there are servers: a
        single one is itself a domain.
    out_in_rollout: the share that a rollout takes out at a time, or that its surge takes while old and new run side by
        side. servers: how many whole ones the capacity is, where that is known: what a domain and a rollout take is
        then rounded up, as 4 servers in 3 domains lose 2.
    full_at: the share of what is up that may be used, above 0.
    growth: of the peak until more can be there, a fraction (`Forecast.growth_per`, over lead_time_s); a decline is not
        counted on.
    rise: the steepest rise of demand recorded, in the capacity's unit per minute (`steepest_rise`). What an autoscaler
        cannot follow of it has to be there before: (rise - ramp.per_minute) x ramp.delay_s with the ramp of
        `largest_ramp`, rise x start_delay_s where only the delay is known. Without either nothing scales by itself, and
        nothing is taken.
    together: whether lost domain, rollout and steep rise happen at the same time. By default they do: a domain is lost
        for hours, in which the day's rise and a rollout come anyway, and a failover starts both by itself. Otherwise
        only the one that takes most is taken. Target utilisation and growth are always taken.

    Intervals: each input is drawn 2,000 times from its interval (`model.uncertainty.draw`: a split normal, of the
    logarithm where its low end is above 0), independently of the others, and goes through all steps; the values are
    those of the inputs' values. An unlimited capacity stays unlimited upwards. Where an end of an input is not known
    (NaN), neither is the end that rests on it: nothing that is not known counts as exact.
    Raises InvalidInput for numbers that cannot be, NotMeasured where capacity or use is NaN.
    """
    check_level("headroom", level)
    capacity, used = (
        each if isinstance(each, Estimate) else Estimate(each, each, each, level) for each in (capacity, used)
    )
    check_headroom(
        capacity=capacity, used=used, domains=domains, out_in_rollout=out_in_rollout, servers=servers, full_at=full_at,
        growth=growth, lead_time_s=lead_time_s, rise=rise, start_delay_s=start_delay_s,
    )  # fmt: skip
    domains = min(domains, servers or domains)
    lost, out = _shares(domains, out_in_rollout, servers)
    total, peak = _drawn(capacity, "capacity"), _drawn(used, "used")
    lag = _lag(_drawn(rise, "rise"), ramp, start_delay_s)
    grown = peak * _drawn(growth, "growth")
    if not together:
        lost, out, lag = _largest(lost, out, lag, usable=full_at * capacity.value)
    notes = headroom_notes(
        capacity, domains=domains, servers=servers, growth=growth, lead_time_s=lead_time_s, rise=rise,
        scales_itself=ramp is not None or start_delay_s is not None,
    )  # fmt: skip
    measured = (capacity, used, growth, rise)
    waterfall = _Waterfall(total, capacity, level, assumed=any(each.assumed for each in measured if each is not None))
    apart = "" if together else " (only the largest of lost domain, rollout and steep rise is taken)"
    waterfall.take_share("lost failure domain", lost, lost_words(domains, servers, lost) + apart)
    waterfall.take_share("rollout", out, f"{percent(out)} of what is up is out at a time{apart}")
    waterfall.take_share("target utilisation", 1 - full_at, f"used up to {percent(full_at)}")
    waterfall.take("autoscaler's lag", lag, lag_words(rise, ramp, start_delay_s, capacity.unit) + apart, rise)
    usable = waterfall.left
    waterfall.take("growth", grown, growth_words(growth, lead_time_s), growth, used)
    waterfall.take("used at peak", peak, "today's peak", used)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(peak + grown > 0, np.maximum(usable, 0.0) / (peak + grown), np.inf)
    factor = waterfall.estimate(times, "x", waterfall.unknown, unlimited=True)
    state = compared(factor, 1.0)
    absolute, taken = waterfall.taken[-1].left, tuple(waterfall.taken)
    large = [each for each in taken[:-1] if each.amount.value >= LITTLE * capacity.value]
    most = max(large, key=lambda each: each.amount.value) if len(large) > 1 else None
    return Headroom(
        capacity=capacity,
        deductions=taken,
        absolute=absolute,
        factor=factor,
        state=state,
        together=together,
        sentence=headroom_sentence(
            capacity, used, absolute, factor, state, (most.name, most.share, most.amount.value) if most else None
        ),
        notes=notes,
    )


def compared(times: Estimate, factor: float) -> State:
    """What fits against what is asked for; an end that is not known says nothing."""
    return "too little" if times.high < factor else "enough" if times.low >= factor else "uncertain"


class _Waterfall:
    """What is left, step by step; of each array the first element is the value, the others are draws.

    unknown: whether the low and the high end of what is left are not known.
    """

    def __init__(self, total: Floats, capacity: Estimate, level: float, *, assumed: bool) -> None:
        self.left, self.taken = total, list[Deduction]()
        self.unknown = math.isnan(capacity.low), math.isnan(capacity.high)
        self._capacity, self._level, self._assumed = capacity, level, assumed

    def take_share(self, name: Name, share: float, why: str) -> None:
        """Of what is left: as sure as that is."""
        self._taken(name, self.left * share, why, self.unknown if share else (False, False))

    def take(self, name: Name, amount: Floats, why: str, *of: Estimate | None) -> None:
        """of: what the amount rests on; where its high end is not known, the low end of what is left is not."""
        low, high = (any(math.isnan(getattr(each, end)) for each in of if each) for end in ("low", "high"))
        if amount[0] == 0 and not any(amount):
            low = high = False
        self.unknown = self.unknown[0] or high, self.unknown[1] or low
        self._taken(name, amount, why, (low, high))

    def _taken(self, name: Name, amount: Floats, why: str, unknown: tuple[bool, bool]) -> None:
        self.left = self.left - amount
        unit = self._capacity.unit
        left = self.estimate(self.left, unit, self.unknown, unlimited=True)
        self.taken.append(Deduction(name=name, amount=self.estimate(amount, unit, unknown), left=left, why=why))

    def estimate(self, values: Floats, unit: str, unknown: tuple[bool, bool], *, unlimited: bool = False) -> Estimate:
        found = interval(float(values[0]), values[1:], self._level, unit)
        high = math.inf if unlimited and self._capacity.high == math.inf else found.high
        low, high = math.nan if unknown[0] else found.low, math.nan if unknown[1] else high
        return replace(found, low=low, high=high, assumed=self._assumed)


def _drawn(estimate: Estimate | None, name: str) -> Floats:
    """The value, at least 0, and draws of it; 0 where none is given."""
    if estimate is None:
        return np.zeros(1 + DRAWS)
    deviates = np.concatenate([[0.0], generator("headroom", name).standard_normal(DRAWS)])
    return np.maximum(draw(estimate, deviates), 0.0)


def _shares(domains: int, out_in_rollout: float, servers: int | None) -> tuple[float, float]:
    """What a lost domain takes of all, and a rollout of what is left."""
    lost = 1 / domains if domains > 1 else 0.0
    if servers is None:
        return lost, out_in_rollout
    gone = _up(servers * lost)
    rest = servers - gone
    return gone / servers, min(1.0, _up(rest * out_in_rollout) / rest) if rest else 0.0


def _up(count: float) -> int:
    return math.ceil(count - 1e-9)


def _lag(rise: Floats, ramp: Ramp | None, start_delay_s: float | None) -> Floats:
    """What demand rises by before the servers that answer it serve, beyond what is followed."""
    if ramp is not None:
        return np.asarray(np.maximum(rise - ramp.per_minute, 0.0) * ramp.delay_s / 60)
    return np.asarray(rise * (start_delay_s or 0.0) / 60)


def _largest(lost: float, out: float, lag: Floats, *, usable: float) -> tuple[float, float, Floats]:
    """Only the one of the three that takes most of the usable capacity, the others 0."""
    amounts = [usable * lost, usable * out, float(lag[0])]
    most = int(np.argmax(amounts))
    return lost if most == 0 else 0.0, out if most == 1 else 0.0, lag if most == 2 else np.zeros_like(lag)
