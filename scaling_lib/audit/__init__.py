"""Step 07: cost, security, compliance: what grows faster than demand?"""

from scaling_lib.audit.anomalies import Anomalies, anomalies
from scaling_lib.audit.assess import assess
from scaling_lib.audit.budget import BudgetExhaustion, budget_exhaustion
from scaling_lib.audit.daily import DailyRequests, daily_requests
from scaling_lib.audit.figures import (
    BUDGET_CAPTION,
    CURVE_CAPTION,
    DAYS_CAPTION,
    GROWTH_CAPTION,
    POSTURE_CAPTION,
    UNIT_CAPTION,
    budget_figure,
    curve_figure,
    days_figure,
    growth_figure,
    posture_figure,
    unit_cost_figure,
)
from scaling_lib.audit.findings import findings
from scaling_lib.audit.headline import headline
from scaling_lib.audit.posture import Posture, posture
from scaling_lib.audit.result import Audit, SpareCost
from scaling_lib.audit.shown import TABLES, table
from scaling_lib.audit.spending import Spending, commitments, spending
from scaling_lib.audit.tables import (
    budget_table,
    curve_table,
    days_table,
    posture_table,
    services_table,
    unit_cost_table,
)
from scaling_lib.audit.unit_costs import ServiceCost, UnitCosts, unit_costs

__all__ = [
    "BUDGET_CAPTION",
    "CURVE_CAPTION",
    "DAYS_CAPTION",
    "GROWTH_CAPTION",
    "POSTURE_CAPTION",
    "TABLES",
    "UNIT_CAPTION",
    "Anomalies",
    "Audit",
    "BudgetExhaustion",
    "DailyRequests",
    "Posture",
    "ServiceCost",
    "SpareCost",
    "Spending",
    "UnitCosts",
    "anomalies",
    "assess",
    "budget_exhaustion",
    "budget_figure",
    "budget_table",
    "commitments",
    "curve_figure",
    "curve_table",
    "daily_requests",
    "days_figure",
    "days_table",
    "findings",
    "growth_figure",
    "headline",
    "posture",
    "posture_figure",
    "posture_table",
    "services_table",
    "spending",
    "table",
    "unit_cost_figure",
    "unit_cost_table",
    "unit_costs",
]
