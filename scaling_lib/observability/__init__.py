"""Step 03: can we see the main request flow end to end?"""

from scaling_lib.observability.alert_coverage import AlertCoverage, AlertOfSlo, SloAlerts, alert_coverage
from scaling_lib.observability.assess import Observability, assess
from scaling_lib.observability.blast_radius import BlastRadius, blast_radius
from scaling_lib.observability.coverage import FlowCoverage, JourneyCoverage, flow_coverage
from scaling_lib.observability.figures import GRAPH_CAPTION, TIME_CAPTION, graph_figure, time_figure
from scaling_lib.observability.findings import findings
from scaling_lib.observability.graph import ServiceGraph, service_graph
from scaling_lib.observability.graph_complexity import Complexity, complexity
from scaling_lib.observability.headline import headline
from scaling_lib.observability.instrumentation import (
    InstrumentationScore,
    RuleResult,
    instrumentation_score,
    weighted_score,
)
from scaling_lib.observability.log_correlation import LogCorrelation, log_correlation
from scaling_lib.observability.sampling import Bias, Sampling, sampling
from scaling_lib.observability.shown import TABLES, table
from scaling_lib.observability.signals import GoldenSignals, golden_signals
from scaling_lib.observability.silos import Silos, silos
from scaling_lib.observability.tables import by_service_table, edges_table

__all__ = [
    "GRAPH_CAPTION",
    "TABLES",
    "TIME_CAPTION",
    "AlertCoverage",
    "AlertOfSlo",
    "Bias",
    "BlastRadius",
    "Complexity",
    "FlowCoverage",
    "GoldenSignals",
    "InstrumentationScore",
    "JourneyCoverage",
    "LogCorrelation",
    "Observability",
    "RuleResult",
    "Sampling",
    "ServiceGraph",
    "Silos",
    "SloAlerts",
    "alert_coverage",
    "assess",
    "blast_radius",
    "by_service_table",
    "complexity",
    "edges_table",
    "findings",
    "flow_coverage",
    "golden_signals",
    "graph_figure",
    "headline",
    "instrumentation_score",
    "log_correlation",
    "sampling",
    "service_graph",
    "silos",
    "table",
    "time_figure",
    "weighted_score",
]
