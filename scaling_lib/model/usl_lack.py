"""Whether a fitted scalability law describes its samples: how far off it is, and whether that is more than noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scaling_lib.model.usl_solve import Floats, jacobian, throughput_at
from scaling_lib.words import number, percent

Against = Literal["their measured errors", "repeated loads", "their scatter", ""]

FAR = 0.15  # of what was measured: a law that is farther off at some level is said to be
NEAR = 0.05  # and one that is nowhere farther off is good enough, however small the noise
SURE = 0.01  # a probability by chance: below, the samples follow a course of their own
MOST_LEVELS, BANDS = 30, 12  # of loads that are levels; bands of loads that are samples of a run
FEWEST_SAMPLES = 8  # three parameters, two of a course, and three to know the scatter by
PARAMETERS = 3
EXACT = 1e-9  # of the throughput: smaller residuals are rounding, and have a course of their own


@dataclass(frozen=True, kw_only=True)
class LackOfFit:
    """How well a law describes its samples.

    load: where it is farthest off; error: the law over the mean of what was measured there, less 1.
    chance: the probability that noise alone would make residuals so far from the law, NaN where it cannot be told.
    against: what the noise is known by, "" where it is not.
    """

    load: float
    error: float
    chance: float
    against: Against

    @property
    def found(self) -> bool:
        """Whether the law does not hold: the residuals are more than noise, and 5% or more of what was measured."""
        return self.chance < SURE and abs(self.error) >= NEAR

    def caveats(self, *, levels: bool) -> tuple[str, ...]:
        """In sentences, none where the law fits. levels: whether each load is a level, and no single sample of many."""
        side = "above" if self.error > 0 else "below"
        off = f"at a load of {number(self.load)} the law is {percent(abs(self.error), 2)} {side} what was measured"
        if self.found:
            return (
                f"The law does not describe these samples: they are farther from it than {self.against} explain, and "
                f"{off}. Its intervals know of noise alone: believe it within the measured loads, and there no more "
                "than so far.",
            )
        return (f"{off[0].upper()}{off[1:]}.",) if levels and abs(self.error) > FAR else ()


def lack_of_fit(
    load: Floats, throughput: Floats, parameters: Floats, weight: Floats, known: Floats | None, *, correlated: bool
) -> LackOfFit:
    """Hold a law against its samples.

    weight: one over what each standard error is in proportion to; known: the standard errors themselves, where they
    were measured. correlated: whether neighbours in time share noise, of which a lack of fit cannot be told.

    Noise is known by the measured errors (chi-squared of all residuals), else by loads that were measured more than
    once (F of the levels' means against the scatter within), else by what is left when the residuals may follow a
    smooth course in the logarithm of the load, of two terms, three from 12 samples on (F of the course).
    Source: Draper and Smith, Applied Regression Analysis (1998), chapters 1 and 2.
    """
    law = throughput_at(load, parameters)
    at, error = _farthest(load, throughput, law)
    chance, against = float("nan"), ""
    if not correlated and float(np.abs(law / throughput - 1).max()) > EXACT:
        chance, against = _chance(load, throughput - law, parameters, weight, known)
    return LackOfFit(load=at, error=error, chance=chance, against=against)  # type: ignore[arg-type]  # of `Against`


def _farthest(load: Floats, throughput: Floats, law: Floats) -> tuple[float, float]:
    """The level, or the band of neighbours of a run, at which the law is farthest off, and by how much."""
    loads, place = np.unique(load, return_inverse=True)
    if len(loads) > MOST_LEVELS:
        place = np.argsort(np.argsort(load, kind="stable"), kind="stable") * BANDS // len(load)
    counts = np.bincount(place)
    at, measured, expected = (np.bincount(place, weights=each) / counts for each in (load, throughput, law))
    errors = expected / measured - 1
    worst = int(np.argmax(np.abs(errors)))
    return float(at[worst]), float(errors[worst])


def _chance(
    load: Floats, residuals: Floats, parameters: Floats, weight: Floats, known: Floats | None
) -> tuple[float, str]:
    from scipy import special

    n = len(load)
    if known is not None:
        squares = float(((residuals / known) ** 2).sum())
        return float(special.chdtrc(n - PARAMETERS, squares)), "their measured errors"
    residuals = weight * residuals
    total = float(residuals @ residuals)
    loads, place, counts = np.unique(load, return_inverse=True, return_counts=True)
    if n - len(loads) >= PARAMETERS and len(loads) > PARAMETERS:
        means = np.bincount(place, weights=residuals) / counts
        within, extra = float(((residuals - means[place]) ** 2).sum()), len(loads) - PARAMETERS
        return _ratio(total - within, extra, within, n - len(loads)), "repeated loads"
    if n < FEWEST_SAMPLES:
        return float("nan"), ""
    terms = 2 if n < 12 else 3
    followed = float(((_course(load, parameters, weight, terms).T @ residuals) ** 2).sum())
    return _ratio(followed, terms, total - followed, n - PARAMETERS - terms), "their scatter"


def _course(load: Floats, parameters: Floats, weight: Floats, terms: int) -> Floats:
    """Columns (n, terms) of a smooth course in the logarithm of the load, of what no other parameters would follow."""
    columns = (weight * jacobian(load, parameters)).T
    taken = np.linalg.qr(columns / np.linalg.norm(columns, axis=0))[0]
    place = np.log(load)
    place = 2 * (place - place.min()) / np.ptp(place) - 1
    smooth = np.polynomial.legendre.legvander(place, PARAMETERS + terms)
    return np.asarray(np.linalg.svd(smooth - taken @ (taken.T @ smooth), full_matrices=False)[0][:, :terms])


def _ratio(above: float, extra: int, below: float, degrees: int) -> float:
    """The probability that F exceeds (above / extra) / (below / degrees); where rounding is all, nothing is told."""
    from scipy import special

    if below <= 0:
        return float("nan")
    return float(special.fdtrc(extra, degrees, max(above, 0.0) / extra / (below / degrees)))
