"""Whatever is given to the functions of demand, saturation and use, they answer or say what is wrong."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import measured, resource, values
from test_demand import requests_of
from wrong_values import ANY, SERIES, WRONG, outcome, places, with_one

from scaling_lib import capacity
from scaling_lib.capacity.gauges import gauge_sum, per_second, step_of
from scaling_lib.capacity.utilization import generator_processors, limiting_resource
from scaling_lib.errors import InvalidInput

LEVELS = pd.DataFrame({
    "level": [1], "start": [SERIES.index[0]], "end": [SERIES.index[-1]], "throughput": [10.0], "users": [1]
})  # fmt: skip
USE = pd.DataFrame({"resource": ["g"], "level": [1], "utilization": [0.5], "low": [0.4], "high": [0.6]})


def _calls(folder):
    metrics = measured(folder, ("g", {}, values(SERIES * 10, "1h")), ("c", {}, values(np.arange(200.0), "1min")))
    requests, disk = requests_of(np.full(3 * 1440, 5)), resource(name="g", used="g", limit=1000)
    return {
        "time_to_exhaustion": (
            capacity.time_to_exhaustion, (SERIES, 20.0, 0.9), {"horizon": "7d", "time_zone": "UTC", "unit": "x"}
        ),
        "typical_peak": (capacity.typical_peak, (SERIES,), {"quantile": 0.9, "latest": "7D", "level": 0.9, "unit": ""}),
        "steepest_rise": (capacity.steepest_rise, (SERIES, 3600.0), {"level": 0.9, "unit": ""}),
        "peak_demand": (capacity.peak_demand, (SERIES, SERIES), {"growth_a_week": 0.0, "shifts": (), "level": 0.9}),
        "hourly": (capacity.hourly, (SERIES,), {}),
        "hours_of_week": (capacity.hours_of_week, (SERIES,), {"time_zone": "UTC"}),
        "minute_requests": (capacity.minute_requests, (requests, "*", ""), {}),
        "demand_of": (
            capacity.demand_of, (requests, None), {"horizon": None, "level": 0.9, "time_zone": "UTC"}
        ),
        "saturation_point": (
            capacity.saturation_point, (disk, metrics),
            {"level": 0.9, "horizon_days": 30, "time_zone": "UTC", "at": None},
        ),
        "saturation_points": (
            capacity.saturation_points, ([disk], metrics),
            {"level": 0.9, "horizon_days": 30, "time_zone": "UTC", "at": None},
        ),
        "utilization_by_level": (capacity.utilization_by_level, (metrics, [disk], LEVELS), {"level": 0.9}),
        "generator_processors": (generator_processors, (metrics, LEVELS, "c"), {}),
        "limiting_resource": (limiting_resource, (USE, LEVELS, [1]), {"level": 0.9}),
        "gauge_sum": (gauge_sum, (metrics, "g", "g", "used"), {"finest_s": 60}),
        "per_second": (per_second, (metrics, "c"), {}),
        "step_of": (step_of, (SERIES,), {}),
    }  # fmt: skip


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    return _calls(tmp_path_factory.mktemp("metrics"))


NAMES = (
    "time_to_exhaustion", "typical_peak", "steepest_rise", "peak_demand", "hourly", "hours_of_week", "minute_requests",
    "demand_of", "saturation_point", "saturation_points", "utilization_by_level", "generator_processors",
    "limiting_resource", "gauge_sum", "per_second", "step_of",
)  # fmt: skip


def test_all_are_right_as_they_stand(calls):
    assert tuple(calls) == NAMES
    for name, (function, arguments, options) in calls.items():
        assert outcome(function, arguments, options) == "", name


@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_are_answered_or_explained(calls, name):
    function, arguments, options = calls[name]
    for _, place in places({name: calls[name]}):
        for value in WRONG:
            outcome(function, *with_one(arguments, options, place, value))


@pytest.mark.parametrize("name", [each for each in NAMES if each not in ("time_to_exhaustion", "saturation_points")])
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_value_is_answered_or_explained(calls, name, data):
    function, arguments, options = calls[name]
    place = data.draw(st.sampled_from([place for _, place in places({name: calls[name]})]))
    outcome(function, *with_one(arguments, options, place, data.draw(ANY)))


@pytest.mark.parametrize("name", NAMES)
def test_a_text_and_none_are_no_first_argument(calls, name):
    function, arguments, options = calls[name]
    for value in ("a", 3, None):
        with pytest.raises(InvalidInput, match="expected"):
            function(value, *arguments[1:], **options)
