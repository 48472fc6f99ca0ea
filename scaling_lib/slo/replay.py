"""An alert policy replayed over recorded minutes: what it would have paged on, how fast, and how often for nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.alerts import AlertPolicy, Tier, threshold
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import MINUTE, minute_grid, utc
from scaling_lib.stats import Estimate, proportion_interval

Floats = NDArray[np.float64]
Spent = Callable[[pd.Timestamp, pd.Timestamp], float]  # the fraction of the budget spent between two moments
NOT_MEASURED = Estimate(math.nan, math.nan, math.nan, 0.95, "fraction")


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a policy would have done over a history.

    pages, tickets: one row for each stretch of firing alerts of that severity: start, end (when the rule's evaluation
        turned), tier (the first to fire), firing_at_end (the history ends before the alert does), budget_spent
        (before it, since the incident began; without one, over the tier's long window), incident (the names it falls
        on), false (none, though incidents are known).
    incidents: one row for each: name, start, end, bad (events), budget_spent (by the whole incident), and for pages
        detected, delay_s, reset_s, budget_spent_before, for tickets the same with `ticket_` before it. Times are NaN
        where nothing fired; reset_s is NaN where the history ends first.
    precision, recall: of the pages; NaN where no incident is known or nothing fired; ticket_ the same of the tickets.
    burn: the burn rate over each tier's long window, by minute (one column for each tier's name), NaN without traffic.
    period_budget: bad events the period allows, at the history's mean traffic: all budget_spent are fractions of it.
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
    grace_s: float = 300.0,
    level: float = 0.95,
) -> Replay:
    """Evaluate a policy's rules at the end of every recorded minute, as Prometheus would.

    policy: its tiers; target: a fraction in (0, 1); counts: see `minute_grid`.
    incidents: a frame or a list of objects, mappings or tuples with name, start and end (with time zones); None when
        they are not known: the alerts are listed and precision and recall are not measured.
    grace_s: an alert that starts this long after an incident's end still counts as its detection.

    A tier fires while the error rates of both its windows exceed factor x (1 - target), strictly. A window that
    reaches back beyond the history uses what is there; minutes without a row are minutes without traffic; an error
    rate without traffic is not a number and never fires.
    """
    allowed_share(target)
    grid = minute_grid(counts)
    known = _incidents(incidents)
    bad, total = _running(grid["bad"]), _running(grid["total"])
    mean_traffic = float(grid["total"].mean()) if len(grid) else 0.0
    budget = float(allowed_share(target)) * mean_traffic * policy.period_s / 60
    burn = pd.DataFrame(
        {tier.name: _rate(bad, total, tier.long_window_s) / float(allowed_share(target)) for tier in policy},
        index=grid.index,
    )
    severities = {}
    for severity in ("page", "ticket"):
        tiers = policy.only(severity)
        firing = np.array([_firing(bad, total, tier, target) for tier in tiers]).reshape(len(tiers), len(grid))
        severities[severity] = _stretches(firing, tiers, severity, grid.index)
    table = known if known is not None else _incident_frame([])
    table["bad"] = [_bad_between(grid, bad, row.start, row.end) for row in table.itertuples()]
    table["budget_spent"] = table["bad"] / budget if budget else math.nan

    def spent_between(start: pd.Timestamp, end: pd.Timestamp) -> float:
        return _bad_between(grid, bad, start, end) / budget

    scores = {}
    for severity, alerts in severities.items():
        _match(alerts, table, known is not None, grace_s)
        _charge(alerts, table, policy.tiers, spent_between)
        prefix = "" if severity == "page" else "ticket_"
        _detections(alerts, table, prefix, grace_s, spent_between)
        scores[severity] = _scores(alerts, table, prefix, known is not None, level)
    return Replay(
        pages=severities["page"],
        tickets=severities["ticket"],
        incidents=table,
        precision=scores["page"][0],
        recall=scores["page"][1],
        ticket_precision=scores["ticket"][0],
        ticket_recall=scores["ticket"][1],
        burn=burn,
        period_budget=budget,
    )


def _running(values: pd.Series[float]) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values.to_numpy(dtype=np.float64))])


def _rate(bad: Floats, total: Floats, window_s: float) -> Floats:
    """The error rate over the window that ends with each minute; NaN without traffic."""
    steps = max(1, round(window_s / 60))
    ends = np.arange(1, len(total))
    starts = np.maximum(ends - steps, 0)
    events, failed = total[ends] - total[starts], bad[ends] - bad[starts]
    return np.divide(failed, events, out=np.full(len(ends), math.nan), where=events > 0)


def _firing(bad: Floats, total: Floats, tier: Tier, target: float) -> NDArray[np.bool_]:
    limit = threshold(tier, target)
    long, short = _rate(bad, total, tier.long_window_s), _rate(bad, total, tier.short_window_s)
    return (long > limit) & (short > limit)


def _stretches(
    firing: NDArray[np.bool_], tiers: Sequence[Tier], severity: str, minutes: pd.DatetimeIndex
) -> pd.DataFrame:
    any_firing = firing.any(axis=0) if len(tiers) else np.zeros(len(minutes), dtype=bool)
    edges = np.diff(np.concatenate([[0], any_firing.astype(np.int8), [0]]))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    names = [tiers[int(np.argmax(firing[:, place]))].name for place in first]
    open_end = last == len(minutes)
    ends = minutes[np.minimum(last, max(len(minutes) - 1, 0))] + MINUTE if len(minutes) else minutes
    return pd.DataFrame(
        {
            "start": minutes[first] + MINUTE,  # the rule is evaluated when the minute is over
            "end": ends,
            "severity": severity,
            "tier": names,
            "firing_at_end": open_end,
        }
    )


def _incidents(incidents: pd.DataFrame | Iterable[Any] | None) -> pd.DataFrame | None:
    if incidents is None:
        return None
    if isinstance(incidents, pd.DataFrame):
        absent = {"start", "end"} - set(incidents.columns)
        if absent:
            raise InvalidInput(f"Incidents: found no column {', '.join(sorted(absent))}; expected name, start, end.")
        names = (
            incidents["name"] if "name" in incidents.columns else [f"incident {i + 1}" for i in range(len(incidents))]
        )
        return _incident_frame(list(zip(names, incidents["start"], incidents["end"], strict=True)))
    rows: list[tuple[Any, Any, Any]] = []
    for item in incidents:
        if isinstance(item, Mapping):
            rows.append((item["name"], item["start"], item["end"]))
        elif isinstance(item, tuple | list):
            rows.append((item[0], item[1], item[2]))
        else:
            rows.append((item.name, item.start, item.end))
    return _incident_frame(rows)


def _incident_frame(rows: Sequence[tuple[Any, Any, Any]]) -> pd.DataFrame:
    made = []
    for name, start, end in rows:
        begin, finish = utc(start, f"Incident {name}, start"), utc(end, f"Incident {name}, end")
        if finish <= begin:
            raise InvalidInput(f"Incident {name}: found the end {finish} not after the start {begin}; swap them.")
        made.append((str(name), begin, finish))
    frame = pd.DataFrame(made, columns=["name", "start", "end"])
    for column in ("start", "end"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame.sort_values("start", kind="stable", ignore_index=True)


def _bad_between(grid: pd.DataFrame, bad: Floats, start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Bad events of the minutes that a stretch touches."""
    if len(grid) == 0:
        return 0.0
    first, last = grid.index.searchsorted(start.floor("min")), grid.index.searchsorted(end.ceil("min"))
    return float(bad[last] - bad[first])


def _touches(alert: Any, incident: Any, grace_s: float) -> bool:
    return bool(alert.start <= incident.end + pd.Timedelta(seconds=grace_s) and alert.end > incident.start)


def _match(alerts: pd.DataFrame, incidents: pd.DataFrame, known: bool, grace_s: float) -> None:
    rows = list(incidents.itertuples())
    hits = [[row.name for row in rows if _touches(alert, row, grace_s)] for alert in alerts.itertuples()]
    alerts["incident"] = [", ".join(map(str, names)) for names in hits]
    alerts["false"] = np.array([known and not names for names in hits], dtype=bool)


def _charge(alerts: pd.DataFrame, incidents: pd.DataFrame, tiers: Sequence[Tier], spent_between: Spent) -> None:
    long_windows = {tier.name: tier.long_window_s for tier in tiers}
    begins = dict(zip(incidents["name"], incidents["start"], strict=True))
    spent = []
    for alert in alerts.itertuples():
        first = str(alert.incident).split(", ")[0]
        begin = begins.get(first, alert.start - pd.Timedelta(seconds=long_windows[str(alert.tier)]))
        spent.append(spent_between(min(begin, alert.start), alert.start))
    alerts["budget_spent"] = np.array(spent, dtype=np.float64)


def _detections(
    alerts: pd.DataFrame, incidents: pd.DataFrame, prefix: str, grace_s: float, spent_between: Spent
) -> None:
    found: dict[str, list[Any]] = {"detected": [], "delay_s": [], "reset_s": [], "budget_spent_before": []}
    for incident in incidents.itertuples():
        hits = [alert for alert in alerts.itertuples() if _touches(alert, incident, grace_s)]
        found["detected"].append(bool(hits))
        if not hits:
            for name in ("delay_s", "reset_s", "budget_spent_before"):
                found[name].append(math.nan)
            continue
        found["delay_s"].append(max(0.0, (hits[0].start - incident.start).total_seconds()))
        reset = max(0.0, (hits[-1].end - incident.end).total_seconds())
        found["reset_s"].append(math.nan if hits[-1].firing_at_end else reset)
        page = max(hits[0].start, incident.start)
        found["budget_spent_before"].append(spent_between(incident.start, page) if page > incident.start else 0.0)
    for name, values in found.items():
        incidents[prefix + name] = np.array(values, dtype=bool if name == "detected" else np.float64)


def _scores(
    alerts: pd.DataFrame, incidents: pd.DataFrame, prefix: str, known: bool, level: float
) -> tuple[Estimate, Estimate]:
    if not known:
        return NOT_MEASURED, NOT_MEASURED
    right = int((~alerts["false"]).sum())
    detected = int(incidents[f"{prefix}detected"].sum())
    return (
        proportion_interval(right, len(alerts), level),
        proportion_interval(detected, len(incidents), level),
    )
