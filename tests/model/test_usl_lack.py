"""Whether a law describes its samples: what is planted is found, and noise alone hardly ever is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.model import usl

LAW = (0.02, 0.0005, 20.0)


def law(load: np.ndarray) -> np.ndarray:
    alpha, beta, gamma = LAW
    return gamma * load / (1 + alpha * (load - 1) + beta * load * (load - 1))


def queue(load: np.ndarray) -> np.ndarray:
    """Two straight lines: in proportion to load up to 20, and no more from there on. No such law has that corner."""
    return np.minimum(5.0 * load, 100.0)


LOADS = np.array([1.0, 2, 4, 8, 12, 16, 20, 25, 32, 48, 64, 96])


def test_the_largest_error_and_its_level():
    """The published law of specsdm91 has gamma 89.9952 at a load of 1, where 64.9 was measured."""
    users, jobs = [1, 18, 36, 72, 108, 144, 216], [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2]
    found = usl.fit(users, jobs)
    assert (found.lack.load, found.lack.error) == (1.0, pytest.approx(89.9952 / 64.9 - 1, abs=1e-4))
    assert math.isnan(found.lack.chance) and not found.lack.found  # seven levels do not tell noise from a course


def test_a_corner_is_no_law():
    random = np.random.default_rng(3)
    many = np.repeat(LOADS, 3)
    found = usl.fit(many, queue(many) * (1 + 0.01 * random.standard_normal(len(many))), correlated=False)
    assert found.lack.against == "repeated loads" and found.lack.found
    assert found.caveats[0].startswith("The law does not describe these samples")
    once = queue(LOADS)
    told = usl.fit(LOADS, once, measured_errors=0.01 * once).lack
    assert told.against == "their measured errors" and told.found
    long = np.geomspace(1, 96, 40)
    assert usl.fit(long, queue(long) + random.standard_normal(40), correlated=False).lack.found


def test_a_law_that_is_nowhere_far_off_holds_however_exact_the_measurements():
    """1% of a wave is plainly more than errors of 0.1%, and matters to nobody."""
    wave = law(LOADS) * (1 + 0.01 * np.sin(np.arange(12)))
    found = usl.fit(LOADS, wave, measured_errors=0.001 * wave).lack
    assert found.chance < 1e-6 and abs(found.error) < 0.05 and not found.found


def test_what_is_measured_beside_does_not_change_the_fit():
    plain, told = (usl.fit(LOADS, queue(LOADS), measured_errors=each) for each in (None, np.full(12, 3.0)))
    assert (plain.alpha, plain.beta, plain.gamma, plain.stderr) == (told.alpha, told.beta, told.gamma, told.stderr)


@pytest.mark.parametrize("kind", ["their measured errors", "repeated loads", "their scatter"])
def test_noise_alone_is_seldom_taken_for_a_course(kind):
    """At a probability of 1 in 100: of 200 series at most 7, more of which has a probability of 1 in 1,000."""
    random = np.random.default_rng(20261125)
    loads = np.repeat(LOADS, 3 if kind == "repeated loads" else 1)
    told = {"measured_errors": np.full(len(loads), 5.0)} if kind == "their measured errors" else {}
    lacks = [
        usl.fit(loads, law(loads) + 5 * random.standard_normal(len(loads)), correlated=False, **told).lack
        for _ in range(200)
    ]
    assert {lack.against for lack in lacks} == {kind}
    assert sum(lack.chance < 0.01 for lack in lacks) <= 7
    assert np.mean([lack.chance for lack in lacks]) == pytest.approx(0.5, abs=0.1)  # as even as chance is


def test_samples_of_a_run_are_judged_together():
    """5% of noise is more than 15% off in single samples of 400, but not in their bands."""
    random = np.random.default_rng(8)
    loads = np.sort(random.uniform(1, 96, 400))
    found = usl.fit(loads, law(loads) * (1 + 0.05 * random.standard_normal(400)), errors="proportional")
    assert np.abs(found.residuals / law(loads)).max() > 0.15 > 3 * abs(found.lack.error)
    assert not any("the law is" in caveat for caveat in found.caveats)


def test_exact_and_correlated_samples_tell_nothing():
    exact = usl.fit(LOADS, law(LOADS)).lack
    assert abs(exact.error) < 1e-9 and math.isnan(exact.chance)
    random = np.random.default_rng(9)
    noise = np.convolve(random.standard_normal(240), np.ones(20) / 4, mode="valid")
    together = usl.fit(np.linspace(1, 96, 221), law(np.linspace(1, 96, 221)) + noise, correlated=True)
    assert together.lack.against == "" and math.isnan(together.lack.chance)


@pytest.mark.parametrize("errors", [[1.0, 2.0], "constant", [0.0] * 12, [math.nan] * 12])
def test_measured_errors_are_checked(errors):
    with pytest.raises(InvalidInput, match="measured_errors"):
        usl.fit(LOADS, law(LOADS), measured_errors=errors)


def test_four_levels_in_proportion_tell_of_no_limit():
    """Where nothing bends, the peak is not known; to say that there is none, or a limit, would be a guess."""
    peak = usl.fit([10, 20, 40, 80], [10.0, 20.0, 40.0, 80.0]).peak()
    assert peak.state == "not identified"
    assert str(peak) == "not identified: throughput rises in proportion to load as far as it was measured"


def test_a_peak_that_may_be_anywhere_has_no_lower_end():
    peak = usl.fit([40, 80, 160, 240], [40.0, 80.0, 100.0, 100.0], load_unit="users").peak()
    assert peak.state == "not identified" and str(peak).startswith("not identified")
    assert "below 0" not in str(peak)
