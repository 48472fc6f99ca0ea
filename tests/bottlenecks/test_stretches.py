"""Where slow traces come from: one stretch of time, one recording; and the load that traces carry. By hand."""

import numpy as np
import pandas as pd
import pytest
from traces_by_hand import MS, orders

from scaling_lib.bottlenecks import critical_path, rank
from scaling_lib.bottlenecks.stretches import by_recording, differ, rate_seen, slow_stretch
from scaling_lib.model.recordings import recordings

SECOND = 10**9


def test_slow_ones_of_one_spell_are_named():
    """Of 1,000 seconds 50 lie from second 200 on, and two elsewhere."""
    starts = np.arange(1000) * SECOND
    slow = np.isin(np.arange(1000), [*range(200, 250), 30, 900])
    found = slow_stretch(slow, starts)
    assert (found.slow, found.of) == (50, 52)
    assert (found.start.timestamp(), found.end.timestamp()) == (200, 249)
    assert str(found) == "50 of 52 come of one stretch of 49 s (1970-01-01 00:03:20 UTC)"


@pytest.mark.parametrize("slow", [range(0, 1000, 20), range(200, 205), []])
def test_spread_few_or_none_are_no_stretch(slow):
    assert slow_stretch(np.isin(np.arange(1000), list(slow)), np.arange(1000) * SECOND) is None


def test_recordings_end_where_nothing_comes_for_long():
    starts = np.array([0, 1, 2, 1000, 1001, 5000]) * SECOND
    assert recordings(starts).tolist() == [0, 0, 0, 1, 1, 2]
    assert recordings(starts[::-1]).tolist() == [2, 1, 1, 0, 0, 0]
    assert recordings(np.arange(50) * 600 * SECOND).max() == 0, "one in ten minutes is how often they come there"
    assert recordings(np.array([7])).tolist() == [0] and recordings(np.array([], dtype=np.int64)).tolist() == []


def two_recordings():
    """400 orders of 60 ms at the database, every 20th of 80, and a day later 900 ms longer; 1 request/s each."""
    queries = np.where(np.arange(400) % 20 == 7, 80.0, 60.0)
    one, other = orders(queries), orders(queries + 900)
    day = 86_400_000 * MS
    other = other.assign(
        trace_id="u" + other["trace_id"], start_ns=other["start_ns"] + day, end_ns=other["end_ns"] + day
    )
    return critical_path(pd.concat([one, other], ignore_index=True))


def test_each_recording_has_a_share_of_its_own():
    """Of slow 120 ms the database is 80, of 1,020 it is 980; the slowest 5% of all are of the second alone."""
    path = two_recordings()
    ranking = rank(path)
    found = by_recording(ranking, path.by_root["start_ns"].to_numpy()[ranking.times.root])
    assert [each.share.value for each in found] == pytest.approx([80 / 120, 980 / 1020])
    assert [each.chosen for each in found] == [0, 40] and [each.traces for each in found] == [400, 400]
    assert differ(found)


def test_one_recording_needs_no_telling():
    path = critical_path(orders([60.0] * 100))
    ranking = rank(path)
    assert by_recording(ranking, path.by_root["start_ns"].to_numpy()[ranking.times.root]) == () and not differ(())


def test_the_load_of_traces_is_that_of_their_busiest_recording():
    assert rate_seen(two_recordings().by_root) == pytest.approx(400 / 399)
    assert rate_seen(critical_path(orders([60.0] * 5)).by_root) == 0.0
