"""What weights say of how traces were sampled: on simulated samplers, and in the shop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_spans import BROWSE, ORDER, frame, recorded, span

from scaling_lib.observability import sampling

MS = 1_000_000


def requests(seed: int, count: int = 2000) -> pd.DataFrame:
    """Requests of one operation: lognormal durations, 2% fail."""
    numbers = np.random.default_rng(seed)
    spans = frame([span("r", "", "a", "server", 0, 1, operation="GET /")], count=count)
    lasts = (numbers.lognormal(0, 0.5, count) * 10 * MS).astype(np.int64)
    return spans.assign(end_ns=spans["start_ns"] + lasts, error=numbers.random(count) < 0.02)


def kept(spans: pd.DataFrame, share: np.ndarray, seed: int) -> pd.DataFrame:
    """Each with the probability `share`, and the weight 1 / share."""
    chosen = np.random.default_rng(seed).random(len(spans)) < share
    return spans.assign(weight=1 / share)[chosen].reset_index(drop=True)


def test_all_alike_is_head_sampling_and_nothing_said_is_said():
    assert sampling(frame(ORDER, BROWSE)).kind == "unsaid"
    assert sampling(frame(ORDER, BROWSE, weights=(8.0, 8.0))).kind == "head"
    assert sampling(frame(ORDER, BROWSE, weights=(8.0, 2.0))).kind == "head"  # by operation, before the outcome
    found = sampling(frame(ORDER, BROWSE, weights=(8.0, 2.0), count=5)).operations.set_index("operation")
    assert found.loc["GET /"].drop("represented").to_dict() == {
        "traces": 5, "requests": 10, "independent": 5, "lowest": 2, "highest": 2,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_samplers_that_look_at_the_outcome_are_tail_samplers(seed):
    spans = requests(seed)
    slow = ((spans["end_ns"] - spans["start_ns"]) > 20 * MS).to_numpy()
    by_latency = kept(spans, np.where(slow, 1.0, 0.1), seed)
    by_failure = kept(spans, np.where(spans["error"], 1.0, 0.1), seed)
    assert sampling(by_latency).kind == sampling(by_failure).kind == "tail"
    assert any("slow and failed traces" in bias.why for bias in sampling(by_latency).biases)


def test_rates_that_change_over_time_are_no_tail_sampling():
    for seed in range(20):
        spans = requests(seed)
        busy = np.arange(len(spans)) % 200 < 100
        spans["end_ns"] += np.where(busy, 5 * MS, 0)  # slower under load, and fewer are kept then
        assert sampling(kept(spans, np.where(busy, 0.1, 0.5), seed)).kind == "mixed"


def test_spans_that_were_sampled_at_other_rates_than_their_root_leave_holes():
    spans = frame(ORDER, weights=(4.0,)).assign(weight=lambda table: np.where(table["service"] == "mailer", 8.0, 4.0))
    found = sampling(spans)
    assert found.kind == "mixed" and found.torn == pytest.approx(0.2)
    assert any(bias.figure.startswith("self times") for bias in found.biases)


def test_fewer_than_were_counted_elsewhere_is_said():
    spans = frame(ORDER, BROWSE, count=10)
    found = sampling(spans, counted={"POST /checkout": 10, "GET /": 80})
    assert found.operations["represented"].to_list() == [0.125, 1.0]
    assert found.biases[0].why.startswith("the traces of GET / stand for 12.5% of the requests")
    whole = sampling(spans, counted={"POST /checkout": 10, "GET /": 10})
    assert [bias.figure for bias in whole.biases] == ["the p99 of GET / and POST /checkout"]


def test_the_shop_was_sampled_at_its_head():
    assert sampling(recorded("journeys/light").frame).kind == "unsaid"
    for name, weight in (("spells", 8.0), ("journeys/heavy", 16.0)):  # an eighth, and a sixteenth, as truth.yaml says
        found = sampling(recorded(name).frame)
        assert found.kind == "head" and found.torn == 0
        assert set(found.operations["lowest"]) == set(found.operations["highest"]) == {weight}
    both = pd.concat([recorded(name).frame for name in ("journeys/light", "journeys/heavy")])
    assert sampling(both).kind == "mixed"
