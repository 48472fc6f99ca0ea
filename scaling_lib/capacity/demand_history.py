"""Requests an hour with gaps, how demand moves over the week, and today's typical peak."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.evidence.requests import Requests
from scaling_lib.evidence.silence import LEAST_GAP_S, silence_limit_s
from scaling_lib.stats import Estimate, student_quantile
from scaling_lib.stats.arguments import check_kind, check_series, is_finite, said
from scaling_lib.stats.clock import check_zone
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import plural

Floats = NDArray[np.float64]
Week = tuple[int, pd.Timestamp, pd.Timestamp]  # how many weeks back, its first time and its end

MINUTE, HOUR, DAY, WEEK = pd.Timedelta(minutes=1), pd.Timedelta(hours=1), pd.Timedelta(days=1), pd.Timedelta(days=7)
WEEKS = 4  # of which the peak is typical
KNOWN = 0.9  # of a week's hours: else its busiest may be one of the others
FEWEST_DEGREES = 2  # of freedom: with one, an interval would be thirteen deviations wide
HOURS_A_WEEK = 168


@dataclass(frozen=True, kw_only=True)
class PeakDemand:
    """Today's typical peak.

    hour: the busiest hour of a usual week, requests/s; minute: the busiest minute of a usual week, requests/s.
    minute_ratio: minute over hour, x, what an hour's mean hides.
    weeks: how many it is typical of; 0 where there is no whole week. at: the end of the last of them, UTC.
    since: when the level shifted to what it is today, None where it did not within these weeks.
    definition: the same in words.
    """

    hour: Estimate
    minute: Estimate
    minute_ratio: float
    weeks: int
    at: pd.Timestamp
    since: pd.Timestamp | None
    definition: str


def minute_requests(requests: Requests, route: str = "*", service: str = "") -> pd.Series[float]:
    """Requests a minute, indexed by minute (UTC): 0 where none came, NaN where nothing was recorded.

    route, service: as for `Requests.select`. A silence of all requests of the same services that is longer than their
    rhythm explains (`evidence.silence`, at least 5 minutes) is a gap. Raises NotMeasured without a single request.
    """
    check_kind("minute_requests", "requests", requests, Requests, "those of `Assessment.requests()`")
    check_kind("minute_requests", "a route", route, str, "a text such as GET /orders or *")
    check_kind("minute_requests", "a service", service, str, 'a name, "" for all')
    chosen = requests.select(route, service).counts
    if chosen.empty:
        raise NotMeasured(
            f"The demand of {route!r} is not measured: no request matches it. Compare it with the routes in step 00.",
            supply=f"Compare the route {route!r} with those in step 00, and mend assessment.yaml.",
        )
    everyone = requests.counts[requests.counts["service"].isin(chosen["service"].unique())]
    seen = pd.DatetimeIndex(everyone["minute"].unique()).sort_values()
    series = chosen.groupby("minute")["n"].sum().astype(np.float64)
    grid = pd.date_range(seen[0], seen[-1], freq=MINUTE, name="minute")
    series = series.reindex(grid, fill_value=0.0)
    steps = np.asarray((seen[1:] - seen[:-1]).total_seconds(), dtype=np.float64)
    silent = steps > silence_limit_s(steps, LEAST_GAP_S)
    for last, following in zip(seen[:-1][silent], seen[1:][silent], strict=True):
        series.loc[last + MINUTE : following - MINUTE] = np.nan
    return series.rename("requests")


def hourly(minutes: pd.Series[float]) -> pd.Series[float]:
    """Requests an hour, indexed by the hour's start (UTC); NaN where a minute of it was not recorded.

    Hours at either end that were not recorded are left out; there may be none at all.
    """
    check_series("hourly", minutes)
    parts = minutes.resample(HOUR)
    whole = parts.sum().where(parts.count() == 60).rename("requests").rename_axis("time")
    known = whole.dropna().index
    return whole.loc[known[0] : known[-1]] if len(known) else whole.iloc[:0]


def hours_of_week(hours: pd.Series[float], time_zone: str = "UTC") -> pd.DataFrame:
    """How each hour of the week compares with the week's mean: rows 0 (Monday) to 6, columns 0 to 23, x.

    time_zone: whose clock names the hours. The median over weeks, counted back from the last whole hour; only weeks
    with 90% of their hours. All NaN without.
    """
    check_series("hours_of_week", hours)
    times = pd.DatetimeIndex(hours.index).tz_convert(check_zone("hours_of_week", time_zone))
    table = pd.DataFrame({"requests": hours.to_numpy(), "day": times.day_of_week, "hour": times.hour})
    table["week"] = (len(table) - 1 - np.arange(len(table))) // HOURS_A_WEEK
    known = table.groupby("week")["requests"].transform("count") >= KNOWN * HOURS_A_WEEK
    table["share"] = (table["requests"] / table.groupby("week")["requests"].transform("mean")).where(known)
    wide = table.pivot_table(index="day", columns="hour", values="share", aggfunc="median", dropna=False)
    return wide.reindex(index=range(7), columns=range(24))


def peak_demand(
    minutes: pd.Series[float],
    hours: pd.Series[float],
    *,
    growth_a_week: float = 0.0,
    shifts: Sequence[pd.Timestamp] = (),
    level: float = 0.95,
) -> PeakDemand:
    """Today's typical peak, from requests a minute and an hour.

    The busiest hour of each of the last four whole weeks (counted back from the end of the last whole day) that have
    90% of their hours, brought to today by the growth a week (a fraction); of them the geometric mean, with Student's t
    of the logarithms as interval where they tell how far weeks scatter: from three on. The minute is the busiest of
    each of these weeks.

    shifts: when the level of demand shifted, ascending (`Forecast.shifts`, known to the day). Weeks from before the
    last of them are not today's; where fewer than three are, they still tell how far weeks scatter about their level.
    Where there is no whole week, the busiest hour there is of today's level, without an interval.
    Raises NotEnoughData without a whole hour, InvalidInput for a growth that no demand can have.
    """
    for series in (minutes, hours):
        check_series("peak_demand", series)
    check_level("peak_demand", level)
    if not isinstance(shifts, list | tuple) or not all(isinstance(each, pd.Timestamp) and each.tz for each in shifts):
        raise InvalidInput("peak_demand: found shifts that are no times with a zone; expected `Forecast.shifts`.")
    if not (is_finite(growth_a_week) and growth_a_week > -1):
        raise InvalidInput(f"peak_demand: found growth_a_week {said(growth_a_week)}; expected a fraction above -1.")
    if hours.dropna().empty:
        raise NotEnoughData(
            "Today's peak: found no whole hour that was recorded; expected at least one, best four weeks."
        )
    end = (pd.DatetimeIndex(hours.dropna().index)[-1] + HOUR).floor("D")
    since = shifts[-1] if shifts and shifts[-1] > end - WEEKS * WEEK else None
    weeks = _whole_weeks(hours, end, since)
    before: list[Week] = []
    if since is not None and len(weeks) <= FEWEST_DEGREES:
        before = _whole_weeks(hours, since - DAY, shifts[-2] if len(shifts) > 1 else None)
    found: list[Estimate] = []
    for series, per in ((hours, 3600), (minutes, 60)):
        if weeks:
            own, earlier = (_rates(series, each, per, growth_a_week) for each in (weeks, before))
            found.append(_typical(own, earlier, level))
        else:
            settled = since + DAY if since is not None else None
            found.append(_only(float(series.loc[settled:].max()) / per, level))
    hour, minute = found
    if not weeks:
        end = pd.DatetimeIndex(hours.index)[-1] + HOUR
    return PeakDemand(
        hour=hour,
        minute=minute,
        minute_ratio=minute.value / hour.value if hour.value else math.nan,
        weeks=len(weeks),
        at=end,
        since=since,
        definition=_definition(len(weeks), end, since, grown=bool(growth_a_week), scatter=len(before)),
    )


def _whole_weeks(hours: pd.Series[float], end: pd.Timestamp, since: pd.Timestamp | None) -> list[Week]:
    """The last four weeks before an end that lie after a shift, without its day, and have 90% of their hours."""
    edges = [(place, end - (place + 1) * WEEK, end - place * WEEK) for place in range(WEEKS)]
    return [
        (place, first, last)
        for place, first, last in edges
        if (since is None or first >= since + DAY)
        and hours[(hours.index >= first) & (hours.index < last)].count() >= KNOWN * HOURS_A_WEEK
    ]


def _rates(series: pd.Series[float], weeks: list[Week], per: int, growth_a_week: float) -> Floats:
    """The highest value of each week, requests/s, brought to the end of the last of them by the growth."""
    highest = [float(series.loc[first : last - MINUTE].max()) / per for _, first, last in weeks]
    return np.array(highest) * (1 + growth_a_week) ** np.array([place for place, _, _ in weeks], dtype=np.float64)


def _typical(rates: Floats, before: Floats, level: float) -> Estimate:
    """The geometric mean of rates, with Student's t of their logarithms, whose scatter is also that of `before`."""
    if not bool((rates > 0).all()):
        return _only(float(rates.mean()), level)
    logs = [np.log(part[part > 0]) for part in (rates, before)]
    mean = float(logs[0].mean())
    degrees = sum(max(len(part) - 1, 0) for part in logs)
    if degrees < FEWEST_DEGREES:
        return _only(math.exp(mean), level)
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in logs if len(part))
    half = student_quantile(level, degrees) * math.sqrt(squares / degrees / len(rates))
    return Estimate(math.exp(mean), math.exp(mean - half), math.exp(mean + half), level, "requests/s")


def _only(value: float, level: float) -> Estimate:
    return Estimate(value, math.nan, math.nan, level, "requests/s")


def _definition(weeks: int, end: pd.Timestamp, since: pd.Timestamp | None, *, grown: bool, scatter: int) -> str:
    shifted = f" since the level shifted on {since:%Y-%m-%d}" if since is not None else ""
    if not weeks:
        return f"The busiest hour there is{shifted}: no whole week was recorded."
    words = (
        f"The busiest hour of a week, over the last {plural(weeks, 'whole week')}{shifted} (until {end:%Y-%m-%d} 00:00 "
        "UTC)"
    )
    if grown and weeks > 1:
        words += ", each brought to today by the growth"
    if scatter:
        words += f"; how far weeks scatter is that of the {plural(scatter, 'week')} before too"
    return words + "."
