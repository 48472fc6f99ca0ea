"""Step 00: what evidence there is, how good it is, and what it can answer."""

from scaling_lib.overview.figures import range_figure, traffic_figure
from scaling_lib.overview.findings import findings
from scaling_lib.overview.result import EVIDENCE_BELOW, EVIDENCE_CAPTION, Overview, evidence_table, overview

__all__ = [
    "EVIDENCE_BELOW",
    "EVIDENCE_CAPTION",
    "Overview",
    "evidence_table",
    "findings",
    "overview",
    "range_figure",
    "traffic_figure",
]
