import math

import pandas as pd

from scaling_lib.capacity.slo_shares import slo_capacity_of_counts


def test_few_requests_without_a_slow_one_are_no_broken_promise():
    """None of 300 slow shows neither that 1 in 1,000 is kept nor that it is not."""
    tables = [pd.DataFrame({"total": [n / 5] * 5, "beyond": 0.0}) for n in (300, 350, 400, 450, 490)]
    found = slo_capacity_of_counts([10, 50, 100, 200, 400], tables, 0.999)
    assert found.state == "not reached within the tested range"
    assert (found.low, found.high) == (0, math.inf)
    assert str(found).endswith("at no load certain")


def test_the_load_at_which_slow_ones_begin_stays_found_between_few_and_many():
    counts = ((300, 0), (350, 0), (400, 0), (4500, 0), (4900, 400))
    tables = [pd.DataFrame({"total": [n / 5] * 5, "beyond": [slow / 5] * 5}) for n, slow in counts]
    found = slo_capacity_of_counts([10, 50, 100, 200, 400], tables, 0.999)
    assert found.between == (200, 400)
