"""Step 08: debt, ownership, coordination and readiness: the levers that decide how fast a system can change."""

from scaling_lib.levers.congruence import Congruence, congruence, coordination_needed
from scaling_lib.levers.coupling import coupling, sum_of_coupling
from scaling_lib.levers.history import people
from scaling_lib.levers.hotspots import hotspots
from scaling_lib.levers.ownership import ownership
from scaling_lib.levers.sqale import sqale_rating, sqale_ratio
from scaling_lib.levers.truck_factor import TruckFactor, degree_of_authorship, truck_factor

__all__ = [
    "Congruence",
    "TruckFactor",
    "congruence",
    "coordination_needed",
    "coupling",
    "degree_of_authorship",
    "hotspots",
    "ownership",
    "people",
    "sqale_rating",
    "sqale_ratio",
    "sum_of_coupling",
    "truck_factor",
]
