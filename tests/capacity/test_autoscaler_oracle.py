"""The replay against a simulation pod by pod (autoscaler_oracle.py), over random demands, autoscalers and failures."""

import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from autoscaler_oracle import Oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.capacity import Autoscaler, ScalingPolicy, ScalingRules, replay_autoscaler

SHARED = Path(os.environ.get("SCALING_SHARED", Path(__file__).resolve().parents[3] / "shared"))
START = pd.Timestamp("2026-11-01", tz="UTC")
CAPACITY = 10

policies = st.builds(
    ScalingPolicy,
    kind=st.sampled_from(["Pods", "Percent"]),
    value=st.integers(1, 120),
    period_s=st.sampled_from([10, 15, 30, 60]),
)
rules = st.builds(
    ScalingRules,
    policies=st.lists(policies, min_size=1, max_size=2).map(tuple),
    select=st.sampled_from(["Max", "Min"]),
    stabilization_s=st.sampled_from([0, 15, 40, 120, 300]),
)
autoscalers = st.builds(
    Autoscaler,
    target_utilization=st.sampled_from([0.3, 0.5, 0.6, 0.75, 1.0]),
    min_replicas=st.integers(1, 3),
    max_replicas=st.integers(4, 40),
    startup_s=st.sampled_from([0, 7, 30, 75, 200]),
    metric=st.sampled_from(["utilization", "demand"]),
    metrics_lag_s=st.sampled_from([0, 5, 15, 45]),
    tolerance=st.sampled_from([0.0, 0.1, 0.25]),
    sync_s=st.sampled_from([10, 15, 20]),
    scale_up=rules,
    scale_down=rules,
)


def series(demand, step):
    index = pd.date_range(START, periods=len(demand), freq=f"{step}s")
    return pd.Series(demand, index=index, dtype=float).dropna()


def by_second(found, seconds):
    times = START + pd.to_timedelta(np.arange(seconds), unit="s")
    return found.replicas.reindex(times, method="ffill")


@given(
    demand=st.lists(st.one_of(st.integers(0, 250), st.none()), min_size=2, max_size=40),
    step=st.sampled_from([10, 15, 20, 60]),
    scaler=autoscalers,
    first=st.integers(0, 250),
    downstream=st.sampled_from([{}, {"downstream_limit": 95}, {"downstream_limit": 33, "connections_per_replica": 5}]),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_every_second_is_that_of_the_simulation(demand, step, scaler, first, downstream, data):
    demand = [first, first, *demand, *[first] * len(demand)]  # so that most rows are a step apart
    failures = []
    if "connections_per_replica" not in downstream:
        moments = st.integers(1, len(demand) * step - 1)
        failures = data.draw(
            st.lists(st.tuples(moments, st.sampled_from([0.25, 0.5, 1.0])), max_size=2, unique_by=lambda one: one[0])
        )
        # at a sync of its own time the order of the two is nobody's business
        failures = [(at + (at % scaler.sync_s == 0), share) for at, share in failures]
        failures = [one for one in failures if one[0] < len(demand) * step]
    initial = data.draw(st.integers(scaler.min_replicas, scaler.max_replicas))
    found = replay_autoscaler(
        series(demand, step),
        CAPACITY,
        scaler,
        initial_replicas=initial,
        failures=[(START + pd.Timedelta(seconds=at), share) for at, share in failures],
        **downstream,
    )
    connections = "connections_per_replica" in downstream
    truth = Oracle(
        demand,
        step,
        CAPACITY,
        scaler,
        initial=initial,
        passes=math.inf if connections or not downstream else downstream["downstream_limit"],
        most_serving=33 // 5 if connections else 10**9,
        failures=failures,
    )
    replicas = by_second(found, len(demand) * step)
    assert replicas["asked"].tolist() == truth.asked_at
    assert replicas["serving"].tolist() == truth.serving_at
    assert found.under_provisioned_s == truth.short_s
    assert found.unserved == pytest.approx(float(truth.unserved))
    assert found.shortfalls["unserved"].sum() == pytest.approx(float(truth.unserved))
    known = np.repeat([each is not None for each in demand], step)
    assert found.replica_h == pytest.approx(sum(np.array(truth.asked_at)[known]) / 3600)


def test_recorded_requests_of_a_load_balancer():
    """Two weeks of NAB's elb_request_count, 8 rows of 5 minutes absent; the first 8 hours against the simulation."""
    file = SHARED / "data" / "timeseries" / "nab" / "realAWSCloudwatch" / "elb_request_count_8c0756.csv"
    if not file.is_file():
        pytest.skip("the recorded series is not beside this checkout (../shared, or SCALING_SHARED)")
    counts = pd.read_csv(file, index_col="timestamp", parse_dates=True)["value"].tz_localize("UTC")
    scaler = Autoscaler(target_utilization=0.5, max_replicas=50, startup_s=120)
    found = replay_autoscaler(counts / 300, 0.125, scaler)
    assert found.gap_s == 8 * 300 and found.duration_s == len(counts) * 300
    assert found.demand == pytest.approx(counts.sum())
    first = (counts / 300).iloc[:96]
    assert (first.index[-1] - first.index[0]).total_seconds() == 95 * 300  # without a gap
    initial = math.ceil(first.iloc[0] / 0.0625)
    truth = Oracle(
        [Fraction(count, 300) for count in map(int, counts.iloc[:96])], 300, Fraction(1, 8), scaler, initial=initial
    )
    found = replay_autoscaler(first, 0.125, scaler)
    assert found.under_provisioned_s == truth.short_s > 0
    assert found.unserved == pytest.approx(float(truth.unserved))
    assert found.replica_h == pytest.approx(sum(truth.asked_at) / 3600)
