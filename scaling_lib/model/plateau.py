"""The highest throughput that a load test sustains: the plateau where more users bring no more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.uncertainty import Floats
from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.stats.student import student_quantile
from scaling_lib.words import number, plural

AS_GOOD = 0.95  # of the highest: a level that serves so much is on the plateau
NEARLY = 0.85  # or so much, where their intervals do not tell them apart
MOST_LEVELS, BANDS = 30, 12  # of rows that are levels; bands of rows that are samples
MORE_USERS = 1.1  # the plateau has to go on where there are so many times the users of its first level


@dataclass(frozen=True, kw_only=True)
class Plateau:
    """The highest throughput that is sustained, requests/s.

    throughput: over the plateau's levels, with interval; where it was not reached the value is NaN, low the highest
        that was seen (its own low end), and high infinite.
    state: "reached"; "beyond the measured range" (throughput still rises under the heaviest load) or "below the
        measured range" (it only falls).
    levels: the numbers of its levels, in order of load, none where it is not reached. falls: whether throughput falls
        5% or more below it under the heaviest load. sentence: the same in words.
    """

    throughput: Estimate
    state: Literal["reached", "beyond the measured range", "below the measured range"]
    levels: tuple[int, ...]
    falls: bool
    sentence: str

    @property
    def reached(self) -> bool:
        """Whether the highest throughput was seen to be one."""
        return self.state == "reached"


def plateau(levels: pd.DataFrame, *, level: float = 0.95) -> Plateau:
    """The highest sustained throughput of a closed test.

    levels: level (its number), users and throughput, with throughput_low and throughput_high where they are known, a
    row a level.

    The plateau is the level of the highest throughput and its neighbours, by users, that serve at least 95% of it (or
    85%, where their intervals do not tell them apart), up to the first that does not. It is reached where levels of 10%
    more users than its first serve no more than that, and not where the lightest level served the most and the others
    less. The value is the mean of its levels; the interval is Student's t over them or what their own intervals leave,
    whichever is wider, its lower end in proportion (so that it stays above 0).
    Levels of the same users count as one. More than 30 rows are taken as samples of a run, in 12 bands of as many rows
    by users: which one is highest would be a matter of chance. Where samples in a row are alike, the interval is then
    too narrow.

    Measured coverage of the nominal 95% (tests/benchmarks/bench_load_curve.py; one server, users who think 0.8 s): 4 to
    10 levels of 30 to 300 s 0.98 to 1.00, that of the knee 0.97 to 1.00. In 1 to 4 of 100 tests with levels of 30 s
    chance makes the heaviest level plainly better than all others, and the plateau is not told.

    Raises NotEnoughData for fewer than 3 loads that differ, InvalidInput for numbers that cannot be.
    """
    check_level("plateau", level)
    rows = _bands(_checked(levels), level)
    users, served = rows["users"].to_numpy(), rows["throughput"].to_numpy()
    low, high = (rows[f"throughput_{end}"].to_numpy() for end in ("low", "high"))
    best = int(np.argmax(served))
    below = served[best] - served
    alike = below <= np.hypot(high - served, served[best] - low[best])  # never where an interval is not known
    on = (below <= (1 - AS_GOOD) * served[best]) | (alike & (served >= NEARLY * served[best]))
    first = best - int(np.argmin([*on[best::-1], False])) + 1
    end = best + int(np.argmin([*on[best:], False]))
    numbers = tuple(each for band in rows["levels"].iloc[first:end] for each in band)
    falls = bool(served[-1] < AS_GOOD * served[best])
    unknown = _unknown(rows, best, first, end, falls=falls, level=level)
    if unknown is not None:
        return unknown
    value = _mean(served[first:end], low[first:end], high[first:end], level)
    start, last = number(float(users[first])), number(float(users[-1]))
    after = f", and falls to {number(float(served[-1]))} at {last} users" if falls else ""
    words = f"Throughput ends at {value} from {start} users on ({plural(len(numbers), 'level')}){after}."
    return Plateau(throughput=value, state="reached", levels=numbers, falls=falls, sentence=words)


def highest_seen(levels: pd.DataFrame, *, level: float = 0.95) -> Plateau:
    """What is known of the highest throughput where users are not: it is at least that of the best level.

    levels: level and throughput, with throughput_low where it is known. Without users no level can be said to be a
    heavier load that is served no better.
    """
    rows = levels.reindex(columns=list(dict.fromkeys([*levels.columns, "throughput_low"])))
    best = rows.iloc[int(rows["throughput"].to_numpy().argmax())]
    low = float(best["throughput"] if math.isnan(best["throughput_low"]) else best["throughput_low"])
    return Plateau(
        throughput=Estimate(math.nan, low, math.inf, level, "requests/s"),
        state="beyond the measured range",
        levels=(),
        falls=False,
        sentence=(
            f"At least {number(float(best['throughput']))} requests/s are served; users are not known, so no level can "
            "be said to be a heavier load that is served no better."
        ),
    )


def _checked(levels: pd.DataFrame) -> pd.DataFrame:
    if absent := [name for name in ("level", "users", "throughput") if name not in levels]:
        raise InvalidInput(
            f"plateau: found no column {absent[0]}; expected level, users and throughput, a row a level."
        )
    rows = levels.sort_values("users", kind="stable")
    values = rows[["users", "throughput"]].to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(values) & (values > 0)).all(axis=1)
    if bool(wrong.any()):
        users, served = values[wrong][0]
        raise InvalidInput(
            f"plateau: found a level with {number(users)} users and a throughput of {number(served)}; expected finite "
            "numbers above 0. Leave out levels without answers."
        )
    different = rows["users"].nunique()
    if different < 3:
        raise NotEnoughData(
            f"plateau: found {plural(different, 'load')} that differ; expected at least 3, from a light one to beyond "
            "where throughput stops rising."
        )
    return rows.reindex(columns=list(dict.fromkeys([*rows.columns, "throughput_low", "throughput_high"])))


def _bands(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Rows of the same users as one; of many rows, neighbours: users, throughput with its ends, and their levels."""
    users = rows["users"].to_numpy()
    key = np.arange(len(rows)) * BANDS // len(rows) if len(rows) > MOST_LEVELS else users
    found = []
    for _, part in rows.groupby(key, sort=True):
        served, low, high = (part[f"throughput{end}"].to_numpy(dtype=np.float64) for end in ("", "_low", "_high"))
        mean = _mean(served, low, high, level)
        numbers = tuple(int(each) for each in part["level"])
        found.append([float(part["users"].mean()), mean.value, mean.low, mean.high, numbers])
    return pd.DataFrame(found, columns=["users", "throughput", "throughput_low", "throughput_high", "levels"])


def _unknown(rows: pd.DataFrame, best: int, first: int, end: int, *, falls: bool, level: float) -> Plateau | None:
    """The plateau that was not reached; None where it was."""
    users, served = rows["users"].to_numpy(), rows["throughput"].to_numpy()
    own = float(rows["throughput_low"].iloc[best])
    seen = Estimate(math.nan, float(served[best]) if math.isnan(own) else own, math.inf, level, "requests/s")
    if end == len(rows) and users[-1] < MORE_USERS * users[first]:
        words = (
            f"Throughput still rises at {number(float(users[-1]))} users, where it is {number(float(served[-1]))} "
            "requests/s: the highest lies beyond the measured range. Test with more users."
        )
        return Plateau(throughput=seen, state="beyond the measured range", levels=(), falls=False, sentence=words)
    if best == 0 and falls:
        words = (
            f"Throughput only falls, from {number(float(served[0]))} requests/s at the lightest level of "
            f"{number(float(users[0]))} users: the highest lies below the measured range. Test with fewer users."
        )
        return Plateau(throughput=seen, state="below the measured range", levels=(), falls=True, sentence=words)
    return None


def _mean(served: Floats, low: Floats, high: Floats, level: float) -> Estimate:
    count, mean = len(served), float(served.mean())
    below, above = (math.sqrt(float((each**2).sum())) / count for each in (served - low, high - served))
    if count > 1:
        half = student_quantile(level, count - 1) * float(served.std(ddof=1)) / math.sqrt(count)
        below, above = (half if math.isnan(own) else max(half, own) for own in (below, above))
    return Estimate(mean, mean * math.exp(-below / mean), mean + above, level, "requests/s")
