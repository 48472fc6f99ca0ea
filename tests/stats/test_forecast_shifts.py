import numpy as np
import pytest

from scaling_lib.stats.level_shifts import find_unusual


def noisy(random, count, deviation=0.03):
    return 100 * np.exp(deviation * random.standard_normal(count))


@pytest.mark.parametrize("age", [7, 10, 45, 70])
@pytest.mark.parametrize("size", [0.3, -0.3])
def test_a_shift_is_found_where_it_is(random, age, size):
    levels = noisy(random, 90)
    levels[-age:] *= 1 + size
    found = find_unusual(levels, weekly=True)
    assert len(found.shifts) == 1 and abs(found.shifts[0] - (90 - age)) <= 1 and found.young is None


@pytest.mark.parametrize("age", [1, 2, 3, 5])
def test_a_young_jump_is_named_as_such(random, age):
    levels = noisy(random, 90)
    levels[-age:] *= 1.4
    found = find_unusual(levels, weekly=True)
    assert (
        found.young == 90 - age
        and found.shifts == ()
        and np.flatnonzero(found.passing).tolist() == [*range(90 - age, 90)]
    )


def test_two_shifts_are_two(random):
    levels = noisy(random, 120)
    levels[40:] *= 1.5
    levels[80:] *= 0.6
    found = find_unusual(levels, weekly=False)
    assert [round(shift, -1) for shift in found.shifts] == [40, 80]


def test_days_that_pass_are_set_aside(random):
    levels = noisy(random, 90) * np.where(np.arange(90) % 7 >= 5, 0.7, 1.0)
    levels[[30, 31, 60]] *= [0.5, 0.5, 2.0]
    found = find_unusual(levels, weekly=True)
    assert np.flatnonzero(found.passing).tolist() == [30, 31, 60] and found.shifts == ()


@pytest.mark.parametrize("kind", ["noise", "walk", "growth", "remembered"])
def test_nothing_is_found_where_nothing_is(random, kind):
    """Of 40 series each, at most one has a shift, and one in a thousand days is set aside.

    Of 300 series each of 14 to 365 days: shifts in at most 0.3%, a young jump in at most 1% (30 days of remembered
    noise), and 0.1% of the days set aside.
    """
    shifts = passing = 0
    for _ in range(40):
        noise = 0.03 * random.standard_normal(90)
        if kind == "remembered":
            for day in range(1, 90):
                noise[day] += 0.8 * noise[day - 1]
        path = {"walk": np.cumsum(noise), "growth": noise + 0.01 * np.arange(90)}.get(kind, noise)
        found = find_unusual(100 * np.exp(path), weekly=True)
        shifts += len(found.shifts)
        passing += int(found.passing.sum())
    assert shifts <= 1 and passing <= 4


def test_missing_days_and_constants_are_no_events():
    levels = np.full(60, 5.0)
    levels[[3, 30, 59]] = np.nan
    found = find_unusual(levels, weekly=True)
    assert found.shifts == () and not found.passing.any() and found.young is None
    assert find_unusual(np.array([1.0, 2.0, 1.5]), weekly=False).shifts == ()
