"""An alert policy replayed over recorded minutes: what it would have paged on, how fast, and how often for nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.slo.alerts import AlertPolicy
from scaling_lib.slo.counts import minute_grid
from scaling_lib.slo.incidents import Incident, incidents_of
from scaling_lib.slo.replay_history import Alert, History
from scaling_lib.stats import Estimate, proportion_interval


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a policy would have done over a history.

    pages, tickets: one row for each stretch of firing alerts of that severity: start, end (when the rule's evaluation
        turned), severity, tier (the first to fire), firing_at_end (the history ends before the alert does),
        budget_spent (before it, since the incident began; without one, over the tier's long window), incident (the
        names it falls on), early (the history begins, or `excluded` lies, within the tier's windows, and with the
        usual traffic and failures there it would fire later or never), certain (it fired while more failed over the
        long window, or usually, than the target allows beyond chance), false (on none though incidents are known,
        neither certain nor early).
    incidents: one row for each: name, start, end, found (in the counts, not given), bad (of the budget, all of it),
        bad_in_window (its part in the last window, NaN where it ended before), budget_spent, and of its pages
        detected, early (by early alerts alone), delay_s, reset_s, budget_spent_before. Times are NaN where nothing
        fired; reset_s also where the history ends first.
    precision, recall: of the pages; NaN where no incident is known or nothing fired.
        Left out are early alerts, incidents that only those detected, and incidents outside the history.
    burn: the burn rate over each tier's long window, by minute (one column for each tier's name), NaN without traffic.
    period_budget: what the last window allows to be bad in its whole length, at the mean traffic seen in it. All
        budget_spent are what lies in that window over this budget; of what ended before it, over the budget of a
        window of its own time.
    """

    pages: pd.DataFrame
    tickets: pd.DataFrame
    incidents: pd.DataFrame
    precision: Estimate
    recall: Estimate
    burn: pd.DataFrame
    period_budget: float

    @property
    def false_pages(self) -> int:
        """Pages on no known incident, in which the budget may have burned by chance alone."""
        return int(self.pages["false"].sum())


def replay(
    policy: AlertPolicy,
    target: float,
    counts: pd.DataFrame,
    incidents: pd.DataFrame | Iterable[Any] | None = None,
    *,
    excluded: pd.DatetimeIndex | None = None,
    slices: tuple[pd.DataFrame, float] | None = None,
    window: str = "",
    time_zone: str = "UTC",
    grace_s: float = 300.0,
    level: float = 0.95,
) -> Replay:
    """Evaluate a policy's rules at the end of every recorded minute, as Prometheus would.

    policy: its tiers; target: a fraction in (0, 1); counts: see `minute_grid`.
    incidents: a frame or a list of objects, mappings or tuples with name, start and end (with time zones); None when
        they are not known: the alerts are listed and precision and recall are not measured.
    excluded: minutes that do not count or of which nothing is known: 0 of 0 in `counts`, or not in it.
    slices: where the budget is held in slices, those (columns total and bad, by their start) and their length in
        seconds. Alerts fire by events all the same: that is what rules ask for.
    window, time_zone: of the budget, as of `window_edges`; the policy's period, rolling, if not given.
    grace_s: an alert that starts this long after an incident's end still counts as its detection.
    level: of the intervals of precision and recall.

    A tier fires while the error rates of both its windows exceed factor x (1 - target), strictly. A window that
    reaches back beyond the history uses what is there; minutes without a row are minutes without traffic; an error
    rate without traffic is not a number and never fires.

    An alert is right when it falls on an incident, or when the budget really burned while it fired: in one of its
    minutes a firing tier's long window, whose rate is above the tier's, also holds more failures than the allowed rate
    gives by chance. That is the exact binomial test, at a level of 0.005 shared by all minutes with traffic and all
    tiers (Bonferroni). Where what usually fails overspends the budget by the same test, any page is right: usual is the
    share outside incidents in the calmer half of the history's quarters. So chance alone makes an alert right in at
    most 1 of 100 histories. Only what is neither is for nothing: an incident list without a long, mild failure makes
    no page on it wrong.
    """
    known = None if incidents is None else incidents_of(incidents)
    history = History(minute_grid(counts), policy, target, known or (), excluded, slices, (window, time_zone))
    pages = history.alerts("page")
    tickets = history.alerts("ticket")
    page_scores, page_columns = _scores(history, pages, known, grace_s, level)
    last = history.last_start
    bad = [history.bad_between(each.start, each.end) for each in known or ()]
    inside = [history.bad_between(max(each.start, last), each.end) if each.end > last else math.nan
              for each in known or ()]  # fmt: skip
    spent = [history.spent_between(each.start, each.end, of=each.end) for each in known or ()]
    return Replay(
        pages=_alert_frame(history, pages, known, grace_s),
        tickets=_alert_frame(history, tickets, known, grace_s),
        incidents=pd.DataFrame(
            {
                "name": np.array([incident.name for incident in known or ()], dtype=object),
                "start": _times([incident.start for incident in known or ()]),
                "end": _times([incident.end for incident in known or ()]),
                "found": np.array([incident.found for incident in known or ()], dtype=bool),
                "bad": np.array(bad, dtype=np.float64),
                "bad_in_window": np.array(inside, dtype=np.float64),
                "budget_spent": np.array(spent, dtype=np.float64),
                **page_columns,
            }
        ),
        precision=page_scores[0],
        recall=page_scores[1],
        burn=history.burn(),
        period_budget=history.period_budget,
    )


def _alert_frame(
    history: History, alerts: Sequence[Alert], known: Sequence[Incident] | None, grace_s: float
) -> pd.DataFrame:
    hits = [[incident for incident in known or () if alert.touches(incident, grace_s)] for alert in alerts]
    spent = []
    for alert, incidents in zip(alerts, hits, strict=True):
        begin = incidents[0].start if incidents else alert.start - pd.Timedelta(seconds=alert.tier.long_window_s)
        at = incidents[0].end if incidents else alert.start
        spent.append(history.spent_between(begin, alert.start, of=at))
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
            "certain": np.array([alert.certain for alert in alerts], dtype=bool),
            "false": np.array(
                [
                    known is not None and not (at or alert.certain or alert.early)
                    for alert, at in zip(alerts, hits, strict=True)
                ],
                dtype=bool,
            ),
        }
    )


def _scores(
    history: History, alerts: Sequence[Alert], known: Sequence[Incident] | None, grace_s: float, level: float
) -> tuple[tuple[Estimate, Estimate], dict[str, NDArray[Any]]]:
    """Precision and recall of the alerts, and each incident's columns."""
    detected, early, delays, resets, spent = [], [], [], [], []
    for incident in known or ():
        hits = [alert for alert in alerts if alert.touches(incident, grace_s)]
        detected.append(bool(hits))
        early.append(bool(hits) and all(alert.early for alert in hits))
        first = max(hits[0].start, incident.start) if hits else incident.start
        delays.append((first - incident.start).total_seconds() if hits else math.nan)
        spent.append(history.spent_between(incident.start, first, of=incident.end) if hits else math.nan)
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
    judged = [
        alert.certain or any(alert.touches(incident, grace_s) for incident in known)
        for alert in alerts
        if not alert.early
    ]
    seen = [
        hit
        for hit, doubtful, incident in zip(detected, early, known, strict=True)
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
