"""What things cost against demand, by figures worked out by hand, and by laws that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model import cost
from scaling_lib.stats import Estimate

LAWS = {
    "a + b D": (lambda d: 100 + 0.02 * d, lambda d: 0.02 * d / (100 + 0.02 * d)),
    "alpha D^beta": (lambda d: 3 * d**0.7, lambda d: 0.7),
    "a + b D^beta": (lambda d: 40 + 0.0004 * d**1.6, lambda d: 1.6 * 0.0004 * d**1.6 / (40 + 0.0004 * d**1.6)),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_without_noise_is_found(name):
    of, elasticity = LAWS[name]
    demand = np.geomspace(1000, 16_000, 40)
    found = cost.curve(demand, of(demand), unit="EUR")
    for at in (1000, 4000, 16_000):
        assert found.elasticity(at).value == pytest.approx(elasticity(at), abs=2e-3)
        assert found.at(at).value == pytest.approx(of(at), rel=1e-3)
        assert found.marginal(at).value == pytest.approx(elasticity(at) * of(at) / at, rel=1e-2)
        assert found.average(at).value == pytest.approx(of(at) / at, rel=1e-3)
    ten = found.extrapolate(10, at=16_000)
    assert ten.cost.value == pytest.approx(of(160_000), rel=5e-3) and ten.verdict == "model-dependent"


def test_the_elasticity_is_local():
    """For C = 100 + .02 D it is 20 / 120 = .1667 at 1,000 and 320 / 420 = .7619 at 16,000."""
    demand = np.geomspace(1000, 16_000, 40)
    noise = np.exp(0.01 * np.random.default_rng(1).standard_normal(40))
    found = cost.curve(demand, (100 + 0.02 * demand) * noise)
    for at, known in ((1000, 20 / 120), (16_000, 320 / 420)):
        estimate = found.elasticity(at)
        assert estimate.low <= known <= estimate.high and estimate.value == pytest.approx(known, abs=0.03)


def test_steps_are_told_from_a_line():
    """Seven servers, each for 500 more: between two of them a line is wrong by as much as a server."""
    demand = np.random.default_rng(2).uniform(600, 3600, 60)
    paid = 20 + 30 * np.ceil(demand / 500)
    found = cost.curve(demand, paid)
    assert found.best.law == "a + p ceil(D/q)" and found.best.theta[0] == pytest.approx(500, rel=0.01)
    assert found.at(2250).value == pytest.approx(20 + 30 * 5, rel=1e-3)


def test_how_far_it_reaches():
    demand = np.geomspace(100, 400, 30)
    found = cost.curve(demand, 5 * demand**1.1 * np.exp(0.03 * np.random.default_rng(3).standard_normal(30)))
    verdicts = {k: found.extrapolate(k, at=400).verdict for k in (0.5, 1, 2, 2.5)}
    assert verdicts == {
        0.5: "within the observed range", 1: "within the observed range", 2: "extrapolated", 2.5: "model-dependent",
    }  # fmt: skip
    far = found.extrapolate(10, at=400)
    taken = [fit.law for fit in found.fits if fit.taken]
    assert far.cost.low == min(far.by_law[law].low for law in taken)
    assert far.cost.high == max(far.by_law[law].high for law in taken)
    assert far.demand == 4000 and far.reach == pytest.approx(10)
    widths = [found.extrapolate(k, at=400).cost for k in (1, 2, 5, 10)]
    ratios = [each.high / each.low for each in widths]
    assert ratios == sorted(ratios)


def test_a_single_day_that_cost_too_much_is_set_aside_and_named():
    random = np.random.default_rng(4)
    demand = random.uniform(100, 300, 100)
    paid = 0.5 * demand * np.exp(0.01 * random.standard_normal(100))
    paid[[17, 60]] *= (6.4, 0.0)
    found = cost.curve(demand, paid)
    assert found.left_out == (17, 60) and found.elasticity().value == pytest.approx(1, abs=0.02)
    assert any("1 point set aside" in each for each in found.caveats)


def test_neighbours_that_share_noise_count_as_fewer():
    random = np.random.default_rng(5)
    noise = np.zeros(300)
    for place in range(1, 300):
        noise[place] = 0.9 * noise[place - 1] + 0.02 * random.standard_normal()
    demand = random.uniform(100, 300, 300)
    alike = cost.curve(demand, demand * np.exp(noise))
    apart = cost.curve(demand, demand * np.exp(random.permutation(noise)))
    assert alike.effective < 60 < 250 < apart.effective
    assert any("neighbours share noise" in each for each in alike.caveats)


def test_a_cost_that_does_not_move_has_no_elasticity():
    demand = np.random.default_rng(6).uniform(100, 300, 60)
    estimate = cost.curve(demand, np.full(60, 11.4)).elasticity()
    assert abs(estimate.value) < 1e-3 and estimate.high < 1e-3


def test_the_envelope_covers_ten_times_the_demand():
    """30 points over a 4x range: 40 curves of three laws; the long form (bench_cost.py) has thousands."""
    random = np.random.default_rng(7)
    inside = []
    for of in (lambda d: 50 + 0.3 * d, lambda d: d**1.3, lambda d: 40 + 0.01 * d**1.5):
        for _ in range(14):
            demand = random.uniform(100, 400, 30)
            found = cost.curve(demand, of(demand) * np.exp(0.05 * random.standard_normal(30)))
            far = found.extrapolate(10, at=400).cost
            inside.append(far.low <= of(4000) <= far.high)
    assert np.mean(inside) >= 0.88  # 95% less three standard errors of 42


@pytest.mark.parametrize(
    ("demand", "paid", "error", "words"),
    [
        ([100.0] * 20, [5.0] * 20, NotEnoughData, "only moves from 100 to 100"),
        ([100, 110, 95] * 5, [5.0] * 15, NotEnoughData, "1.2 times"),
        ([100, 200, 300], [1, 2, 3], NotEnoughData, "3 points"),
        ([100, 200], [1, 2, 3], InvalidInput, "one length"),
        ([math.nan] * 9, [1] * 9, InvalidInput, "not finite"),
        ("many", [1] * 9, InvalidInput, "numbers"),
    ],
)
def test_what_is_too_little_or_wrong_is_refused(demand, paid, error, words):
    with pytest.raises(error, match=words):
        cost.curve(demand, paid)


def test_serverless_against_a_server():
    """512 MB for 200 ms at 0.20 a million and 0.0000166667 a GB-s: 1.86667 a million; 36.0401 pay for 19.3072 million."""
    price = cost.serverless_price(memory_gb=0.5, seconds=0.2, per_request=0.2e-6, per_gb_s=0.0000166667)
    assert price * 1e6 == pytest.approx(1.86667, abs=1e-5)
    found = cost.break_even(cost.Plan(name="function", per_unit=price), cost.Plan(name="server", fixed=36.0401))
    assert found.first == pytest.approx(19.3072e6, abs=100) and found.always == found.first
    assert (found.below, found.above) == ("function", "server")


def test_servers_that_are_added_as_they_fill():
    """A server of 10 for 6 units against 2 a unit: from 5 on; the second pays at 10, the third at 15, which is when the
    second is full at 12: only from the sixth on (5 x 6 = 30 units) does a further one always pay."""
    per_unit, server = cost.Plan(name="function", per_unit=2), cost.Plan(name="server", fixed=10, capacity=6)
    found = cost.break_even(per_unit, server)
    assert (found.first, found.always) == (5, 30)
    dear = [units for units in np.arange(1, 200) if server.cost(units) > per_unit.cost(units)]
    assert max(dear) < 30
    never = cost.break_even(per_unit, cost.Plan(name="server", fixed=10, capacity=4))
    assert never.first == never.always == math.inf


def test_what_was_paid_at_once():
    assert cost.payback_months(500, 60) == pytest.approx(8.3333, abs=1e-4)
    assert cost.payback_months(500, 0) == math.inf


def test_a_commitment_is_sized_on_the_distribution():
    """Of ten days at 10 and twenty at 30, a discount of 40% pays what is used for more than 60% of the time: 30."""
    usage = [10, 30, 30] * 10
    large = cost.commitment(usage, discount=0.4, unit="EUR")
    assert large.size.value == 30 and large.break_even == pytest.approx(0.6)
    assert large.utilization == pytest.approx(700 / 900) and large.coverage == 1
    assert large.saving.value == pytest.approx(1 - 0.6 * 900 / 700)
    small = cost.commitment(usage, discount=0.3)  # at work for two thirds of the time, and 70% would pay
    assert small.size.value == 10 and small.saving.value == pytest.approx(0.3 * 300 / 700)


def test_no_other_size_would_have_cost_less():
    usage = np.random.default_rng(8).gamma(4, 10, 200)
    found = cost.commitment(usage, discount=0.35)

    def paid(size: float) -> float:
        return 0.65 * size * len(usage) + np.maximum(usage - size, 0).sum()

    assert paid(found.size.value) == pytest.approx(min(map(paid, usage)))
    assert found.saving.low <= found.saving.value <= found.saving.high


def test_copies_for_a_target():
    """Of two nines each: .9999 takes ln(1e-4) / ln(1e-2) = 2; with 10% in common, 1e-3 is never gone below."""
    assert cost.replicas_needed(0.9999, 0.99) == 2
    assert cost.replicas_needed(0.99999, 0.99) == 3
    assert cost.replicas_needed(0.9995, 0.99, common=0.1) is None
    assert cost.replicas_needed(0.9995, 0.99, common=0.01) == 2  # (.0099)^2 + .0001 = .000198


def test_the_next_nine_and_its_price():
    found = cost.next_nine(0.99, 1, price=50)
    assert (found.availability, found.needed, found.cost) == (pytest.approx(0.99), 2, 50)
    assert "independently" in found.assumed
    never = cost.next_nine(0.99, 2, price=50, common=0.1)
    assert never.needed is None and never.cost == math.inf


def test_headroom_is_what_is_paid_and_not_used():
    paid, used = Estimate(100, 90, 110, 0.95, "EUR"), Estimate(0.4, 0.3, 0.5, 0.95, "fraction")
    found = cost.headroom_cost(paid, used)
    assert (found.value, found.low, found.high) == (pytest.approx(60), pytest.approx(45), pytest.approx(77))
