import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.architecture.laws import (
    all_available,
    amdahl_speedup,
    backlog,
    cold_share,
    deploy_wait_h,
    fan_out_tail,
    replica_capacity,
    shard_capacity,
)
from scaling_lib.errors import InvalidInput


def test_published_figures():
    assert replica_capacity(8, 0.2, 0.5) == pytest.approx(4.706, abs=5e-4)
    assert shard_capacity(10, 0.3) == pytest.approx(2.70, abs=5e-3)
    assert fan_out_tail(0.01, 100) == pytest.approx(0.634, abs=5e-4)
    assert all_available(0.999, 30) == pytest.approx(0.970, abs=5e-4)
    assert deploy_wait_h([8, 14], 0.5, 0.5) == pytest.approx([0.375, 2.625])
    assert amdahl_speedup(0.95, 8) == pytest.approx(5.926, abs=5e-4)
    assert cold_share(6 / 60, 60) == pytest.approx(math.exp(-6))


def test_a_full_pipeline_is_waited_for_without_end():
    assert deploy_wait_h(16, 0.5, 1) == math.inf
    assert deploy_wait_h(0, 0.5, 1) == 0


def test_backlog_by_hand():
    most, empty_after = backlog([5, 15, 20, 10], served=10, step_s=60)
    assert most == 60 * (5 + 10)
    assert empty_after == math.inf  # the last arrivals are all that it serves
    assert backlog([5, 15, 6], served=10, step_s=60) == (300, pytest.approx(60 / 4))
    assert backlog([5], served=10, step_s=60) == (0, 0)


@given(st.integers(1, 1000), st.floats(0, 1))
def test_shards_and_replicas_never_gain_more_than_their_number(count, share):
    assert 1 <= shard_capacity(count, share) <= count * (1 + 1e-12)
    assert min(1, 1 / max(share, 1e-9)) * 0 <= replica_capacity(count, share, 1) <= count * (1 + 1e-12)
    assert 1 <= amdahl_speedup(share, count) <= count * (1 + 1e-12)


def test_arrays_are_taken_element_by_element():
    assert replica_capacity(np.array([1, 2, 4]), 0.0, 1.0).tolist() == [1, 2, 4]
    assert shard_capacity([4, 8], [0.0, 1.0]).tolist() == [4, 1]


@pytest.mark.parametrize(
    ("law", "arguments", "words"),
    [
        (replica_capacity, (0, 0.1, 1), "replicas 0; expected numbers, at least 1"),
        (replica_capacity, (2, 1.5, 1), "writes 1.5; expected numbers, from 0 to 1"),
        (shard_capacity, (2, math.nan), "largest_key nan"),
        (shard_capacity, (math.inf,), "shards inf"),
        (deploy_wait_h, (-1, 1, 1), "a_day -1"),
        (fan_out_tail, ("x", 1), "slow 'x'"),
        (backlog, ([1, -1], 1, 1), "arrivals"),
        (backlog, ([1], 1, 0), "step_s 0"),
    ],
)
def test_figures_that_cannot_be(law, arguments, words):
    with pytest.raises(InvalidInput, match=words):
        law(*arguments)
