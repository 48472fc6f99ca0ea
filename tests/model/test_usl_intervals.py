"""Intervals of the scalability law hold the truth as often as they say; samples that hang together are noticed.

The long form is tests/benchmarks/bench_usl.py; its figures are in the docstring of `usl.fit`.
"""

import numpy as np
import pytest
from usl_series import CLEAR, FLAT, coverage, in_time, law, spaced, true_peak, wandering

from scaling_lib.model import usl
from scaling_lib.model.usl_noise import block_length, block_noise, block_scatter

PEAK = true_peak(*CLEAR)
SETTINGS = {  # the truth, samples, largest load, the noise, kind of errors
    "6 samples past the peak": (CLEAR, 6, 1.6 * PEAK, {"absolute": 0.03}, "constant"),
    "10 samples short of the peak": (CLEAR, 10, 0.9 * PEAK, {"absolute": 0.03}, "constant"),
    "6 samples, noise of 5%": (CLEAR, 6, 1.6 * PEAK, {"relative": 0.05}, "proportional"),
    "20 samples, noise of 2%": (CLEAR, 20, 1.6 * PEAK, {"relative": 0.02}, "proportional"),
    "10 samples, no peak": (FLAT, 10, 100.0, {"absolute": 0.03}, "constant"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_coverage_of_independent_samples(name):
    truth, samples, largest, noise, errors = SETTINGS[name]
    load = spaced(samples, largest)
    found = coverage(np.random.default_rng(17), truth, lambda: load, 100, errors=errors, **noise)
    assert min(found["alpha"], found["peak"], found["predicted"]) >= 0.89  # 0.95 less 2.8 standard errors
    if truth is FLAT:
        assert found["bounded"] <= 0.06  # a peak is claimed where there is none


def test_coverage_of_samples_in_time():
    random = np.random.default_rng(19)
    found = coverage(
        random, CLEAR, lambda: in_time("climb", 200, 1.6 * PEAK, random), 80, absolute=0.03, memory=0.6, draws=200
    )
    assert found["plain"] <= 0.86
    assert min(found["alpha"], found["peak"]) >= 0.87


@pytest.mark.parametrize(("memory", "least", "most"), [(0.6, 1, 1), (0.0, 0, 0.12)])
def test_what_hangs_together_is_noticed(memory, least, most):
    random = np.random.default_rng(23)
    load = in_time("waves", 200, 1.6 * PEAK, random)
    found = [
        usl.fit(load, law(load, *CLEAR) + 3 * wandering(random, 200, memory), draws=100).correlated for _ in range(60)
    ]
    assert least <= np.mean(found) <= most


def test_correlated_samples_widen_the_errors_and_say_so():
    random = np.random.default_rng(29)
    load = in_time("climb", 300, 1.6 * PEAK, random)
    served = law(load, *CLEAR) + 3 * wandering(random, 300, 0.6)
    found, plain = usl.fit(load, served), usl.fit(load, served, correlated=False)
    assert found.correlated and not plain.correlated
    assert found.autocorrelation == pytest.approx(0.6, abs=0.12)
    assert found.stderr.alpha > 1.5 * plain.stderr.alpha
    assert (found.alpha, found.sigma) == (plain.alpha, plain.sigma)
    assert found.peak().high - found.peak().low > 1.3 * (plain.peak().high - plain.peak().low)
    assert found.degrees_of_freedom < 300 / found.block
    assert f"blocks of {found.block} samples" in " ".join(found.caveats)
    assert plain.block == 1 and plain.caveats == ()
    assert usl.fit(load, served, block=20).block == 20
    few = usl.fit(load[::15], served[::15], correlated=True)
    assert few.correlated and few.degrees_of_freedom >= 3


def test_few_samples_are_taken_as_independent():
    load = spaced(10, 70)
    served = law(load, *CLEAR) + 8 * wandering(np.random.default_rng(1), 10, 0.9)
    assert not usl.fit(load, served).correlated


def test_draws_of_independent_samples_scatter_as_their_errors_do():
    random = np.random.default_rng(31)
    load = spaced(40, 1.6 * PEAK)
    found = usl.fit(load, law(load, *CLEAR) + random.normal(size=40) * 4)
    low, high = np.quantile(found.draws, [0.025, 0.975], axis=0)
    for place, ends in enumerate(found.confint()):
        assert (low[place], high[place]) == pytest.approx((ends.low, ends.high), rel=0.12)


def test_blocks_scatter_as_bartlett_s_weights_say():
    random = np.random.default_rng(37)
    residuals, columns = wandering(random, 120, 0.6), random.standard_normal((3, 120))
    drawn = block_noise(residuals, 9, 1e9, 40_000, 1) @ columns.T
    assert drawn.T @ drawn / 40_000 == pytest.approx(block_scatter(columns * residuals, 9), rel=0.1, abs=3)


@pytest.mark.parametrize(("memory", "expected"), [(0.0, 2), (0.6, 12), (0.9, 38)])
def test_blocks_grow_with_memory(memory, expected):
    """Andrews: 1.1447 (4 rho^2 / (1 - rho^2)^2 n)^(1/3) is 0, 11.6 and 37.7 at n = 300; no longer than an eighth."""
    random = np.random.default_rng(41)
    lengths = [block_length(wandering(random, 300, memory)) for _ in range(40)]
    assert np.median(lengths) == pytest.approx(min(expected, 300 // 8), abs=1, rel=0.15)
