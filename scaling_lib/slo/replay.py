"""An alert policy replayed over recorded minutes: what it would have paged on, how fast, and how often for nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.slo.alerts import AlertPolicy, Tier, threshold
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import MINUTE, minute_grid, rate_per_s
from scaling_lib.slo.incidents import Incident, incidents_of
from scaling_lib.stats import Estimate, proportion_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a policy would have done over a history.

    pages, tickets: one row for each stretch of firing alerts of that severity: start, end (when the rule's evaluation
        turned), severity, tier (the first to fire), firing_at_end (the history ends before the alert does),
        budget_spent (before it, since the incident began; without one, over the tier's long window), incident (the
        names it falls on), early (the tier's long window reaches back beyond the history, or over what was excluded, so
        that a handful of requests may have fired it), false (on none, though incidents are known, and not early).
    incidents: one row for each: name, start, end, bad (of the budget), budget_spent (by the whole incident), for pages
        detected, early (by early alerts alone), delay_s, reset_s, budget_spent_before; for tickets the same with
        `ticket_` before it. Times are NaN where nothing fired; reset_s also where the history ends first.
    precision, recall: of the pages; NaN where no incident is known or nothing fired; ticket_ the same of the tickets.
        Left out are alerts whose window reaches beyond the history and incidents that only those detected, early alerts
        on no incident, and incidents outside the history.
    burn: the burn rate over each tier's long window, by minute (one column for each tier's name), NaN without traffic.
    period_budget: what the period allows to be bad, at the history's mean traffic; all budget_spent are shares of it.
    """

    pages: pd.DataFrame
    tickets: pd.DataFrame
    incidents: pd.DataFrame
    precision: Estimate
    recall: Estimate
    ticket_precision: Estimate
    ticket_recall: Estimate
    burn: pd.DataFrame
    period_budget: float

    @property
    def false_pages(self) -> int:
        """Pages on no known incident."""
        return int(self.pages["false"].sum())


def replay(
    policy: AlertPolicy,
    target: float,
    counts: pd.DataFrame,
    incidents: pd.DataFrame | Iterable[Any] | None = None,
    *,
    excluded: pd.DatetimeIndex | None = None,
    slices: tuple[pd.DataFrame, float] | None = None,
    grace_s: float = 300.0,
    level: float = 0.95,
) -> Replay:
    """Evaluate a policy's rules at the end of every recorded minute, as Prometheus would.

    policy: its tiers; target: a fraction in (0, 1); counts: see `minute_grid`.
    incidents: a frame or a list of objects, mappings or tuples with name, start and end (with time zones); None when
        they are not known: the alerts are listed and precision and recall are not measured.
    excluded: minutes that do not count and are 0 of 0 in `counts`, or not in it.
    slices: where the budget is held in slices, those (columns total and bad, by their start) and their length in
        seconds. Alerts fire by events all the same: that is what rules ask for.
    grace_s: an alert that starts this long after an incident's end still counts as its detection.
    level: of the intervals of precision and recall.

    A tier fires while the error rates of both its windows exceed factor x (1 - target), strictly. A window that
    reaches back beyond the history uses what is there; minutes without a row are minutes without traffic; an error
    rate without traffic is not a number and never fires.
    """
    history = _History(minute_grid(counts), policy, target, excluded, slices)
    known = None if incidents is None else incidents_of(incidents)
    pages = history.alerts("page")
    tickets = history.alerts("ticket")
    page_scores, page_columns = _scores(history, pages, known, grace_s, level)
    ticket_scores, ticket_columns = _scores(history, tickets, known, grace_s, level)
    bad = [history.bad_between(incident.start, incident.end) for incident in known or ()]
    return Replay(
        pages=_alert_frame(history, pages, known, grace_s),
        tickets=_alert_frame(history, tickets, known, grace_s),
        incidents=pd.DataFrame(
            {
                "name": np.array([incident.name for incident in known or ()], dtype=object),
                "start": _times([incident.start for incident in known or ()]),
                "end": _times([incident.end for incident in known or ()]),
                "bad": np.array(bad, dtype=np.float64),
                "budget_spent": np.array([history.share(count) for count in bad], dtype=np.float64),
                **page_columns,
                **{f"ticket_{name}": column for name, column in ticket_columns.items()},
            }
        ),
        precision=page_scores[0],
        recall=page_scores[1],
        ticket_precision=ticket_scores[0],
        ticket_recall=ticket_scores[1],
        burn=history.burn(),
        period_budget=history.period_budget,
    )


@dataclass(frozen=True)
class _Alert:
    start: pd.Timestamp
    end: pd.Timestamp
    tier: Tier
    firing_at_end: bool
    early: bool  # its long window was not seen in full: a handful of requests may have fired it
    beyond: bool  # for it reaches back beyond the history

    def touches(self, incident: Incident, grace_s: float) -> bool:
        return bool(self.start <= incident.end + pd.Timedelta(seconds=grace_s) and self.end > incident.start)


class _History:
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
        pace = 1 / slices[1] if slices else rate_per_s(grid[grid["total"] > 0], excluded)
        self.period_budget = self.allowed * policy.period_s * pace

    def holds(self, incident: Incident) -> bool:
        """Whether any recorded minute lies in the incident."""
        if len(self.minutes) == 0:
            return False
        return bool(incident.end > self.minutes[0] and incident.start < self.minutes[-1] + MINUTE)

    def rate(self, window_s: float) -> Floats:
        """The error rate over the window that ends with each minute; NaN without traffic."""
        ends = np.arange(1, len(self.total))
        starts = np.maximum(ends - max(1, round(window_s / 60)), 0)
        events, failed = self.total[ends] - self.total[starts], self.bad[ends] - self.bad[starts]
        rate: Floats = np.divide(failed, events, out=np.full(len(ends), math.nan), where=events > 0)
        return rate

    def burn(self) -> pd.DataFrame:
        rates = {tier.name: self.rate(tier.long_window_s) / self.allowed for tier in self.policy}
        return pd.DataFrame(rates, index=self.minutes)

    def alerts(self, severity: str) -> list[_Alert]:
        """The stretches of minutes in which any tier of a severity fires."""
        tiers = self.policy.only(severity)
        if not tiers or len(self.minutes) == 0:
            return []
        firing = np.array([self._firing(tier) for tier in tiers])
        edges = np.diff(np.concatenate([[0], firing.any(axis=0).astype(np.int8), [0]]))
        alerts = []
        for first, last in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            start = self.minutes[int(first)] + MINUTE  # the rule is evaluated when the minute is over
            tier = tiers[int(np.argmax(firing[:, first]))]
            alerts.append(
                _Alert(
                    start=start,
                    end=self.minutes[int(last) - 1] + (MINUTE if last == len(self.minutes) else 2 * MINUTE),
                    tier=tier,
                    firing_at_end=bool(last == len(self.minutes)),
                    early=self._seen_s(int(first) + 1, tier.long_window_s) < tier.long_window_s,
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


def _alert_frame(
    history: _History, alerts: Sequence[_Alert], known: Sequence[Incident] | None, grace_s: float
) -> pd.DataFrame:
    hits = [[incident for incident in known or () if alert.touches(incident, grace_s)] for alert in alerts]
    spent = []
    for alert, incidents in zip(alerts, hits, strict=True):
        begin = incidents[0].start if incidents else alert.start - pd.Timedelta(seconds=alert.tier.long_window_s)
        spent.append(history.share(history.bad_between(begin, alert.start)))
    return pd.DataFrame(
        {
            "start": _times([alert.start for alert in alerts]),
            "end": _times([alert.end for alert in alerts]),
            "severity": np.array([alert.tier.severity for alert in alerts], dtype=object),
            "tier": np.array([alert.tier.name for alert in alerts], dtype=object),
            "firing_at_end": np.array([alert.firing_at_end for alert in alerts], dtype=bool),
            "budget_spent": np.array(spent, dtype=np.float64),
            "incident": np.array([", ".join(item.name for item in incidents) for incidents in hits], dtype=object),
            "early": np.array([alert.early for alert in alerts], dtype=bool),
            "false": np.array(
                [known is not None and not at and not alert.early for alert, at in zip(alerts, hits, strict=True)],
                dtype=bool,
            ),
        }
    )


def _scores(
    history: _History, alerts: Sequence[_Alert], known: Sequence[Incident] | None, grace_s: float, level: float
) -> tuple[tuple[Estimate, Estimate], dict[str, NDArray[Any]]]:
    """Precision and recall of the alerts, and each incident's columns."""
    detected, early, unsure, delays, resets, spent = [], [], [], [], [], []
    for incident in known or ():
        hits = [alert for alert in alerts if alert.touches(incident, grace_s)]
        detected.append(bool(hits))
        early.append(bool(hits) and all(alert.early for alert in hits))
        unsure.append(bool(hits) and all(alert.beyond for alert in hits))
        first = max(hits[0].start, incident.start) if hits else incident.start
        delays.append((first - incident.start).total_seconds() if hits else math.nan)
        spent.append(history.share(history.bad_between(incident.start, first)) if hits else math.nan)
        over = bool(hits) and not hits[-1].firing_at_end
        resets.append(max(0.0, (hits[-1].end - incident.end).total_seconds()) if over else math.nan)
    columns: dict[str, NDArray[Any]] = {
        "detected": np.array(detected, dtype=bool),
        "early": np.array(early, dtype=bool),
        "delay_s": np.array(delays, dtype=np.float64),
        "reset_s": np.array(resets, dtype=np.float64),
        "budget_spent_before": np.array(spent, dtype=np.float64),
    }
    if known is None:
        unknown = Estimate(math.nan, 0.0, 1.0, level, "fraction")
        return (unknown, unknown), columns
    right = [any(alert.touches(incident, grace_s) for incident in known) for alert in alerts]
    judged = [at for alert, at in zip(alerts, right, strict=True) if not alert.beyond and (at or not alert.early)]
    seen = [
        hit
        for hit, doubtful, incident in zip(detected, unsure, known, strict=True)
        if not doubtful and (hit or history.holds(incident))
    ]
    return (
        (
            proportion_interval(sum(judged), len(judged), level),
            proportion_interval(sum(seen), len(seen), level),
        ),
        columns,
    )


def _times(moments: Sequence[pd.Timestamp]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(list(moments), utc=True))
