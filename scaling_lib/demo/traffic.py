"""Requests a minute, and how long they took, as the cells that the library computes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from scaling_lib.demo.delivery import Incident
from scaling_lib.demo.plan import MONTH_D, Plan, Route
from scaling_lib.evidence.cells import GAMMA
from scaling_lib.evidence.progress import progress

MINUTES_A_DAY = 1440
CHUNK_DAYS = 7  # simulated at a time, so that memory does not grow with the days
FAILED_FASTER = 0.35  # a failed request takes this share of the time of a good one
LONGEST_US = 60_000_000
REACH = 5.5  # standard deviations: beyond lies one request in some 30 million

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def _bin(took_us: Ints) -> Ints:
    return np.asarray(np.floor(np.log(took_us) / np.log(GAMMA)), dtype=np.int64)


def _values() -> Ints:
    """For each two latency bins that hold a whole tenth of a millisecond, the one in their middle."""
    every = np.arange(100, LONGEST_US + 1, 100)
    _, first, count = np.unique(_bin(every) // 2, return_index=True, return_counts=True)
    return np.asarray(every[first + count // 2], dtype=np.int64)


VALUES_US = _values()  # what a duration may be: whole tenths of milliseconds, about 4% apart


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Cells of all routes of the front service, see scaling_lib.evidence.cells, and what is planted in them.

    counts: service, route, minute, n, errors, sum_us, and good_<threshold in us>: no error, and within it.
    bins: service, route, hour, error, bin, n, sum_us.
    """

    counts: pd.DataFrame
    bins: pd.DataFrame
    truth: dict[str, Any]


def make_traffic(plan: Plan, incidents: tuple[Incident, ...]) -> Traffic:
    """Simulate the requests of the plan's days: how many of each minute took how long, of VALUES_US."""
    counts, bins = [], []
    for route in progress(plan.routes, f"Simulating {plan.system}", "route"):
        rng = plan.rng(f"traffic {route.name}")
        mean = demand(plan, route, np.arange(plan.days * MINUTES_A_DAY))
        for first in range(0, plan.days, CHUNK_DAYS):
            minutes = np.arange(first * MINUTES_A_DAY, min(first + CHUNK_DAYS, plan.days) * MINUTES_A_DAY)
            minute_cells, hour_cells = _chunk(plan, route, incidents, minutes, mean, rng)
            counts.append(minute_cells)
            bins.append(hour_cells)
    return Traffic(counts=_whole(counts), bins=_whole(bins), truth=_truth(plan))


def demand(plan: Plan, route: Route, minutes: Ints) -> Floats:
    """The expected requests in each minute, counted from the plan's start; minutes before it are negative."""
    days = minutes / MINUTES_A_DAY
    monday = plan.start.weekday() + days
    shape = (1 + plan.daily * np.cos(2 * np.pi * (days - plan.peak_hour / 24))) * (
        1 + plan.weekly * np.cos(2 * np.pi * (monday - plan.peak_day) / 7)
    )
    return np.asarray(route.per_minute * (1 + plan.growth_per_month) ** ((days - plan.days) / MONTH_D) * shape)


def _chunk(
    plan: Plan, route: Route, incidents: tuple[Incident, ...], minutes: Ints, expected: Floats, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cells of some whole hours: what fails, what is slow and what is neither are drawn apart."""
    mean = expected[minutes]
    n = rng.poisson(mean * rng.gamma(plan.dispersion, 1 / plan.dispersion, len(minutes)))
    failing, slow, factor = _planted(plan, route, incidents, minutes)
    errors = rng.binomial(n, failing)
    late = rng.binomial(n - errors, slow)
    u = np.repeat(mean.reshape(-1, 60).mean(axis=1), 60) / expected.max()
    median = route.median_ms * (1 + plan.load_shift * u**2)
    failed = _drawn(errors, FAILED_FASTER * median, route.sigma, rng)
    answered = _drawn(n - errors - late, median, route.sigma, rng)
    answered += _drawn(late, factor * median, route.sigma, rng)
    limit = route.threshold_ms * 1000
    cells = {
        "n": n,
        "errors": errors,
        "sum_us": (answered + failed) @ VALUES_US,
        f"good_{limit}": answered[:, limit >= VALUES_US].sum(axis=1),
    }
    return _counts(plan, route, minutes, cells), _bins(plan, route, int(minutes[0]) // 60, answered, failed)


def _drawn(n: Ints, median_ms: Floats, sigma: float, rng: np.random.Generator) -> Ints:
    """How many of the `n` requests of each minute take each of VALUES_US: lognormal, the nearest value of the scale."""
    found = np.zeros((len(n), len(VALUES_US)), dtype=np.int64)
    rows = np.flatnonzero(n)
    if not len(rows):
        return found
    middle = np.log(1000 * median_ms[rows])
    first = np.searchsorted(VALUES_US, np.exp(middle.min() - REACH * sigma), side="right") - 1
    last = np.searchsorted(VALUES_US, np.exp(middle.max() + REACH * sigma))
    chosen = slice(max(0, int(first)), int(last) + 1)
    edges = np.log(VALUES_US[chosen])
    below = ndtr((((edges[1:] + edges[:-1]) / 2)[None, :] - middle[:, None]) / sigma)
    share = np.diff(below, axis=1, prepend=0, append=1)
    found[rows, chosen] = rng.multinomial(n[rows], share)
    return found


def _planted(plan: Plan, route: Route, incidents: tuple[Incident, ...], minutes: Ints) -> tuple[Floats, Floats, Floats]:
    """By minute: the chance to fail, the chance to be slow, and how many times slower."""
    failing = np.full(len(minutes), plan.background_errors)
    slow, factor = np.zeros(len(minutes)), np.ones(len(minutes))
    for incident in incidents:
        if route.name not in incident.routes:
            continue
        inside = (minutes >= _minute(plan, incident.start)) & (minutes < _minute(plan, incident.end))
        if incident.kind == "errors":
            failing[inside] = incident.share
        else:
            slow[inside], factor[inside] = incident.share, incident.factor
    return failing, slow, factor


def _minute(plan: Plan, moment: datetime) -> int:
    return int((moment - plan.start) / timedelta(minutes=1))


def _counts(plan: Plan, route: Route, minutes: Ints, cells: dict[str, Ints]) -> pd.DataFrame:
    times = _times(plan, minutes * 60)
    table = pd.DataFrame({"service": plan.front.name, "route": route.name, "minute": times, **cells})
    small = {name: "int32" for name in cells if name != "sum_us"}
    return table[table["n"] > 0].astype(small)


def _bins(plan: Plan, route: Route, first_hour: int, answered: Ints, failed: Ints) -> pd.DataFrame:
    both = np.stack([answered, failed], axis=1)  # minute, error, value
    n = both.reshape(-1, 60, *both.shape[1:]).sum(axis=1)
    hour, error, value = np.nonzero(n)
    found = n[hour, error, value]
    return pd.DataFrame(
        {
            "service": plan.front.name,
            "route": route.name,
            "hour": _times(plan, (first_hour + hour) * 3600),
            "error": error == 1,
            "bin": _bin(VALUES_US[value]).astype(np.int16),
            "n": found.astype(np.int32),
            "sum_us": found * VALUES_US[value],
        }
    )


def _times(plan: Plan, seconds: Ints) -> pd.DatetimeIndex:
    start = int(plan.start.timestamp())
    return pd.DatetimeIndex((start + seconds).astype("datetime64[s]")).as_unit("us").tz_localize("UTC")


def _whole(parts: list[pd.DataFrame]) -> pd.DataFrame:
    whole = pd.concat(parts, ignore_index=True)
    for name in ("service", "route"):
        whole[name] = pd.Categorical(whole[name], categories=sorted(whole[name].unique()))
    time = "minute" if "minute" in whole.columns else "hour"
    return whole.sort_values(["service", "route", time], kind="stable", ignore_index=True)


def _truth(plan: Plan) -> dict[str, Any]:
    return {
        "growth_per_month": plan.growth_per_month,
        "month_days": MONTH_D,
        "daily_amplitude": plan.daily,
        "daily_peak_hour": plan.peak_hour,
        "weekly_amplitude": plan.weekly,
        "weekly_peak_days_after_monday": plan.peak_day,
        "scatter": f"Poisson, times a gamma factor of shape {plan.dispersion:g} in each minute",
        "background_error_share": plan.background_errors,
        "failed_requests_take": FAILED_FASTER,
        "latency": "lognormal; median_ms * (1 + load_shift u^2), u the expected demand of the hour over the largest",
        "load_shift": plan.load_shift,
        "routes": [
            {
                "route": route.name,
                "journey": route.journey,
                "backend": route.backend,
                "requests_a_minute_at_the_end": route.per_minute,
                "median_ms_without_load": route.median_ms,
                "sigma": route.sigma,
                "threshold_ms": route.threshold_ms,
            }
            for route in plan.routes
        ],
    }
