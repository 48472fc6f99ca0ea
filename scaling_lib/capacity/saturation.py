"""What saturates first: each resource's use now, when it reaches its limit, and whether more can be had before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import NoneType
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.capacity.exhaustion import time_to_exhaustion
from scaling_lib.capacity.peak import typical_peak
from scaling_lib.capacity.reasons import reason_sentence, reason_words
from scaling_lib.capacity.resource_use import ResourceUse, resource_use
from scaling_lib.config_resources import Resource
from scaling_lib.errors import BrokenEvidence, InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import check_kind, is_finite, said
from scaling_lib.stats.clock import check_zone
from scaling_lib.stats.exhaustion import Exhaustion
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import duration, number, percent

State = Literal["forecast", "history too short", "contradicts its limit", "not measured"]
Action = Literal["act now", "order by", "fine", "unknown"]
HORIZON_DAYS = 90.0
BEYOND_DAYS = 28  # how far the forecast goes beyond the lead time at least
FARTHEST_DAYS = 730
DAY = pd.Timedelta(days=1)
USED = "used (95th percentile of the last week)"
STALE = DAY


@dataclass(frozen=True, kw_only=True)
class SaturationPoint:
    """One resource: how much of it is used, a fraction of its limit, when it is full, and what to do by when.

    state: "forecast"; "history too short" (used now is known where a day has enough values, the future is not);
        "contradicts its limit" (more is used than there is); "not measured".
    action: "act now" where it is full already, or the early end of the interval lies within the lead time; "order by"
        a date; "fine" where not even the early end lies within the horizon; "unknown".
    order_by: the early end less the lead time; None without one.
    now: the 95th percentile of the last week's utilisation; NaN where it is not known.
    use: the series; None where it is not known. time: to `full_at`; None without a forecast.
    at: the moment that is judged from; None without any metrics.
    sentence: the answer; supply: what would make it known, "" where it is; notes: what was left out, what may be wrong.
    """

    resource: Resource
    state: State
    action: Action
    order_by: pd.Timestamp | None
    now: Estimate
    use: ResourceUse | None
    time: Exhaustion | None
    at: pd.Timestamp | None
    sentence: str
    supply: str = ""
    notes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def used(self) -> Estimate:
        """What is used now at its peak, in servers or in the resource's unit; NaN where it is not known."""
        limit = self.use.limit if self.use else math.nan
        unit = self.use.unit if self.use else self.resource.unit
        return self.now.times(limit, unit=unit)


def saturation_points(
    resources: Sequence[Resource],
    metrics: Metrics | None,
    *,
    level: float = 0.95,
    horizon_days: float = HORIZON_DAYS,
    time_zone: str = "UTC",
    at: pd.Timestamp | None = None,
) -> tuple[SaturationPoint, ...]:
    """All resources, the most pressing first.

    metrics: the evidence, None where none is given; level: of the intervals; horizon_days: how far to look, and 28 days
        beyond the lead time at least, two years at most; time_zone: whose clock a daily season follows; at: the moment
        to judge from, with a time zone, the evidence's last one where not given.

    As in GitLab's Tamland, what scales horizontally ranks below what does not, since more of it is had by a setting;
    within both the nearer comes first, by the early end of its interval. What is not known comes last.
    """
    check_kind("saturation_points", "resources", resources, (list, tuple), "those of `Assessment.resources`")
    found = [
        saturation_point(each, metrics, level=level, horizon_days=horizon_days, time_zone=time_zone, at=at)
        for each in resources
    ]
    return tuple(sorted(found, key=_rank))


def saturation_point(
    resource: Resource,
    metrics: Metrics | None,
    *,
    level: float = 0.95,
    horizon_days: float = HORIZON_DAYS,
    time_zone: str = "UTC",
    at: pd.Timestamp | None = None,
) -> SaturationPoint:
    """One resource; see `saturation_points`. What is not known is a state of the result; nothing is raised for it.

    Raises InvalidInput for a moment without a time zone, a horizon that is not above 0 or a level outside (0, 1).
    """
    check_level("saturation_point", level)
    check_kind("saturation_point", "a resource", resource, Resource, "one of `Assessment.resources`")
    check_kind("saturation_point", "metrics", metrics, (Metrics, NoneType), "those of `Assessment.metrics()`, or None")
    if not (is_finite(horizon_days) and horizon_days > 0):
        raise InvalidInput(f"saturation_point: found horizon_days {said(horizon_days)}; expected some above 0, as 90.")
    if not (at is None or (isinstance(at, pd.Timestamp) and at.tzinfo is not None)):
        raise InvalidInput(f"saturation_point: found at {said(at)}; expected a pandas.Timestamp with its time zone.")
    check_zone("saturation_point", time_zone)
    unknown = SaturationPoint(
        resource=resource,
        state="not measured",
        action="unknown",
        order_by=None,
        now=Estimate(math.nan, math.nan, math.nan, level, "fraction"),
        use=None,
        time=None,
        at=at,
        sentence=f"{resource.name}: not measured.",
        supply=f"Supply metrics with {resource.busy or resource.used}.",
    )
    if metrics is None:
        return unknown
    try:
        used = resource_use(resource, metrics)
    except NotMeasured as error:
        damaged = " ".join(dict.fromkeys(each.problem for each in metrics.quality if each.problem))
        if damaged:  # what is absent may have been in it
            return replace(unknown, sentence=f"Not measured: {reason_words(error)} {damaged}", supply=damaged)
        return replace(unknown, sentence=f"Not measured: {reason_words(error)}", supply=error.supply or unknown.supply)
    except NotEnoughData as error:
        return replace(
            unknown, state="history too short", sentence=reason_sentence(error), supply=reason_sentence(error)
        )
    except BrokenEvidence as error:
        return replace(
            unknown, state="contradicts its limit", sentence=reason_sentence(error), supply=reason_sentence(error)
        )
    judged_at = pd.Timestamp(metrics.frame["time"].max()) if at is None else at
    known = replace(unknown, use=used, supply="", at=judged_at, notes=_notes(resource, used, judged_at))
    return _judged(known, used, judged_at, level=level, horizon_days=horizon_days, time_zone=time_zone)


def _notes(resource: Resource, used: ResourceUse, at: pd.Timestamp) -> tuple[str, ...]:
    notes, stale = list(used.left_out), at - used.ends
    if stale > STALE:
        notes.append(f"its last value is {duration(stale.total_seconds())} old")
    if not _lead_known(resource):
        notes.append("no lead_time is given: more of it is assumed to be there at once")
    return tuple(notes)


def _judged(
    known: SaturationPoint, used: ResourceUse, at: pd.Timestamp, *, level: float, horizon_days: float, time_zone: str
) -> SaturationPoint:
    """With what is used now, the forecast, and what to do."""
    resource = known.resource
    try:
        now = typical_peak(used.utilization, level=level, unit="fraction")
    except NotEnoughData as error:
        return replace(
            known,
            state="history too short",
            sentence=f"{resource.name}: {reason_words(error)}",
            supply=reason_sentence(error),
        )
    known = replace(known, now=now)
    lead = pd.Timedelta(seconds=resource.lead_time)
    days = max(horizon_days, lead / DAY + BEYOND_DAYS)
    ahead = pd.Timedelta(days=min(days, FARTHEST_DAYS))
    if days > FARTHEST_DAYS:
        far = (
            f"the forecast looks {FARTHEST_DAYS:,} days ahead instead of {number(days)}: growth does not stay as it is"
        )
        known = replace(known, notes=(*known.notes, f"{far} for longer"))
    try:
        time = time_to_exhaustion(
            used.peaks, resource.full_at, level, horizon=ahead, time_zone=time_zone, unit="fraction"
        )
    except NotEnoughData as error:
        return _without_forecast(known, reason_words(error))
    since = _full_since(used.peaks, resource.full_at) if now.value >= resource.full_at else None
    if since is not None:
        none = Estimate(0.0, 0.0, 0.0, level, "s")
        time = replace(time, state="already", date=time.ends, low=time.ends, high=time.ends, time=none, probability=1.0)
    order_by = None if time.dates[0] is None or time.state == "already" else time.dates[0] - lead
    action: Action = "fine" if order_by is None else "order by"
    if time.state == "already" or (order_by is not None and order_by <= at):
        action = "act now"
    return replace(
        known,
        state="forecast",
        action=action,
        order_by=order_by,
        time=time,
        sentence=f"{resource.name}: {percent(now.value)} {USED}. {_told(known, time, action, order_by, since)}",
        notes=known.notes if since is not None else known.notes + time.left_out + time.caveats,
    )


def _without_forecast(known: SaturationPoint, needed: str) -> SaturationPoint:
    """Used now is known, the future is not; what is full already needs no forecast."""
    full = known.now.value >= known.resource.full_at
    told = (
        f"{percent(known.resource.full_at)} is reached: more is needed now" if full else "when it is full is not known"
    )
    return replace(
        known,
        state="history too short",
        action="act now" if full else "unknown",
        sentence=f"{known.resource.name}: {percent(known.now.value)} {USED}; {told}. The history is too "
        f"short for a forecast: {needed}",
        supply=needed,
    )


def _full_since(peaks: pd.Series, full_at: float) -> pd.Timestamp | None:
    """When the last stretch began in which every peak reached it, up to the last one; None where the last did not."""
    known = peaks.dropna()
    below = np.flatnonzero(known.to_numpy() < full_at)
    first = int(below[-1]) + 1 if len(below) else 0
    return pd.DatetimeIndex(known.index)[first] if first < len(known) else None


def _told(
    known: SaturationPoint,
    time: Exhaustion,
    action: Action,
    order_by: pd.Timestamp | None,
    since: pd.Timestamp | None,
) -> str:
    resource = known.resource
    full = percent(resource.full_at)
    lead = f"takes {duration(resource.lead_time)}" if _lead_known(resource) else "takes no time, as none is given"
    if time.state == "already":
        more = "there is no more of it: reduce its use" if resource.scales == "not at all" else f"more of it {lead}"
        when = f"since {since:%Y-%m-%d}" if since is not None else "already"
        return f"{full} is reached {when}, and {more}."
    if order_by is None or time.dates[0] is None:
        return f"{full} is not reached by {time.horizon:%Y-%m-%d}."
    early = f"{time.dates[0]:%Y-%m-%d}"
    middle = f"on {time.dates[1]:%Y-%m-%d}" if time.dates[1] is not None else f"perhaps by {time.horizon:%Y-%m-%d}"
    earliest = "" if middle == f"on {early}" else f", at the earliest on {early}"
    reached = f"{full} is reached {middle}{earliest}"
    if resource.scales == "not at all":
        return f"{reached}, and there is no more of it: reduce its use before."
    if action == "act now":
        return f"{reached}, and more of it {lead}: act now."
    return f"{reached}; more of it {lead}: order by {order_by:%Y-%m-%d}."


def _lead_known(resource: Resource) -> bool:
    return "lead_time" in resource.model_fields_set or resource.scales == "not at all"


def _rank(each: SaturationPoint) -> tuple[bool, bool, float, float, float]:
    if math.isnan(each.now.value):
        return True, False, math.inf, math.inf, 0.0
    full = each.time is None and each.now.value >= each.resource.full_at
    low, value = (each.time.time.low, each.time.time.value) if each.time else (0.0 if full else math.inf,) * 2
    return False, each.resource.scales == "horizontally", low, value, -each.now.value
