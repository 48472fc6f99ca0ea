import numpy as np
import pytest
from measured import values
from simulated_series import autoregressive

from scaling_lib.capacity import typical_peak
from scaling_lib.errors import InvalidInput, NotEnoughData


def test_the_quantile_of_the_last_week_alone():
    series = values(np.concatenate([np.full(24 * 7, 5.0), np.arange(1, 169)]), "h")
    found = typical_peak(series, unit="fraction")
    assert found.value == pytest.approx(1 + 0.95 * 167)  # of 1..168
    assert found.low < found.value < found.high <= 168 and found.unit == "fraction"


def test_unknown_values_do_not_count():
    series = values(np.arange(1.0, 101.0), "h")
    series.iloc[::2] = np.nan
    assert typical_peak(series).value == pytest.approx(2 + 2 * 0.95 * 49)  # of 2, 4, ..., 100


def test_a_constant_has_no_width():
    found = typical_peak(values([0.4] * 50))
    assert (found.low, found.value, found.high) == (0.4, 0.4, 0.4)


def test_what_cannot_be_told_is_said():
    with pytest.raises(NotEnoughData, match="found 19 values; expected at least 20.*Supply 1 more"):
        typical_peak(values([1.0] * 19))
    with pytest.raises(NotEnoughData, match="found 0 values"):
        typical_peak(values([np.nan] * 30))
    with pytest.raises(InvalidInput, match="quantile of 1"):
        typical_peak(values([1.0] * 50), quantile=1)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.0, 0.9, 0.98])
def test_the_interval_holds_the_true_quantile_of_values_in_a_row(memory):
    random = np.random.default_rng(20_261_125)
    held = 0
    for _ in range(150):
        found = typical_peak(values(autoregressive(random.standard_normal(2516), memory)[500:], "5min"))
        held += found.low <= 1.6449 <= found.high
    # nominally 95%; 150 trials at .95 are above .90 with a probability of .997
    assert held / 150 >= 0.90, held
