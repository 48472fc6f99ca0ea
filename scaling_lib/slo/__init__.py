"""Step 01: do the critical journeys keep their promise?"""

from scaling_lib.evidence.slos import SLO
from scaling_lib.slo.alert_tables import (
    ALERTS_CAPTION,
    POLICY_CAPTION,
    SPELLS_CAPTION,
    alert_table,
    alert_times_table,
    spell_table,
)
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
from scaling_lib.slo.assess import assess
from scaling_lib.slo.attainment import Attainment, Measurability, attainment, measurable
from scaling_lib.slo.budget import ErrorBudget, burn_rate, error_budget
from scaling_lib.slo.budgeting import BudgetComparison, MethodBudget, budget_methods
from scaling_lib.slo.burn_figure import BURN_CAPTION, burn_figure
from scaling_lib.slo.exclusions import ExclusionAudit, audit_exclusions
from scaling_lib.slo.figures import (
    BUDGET_CAPTION,
    DETECTION_CAPTION,
    LEFT_CAPTION,
    budget_figure,
    detection_figure,
    left_figure,
    left_table,
)
from scaling_lib.slo.findings import findings
from scaling_lib.slo.headline import headline
from scaling_lib.slo.journeys import Journey, JourneySLI, journey, journey_sli
from scaling_lib.slo.latency import histogram_quantile, latency_sli, verdict_depends_on_interpolation
from scaling_lib.slo.latency_table import LATENCY_CAPTION, clustered_quantile, latency_table
from scaling_lib.slo.openslo_out import openslo
from scaling_lib.slo.policy_table import policy_table
from scaling_lib.slo.projection import Projection, projected_budget
from scaling_lib.slo.prometheus_out import prometheus_rules
from scaling_lib.slo.replay import Replay, replay
from scaling_lib.slo.result import Assessed, SLOResult, Unmeasured
from scaling_lib.slo.spells import incidents_from_counts
from scaling_lib.slo.starter import StarterSLO, starter_availability, starter_latency
from scaling_lib.slo.starter_table import STARTER_CAPTION, starter_table
from scaling_lib.slo.tables import (
    ATTAINMENT_CAPTION,
    CERTAINTY_CAPTION,
    HISTOGRAMS_CAPTION,
    JOURNEYS_CAPTION,
    METHODS_CAPTION,
    UNITS,
    certainty_table,
    exclusion_table,
    histogram_table,
    journey_table,
    method_table,
    openslo_file,
    rules_file,
)
from scaling_lib.slo.windows import parse_window, window_budget_s, window_edges, window_length_s

__all__ = [
    "ALERTS_CAPTION",
    "ATTAINMENT_CAPTION",
    "BUDGET_CAPTION",
    "BURN_CAPTION",
    "CERTAINTY_CAPTION",
    "DETECTION_CAPTION",
    "HISTOGRAMS_CAPTION",
    "JOURNEYS_CAPTION",
    "LATENCY_CAPTION",
    "LEFT_CAPTION",
    "METHODS_CAPTION",
    "POLICY_CAPTION",
    "SLO",
    "SPELLS_CAPTION",
    "STARTER_CAPTION",
    "UNITS",
    "AlertPolicy",
    "Assessed",
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
    "SLOResult",
    "StarterSLO",
    "Tier",
    "Unmeasured",
    "alert_policy",
    "alert_table",
    "alert_times_table",
    "assess",
    "attainment",
    "audit_exclusions",
    "budget_figure",
    "budget_methods",
    "burn_figure",
    "burn_rate",
    "certainty_table",
    "clustered_quantile",
    "detection_figure",
    "detection_time",
    "error_budget",
    "exclusion_table",
    "exhaustion_time",
    "findings",
    "headline",
    "histogram_quantile",
    "histogram_table",
    "incidents_from_counts",
    "journey",
    "journey_sli",
    "journey_table",
    "latency_sli",
    "latency_table",
    "left_figure",
    "left_table",
    "lint",
    "measurable",
    "method_table",
    "openslo",
    "openslo_file",
    "outage_cost",
    "parse_window",
    "policy_table",
    "projected_budget",
    "prometheus_rules",
    "replay",
    "reset_time",
    "rules_file",
    "spell_table",
    "starter_availability",
    "starter_latency",
    "starter_table",
    "verdict_depends_on_interpolation",
    "window_budget_s",
    "window_edges",
    "window_length_s",
]
