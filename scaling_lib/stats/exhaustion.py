"""When a forecast first reaches a limit: a date with its interval, and the probability by any date."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import check_choice, check_kind, check_whole, is_finite, said
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.forecast import MOST_DRAWS, SEED, Forecast
from scaling_lib.stats.regular import DAY_S
from scaling_lib.words import duration, percent, plural

Floats = NDArray[np.float64]
Of = Literal["value", "daily mean", "total"]
Side = Literal["above", "below"]
State = Literal["already", "within the horizon", "perhaps within the horizon", "not within the horizon"]

DRAWS = 2000


@dataclass(frozen=True, kw_only=True)
class Exhaustion:
    """When a series first reaches a limit.

    state: "already" (in the last week, or day where days of the week do not differ, passing events aside), "within the
        horizon" (the median is), "perhaps within the horizon" (only the early end of the interval is), "not within the
        horizon".
    date, low, high: median and ends of the interval, UTC; None where they lie beyond the horizon.
    time: the same in seconds from the end of the history; infinite beyond the horizon, 0 where already.
    probability: that the limit is reached within the horizon.
    ends, horizon: the last times of history and forecast. left_out: what of the series was not used as it is; caveats:
        the forecast's, and what single values may do. forecast: what it was told from.
    """

    limit: float
    of: Of
    side: Side
    state: State
    date: pd.Timestamp | None
    low: pd.Timestamp | None
    high: pd.Timestamp | None
    time: Estimate
    probability: float
    ends: pd.Timestamp
    horizon: pd.Timestamp
    left_out: tuple[str, ...]
    caveats: tuple[str, ...]
    forecast: Forecast = field(repr=False)
    _crossings: Floats = field(repr=False)

    @property
    def dates(self) -> tuple[pd.Timestamp | None, pd.Timestamp | None, pd.Timestamp | None]:
        """The early end of the interval, the median and the late end; None beyond the horizon."""
        return self.low, self.date, self.high

    @property
    def sentence(self) -> str:
        """The answer in words."""
        until = f"{self.horizon:%Y-%m-%d}"
        if self.state == "already":
            return "The limit is reached already."
        if self.low is None:
            return f"The limit is not reached by {until}, as far as the forecast looks."
        early, chance = f"{self.low:%Y-%m-%d}", percent(self.probability, 2)
        if self.date is None:
            return f"The limit may be reached from {early} on; that it is by {until} has a probability of {chance}."
        late = f"{self.high:%Y-%m-%d}" if self.high is not None else f"after {until}"
        return (
            f"The limit is reached on {self.date:%Y-%m-%d} ({early} to {late}, {percent(self.time.level)} interval), "
            f"{duration(self.time.value)} from the last value."
        )

    def probability_by(self, time: pd.Timestamp | str) -> float:
        """The probability that the limit is reached until a time (with a zone); NaN beyond the horizon."""
        expected = "expected a time with its time zone, such as 2027-01-01T00:00Z"
        try:
            moment = pd.Timestamp(time)
            known = isinstance(time, str | datetime) and isinstance(moment, pd.Timestamp)
        except (TypeError, ValueError):
            known = False
        if not known:
            raise InvalidInput(f"Exhaustion.probability_by: found {said(time)}; {expected}.")
        if moment.tzinfo is None:
            raise InvalidInput(f"Exhaustion.probability_by: found {time} without a time zone; {expected}.")
        if moment > self.horizon:
            return math.nan
        return float(np.mean(self._crossings <= (moment - self.ends).total_seconds()))

    def by_day(self) -> pd.Series:
        """The probability that the limit is reached, by the end of each day ahead."""
        count = math.ceil((self.horizon - self.ends).total_seconds() / DAY_S)
        seconds = DAY_S * np.arange(1.0, count + 1)
        reached = np.searchsorted(np.sort(self._crossings), seconds, side="right") / len(self._crossings)
        times = self.ends + pd.to_timedelta(seconds, unit="s")
        return pd.Series(reached, index=pd.DatetimeIndex(times, name="time"), name="probability")


def first_reached(
    forecast: Forecast,
    limit: float,
    *,
    limits: Floats | None = None,
    of: Of = "value",
    side: Side = "above",
    draws: int = DRAWS,
    seed: int = SEED,
) -> Exhaustion:
    """When a forecast first reaches a limit.

    forecast: its level is that of the interval; limit: in the series' unit. limits: (draws) what the limit may be, one
        a path, where it is not certain: the interval then holds that too.
    of: "value" (any single value, so that a day counts by its peak), "daily mean" (a day's mean), or "total" (the sum
        of the values to come, for what is left of a budget).
    side: from which the limit is exceeded: "below" for what runs out. Reaching it exactly counts.
    Raises InvalidInput for a limit that is not finite.
    """
    check_kind("first_reached", "a forecast", forecast, Forecast, "a Forecast, as `stats.forecast.forecast` gives it")
    if not is_finite(limit):
        raise InvalidInput(f"first_reached: found limit {said(limit)}; expected a finite number, in the series' unit.")
    check_choice("first_reached", "of", of, get_args(Of))
    check_choice("first_reached", "side", side, get_args(Side))
    check_whole("first_reached", "draws", draws, 1, MOST_DRAWS)
    sign = 1.0 if side == "above" else -1.0
    per_day = max(1, round(DAY_S / forecast.step.total_seconds()))
    crossings = np.full(draws, np.inf)
    each = np.full(draws, limit) if limits is None else limits
    _follow(forecast, each[:, np.newaxis], of, sign, per_day, crossings, seed)
    crossings[_already(forecast, each, of, sign, per_day)] = 0.0
    tail = (1 - forecast.level) / 2
    low, middle, high = (float(np.quantile(crossings, q, method="inverted_cdf")) for q in (tail, 0.5, 1 - tail))
    ends = forecast.recent.index[-1]
    dates = [None if math.isinf(each) else ends + pd.Timedelta(seconds=each) for each in (low, middle, high)]
    return Exhaustion(
        limit=limit,
        of=of,
        side=side,
        state=_state(low, middle),
        date=dates[1],
        low=dates[0],
        high=dates[2],
        time=Estimate(middle, low, high, forecast.level, "s"),
        probability=float(np.mean(np.isfinite(crossings))),
        ends=ends,
        horizon=forecast.frame.index[-1],
        left_out=forecast.left_out,
        caveats=(*forecast.caveats, *_single(forecast, of)),
        forecast=forecast,
        _crossings=crossings,
    )


def _already(forecast: Forecast, limits: Floats, of: Of, sign: float, per_day: int) -> NDArray[np.bool_]:
    """By limit, whether it is reached."""
    if of == "total":
        return np.asarray(sign * (0.0 - limits) >= 0)
    recent = forecast.recent.to_numpy()
    days = recent.reshape(-1, per_day)[(0 if "weekly" in forecast.season else -1) :]
    seen = days if of == "value" else np.where(np.isnan(days).all(axis=1), np.nan, _means(days))
    known = sign * seen[np.isfinite(seen)]
    return np.asarray(known.max(initial=-np.inf) >= sign * limits)


def _means(days: Floats) -> Floats:
    counts = np.isfinite(days).sum(axis=1)
    return np.asarray(np.nansum(days, axis=1) / np.maximum(counts, 1), dtype=np.float64)


def _single(forecast: Forecast, of: Of) -> list[str]:
    count = int(forecast._fit.season.passing.sum())
    if of != "value" or not count:
        return []
    return [
        f"{plural(count, 'single value')} of the history stood far out and counted as passing: such a value may reach "
        "the limit earlier than the rest."
    ]


def _follow(
    forecast: Forecast, limits: Floats, of: Of, sign: float, per_day: int, crossings: Floats, seed: int
) -> None:
    """Write into `crossings` the seconds until each path first reaches the limit."""
    step = forecast.step.total_seconds()
    so_far = np.zeros((len(crossings), 1))
    for start, values in forecast.path_parts(len(crossings), seed=seed):
        seen, after = values, 1
        if of == "total":
            seen = np.cumsum(values, axis=1) + so_far
            so_far = seen[:, -1:]
        elif of == "daily mean":
            whole = values.shape[1] // per_day
            seen, after = values[:, : whole * per_day].reshape(len(values), whole, per_day).mean(axis=2), per_day
        if not seen.shape[1]:
            continue
        reached = sign * (seen - limits) >= 0
        first = (start + (np.argmax(reached, axis=1) + 1) * after) * step
        crossings[:] = np.where(np.isinf(crossings) & reached.any(axis=1), first, crossings)


def _state(low: float, middle: float) -> State:
    if middle == 0:
        return "already"
    if math.isfinite(middle):
        return "within the horizon"
    return "perhaps within the horizon" if math.isfinite(low) else "not within the horizon"
