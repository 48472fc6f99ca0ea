"""All laws that explain the samples about as well as the best one: their extremes are profile intervals."""

from __future__ import annotations

import numpy as np

from scaling_lib.model.usl_solve import LOWER, UPPER, Floats, jacobian, throughput_at
from scaling_lib.stats.student import student_quantile

RAYS = 2000  # directions; the nearest to a functional's own then misses some 0.1% of its interval
HALVINGS = 25
FARTHEST = 1e4  # standard errors, where a ray ends that no noise bounds


def likelihood_region(
    load: Floats, throughput: Floats, weight: Floats, found: Floats, *, level: float, seed: int
) -> Floats:
    """Parameters (m, 3) on the edge of where the weighted sum of squares exceeds the fit's by no more than t^2 sigma^2.

    With t of Student, two-sided at the level and n - 3 degrees of freedom, the least and the greatest value of any
    function of the parameters over the region are the ends of its profile interval: what the likelihood allows with all
    else free. Rays from the fit, in the coordinates 1 / gamma, alpha / gamma and beta / gamma, in which N / X is
    linear; a ray that meets a bound goes on along it.
    Source: Bates and Watts, Nonlinear Regression Analysis (1988), chapter 6.
    """
    directions = np.random.default_rng(seed).standard_normal((RAYS, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centre, least = _linear(found), _loss(load, throughput, weight, found[np.newaxis])[0]
    degrees = len(load) - 3
    rise = student_quantile(level, degrees) ** 2 * least / degrees
    steps = directions @ _shape(load, weight, found) * np.sqrt(rise)
    target = least + rise
    near, far = np.zeros(RAYS), np.ones(RAYS)
    inside = np.ones(RAYS, dtype=bool)
    while bool(inside.any()) and far.max() < FARTHEST:
        inside = _loss(load, throughput, weight, _within(centre, steps, far)) <= target
        near, far = np.where(inside, far, near), np.where(inside, 2 * far, far)
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        inside = _loss(load, throughput, weight, _within(centre, steps, middle)) <= target
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return _within(centre, steps, near)


def _linear(parameters: Floats) -> Floats:
    alpha, beta, gamma = parameters
    return np.asarray(np.array([1.0, alpha, beta]) / gamma)


def _shape(load: Floats, weight: Floats, found: Floats) -> Floats:
    """A matrix that turns the unit sphere into the ellipsoid of one standard error at sigma 1."""
    alpha, beta, gamma = found
    by_linear = np.array([[-alpha * gamma, gamma, 0], [-beta * gamma, 0, gamma], [-(gamma**2), 0, 0]])
    columns = by_linear.T @ (weight * jacobian(load, found))
    size = np.linalg.norm(columns, axis=1)
    unit = columns / size[:, np.newaxis]
    values, vectors = np.linalg.eigh(unit @ unit.T)
    return np.asarray((vectors / np.sqrt(np.maximum(values, values.max() * 1e-14))).T / size)


def _within(centre: Floats, steps: Floats, distance: Floats) -> Floats:
    """alpha, beta and gamma along the rays, kept to their bounds."""
    points = centre + distance[:, np.newaxis] * steps
    inverse = np.maximum(points[:, 0], centre[0] * 1e-6)
    shapes = points[:, 1:] / inverse[:, np.newaxis]
    return np.asarray(np.clip(np.column_stack([shapes, 1 / inverse]), LOWER, UPPER))


def _loss(load: Floats, throughput: Floats, weight: Floats, parameters: Floats) -> Floats:
    residuals = weight * (throughput - throughput_at(load, parameters))
    return np.asarray(np.einsum("mn,mn->m", residuals, residuals))
