"""Why a figure or table of step 03 is empty: at length where the page comes to it first, then in a few words."""

from __future__ import annotations

from scaling_lib.observability.assess import Observability
from scaling_lib.observability.watching_findings import KINDS

FIRST = {  # by part, the table or figure that the notebook shows first of those that lack it
    "spans": "sampling",
    "coverage": "propagation",
    "graph": "graph",
    "score": "scores",
    "alerts": "alerts",
    "alerts of SLOs": "alerts",
}


def why_absent(result: Observability, part: str, name: str) -> str:
    """The reason, and what would mend it, in the place that comes first; elsewhere that it was said."""
    if FIRST.get(part, name) == name:
        return result.absent[part].text
    return f"Not measured, as said above: {KINDS.get(part, part)}."
