"""Step 03: can we see the main request flow end to end?"""

from scaling_lib.observability.blast_radius import BlastRadius, blast_radius
from scaling_lib.observability.coverage import FlowCoverage, JourneyCoverage, flow_coverage
from scaling_lib.observability.graph import ServiceGraph, service_graph
from scaling_lib.observability.graph_complexity import Complexity, complexity
from scaling_lib.observability.instrumentation import (
    InstrumentationScore,
    RuleResult,
    instrumentation_score,
    weighted_score,
)
from scaling_lib.observability.sampling import Bias, Sampling, sampling
from scaling_lib.observability.signals import GoldenSignals, golden_signals

__all__ = [
    "Bias",
    "BlastRadius",
    "Complexity",
    "FlowCoverage",
    "GoldenSignals",
    "InstrumentationScore",
    "JourneyCoverage",
    "RuleResult",
    "Sampling",
    "ServiceGraph",
    "blast_radius",
    "complexity",
    "flow_coverage",
    "golden_signals",
    "instrumentation_score",
    "sampling",
    "service_graph",
    "weighted_score",
]
