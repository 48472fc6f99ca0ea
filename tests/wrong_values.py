"""Values that no argument, or hardly any, may have, and what has to become of them."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from scaling_lib.errors import NotMeasured, ScalingError

HOURS = pd.date_range("2026-01-05", periods=30 * 24, freq="h", tz="UTC")
SERIES = pd.Series(10 + np.random.default_rng(1).random(len(HOURS)), HOURS)

WRONG = (
    "a", "", "0.95", b"x", None, math.nan, math.inf, -1, 0, 3, 10**400, 1j, True, False, object(),
    (), [], {}, [1.0], ["a"], [None], [math.nan], [True], np.array([]), np.array([[1.0]]), np.datetime64("2026-01-01"),
    pd.NA, pd.NaT, pd.Series(dtype=float), pd.Series([1.0]), pd.Series(["a"], HOURS[:1]), pd.DataFrame(),
    SERIES.iloc[:0], SERIES.iloc[:1], SERIES.tz_localize(None), SERIES.iloc[::-1], SERIES * math.nan, -SERIES,
)  # fmt: skip

ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=5), st.binary(max_size=3),
    st.lists(st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=2)), max_size=4),
)  # fmt: skip


def outcome(function, arguments, options):
    """Call it: ours is the error, or there is none; anything else is raised, warnings too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            function(*arguments, **options)
        except ScalingError as error:
            said = str(error)
            assert "\n" not in said and 20 < len(said) < 700, said
            assert "expected" in said or "name a metric" in said or isinstance(error, NotMeasured), said
            return said
    return ""


def with_one(arguments, options, place, value):
    """The arguments with one of them, a place or a name, replaced."""
    if isinstance(place, int):
        return (*arguments[:place], value, *arguments[place + 1 :]), options
    return arguments, options | {place: value}


def places(calls):
    """The name of each call with each of its arguments' places and options' names."""
    return [
        (name, place) for name, (_, arguments, options) in calls.items() for place in (*range(len(arguments)), *options)
    ]
