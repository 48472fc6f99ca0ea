"""How a resource that gauges measure fills with recorded traffic, where no load test has shown it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.fills import Fill
from scaling_lib.capacity.request_rates import RequestRates, request_rates
from scaling_lib.capacity.resource_use import resource_use
from scaling_lib.config_resources import Resource
from scaling_lib.errors import NotEnoughData, ScalingError
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.model.uncertainty import DRAWS, Floats, generator, interval
from scaling_lib.stats.student import student_quantile
from scaling_lib.words import number, percent, plural

FEWEST_DAYS = 7
FEWEST_HOURS = 4  # of a day, for its rise and fall
EXPLAINED = 0.25  # of what varies within days: less, and traffic is not what fills it
RECENT = 7  # days that tell what is used beside traffic
TOP = 0.99  # quantile of the use that is called the highest


def recorded_fills(system: Assessment, known: set[str], *, level: float) -> tuple[tuple[Fill, ...], tuple[str, ...]]:
    """Those that fill with traffic, and the names of those of which it is not known whether they do.

    known: resources whose limit is told otherwise. Hourly means, each day on its own, with what grows by time within
    the days taken away, as a disk does; the error is a jackknife over days. What is in use beside traffic is that of
    the last week. Rates and use are of today's mix; the load at which it is full is extrapolated along a straight line.
    """
    asked = [each for each in system.resources if each.used and each.name not in known]
    unknown = [each.name for each in system.resources if each.busy and each.name not in known]
    if not asked:
        return (), tuple(unknown)
    try:
        metrics = system.metrics()
        rates = request_rates(system, metrics, None)
    except ScalingError:
        return (), (*unknown, *(each.name for each in asked))
    found = []
    for resource in asked:
        try:
            fill = _fill(resource, metrics, rates, level)
        except ScalingError:
            unknown.append(resource.name)
            continue
        found += [fill] if fill else []
    return tuple(found), tuple(unknown)


def _fill(resource: Resource, metrics: Metrics, rates: RequestRates, level: float) -> Fill | None:
    """None where it does not fill with traffic."""
    use = resource_use(resource, metrics).utilization
    came = rates.of(use).sum(axis=1, min_count=1)
    hours = pd.DataFrame({"use": use.resample("h").mean(), "rate": came.resample("h").mean()}).dropna()
    counts = hours.groupby(pd.DatetimeIndex(hours.index).floor("D"))["use"].transform("size")
    hours = hours[counts >= FEWEST_HOURS]
    day = pd.DatetimeIndex(hours.index).floor("D")
    if day.nunique() < FEWEST_DAYS:
        raise NotEnoughData(
            f"{resource.name}: found {plural(day.nunique(), 'day')} on which its use and the traffic are known; "
            f"expected at least {FEWEST_DAYS}."
        )
    at = pd.Series(pd.DatetimeIndex(hours.index).hour.to_numpy(float), index=hours.index)
    apart = hours.assign(at=at).groupby(day).transform(lambda each: each - each.mean())
    by_time = apart[["use", "rate"]].to_numpy(), apart["at"].to_numpy()
    slopes = by_time[1] @ by_time[0] / (by_time[1] @ by_time[1])
    own, load = (by_time[0] - np.outer(by_time[1], slopes)).T
    if float(load @ load) <= 0 or float(own @ own) <= 0:
        return None
    products, squares = (pd.Series(each).groupby(day).sum().to_numpy() for each in (own * load, load * load))
    each_s = float(products.sum() / squares.sum())
    without = (products.sum() - products) / (squares.sum() - squares)
    days = len(products)
    error = float(np.sqrt((days - 1) / days * ((without - without.mean()) ** 2).sum()))
    explained = float(own @ load) ** 2 / float((own @ own) * (load @ load))
    if each_s - student_quantile(level, days - 1) * error <= 0 or explained < EXPLAINED:
        return None
    return _filled(resource, hours, each_s, error, days, level)


def _filled(resource: Resource, hours: pd.DataFrame, each_s: float, error: float, days: int, level: float) -> Fill:
    last = hours[hours.index > hours.index[-1] - pd.Timedelta(days=RECENT)]
    used, rate = float(last["use"].mean()), float(last["rate"].mean())
    numbers = generator("recorded", resource.name)
    spread = numbers.standard_normal(DRAWS) / np.sqrt(numbers.chisquare(days - 1, DRAWS) / (days - 1))
    slopes: Floats = np.maximum(each_s + error * spread, 1e-3 * each_s)
    idle: Floats = np.clip(used - slopes * rate, 0.0, 1.0)
    beside = min(max(used - each_s * rate, 0.0), 1.0)
    full = (1 - beside) / each_s
    highest = percent(float(hours["use"].quantile(TOP)))
    return Fill(
        resource=resource.name,
        full=interval(full, (1 - idle) / slopes, level, "requests/s"),
        idle=interval(beside, idle, level, "fraction"),
        each=interval(each_s, slopes, level, "s"),
        seen=False,
        draws=np.column_stack([idle, slopes]),
        note=(
            f"How {resource.name} fills is told from recorded traffic, up to {number(float(hours['rate'].max()))} "
            f"requests/s and {highest} of it in an hour: that it goes on so to the end is assumed."
        ),
        recorded=True,
    )
