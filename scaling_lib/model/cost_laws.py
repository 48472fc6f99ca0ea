"""Laws of cost against demand as families of shapes, each fitted by a grid that closes in on what explains the points.

A law is C(D) = exp(c) S(D): the scale c is the mean of log C - log S, so that only the shape is searched. Shapes are
given by what the points know best, the elasticity e where demand is D0 (their geometric mean), and then the rest:

    a + b D            S = 1 - e + e x             x = D / D0, 0 <= e <= 1
    alpha D^beta       S = x^e                     -2 <= e <= 4
    a + b D^beta       S = 1 - s + s x^beta        s = e / beta, 0 <= e <= beta, 0.1 <= beta <= 4
    a + p ceil(D / q)  S = 1 - s + s m / m0        m = ceil(D / q), m0 their mean, 0 <= s <= 1
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEEPEST, FALLING, FLATTEST = 4.0, -2.0, 0.1
CELLS = 41  # of the grid, each way
MOST_ZOOMS = 8
CLOSED = 0.9  # a box that shrinks less than this has closed in
MOST_STEPS = 12  # over the observed demand: more of them are a straight line
COARSE, FINE = 160, 300  # widths of steps that are tried
JUMPS = 3  # parameters that a width counts as: where a law jumps, chance finds it a better one (Ninomiya 2015)
MOST_GROUPS = 80  # of points of nearly one demand: more of them tell a smooth law nothing more
FLOOR = 1e-6  # relative: what a millionth of a currency's unit may round


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Shapes of one law on a grid: theta (G, p), rss (G,) of log C, scale (G,) the best c of each."""

    theta: Floats
    rss: Floats
    scale: Floats

    @property
    def best(self) -> int:
        """The place of the least squares."""
        return int(np.argmin(self.rss))


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """name: its formula; parameters: how many it has; shape, elasticity: of (theta (G, p), demand (n,)) -> (G, n)."""

    name: str
    parameters: int
    shape: Callable[[Floats, Floats], Floats]
    elasticity: Callable[[Floats, Floats], Floats]
    search: Callable[[Floats, Floats, float], Fitted]


def laws(demand: Floats) -> tuple[Law, ...]:
    """The four laws, about the demand that was observed."""
    middle = float(np.exp(np.log(demand).mean()))
    straight = partial(_mixed_shape, middle, 1.0)
    return (
        Law(
            name="a + b D", parameters=2, shape=straight, elasticity=partial(_mixed_elasticity, middle, 1.0),
            search=partial(_zoomed, straight, ((0.0, 1.0),)),
        ),
        Law(
            name="alpha D^beta", parameters=2, shape=partial(_power_shape, middle), elasticity=_power_elasticity,
            search=partial(_zoomed, partial(_power_shape, middle), ((FALLING, STEEPEST),)),
        ),
        Law(
            name="a + b D^beta", parameters=3, shape=partial(_mixed_shape, middle, 0.0),
            elasticity=partial(_mixed_elasticity, middle, 0.0),
            search=partial(_zoomed, partial(_mixed_shape, middle, 0.0), ((0.0, STEEPEST), (FLATTEST, STEEPEST))),
        ),
        Law(
            name="a + p ceil(D/q)", parameters=2 + JUMPS, shape=_step_shape, elasticity=_step_elasticity,
            search=_stepped,
        ),
    )  # fmt: skip


def _parts(beta: float, theta: Floats) -> tuple[Floats, Floats]:
    """The share of the cost that moves, and its exponent, as columns."""
    exponent = np.full((len(theta), 1), beta) if beta else theta[:, 1:2]
    return theta[:, :1] / exponent, exponent


def _mixed_shape(middle: float, beta: float, theta: Floats, demand: Floats) -> Floats:
    share, exponent = _parts(beta, theta)
    with np.errstate(invalid="ignore", divide="ignore"):
        shape = np.log1p(share * np.expm1(exponent * np.log(demand / middle)))
    return np.where(share <= 1 + 1e-12, shape, np.nan)


def _mixed_elasticity(middle: float, beta: float, theta: Floats, demand: Floats) -> Floats:
    share, exponent = _parts(beta, theta)
    moving = share * (demand / middle) ** exponent
    return np.asarray(exponent * moving / np.maximum(1 - share + moving, 1e-300))


def _power_shape(middle: float, theta: Floats, demand: Floats) -> Floats:
    return np.asarray(theta * np.log(demand / middle))


def _power_elasticity(theta: Floats, demand: Floats) -> Floats:
    return np.broadcast_to(theta, (len(theta), len(demand)))


def _step_shape(theta: Floats, demand: Floats) -> Floats:
    """theta: width of a step, share of the cost that is steps (at m0 of them), m0."""
    steps = np.ceil(demand / theta[:, :1] - 1e-9)
    return np.asarray(np.log1p(theta[:, 1:2] * (steps / theta[:, 2:3] - 1)))


def _step_elasticity(theta: Floats, demand: Floats) -> Floats:
    """Of the line through the middles of the steps: on a step itself it is 0, at its edge without end."""
    steps = demand / theta[:, :1]
    moving = theta[:, 1:2] / theta[:, 2:3]
    return np.asarray(moving * steps / np.maximum(1 - theta[:, 1:2] + moving * (steps + 0.5), 1e-300))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Points:
    """demand, logs (m,): each of so many points (weight); within: the squares of those about it."""

    demand: Floats
    logs: Floats
    weight: Floats
    within: float


def _condensed(demand: Floats, logs: Floats) -> _Points:
    """Many points as fewer: neighbours in demand, moved along a parabola through all to the middle of their group."""
    if len(logs) < 2 * MOST_GROUPS:
        return _Points(demand=demand, logs=logs, weight=np.ones(len(logs)), within=len(logs) * FLOOR**2)
    order = np.argsort(demand, kind="stable")
    places = np.log(demand[order])
    course = np.poly1d(np.polyfit(places, logs[order], 2))
    left = logs[order] - course(places)
    starts = np.unique(np.linspace(0, len(logs), MOST_GROUPS + 1).astype(int)[:-1])
    counts = np.diff([*starts, len(logs)]).astype(np.float64)
    middles, means = (np.add.reduceat(each, starts) / counts for each in (places, left))
    within = float(((left - np.repeat(means, counts.astype(int))) ** 2).sum())
    return _Points(
        demand=np.exp(middles), logs=course(middles) + means, weight=counts, within=within + len(logs) * FLOOR**2
    )


def _least(shape: Callable[[Floats, Floats], Floats], theta: Floats, points: _Points) -> Fitted:
    left = points.logs - shape(theta, points.demand)
    scale = left @ points.weight / points.weight.sum()
    left -= scale[:, None]
    left *= left
    rss = left @ points.weight + points.within
    return Fitted(theta=theta, rss=np.where(np.isfinite(rss), rss, np.inf), scale=scale)


def _zoomed(
    shape: Callable[[Floats, Floats], Floats],
    bounds: tuple[tuple[float, float], ...],
    demand: Floats,
    logs: Floats,
    within: float,
) -> Fitted:
    """The grid over the shapes whose squares are up to `within` times the least, closed in from all of the bounds."""
    cells = CELLS if len(bounds) > 1 else CELLS * 5
    low, high = (np.array(each) for each in zip(*bounds, strict=True))
    points = _condensed(demand, logs)
    for _ in range(MOST_ZOOMS):
        axes = [np.linspace(one, other, cells) for one, other in zip(low, high, strict=True)]
        theta = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        found = _least(shape, theta, points)
        inside = theta[found.rss <= within * found.rss.min()]
        step = (high - low) / (cells - 1)
        own_low, own_high = inside.min(axis=0) - step, inside.max(axis=0) + step
        own_low, own_high = (np.clip(each, *np.array(bounds).T) for each in (own_low, own_high))
        if ((own_high - own_low) >= CLOSED * (high - low)).all():
            break
        low, high = own_low, own_high
    return found


def _stepped(demand: Floats, logs: Floats, within: float) -> Fitted:
    """Widths from a step that demand just passes to MOST_STEPS of them; near the best, every one that differs."""
    coarse = np.geomspace((demand.max() - demand.min()) / MOST_STEPS, demand.max() * 0.999, COARSE)
    first = _shares(coarse, demand, logs, within)
    near = np.unique(first.theta[first.rss <= 4 * within * first.rss.min(), 0])
    edges = (demand[:, None] / np.arange(1, 4 * MOST_STEPS)).ravel()
    edges = np.unique(edges[(edges > near.min() * 0.98) & (edges < near.max() * 1.02) & (edges >= coarse[0])])
    middles = (edges[1:] + edges[:-1]) / 2
    if len(middles):
        near = np.union1d(near, middles[np.linspace(0, len(middles) - 1, min(FINE, len(middles))).astype(int)])
    return _shares(near, demand, logs, within)


def _shares(widths: Floats, demand: Floats, logs: Floats, within: float) -> Fitted:
    """The share of the cost that is steps, for all widths at once; points on one step are told by their mean."""
    steps = np.ceil(demand / widths[:, None] - 1e-9).astype(np.int64)
    most = int(steps.max()) + 1
    places = (steps + most * np.arange(len(widths))[:, None]).ravel()
    size = most * len(widths)
    counts = np.bincount(places, minlength=size).reshape(-1, most).astype(np.float64)
    sums = np.bincount(places, np.tile(logs, len(widths)), size).reshape(-1, most)
    means = sums / np.maximum(counts, 1)
    scatter = float(logs @ logs) - (sums * means).sum(axis=1) + len(logs) * FLOOR**2
    middle = steps.mean(axis=1)
    low, high = 0.0, 1.0
    for _ in range(MOST_ZOOMS):
        shares = np.linspace(low, high, CELLS)
        shape = np.log1p(shares[:, None] * (np.arange(most) / middle[:, None, None] - 1) * (counts[:, None, :] > 0))
        left = means[:, None, :] - shape
        scale = (left * counts[:, None, :]).sum(axis=2) / len(logs)
        rss = ((left - scale[:, :, None]) ** 2 * counts[:, None, :]).sum(axis=2) + np.maximum(scatter, 0.0)[:, None]
        inside = np.broadcast_to(shares, rss.shape)[rss <= within * rss.min()]
        step = (high - low) / (CELLS - 1)
        own = max(float(inside.min()) - step, 0.0), min(float(inside.max()) + step, 1.0)
        if own[1] - own[0] >= CLOSED * (high - low):
            break
        low, high = own
    theta = np.column_stack([np.repeat(widths, CELLS), np.tile(shares, len(widths)), np.repeat(middle, CELLS)])
    return Fitted(theta=theta, rss=rss.ravel(), scale=scale.ravel())
