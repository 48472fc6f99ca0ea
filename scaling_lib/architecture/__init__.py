"""Step 06: does any measured constraint justify a new architecture?"""

from scaling_lib.architecture.assess import assess
from scaling_lib.architecture.evaluate import Evaluation, Option, evaluate
from scaling_lib.architecture.figures import (
    CAPACITY_CAPTION,
    GROWTH_CAPTION,
    OPTIONS_CAPTION,
    TORNADO_CAPTION,
    capacity_figure,
    growth_figure,
    options_figure,
    tornado_figure,
)
from scaling_lib.architecture.findings import findings
from scaling_lib.architecture.growth import Growth, code_growth, growth_exponent
from scaling_lib.architecture.headline import headline
from scaling_lib.architecture.microservices import Gate, microservices_gate
from scaling_lib.architecture.options_given import options_given
from scaling_lib.architecture.pattern import Pattern
from scaling_lib.architecture.recheck import Recheck, recheck
from scaling_lib.architecture.record import DecisionRecord, decision_record, record_shown
from scaling_lib.architecture.result import Architecture, is_new_architecture
from scaling_lib.architecture.shown import TABLES, table
from scaling_lib.architecture.tables import growth_table, options_table, tornado_table
from scaling_lib.observability import Complexity, complexity

__all__ = [
    "CAPACITY_CAPTION",
    "GROWTH_CAPTION",
    "OPTIONS_CAPTION",
    "TABLES",
    "TORNADO_CAPTION",
    "Architecture",
    "Complexity",
    "DecisionRecord",
    "Evaluation",
    "Gate",
    "Growth",
    "Option",
    "Pattern",
    "Recheck",
    "assess",
    "capacity_figure",
    "code_growth",
    "complexity",
    "decision_record",
    "evaluate",
    "findings",
    "growth_exponent",
    "growth_figure",
    "growth_table",
    "headline",
    "is_new_architecture",
    "microservices_gate",
    "options_figure",
    "options_given",
    "options_table",
    "recheck",
    "record_shown",
    "table",
    "tornado_figure",
    "tornado_table",
]
