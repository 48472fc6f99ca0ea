"""The noise of a fitted scalability law: whether its samples hang together in time, and draws of it."""

from __future__ import annotations

import math

import numpy as np

from scaling_lib.model.usl_solve import Floats

FEWEST_SAMPLES = 20  # with fewer, a correlation in time cannot be told from chance
FEWEST_BLOCKS = 8  # fewer blocks say too little of how much their sums scatter
FEWEST_DEGREES = 3.0
SURE = 1.645  # standard errors of an autocorrelation of nothing that one sample in twenty exceeds
MOST_LEVERAGE = 0.75
MOST_AUTOCORRELATION = 0.97  # of which a block's length is worked out


def autocorrelation(residuals: Floats) -> float:
    """That of neighbours in the order given; 1/n more, for the fit makes neighbours differ. 0 if the fit is exact."""
    total = float(residuals @ residuals)
    return float(residuals[1:] @ residuals[:-1]) / total + 1 / len(residuals) if total > 0 else 0.0


def hangs_together(residuals: Floats) -> bool:
    """Whether neighbours resemble each other more than one series of independent samples in twenty would show."""
    return len(residuals) >= FEWEST_SAMPLES and autocorrelation(residuals) > SURE / math.sqrt(len(residuals))


def block_length(residuals: Floats) -> int:
    """Samples in a block: the length that estimates the variance of an AR(1) series' sums with the least error.

    Source: Andrews, Heteroskedasticity and Autocorrelation Consistent Covariance Matrix Estimation, Econometrica 59
    (1991), equations 6.2 and 6.4 (Bartlett's kernel).
    """
    memory = min(max(autocorrelation(residuals), 0.0), MOST_AUTOCORRELATION)
    best = 1.1447 * (4 * memory**2 / (1 - memory**2) ** 2 * len(residuals)) ** (1 / 3)
    return int(min(max(math.ceil(best), 2), max(len(residuals) // FEWEST_BLOCKS, 1)))


def block_degrees(samples: int, length: int) -> float:
    """Degrees of freedom of a variance from this many blocks: what three parameters leave of them."""
    return max(samples / length - 3, FEWEST_DEGREES)


def left_out_residuals(residuals: Floats, leverage: Floats, length: int) -> Floats:
    """About what the residuals were if their own block had not taken part in the fit, as the jackknife has it.

    leverage: how much of each sample's own noise the fit takes up; in a block of like noise its members' add up.
    """
    together = np.convolve(leverage, np.ones(length), mode="same") if length > 1 else leverage
    return np.asarray(residuals / (1 - np.minimum(together, MOST_LEVERAGE)))


def independent_noise(sigma: float, samples: int, degrees: float, count: int, seed: int) -> Floats:
    """Normal noise (count, samples) whose scale is as uncertain as Student's t has it."""
    random = np.random.default_rng(seed)
    return np.asarray(sigma * _scales(random, degrees, count) * random.standard_normal((count, samples)))


def block_noise(residuals: Floats, length: int, degrees: float, count: int, seed: int) -> Floats:
    """Noise (count, samples) made of the residuals: a block of neighbours is turned and stretched together, at random.

    It keeps what is alike within a block, and that noise may differ from load to load. Blocks begin anew in each draw.
    Source: Shao, The Dependent Wild Bootstrap, Journal of the American Statistical Association 105 (2010).
    """
    random = np.random.default_rng(seed)
    offsets = random.integers(length, size=(count, 1))
    block = (np.arange(len(residuals)) + offsets) // length
    turns = random.standard_normal((count, len(residuals) // length + 2))
    return np.asarray(residuals * np.take_along_axis(turns, block, axis=1) * _scales(random, degrees, count))


def block_scatter(scores: Floats, length: int) -> Floats:
    """The covariance (3, 3) of the sums of scores (3, n) that `block_noise` gives: Bartlett's weights of the lags."""
    total = scores @ scores.T
    for lag in range(1, min(length, scores.shape[1])):
        pair = scores[:, lag:] @ scores[:, :-lag].T
        total = total + (1 - lag / length) * (pair + pair.T)
    return np.asarray(total)


def _scales(random: np.random.Generator, degrees: float, count: int) -> Floats:
    return np.asarray(np.sqrt(degrees / random.chisquare(degrees, size=(count, 1))))
