"""A Universal Scalability Law as it is known: its peak, its predictions and its what-ifs, each with an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_lib.errors import InvalidInput
from scaling_lib.model.usl_solve import UPPER, Floats, throughput_at
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import floats, is_finite
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import quantity

State = Literal[
    "within the measured range", "beyond the measured range", "below the measured range", "not identified", "none"
]


@dataclass(frozen=True)
class Peak(Estimate):
    """The load at which throughput is highest, with its interval; infinite where the law has no peak.

    state: "within the measured range"; "beyond the measured range" (the estimate is past the largest load, or the
        largest load had the highest throughput: nothing was seen to fall); "below the measured range" (throughput only
        fell from the smallest load on); "not identified" (the interval has no upper end, or throughput does not even
        bend); "none" (it bends towards a limit, from which it cannot fall).
    throughput: the highest throughput of all, at the peak or, without one, what the throughput tends to.
    """

    _: KW_ONLY
    state: State
    throughput: Estimate

    def __str__(self) -> str:
        if self.state == "none":
            return "none: throughput does not fall at any load"
        if self.throughput.value == math.inf:
            return "not identified: throughput rises in proportion to load as far as it was measured"
        if self.state == "not identified":
            return f"not identified; not below {quantity(self.low, self.unit)}" if self.low > 0 else "not identified"
        text = Estimate.__str__(self)
        return text if self.state == "within the measured range" else f"{self.state}: {text}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1)), and draws of what else its parameters may be.

    alpha: contention, the share of work that waits in line; beta: coherence, the cost of keeping each pair in step;
    gamma: the throughput at a load of 1.
    smallest, largest: the loads between which it was measured; best: the measured load of the highest throughput, NaN
        for a law that is imagined.
    load_unit, throughput_unit: handed on to the Estimates.
    draw: makes the draws (m, 3) of alpha, beta and gamma when they are first asked for.
    edge: makes the parameters (m, 3) on the edge of the likelihood region of a level (see `usl_region`), between whose
        extremes intervals lie; None where intervals lie between quantiles of the draws.
    Source: Gunther, Guerrilla Capacity Planning (2007), chapters 4 to 6.
    """

    alpha: float
    beta: float
    gamma: float
    smallest: float
    largest: float
    best: float
    load_unit: str = ""
    throughput_unit: str = ""
    draw: Callable[[], Floats] = field(repr=False)
    edge: Callable[[float], Floats] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, value, most in (
            ("alpha", self.alpha, 1.0),
            ("beta", self.beta, 1.0),
            ("gamma", self.gamma, math.inf),
        ):
            if not (is_finite(value) and 0 <= value <= most and (value > 0 or name != "gamma")):
                raise InvalidInput(
                    f"usl: found {name} {value!r}; expected {'a number above 0' if name == 'gamma' else 'a fraction'}, "
                    "as `usl.fit` finds it."
                )

    @cached_property
    def draws(self) -> Floats:
        """Parameters (m, 3), alpha, beta and gamma in a row, that scatter around the law's as its errors do."""
        return self.draw()

    @property
    def limit(self) -> float:
        """The throughput that no load exceeds: gamma / alpha where beta is 0, that of the peak where it is not."""
        return float(highest_throughput(self._parameters)[0])

    def peak(self, level: float = 0.95) -> Peak:
        """The load of the highest throughput, how far it is known, and that throughput.

        Raises InvalidInput for a level outside of (0, 1).
        """
        found = self._estimate(peak_load, level, self.load_unit)
        highest = self._estimate(highest_throughput, level, self.throughput_unit)
        return Peak(
            found.value, found.low, found.high, level, self.load_unit, state=self._state(found), throughput=highest
        )

    def predict(self, load: float, level: float = 0.95) -> Estimate:
        """The mean throughput at a load, with the interval of the law itself (single samples scatter more).

        Past the largest load measured it holds only if nothing else saturates on the way.
        Raises InvalidInput unless the load is one number above 0; `curve` takes many.
        """
        if np.ndim(load) != 0:
            raise InvalidInput("usl: predict takes one load and gives an Estimate; ask `curve` for many at once.")
        row = self.curve([load], level).iloc[0]
        return Estimate(row["throughput"], row["low"], row["high"], level, self.throughput_unit)

    def curve(self, loads: ArrayLike, level: float = 0.95) -> pd.DataFrame:
        """One row a load: load, throughput, low, high; see `predict`."""
        check_level("usl", level)
        points = np.atleast_1d(floats("usl", "loads", loads))
        if points.ndim != 1 or not bool((np.isfinite(points) & (points > 0)).all()):
            raise InvalidInput(
                f"usl: found loads {points.tolist()}; expected finite numbers above 0, in one dimension."
            )
        value, low, high = self._interval(partial(throughput_at, points), level)
        return pd.DataFrame({"load": points, "throughput": value, "low": low, "high": high})

    def what_if(self, *, contention: float = 1.0, coherence: float = 1.0, rate: float = 1.0) -> Law:
        """The law with alpha, beta and gamma times these factors: `what_if(contention=0.5)` halves the waiting in line.

        Draws and likelihood region take the same factors: the new law's intervals hold what is not known of the old
        one. Its peak is held against the same measured range. Raises InvalidInput for a factor below 0, a rate of 0,
        or an alpha that would exceed 1.
        """
        factors = floats("usl", "factors", [contention, coherence, rate])
        if factors.ndim != 1 or not bool(np.isfinite(factors).all()) or bool((factors < 0).any()) or rate == 0:
            raise InvalidInput(
                f"usl: found factors contention={contention}, coherence={coherence}, rate={rate}; expected finite "
                "numbers of at least 0, the rate above 0: 0.5 halves, 1 changes nothing."
            )
        alpha, beta, gamma = (float(value) for value in self._parameters[0] * factors)
        if alpha > 1 or beta > 1:
            raise InvalidInput(
                f"usl: contention={contention} and coherence={coherence} would make alpha {alpha:.4g} and beta "
                f"{beta:.4g}; neither can exceed 1, where the second unit of load adds nothing. Choose smaller factors."
            )
        return Law(
            alpha=alpha,
            beta=beta,
            gamma=gamma,
            smallest=self.smallest,
            largest=self.largest,
            best=math.nan,
            load_unit=self.load_unit,
            throughput_unit=self.throughput_unit,
            draw=partial(_draws_times, self, factors),
            edge=None if self.edge is None else partial(_edge_times, self.edge, factors),
        )

    @property
    def _parameters(self) -> Floats:
        return np.array([[self.alpha, self.beta, self.gamma]])

    @cached_property
    def _edges(self) -> dict[float, Floats]:
        return {}

    def _interval(self, of: Callable[[Floats], Floats], level: float) -> tuple[Floats, Floats, Floats]:
        """The value of a function of the parameters, a row a law, and the two ends of its interval."""
        check_level("usl", level)
        value = of(self._parameters)[0]
        if self.edge is None:
            ends = [0.5 - level / 2, 0.5 + level / 2]
            low, high = np.quantile(of(self.draws), ends, axis=0, method="inverted_cdf")
        else:
            if level not in self._edges:
                self._edges[level] = self.edge(level)
            reached = of(self._edges[level])
            low, high = reached.min(axis=0), reached.max(axis=0)
        return value, np.minimum(low, value), np.maximum(high, value)

    def _estimate(self, of: Callable[[Floats], Floats], level: float, unit: str) -> Estimate:
        value, low, high = (float(figure) for figure in self._interval(of, level))
        return Estimate(value, low, high, level, unit)

    def _state(self, peak: Estimate) -> State:
        if peak.low == math.inf:
            return "none" if math.isfinite(self.limit) else "not identified"
        if peak.high == math.inf:
            return "not identified"
        if peak.value < self.smallest or self.best == self.smallest:
            return "below the measured range"
        if peak.value > self.largest or self.best == self.largest:
            return "beyond the measured range"
        return "within the measured range"


def peak_load(parameters: Floats) -> Floats:
    """sqrt((1 - alpha) / beta) of each row; infinite where beta is 0."""
    alpha, beta = parameters[:, 0], parameters[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(beta > 0, np.sqrt(np.maximum(1 - alpha, 0) / beta), np.inf)


def highest_throughput(parameters: Floats) -> Floats:
    """The throughput at each row's peak, or gamma / alpha without one; infinite where nothing limits it.

    1 + alpha (N - 1) + beta N (N - 1) over N is alpha - beta + 2 sqrt(beta (1 - alpha)) at its least.
    """
    alpha, beta, gamma = parameters[:, 0], parameters[:, 1], parameters[:, 2]
    with np.errstate(divide="ignore"):
        return np.asarray(gamma / (alpha - beta + 2 * np.sqrt(beta * np.maximum(1 - alpha, 0))))


def _draws_times(law: Law, factors: Floats) -> Floats:
    return np.asarray(np.minimum(law.draws * factors, UPPER))


def _edge_times(edge: Callable[[float], Floats], factors: Floats, level: float) -> Floats:
    return np.asarray(np.minimum(edge(level) * factors, UPPER))
