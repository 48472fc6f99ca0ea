"""Requests an hour with gaps, how demand moves over the week, and today's typical peak."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import NotEnoughData, NotMeasured
from scaling_lib.evidence.requests import Requests
from scaling_lib.evidence.silence import silence_limit_s
from scaling_lib.stats import Estimate, mean_interval
from scaling_lib.words import plural

MINUTE, HOUR, WEEK = pd.Timedelta(minutes=1), pd.Timedelta(hours=1), pd.Timedelta(days=7)
LEAST_GAP_S = 300.0
WEEKS = 4  # of which the peak is typical
KNOWN = 0.9  # of a week's hours: else its busiest may be one of the others
HOURS_A_WEEK = 168


@dataclass(frozen=True, kw_only=True)
class PeakDemand:
    """Today's typical peak.

    hour: the busiest hour of a usual week, requests/s; minute: the busiest minute of a usual week, requests/s.
    minute_ratio: minute over hour, x, what an hour's mean hides.
    weeks: how many it is typical of; 0 where there is no whole week. at: the end of the last of them, UTC.
    definition: the same in words.
    """

    hour: Estimate
    minute: Estimate
    minute_ratio: float
    weeks: int
    at: pd.Timestamp
    definition: str


def minute_requests(requests: Requests, route: str = "*", service: str = "") -> pd.Series[float]:
    """Requests a minute, indexed by minute (UTC): 0 where none came, NaN where nothing was recorded.

    route, service: as for `Requests.select`. A silence of all requests of the same services that is longer than their
    rhythm explains (`evidence.silence`, at least 5 minutes) is a gap. Raises NotMeasured without a single request.
    """
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
    parts = minutes.resample(HOUR)
    whole = parts.sum().where(parts.count() == 60).rename("requests").rename_axis("time")
    known = whole.dropna().index
    return whole.loc[known[0] : known[-1]] if len(known) else whole.iloc[:0]


def hours_of_week(hours: pd.Series[float]) -> pd.DataFrame:
    """How each hour of the week (UTC) compares with the week's mean: rows 0 (Monday) to 6, columns 0 to 23, x.

    The median over weeks, counted back from the last whole hour; only weeks with 90% of their hours. All NaN without.
    """
    times = pd.DatetimeIndex(hours.index)
    table = pd.DataFrame({"requests": hours.to_numpy(), "day": times.day_of_week, "hour": times.hour})
    table["week"] = (len(table) - 1 - np.arange(len(table))) // HOURS_A_WEEK
    known = table.groupby("week")["requests"].transform("count") >= KNOWN * HOURS_A_WEEK
    table["share"] = (table["requests"] / table.groupby("week")["requests"].transform("mean")).where(known)
    wide = table.pivot_table(index="day", columns="hour", values="share", aggfunc="median", dropna=False)
    return wide.reindex(index=range(7), columns=range(24))


def peak_demand(
    minutes: pd.Series[float], hours: pd.Series[float], *, growth_a_week: float = 0.0, level: float = 0.95
) -> PeakDemand:
    """Today's typical peak, from requests a minute and an hour.

    The busiest hour of each of the last four whole weeks (counted back from the end of the last whole day) that have
    90% of their hours, brought to today by the growth a week (a fraction); of them the geometric mean, with Student's t
    of the logarithms as interval from three weeks on. The minute is the busiest of each of these weeks.
    Where there is no such week, the busiest hour there is, without an interval.
    Raises NotEnoughData without a whole hour.
    """
    if hours.dropna().empty:
        raise NotEnoughData(
            "Today's peak: found no whole hour that was recorded; expected at least one, best four weeks."
        )
    end = (pd.DatetimeIndex(hours.dropna().index)[-1] + HOUR).floor("D")
    found = [
        (place, busiest)
        for place in range(WEEKS)
        if (busiest := _busiest(hours[(hours.index >= end - (place + 1) * WEEK) & (hours.index < end - place * WEEK)]))
        is not None
    ]
    words = (
        f"The busiest hour of a week, over the last {plural(len(found), 'whole week')} (until {end:%Y-%m-%d} 00:00 UTC)"
        + (", each brought to today by the growth." if growth_a_week else ".")
    )
    weeks = len(found)
    if not found:
        found = [(0, pd.DatetimeIndex(hours.index)[int(np.nanargmax(hours.to_numpy()))])]
        end, words = pd.DatetimeIndex(hours.index)[-1] + HOUR, "The busiest hour there is: no whole week was recorded."
    grown = np.array([(1 + growth_a_week) ** place for place, _ in found])
    by_hour = grown * np.array([float(hours[time]) / 3600 for _, time in found])
    within = (
        [(end - (place + 1) * WEEK, end - place * WEEK - MINUTE) for place, _ in found] if weeks else [(None, None)]
    )
    by_minute = grown * np.array([float(minutes.loc[first:last].max()) / 60 for first, last in within])
    hour, minute = _typical(by_hour, level), _typical(by_minute, level)
    return PeakDemand(
        hour=hour,
        minute=minute,
        minute_ratio=minute.value / hour.value if hour.value else math.nan,
        weeks=weeks,
        at=end,
        definition=words,
    )


def _busiest(week: pd.Series[float]) -> pd.Timestamp | None:
    if week.count() < KNOWN * HOURS_A_WEEK:
        return None
    return pd.DatetimeIndex(week.index)[int(np.nanargmax(week.to_numpy()))]


def _typical(rates: NDArray[np.float64], level: float) -> Estimate:
    """The geometric mean of rates, with Student's t of their logarithms."""
    if not bool((rates > 0).all()):
        return Estimate(float(rates.mean()), math.nan, math.nan, level, "requests/s")
    logs = mean_interval(np.log(rates), level)
    value, low, high = (math.exp(end) for end in (logs.value, logs.low, logs.high))
    return Estimate(value, low, high, level, "requests/s")
