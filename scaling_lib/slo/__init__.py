"""Step 01: do the critical journeys keep their promise?"""

from scaling_lib.evidence.slo import SLO
from scaling_lib.slo.alerts import (
    AlertPolicy,
    Remark,
    Tier,
    alert_policy,
    detection_time,
    exhaustion_time,
    lint,
    outage_cost,
    reset_time,
)
from scaling_lib.slo.attainment import Attainment, Measurability, attainment, measurable
from scaling_lib.slo.budget import ErrorBudget, burn_rate, error_budget
from scaling_lib.slo.budgeting import BudgetComparison, MethodBudget, budget_methods
from scaling_lib.slo.exclusions import ExclusionAudit, audit_exclusions
from scaling_lib.slo.journeys import Journey, JourneySLI, journey, journey_sli
from scaling_lib.slo.latency import histogram_quantile, latency_sli, verdict_depends_on_interpolation
from scaling_lib.slo.projection import Projection, projected_budget
from scaling_lib.slo.replay import Replay, replay
from scaling_lib.slo.spells import incidents_from_counts
from scaling_lib.slo.starter import StarterSLO, starter_availability, starter_latency
from scaling_lib.slo.windows import parse_window, window_budget_s, window_edges, window_length_s

__all__ = [
    "SLO",
    "AlertPolicy",
    "Attainment",
    "BudgetComparison",
    "ErrorBudget",
    "ExclusionAudit",
    "Journey",
    "JourneySLI",
    "Measurability",
    "MethodBudget",
    "Projection",
    "Remark",
    "Replay",
    "StarterSLO",
    "Tier",
    "alert_policy",
    "attainment",
    "audit_exclusions",
    "budget_methods",
    "burn_rate",
    "detection_time",
    "error_budget",
    "exhaustion_time",
    "histogram_quantile",
    "incidents_from_counts",
    "journey",
    "journey_sli",
    "latency_sli",
    "lint",
    "measurable",
    "outage_cost",
    "parse_window",
    "projected_budget",
    "replay",
    "reset_time",
    "starter_availability",
    "starter_latency",
    "verdict_depends_on_interpolation",
    "window_budget_s",
    "window_edges",
    "window_length_s",
]
