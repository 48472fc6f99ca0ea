"""What capacity costs: cost against demand, commitments, break-evens, and the prices of headroom and of a nine.

One method a file, all named here. *Demand* is what comes, in whatever unit the costs are of (requests a day); a *cost*
is in one currency, for the same stretches. Prices are arguments, never constants.
"""

from scaling_lib.model.cost_break_even import BreakEven, Plan, break_even, payback_months, serverless_price
from scaling_lib.model.cost_commitment import Commitment, commitment
from scaling_lib.model.cost_curve import CostCurve, Extrapolation, curve
from scaling_lib.model.cost_fit import CurveFit
from scaling_lib.model.cost_spare import NextNine, headroom_cost, next_nine, replicas_needed

__all__ = [
    "BreakEven",
    "Commitment",
    "CostCurve",
    "CurveFit",
    "Extrapolation",
    "NextNine",
    "Plan",
    "break_even",
    "commitment",
    "curve",
    "headroom_cost",
    "next_nine",
    "payback_months",
    "replicas_needed",
    "serverless_price",
]
