"""Step 07: cost, security, compliance: what grows faster than demand?"""

from scaling_lib.audit.anomalies import Anomalies, anomalies
from scaling_lib.audit.budget import BudgetExhaustion, budget_exhaustion
from scaling_lib.audit.daily import DailyRequests, daily_requests
from scaling_lib.audit.posture import Posture, posture
from scaling_lib.audit.spending import Spending, commitments, spending
from scaling_lib.audit.unit_costs import ServiceCost, UnitCosts, unit_costs

__all__ = [
    "Anomalies",
    "BudgetExhaustion",
    "DailyRequests",
    "Posture",
    "ServiceCost",
    "Spending",
    "UnitCosts",
    "anomalies",
    "budget_exhaustion",
    "commitments",
    "daily_requests",
    "posture",
    "spending",
    "unit_costs",
]
