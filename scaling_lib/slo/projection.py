"""The budget at the end of the period, as a range: from the traffic and the failures so far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import MINUTE, minute_grid, rate_per_s, utc
from scaling_lib.slo.windows import parse_window, window_edges
from scaling_lib.stats import Estimate, RatioInterval, ratio_interval
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import plural

DRAWS = 20_000  # the ends of a 95% range then wobble by some 1% of its width
SEED = 20_261_123
MINUTES_A_DAY = 1440


@dataclass(frozen=True, kw_only=True)
class Projection:
    """What will be left of a period's budget at its end, if it goes on as before.

    start, end: of the period; at: the moment it is projected from.
    left_at_end: the fraction of the whole period's budget left at its end, below 0 when overspent; its interval holds
        the uncertainty of the failure rate and the chance of the failures to come.
    overspent: the probability that the period ends overspent.
    expected_total: events expected in the whole period; basis: what the rest was taken to be like.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    at: pd.Timestamp
    left_at_end: Estimate
    overspent: float
    expected_total: float
    basis: str


def projected_budget(
    counts: pd.DataFrame,
    target: float,
    window: str = "month",
    *,
    at: object | None = None,
    time_zone: str = "UTC",
    level: float = 0.95,
) -> Projection:
    """Project the error budget to the end of the period that holds a moment.

    counts: see `minute_grid`, also from before the period; target: a fraction in (0, 1).
    window: calendar; a rolling window is taken as a period that begins with the counts' first minute (or, when they
        are longer than the window, ends at `at`).
    at: the moment, with a time zone; the end of the last minute if None.

    The rest of the period gets the traffic of the same times in the last whole weeks (or days, or the mean, as far
    as the counts go). Its failures are drawn, 20,000 times, from the rate's Jeffreys posterior on the effective counts
    of `stats.ratio_interval` and a Poisson number of clusters of failures; how large clusters are is as uncertain as
    Student's t has it. Raises NotEnoughData without any traffic.

    Measured (tests/slo/test_projection.py): a 95% range holds what then happens in 93 to 99 of 100 months where at
    least two spells of failure were seen before. Spells rarer than the history is long are in no range: with one a
    week, seen for ten days, it is 71 of 100. The `caveat` of `ratio_interval` says so.
    What misses, misses on the side of more failures: rare large ones make the range too hopeful, never too cautious.
    """
    allowed = float(allowed_share(target))
    check_level("projected_budget", level)
    grid = minute_grid(counts)
    now = utc(at, "projected_budget") if at is not None else None
    if now is None and len(grid):
        now = pd.DatetimeIndex(grid.index)[-1] + MINUTE
    past = grid[grid.index < now] if now is not None else grid
    if now is None or float(past["total"].sum()) == 0:
        raise NotEnoughData(
            "Projected budget: found no traffic before the moment asked for; supply counts from before."
        )
    start, end = _period(pd.DatetimeIndex(past.index)[0], now, window, time_zone)
    period = past[past.index >= start]
    events, failed = float(period["total"].sum()), float(period["bad"].sum())
    to_come, basis = _traffic(past, now, end)
    ratio = ratio_interval(past["bad"].to_numpy(), past["total"].to_numpy(), level)
    failures = _failures_to_come(ratio, to_come)
    budget = allowed * (events + to_come)
    left = 1 - (failed + failures) / budget
    value = 1 - (failed + ratio.estimate.value * to_come) / budget
    low, high = np.quantile(left, [(1 - level) / 2, (1 + level) / 2])
    return Projection(
        start=start,
        end=end,
        at=now,
        left_at_end=Estimate(value, min(float(low), value), max(float(high), value), level, "fraction"),
        overspent=float((left < 0).mean()),
        expected_total=events + to_come,
        basis=basis,
    )


def _failures_to_come(ratio: RatioInterval, to_come: float) -> NDArray[np.float64]:
    """Draws of the failures among the events to come."""
    random = np.random.default_rng(SEED)
    spread = np.ones(DRAWS)
    if math.isfinite(ratio.degrees_of_freedom):
        spread = ratio.degrees_of_freedom / random.chisquare(ratio.degrees_of_freedom, DRAWS)
    good = ratio.effective_total - ratio.effective_bad
    rate = random.beta(ratio.effective_bad / spread + 0.5, good / spread + 0.5)
    size = np.maximum(ratio.design_effect * spread, 1.0)
    return np.minimum(size * random.poisson(rate * to_come / size), to_come)


def _period(first: pd.Timestamp, now: pd.Timestamp, window: str, time_zone: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    seconds = parse_window(window).seconds
    if seconds is None:
        return window_edges(window, now - pd.Timedelta(microseconds=1), time_zone)
    length = pd.Timedelta(seconds=seconds)
    start = max(first, now - length)
    if start + length < now:
        raise InvalidInput(f"Projected budget: the window {window} ends before {now}.")
    return start, start + length


def _traffic(grid: pd.DataFrame, now: pd.Timestamp, end: pd.Timestamp) -> tuple[float, str]:
    """Events from now to the end, each minute taken as its like was in the last whole weeks or days."""
    minutes = max(0, round((end - now) / MINUTE))
    past = grid["total"].to_numpy(dtype=np.float64)
    for cycle, words in ((7 * MINUTES_A_DAY, "week"), (MINUTES_A_DAY, "day")):
        whole = len(past) // cycle * cycle
        if whole:
            shape = past[len(past) - whole :].reshape(-1, cycle).mean(axis=0)  # begins at the time of day of `now`
            rounds, rest = divmod(minutes, cycle)
            count = plural(whole // cycle, words) if whole >= 2 * cycle else words
            return float(rounds * shape.sum() + shape[:rest].sum()), f"the traffic of the last {count}"
    return minutes * 60 * rate_per_s(grid[past > 0]), f"the mean traffic of {len(past)} minutes"
