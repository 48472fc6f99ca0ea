"""Several judgements put together: Holm's procedure by hand, and the false alarms of eight metrics by simulation."""

import math

import numpy as np
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout import Guardrail, judge, judge_counts, judge_samples, sample_ratio

GOOD = judge_counts((0, 10_000), (0, 10_000), tolerated=0.01)
EMPTY = judge_counts((0, 0), (5, 1000))


def guardrail(name, judgement, **options):
    return Guardrail(name=name, judgement=judgement, seen=100, **options)


def one_sided(k, n=1000):
    """Fisher's p of k failures against none of as many: all k on the one side, of all ways to place them."""
    return math.comb(n, k) / math.comb(2 * n, k)


def failing(k):
    return judge_counts((k, 1000), (0, 1000), tolerated=0.0001, looks="once")


def test_the_p_values_of_the_counts_by_hand():
    assert failing(5).evidence == pytest.approx(one_sided(5)) and failing(5).verdict == "FAIL"
    assert failing(7).evidence == pytest.approx(one_sided(7))


def test_holm_by_hand():
    # p of 5, 6 and 7 failures: .0310, .0155, .0077. Of three, .0077 <= .05 / 3 and .0155 <= .05 / 2 and .0310 <= .05.
    three = [guardrail(str(k), failing(k)) for k in (5, 6, 7)]
    assert judge(three).failed == ("5", "6", "7")
    # Beside three that pass: .0077 <= .05 / 6 and .0155 > .05 / 5.
    six = [*three, *(guardrail(f"good {place}", GOOD) for place in range(3))]
    found = judge(six)
    assert (found.verdict, found.failed, set(found.undecided)) == ("FAIL", ("7",), {"5", "6"})
    # Alone it fails, as one of two it does not: .0310 > .05 / 2.
    two = judge([guardrail("a", failing(5)), guardrail("b", GOOD)])
    assert two.verdict == "INCONCLUSIVE" and two.undecided == ("a",) and two.times == 2
    assert "not sure enough" in two.because


def test_it_passes_only_where_all_do():
    passing = [guardrail("a", GOOD), guardrail("b", GOOD)]
    assert judge(passing).verdict == "PASS" and judge(passing).times == 1
    open_ = guardrail("c", judge_counts((0, 100), (0, 100), tolerated=0.001))
    found = judge([*passing, open_])
    assert found.verdict == "INCONCLUSIVE" and found.undecided == ("c",)
    assert found.times == pytest.approx(1 + open_.judgement.needed / 100)
    assert judge_counts((0, 100 * found.times), (0, 100 * found.times), tolerated=0.001).verdict == "PASS"


def test_no_data_is_no_pass():
    assert judge([guardrail("a", GOOD), guardrail("b", EMPTY)]).verdict == "NO DATA"
    optional = judge([guardrail("a", GOOD), guardrail("b", EMPTY, must_have_data=False)])
    assert optional.verdict == "PASS" and "Of b there is no data" in optional.because
    assert judge([guardrail("b", EMPTY, must_have_data=False)]).verdict == "NO DATA"
    assert judge([guardrail("a", failing(40)), guardrail("b", EMPTY)]).verdict == "FAIL"


def test_a_split_that_was_not_intended_voids_it():
    off = sample_ratio((9400, 600), (0.95, 0.05))
    void = judge([guardrail("a", GOOD)], ratio=off)
    assert void.verdict == "VOID" and void.ratio.p_value == pytest.approx(4.468e-6, rel=1e-3)
    failed = judge([guardrail("a", failing(40))], ratio=off)  # a version that crashes loses requests, and fails
    assert failed.verdict == "FAIL" and failed.because.endswith("The requests were not split as intended either.")
    assert judge([guardrail("a", GOOD)], ratio=sample_ratio((5000, 5200))).verdict == "PASS"


def test_what_cannot_be():
    with pytest.raises(InvalidInput, match="one or more"):
        judge([])
    with pytest.raises(InvalidInput, match="each name once"):
        judge([guardrail("a", GOOD), guardrail("a", GOOD)])


def test_the_evidence_of_samples_is_that_of_their_interval():
    """Where the interval just reaches 0 the p-value is .05, and the e-value 20."""
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=200), rng.normal(size=180)
    for looks, bound in (("once", 0.05), ("any", 20.0)):
        shifts = np.linspace(0, 1, 401)
        found = [judge_samples(one + shift, other, tolerated=0, looks=looks) for shift in shifts]
        sure = np.array([each.shift.low > 0 for each in found])
        evidence = np.array([each.evidence for each in found])
        strong = (evidence <= bound) if looks == "once" else (evidence >= bound)
        up = np.array([each.shift.value > 0 for each in found])
        assert sure.any() and not sure.all()
        assert np.mean(sure[up] == strong[up]) > 0.99


@pytest.mark.slow
def test_eight_metrics_of_a_canary_as_good_seldom_fail():
    """Of 60 canaries; the long form, 500: 2.2% fail (17.4% without the correction); watched, none."""
    rng = np.random.default_rng(5)
    failed = single = 0
    for _ in range(60):
        common = rng.normal(size=60)
        found = [
            judge_counts((rng.binomial(2000, 0.02), 2000), (rng.binomial(6000, 0.02), 6000), tolerated=0, looks="once")
            for _ in range(4)
        ] + [
            judge_samples(common + rng.normal(size=60), common + rng.normal(size=60), tolerated=0, looks="once")
            for _ in range(4)
        ]
        failed += judge([guardrail(str(place), each) for place, each in enumerate(found)]).verdict == "FAIL"
        single += any(each.verdict == "FAIL" for each in found)
    assert failed <= 8  # binom.ppf(.995, 60, .05)
    assert single > failed
