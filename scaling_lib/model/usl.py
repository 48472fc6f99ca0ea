"""The Universal Scalability Law fitted to load and throughput: contention, coherence, and the peak they lead to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from scaling_lib.model import usl_checks as checks
from scaling_lib.model import usl_noise as noise
from scaling_lib.model.usl_caveats import best_load, law_caveats, noise_caveats
from scaling_lib.model.usl_lack import MOST_LEVELS, LackOfFit, lack_of_fit
from scaling_lib.model.usl_law import Law, Peak
from scaling_lib.model.usl_proportional import RULED_OUT, Proportional, proportional_fit
from scaling_lib.model.usl_region import likelihood_region
from scaling_lib.model.usl_solve import LOWER, UPPER, Floats, best_fit, jacobian, solve, throughput_at
from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.stats.student import student_quantile
from scaling_lib.words import number

__all__ = ["Fit", "Intervals", "LackOfFit", "Law", "Peak", "StandardErrors", "fit"]

DRAWS = 2000  # the ends of a 95% interval then wobble by some 3% of its width
SEED = 20_261_123


class StandardErrors(NamedTuple):
    """Of alpha, beta and gamma, in their units; NaN for one at its bound, which has no symmetric error."""

    alpha: float
    beta: float
    gamma: float


class Intervals(NamedTuple):
    """Of alpha, beta and gamma."""

    alpha: Estimate
    beta: Estimate
    gamma: Estimate


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit(Law):
    """A law with what its fit rests on; `peak`, `predict`, `curve`, `limit`, `what_if` and `draws` are those of `Law`.

    load, throughput: as given. residuals: throughput less the law's, in its unit.
    sigma: of the noise; in the unit of throughput where its size is constant, a fraction where it is proportional, and
        a factor of the errors where those were given.
    stderr: of alpha, beta and gamma; degrees_of_freedom: of Student's t, n - 3 or what the blocks leave.
    autocorrelation: of the residuals of neighbours; correlated: whether the errors allow for it, with blocks of
        `block` samples (1 where they do not).
    lack: how far the law is off at worst, and whether that is more than noise.
    caveats: what to know before the figures are used, sentences.
    """

    load: Floats
    throughput: Floats
    residuals: Floats
    sigma: float
    stderr: StandardErrors
    degrees_of_freedom: float
    autocorrelation: float
    correlated: bool
    block: int
    lack: LackOfFit
    caveats: tuple[str, ...]

    def confint(self, level: float = 0.95) -> Intervals:
        """The intervals of alpha, beta and gamma.

        By Student's t where all three lie inside their bounds and their intervals stay there. Else those of the
        likelihood region (or of the draws, where samples are correlated), which keep to the bounds: one-sided for a
        parameter at its bound. Raises InvalidInput for a level outside of (0, 1).
        """
        check_level("usl", level)
        half = student_quantile(level, self.degrees_of_freedom) * np.array(self.stderr)
        value = self._parameters[0]
        low, high = value - half, value + half
        if not bool(((low >= LOWER) & (high <= UPPER)).all()):
            value, low, high = self._interval(np.asarray, level)
        units = ("", "", self.throughput_unit)
        ends = zip(value.tolist(), low.tolist(), high.tolist(), units, strict=True)
        return Intervals(*(Estimate(at, below, above, level, unit) for at, below, above, unit in ends))


def fit(
    load: ArrayLike,
    throughput: ArrayLike,
    *,
    errors: checks.Noise | ArrayLike | None = None,
    correlated: bool | None = None,
    block: int | None = None,
    measured_errors: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    load_unit: str = "",
    throughput_unit: str = "",
) -> Fit:
    """Fit X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1)) by least squares, alpha and beta within [0, 1].

    load, throughput: one dimension, the same length, finite and above 0, at least 4 loads that differ; in order of time
        where they are samples of one run.
    errors: how the noise is sized: "constant", "proportional" to throughput, or the standard error of each throughput,
        of which only the ratios count. None: not known; values and errors are those of constant noise (as R's `usl` has
        them), and the intervals of the peak and of predictions also hold what proportional noise would allow, unless
        the samples plainly speak against it.
    correlated: whether neighbours share noise. None: decided by the residuals' lag-1 autocorrelation, which has to
        exceed 1.645 / sqrt(n) in at least 20 samples. Fewer are taken as independent. block: samples in a block, else
        as long as that autocorrelation asks for.
    measured_errors: the standard error of each throughput as its own measurement has it; the fit is held against them
        (see `lack`), and not changed.
    draws: how many laws `draws` holds, made when first asked for and the same for the same seed.

    Independent samples have the errors of nonlinear least squares and Student's t with n - 3 degrees of freedom. The
    peak, predictions and parameters near a bound have profile intervals: the extremes over all laws that explain the
    samples nearly as well (see `usl_region`). Draws are fits to the law plus normal noise that scatters as that t.
    Correlated samples have errors from blocks of neighbours; draws, between whose quantiles their intervals lie, keep
    the noise of a block together (see `usl_noise`).

    Measured coverage of the nominal 95% (tests/benchmarks/bench_usl.py, 100 to 120 repeats a setting; past the peak,
    short of it and without one; constant noise of 3% of the maximum, proportional of 2% and 5%; `errors` not given):
    6, 10 and 20 evenly spaced loads: alpha 0.90-1.00 (0.87-0.99 with R's n - 1 degrees of freedom), the peak 0.91-0.99,
    the throughput at twice the largest load 0.92-0.99; a peak was claimed in 1-6% where there is none. 6 loads in equal
    ratios with proportional noise: alpha 0.81-0.93, the peak 0.86-0.97, but 0.94-0.97 and 0.93-0.97 once told that it
    is proportional: with few loads that reach far, say which it is. AR(1) noise (0.6) in a climb of 200 or 400 samples:
    alpha 0.93-0.98 (0.60-0.72 as if independent), the peak 0.89-0.96.

    Raises InvalidInput for input that does not fit, NotEnoughData for fewer than 4 loads, or for too few samples to
    cut into blocks. Source: Gunther, Guerrilla Capacity Planning (2007), chapters 4 to 6; Seber and Wild, Nonlinear
    Regression (1989), chapter 5.
    """
    loads, served = checks.checked(load, throughput)
    checks.check_options(len(loads), correlated, block, draws, seed)
    weight = checks.weights(errors, len(loads))
    found, rival = best_fit(loads, served, weight), None
    if errors is None or (isinstance(errors, str) and errors == "proportional"):
        rival = proportional_fit(loads, served, found)
    if errors is not None and rival is not None:
        found, weight, rival = rival.parameters, rival.weight, None
    residuals = served - throughput_at(loads, found)
    known = _spread(loads, found, weight, weight * residuals, correlated, block)
    best = best_load(loads, served)
    own = None
    if measured_errors is not None:
        own = checks.standard_errors("measured_errors", measured_errors, len(loads))
    lack = lack_of_fit(loads, served, found, weight, own, correlated=known.correlated)
    return Fit(
        alpha=float(found[0]),
        beta=float(found[1]),
        gamma=float(found[2]),
        smallest=float(loads.min()),
        largest=float(loads.max()),
        best=best,
        load_unit=load_unit,
        throughput_unit=throughput_unit,
        draw=partial(_draws, loads, found, weight, known, draws, seed),
        edge=None if known.correlated else partial(_edge, loads, served, weight, found, rival, seed),
        load=loads,
        throughput=served,
        residuals=residuals,
        sigma=known.sigma,
        stderr=known.stderr,
        degrees_of_freedom=known.degrees,
        autocorrelation=noise.autocorrelation(weight * residuals),
        correlated=known.correlated,
        block=known.block,
        lack=lack,
        caveats=(
            *lack.caveats(levels=len(np.unique(loads)) <= MOST_LEVELS),
            *law_caveats(loads, found, best),
            *noise_caveats(loads, served, found, rival),
            *_spread_caveats(known, noise.autocorrelation(weight * residuals), len(loads)),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Spread:
    """How the noise spreads, and with it the parameters; `residuals` (weighted) are the noise of correlated draws."""

    sigma: float
    stderr: StandardErrors
    degrees: float
    correlated: bool
    block: int
    residuals: Floats


def _spread(
    load: Floats, found: Floats, weight: Floats, residuals: Floats, correlated: bool | None, block: int | None
) -> _Spread:
    free = float(len(load) - 3)
    sigma = math.sqrt(float(residuals @ residuals) / free)
    columns = weight * jacobian(load, found)
    inverse = _inverse(columns)
    covariance, degrees, length = inverse * sigma**2, free, 1
    together = noise.hangs_together(residuals) if correlated is None else correlated
    if together:
        length = block or noise.block_length(residuals)
        degrees = noise.block_degrees(len(load), length)
        leverage = np.einsum("in,ij,jn->n", columns, inverse, columns)
        residuals = noise.left_out_residuals(residuals, leverage, length)
        covariance = inverse @ noise.block_scatter(columns * residuals, length) @ inverse
    at_bound = (found <= LOWER) | (found >= UPPER)
    errors = np.where(at_bound, np.nan, np.sqrt(np.diagonal(covariance)))
    return _Spread(
        sigma=sigma,
        stderr=StandardErrors(*map(float, errors)),
        degrees=degrees,
        correlated=together,
        block=length,
        residuals=residuals,
    )


def _inverse(columns: Floats) -> Floats:
    """(J J')^-1, by columns of length 1: beta's may be many orders of magnitude longer than gamma's."""
    size = np.linalg.norm(columns, axis=1)
    unit = columns / size[:, np.newaxis]
    return np.asarray(np.linalg.pinv(unit @ unit.T, hermitian=True) / np.outer(size, size))


def _draws(load: Floats, found: Floats, weight: Floats, known: _Spread, count: int, seed: int) -> Floats:
    """Parameters (count, 3) fitted to the law plus noise that scatters as the samples' does."""
    if known.correlated:
        drawn = noise.block_noise(known.residuals, known.block, known.degrees, count, seed)
    else:
        drawn = noise.independent_noise(known.sigma, len(load), known.degrees, count, seed)
    series = throughput_at(load, found) + drawn / weight
    return solve(load, series, weight, np.broadcast_to(found, (count, 3)))


def _edge(
    load: Floats, throughput: Floats, weight: Floats, found: Floats, rival: Proportional | None, seed: int, level: float
) -> Floats:
    """Parameters on the edge of the likelihood region of a level; of both kinds of noise where both may be."""
    regions = [likelihood_region(load, throughput, weight, found, level=level, seed=seed)]
    if rival is not None and rival.better > RULED_OUT:
        regions.append(likelihood_region(load, throughput, rival.weight, rival.parameters, level=level, seed=seed))
    return np.concatenate(regions)


def _spread_caveats(known: _Spread, autocorrelation: float, samples: int) -> tuple[str, ...]:
    if known.correlated:
        return (
            f"Neighbouring samples share noise (autocorrelation {number(autocorrelation)}): the errors are those of "
            f"blocks of {known.block} samples, {number(samples / known.block)} of them.",
        )
    if known.degrees <= 2:
        return (
            f"{samples} samples leave {number(known.degrees)} to judge the noise by: intervals are wide, and a single "
            "odd sample moves them. Measure more levels of load.",
        )
    return ()
