"""Step 04: what to fix, what is gained, what limits next; did the fix work?"""

from scaling_lib.bottlenecks.critical_path import CriticalPath, critical_path
from scaling_lib.bottlenecks.impact import Impact, QuantileImpact, impact
from scaling_lib.bottlenecks.interrupted import Interruption, interrupted
from scaling_lib.bottlenecks.rank import Ranking, rank

__all__ = [
    "CriticalPath",
    "Impact",
    "Interruption",
    "QuantileImpact",
    "Ranking",
    "critical_path",
    "impact",
    "interrupted",
    "rank",
]
