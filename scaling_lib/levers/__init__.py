"""Step 08: debt, ownership, coordination and readiness: the levers that decide how fast a system can change."""

from scaling_lib.levers.allocate import Allocation, Work, allocate, cost_of_waiting
from scaling_lib.levers.assess import assess
from scaling_lib.levers.congruence import Congruence, congruence, coordination_needed
from scaling_lib.levers.coupling import coupling, sum_of_coupling
from scaling_lib.levers.debt_items import Code, DebtItems, debt_items, growth_h, risk_h
from scaling_lib.levers.debt_score import DebtScore, debt_score, holding_share, interest_h
from scaling_lib.levers.figures import (
    COUPLING_CAPTION,
    HOTSPOT_CAPTION,
    QUEUE_CAPTION,
    READINESS_CAPTION,
    coupling_figure,
    hotspot_figure,
    queue_figure,
    readiness_figure,
)
from scaling_lib.levers.findings import findings
from scaling_lib.levers.handoffs import Coordination, coordination
from scaling_lib.levers.headline import headline
from scaling_lib.levers.history import people
from scaling_lib.levers.hotspots import hotspots
from scaling_lib.levers.owners import active_owners, owner_of
from scaling_lib.levers.ownership import ownership
from scaling_lib.levers.queue import Queue, queue
from scaling_lib.levers.readiness import Readiness, readiness
from scaling_lib.levers.result import Levers
from scaling_lib.levers.shown import table
from scaling_lib.levers.sqale import sqale_rating, sqale_ratio
from scaling_lib.levers.tables import hotspots_table, pairs_table, queue_table, readiness_table
from scaling_lib.levers.truck_factor import TruckFactor, degree_of_authorship, truck_factor

__all__ = [
    "COUPLING_CAPTION",
    "HOTSPOT_CAPTION",
    "QUEUE_CAPTION",
    "READINESS_CAPTION",
    "Allocation",
    "Code",
    "Congruence",
    "Coordination",
    "DebtItems",
    "DebtScore",
    "Levers",
    "Queue",
    "Readiness",
    "TruckFactor",
    "Work",
    "active_owners",
    "allocate",
    "assess",
    "congruence",
    "coordination",
    "coordination_needed",
    "cost_of_waiting",
    "coupling",
    "coupling_figure",
    "debt_items",
    "debt_score",
    "degree_of_authorship",
    "findings",
    "growth_h",
    "headline",
    "holding_share",
    "hotspot_figure",
    "hotspots",
    "hotspots_table",
    "interest_h",
    "owner_of",
    "ownership",
    "pairs_table",
    "people",
    "queue",
    "queue_figure",
    "queue_table",
    "readiness",
    "readiness_figure",
    "readiness_table",
    "risk_h",
    "sqale_rating",
    "sqale_ratio",
    "sum_of_coupling",
    "table",
    "truck_factor",
]
