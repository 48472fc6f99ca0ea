"""The knee of a load test: the users from which on they mostly wait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from scaling_lib.model.load_test_demands import LIGHT, LoadTestDemands
from scaling_lib.model.plateau import Plateau, highest_seen, plateau
from scaling_lib.stats import Estimate
from scaling_lib.words import number, quantity

__all__ = ["Knee", "Plateau", "highest_seen", "knee", "plateau"]


@dataclass(frozen=True, kw_only=True)
class Knee:
    """N* = X_max (R0 + Z): fewer users do not fill what limits, more only wait.

    users: with interval; where the limit was not reached, the value is NaN, low what is certain, and high infinite.
    outcome: "within the tested range", "beyond the tested range" (the heaviest level has fewer users), "extrapolated"
        (the limit is that of a fitted scalability law), or "not reached". limit: X_max, requests/s; response: R0, and
    think_time: Z, seconds, NaN where durations are not known. sentence: the same in words.
    """

    users: Estimate
    outcome: Literal["within the tested range", "beyond the tested range", "extrapolated", "not reached"]
    limit: Estimate
    response: Estimate
    think_time: Estimate
    sentence: str


def knee(found: Plateau, demands: LoadTestDemands | None, levels: pd.DataFrame, *, level: float = 0.95) -> Knee:
    """The knee of a closed test, where the asymptotes of light and of heavy load cross.

    found: its plateau; demands: `model.calibration.from_load_test` of the same levels, which tells the response of the
    lightest level (R0, the sum of all demands) and the time that users think (Z); None where durations are not known:
    then R0 + Z is the users of the lightest level over its throughput. levels: these, as for `plateau`.

    X_max is the plateau, 1 / Dmax of what limits it (more than one server included). The interval is that of a product
    of independent estimates from their own intervals (MOVER, to the first order): the relative half widths add up in
    squares, either side by itself. Where too few light levels leave the interval of Z unknown, that of their
    throughput stands for it, as R0 + Z = users / throughput. R0 is an upper bound: it holds the waiting of the lightest
    level, too.
    Sources: Lazowska, Zahorjan, Graham and Sevcik, Quantitative System Performance (1984), chapter 5; Zou and Donner,
    Construction of confidence limits about effect measures, Statistics in Medicine 27 (2008).
    """
    extrapolated = demands is not None and not found.reached and demands.method == "scalability law"
    limit = demands.limit if demands and extrapolated else found.throughput
    stay = _stay(demands, levels, level) if demands else _stay_of_users(levels, level)
    unknown = Estimate(math.nan, math.nan, math.nan, level, "s")
    parts = {
        "limit": limit,
        "response": demands.total_demand if demands else unknown,
        "think_time": demands.think_time if demands else unknown,
    }
    if not (found.reached or extrapolated):
        certain = limit.low * (stay.value if math.isnan(stay.low) else stay.low)
        return Knee(
            users=Estimate(math.nan, certain, math.inf, level, "users"),
            outcome="not reached",
            sentence=f"The knee is not known, only that it lies above {number(certain)} users. {found.sentence}",
            **parts,
        )
    value = limit.value * stay.value
    below = math.hypot(1 - limit.low / limit.value, 1 - stay.low / stay.value)
    above = math.hypot(limit.high / limit.value - 1, stay.high / stay.value - 1)
    users = Estimate(value, value * max(1 - below, 0.0), value * (1 + above), level, "users")
    each = f"{quantity(stay.value, 's')} from one request of a user to the next at the lightest level"
    if demands:
        work, thinking = (quantity(part.value, "s") for part in (demands.total_demand, demands.think_time))
        each = f"({work} of work + {thinking} of thinking)"
    words = f"From {users} on more users mostly wait: {quantity(limit.value, 'requests/s')} x {each}."
    if extrapolated:
        return Knee(users=users, outcome="extrapolated", sentence=f"{words} The limit is extrapolated.", **parts)
    return Knee(
        users=users,
        outcome="within the tested range" if value <= float(levels["users"].max()) else "beyond the tested range",
        sentence=words,
        **parts,
    )


def _stay(demands: LoadTestDemands, levels: pd.DataFrame, level: float) -> Estimate:
    """R0 + Z, seconds: independent estimates; a response whose interval is not known adds none."""
    parts = (demands.total_demand, demands.think_time)
    value = parts[0].value + parts[1].value
    below = math.hypot(*(0.0 if math.isnan(each.low) else each.value - each.low for each in parts))
    above = math.hypot(*(0.0 if math.isnan(each.high) else each.high - each.value for each in parts))
    if math.isnan(demands.think_time.low):
        below = above = value * _light_error(levels)
    return Estimate(value, value - below if math.isnan(below) else max(value - below, 0.0), value + above, level, "s")


def _stay_of_users(levels: pd.DataFrame, level: float) -> Estimate:
    """R0 + Z, seconds, of the lightest level; what is not known of its throughput is not known of it."""
    lightest = levels.iloc[int(levels["users"].to_numpy().argmin())]
    served = (float(lightest.get(name, math.nan)) for name in ("throughput", "throughput_high", "throughput_low"))
    value, low, high = (float(lightest["users"]) / each if each else math.inf for each in served)
    return Estimate(value, low, high, level, "s")


def _light_error(levels: pd.DataFrame) -> float:
    """The relative half width of the light levels' throughput, together; NaN where it is not known."""
    light = levels[levels["throughput"] <= LIGHT * levels["throughput"].max()]
    if "throughput_high" not in levels or light.empty:
        return math.nan
    half = light["throughput_high"] - light["throughput"]
    return math.sqrt(float((half**2).sum(skipna=False))) / float(light["throughput"].sum())
