"""Demand by journey: its history, today's peak, its growth, and when so many times today's peak is reached."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from types import NoneType
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from scaling_lib.capacity.demand_history import (
    DAY,
    WEEK,
    PeakDemand,
    hourly,
    hours_of_week,
    minute_requests,
    peak_demand,
)
from scaling_lib.capacity.reasons import reason_words
from scaling_lib.config import Demand, Journey
from scaling_lib.errors import NotEnoughData, NotMeasured
from scaling_lib.evidence.requests import Requests
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import check_kind
from scaling_lib.stats.clock import check_zone
from scaling_lib.stats.exhaustion import Exhaustion, first_reached
from scaling_lib.stats.forecast import Forecast, forecast
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import duration, number

ALL_REQUESTS = "all requests"
MONTH_DAYS = 30.4375  # a twelfth of a year
YEAR_S = 365.25 * 86_400
FARTHEST = 4  # times the history: beyond, a forecast is an extrapolation
LONGEST = pd.Timedelta(days=3653)  # ten years: nothing is said beyond
HOURS_OF_A_DAY = 20  # that have to be known for its peak
NO_GROWTH = 1e-6  # a fraction: what rounding leaves of a demand that stays as it is


@dataclass(frozen=True, kw_only=True)
class DemandAhead:
    """When demand is so many times today's peak, and what it is by a date.

    factor: as asked. by: the date, None where none is asked for. at: the busiest hour of the week before it,
    requests/s, and times: the same over today's peak as it stands, x; None without a date that can be answered.
    extrapolated: whether the date lies further ahead than four times the history is long.
    reached: when a day's busiest hour first is factor times today's peak, within `horizon`; infinite beyond it.
    beyond: years until then if growth stays as it is for all that time, None where it is within the horizon or growth
        is not told from none: an extrapolation, from exponential growth at its fastest to linear growth at its slowest
        where the history does not tell the two.
    sentence: the answer in words.
    """

    factor: float
    by: pd.Timestamp | None
    at: Estimate | None
    times: Estimate | None
    extrapolated: bool
    reached: Exhaustion
    horizon: pd.Timedelta
    beyond: Estimate | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class JourneyDemand:
    """The demand of one journey, or of all requests.

    journey: its name. minutes, hours: requests a minute and an hour, by their start (UTC), NaN where not recorded.
    days: the busiest hour of each day, requests/s, from which the forecast is made; days, and all dates of forecast and
    `ahead`, are those of the time zone that was asked for, and stand as 00:00 UTC. peak: today's typical peak.
    season: `hours_of_week`. growth: of the busiest hour, a fraction a month of 30.4375 days, NaN where the history is
    too short; growth_told: whether its interval excludes none. forecast: of `days`; None where it is too short.
    ahead: None without a horizon or a forecast. notes: what is not known, and what a forecast says of itself.
    """

    journey: str
    minutes: pd.Series[float] = field(repr=False)
    hours: pd.Series[float] = field(repr=False)
    days: pd.Series[float] = field(repr=False)
    peak: PeakDemand
    season: pd.DataFrame = field(repr=False)
    growth: Estimate
    growth_told: bool
    forecast: Forecast | None = field(repr=False)
    ahead: DemandAhead | None
    notes: tuple[str, ...]


def demand_of(
    requests: Requests,
    journey: Journey | None = None,
    *,
    horizon: Demand | None = None,
    level: float = 0.95,
    time_zone: str = "UTC",
) -> JourneyDemand:
    """The demand of a journey's route, or of all requests where none is given.

    horizon: the factor and date to answer for; level: of the intervals; time_zone: an IANA name, whose clock begins
    the days, names the hours of the week and reads a date without an offset.

    The forecast is of each day's busiest hour, which capacity has to hold; days with fewer than 20 recorded hours are
    gaps. It goes to the date or four times as far as the history is long, whichever is further, and ten years at most.
    Raises NotMeasured where no request matches, or the journey has no route; NotEnoughData without a whole hour.
    """
    check_level("demand_of", level)
    check_kind("demand_of", "requests", requests, Requests, "those of `Assessment.requests()`")
    check_kind("demand_of", "a journey", journey, (Journey, NoneType), "one of `Assessment.journeys`, or None for all")
    check_kind("demand_of", "a horizon", horizon, (Demand, NoneType), "a config.Demand, or None without one")
    name, route, service = ALL_REQUESTS, "*", ""
    if journey is not None:
        name, route, service = journey.name, journey.route, journey.service
        if not route:
            raise NotMeasured(
                f"The demand of {name} is not measured: it has no route of its own.",
                supply=f"Give the journey {name} a `route`, or look at those of its steps.",
            )
    zone = check_zone("demand_of", time_zone)
    minutes = minute_requests(requests, route, service)
    hours = hourly(minutes)
    days = _days(hours, zone)
    ends = pd.DatetimeIndex(days.index)[-1] + DAY if len(days) else None
    notes: list[str] = []
    found, growth, told = None, Estimate(math.nan, math.nan, math.nan, level, "fraction"), False
    by = _by(horizon, zone)
    try:
        found = forecast(days, _horizon(days, by, ends), level=level, unit="requests/s")
        growth, told = _without_rounding(found.growth_per(MONTH_DAYS)), found.growth_told
        notes += [*found.left_out, *found.caveats]
    except NotEnoughData as error:
        notes.append(f"Growth is not known: {reason_words(error)}")
    a_week = found.growth.value if found is not None and told and growth.unit == "fraction" else 0.0
    shifts = [_moment(day, zone) for day in found.shifts] if found is not None else []
    peak = peak_demand(minutes, hours, growth_a_week=a_week, shifts=shifts, level=level)
    if peak.since is not None:
        notes.append(f"Today's peak follows the last level of demand. {peak.definition}")
    ahead = None
    if horizon is not None and found is not None and ends is not None:
        ahead = _ahead(found, days, peak, horizon.factor, by, ends)
    return JourneyDemand(
        journey=name,
        minutes=minutes,
        hours=hours,
        days=days,
        peak=peak,
        season=hours_of_week(hours, time_zone),
        growth=growth,
        growth_told=told,
        forecast=found,
        ahead=ahead,
        notes=tuple(notes),
    )


def _without_rounding(growth: Estimate) -> Estimate:
    """A growth that is as good as none is none."""
    ends = (growth.value, growth.low, growth.high)
    value, low, high = (0.0 if abs(end) < NO_GROWTH else end for end in ends)
    return replace(growth, value=value, low=low, high=high)


def _days(hours: pd.Series[float], zone: ZoneInfo) -> pd.Series[float]:
    """The busiest hour of each day, requests/s; NaN where too few hours of it are known, left out at either end."""
    dates = pd.DatetimeIndex(hours.index).tz_convert(zone).tz_localize(None).normalize().tz_localize("UTC")
    parts = hours.groupby(dates.rename("time"))
    most = (parts.max() / 3600).where(parts.count() >= HOURS_OF_A_DAY)
    known = most.dropna().index
    return most.loc[known[0] : known[-1]].asfreq("D") if len(known) else most.iloc[:0]


def _by(horizon: Demand | None, zone: ZoneInfo) -> pd.Timestamp | None:
    """The date that is asked for, by the zone's clock, as 00:00 UTC stands for its days."""
    if horizon is None or horizon.by is None:
        return None
    time = pd.Timestamp(horizon.by)
    return (time if time.tzinfo is None else time.tz_convert(zone).tz_localize(None)).tz_localize("UTC")


def _moment(day: pd.Timestamp, zone: ZoneInfo) -> pd.Timestamp:
    """When a day began by the zone's clock, UTC."""
    local = day.tz_localize(None).tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return local.tz_convert("UTC")


def _horizon(days: pd.Series[float], by: pd.Timestamp | None, ends: pd.Timestamp | None) -> int:
    """Days ahead."""
    ahead = FARTHEST * len(days)
    if by is not None and ends is not None:
        ahead = max(ahead, math.ceil((by - ends) / DAY))
    return min(max(ahead, 1), LONGEST // DAY)


def _ahead(
    found: Forecast,
    days: pd.Series[float],
    peak: PeakDemand,
    factor: float,
    by: pd.Timestamp | None,
    ends: pd.Timestamp,
) -> DemandAhead:
    today = peak.hour.value
    reached = first_reached(found, factor * today)
    horizon = pd.DatetimeIndex(found.frame.index)[-1] + DAY - ends
    beyond = None
    if not math.isfinite(reached.time.value) and found.growth_told:
        beyond = _years(found, factor)
    at = times = None
    extrapolated = by is not None and by - ends > FARTHEST * len(days) * DAY
    if by is not None and ends < by <= ends + horizon and today > 0:
        at = _peak_before(found, by)
        times = at.times(1 / today, unit="x")
    return DemandAhead(
        factor=factor,
        by=by,
        at=at,
        times=times,
        extrapolated=extrapolated,
        reached=reached,
        horizon=horizon,
        beyond=beyond,
        sentence=_sentence(factor, by, times, reached, horizon, beyond, extrapolated=extrapolated),
    )


def _peak_before(found: Forecast, by: pd.Timestamp) -> Estimate:
    """The busiest hour of the week that ends on a date, requests/s."""
    times = pd.DatetimeIndex(found.frame.index)
    wanted = np.flatnonzero((times + DAY > by - WEEK) & (times < by))
    highest = np.full(0, -np.inf)
    for start, values in found.path_parts():
        inside = wanted[(wanted >= start) & (wanted < start + values.shape[1])] - start
        if len(inside):
            most = values[:, inside].max(axis=1)
            highest = np.maximum(highest, most) if len(highest) else most
    tail = (1 - found.level) / 2
    low, value, high = np.quantile(highest, [tail, 0.5, 1 - tail])
    return Estimate(float(value), float(low), float(high), found.level, "requests/s")


def _years(found: Forecast, factor: float) -> Estimate | None:
    """Until demand is `factor` times today's if growth stays: exponential at its fastest, linear at its slowest."""
    year = YEAR_S / 86_400
    growth = found.growth_per(1.0)
    if growth.unit != "fraction" or growth.low <= 0 or factor <= 1:
        return None
    rates = (growth.value, growth.high, growth.low)
    compounded = {rate: math.log(factor) / math.log1p(rate) / year for rate in rates}
    straight = {rate: (factor - 1) / rate / year for rate in rates}
    exponential = found.exponential > 0.5
    value = compounded[growth.value] if exponential else straight[growth.value]
    high = compounded[growth.low] if found.exponential >= 0.9 else straight[growth.low]
    low = straight[growth.high] if found.exponential <= 0.1 else compounded[growth.high]
    return Estimate(value, min(low, value), max(high, value), found.level, "years")


def _sentence(
    factor: float,
    by: pd.Timestamp | None,
    times: Estimate | None,
    reached: Exhaustion,
    horizon: pd.Timedelta,
    beyond: Estimate | None,
    *,
    extrapolated: bool,
) -> str:
    words = []
    if by is not None and times is not None:
        label = ", an extrapolation beyond four times the history" if extrapolated else ""
        words.append(f"By {by:%Y-%m-%d} demand is {times} today's peak{label}.")
    elif by is not None:
        words.append(f"What demand is on {by:%Y-%m-%d} cannot be said: expected a date within {_span(horizon)} ahead.")
    what = f"{number(factor)} times today's peak"
    if reached.state == "already":
        words.append(f"{what} was reached within the last week.")
    elif reached.date is not None:
        early = f"{reached.low:%Y-%m-%d}" if reached.low is not None else "then"
        late = f"{reached.high:%Y-%m-%d}" if reached.high is not None else "later than can be said"
        words.append(f"{what} is reached about {reached.date:%Y-%m-%d} ({early} to {late}).")
    else:
        perhaps = "perhaps, but not likely," if reached.low is not None else "not"
        words.append(f"{what} is {perhaps} reached within {_span(horizon)} at this growth.")
        if beyond is not None:
            words.append(f"If growth stayed so for all that time, it would take {beyond}: an extrapolation.")
    text = " ".join(words)
    return text[0].upper() + text[1:]


def _span(horizon: pd.Timedelta) -> str:
    seconds = horizon.total_seconds()
    return duration(seconds) if seconds < 2 * YEAR_S else f"{number(seconds / YEAR_S, 2)} years"
