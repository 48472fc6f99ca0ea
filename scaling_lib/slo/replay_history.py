"""Recorded minutes as an alert policy sees them: the windows behind every minute, and when its tiers fire."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.slo.alerts import AlertPolicy, Tier, threshold
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import MINUTE, minute_grid, rate_per_s
from scaling_lib.slo.incidents import Incident
from scaling_lib.slo.spells import failures_by_chance

Floats = NDArray[np.float64]
CHANCE = 0.01  # of taking chance for a failure anywhere in a history


@dataclass(frozen=True)
class Alert:
    """A stretch of minutes in which any tier of a severity fires."""

    start: pd.Timestamp
    end: pd.Timestamp
    tier: Tier
    firing_at_end: bool
    early: bool  # its long window was not seen in full: a handful of requests may have fired it
    certain: bool  # more failed over a firing tier's long window than chance gives at the allowed rate
    beyond: bool  # for it reaches back beyond the history

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
        excluded: pd.DatetimeIndex | None,
        slices: tuple[pd.DataFrame, float] | None,
    ) -> None:
        self.minutes = pd.DatetimeIndex(grid.index)
        counting = np.ones(len(grid)) if excluded is None else ~self.minutes.isin(excluded)
        self.seen = np.concatenate([[0.0], np.cumsum(counting)])
        self.bad = np.concatenate([[0.0], np.cumsum(grid["bad"].to_numpy(dtype=np.float64))])
        self.total = np.concatenate([[0.0], np.cumsum(grid["total"].to_numpy(dtype=np.float64))])
        self.policy, self.target = policy, target
        self.allowed = float(allowed_share(target))
        budgeted, self.slice_s = (minute_grid(slices[0]), slices[1]) if slices else (grid, 60.0)
        self.spent = pd.DatetimeIndex(budgeted.index)
        self.running = np.concatenate([[0.0], np.cumsum(budgeted["bad"].to_numpy(dtype=np.float64))])
        pace = 1 / slices[1] if slices else rate_per_s(_last_period(grid, policy.period_s), excluded)
        self.period_budget = self.allowed * policy.period_s * pace

    def holds(self, incident: Incident) -> bool:
        """Whether any recorded minute lies in the incident."""
        if len(self.minutes) == 0:
            return False
        return bool(incident.end > self.minutes[0] and incident.start < self.minutes[-1] + MINUTE)

    def rate(self, window_s: float) -> Floats:
        """The error rate over the window that ends with each minute; NaN without traffic."""
        failed, events = self._within(window_s)
        rate: Floats = np.divide(failed, events, out=np.full(len(events), math.nan), where=events > 0)
        return rate

    def _within(self, window_s: float) -> tuple[Floats, Floats]:
        """Failed and all events of the window that ends with each minute."""
        ends = np.arange(1, len(self.total))
        starts = np.maximum(ends - max(1, round(window_s / 60)), 0)
        return self.bad[ends] - self.bad[starts], self.total[ends] - self.total[starts]

    def burn(self) -> pd.DataFrame:
        """The burn rate over each tier's long window, by minute."""
        rates = {tier.name: self.rate(tier.long_window_s) / self.allowed for tier in self.policy}
        return pd.DataFrame(rates, index=self.minutes)

    def alerts(self, severity: str) -> list[Alert]:
        """The stretches of minutes in which any tier of a severity fires."""
        tiers = self.policy.only(severity)
        if not tiers or len(self.minutes) == 0:
            return []
        firing = np.array([self._firing(tier) for tier in tiers])
        certain = np.array([fires & self._certain(tier) for tier, fires in zip(tiers, firing, strict=True)])
        edges = np.diff(np.concatenate([[0], firing.any(axis=0).astype(np.int8), [0]]))
        alerts = []
        for first, last in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            start = self.minutes[int(first)] + MINUTE  # the rule is evaluated when the minute is over
            tier = tiers[int(np.argmax(firing[:, first]))]
            alerts.append(
                Alert(
                    start=start,
                    end=self.minutes[int(last) - 1] + (MINUTE if last == len(self.minutes) else 2 * MINUTE),
                    tier=tier,
                    firing_at_end=bool(last == len(self.minutes)),
                    early=self._seen_s(int(first) + 1, tier.long_window_s) < tier.long_window_s,
                    certain=bool(certain[:, first:last].any()),
                    beyond=60 * (int(first) + 1) < tier.long_window_s,
                )
            )
        return alerts

    def _seen_s(self, end: int, window_s: float) -> float:
        """The seconds of the window before a minute that were recorded and not excluded."""
        return 60 * float(self.seen[end] - self.seen[max(0, end - round(window_s / 60))])

    def _firing(self, tier: Tier) -> NDArray[np.bool_]:
        limit = threshold(tier, self.target)
        both: NDArray[np.bool_] = (self.rate(tier.long_window_s) > limit) & (self.rate(tier.short_window_s) > limit)
        return both

    def _certain(self, tier: Tier) -> NDArray[np.bool_]:
        """Where the long window holds more failures than the allowed rate gives by chance."""
        failed, events = self._within(tier.long_window_s)
        tests = int((np.diff(self.total) > 0).sum()) * len(self.policy.tiers)
        chance = failures_by_chance(failed, events, np.full(len(failed), self.allowed))
        return np.asarray(chance <= CHANCE / max(tests, 1))

    def bad_between(self, start: pd.Timestamp, end: pd.Timestamp) -> float:
        """What of the minutes, or slices, that a stretch touches is bad."""
        if end <= start:
            return 0.0
        whole = f"{self.slice_s:.0f}s"
        first, last = (int(self.spent.searchsorted(edge)) for edge in (start.floor(whole), end.ceil(whole)))
        return float(self.running[last] - self.running[first])

    def share(self, bad: float) -> float:
        """What is bad as a fraction of the period's budget."""
        return bad / self.period_budget if self.period_budget else math.nan


def _last_period(grid: pd.DataFrame, period_s: float) -> pd.DataFrame:
    """The minutes with traffic of the last period: an earlier one may have had less, or more."""
    minutes = pd.DatetimeIndex(grid.index)
    return grid[(grid["total"] > 0) & (minutes > minutes.max() - pd.Timedelta(seconds=period_s))]
