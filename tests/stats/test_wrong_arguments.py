"""Whatever is given to a public function of stats, it answers or says in a paragraph of its own what is wrong."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from wrong_values import ANY, SERIES, WRONG, outcome, places, with_one

from scaling_lib import stats
from scaling_lib.errors import InvalidInput
from scaling_lib.stats.blocks import effective_interval
from scaling_lib.stats.exhaustion import first_reached
from scaling_lib.stats.forecast import forecast
from scaling_lib.stats.proportions import normal_quantile
from scaling_lib.stats.quantiles import order_ranks

MADE = forecast(SERIES, "7d")
REACHED = first_reached(MADE, 20.0)

CALLS = {
    "Estimate.times": (stats.Estimate(2.0, 1.0, 3.0).times, (2.0,), {"unit": "s"}),
    "proportion_interval": (stats.proportion_interval, (5, 10, 0.95, "wilson"), {}),
    "proportion_bounds": (stats.proportion_bounds, ([5], [10], 0.95, "exact"), {}),
    "normal_quantile": (normal_quantile, (0.95,), {}),
    "quantile_interval": (stats.quantile_interval, (np.arange(100.0), 0.5, 0.95), {"unit": "s"}),
    "binned_quantile_interval": (stats.binned_quantile_interval, ([1.0, 2.0], [50, 50], 0.5, 0.95), {"unit": "s"}),
    "quantile_sample_size": (stats.quantile_sample_size, (0.9, 0.95), {}),
    "order_ranks": (order_ranks, (500, 0.9, 0.95), {}),
    "ratio_interval": (stats.ratio_interval, ([1, 0, 1], [2, 2, 2], 0.95), {}),
    "effective_interval": (effective_interval, (5.0, 10.0, 4.0, 0.95), {}),
    "mean_interval": (stats.mean_interval, ([1.0, 2.0, 3.0], 0.95), {"unit": "s"}),
    "student_quantile": (stats.student_quantile, (0.95, 4), {}),
    "forecast": (
        forecast, (SERIES, "7d"), {"level": 0.9, "season": "daily", "time_zone": "UTC", "unit": "s", "seed": 1}
    ),
    "Forecast.paths": (MADE.paths, (10,), {"seed": 1}),
    "Forecast.growth_per": (MADE.growth_per, (7,), {}),
    "first_reached": (first_reached, (MADE, 20.0), {"of": "value", "side": "above", "draws": 100, "seed": 1}),
    "Exhaustion.probability_by": (REACHED.probability_by, (pd.Timestamp("2026-02-05", tz="UTC"),), {}),
}  # fmt: skip
EVERY = set(stats.__all__) - {"Estimate", "RatioInterval"}  # results, which their functions make
QUICK = [each for each in places(CALLS) if each != ("forecast", 1)]  # a horizon may be right and long


def test_every_public_function_is_there_and_right_as_it_stands():
    assert set(CALLS) >= EVERY
    for function, arguments, options in CALLS.values():
        assert outcome(function, arguments, options) == ""


@pytest.mark.parametrize(("name", "place"), places(CALLS))
def test_wrong_values_are_answered_or_explained(name, place):
    function, arguments, options = CALLS[name]
    for value in WRONG:
        outcome(function, *with_one(arguments, options, place, value))


@pytest.mark.parametrize(("name", "place"), QUICK)
@given(value=ANY)
@settings(max_examples=15, deadline=None)
def test_any_value_is_answered_or_explained(name, place, value):
    function, arguments, options = CALLS[name]
    outcome(function, *with_one(arguments, options, place, value))


@pytest.mark.parametrize(("name", "place"), [
    *((name, place) for name, place in places(CALLS) if place in ("level", "seed", "season", "time_zone", "of", "side")),
    ("proportion_interval", 2), ("proportion_bounds", 2), ("quantile_interval", 2), ("ratio_interval", 2),
    ("quantile_interval", 0), ("ratio_interval", 0), ("mean_interval", 0), ("first_reached", 0), ("first_reached", 1),
    ("forecast", 0), ("forecast", 1), ("Forecast.growth_per", 0), ("proportion_interval", 0), ("Estimate.times", 0),
])  # fmt: skip
def test_texts_and_nothing_at_all_are_refused(name, place):
    function, arguments, options = CALLS[name]
    for value in ("a", "0.5", None):
        if value is None and name == "forecast" and place == 1:
            continue
        with pytest.raises(InvalidInput, match="expected"):
            function(*(given := with_one(arguments, options, place, value))[0], **given[1])
