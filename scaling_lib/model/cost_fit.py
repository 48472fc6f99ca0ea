"""The laws of cost fitted to points: what is set aside, how many points count, and how well each law does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.cost_laws import Fitted, Law, laws
from scaling_lib.stats import student_quantile
from scaling_lib.stats.arguments import floats
from scaling_lib.words import number, plural

Floats = NDArray[np.float64]

FEWEST = 8
LEAST_SPREAD = 1.2  # of the demand, highest over lowest without the outer 5%: below it all laws are one
SAME = 4.0  # AICc above the least: laws that the points do not tell apart
HELD_OUT = 0.2  # of the points, those of the highest demand
OUTLYING, MOST_OUTLYING = 5.0, 0.1  # deviations (by the median); share of the points
WIDEST = 0.999  # the level up to which shapes are kept
ROUNDING = 1e-5  # relative
ROUNDED = 0.01  # relative: no point is set aside for less


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveFit:
    """One law, fitted to log C. aicc: corrected Akaike's criterion; behind: above the least of all laws.

    held_out: the root mean square error (of log C) at the 20% of highest demand, fitted to the others; NaN where those
    have too little spread. taken: whether it belongs to the envelope. theta: of the best shape, see `cost_laws`.
    """

    law: str
    aicc: float
    behind: float
    held_out: float
    taken: bool
    theta: tuple[float, ...]
    _law: Law = field(repr=False)
    _fitted: Fitted = field(repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fits:
    """Every law, the least AICc first, and the points that they are fitted to; as `CostCurve` has them."""

    demand: Floats
    cost: Floats
    fits: tuple[CurveFit, ...]
    effective: float
    left_out: tuple[int, ...]
    caveats: tuple[str, ...]


def fit_laws(demand: ArrayLike, cost: ArrayLike, level: float) -> Fits:
    """Fit every law to the points that can be used; the arguments and errors are those of `cost_curve.curve`."""
    demands, costs = _checked(demand, cost)
    places = np.flatnonzero((demands > 0) & (costs > 0))
    dropped = sorted(set(range(len(demands))) - set(places.tolist()))
    _check_enough(demands[places])
    kept = places
    for _ in range(3):
        family = laws(demands[kept])
        fitted = {law.name: _search(law, demands[kept], costs[kept], level, float(len(kept))) for law in family}
        effective = _effective(family, fitted, demands[kept], costs[kept])
        far = _outlying(family, fitted, demands[places], costs[places])
        now = places[~far]
        if len(now) < (1 - MOST_OUTLYING) * len(places) or np.array_equal(now, kept):
            break
        kept = now
    if effective < len(kept):
        fitted = {law.name: _search(law, demands[kept], costs[kept], level, effective) for law in family}
    used, paid = demands[kept], costs[kept]
    fits = _ranked(family, fitted, used, paid, effective)
    aside = tuple(sorted({*dropped, *(set(places.tolist()) - set(kept.tolist()))}))
    return Fits(
        demand=used,
        cost=paid,
        fits=fits,
        effective=effective,
        left_out=aside,
        caveats=tuple(_caveats(len(dropped), len(places) - len(kept), effective, len(kept))),
    )


def _search(law: Law, demand: Floats, cost: Floats, level: float, effective: float) -> Fitted:
    found = law.search(demand, np.log(cost), within(max(level, WIDEST), effective, law.parameters))
    keep = found.rss <= found.rss.min() * within(max(level, WIDEST), effective, law.parameters)
    return Fitted(theta=found.theta[keep], rss=found.rss[keep], scale=found.scale[keep])


def within(level: float, effective: float, parameters: int) -> float:
    """By what the squares of a shape may exceed the least: a profile interval by Student's t."""
    free = max(effective - parameters, 1.0)
    return 1 + student_quantile(level, free) ** 2 / free


def _checked(demand: ArrayLike, cost: ArrayLike) -> tuple[Floats, Floats]:
    arrays = [floats("curve", name, each) for name, each in (("demand", demand), ("cost", cost))]
    if arrays[0].ndim != 1 or arrays[0].shape != arrays[1].shape:
        shapes = " and ".join(str(each.shape) for each in arrays)
        raise InvalidInput(f"curve: found demand and cost of the shapes {shapes}; expected two of one length.")
    if not all(np.isfinite(each).all() for each in arrays):
        raise InvalidInput("curve: found a demand or cost that is not finite; expected numbers. Leave such points out.")
    return arrays[0], arrays[1]


def _check_enough(demand: Floats) -> None:
    if len(demand) < FEWEST:
        raise NotEnoughData(
            f"Cost against demand: found {plural(len(demand), 'point')} with a demand and a cost above 0; expected at "
            f"least {FEWEST}."
        )
    low, high = np.quantile(demand, [0.05, 0.95])
    if high < LEAST_SPREAD * low:
        raise NotEnoughData(
            f"Cost against demand: the demand only moves from {number(float(low))} to {number(float(high))}; expected "
            f"its highest to be at least {LEAST_SPREAD} times its lowest. Supply a longer history."
        )


def _criterion(law: Law, fitted: Fitted, effective: float, points: int) -> float:
    count = law.parameters + 1  # and the noise
    corrected = 2 * count * (count + 1) / max(effective - count - 1, 0.5)
    return effective * math.log(float(fitted.rss.min()) / points) + 2 * count + corrected


def _left(law: Law, fitted: Fitted, demand: Floats, cost: Floats) -> Floats:
    place = fitted.best
    return np.asarray(
        np.log(cost) - fitted.scale[place] - law.shape(fitted.theta[place : place + 1], demand)[0], dtype=np.float64
    )


def _first(family: tuple[Law, ...], fitted: Mapping[str, Fitted], points: int) -> Law:
    return min(family, key=lambda law: _criterion(law, fitted[law.name], float(points), points))


def _effective(family: tuple[Law, ...], fitted: Mapping[str, Fitted], demand: Floats, cost: Floats) -> float:
    """n (1 - r) / (1 + r), where the residuals of neighbours are alike beyond chance."""
    law = _first(family, fitted, len(demand))
    left = _left(law, fitted[law.name], demand, cost)
    square = float(left @ left)
    alike = float(left[1:] @ left[:-1]) / square if square else 0.0
    if square < len(left) * ROUNDING**2:  # no noise at all: what rounding leaves is no noise that neighbours share
        return float(len(left))
    if len(left) < 20 or alike <= 1.645 / math.sqrt(len(left)):
        return float(len(left))
    return max(len(left) * (1 - alike) / (1 + alike), float(FEWEST))


def _outlying(family: tuple[Law, ...], fitted: Mapping[str, Fitted], demand: Floats, cost: Floats) -> NDArray[np.bool_]:
    law = _first(family, fitted, len(demand))
    left = _left(law, fitted[law.name], demand, cost)
    away = np.abs(left - np.median(left))
    return np.asarray(away > max(OUTLYING * 1.4826 * float(np.median(away)), ROUNDED))


def _ranked(
    family: tuple[Law, ...], fitted: Mapping[str, Fitted], demand: Floats, cost: Floats, effective: float
) -> tuple[CurveFit, ...]:
    scores = {law.name: _criterion(law, fitted[law.name], effective, len(demand)) for law in family}
    least = min(scores.values())
    fits = [
        CurveFit(
            law=law.name,
            aicc=scores[law.name],
            behind=scores[law.name] - least,
            held_out=_held_out(law.name, demand, cost),
            taken=scores[law.name] - least <= SAME,
            theta=tuple(map(float, fitted[law.name].theta[fitted[law.name].best])),
            _law=law,
            _fitted=fitted[law.name],
        )
        for law in family
    ]
    return tuple(sorted(fits, key=lambda fit: fit.aicc))


def _held_out(name: str, demand: Floats, cost: Floats) -> float:
    edge = np.quantile(demand, 1 - HELD_OUT)
    seen = demand <= edge
    low, high = np.quantile(demand[seen], [0.05, 0.95])
    if seen.all() or seen.sum() < FEWEST or high < LEAST_SPREAD * low:
        return math.nan
    law = next(each for each in laws(demand[seen]) if each.name == name)
    fitted = law.search(demand[seen], np.log(cost[seen]), 1.5)
    return float(np.sqrt(np.mean(_left(law, fitted, demand[~seen], cost[~seen]) ** 2)))


def _caveats(dropped: int, outlying: int, effective: float, points: int) -> list[str]:
    found = []
    if dropped:
        found.append(f"{plural(dropped, 'point')} without a demand or a cost above 0 left out")
    if outlying:
        found.append(f"{plural(outlying, 'point')} set aside: more than {OUTLYING:.0f} deviations from the best law")
    if effective < points:
        found.append(f"neighbours share noise: {points} points tell as much as {number(effective, 2)} independent ones")
    return found
