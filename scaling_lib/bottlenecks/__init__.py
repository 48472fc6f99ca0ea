"""Step 04: what to fix, what is gained, what limits next; did the fix work?"""

from scaling_lib.bottlenecks.assess import assess
from scaling_lib.bottlenecks.change_figures import CHANGE_CAPTION, response_figure, throughput_figure
from scaling_lib.bottlenecks.change_tables import levels_table
from scaling_lib.bottlenecks.changes import Changed, changed
from scaling_lib.bottlenecks.figures import (
    MIGRATION_CAPTION,
    PATH_CAPTION,
    RANK_CAPTION,
    TRACE_CAPTION,
    migration_figure,
    path_figure,
    rank_figure,
    trace_figure,
)
from scaling_lib.bottlenecks.findings import findings
from scaling_lib.bottlenecks.fixes import JudgedFix, judged
from scaling_lib.bottlenecks.given_back import GivenBack, given_back
from scaling_lib.bottlenecks.headline import headline
from scaling_lib.bottlenecks.impact import Impact, QuantileImpact, impact
from scaling_lib.bottlenecks.interrupted import Interruption, interrupted
from scaling_lib.bottlenecks.localize import localize
from scaling_lib.bottlenecks.migration import Relief, migration
from scaling_lib.bottlenecks.rank import Ranking, rank
from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.bottlenecks.shown import TABLES, table
from scaling_lib.bottlenecks.tables import migration_table, path_table, rank_table, trace_table
from scaling_lib.model.critical_path import CriticalPath, critical_path

__all__ = [
    "CHANGE_CAPTION",
    "MIGRATION_CAPTION",
    "PATH_CAPTION",
    "RANK_CAPTION",
    "TABLES",
    "TRACE_CAPTION",
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
    "findings",
    "given_back",
    "headline",
    "impact",
    "interrupted",
    "judged",
    "levels_table",
    "localize",
    "migration",
    "migration_figure",
    "migration_table",
    "path_figure",
    "path_table",
    "rank",
    "rank_figure",
    "rank_table",
    "response_figure",
    "table",
    "throughput_figure",
    "trace_figure",
    "trace_table",
]
