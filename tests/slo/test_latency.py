import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import histogram_quantile, latency_sli, verdict_depends_on_interpolation

THREE = {"0": 0, "2": 1, "4": 2, "6": 3, "+Inf": 3}
TWELVE = {0.1: 5, 0.2: 7, 1: 11, math.inf: 12}


def test_prometheus_fractions():
    at_edge, between = latency_sli(THREE, 4), latency_sli(THREE, 3.5)
    assert (at_edge.low, at_edge.value, at_edge.high) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert between.value == pytest.approx(0.58333, abs=5e-6)
    assert (between.low, between.high) == pytest.approx((1 / 3, 2 / 3))


@pytest.mark.parametrize(("q", "value"), [(0.2, 0.048), (0.5, 0.15), (0.8, 0.72), (1, 1)])
def test_prometheus_quantiles(q, value):
    found = histogram_quantile(TWELVE, q)
    assert found.value == pytest.approx(value)
    assert found.low <= found.value <= found.high


def test_beyond_the_edges():
    assert latency_sli(TWELVE, 5).value == latency_sli(TWELVE, 5).low == pytest.approx(11 / 12)
    assert latency_sli(TWELVE, 5).high == 1
    assert latency_sli(TWELVE, math.inf).low == 1
    assert latency_sli(TWELVE, -1).high == 0
    assert latency_sli(TWELVE, 0.05).value == pytest.approx(2.5 / 12)
    assert latency_sli({"-1": 2, "+Inf": 4}, -2).high == 0.5


def test_no_traffic():
    empty = latency_sli({"1": 0, "+Inf": 0}, 0.5)
    assert math.isnan(empty.value) and (empty.low, empty.high) == (0, 1)
    assert math.isnan(histogram_quantile({"1": 0, "+Inf": 0}, 0.5).value)


def test_edges_are_numbers():
    assert latency_sli({"1": 5, "1.0": 5, "inf": 6}, 1).value == pytest.approx(5 / 6)  # one series, spelt twice
    assert latency_sli({"0.3": 50, "0.30": 50, "+Inf": 100}, 0.3).value == pytest.approx(0.5)
    assert latency_sli({"0.5": 10, "1": 5, "1.0": 7, "+Inf": 12}, 1).value == 1  # two series of two servers
    assert latency_sli({"+Inf": 12, "1": 11, "0.1": 5, "0.2": 7}, 0.2).value == pytest.approx(7 / 12)


def test_float_noise_is_mended_and_more_refused():
    assert latency_sli({"1": 5.000001, "2": 5, "+Inf": 10}, 2).value == pytest.approx(0.5, abs=1e-6)
    with pytest.raises(InvalidInput, match="never fall"):
        latency_sli({"1": 6, "2": 5, "+Inf": 10}, 2)


@pytest.mark.parametrize(
    ("buckets", "message"),
    [
        ({"1": 5}, "Inf"),
        ({}, "none"),
        ({"fast": 5, "+Inf": 5}, "fast"),
        ({"1": -5, "+Inf": 5}, "-5"),
        ({"1": math.nan, "+Inf": 5}, "nan"),
        ({"nan": 1, "+Inf": 5}, "NaN"),
    ],
)
def test_what_is_no_histogram(buckets, message):
    with pytest.raises(InvalidInput, match=message):
        latency_sli(buckets, 1)


def test_verdict_depends_on_interpolation():
    sli = latency_sli(TWELVE, 0.5)  # between 7/12 and 11/12
    assert verdict_depends_on_interpolation(sli, 0.7)
    assert not verdict_depends_on_interpolation(sli, 0.5)
    assert not verdict_depends_on_interpolation(sli, 0.95)
    assert not verdict_depends_on_interpolation(latency_sli(TWELVE, 0.2), 7 / 12)


@given(
    st.lists(st.floats(0.001, 5), min_size=1, max_size=200),
    st.lists(st.sampled_from([0.05, 0.1, 0.25, 0.5, 1, 2.5]), min_size=1, unique=True),
    st.floats(0.01, 6),
)
def test_the_truth_lies_between_the_ends(latencies, edges, threshold):
    buckets = {str(edge): sum(value <= edge for value in latencies) for edge in edges} | {"+Inf": len(latencies)}
    found = latency_sli(buckets, threshold)
    truth = sum(value <= threshold for value in latencies) / len(latencies)
    assert found.low - 1e-12 <= truth <= found.high + 1e-12
    assert found.low <= found.value <= found.high
    later = latency_sli(buckets, threshold * 1.1)
    assert later.value >= found.value - 1e-12
