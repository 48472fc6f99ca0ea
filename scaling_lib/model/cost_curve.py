"""Cost against demand: the laws that fit, the elasticity with its interval, and what k times the demand would cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.model.cost_fit import CurveFit, fit_laws, within
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import is_finite, said
from scaling_lib.stats.proportions import check_level

Floats = NDArray[np.float64]
Reach = Literal["within the observed range", "extrapolated", "model-dependent"]

TOLD_APART = 2.0  # AICc: below it the points of highest demand decide which law is shown
LEAST_TOLD = 1e-4
FAR = 2.0  # times the highest demand: beyond it, which law is true matters more than its errors


@dataclass(frozen=True, kw_only=True)
class Extrapolation:
    """What a demand would cost. k: times the demand that was asked from; demand: k times it; reach: over the highest.

    cost: the best law's, with the envelope of all laws that fit; by_law: each with its own interval.
    verdict: "within the observed range", "extrapolated" up to twice the highest demand, "model-dependent" beyond.
    """

    k: float
    demand: float
    reach: float
    cost: Estimate
    by_law: Mapping[str, Estimate]
    verdict: Reach


@dataclass(frozen=True, kw_only=True, eq=False)
class CostCurve:
    """Cost against demand.

    demand, cost: the points that were used, in their order. fits: every law, the least AICc first; best: the one that
    is shown: of those within AICc 2, the one with the least error at the points of highest demand that it did not see.
    effective: how many independent points they are worth, by the autocorrelation of neighbours. left_out: places of
    points that were set aside: without a cost above 0, or far from all laws. caveats: what a reader should know.
    """

    demand: Floats
    cost: Floats
    unit: str
    level: float
    fits: tuple[CurveFit, ...]
    best: CurveFit
    effective: float
    left_out: tuple[int, ...]
    caveats: tuple[str, ...]

    @property
    def observed(self) -> tuple[float, float]:
        """The lowest and the highest demand."""
        return float(self.demand.min()), float(self.demand.max())

    def at(self, demand: float) -> Estimate:
        """The cost of a demand: the best law's, with the envelope of all that fit."""
        return self._envelope(_demand("at", demand), self.unit)

    def elasticity(self, at: float | None = None) -> Estimate:
        """By how many percent the cost rises for one percent more demand, at a demand (their median without one)."""
        place = self._place(at, "elasticity")

        def local(fit: CurveFit, keep: NDArray[np.bool_]) -> Floats:
            return _told(fit._law.elasticity(fit._fitted.theta[keep], np.array([place]))[:, 0])

        parts = []
        for fit in self._taken:
            keep = fit._fitted.rss <= self._threshold(fit)
            parts.append(local(fit, keep))
        best = float(_told(np.array(_value(self.best, self.best._law.elasticity, place))))
        values = np.concatenate(parts)
        return Estimate(best, min(float(values.min()), best), max(float(values.max()), best), self.level, "")

    def marginal(self, at: float | None = None) -> Estimate:
        """What one more of the demand costs there: elasticity times average."""
        place = self._place(at, "marginal")
        ends = []
        for fit in self._taken:
            keep = fit._fitted.rss <= self._threshold(fit)
            slope = _told(fit._law.elasticity(fit._fitted.theta[keep], np.array([place]))[:, 0])
            low, high = self._ends(fit, place)
            ends += [*(slope * low / place), *(slope * high / place)]
        value = self.elasticity(place).value * self.at(place).value / place
        return Estimate(value, min(min(ends), value), max(max(ends), value), self.level, self.unit)

    def average(self, at: float | None = None) -> Estimate:
        """What each of the demand costs there."""
        place = self._place(at, "average")
        return self.at(place).times(1 / place)

    def extrapolate(self, k: float, at: float | None = None) -> Extrapolation:
        """What k times a demand costs. at: the demand that is multiplied, such as today's; their median without one."""
        if not (is_finite(k) and k > 0):
            raise InvalidInput(f"extrapolate: found k {said(k)}; expected a factor above 0, such as 10.")
        demand = self._place(at, "extrapolate") * k
        low, high = self.observed
        reach = demand / high
        verdict: Reach = "model-dependent"
        if low <= demand <= high:
            verdict = "within the observed range"
        elif low / FAR <= demand <= high * FAR:
            verdict = "extrapolated"
        by_law = {}
        for fit in self.fits:
            ends = self._ends(fit, demand)
            value = math.exp(self._log(fit, demand))
            by_law[fit.law] = Estimate(
                value, min(float(ends[0].min()), value), max(float(ends[1].max()), value), self.level, self.unit
            )
        return Extrapolation(
            k=k, demand=demand, reach=reach, cost=self._envelope(demand, self.unit), by_law=by_law, verdict=verdict
        )

    def draws(self, demand: Floats, count: int, random: np.random.Generator) -> Floats:
        """Costs (count, n) of courses of demand (count, n), each by a law and shape as likely as the points make it.

        Laws weigh by AICc, shapes by their likelihood. The noise of single points is not in them.
        """
        weights = np.array([math.exp(-fit.behind / 2) for fit in self._taken])
        chosen = random.choice(len(weights), size=count, p=weights / weights.sum())
        logs = np.empty(demand.shape)
        for place, fit in enumerate(self._taken):
            rows = np.flatnonzero(chosen == place)
            likely = np.exp(-self.effective / 2 * np.log(fit._fitted.rss / fit._fitted.rss.min()))
            for row, shape in zip(
                rows, random.choice(len(likely), size=len(rows), p=likely / likely.sum()), strict=True
            ):
                spread = math.sqrt(float(fit._fitted.rss[shape]) / len(self.demand) / self.effective)
                scale = fit._fitted.scale[shape] + spread * random.standard_normal()
                logs[row] = scale + fit._law.shape(fit._fitted.theta[shape : shape + 1], demand[row])[0]
        return np.asarray(np.exp(logs))

    def logs(self, demand: Floats) -> Floats:
        """The logarithm of the best law's cost at each demand (n,)."""
        shape = self.best._law.shape(np.array([self.best.theta]), demand)[0]
        return np.asarray(float(self.best._fitted.scale[self.best._fitted.best]) + shape)

    @cached_property
    def residuals(self) -> Floats:
        """log C beyond the best law, in the order of the points."""
        return np.asarray(np.log(self.cost) - self.logs(self.demand))

    @property
    def _taken(self) -> list[CurveFit]:
        return [fit for fit in self.fits if fit.taken]

    def _place(self, at: float | None, name: str) -> float:
        return float(np.median(self.demand)) if at is None else _demand(name, at)

    def _threshold(self, fit: CurveFit) -> float:
        return float(fit._fitted.rss.min()) * within(self.level, self.effective, fit._law.parameters)

    def _log(self, fit: CurveFit, demand: float) -> float:
        return float(fit._fitted.scale[fit._fitted.best]) + float(_value(fit, fit._law.shape, demand))

    def _ends(self, fit: CurveFit, demand: float) -> tuple[Floats, Floats]:
        """Of every shape that explains the points nearly as well, the lowest and highest cost that do."""
        limit = self._threshold(fit)
        keep = fit._fitted.rss <= limit
        slack = np.sqrt((limit - fit._fitted.rss[keep]) / len(self.demand))
        middle = fit._fitted.scale[keep] + fit._law.shape(fit._fitted.theta[keep], np.array([demand]))[:, 0]
        with np.errstate(over="ignore"):
            return np.exp(middle - slack), np.exp(middle + slack)

    def _envelope(self, demand: float, unit: str) -> Estimate:
        value = math.exp(self._log(self.best, demand))
        ends = [self._ends(fit, demand) for fit in self._taken]
        low, high = min(float(low.min()) for low, _ in ends), max(float(high.max()) for _, high in ends)
        return Estimate(value, min(low, value), max(high, value), self.level, unit)


def curve(demand: ArrayLike, cost: ArrayLike, *, level: float = 0.95, unit: str = "") -> CostCurve:
    """Fit laws of cost against demand, with multiplicative errors.

    demand, cost: one of each a stretch of time (a day), in the order of time; deflate prices first, and take effective
    costs of usage alone. level: of all intervals; unit: of the cost.

    Four laws are fitted to log C by least squares: a + b D, alpha D^beta, a + b D^beta and a + p ceil(D/q), their costs
    nowhere below 0. Intervals are profile likelihood's: the extremes over all shapes that explain the points nearly as
    well; of several laws, the envelope of all within AICc 4 of the best. Points that lie further than five deviations
    from the best law, up to a tenth of them, are set aside and named. Neighbours that share noise count as fewer.

    Measured coverage of the nominal 95% (tests/benchmarks/bench_cost.py; 30 points over a 4x range, 5% and 10% noise,
    six truths, 200 repeats each): the envelope at twice the highest demand 0.94-0.99, at ten times 0.92-0.99, where the
    law of least AICc alone has 0.31-0.98; the elasticity 0.93-0.99. It is wide where the points leave it open: at ten
    times, highest over lowest is 1.2 to 6 for most truths, and 37 and more where most of the cost is fixed.

    Raises InvalidInput for input that does not fit, NotEnoughData for fewer than 8 points, or where the demand moves by
    less than a fifth. Source: Burnham and Anderson, Model Selection and Multimodel Inference (2002), chapters 2 and 4.
    """
    check_level("curve", level)
    found = fit_laws(demand, cost, level)
    return CostCurve(
        demand=found.demand,
        cost=found.cost,
        unit=unit,
        level=level,
        fits=found.fits,
        best=_best(found.fits),
        effective=found.effective,
        left_out=found.left_out,
        caveats=found.caveats,
    )


def _demand(name: str, at: float) -> float:
    if not (is_finite(at) and at > 0):
        raise InvalidInput(f"{name}: found a demand of {said(at)}; expected a number above 0.")
    return float(at)


def _best(fits: tuple[CurveFit, ...]) -> CurveFit:
    """Of the laws that the points do not tell apart, the one that foretold the highest demands best."""
    near = [fit for fit in fits if fit.behind <= TOLD_APART and not math.isnan(fit.held_out)]
    return min(near, key=lambda fit: fit.held_out) if near else fits[0]


def _value(fit: CurveFit, of: object, demand: float) -> float:
    """A shape's or elasticity's value at the best of a law."""
    assert callable(of)  # noqa: S101 - one of a law's two
    return float(of(np.array([fit.theta]), np.array([demand]))[0, 0])


def _told(elasticity: Floats) -> Floats:
    """What is less than a rounded bill could tell is none."""
    return np.asarray(np.where(np.abs(elasticity) < LEAST_TOLD, 0.0, elasticity))
