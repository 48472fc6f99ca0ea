import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scaling_lib.errors import InvalidInput
from scaling_lib.levers import debt_score, holding_share, interest_h
from scaling_lib.stats import Estimate


def items(**by_id):
    """Items by id: principal and interest, a number (sure) or three points."""

    def points(given):
        return given if isinstance(given, tuple) else (given, given, given)

    rows = [
        {"id": name, "title": name, "principal": points(p), "interest": points(i)} for name, (p, i) in by_id.items()
    ]
    return pd.DataFrame(rows, columns=["id", "title", "principal", "interest"])


def test_sure_figures_by_hand():
    found = debt_score(items(a=(100, 40), b=(10, 0)), risk_h={"a": (10, 10, 10)}, repaid=0.5, quarters=4, discount=0.0)
    first, second = found.frame.iloc[0], found.frame.iloc[1]
    assert (first["id"], first["net_h"]) == ("a", pytest.approx(4 * 25 - 100))
    assert first["breaks_even_q"] == pytest.approx(4)
    assert (second["net_h"], second["breaks_even_q"], second["chance"]) == (-10, math.inf, 0)


def test_a_discount_counts_later_quarters_less():
    net = debt_score(items(a=(10, 100)), repaid=1.0, quarters=3, discount=0.1).frame["net_h"].item()
    assert net == pytest.approx(100 * (1 / 1.1 + 1 / 1.21 + 1 / 1.331) - 10)


def test_draws_go_through_the_three_points():
    drawn = debt_score(items(a=((60, 95, 160), 1))).principal[0]
    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx([60, 95, 160], rel=0.04)
    from_zero = debt_score(items(a=(1, (0, 1, 2)))).frame
    assert from_zero["interest_h"].item() == pytest.approx(1, abs=0.05)
    assert from_zero["interest_h_low"].item() == 0


def test_break_even_has_the_probability_of_its_figures():
    """P = 100 for sure, I lognormal with a median of 25 and a 90% of 50: even within 4 quarters in half of the draws."""
    found = debt_score(items(a=(100, (12.5, 25, 50))), repaid=1.0, quarters=4, discount=0.0)
    assert found.frame["chance"].item() == pytest.approx(0.5, abs=0.03)
    sigma = math.log(2) / stats.norm.ppf(0.9)
    later = debt_score(items(a=(100, (12.5, 25, 50))), repaid=1.0, quarters=5, discount=0.0).frame["chance"].item()
    assert later == pytest.approx(stats.norm.cdf(math.log(5 / 4) / sigma), abs=0.03)


def test_order_and_its_stability():
    clear = debt_score(items(a=(10, 50), b=(10, 5), c=(10, 1), d=(10, 0.5))).frame
    assert clear["id"].tolist() == ["a", "b", "c", "d"]
    assert clear["first"].tolist() == [1, 0, 0, 0]
    assert clear["top"].tolist() == [1, 1, 1, 0]
    close = debt_score(items(a=((5, 10, 20), (5, 10, 20)), b=((5, 10, 20), (5, 10, 20)))).frame
    assert close["first"].sum() == pytest.approx(1)
    assert close["first"].between(0.35, 0.65).all()


def test_interest_is_what_healthy_code_would_have_saved():
    def sure(value):
        return Estimate(value, value, value)

    assert interest_h(sure(12), sure(5), sure(2)) == (30, 30, 30)
    assert interest_h(sure(12), sure(5), sure(1)) == (0, 0, 0)
    low, middle, high = interest_h(Estimate(12, 8, 16), Estimate(5, 4, 6), Estimate(2.2, 1.72, 3))
    assert (low, middle, high) == pytest.approx((8 * 4 * (1 - 1 / 1.72), 12 * 5 * (1 - 1 / 2.2), 16 * 6 * 2 / 3))


def test_the_share_that_keeps_debt_from_growing():
    assert holding_share(60, 400) == 0.15
    assert holding_share(60, 400, repays=2) == 0.075
    with pytest.raises(InvalidInput, match="0 h of capacity"):
        holding_share(1, 0)


def test_nothing_is_a_result_too():
    assert debt_score(items()).frame.empty


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (items(a=((3, 2, 5), 1)), {}, r"found \(3, 2, 5\) as the principal of a"),
        (items(a=(1, (-1, 2, 5))), {}, "interest of a"),
        (items(a=(1, 1)), {"risk_h": {"a": (2, 1, 3)}}, "risk of a"),
        (items(a=(1, 1)), {"repaid": 0}, "repaid share of 0"),
        (items(a=(1, 1)).drop(columns="title"), {}, "no column title"),
    ],
)
def test_figures_that_cannot_be(given, options, words):
    with pytest.raises(InvalidInput, match=words):
        debt_score(given, **options)
