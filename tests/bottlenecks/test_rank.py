"""Ranking of traces drawn by hand: shares, savings and ranks worked out from the drawing."""

import numpy as np
import pandas as pd
import pytest
from traces_by_hand import beside, called, order

from scaling_lib.bottlenecks import rank
from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured


def test_what_a_database_does_is_its_own_and_the_root_has_the_rest():
    found = rank(pd.concat([order(number) for number in range(100)])).table
    assert found.index.tolist() == ["db: write", "shop: POST /order"]
    assert [each.value for each in found["share_all"]] == pytest.approx([0.6, 0.4])
    assert [each.value for each in found["saved_s"]] == pytest.approx([0.06, 0.04])
    assert found["service"].tolist() == ["db", "shop"] and not found["edge"].any()


def test_what_a_callee_does_not_cover_is_the_edges():
    spans = pd.concat([called(number) for number in range(100)])
    shares = rank(spans).table["share_all"].map(lambda each: each.value).to_dict()
    assert shares == pytest.approx({"back: GET /": 0.5, "front -> back": 0.3, "front: GET /": 0.2})
    assert rank(spans, by="edge").table["share_all"].map(lambda each: each.value).to_dict() == pytest.approx(
        {"back": 0.5, "front -> back": 0.3, "front": 0.2}
    )
    assert rank(spans, by="service").table["share_all"].map(lambda each: each.value).to_dict() == pytest.approx(
        {"back": 0.8, "front": 0.2}
    )


def test_what_runs_beside_takes_no_time_of_the_path():
    """Of 80 ms the root waits 60 for the longer of two queries: that is the most that can be saved without it."""
    found = rank(pd.concat([beside(number) for number in range(30)])).table
    assert found.index.tolist() == ["db: long", "shop: GET /"]
    assert found.loc["db: long", "share_all"].value == pytest.approx(60 / 80)
    assert found.loc["db: long", "saved_s"].value == pytest.approx(0.060)


def test_the_tail_has_an_order_of_its_own():
    """Of 400 orders 20 wait 960 ms for the database, all others 10 ms: there the root's own 40 ms are more."""
    spans = pd.concat([order(number, query=960.0 if number % 20 == 7 else 10.0) for number in range(400)])
    tail, middle = rank(spans), rank(spans, window="p50")
    assert (tail.first, middle.first) == ("db: write", "shop: POST /order")
    assert tail.traces == {"all": 400, "p50": 80, "p95": 20, "p99": 4}
    assert tail.table.loc["db: write", "share_p95"].value == pytest.approx(0.96)
    assert middle.table.loc["db: write", "share_p50"].value == pytest.approx(0.2)
    assert tail.table.loc["db: write", "share_p99"] is None


def test_which_traces_are_slow_is_found_anew_in_each_draw():
    """A block drawn twice is its traces twice: the slowest twentieth of those is another than of what was seen."""
    random = np.random.default_rng(5)
    queries = np.where(random.random(400) < 0.04, 600.0, 5 + 50 * random.random(400))
    times = rank(pd.concat([order(number, query=each) for number, each in enumerate(queries)])).times
    taken = np.zeros((2, times.blocks))
    taken[0, :20], taken[1] = 2, 1
    sums, totals = times.redrawn(0.95, 1.0, taken)
    place = times.names.index.get_loc("db: write")
    for row, drawn in ((0, np.repeat(queries[:200], 2)), (1, queries)):
        slowest = np.sort(drawn)[-20:] / 1000
        assert totals[row] == pytest.approx((slowest + 0.04).sum())
        assert sums[row, place] == pytest.approx(slowest.sum())


def test_a_weight_counts_as_so_many_traces():
    few = pd.concat([order(number, query=160.0 if number < 10 else 60.0, weight=9.0 if number < 10 else 1.0)
                     for number in range(100)])  # fmt: skip
    many = pd.concat([order(number, query=160.0 if number < 90 else 60.0) for number in range(180)])
    shares = [rank(each, window="all").table.loc["db: write", "share_all"].value for each in (few, many)]
    assert shares[0] == pytest.approx(shares[1]) == pytest.approx((90 * 160 + 90 * 60) / (90 * 200 + 90 * 100))


def test_where_nothing_differs_the_rank_is_certain_and_the_interval_a_point():
    found = rank(pd.concat([order(number) for number in range(60)]), window="all").table.loc["db: write"]
    assert (found["rank_low"], found["rank_high"], found["first"], found["top3"]) == (1, 1, 1, 1)
    assert (found["share_all"].low, found["share_all"].high) == pytest.approx((0.6, 0.6))


def test_a_rank_that_hangs_on_chance_is_not_certain():
    """Root and query take 40 ms on average, the query at random: which is first is nearly a toss."""
    random = np.random.default_rng(20261125)
    spans = pd.concat([order(n, query=each) for n, each in enumerate(random.choice([10.0, 70.0], size=200))])
    found = rank(spans, window="all").table.loc["db: write"]
    assert 0.02 < found["first"] < 0.98 and (found["rank_low"], found["rank_high"]) == (1, 2)


def test_journeys_by_name_and_others_left_out():
    spans = pd.concat([order(number) if number % 2 else called(number) for number in range(80)])
    found = rank(spans, journeys={"POST /order": "order"})
    assert found.table.index.tolist() == ["db: write", "shop: POST /order"]
    assert "40 roots of 80" in " ".join(found.notes)
    assert rank(spans, journey="GET /").first == "back: GET /"


@pytest.mark.parametrize(
    ("spans", "options", "error", "words"),
    [
        (order(0), {}, NotEnoughData, "found 1 trace of the journeys; expected 20 or more"),
        (order(0).iloc[:0], {}, NotMeasured, "no spans are given"),
        (pd.concat([order(n) for n in range(30)]), {"journeys": {"GET /x": "x"}}, NotEnoughData, "POST /order"),
        (pd.concat([order(n) for n in range(30)]), {"journey": "pay"}, InvalidInput, "they are of POST /order"),
        (pd.concat([order(n) for n in range(30)]), {"window": "p42"}, InvalidInput, "p50"),
        (pd.concat([order(n) for n in range(30)]), {"by": "host"}, InvalidInput, "operation"),
        (pd.concat([order(n)[1:] for n in range(30)]), {}, NotEnoughData, "lack their parent"),
    ],
)
def test_what_cannot_be_ranked_is_said(spans, options, error, words):
    with pytest.raises(error, match=words):
        rank(spans, **options)


def test_a_service_without_a_name_is_said_to_have_none():
    """Its own 50 ms stand under no name; what its caller waits beyond them is the caller's, as nobody is called."""
    spans = pd.concat([called(number) for number in range(100)])
    shares = rank(spans.assign(service=spans["service"].replace("back", ""))).table["share_all"]
    assert {name: each.value for name, each in shares.items()} == pytest.approx(
        {"(not named): GET /": 0.5, "front: call": 0.3, "front: GET /": 0.2}
    )
    named = rank(spans.assign(service=spans["service"].replace("front", ""))).table.index
    assert "(not named) -> back" in named
