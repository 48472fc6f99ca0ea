"""How a resource's use may run on beyond the loads it was measured at: along a line, a power law or a parabola."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scaling_lib.model.least_squares import drawn_fit
from scaling_lib.model.uncertainty import DRAWS, Floats
from scaling_lib.stats.estimate import Estimate
from scaling_lib.words import quantity

if TYPE_CHECKING:
    from scaling_lib.model.system import System

FAR = 1.2  # times the highest measured rate: a limit beyond it is extrapolated
TOP = 0.95  # quantile of the rates, which one odd point does not move
PLATEAU = 0.9  # of the highest rate: points above it may lie on a plateau, where the law is that of the full system
LEAST = 0.1  # of the highest rate: a power law tells little of points below it, whose logarithms are mostly noise
FEWEST_POINTS = 8
LAWS = ("line", "power law", "parabola")
VALUED = "power law"  # whose limit is taken for the value


@dataclass(frozen=True, kw_only=True, eq=False)
class Beyond:
    """What the points of a resource's utilisation law say of the loads beyond them.

    highest: the highest measured rate, requests/s. demand, background: of the straight line, seconds a request and
        servers. power: the logarithm of the use at `highest` and the exponent; parabola: its coefficients in rate over
        `highest`. Each has a first row of values, and then one for each draw.
    """

    highest: float
    demand: float
    background: float
    power: Floats
    parabola: Floats

    def limits(self, law: str, full: float) -> Floats:
        """The rates at which so many servers are in use, requests/s: (1 + DRAWS); unlimited where it never is."""
        if law == "power law":
            with np.errstate(over="ignore", divide="ignore"):
                times = np.exp((math.log(full) - self.power[:, 0]) / self.power[:, 1])
            return np.asarray(self.highest * np.where(self.power[:, 1] > 0, times, math.inf))
        start, slope, curve = self.parabola.T
        root = slope**2 + 4 * curve * (full - start)
        below = slope + np.sqrt(np.maximum(root, 0.0))  # the nearer of two roots, also where the curve is flat
        reached = (root >= 0) & (below > 0)
        return np.asarray(
            self.highest * np.divide(2 * (full - start), below, out=np.full(len(start), math.inf), where=reached)
        )


def beyond(rates: Floats, busy: Floats, demand: float, background: float) -> Beyond | None:
    """See `Beyond`; of points (requests/s, servers in use) in order of time. None where too few lie below the plateau.

    Errors are those of `least_squares`: a jackknife over blocks of neighbouring points.
    """
    highest = float(np.quantile(rates, TOP))
    used = (rates >= LEAST * highest) & (rates <= PLATEAU * highest) & (busy > 0)
    if int(used.sum()) < FEWEST_POINTS or demand <= 0:
        return None
    place, use = rates[used] / highest, busy[used]
    ones = np.ones(len(place))
    return Beyond(
        highest=highest,
        demand=demand,
        background=background,
        power=drawn_fit(np.column_stack([ones, np.log(place)]), np.log(use), np.array([0.0, 1.0])),
        parabola=drawn_fit(np.column_stack([ones, place, place**2]), use, np.array([0.0, 0.0, 1.0])),
    )


def extrapolated(system: System) -> dict[str, float]:
    """By resource whose limit is more than 1.2 times the highest rate that was measured of it: that rate.

    In the system's own requests: where a fix halves what one asks for, twice the rate was measured.
    """
    found = {}
    for resource, (law, full, times) in _laws(system).items():
        line = (full - law.background) / law.demand
        if line > FAR * law.highest:
            found[resource] = law.highest * times
    return found


def saturation(system: System, estimated: Collection[str] = ()) -> Estimate:
    """The throughput at which the first resource is full, where it may be far beyond the measured loads.

    Of an extrapolated resource the value is the power law's; the interval reaches from the lowest low end of line,
    power law and parabola to the highest high end, unlimited where more of the parabola's draws than lie above an
    interval never fill it. Of others it is the line's, as of `System.limits`.
    estimated: resources of which the demand that is left was told by a share of their work, which has no error of its
    own: they end no upper end where something is extrapolated.
    """
    draws = saturation_draws(system, estimated)
    part = (1 - system.level) / 2
    ends = [np.quantile(each[1:], [part, 1 - part], method="inverted_cdf") for each in draws]
    value = float(draws[LAWS.index(VALUED)][0])
    low, high = min(float(each[0]) for each in ends), max(float(each[1]) for each in ends)
    if system.without_ends & system.limits().keys():
        low = high = math.nan
    return Estimate(value, _least(low, value), _most(high, value), system.level, "requests/s")


def told(limit: Estimate, measured_to: float) -> str:
    """A limit in words that say where it is extrapolated, and where it is not known how far it goes.

    measured_to: the highest rate that what limits was measured at, NaN where the limit is not extrapolated.
    """
    if math.isnan(measured_to):
        return str(limit)
    loads = f"loads up to {quantity(measured_to, 'requests/s')}"
    if math.isinf(limit.high):
        least, value = quantity(limit.low, "requests/s"), quantity(limit.value)
        return f"at least {least}, perhaps {value} (the upper end is not known from {loads})"
    return f"{limit}, extrapolated from {loads}"


def saturation_draws(system: System, estimated: Collection[str] = ()) -> tuple[Floats, ...]:
    """By law the saturation (1 + DRAWS), its value first; all the same where nothing is extrapolated."""
    values, draws = system.limits(), system.limit_draws()
    line = {name: np.concatenate([[values[name].value], draws[name]]) for name in draws}
    laws, far = _laws(system), extrapolated(system)
    found = []
    for law in LAWS:
        limits = dict(line)
        if law != "line":
            for name in far:
                own, full, times = laws[name]
                limits[name] = own.limits(law, full) * times
        if law == "parabola" and far:
            limits = {name: each for name, each in limits.items() if name not in estimated}
        found.append(np.min([*limits.values(), np.full(1 + DRAWS, math.inf)], axis=0))
    return tuple(found)


def gain(before: System, after: System, estimated: Collection[str] = ()) -> tuple[float, float, float]:
    """By how much the saturation rises: its value, low and high end over all laws, "x"."""
    part = (1 - before.level) / 2
    ratios = []
    for one, other in zip(saturation_draws(before), saturation_draws(after, estimated), strict=True):
        ratios.append(np.divide(other, one, out=np.ones(1 + DRAWS), where=np.isfinite(one)))
    ends = [np.quantile(each[1:], [part, 1 - part], method="inverted_cdf") for each in ratios]
    value = float(ratios[LAWS.index(VALUED)][0])
    low, high = min(float(each[0]) for each in ends), max(float(each[1]) for each in ends)
    return value, _least(low, value), _most(high, value)


def _laws(system: System) -> dict[str, tuple[Beyond, float, float]]:
    """By resource its law, the servers that it has for requests and background, and how many requests of now ask for as
    much as one that was measured."""
    found = {}
    for resource, law in system.beyond.items():
        demand = system.mean_demand(resource).value
        if not (demand > 0 and math.isfinite(system.parts.servers[resource])):
            continue
        kept_back = max(system.parts.background[resource].value - law.background, 0.0)
        found[resource] = law, float(system.parts.servers[resource]) - kept_back, law.demand / demand
    return found


def _least(low: float, value: float) -> float:
    return low if math.isnan(low) else min(low, value)


def _most(high: float, value: float) -> float:
    return high if math.isnan(high) else max(high, value)
