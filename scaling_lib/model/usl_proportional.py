"""The scalability law fitted to noise in proportion to throughput, held against the fit to constant noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scaling_lib.model.usl_solve import Floats, jacobian, solve, throughput_at

ROUNDS = 4  # of weights in proportion to the fitted throughput; they settle at once
PLAINLY = 2.0  # a log-likelihood by which this kind of noise is so much better that it should be told
RULED_OUT = (
    -1.0
)  # and one by which it is out of the question; by trial: 0.93 of 95% intervals hold the peak, with 0 0.87


@dataclass(frozen=True, kw_only=True)
class Proportional:
    """The fit to noise in proportion to throughput.

    parameters: alpha, beta and gamma; weight: of each sample, one over its fitted throughput.
    better: how much the logarithm of its restricted likelihood exceeds that of constant noise.
    """

    parameters: Floats
    weight: Floats
    better: float


def proportional_fit(load: Floats, throughput: Floats, constant: Floats) -> Proportional:
    """Fit to noise in proportion to throughput, from the fit to constant noise."""
    found = constant
    for _ in range(ROUNDS):
        weight = 1 / throughput_at(load, found)
        found = solve(load, throughput[np.newaxis], weight, found[np.newaxis])[0]
    plain = _likelihood(load, throughput, constant, np.ones_like(load))
    return Proportional(parameters=found, weight=weight, better=_likelihood(load, throughput, found, weight) - plain)


def _likelihood(load: Floats, throughput: Floats, parameters: Floats, weight: Floats) -> float:
    """The logarithm of the restricted likelihood, up to a constant: that of the noise, without the parameters' part."""
    residuals = weight * (throughput - throughput_at(load, parameters))
    columns = weight * jacobian(load, parameters)
    size = np.linalg.norm(columns, axis=1)
    unit = columns / size[:, np.newaxis]
    taken = np.linalg.slogdet(unit @ unit.T)[1] + 2 * np.log(size).sum()
    fit = (len(load) - 3) * np.log(max(float(residuals @ residuals), np.finfo(np.float64).tiny))
    return float(np.log(weight).sum() - (fit + taken) / 2)
