"""Least squares with coefficients of 0 or more, and what they may be where neighbouring residuals are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scaling_lib.model.uncertainty import DRAWS, Floats, generator

FEWEST_BLOCKS = 6


@dataclass(frozen=True, kw_only=True)
class Regression:
    """values: intercept and coefficients; draws: (DRAWS, 1 + coefficients) of what they may be.

    block: points of a block of the jackknife; fit: the share of the variation that is explained.
    """

    values: Floats
    draws: Floats
    block: int
    fit: float


def regress(columns: Floats, observed: Floats, weights: Floats) -> Regression:
    """observed = intercept + columns @ coefficients, none below 0.

    columns: (n, k); observed: (n) in order; weights: (k), of the sum of coefficients whose variance chooses the blocks.
    See `utilization_law.from_utilization` for the method.
    """
    from scipy.optimize import nnls

    design = np.column_stack([np.ones(len(observed)), columns])
    size = np.sqrt((design**2).mean(axis=0))
    scaled = design / size
    root = np.linalg.cholesky(scaled.T @ scaled).T
    free = np.linalg.lstsq(scaled, observed, rcond=None)[0]
    values = nnls(root, root @ free)[0] if bool((free < 0).any()) else free
    covariance, block, degrees = _covariance(scaled, observed, free, np.concatenate([[0.0], weights / size[1:]]))
    numbers = generator("least squares")
    normal = numbers.standard_normal((DRAWS, len(free))) @ _root(covariance).T
    drawn = free + normal * np.sqrt(degrees / numbers.chisquare(degrees, size=(DRAWS, 1)))
    below = np.flatnonzero((drawn < 0).any(axis=1))
    for row in below:  # the nearest that can be, as the data measure distance
        drawn[row] = nnls(root, root @ drawn[row])[0]
    residuals = observed - scaled @ values
    varied = float(((observed - observed.mean()) ** 2).sum())
    return Regression(
        values=values / size,
        draws=drawn / size,
        block=block,
        fit=1 - float(residuals @ residuals) / varied if varied > 0 else 0.0,
    )


def drawn_fit(design: Floats, observed: Floats, weights: Floats) -> Floats:
    """Coefficients of any sign: (1 + DRAWS, columns), their values first; arguments and errors as of `regress`."""
    free = np.asarray(np.linalg.lstsq(design, observed, rcond=None)[0], dtype=np.float64)
    covariance, _, degrees = _covariance(design, observed, free, weights)
    numbers = generator("fit")
    normal = numbers.standard_normal((DRAWS, len(free))) @ _root(covariance).T
    return np.vstack([free, free + normal * np.sqrt(degrees / numbers.chisquare(degrees, size=(DRAWS, 1)))])


def variance_inflation(columns: Floats) -> list[float]:
    """By column, how many times the other columns inflate the variance of its coefficient; 1 where they say nothing."""
    centred = columns - columns.mean(axis=0)
    inflation = []
    for place in range(centred.shape[1]):
        others = np.delete(centred, place, axis=1)
        own = centred[:, place]
        unexplained = own - others @ np.linalg.lstsq(others, own, rcond=None)[0] if others.shape[1] else own
        rest = float(unexplained @ unexplained)
        inflation.append(float(own @ own) / rest if rest > 1e-12 * float(own @ own) else np.inf)
    return inflation


def bend(totals: Floats, observed: Floats) -> float:
    """How much the slope changes from the lowest total to the highest, as a fraction of its mean; 0 where not certain.

    By a parabola, whose last coefficient has to be certain (at 99%) by the same jackknife.
    """
    from scipy import special

    span = float(np.ptp(totals))
    if span == 0:
        return 0.0
    place = (totals - totals.min()) / span
    design = np.column_stack([np.ones(len(place)), place, place**2])
    free = np.linalg.lstsq(design, observed, rcond=None)[0]
    covariance, _, degrees = _covariance(design, observed, free, np.array([0.0, 0.0, 1.0]))
    slope = free[1] + free[2]
    error = float(np.sqrt(covariance[2, 2]))
    certain = abs(free[2]) > float(special.stdtrit(degrees, 0.995)) * error
    return float(2 * free[2] / slope) if certain and slope > 0 else 0.0


def _covariance(scaled: Floats, observed: Floats, free: Floats, weights: Floats) -> tuple[Floats, int, int]:
    """That of the coefficients, the block length it comes of, and its degrees of freedom."""
    from scipy import special

    n, k = scaled.shape
    whole, product = scaled.T @ scaled, scaled.T @ observed
    found: list[tuple[float, Floats, int, int]] = []
    for length in [2**power for power in range(30) if power == 0 or n // 2**power >= FEWEST_BLOCKS]:
        blocks = np.array_split(np.arange(n), n // length)
        without = [
            np.linalg.lstsq(whole - rows.T @ rows, product - rows.T @ observed[block], rcond=None)[0]
            for block, rows in ((block, scaled[block]) for block in blocks)
        ]
        apart = np.array(without) - free
        covariance = (len(blocks) - 1) / len(blocks) * apart.T @ apart
        degrees = max(len(blocks) - k, 1)
        wide = float(special.stdtrit(degrees, 0.975)) ** 2 * float(weights @ covariance @ weights)
        found.append((wide, covariance, length, degrees))
    _, covariance, length, degrees = max(found, key=lambda each: each[0])
    return covariance, length, degrees


def _root(covariance: Floats) -> Floats:
    """R with R R' = covariance, which rounding may have left with eigenvalues below 0."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))
