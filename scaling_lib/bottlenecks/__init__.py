"""Step 04: what to fix, what is gained, what limits next; did the fix work?"""

from scaling_lib.bottlenecks.assess import assess
from scaling_lib.bottlenecks.changes import Changed, changed
from scaling_lib.bottlenecks.critical_path import CriticalPath, critical_path
from scaling_lib.bottlenecks.fixes import JudgedFix, judged
from scaling_lib.bottlenecks.given_back import GivenBack, given_back
from scaling_lib.bottlenecks.impact import Impact, QuantileImpact, impact
from scaling_lib.bottlenecks.interrupted import Interruption, interrupted
from scaling_lib.bottlenecks.migration import Relief, migration
from scaling_lib.bottlenecks.rank import Ranking, rank
from scaling_lib.bottlenecks.result import Bottlenecks

__all__ = [
    "Bottlenecks",
    "Changed",
    "CriticalPath",
    "GivenBack",
    "Impact",
    "Interruption",
    "JudgedFix",
    "QuantileImpact",
    "Ranking",
    "Relief",
    "assess",
    "changed",
    "critical_path",
    "given_back",
    "impact",
    "interrupted",
    "judged",
    "migration",
    "rank",
]
