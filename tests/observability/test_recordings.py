"""Spans beyond their parents, and recordings that differ: by hand."""

import pandas as pd
import pytest
from made_spans import frame, span

from scaling_lib.observability.coverage import flow_coverage

DAY = 86_400 * 10**9


def called(inside: float, *, late: float = 0.0) -> list:
    """A request of 100 ms that calls another service for 80 ms, of which that has a span of `inside` ms."""
    return [
        span("r", "", "front", "server", 0, 100),
        span("c", "r", "front", "client", 10, 90),
        span("h", "c", "back", "server", 12 + late, 12 + late + inside),
        span("i", "h", "back", "internal", 12 + late, 12 + late + inside),
    ]


def test_spans_within_their_parents_are_not_doubted():
    found = flow_coverage(frame(called(70), count=40))
    assert found.outside == 0 and not found.doubtful and found.recordings == ()


def test_a_clock_that_is_late_puts_spans_outside_and_the_shares_in_doubt():
    """One of three spans with a parent ends 12 ms after it."""
    found = flow_coverage(frame(called(70, late=20), count=40))
    assert found.outside == pytest.approx(1 / 3) and found.doubtful


def test_what_nobody_waits_for_is_not_outside():
    made = [*called(70), span("f", "r", "front", "internal", 90, 900, follows=True)]
    assert not flow_coverage(frame(made, count=40)).doubtful


def test_recordings_are_told_apart():
    """Of 100 ms 20 are the root's own; the call leaves 10 beyond its callee on one day, and 50 on the other."""
    one, other = frame(called(70), count=40), frame(called(30), count=40)
    other = other.assign(
        trace_id="u" + other["trace_id"], start_ns=other["start_ns"] + DAY, end_ns=other["end_ns"] + DAY
    )
    found = flow_coverage(pd.concat([one, other], ignore_index=True))
    assert [each.blind.value for each in found.recordings] == pytest.approx([0.30, 0.70])
    assert [each.traces for each in found.recordings] == [40, 40] and found.mixed
    assert found.whole.blind.value == pytest.approx(0.50)
