from types import SimpleNamespace

import numpy as np
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import audit_exclusions
from scaling_lib.slo.exclusions import counted_stretches


def exclusion(start, end, reason="announced maintenance"):
    return {"start": f"2026-11-01T{start}Z", "end": f"2026-11-01T{end}Z", "reason": reason}


@pytest.fixture
def two_outages(counts_frame):
    bad = np.zeros(600)
    bad[60:70] = 100
    bad[300:305] = 100
    return counts_frame(bad, np.full(600, 100))


def test_each_and_all(two_outages):
    one, two = exclusion("01:00", "01:10"), exclusion("05:00", "05:05", "migration")
    found = audit_exclusions(two_outages, [one, two], 0.999)
    assert found.without.sli.value == pytest.approx(1 - 15 / 600)
    assert found.with_all.sli.value == 1
    assert found.table["reason"].tolist() == ["announced maintenance", "migration"]
    assert found.table["minutes"].tolist() == [10, 5] and found.table["bad"].tolist() == [1000, 500]
    assert found.table["sli_only"].tolist() == pytest.approx([1 - 5 / 590, 1 - 10 / 595])
    assert found.table["sli_all_but"].tolist() == pytest.approx([1 - 10 / 595, 1 - 5 / 590])
    assert found.counts["total"].sum() == 585 * 100


def test_a_flipped_verdict_is_said(counts_frame):
    bad = np.zeros(600)
    bad[60:70] = 100
    bad[70:] = 0
    found = audit_exclusions(counts_frame(bad, np.full(600, 100)), [exclusion("01:00", "01:10")], 0.999)
    assert found.with_all.state == "met" and found.without.state != "met"
    assert found.verdict_flips and found.table["verdict_flips"].all()


def test_overlaps_count_once_and_touched_minutes_go(two_outages):
    found = audit_exclusions(two_outages, [exclusion("01:00:30", "01:05:10"), exclusion("01:02", "01:10")], 0.99)
    assert found.table["minutes"].tolist() == [6, 8]
    assert found.counts["total"].sum() == 590 * 100


def test_outside_the_history_and_none_at_all(two_outages):
    found = audit_exclusions(two_outages, [exclusion("23:00", "23:10")], 0.99)
    assert found.table["minutes"].tolist() == [0] and not found.verdict_flips
    none = audit_exclusions(two_outages, [], 0.99)
    assert len(none.table) == 0 and none.with_all == none.without
    everything = audit_exclusions(two_outages, [exclusion("00:00", "10:00")], 0.99)
    assert everything.with_all.method == "no traffic"


def test_objects_and_errors(two_outages):
    row = exclusion("01:00", "01:10")
    assert audit_exclusions(two_outages, [SimpleNamespace(**row)], 0.99).table["minutes"].tolist() == [10]
    with pytest.raises(InvalidInput, match="reason"):
        audit_exclusions(two_outages, [{**row, "reason": " "}], 0.99)
    with pytest.raises(InvalidInput, match="swap"):
        audit_exclusions(two_outages, [exclusion("02:00", "01:00")], 0.99)
    with pytest.raises(InvalidInput, match="zone"):
        audit_exclusions(two_outages, [{**row, "end": "2026-11-01T01:10"}], 0.99)


def test_stretches_between_exclusions_begin_with_a_minute_that_none_touches():
    found = counted_stretches([exclusion("01:00:30", "01:05:10"), exclusion("02:00", "02:10")])
    minutes = [tuple(None if edge is None else f"{edge:%H:%M:%S}" for edge in stretch) for stretch in found]
    assert minutes == [(None, "01:00:00"), ("01:06:00", "02:00:00"), ("02:10:00", None)]


def test_an_exclusion_within_another_ends_nothing():
    found = counted_stretches([exclusion("01:00", "03:00"), exclusion("01:30", "02:00")])
    assert [tuple(None if edge is None else f"{edge:%H:%M}" for edge in stretch) for stretch in found] == [
        (None, "01:00"), ("03:00", None)
    ]  # fmt: skip
