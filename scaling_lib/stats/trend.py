"""Level and growth of a series of days, with all that is uncertain about them, as draws of its further course.

A day's level is growth + day of the week + known shifts + u, where u is a random walk and an AR(1) process together.
How far the level walks and how long the noise remembers are integrated over a grid; growth, days of the week and the
noise's size are integrated exactly (generalised least squares in a Kalman filter). Three forms of growth compete:
linear with steady noise, linear with noise in proportion, and exponential. The further course is drawn from all, each
as often as the data support it: what cannot be told from the data widens the interval.

Sources: Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), sections 3.4 and 7.3;
Rosenberg, Annals of Economic and Social Measurement 2 (1973) for regression inside the filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FORMS = ("linear", "linear, noise in proportion", "exponential")
# A day's step of the walk over the deviation of the noise. Nothing real stands still, and the data hardly tell a slow
# walk from none, or a fast one from long-remembered noise: the prior leans to the walk, for what lies far ahead.
WALKS = (0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)
MEMORIES = (0.0, 0.3, 0.6)  # of the AR(1) noise, from day to day; what remembers longer is a walk over some weeks
WEEKLY_GROWTH = 0.25  # the deviation of the prior of a week's growth: only histories of some weeks notice it
SMALLEST_BASE = 0.02  # of the median level: a line that falls ends here
WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Trend:
    """What the filter found for each form of growth and each point of the grid.

    scale: what levels were divided by; row_days: how many days a level stands for; weekly: whether days of the week
        differ; count: days of the history.
    weights: (forms, grid), summing to 1.
    coefficients, roots, sigmas: (forms, grid, ...): estimates, square roots of their covariance over the noise's
        variance, and the noise's deviation; degrees: of freedom.
    states, state_roots: the filter's last walk and noise, for each column, and the square root of their covariance.
    """

    scale: float
    row_days: float
    weekly: bool
    count: int
    degrees: int
    weights: Floats
    coefficients: list[Floats]
    roots: list[Floats]
    sigmas: list[Floats]
    columns: list[list[int]]
    states: Floats
    state_roots: Floats
    walks: Floats
    memories: Floats

    @property
    def exponential(self) -> float:
        """The probability that growth is exponential rather than linear."""
        return float(self.weights[2].sum())


@dataclass(frozen=True, kw_only=True)
class Courses:
    """Draws of the days to come: levels (draws, days), in the series' unit; and of each draw's growth at present.

    growth: a day, in the series' unit; rate: a day, over the present level; NaN for series that are not positive.
    """

    levels: Floats
    growth: Floats
    rate: Floats


def fit_trend(levels: Floats, shifts: tuple[int, ...], *, weekly: bool, row_days: float = 1.0) -> Trend:
    """Filter the levels of days (NaN where a day is set aside).

    shifts: first days of new levels; weekly: whether the days of the week may differ (decided by BIC);
    row_days: how many days a level stands for.
    """
    count = len(levels)
    present = np.isfinite(levels)
    positive = bool((levels[present] > 0).all())
    scale = float(np.median(levels[present])) if positive else float(np.std(levels[present])) or 1.0
    d = np.where(present, levels, np.nan) / scale
    base = _base(d, shifts) if positive else np.ones(count)
    steps = [(np.arange(count) < shift).astype(np.float64) for shift in shifts]
    plain = np.stack([np.ones(count), np.arange(count) - (count - 1.0), *steps], axis=1)
    week = _week(np.arange(count)) if weekly else np.zeros((count, 0))
    logs = np.log(d) if positive else np.zeros(count)
    table = np.concatenate([np.stack([d, d / base, logs], axis=1), plain, plain / base[:, None], week], axis=1)
    first, second, last = 3, 3 + plain.shape[1], 3 + 2 * plain.shape[1]
    growths = [list(range(first, second)), list(range(second, last)), list(range(first, second))]
    tail = list(range(last, last + week.shape[1]))
    walks, memories = (each.ravel() for each in np.meshgrid(WALKS, MEMORIES, indexing="ij"))
    errors, logdet, states, covariances = _filter(table, present, walks, memories)
    products = np.einsum("gtc,gtd->gcd", errors, errors, optimize=True)
    n = int(present.sum())
    jacobians = (0.0, -float(np.log(base[present]).sum()), -float(logs[present].sum()))
    forms = range(3 if positive else 1)
    with_week = bool(tail) and n > len(growths[0]) + len(tail) + 3
    if with_week:
        better = [
            _bic(products, logdet, form, growths[form] + extra, n) + jacobians[form]
            for extra in ([], tail)
            for form in forms
        ]
        with_week = max(better[len(forms) :]) > max(better[: len(forms)])
    columns = [growths[form] + (tail if with_week else []) for form in range(3)]
    evidence, found = np.full((3, len(walks)), -np.inf), []
    for form in forms:
        solved = _solve(products, form, columns[form])
        evidence[form] = -0.5 * (logdet + solved[3] + (n - len(columns[form])) * np.log(solved[2])) + jacobians[form]
        found.append(solved)
    evidence += np.log(_prior(walks, memories)) + np.log([[0.25], [0.25], [0.5]])
    weights = np.exp(evidence - evidence.max())
    degrees = n - len(columns[0])
    return Trend(
        scale=scale,
        row_days=row_days,
        weekly=with_week,
        count=count,
        degrees=degrees,
        weights=weights / weights.sum(),
        coefficients=[each[0] for each in found],
        roots=[each[1] for each in found],
        sigmas=[np.sqrt(each[2]) for each in found],  # of the sum of squares
        columns=columns[: len(found)],
        states=states,
        state_roots=_roots(covariances),
        walks=walks,
        memories=memories,
    )


def draw_courses(trend: Trend, horizon: int, draws: int, random: np.random.Generator) -> Courses:
    """Draw further courses of the days: levels in the series' own unit.

    horizon: days; draws: how many.
    """
    pool = _draw(trend, horizon, draws + draws // 2, random)
    known = np.isfinite(pool.rate)
    likely = (
        np.where(
            known, np.exp(-0.5 * (WEEK * np.where(known, pool.rate, 0.0) / WEEKLY_GROWTH / trend.row_days) ** 2), 1.0
        )
        + 1e-12
    )
    ladder = (np.arange(draws) + random.random()) / draws
    order = random.permutation(len(likely))
    taken = order[np.minimum(np.searchsorted(np.cumsum(likely[order]) / likely.sum(), ladder), len(order) - 1)]
    return Courses(levels=pool.levels[taken], growth=pool.growth[taken], rate=pool.rate[taken])


def _prior(walks: Floats, memories: Floats) -> Floats:
    """The weight of each point of the grid before any evidence."""
    return (0.3 + walks) * np.where(memories > 0, 0.15, 1.0)


def _base(d: Floats, shifts: tuple[int, ...]) -> Floats:
    """A rough line through the levels, positive, on which noise in proportion is measured."""
    at = np.arange(len(d))
    base = np.ones(len(d))
    edges = [0, *shifts, len(d)]
    for start, end in pairwise(edges):
        part, days = d[start:end], at[start:end]
        seen = np.isfinite(part)
        if seen.sum() < WEEK:
            base[start:end] = np.nanmedian(part) if seen.any() else 1.0
            continue
        third = max(1, int(seen.sum()) // 3)
        x, y = days[seen], part[seen]
        slope = (np.median(y[-third:]) - np.median(y[:third])) / max(np.median(x[-third:]) - np.median(x[:third]), 1)
        base[start:end] = np.median(y - slope * x) + slope * days
    return np.maximum(base, SMALLEST_BASE)


def _week(at: Integers) -> Floats:
    """Six columns of effects that sum to zero over the week."""
    day = at % WEEK
    return np.stack([(day == each) * 1.0 - (day == WEEK - 1) for each in range(WEEK - 1)], axis=1)


def _filter(
    table: Floats, present: NDArray[np.bool_], walks: Floats, memories: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Whiten every column by every point of the grid: errors (grid, days, columns), log determinants, last states."""
    grid, columns = len(walks), table.shape[1]
    walk, noise = np.zeros((grid, columns)), np.zeros((grid, columns))
    ww, wa, aa = np.zeros(grid), np.zeros(grid), np.ones(grid)
    errors, logdet = np.zeros((grid, len(table), columns)), np.zeros(grid)
    more, kept, fresh = walks**2, memories**2, 1 - memories**2
    for day, row in enumerate(table):
        if day:
            noise *= memories[:, None]
            ww, wa, aa = ww + more, wa * memories, aa * kept + fresh
        if not present[day]:
            continue
        variance = ww + 2 * wa + aa
        error = row - walk - noise
        gain_w, gain_a = (ww + wa) / variance, (wa + aa) / variance
        walk += gain_w[:, None] * error
        noise += gain_a[:, None] * error
        ww, wa, aa = ww - gain_w**2 * variance, wa - gain_w * gain_a * variance, aa - gain_a**2 * variance
        errors[:, day] = error / np.sqrt(variance)[:, None]
        logdet += np.log(variance)
    return errors, logdet, np.stack([walk, noise], axis=1), np.stack([ww, wa, aa], axis=1)


def _solve(products: Floats, target: int, columns: list[int]) -> tuple[Floats, Floats, Floats, Floats]:
    """Coefficients, a root of their covariance, the squares left and the log determinant, for each grid point."""
    squares = products[:, columns][:, :, columns]
    sides = np.sqrt(np.einsum("gii->gi", squares)) + 1e-12
    scaled = squares / sides[:, :, None] / sides[:, None, :] + 1e-10 * np.eye(len(columns))
    inverse = np.linalg.inv(scaled) / sides[:, :, None] / sides[:, None, :]
    across = products[:, columns, target]
    coefficients = np.einsum("gij,gj->gi", inverse, across)
    whole = products[:, target, target]
    left = np.maximum(whole - np.einsum("gi,gi->g", coefficients, across), 1e-12 * whole + 1e-18)
    logdet = np.linalg.slogdet(scaled)[1] + 2 * np.log(sides).sum(axis=1)
    roots = np.linalg.cholesky((inverse + inverse.transpose(0, 2, 1)) / 2 * (1 + 1e-9))
    return coefficients, roots, left, logdet


def _bic(products: Floats, logdet: Floats, target: int, columns: list[int], n: int) -> float:
    left = _solve(products, target, columns)[2]
    return float(np.max(-0.5 * (logdet + n * np.log(left / n)))) - 0.5 * len(columns) * float(np.log(n))


def _roots(covariances: Floats) -> Floats:
    """Lower square roots of 2 by 2 covariances given as (ww, wa, aa)."""
    ww, wa, aa = np.maximum(covariances[:, 0], 0.0), covariances[:, 1], covariances[:, 2]
    one = np.sqrt(ww)
    two = np.where(one > 0, wa / np.where(one > 0, one, 1.0), 0.0)
    return np.stack([one, two, np.sqrt(np.maximum(aa - two**2, 0.0))], axis=1)


def _draw(trend: Trend, horizon: int, draws: int, random: np.random.Generator) -> Courses:
    flat = np.cumsum(trend.weights.ravel())
    ladder = (np.arange(draws) + random.random()) / draws
    cell = np.minimum(np.searchsorted(flat / flat[-1], ladder), trend.weights.size - 1)
    forms, points = np.divmod(cell, trend.weights.shape[1])
    levels, growth, rate = np.zeros((draws, horizon)), np.zeros(draws), np.zeros(draws)
    for form in range(len(trend.coefficients)):
        rows = np.flatnonzero(forms == form)
        if len(rows):
            levels[rows], growth[rows], rate[rows] = _draw_form(trend, form, points[rows], horizon, random)
    mixed = random.permutation(draws)
    return Courses(levels=levels[mixed] * trend.scale, growth=growth[mixed] * trend.scale, rate=rate[mixed])


def _draw_form(
    trend: Trend, form: int, at: Integers, horizon: int, random: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Levels and growth a day over the scale, and growth a day over the level, at the end of the history."""
    columns, size = trend.columns[form], len(at)
    sigma = trend.sigmas[form][at] / np.sqrt(random.chisquare(max(trend.degrees, 1), size))
    normal = random.standard_normal((size, len(columns)))
    theta = trend.coefficients[form][at] + sigma[:, None] * np.einsum("gij,gj->gi", trend.roots[form][at], normal)
    states = trend.states[at]
    state = states[:, :, form] - np.einsum("gsc,gc->gs", states[:, :, columns], theta)
    normal = random.standard_normal((size, 2))
    root = trend.state_roots[at]
    walk = state[:, 0] + sigma * root[:, 0] * normal[:, 0]
    noise = state[:, 1] + sigma * (root[:, 1] * normal[:, 0] + root[:, 2] * normal[:, 1])
    noises = np.empty((size, horizon))
    memory, fresh = trend.memories[at], sigma * np.sqrt(1 - trend.memories[at] ** 2)
    shocks = random.standard_normal((2, horizon, size))
    for day in range(horizon):
        noise = memory * noise + fresh * shocks[0, day]
        noises[:, day] = noise
    walks = walk[:, None] + np.cumsum(shocks[1].T * (sigma * trend.walks[at])[:, None], axis=1)
    ahead = np.arange(1, horizon + 1)
    line = theta[:, :1] + theta[:, 1:2] * ahead
    week = theta[:, -6:] @ _week(trend.count - 1 + ahead).T if trend.weekly else 0.0
    slope = theta[:, 1]
    if form == 2:
        now = np.exp(np.clip(theta[:, 0], -50, 50))
        return np.exp(np.clip(line + week + walks + noises, -50, 50)), slope * now, slope
    positive = len(trend.coefficients) > 1
    rate = slope / np.maximum(theta[:, 0], SMALLEST_BASE) if positive else np.full(size, np.nan)
    share = np.maximum(line, SMALLEST_BASE) if form == 1 else 1.0
    return line + share * (week + walks + noises), slope, rate
