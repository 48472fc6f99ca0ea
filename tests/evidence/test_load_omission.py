"""The correction for coordinated omission, held to HdrHistogram itself and to figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.cells import GAMMA, bin_quantile
from scaling_lib.evidence.load_tests.omission import corrected_bins, missing_requests


def bins(values_us: dict[int, int]) -> pd.DataFrame:
    numbers = [math.floor(math.log(max(value, 1)) / math.log(GAMMA)) for value in values_us]
    sums = [value * n for value, n in values_us.items()]
    return pd.DataFrame({"bin": numbers, "n": list(values_us.values()), "sum_us": sums})


def test_the_known_case():
    """10,000 requests of 1 ms and one of 100 s, 10 ms apart: the correction puts 9,999 back, from 99.99 s to 10 ms."""
    raw = bins({1000: 10_000, 100_000_000: 1})
    assert bin_quantile(raw, 0.99)[0] == pytest.approx(0.001, rel=0.011)
    found = corrected_bins(raw, expected_interval_s=0.010)
    assert found["n"].sum() == 20_000
    assert found["sum_us"].sum() == 10_000 * 1000 + 10_000 * (100_000_000 + 10_000) // 2
    assert bin_quantile(found, 0.75)[0] == pytest.approx(50.003967, rel=0.01)


def test_the_known_case_at_three_digits():
    """On HdrHistogram's own bins of 3 digits: p75 is 50,003,967 us, as the package says of its own correction."""
    from hdrh.histogram import HdrHistogram

    own = HdrHistogram(1, 3_600_000_000, 3)
    for _ in range(10_000):
        own.record_corrected_value(1000, 10_000)
    own.record_corrected_value(100_000_000, 10_000)
    assert (own.get_total_count(), own.get_value_at_percentile(75)) == (20_000, 50_003_967)
    lows = np.array([own.get_value_from_index(place) for place in range(own.counts_len)], dtype=np.float64)
    added, _ = missing_requests([1000, 100_000_000], [10_000, 1], 10_000, np.append(lows, 2.0**62))
    counts = added.copy()
    for value, n in ((1000, 10_000), (100_000_000, 1)):
        counts[np.searchsorted(lows, value, side="right") - 1] += n
    assert counts.sum() == 20_000
    place = int(np.searchsorted(counts.cumsum(), 0.75 * 20_000))
    assert own.get_highest_equivalent_value(int(lows[place])) == 50_003_967


@settings(max_examples=50)
@given(
    values=st.dictionaries(st.integers(1, 3000), st.integers(1, 5), min_size=1, max_size=5),
    expected=st.integers(1, 500),
)
def test_agrees_with_putting_back_one_by_one(values, expected):
    edges = np.unique(np.concatenate([[0], 1.1 ** np.arange(90)]))
    by_hand = np.zeros(len(edges) - 1)
    sums = np.zeros(len(edges) - 1)
    for value, n in values.items():
        missing = value - expected
        while missing >= expected:
            place = int(np.searchsorted(edges, missing, side="right")) - 1
            by_hand[place] += n
            sums[place] += n * missing
            missing -= expected
    added, added_sum = missing_requests(list(values), list(values.values()), expected, edges)
    assert added == pytest.approx(by_hand) and added_sum == pytest.approx(sums)


def test_short_requests_stay_as_they_are():
    raw = bins({500: 3, 9_999: 2, 19_999: 1})  # below twice the interval nothing is missing
    pd.testing.assert_frame_equal(
        corrected_bins(raw, expected_interval_s=0.010), raw.astype({"bin": "int16"}), check_dtype=True
    )
    assert corrected_bins(raw[:0], expected_interval_s=1).empty
    long = corrected_bins(bins({86_400_000_000: 1}), expected_interval_s=1e-6)  # a day, a request each microsecond
    assert long["n"].sum() == 86_400_000_000


@pytest.mark.parametrize("interval", [0, -1, math.nan, math.inf])
def test_an_interval_that_cannot_be(interval):
    with pytest.raises(InvalidInput, match="expected interval"):
        corrected_bins(bins({1: 1}), expected_interval_s=interval)
