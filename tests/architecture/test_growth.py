import numpy as np
import pandas as pd
import pytest

from scaling_lib.architecture.growth import code_growth, growth_exponent
from scaling_lib.errors import InvalidInput, NotEnoughData


def test_exact_laws():
    parts = np.array([2, 4, 8, 16, 32])
    assert growth_exponent(parts, 3 * parts).value == pytest.approx(1)
    assert growth_exponent(parts, parts * (parts - 1) / 2).value == pytest.approx(2.2, abs=0.15)
    found = growth_exponent(parts, 0.5 * parts**2.0)
    assert (found.low, found.high) == pytest.approx((2, 2))


@pytest.mark.parametrize(("remembered", "least"), [(0.0, 0.93), (0.5, 0.92)])
def test_the_interval_covers(remembered, least):
    """Of 600, nominal 0.95, binomial error 0.01; of 3,000: 0.98 where independent, 0.96 where the noise remembers."""
    rng = np.random.default_rng(1)
    parts = np.geomspace(5, 40, 16)
    covered = 0
    for _ in range(600):
        noise = rng.standard_normal(16)
        for i in range(1, 16):
            noise[i] = remembered * noise[i - 1] + np.sqrt(1 - remembered**2) * noise[i]
        found = growth_exponent(parts, np.exp(0.2 * noise) * parts**1.6)
        covered += found.low <= 1.6 <= found.high
    assert covered / 600 >= least


def test_a_code_base_where_every_new_folder_is_changed_with_all_the_others():
    rows, order = [], 0
    for size in range(2, 9):
        for _ in range(2):
            rows += [
                (order, pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=30 * size), f"s/p{n}/a.py")
                for n in range(size)
            ]
            order += 1
    changes = pd.DataFrame(rows, columns=["order", "time", "path"])
    found = code_growth(changes, moments=7)
    last = found.history.iloc[-1]
    assert (last["parts"], last["interdependencies"], last["failure_modes"]) == (8, 28, 36)
    assert found.exponent.value > 1.5


def test_sweeps_over_everything_couple_nothing():
    rows = [(0, pd.Timestamp("2026-01-01", tz="UTC"), f"s/p{n}/a.py") for n in range(40)]
    rows += [(1, pd.Timestamp("2026-02-01", tz="UTC"), f"s/p{n}/a.py") for n in range(40)]
    with pytest.raises(NotEnoughData, match="found 0 moments"):
        code_growth(pd.DataFrame(rows, columns=["order", "time", "path"]))


def test_what_says_nothing():
    with pytest.raises(NotEnoughData, match="found 3 moments"):
        growth_exponent([1, 2, 3], [1, 2, 3])
    with pytest.raises(NotEnoughData, match="go from 10 to 12; expected"):
        growth_exponent([10, 10, 11, 11, 12], [1, 2, 3, 4, 5])
    with pytest.raises(InvalidInput, match="count of 0 or less"):
        growth_exponent([1, 2, 3, 4, 5], [0, 1, 2, 3, 4])
    with pytest.raises(InvalidInput, match="as many parts"):
        growth_exponent([1, 2], [1])
    with pytest.raises(InvalidInput, match="depth 0"):
        code_growth(pd.DataFrame({"order": [], "time": [], "path": []}), depth=0)
