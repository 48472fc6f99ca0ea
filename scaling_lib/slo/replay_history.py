"""Recorded minutes as an alert policy sees them: the windows behind every minute, and when its tiers fire."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.slo.alerts import AlertPolicy, Tier, threshold
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.chance import failures_by_chance
from scaling_lib.slo.counts import MINUTE, minute_grid, rate_per_s
from scaling_lib.slo.incidents import Incident
from scaling_lib.slo.windows import parse_window, window_edges

Floats = NDArray[np.float64]
CHANCE = 0.01  # of taking chance for a failure anywhere in a history
QUARTERS = 4  # of a history; what the calmer half of them shows is its usual state


@dataclass(frozen=True)
class Alert:
    """A stretch of minutes in which any tier of a severity fires."""

    start: pd.Timestamp
    end: pd.Timestamp
    tier: Tier
    firing_at_end: bool
    early: bool  # with the minutes that were not seen as they usually are, it would fire later or never
    certain: bool  # more failed over a firing tier's long window, or usually, than chance gives at the allowed rate

    def touches(self, incident: Incident, grace_s: float) -> bool:
        """Whether it fires during the incident, or starts at most `grace_s` after it."""
        return bool(self.start <= incident.end + pd.Timedelta(seconds=grace_s) and self.end > incident.start)


class History:
    """The recorded minutes as running sums, so that any window is two look-ups."""

    def __init__(
        self,
        grid: pd.DataFrame,
        policy: AlertPolicy,
        target: float,
        known: Sequence[Incident],
        excluded: pd.DatetimeIndex | None,
        slices: tuple[pd.DataFrame, float] | None,
        window: tuple[str, str],
    ) -> None:
        self.minutes = pd.DatetimeIndex(grid.index)
        self.policy, self.target = policy, target
        self.allowed = float(allowed_share(target))
        self.excluded, self.window = excluded, window
        self.counting = np.ones(len(grid), dtype=bool) if excluded is None else ~self.minutes.isin(excluded)
        bad, total = (grid[column].to_numpy(dtype=np.float64) for column in ("bad", "total"))
        self.bad, self.total = _running(bad), _running(total)
        self.usual, self.overspends = self._steady(bad, total, known)
        self.with_traffic = grid[total > 0]
        budgeted, self.slice_s = (minute_grid(slices[0]), slices[1]) if slices else (grid, 0.0)
        self.spent = pd.DatetimeIndex(budgeted.index)
        self.running = _running(budgeted["bad"].to_numpy(dtype=np.float64))
        self.last_start, self.period_budget = (
            self._window_at(self.minutes[-1]) if len(grid) else (pd.Timestamp(0, tz="UTC"), 0.0)
        )

    def holds(self, incident: Incident) -> bool:
        """Whether any recorded minute lies in the incident."""
        if len(self.minutes) == 0:
            return False
        return bool(incident.end > self.minutes[0] and incident.start < self.minutes[-1] + MINUTE)

    def _rate(self, window_s: float) -> Floats:
        """The error rate over the window that ends with each minute; NaN without traffic."""
        return _share(*_within(self.bad, self.total, window_s))

    def burn(self) -> pd.DataFrame:
        """The burn rate over each tier's long window, by minute."""
        rates = {tier.name: self._rate(tier.long_window_s) / self.allowed for tier in self.policy}
        return pd.DataFrame(rates, index=self.minutes)

    def alerts(self, severity: str) -> list[Alert]:
        """The stretches of minutes in which any tier of a severity fires."""
        tiers = self.policy.only(severity)
        if not tiers or len(self.minutes) == 0:
            return []
        firing = np.array([self._firing(tier, self.bad, self.total) for tier in tiers])
        certain = np.array([self._certain(tier, fires) for tier, fires in zip(tiers, firing, strict=True)])
        completed = self._completed()
        in_full = np.any([self._firing(tier, *completed)[-len(self.minutes) :] for tier in tiers], axis=0)
        edges = np.diff(np.concatenate([[0], firing.any(axis=0).astype(np.int8), [0]]))
        alerts = []
        for first, last in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            start = self.minutes[int(first)] + MINUTE  # the rule is evaluated when the minute is over
            alerts.append(
                Alert(
                    start=start,
                    end=self.minutes[int(last) - 1] + (MINUTE if last == len(self.minutes) else 2 * MINUTE),
                    tier=tiers[int(np.argmax(firing[:, first]))],
                    firing_at_end=bool(last == len(self.minutes)),
                    early=not in_full[first],
                    certain=self.overspends or bool(certain[:, first:last].any()),
                )
            )
        return alerts

    def _completed(self) -> tuple[Floats, Floats]:
        """The running sums with what was not seen, also before the history, as it usually is."""
        missing = ~self.counting
        before = max(tier.long_window_s for tier in self.policy) // 60
        traffic = float(self.total[-1]) / max(1, int(self.counting.sum()))
        total = np.where(missing, traffic, np.diff(self.total))
        bad = np.where(missing, traffic * self.usual, np.diff(self.bad))
        filled = (np.concatenate([np.full(before, usual), values]) for usual, values in
                  ((traffic * self.usual, bad), (traffic, total)))  # fmt: skip
        failed, events = map(_running, filled)
        return failed, events

    def _steady(self, bad: Floats, total: Floats, known: Sequence[Incident]) -> tuple[float, bool]:
        """The share that usually fails: outside incidents, in the calmer half of the history's quarters.

        The flag says whether this alone overspends the budget, beyond chance.
        """
        outside = self.counting & (total > 0)
        for incident in known:
            outside &= (self.minutes < incident.start.floor("min")) | (self.minutes >= incident.end)
        quarters = [
            (float(bad[part].sum()), float(total[part].sum()))
            for part in np.array_split(np.flatnonzero(outside), QUARTERS)
        ]
        calm = sorted((each for each in quarters if each[1]), key=lambda each: each[0] / each[1])[: QUARTERS // 2]
        failed, events = (sum(values) for values in zip(*calm, strict=True)) if calm else (0.0, 0.0)
        if not events:
            return 0.0, False
        chance = failures_by_chance(np.array([failed]), np.array([events]), np.array([self.allowed]))
        return failed / events, bool(chance[0] <= CHANCE / 2)

    def _firing(self, tier: Tier, bad: Floats, total: Floats) -> NDArray[np.bool_]:
        limit = threshold(tier, self.target)
        long, short = (_share(*_within(bad, total, each)) for each in (tier.long_window_s, tier.short_window_s))
        both: NDArray[np.bool_] = (long > limit) & (short > limit)
        return both

    def _certain(self, tier: Tier, fires: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where a tier fires and its long window holds more failures than the allowed rate gives by chance."""
        failed, events = (each[fires] for each in _within(self.bad, self.total, tier.long_window_s))
        tests = int((np.diff(self.total) > 0).sum()) * len(self.policy.tiers)
        certain = np.zeros(len(fires), dtype=bool)
        chance = failures_by_chance(failed, events, np.full(len(failed), self.allowed))
        certain[fires] = chance <= CHANCE / 2 / max(tests, 1)
        return certain

    def spent_between(self, start: pd.Timestamp, end: pd.Timestamp, *, of: pd.Timestamp) -> float:
        """What a stretch spent of a window's budget: its part in the window that `of` lies in, over what that allows.

        That is the last window, or for a moment before it one of its own time: a rolling window that ends there, the
        calendar window that holds it. A window allows what its length does at the mean traffic seen in it.
        """
        if len(self.minutes) == 0:
            return math.nan
        first, budget = self.last_start, self.period_budget
        if of <= first:
            first, budget = self._window_at(of.ceil("min") - MINUTE)
        return self.bad_between(max(start, first), end) / budget if budget else math.nan

    def _window_at(self, minute: pd.Timestamp) -> tuple[pd.Timestamp, float]:
        """The start of the window that a minute lies in, a rolling one at its end, and what that window allows."""
        start, end = minute + MINUTE - pd.Timedelta(seconds=self.policy.period_s), minute + MINUTE
        name, zone = self.window
        if name and parse_window(name).seconds is None:
            start, end = window_edges(name, minute, zone)
        if self.slice_s:
            pace = 1 / self.slice_s
        else:
            times = self.with_traffic.index
            pace = rate_per_s(self.with_traffic[(times >= start) & (times < end)], self.excluded)
        return start, self.allowed * (end - start).total_seconds() * pace

    def bad_between(self, start: pd.Timestamp, end: pd.Timestamp) -> float:
        """What of the minutes, or slices, that a stretch touches is bad."""
        if end <= start:
            return 0.0
        whole = f"{self.slice_s or 60.0:.0f}s"
        first, last = (int(self.spent.searchsorted(edge)) for edge in (start.floor(whole), end.ceil(whole)))
        return float(self.running[last] - self.running[first])


def _running(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def _within(bad: Floats, total: Floats, window_s: float) -> tuple[Floats, Floats]:
    """Failed and all events of the window that ends with each minute, from running sums."""
    count = len(total) - 1
    minutes = min(max(1, round(window_s / 60)), count)
    failed, events = (
        running[1:] - np.concatenate([np.full(minutes, running[0]), running[1 : count - minutes + 1]])
        for running in (bad, total)
    )
    return failed, events


def _share(failed: Floats, events: Floats) -> Floats:
    share: Floats = np.divide(failed, events, out=np.full(len(events), math.nan), where=events > 0)
    return share
