"""Least squares of the Universal Scalability Law within its bounds, over many series of throughput at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOWER = np.array([0.0, 0.0, np.finfo(np.float64).tiny])  # of alpha, beta, gamma
UPPER = np.array([1.0, 1.0, np.inf])
MOST_STEPS = 500  # a well-posed series takes 5 to 15
ENOUGH = 1e-9  # the largest cosine between the residuals and a free column that counts as none: errors of 1e-9 SE
EXACT = 1e-14  # residuals as small as this share of the throughput are rounding
NARROWEST = 1e12  # damping beyond which no step is left to take


def throughput_at(load: Floats, parameters: Floats) -> Floats:
    """gamma N / (1 + alpha (N - 1) + beta N (N - 1)); parameters (..., 3) and loads (n) give (..., n)."""
    alpha, beta, gamma = (parameters[..., [k]] for k in range(3))
    return np.asarray(gamma * load / (1 + (alpha + beta * load) * (load - 1)), dtype=np.float64)


def jacobian(load: Floats, parameters: Floats) -> Floats:
    """The derivatives of the throughput by alpha, beta and gamma: (..., 3, n)."""
    alpha, beta, gamma = (parameters[..., [k]] for k in range(3))
    below = 1 + (alpha + beta * load) * (load - 1)
    by_gamma = load / below
    by_alpha = -gamma * by_gamma * (load - 1) / below
    return np.stack([by_alpha, by_alpha * load, by_gamma], axis=-2)


def best_fit(load: Floats, throughput: Floats, weight: Floats) -> Floats:
    """The parameters (3) of one series, the best of what many starts lead to; see `solve`."""
    starts = _starts(load, throughput, weight)
    ends = solve(load, np.broadcast_to(throughput, (len(starts), len(load))), weight, starts)
    return np.asarray(ends[np.argmin(_losses(load, throughput, weight, ends))])


def solve(load: Floats, throughput: Floats, weight: Floats, start: Floats) -> Floats:
    """The parameters (m, 3) that minimise the sum of (weight * residual)^2 of each series, from a start of each.

    load, weight: (n); throughput: (m, n); start: (m, 3) of alpha, beta and gamma, within [0, 1], [0, 1] and above 0.
    Levenberg's and Marquardt's steps, cut off at the bounds; a parameter at its bound that would leave stays there.
    Series that have arrived are left alone. Source: Nocedal and Wright, Numerical Optimization (2006), chapter 10.
    """
    found = np.array(start, dtype=np.float64)
    damping = np.full(len(found), 1e-3)
    losses = _losses(load, throughput, weight, found)
    exact = (EXACT * weight * throughput) ** 2
    open_ = np.arange(len(found))
    for _ in range(MOST_STEPS):
        here, loss = found[open_], losses[open_]
        columns = weight * jacobian(load, here)
        residuals = weight * (throughput[open_] - throughput_at(load, here))
        slope = (columns @ residuals[..., np.newaxis])[..., 0]
        normal = columns @ columns.swapaxes(-1, -2)
        size = np.sqrt(np.diagonal(normal, axis1=-2, axis2=-1))
        free = ~(((here <= LOWER) & (slope < 0)) | ((here >= UPPER) & (slope > 0))) & (size > 0)
        cosine = np.abs(slope) / np.where(size > 0, size, 1) / np.sqrt(loss)[:, np.newaxis].clip(min=1e-300)
        arrived = (np.where(free, cosine, 0).max(axis=-1) < ENOUGH) | (loss <= exact[open_].sum(axis=-1))
        arrived |= damping[open_] > NARROWEST
        open_, here, loss = open_[~arrived], here[~arrived], loss[~arrived]
        if len(open_) == 0:
            break
        step = _step(normal[~arrived], slope[~arrived], size[~arrived], free[~arrived], damping[open_])
        trial = np.clip(here + step, LOWER, UPPER)
        after = _losses(load, throughput[open_], weight, trial)
        better = after < loss
        found[open_[better]], losses[open_[better]] = trial[better], after[better]
        damping[open_] = np.where(better, damping[open_] / 10, damping[open_] * 4).clip(min=1e-15)
    return found


def _step(normal: Floats, slope: Floats, size: Floats, free: NDArray[np.bool_], damping: Floats) -> Floats:
    """The damped Gauss-Newton step of the free parameters, in units of each column's size."""
    scale = np.where(free, size, 1.0)
    matrix = normal / (scale[:, :, np.newaxis] * scale[:, np.newaxis, :])
    matrix = np.where(free[:, :, np.newaxis] & free[:, np.newaxis, :], matrix, 0.0)
    matrix += np.eye(3) * np.where(free, damping[:, np.newaxis], 1.0)[:, np.newaxis, :]
    right = np.where(free, slope / scale, 0.0)
    return np.asarray(np.linalg.solve(matrix, right[..., np.newaxis])[..., 0] / scale)


def _losses(load: Floats, throughput: Floats, weight: Floats, parameters: Floats) -> Floats:
    residuals = weight * (throughput - throughput_at(load, parameters))
    return np.asarray(np.einsum("...n,...n->...", residuals, residuals))


def _starts(load: Floats, throughput: Floats, weight: Floats) -> Floats:
    """Starts (m, 3): a coarse grid, and N / X solved as linear in 1, N - 1 and N (N - 1), or without one of these."""
    terms = np.stack([np.ones_like(load), load - 1, load * (load - 1)], axis=-1)
    trust = weight * throughput**2 / load  # an error of X is one of N / X times this
    shapes = [(alpha, beta / load.max() ** 2) for alpha in (0.0, 0.02, 0.2, 0.9) for beta in (0.0, 0.1, 1.0, 10.0)]
    for kept in ([0, 1, 2], [0, 1], [0, 2]):
        solved = np.zeros(3)
        solved[kept] = np.linalg.lstsq(trust[:, np.newaxis] * terms[:, kept], trust * load / throughput, rcond=None)[0]
        if solved[0] > 0:
            shapes.append((solved[1] / solved[0], solved[2] / solved[0]))
    parameters = np.array([(*np.clip(shape, 0.0, 1.0), 1.0) for shape in shapes])
    unit = throughput_at(load, parameters)
    parameters[:, 2] = (weight**2 * unit * throughput).sum(axis=-1) / (weight**2 * unit**2).sum(axis=-1)
    return parameters
