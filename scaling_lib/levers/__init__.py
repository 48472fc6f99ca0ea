"""Step 08: debt, ownership, coordination and readiness: the levers that decide how fast a system can change."""

from scaling_lib.levers.allocate import Allocation, Work, allocate, cost_of_waiting
from scaling_lib.levers.congruence import Congruence, congruence, coordination_needed
from scaling_lib.levers.coupling import coupling, sum_of_coupling
from scaling_lib.levers.debt_score import DebtScore, debt_score, holding_share, interest_h
from scaling_lib.levers.history import people
from scaling_lib.levers.hotspots import hotspots
from scaling_lib.levers.ownership import ownership
from scaling_lib.levers.sqale import sqale_rating, sqale_ratio
from scaling_lib.levers.truck_factor import TruckFactor, degree_of_authorship, truck_factor

__all__ = [
    "Allocation",
    "Congruence",
    "DebtScore",
    "TruckFactor",
    "Work",
    "allocate",
    "congruence",
    "coordination_needed",
    "cost_of_waiting",
    "coupling",
    "debt_score",
    "degree_of_authorship",
    "holding_share",
    "hotspots",
    "interest_h",
    "ownership",
    "people",
    "sqale_rating",
    "sqale_ratio",
    "sum_of_coupling",
    "truck_factor",
]
