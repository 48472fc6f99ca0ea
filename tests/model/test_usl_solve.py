"""Many series at once arrive where scipy's least squares arrives one by one."""

import numpy as np
import pytest
from scipy import optimize
from usl_series import CLEAR, FLAT, law, spaced

from scaling_lib.model.usl_solve import best_fit, jacobian, solve, throughput_at

STARTS = (CLEAR, (0.3, 1e-6, 20.0), (1e-4, 1e-3, 20.0))


def one_by_one(load, series, weight):
    """The best of three starts."""
    ends = [
        optimize.least_squares(
            lambda each: weight * (law(load, *each) - series),
            start,
            bounds=([0, 0, 1e-9], [1, 1, np.inf]),
            x_scale=[0.01, 1e-4, 10],
            xtol=1e-14,
            ftol=1e-14,
            gtol=1e-14,
        )
        for start in STARTS
    ]
    return min(ends, key=lambda end: end.cost)


@pytest.mark.parametrize("truth", [CLEAR, FLAT])
@pytest.mark.parametrize("samples", [5, 12, 60])
def test_draws_agree_with_scipy(truth, samples):
    random = np.random.default_rng(samples)
    load = spaced(samples, 80)
    weight = random.uniform(0.5, 2, samples)
    series = law(load, *truth) + random.normal(size=(40, samples)) * 12
    found = solve(load, series, weight, np.broadcast_to(truth, (40, 3)))
    mine = 0.5 * ((weight * (throughput_at(load, found) - series)) ** 2).sum(axis=1)
    theirs = np.array([one_by_one(load, each, weight).cost for each in series])
    assert (mine <= theirs * (1 + 1e-6)).all()
    assert ((found >= 0) & (found[:, :2].max() <= 1)).all()
    if truth is FLAT:
        assert 0.2 < (found[:, 1] == 0).mean() < 0.8  # the bound is reached by many, exactly


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_best_fit_needs_no_start(scale):
    """Loads of 1 to 80 thousand have a beta of 1e-11."""
    random = np.random.default_rng(3)
    truth = (0.03 / scale, 0.0005 / scale**2, 20.0)
    load = 1 + (spaced(9, 80) - 1) * scale
    found = best_fit(load, law(load, *truth), np.ones(9))
    assert found == pytest.approx(truth, rel=1e-6)
    noisy = law(load, *truth) * (1 + 0.02 * random.standard_normal(9))
    again = solve(load, noisy[np.newaxis], np.ones(9), np.array([truth]))[0]
    assert best_fit(load, noisy, np.ones(9)) == pytest.approx(again, rel=1e-4)


def test_derivatives_are_those_of_the_law():
    load, at = spaced(7, 90), np.array(CLEAR)
    for place, step in enumerate((1e-7, 1e-9, 1e-5)):
        shift = np.eye(3)[place] * step
        slope = (throughput_at(load, at + shift) - throughput_at(load, at - shift)) / (2 * step)
        assert jacobian(load, at)[place] == pytest.approx(slope, rel=1e-4, abs=1e-6)
