"""Whatever is given to the functions of costs, they answer or say in a paragraph what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from wrong_values import WRONG, outcome, places, with_one

from scaling_lib.model import cost

DEMAND = np.linspace(100.0, 400.0, 12)
CURVE = cost.curve(DEMAND, 5 * DEMAND)
CALLS = {
    "curve": (cost.curve, (DEMAND, 5 * DEMAND), {"level": 0.9}),
    "elasticity": (CURVE.elasticity, (200.0,), {}),
    "marginal": (CURVE.marginal, (200.0,), {}),
    "at": (CURVE.at, (200.0,), {}),
    "extrapolate": (CURVE.extrapolate, (2.0, 200.0), {}),
    "commitment": (cost.commitment, ([10.0] * 20,), {"discount": 0.3, "level": 0.9, "block": 7}),
    "break_even": (cost.break_even, (cost.Plan(name="a", per_unit=1.0), cost.Plan(name="b", fixed=9.0)), {}),
    "Plan": (cost.Plan, (), {"name": "a", "fixed": 1.0, "per_unit": 1.0, "capacity": 3.0}),
    "payback_months": (cost.payback_months, (500.0, 60.0), {}),
    "replicas_needed": (cost.replicas_needed, (0.999, 0.99), {"common": 0.01}),
    "next_nine": (cost.next_nine, (0.99, 2), {"price": 5.0, "common": 0.01}),
}


@pytest.mark.parametrize(("name", "place"), places(CALLS))
def test_wrong_values_are_refused_in_words(name, place):
    function, arguments, options = CALLS[name]
    for value in WRONG:
        outcome(function, *with_one(arguments, options, place, value))
