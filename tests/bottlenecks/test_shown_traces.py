"""Single traces as they are shown: the waits cover the root, and what is left out is the least."""

import pandas as pd
import pytest
from traces_by_hand import called, order, orders, trace

from scaling_lib.bottlenecks import critical_path
from scaling_lib.bottlenecks.path_times import path_times
from scaling_lib.bottlenecks.traces import MOST_SPANS, shown_traces


def shown(spans):
    path = critical_path(spans)
    return shown_traces(spans, path, path_times(path))


def test_the_median_and_the_tail_of_the_journey_that_is_slow_longest():
    quick = pd.concat([called(number) for number in range(500, 540)])
    middle, tail = shown(pd.concat([orders([60.0 + number for number in range(101)]), quick]))
    assert (middle.journey, tail.journey) == ("POST /order", "POST /order")
    assert middle.duration_s == pytest.approx(0.150) and tail.duration_s == pytest.approx(0.199)


def test_each_span_stands_below_its_parent_with_its_waits():
    (middle, _) = shown(pd.concat([called(number) for number in range(30)]))
    assert middle.spans["depth"].tolist() == [0, 1, 2]
    waits = [(row, round(1000 * low), round(1000 * high)) for row, low, high in middle.waits.itertuples(index=False)]
    assert waits == [(0, 0, 10), (1, 10, 20), (2, 20, 70), (1, 70, 90), (0, 90, 100)]


def test_of_a_long_trace_what_is_waited_for_most_is_shown():
    children = [(f"c{place:03}", "a", "shop", "step", "internal", "", place, place + 1) for place in range(100)]
    longest = ("z", "a", "shop", "long", "internal", "", 100, 400)
    spans = [
        trace(number, ("a", "", "shop", "GET /", "server", "", 0, 410), *children, longest) for number in range(20)
    ]
    (middle, _) = shown(pd.concat(spans))
    assert len(middle.spans) == MOST_SPANS and middle.left_out == 102 - MOST_SPANS
    assert {"long", "GET /"} <= set(middle.spans["operation"])
    assert middle.waits["row"].between(0, MOST_SPANS - 1).all()
    by_row = middle.spans["exclusive_s"].to_numpy()
    waits = (middle.waits["end_s"] - middle.waits["start_s"]).groupby(middle.waits["row"]).sum()
    assert waits.to_numpy() == pytest.approx(by_row[waits.index])


def test_a_weight_moves_the_median():
    heavy = pd.concat([order(number, query=160.0, weight=9.0) for number in range(10)])
    light = pd.concat([order(number, query=60.0) for number in range(10, 50)])
    assert shown(pd.concat([heavy, light]))[0].duration_s == pytest.approx(0.2)
