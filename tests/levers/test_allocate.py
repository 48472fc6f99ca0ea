import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.levers import Work, allocate, cost_of_waiting


def chosen(found):
    return set(found.frame.loc[found.frame["chosen"], "name"])


def test_published_cost_of_delay():
    work = [Work(name="a", hours=1, value=10), Work(name="b", hours=3, value=3), Work(name="c", hours=10, value=1)]
    costs = {"a": 10, "b": 3, "c": 1}
    assert cost_of_waiting(work, costs) == 7
    assert cost_of_waiting(work[::-1], costs) == 160
    assert min(cost_of_waiting(order, costs) for order in itertools.permutations(work)) == 7


def test_the_best_per_hour_first_is_not_the_best():
    work = [
        Work(name="quick", hours=6, value=9),
        Work(name="one", hours=5, value=7),
        Work(name="two", hours=5, value=7),
    ]
    found = allocate(work, {"": 10})
    assert chosen(found) == {"one", "two"}
    assert (found.value, found.hours, found.left_h, found.proven) == (14, 10, {"": 0}, True)
    assert found.greedy_share == pytest.approx(9 / 14)
    assert found.frame["name"].tolist() == ["quick", "one", "two"]


def test_what_comes_before_is_done_too():
    work = [Work(name="feature", hours=5, value=20, after=("index",)), Work(name="index", hours=5, value=1)]
    assert chosen(allocate(work, {"": 10})) == {"feature", "index"}
    assert chosen(allocate(work, {"": 9})) == {"index"}


def test_each_team_has_its_own_hours():
    work = [Work(name=f"{team}{n}", hours=6, value=n, team=team) for team in "xy" for n in (1, 2)]
    found = allocate(work, {"x": 6, "y": 12})
    assert chosen(found) == {"x2", "y1", "y2"}
    assert found.left_h == {"x": 0, "y": 0}


def test_stability_is_how_often_a_choice_holds():
    sure = allocate([Work(name="a", hours=5, value=9), Work(name="b", hours=5, value=1)], {"": 5})
    assert sure.frame["stability"].tolist() == [1, 0]
    close = [Work(name=name, hours=5, value=5, value_spread=2) for name in "ab"]
    found = allocate(close, {"": 5}).frame["stability"]
    assert found.sum() == pytest.approx(1)
    assert found.between(0.3, 0.7).all()


pieces = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 20), st.booleans()), min_size=1, max_size=7)


@settings(max_examples=30, deadline=None)
@given(pieces, st.integers(0, 25))
def test_nothing_better_exists(given_pieces, hours):
    work = [
        Work(name=str(n), hours=h, value=v, after=(str(n - 1),) if waits and n else ())
        for n, (h, v, waits) in enumerate(given_pieces)
    ]
    best = 0
    for picked in itertools.product([False, True], repeat=len(work)):
        names = {each.name for each, is_in in zip(work, picked, strict=True) if is_in}
        fits = sum(each.hours for each in work if each.name in names) <= hours
        if fits and all(set(each.after) <= names for each in work if each.name in names):
            best = max(best, sum(each.value for each in work if each.name in names))
    found = allocate(work, {"": hours})
    assert found.value == best
    assert found.hours <= hours


def test_nothing_to_do():
    found = allocate([], {"x": 5})
    assert (found.value, found.left_h, found.frame.empty) == (0, {"x": 5}, True)


@pytest.mark.parametrize(
    ("work", "capacity", "words"),
    [
        ([Work(name="a", hours=1, value=1)] * 2, {"": 1}, "'a' twice"),
        ([Work(name="a", hours=1, value=1, team="x")], {"": 1}, "team 'x', which has no hours"),
        ([Work(name="a", hours=1, value=1, after=("b",))], {"": 1}, "after 'b', which is not there"),
        (
            [Work(name="a", hours=1, value=1, after=("b",)), Work(name="b", hours=1, value=1, after=("a",))],
            {"": 1},
            "a and b wait for each other",
        ),
        ([Work(name="a", hours=-1, value=1)], {"": 1}, "-1 hours"),
        ([Work(name="a", hours=1, value=1)], {"": -1}, "0 or more for each team"),
    ],
)
def test_work_that_cannot_be(work, capacity, words):
    with pytest.raises(InvalidInput, match=words):
        allocate(work, capacity)
