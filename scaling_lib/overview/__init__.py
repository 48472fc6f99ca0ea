"""Step 00: what evidence there is, how good it is, and what it can answer."""

from scaling_lib.overview.figures import range_caption, range_figure, traffic_figure
from scaling_lib.overview.findings import findings
from scaling_lib.overview.overlaps import Overlap, overlaps
from scaling_lib.overview.result import Overview, overview
from scaling_lib.overview.shown import (
    EVIDENCE_BELOW,
    EVIDENCE_CAPTION,
    NO_REJECTS,
    NO_TRAFFIC,
    evidence_shown,
    evidence_table,
)

__all__ = [
    "EVIDENCE_BELOW",
    "EVIDENCE_CAPTION",
    "NO_REJECTS",
    "NO_TRAFFIC",
    "Overlap",
    "Overview",
    "evidence_shown",
    "evidence_table",
    "findings",
    "overlaps",
    "overview",
    "range_caption",
    "range_figure",
    "traffic_figure",
]
