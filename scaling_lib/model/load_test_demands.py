"""Demands from a load test: what its throughput ends at, what its lightest level takes, how long its users think."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.model import usl
from scaling_lib.model.demands import whole
from scaling_lib.model.frames import level_numbers
from scaling_lib.model.plateau import Plateau, plateau
from scaling_lib.model.uncertainty import Floats
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.stats.student import student_quantile
from scaling_lib.words import listing, plural

COLUMNS = ("users", "throughput", "mean_s")
LIGHT = 0.8  # of the highest throughput: beyond, a small error of it is a large one of the time that users think
FEWEST_LEVELS = 3
BEYOND = 1.5  # times the highest throughput seen: a law reaches no further

Method = Literal["plateau", "scalability law", "none"]


@dataclass(frozen=True, kw_only=True)
class LoadTestDemands:
    """What a closed load test tells of its system.

    limit: the highest throughput in the long run, requests/s; NaN where it is not known, with the highest seen as
        `low`. method: what it rests on, "plateau", "scalability law" or "none".
    plateau_levels: how many levels it is the mean of, 0 where there is no plateau.
    bottleneck_demand: servers / limit, seconds a request, of whatever resource limits.
    total_demand: seconds of a request that hardly waits: the response of the lightest level. light_users,
    light_throughput: of that level, requests/s.
    think_time: seconds, by users = throughput x (response + think time). servers: as given. notes: sentences.
    """

    limit: Estimate
    method: Method
    plateau_levels: int
    bottleneck_demand: Estimate
    total_demand: Estimate
    light_users: float
    light_throughput: float
    think_time: Estimate
    servers: int
    notes: tuple[str, ...]


def from_load_test(levels: pd.DataFrame, *, servers: int = 1, level: float = 0.95) -> LoadTestDemands:
    """Demands from the levels of a closed test.

    levels: users, throughput (answers/s) and mean_s (seconds), a row a level; with `_low` and `_high` where they are
        known, as `evidence.load_tests.levels` gives them for all requests together.
    servers: of the resource that limits; level: of the intervals, and of those in `levels`.

    The limit is the plateau of the throughput, see `plateau`. Where it still rises at the end, it is the peak of the
    Universal Scalability Law, if that is identified and at most half above the highest throughput seen; else the limit
    is not known. The total demand is an upper bound: it holds what network and generator add, and a little waiting.
    The time that users think is over the levels below 80% of the
    highest throughput, a ratio of sums with a jackknife over levels.

    Raises NotEnoughData for fewer than 3 levels that are whole, NotMeasured without users or durations,
    InvalidInput for a frame without the columns or numbers that cannot be.
    Source: Denning and Buzen (1978): the utilisation law at saturation, and the response time law.
    """
    servers = whole("from_load_test", "servers", servers, least=1)
    check_level("from_load_test", level)
    rows = _checked(levels)
    users, throughput, response = (rows[name].to_numpy() for name in COLUMNS)
    found = plateau(rows.assign(level=np.arange(len(rows))), level=level)
    limit, method = _limit(rows, found, level)
    return LoadTestDemands(
        limit=limit,
        method=method,
        plateau_levels=len(found.levels),
        bottleneck_demand=Estimate(
            servers / limit.value,
            servers / limit.high,
            servers / limit.low,
            level,
            "s",
        ),
        total_demand=_own(rows.iloc[0], "mean_s", level, "s"),
        light_users=float(users[0]),
        light_throughput=float(throughput[0]),
        think_time=_think_time(users, throughput, response, level),
        servers=servers,
        notes=tuple(_notes(rows, method, found)),
    )


def _checked(given: pd.DataFrame) -> pd.DataFrame:
    levels = level_numbers("from_load_test", given, COLUMNS)
    if missing := [name for name in COLUMNS if name not in levels]:
        raise InvalidInput(
            f"from_load_test: found no column {listing(missing)}; expected {listing(COLUMNS)}, a row a level."
        )
    if not bool(levels["users"].notna().any()):
        raise NotMeasured(
            "from_load_test: how many users there were is not known; demands of a closed test need it.",
            supply="Supply a test whose file tells the users, such as Locust's history or JMeter's allThreads.",
        )
    if not bool(levels["mean_s"].notna().any()):
        raise NotMeasured(
            "from_load_test: how long requests took is not known; demands of a load test need it.",
            supply="Supply a test whose file has durations, such as Locust's history, k6 or JMeter.",
        )
    rows = levels.dropna(subset=list(COLUMNS)).sort_values("users", kind="stable").reset_index(drop=True)
    if rows["users"].nunique() < FEWEST_LEVELS:
        raise NotEnoughData(
            f"from_load_test: found {plural(rows['users'].nunique(), 'level')} of different users; expected at least "
            f"{FEWEST_LEVELS}, from a light one to beyond saturation."
        )
    return rows


def _limit(rows: pd.DataFrame, found: Plateau, level: float) -> tuple[Estimate, Method]:
    if found.reached:
        return found.throughput, "plateau"
    seen = float(rows["throughput"].max())
    highest = _highest_by_law(rows, level) if found.state == "beyond the measured range" else None
    if highest is not None and seen <= highest.value <= BEYOND * seen:
        return highest, "scalability law"
    return Estimate(math.nan, seen, math.inf, level, "requests/s"), "none"


def _highest_by_law(rows: pd.DataFrame, level: float) -> Estimate | None:
    """The highest throughput that a Universal Scalability Law has, where its peak is identified."""
    if rows["users"].nunique() <= FEWEST_LEVELS:
        return None
    peak = usl.fit(rows["users"], rows["throughput"], throughput_unit="requests/s").peak(level)
    identified = peak.state in ("within the measured range", "beyond the measured range")
    return peak.throughput if identified else None


def _own(row: pd.Series, name: str, level: float, unit: str) -> Estimate:
    """A level's own figure with its interval, none (NaN) where it is not known."""
    low, high = (float(row.get(f"{name}{end}", math.nan)) for end in ("_low", "_high"))
    return Estimate(float(row[name]), low, high, level, unit)


def _think_time(users: Floats, throughput: Floats, response: Floats, level: float) -> Estimate:
    light = throughput <= LIGHT * throughput.max()
    light[0] = True
    thinking, answered = (users - throughput * response)[light], throughput[light]
    value = max(float(thinking.sum() / answered.sum()), 0.0)
    n = int(light.sum())
    if n < FEWEST_LEVELS:
        return Estimate(value, math.nan, math.nan, level, "s")
    without = (thinking.sum() - thinking) / (answered.sum() - answered)
    error = math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    half = student_quantile(level, n - 1) * error
    return Estimate(value, max(value - half, 0.0), value + half, level, "s")


def _notes(rows: pd.DataFrame, method: Method, found: Plateau) -> Iterator[str]:
    if method == "scalability law":
        yield "The throughput still rises: its limit is what the Universal Scalability Law extrapolates."
    elif method == "none":
        yield f"What limits the throughput was not reached. {found.sentence}"
    elif found.falls:
        yield "Beyond its highest the throughput falls again: users there cost more than they would alone."
    if "steady" in rows and bool((~rows["steady"].fillna(True).astype(bool)).any()):
        yield f"{plural(int((~rows['steady'].fillna(True).astype(bool)).sum()), 'level')} had not settled."
