import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout import judge_counts, sample_ratio

LOOKS = ("once", "any")


@pytest.mark.parametrize("looks", LOOKS)
def test_a_canary_that_fails_orders_fails(looks):
    found = judge_counts((14, 888), (0, 2578), tolerated=0.005, looks=looks)
    assert found.verdict == "FAIL"
    assert found.needed == 0
    assert "14 of 888 requests to the canary failed (1.58%), against 0 of 2,578" in found.because


def test_the_exact_test_is_fishers():
    found = judge_counts((9, 400), (3, 500), looks="once")
    fisher = stats.fisher_exact([[9, 391], [3, 497]], alternative="greater").pvalue
    assert found.evidence == pytest.approx(fisher)


@pytest.mark.parametrize("looks", LOOKS)
def test_two_of_the_same_pass_where_enough_was_seen(looks):
    assert judge_counts((0, 1801), (0, 1725), tolerated=0.005, looks=looks).verdict == "PASS"
    assert judge_counts((500, 10**6), (480, 10**6), tolerated=0.001, looks=looks).verdict == "PASS"


@pytest.mark.parametrize("looks", LOOKS)
def test_little_is_inconclusive_and_says_how_much_more(looks):
    found = judge_counts((0, 2), (0, 2), tolerated=0.005, looks=looks)
    assert found.verdict == "INCONCLUSIVE"
    more = found.needed + 2
    assert judge_counts((0, more), (0, more), tolerated=0.005, looks=looks).verdict == "PASS"
    assert judge_counts((0, 0.95 * more), (0, 0.95 * more), tolerated=0.005, looks=looks).verdict == "INCONCLUSIVE"
    assert f"{found.needed:,} more requests to the canary would decide" in found.because


def test_the_requests_to_see_nothing_follow_the_rule_of_three():
    """Without a failure on either side: (1 - limit) ^ n = tail, and half of that for the other side of the rise."""
    found = judge_counts((0, 10), (0, 10**9), tolerated=0.001, looks="once", level=0.95)
    tail = 0.05 / 4
    assert found.needed + 10 == pytest.approx(math.log(tail) / math.log1p(-0.001), rel=0.02)


@pytest.mark.parametrize(("canary", "baseline"), [((0, 0), (1, 5)), ((0, 5), (0, 0)), ((0, 0), (0, 0))])
def test_an_empty_side_is_no_pass(canary, baseline):
    found = judge_counts(canary, baseline)
    assert found.verdict == "NO DATA"
    assert found.needed is None
    assert str(found.rise) == "not measured"


def test_where_all_fail_on_both_sides_no_rise_is_seen():
    assert judge_counts((500, 500), (500, 500), tolerated=0.02).verdict == "PASS"
    assert judge_counts((3, 3), (3, 3), tolerated=0.02).verdict == "INCONCLUSIVE"


@given(
    st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from(LOOKS),
)
def test_verdict_interval_and_words_agree(canary, baseline, looks):
    found = judge_counts(canary, baseline, tolerated=0.05, looks=looks)
    if found.verdict == "NO DATA":
        assert 0 in (canary[1], baseline[1])
        return
    assert (found.verdict == "PASS") == (found.rise.high <= 0.05)
    if found.verdict == "FAIL":
        assert found.canary.value > found.baseline.value
    assert found.rise.low <= found.canary.value - found.baseline.value <= found.rise.high
    assert (found.needed == 0) == (found.verdict != "INCONCLUSIVE")


def test_watched_at_forty_looks_good_canaries_seldom_fail_and_bad_ones_do():
    rng = np.random.default_rng(3)

    def share_failed(canary_rate):
        failed = 0
        for _ in range(25):
            canary = rng.binomial(100, canary_rate, 40).cumsum()
            baseline = rng.binomial(300, 0.01, 40).cumsum()
            failed += any(
                judge_counts((int(k), 100 * look), (int(b), 300 * look), tolerated=0.001).verdict == "FAIL"
                for look, (k, b) in enumerate(zip(canary, baseline, strict=True), 1)
            )
        return failed / 25

    assert share_failed(0.01) <= stats.binom.ppf(0.999, 25, 0.05) / 25
    assert share_failed(0.03) >= 0.95


@pytest.mark.parametrize("bad", [(2, 1), (-1, 5), (math.nan, 5), ("a", 5), (1, 2, 3), None, (1, math.inf)])
def test_counts_that_cannot_be(bad):
    with pytest.raises(InvalidInput, match=r"canary; expected \(failures, requests\)"):
        judge_counts(bad, (0, 10))


def test_options_that_cannot_be():
    with pytest.raises(InvalidInput, match="tolerated rise of 1"):
        judge_counts((0, 1), (0, 1), tolerated=1)
    with pytest.raises(InvalidInput, match="'once' or 'any'"):
        judge_counts((0, 1), (0, 1), looks="twice")
    with pytest.raises(InvalidInput, match="level"):
        judge_counts((0, 1), (0, 1), level=95)


def test_published_sample_ratios():
    assert sample_ratio([5000, 5200]).p_value == pytest.approx(0.04767, abs=5e-6)
    found = sample_ratio([9400, 600], [95, 5])
    assert found.p_value == pytest.approx(4.468e-6, rel=1e-4)
    assert found.mismatch


@pytest.mark.parametrize(
    ("counts", "shares"), [([5], None), ([5, 5], [1]), ([5, 5], [1, 0]), ([0, 0], None), ([5, -1], None)]
)
def test_a_split_that_cannot_be(counts, shares):
    with pytest.raises(InvalidInput, match="two or more versions"):
        sample_ratio(counts, shares)
