import math

import numpy as np
import pytest

from scaling_lib.architecture.capacity_patterns import (
    cache,
    cdn,
    do_nothing,
    horizontal,
    less_work,
    queue,
    serverless,
    split,
    vertical,
)
from scaling_lib.architecture.evaluate import evaluate
from scaling_lib.architecture.load import load_of
from scaling_lib.architecture.other_patterns import container_orchestration, managed_database
from scaling_lib.architecture.pattern import Pattern, share
from scaling_lib.architecture.store_patterns import cqrs, read_replicas, sharding
from scaling_lib.errors import InvalidInput
from scaling_lib.model import System
from scaling_lib.model.uncertainty import DRAWS
from scaling_lib.stats import Estimate


def figure(value, spread=0.0, unit="", assumed=False):
    return Estimate(value, value * (1 - spread), value * (1 + spread), unit=unit, assumed=assumed)


def money(value):
    return figure(value, unit="EUR")


# A database of 10 ms on one server limits at 100 requests/s, two servers of 4 ms at 500.
SHOP = System({"database": 0.010, "services": 0.004}, {"database": 1, "services": 2}, 40)
EVERY = [
    do_nothing(),
    less_work("database", figure(4)),
    vertical("database", figure(2)),
    horizontal("services", 3),
    horizontal("database", 2, contention=figure(0.1)),
    cache("database", figure(0.5), cacheable=figure(0.6)),
    cdn(("database", "services"), figure(0.5), cacheable=figure(0.2)),
    read_replicas("database", 8, writes=figure(0.2), write_cost=figure(0.5)),
    sharding("database", 10, largest_key=figure(0.3)),
    cqrs("database", writes=figure(0.2), publish=figure(0.5), read=figure(0.5)),
    queue("database", later=figure(0.4), peak_over_mean=figure(2)),
    split("services", moved=figure(0.5), calls=figure(2), call_s=figure(0.001)),
    serverless("services", instances=figure(100)),
    managed_database("database", toil_h_month=10),
    container_orchestration(toil_h_month=5),
]


def by_name(evaluation):
    return {each.pattern.name: each for each in evaluation.options}


def test_capacity_by_each_patterns_formula():
    found = by_name(evaluate(SHOP, EVERY, needed=figure(90)))
    expected = {
        "do nothing": 100,
        "less work at database": 400,
        "vertical scaling of database": 200,
        "horizontal scaling of services": 100,
        "horizontal scaling of database": 100 * 2 / 1.1,
        "cache before database": 100 / (1 - 0.3),
        "content delivery network": 100 / 0.9,
        "read replicas of database": 470.6,
        "sharding of database": 270.3,
        "CQRS at database": 1 / max(0.010 * 0.2 * 1.5, 0.010 * 0.8 * 0.5),
        "queue before database": 100 / 0.8,
        "split of services into two services": 100,
        "serverless in place of services": 100,
        "managed database for database": 100,
        "container orchestration": 100,
    }
    assert {name: each.capacity.value for name, each in found.items()} == pytest.approx(expected, rel=1e-3)


def test_what_leaves_the_measured_bottleneck_is_not_justified():
    found = by_name(evaluate(SHOP, EVERY, needed=figure(300)))
    same = [name for name, each in found.items() if each.verdict == "NOT JUSTIFIED"]
    assert set(same) == {
        "horizontal scaling of services",
        "split of services into two services",
        "serverless in place of services",
        "managed database for database",
        "container orchestration",
    }


def test_the_cheapest_that_is_enough_is_taken_and_the_others_are_dearer_or_not_enough():
    options = [
        do_nothing(),
        less_work("database", figure(4), name="an index"),
        read_replicas("database", 8, writes=figure(0.2), write_cost=figure(0.5), monthly_cost=money(500)),
        vertical("database", figure(2), monthly_cost=money(100)),
    ]
    found = evaluate(SHOP, options, needed=figure(300))
    assert [each.verdict for each in found.options] == ["JUSTIFIED", "DEARER", "NOT ENOUGH", "NOT ENOUGH"]
    assert found.chosen.pattern.name == "an index"
    assert found.bottleneck == "database"
    assert found.chosen.bottleneck == "database"
    assert {each.pattern.name for each in found.options if each.front} == {"do nothing", "an index"}


def test_without_a_need_nothing_is_changed():
    found = evaluate(SHOP, EVERY, needed=figure(80))
    assert found.chosen.pattern.name == "do nothing"
    assert by_name(found)["less work at database"].verdict == "NOT NEEDED"


def test_assumed_figures_cap_the_verdict():
    assumed = [do_nothing(), less_work("database", 4.0)]
    assert evaluate(SHOP, assumed, needed=figure(300)).chosen.verdict == "PROVISIONAL"
    measured = [do_nothing(), less_work("database", figure(4))]
    assert evaluate(SHOP, measured, needed=figure(300, assumed=True)).chosen.verdict == "PROVISIONAL"
    assert evaluate(SHOP, measured, needed=figure(300)).chosen.verdict == "JUSTIFIED"


def test_the_slo_takes_a_part_of_the_capacity():
    options = [do_nothing(), less_work("database", figure(4))]
    found = by_name(evaluate(SHOP, options, needed=figure(350), within_slo=figure(0.8, unit="fraction")))
    assert found["less work at database"].met == 0


def test_probability_is_that_of_the_intervals():
    """Capacity 100 x factor; factor lognormal-like 2 to 4 at 95%: half of it is above the needed 2.83 x 100."""
    uncertain = less_work("database", Estimate(math.sqrt(8), 2, 4, unit="x"))
    found = by_name(evaluate(SHOP, [do_nothing(), uncertain], needed=figure(100 * math.sqrt(8))))
    assert found["less work at database"].met == pytest.approx(0.5, abs=0.04)
    sure = by_name(evaluate(SHOP, [do_nothing(), uncertain], needed=figure(200)))
    assert sure["less work at database"].met == pytest.approx(0.975, abs=0.012)


def test_the_value_of_knowing_is_the_textbooks():
    """One option works with probability one half and costs 40 of 100: knowing is worth (100 - 40) / 2 - max(0, 10)."""
    uncertain = less_work("database", Estimate(math.sqrt(8), 2, 4, unit="x"))
    priced = Pattern(
        name="bet", aim="capacity", effect=uncertain.effect, assumptions=uncertain.assumptions, monthly_cost=money(40)
    )
    found = evaluate(SHOP, [do_nothing(), priced], needed=figure(100 * math.sqrt(8)), worth_a_month=100)
    assert found.value_of_knowing == pytest.approx(30 - 10, abs=3)
    assert found.measure == ""  # nothing is taken, so nothing is measured for it


def test_measuring_comes_first_where_knowing_is_worth_more():
    rough = less_work("database", Estimate(3.2, 2, 5.1, unit="x"))
    priced = Pattern(
        name="bet", aim="capacity", effect=rough.effect, assumptions=rough.assumptions, monthly_cost=money(30)
    )
    options = [do_nothing(), priced]
    asked = {"needed": figure(220), "wanted": 0.8, "worth_a_month": 100.0}
    found = evaluate(SHOP, options, **asked, measuring_costs=1.0)
    assert found.chosen.verdict == "MEASURE FIRST"
    assert found.measure == "times less work"
    assert evaluate(SHOP, options, **asked, measuring_costs=1000.0).chosen.verdict == "JUSTIFIED"


def test_swings_are_the_ends_of_the_interval():
    uncertain = less_work("database", Estimate(3, 2, 4, unit="x"))
    row = evaluate(SHOP, [do_nothing(), uncertain], needed=figure(300)).swings.iloc[0]
    assert (row["assumption"], row["low"], row["high"]) == ("times less work", 0, 1)


def test_a_load_is_the_systems_limits_and_delays():
    system = System({"a": 0.01, "wire": 0.05}, {"a": 1, "wire": math.inf}, 10, background={"a": 0.2})
    load = load_of(system)
    assert load.capacity() == pytest.approx(np.full(DRAWS, 80))
    assert load.response_s() == pytest.approx(np.full(DRAWS, 0.06))
    assert load.bottleneck() == "a"


@pytest.mark.parametrize("pattern", EVERY, ids=lambda each: each.name)
def test_every_pattern_says_what_it_rests_on(pattern):
    assert pattern.aim == "nothing" or pattern.source
    then = pattern.applied(load_of(SHOP))
    assert (then.capacity() > 0).all()
    assert np.isfinite(then.response_s()).all()
    assert all(each.said for each in pattern.assumptions)


def test_a_share_is_never_drawn_above_one():
    """Half of all draws of 90% (50 to 99%) lie above 90%, some beyond what can be without a bound."""
    hits = share("hit ratio", Estimate(0.9, 0.5, 0.99), "")
    often = Pattern(name="p", aim="capacity", effect=lambda load, drawn: load, assumptions=(hits,))
    drawn = often.drawn()["hit ratio"]
    assert 0.9 < drawn.max() <= 1.0
    both = cache("database", Estimate(0.9, 0.5, 0.99), cacheable=Estimate(0.9, 0.5, 0.99))
    assert (both.applied(load_of(SHOP)).demand["database"] >= 0).all()


def test_what_has_no_price_is_not_the_cheapest():
    free = vertical("database", figure(4), monthly_cost=money(10))
    unpriced = read_replicas("database", 8, writes=figure(0.1), write_cost=figure(0.5))
    found = evaluate(SHOP, [do_nothing(), unpriced, free], needed=figure(300))
    assert found.chosen.pattern.name == free.name and found.chosen.verdict == "JUSTIFIED"
    alone = evaluate(SHOP, [do_nothing(), unpriced], needed=figure(300)).chosen
    assert alone.verdict == "PROVISIONAL" and "its price" in alone.assumed
    made_up = vertical("database", figure(4), monthly_cost=figure(10, unit="EUR", assumed=True))
    assert evaluate(SHOP, [do_nothing(), made_up], needed=figure(300)).chosen.verdict == "PROVISIONAL"


def test_what_cannot_be():
    with pytest.raises(InvalidInput, match="no option of doing nothing"):
        evaluate(SHOP, EVERY[1:], needed=figure(1))
    with pytest.raises(InvalidInput, match="'do nothing' twice"):
        evaluate(SHOP, [do_nothing(), do_nothing()], needed=figure(1))
    with pytest.raises(InvalidInput, match="wanted probability"):
        evaluate(SHOP, EVERY, needed=figure(1), wanted=1.0)
    with pytest.raises(InvalidInput, match="resource 'nobody'"):
        evaluate(SHOP, [do_nothing(), vertical("nobody", 2.0)], needed=figure(1))
    with pytest.raises(InvalidInput, match="found 1.4 for hit"):
        share("hit", 1.4, "")
